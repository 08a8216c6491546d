"""Sources: what a run may be told from outside of the code, as data. Pure.

A source is a command, an address, a file, or a tool of an MCP server, with typed arguments. The harness fetches it on
the model's behalf: the model sees what came back, and neither the tool nor what opens it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

import msgspec

from bridle.harness.nouns import Selection, UserProblem
from bridle.harness.tomlfile import line_of

Kind = Literal["word", "number", "path", "text"]
Given = Mapping[str, str]
MAX_VALUE_CHARS = 500

_SLOT = re.compile(r"\{([a-z_]+)\}")
_FORMS: dict[Kind, tuple[str, str]] = {
    "word": (r"[A-Za-z0-9_][A-Za-z0-9_.:/@+-]{0,199}", "one word of letters, digits and . : / @ + -"),
    "number": (r"\d{1,12}", "a whole number"),
    "path": (r"(?!/)(?!-)[^\0\n]{1,400}", "a path below the workspace"),
    "text": (r"(?!-)[^\0]{1,500}", f"a text of at most {MAX_VALUE_CHARS} characters"),
}
_FROM_PLACE = ("path", "start", "end")
"""Arguments that the place of a run gives where nobody else does."""

Seconds = Annotated[float, msgspec.Meta(gt=0, le=120)]
Bytes = Annotated[int, msgspec.Meta(ge=100, le=1_000_000)]


class ProjectSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"arguments": "args"}):
    """``[source.NAME]`` of a project: a command in the sandbox, a file, or a tool of an approved MCP server."""

    argv: tuple[str, ...] = ()
    file: str = ""
    mcp: str = ""
    input: dict[str, str] = {}
    arguments: dict[str, Kind] = {}
    tail: bool = False
    max_bytes: Bytes = 32_000
    timeout_s: Seconds = 20.0


class UserSource(ProjectSource, frozen=True, forbid_unknown_fields=True):
    """``[source.NAME]`` in the person's own file, which alone may name addresses and what opens them.

    `credential` is the name of a key kept by ``bridle key set --for source:NAME``; it goes into `header`.
    """

    url: str = ""
    credential: str = ""
    header: str = "Authorization"


class Source(msgspec.Struct, frozen=True):
    """One declared source. Exactly one of `argv`, `file`, `mcp` and `url` is set."""

    name: str
    origin: Literal["shipped", "user", "project"]
    argv: tuple[str, ...] = ()
    file: str = ""
    mcp: str = ""
    url: str = ""
    input: dict[str, str] = {}
    arguments: dict[str, Kind] = {}
    credential: str = ""
    header: str = "Authorization"
    tail: bool = False
    max_bytes: int = 32_000
    timeout_s: float = 20.0

    @property
    def words(self) -> tuple[str, ...]:
        """Everything in which arguments may stand."""
        return (*self.argv, self.file, self.url, *self.input.values())


_LINES: dict[str, Kind] = {"path": "path", "start": "number", "end": "number"}
SHIPPED = (
    Source(
        "history",
        "shipped",
        argv=("git", "log", "-n", "20", "--date=short", "--format=%h %ad %an: %s", "--", "{path}"),
        arguments={"path": "path"},
    ),
    Source(
        "blame",
        "shipped",
        argv=("git", "blame", "--date=short", "-L", "{start},{end}", "--", "{path}"),
        arguments=_LINES,
    ),
    Source("issue", "shipped", file="{file}", arguments={"file": "path"}),
    Source("log", "shipped", file="{file}", arguments={"file": "path"}, tail=True),
)


def declared_sources(
    user: tuple[Mapping[str, UserSource], Path], project: tuple[Mapping[str, ProjectSource], Path]
) -> dict[str, Source]:
    """Return all sources by name, the project's above ours, the person's above all; each with the file it is in.

    Raises UserProblem, which names the line.
    """
    found = {source.name: source for source in SHIPPED}
    for name, part in project[0].items():
        found[name] = Source(name, "project", **msgspec.structs.asdict(part))
        _expect_sense(found[name], project[1])
    for name, own in user[0].items():
        found[name] = Source(name, "user", **msgspec.structs.asdict(own))
        _expect_sense(found[name], user[1])
    return found


def arguments_of(source: Source, given: Given, at: Selection | None) -> dict[str, str] | None:
    """Return the arguments to fetch with; None where a place would give them and there is none. Raises UserProblem."""
    for name in given:
        if name not in source.arguments:
            known = ", ".join(source.arguments) or "none"
            raise UserProblem(f"the source {source.name!r} has no argument {name!r}", f"its arguments are: {known}")
    place = {} if at is None else {"path": at.path, "start": str(at.start_line + 1), "end": str(at.end_line)}
    values = {name: given.get(name, place.get(name, "")) for name in source.arguments}
    for name, value in values.items():
        if value:
            _expect_form(source, name, value)
        elif name in _FROM_PLACE and source.origin == "shipped":
            return None
        else:
            way = f"--with {source.name}.{name}=…"
            raise UserProblem(f"the source {source.name!r} needs {name!r}: {_FORMS[source.arguments[name]][1]}", way)
    return values


def filled(text: str, values: Given, *, in_address: bool = False) -> str:
    """Return `text` with its arguments in their places, as parts of an address where it is one."""
    return _SLOT.sub(lambda slot: quote(values[slot[1]], safe="") if in_address else values[slot[1]], text)


def _expect_form(source: Source, name: str, value: str) -> None:
    kind = source.arguments[name]
    pattern, said = _FORMS[kind]
    leaves = kind == "path" and ".." in value.replace("\\", "/").split("/")
    if leaves or re.fullmatch(pattern, value, re.DOTALL) is None:
        raise UserProblem(f"{source.name}.{name} is {value[:60]!r}, and has to be {said}", "give another one")


def _expect_sense(source: Source, path: Path) -> None:
    where = f"{path}:{line_of(path.read_text('utf-8-sig'), ('source', source.name))}"
    ways = [way for way in ("argv", "file", "mcp", "url") if getattr(source, way)]
    if len(ways) != 1:
        said = f"has {' and '.join(ways)}" if ways else "says nowhere where it comes from"
        raise UserProblem(f"{where}: the source {source.name!r} {said}", "give it one of argv, file, mcp, url")
    unknown = sorted({slot for word in source.words for slot in _SLOT.findall(word)} - set(source.arguments))
    if unknown:
        step = f'declare it: args = {{ {unknown[0]} = "word" }}'
        raise UserProblem(f"{where}: the source {source.name!r} names {{{unknown[0]}}}, which is no argument", step)
    if source.mcp and source.mcp.count("/") != 1:
        raise UserProblem(f"{where}: {source.mcp!r} names no tool of a server", 'write it as "server/tool"')
    if source.url and not _is_safe(source.url):
        raise UserProblem(f"{where}: {source.name!r} would be asked in the clear", "use https, or http on this machine")
    if source.credential and not source.url:
        raise UserProblem(f"{where}: a credential goes to an address only", "leave credential out")


def _is_safe(url: str) -> bool:
    """Whether an address is https, or on this machine; its host holds no argument."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or "{" in parts.netloc:
        return False
    try:
        near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        near = host == "localhost"
    return parts.scheme == "https" or (parts.scheme == "http" and near)
