"""A TOML file as typed data, or a problem that names its line and what is allowed there.

It knows no setting.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bridle.harness.allowed import ANY_KEY, allowed_at
from bridle.harness.nouns import Fault, UserProblem

MAX_BYTES = 1024 * 1024

Shape = TypeVar("Shape", bound=msgspec.Struct)

MISSING = "Object missing required field"
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)
_PATTERN = re.compile(r"Expected `str` matching regex .*", re.DOTALL)
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_KEY = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_HEADER = re.compile(rf"\s*\[\[?\s*({_PART}(?:\s*\.\s*{_PART})*)\s*\]")


def read_toml(path: Path, shape: type[Shape], elsewhere: Mapping[str, str]) -> Shape:
    """Return what is in the file at `path`, all defaults when there is none.

    `elsewhere` says of top-level keys that this file may not have where they belong.

    Raises:
        UserProblem: it cannot be read, or a key or a value is not of `shape`.
    """
    text = _read(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserProblem(f"{str(path)!r} is not TOML: {error}", "mend that line") from error
    return convert(data, shape, elsewhere, str(path), text)


def convert(
    data: Mapping[str, Any], shape: type[Shape], elsewhere: Mapping[str, str], name: str, text: str = ""
) -> Shape:
    """Return `data` as `shape`; `name` and `text` are of the file that it came from. Raises UserProblem."""
    for key, where in elsewhere.items():
        if key in data:
            raise UserProblem(f"{_spot(name, text, (key,))}: {key!r} may not be set here", where)
    try:
        return msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise _explained(str(error), shape, name, text) from error


def _read(path: Path) -> str:
    try:
        if not path.exists():
            return ""
        if not path.is_file():
            raise UserProblem(f"{str(path)!r} is not an ordinary file", "move it aside")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserProblem(f"{str(path)!r} cannot be read: {error.strerror}", "give yourself read access") from error
    if len(data) > MAX_BYTES:
        raise UserProblem(f"{str(path)!r} is larger than {MAX_BYTES} bytes", "make it smaller")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserProblem(f"{str(path)!r} is not UTF-8 at byte {error.start}", "save it as UTF-8") from error


def _explained(error: str, shape: type[msgspec.Struct], name: str, text: str) -> UserProblem:
    what, _, at = error.partition(" - at `$")
    path = tuple(re.findall(r"(?:\.|(?=\[\.\.\.))([^.\[\]`]+|\[\.\.\.\])", at))
    element = re.search(r"\[(\d+)\]", at)
    nth = int(element[1]) if element else 0
    unknown = _UNKNOWN.fullmatch(what)
    if unknown is None:
        key = ".".join(path)
        allowed = "" if what.startswith(MISSING) else allowed_at(shape, path)
        what = _PATTERN.sub("that value cannot be", what.replace("Invalid enum value", "it cannot be"))
        step = f"it may be {allowed}" if allowed else f"mend {key!r} there"
        return UserProblem(f"{_spot(name, text, path, nth)}: {key!r}: {what}", step)
    allowed = ", ".join(_fields(shape, path))
    path = (*path, unknown["name"])
    return UserProblem(
        f"{_spot(name, text, path, nth)}: there is no setting {'.'.join(path)!r}", f"allowed here: {allowed}"
    )


def _fields(shape: type[msgspec.Struct], path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the fields that are allowed at `path` below `shape`."""
    here = _struct_in(msgspec.inspect.type_info(shape))
    for key in path:
        if key == ANY_KEY:
            continue
        here = _struct_in(next(field.type for field in here.fields if field.encode_name == key))
    return tuple(field.encode_name for field in here.fields)


def _struct_in(info: msgspec.inspect.Type) -> msgspec.inspect.StructType:
    """Return the struct that `info` is, holds, or may be."""
    if isinstance(info, msgspec.inspect.VarTupleType):
        return _struct_in(info.item_type)
    if isinstance(info, msgspec.inspect.DictType):
        return _struct_in(info.value_type)
    if isinstance(info, msgspec.inspect.UnionType):
        return next(one for one in info.types if isinstance(one, msgspec.inspect.StructType))
    if isinstance(info, msgspec.inspect.StructType):
        return info
    raise Fault(f"there are no settings in {info!r}")


def _spot(name: str, text: str, path: tuple[str, ...], nth: int = 0) -> str:
    line = line_of(text, path, nth)
    return f"{name}:{line}" if line else name


def line_of(text: str, path: tuple[str, ...], nth: int = 0) -> int | None:
    """Return the 1-based line where the setting at `path` is written, or else what is nearest around it.

    Where it is in one of several tables of a name (``[[name]]``), `nth` says in which, from 0 on.
    """
    best: tuple[int, int] | None = None
    table: tuple[str, ...] = ()
    n_seen = 0
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header is not None:
            here = table = _parts(header[1])
            n_seen += here == path[:1]
            if n_seen > nth + 1:
                break
            if here == path[:1] and n_seen <= nth:
                here, table = (), ("",)
        else:
            here = (*table, *_parts(key[1])) if key else ()
        here = here[: len(path)]
        if here and _leads_to(here, path) and (best is None or len(here) > best[0]):
            best = len(here), number
    return best[1] if best else None


def _leads_to(here: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether a written key is on the way to `path`, in which a key that the person chose may stand for any."""
    return len(here) <= len(path) and all(wanted in (ANY_KEY, key) for key, wanted in zip(here, path, strict=False))


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
