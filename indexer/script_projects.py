"""What the configuration of JavaScript and TypeScript says about where modules are: text in, frozen data out.

Read are package.json (name, workspaces, entries), pnpm-workspace.yaml, tsconfig.json and jsconfig.json (`baseUrl`,
`paths`, `extends`; JSON with comments), and what `package_roots.py` reads. What cannot be read, or has an unexpected
shape, says nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import cast

import msgspec

from bridle.indexer.package_roots import Root, roots_of

MAX_CONFIG_BYTES = 1_000_000
MAX_CONFIGS = 5_000
MAX_EXTENDS = 10
MAX_ENTRIES = 2_000

_CONFIG = re.compile(
    r"(?:^|/)(?:package\.json|go\.mod|Cargo\.toml|pnpm-workspace\.yaml|[jt]sconfig(?:\.[\w.-]+)?\.json)$"
)
_JSON_PIECES = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING = re.compile(r'("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])')
_ENTRIES = ("source", "types", "typings", "module", "main")


class Package(msgspec.Struct, frozen=True):
    """A package.json. `members` are the patterns of its workspace.

    `entries` are what may be imported of it: a pattern from ``.`` or ``#``, and the files that it may mean.
    """

    folder: str
    name: str
    members: tuple[str, ...]
    entries: tuple[tuple[str, tuple[str, ...]], ...]


class Aliases(msgspec.Struct, frozen=True):
    """A tsconfig.json with all that it extends; targets are told from the root.

    `base` is the folder where bare names begin, None for nowhere.
    """

    folder: str
    base: str | None
    paths: tuple[tuple[str, tuple[str, ...]], ...]


class Projects(msgspec.Struct, frozen=True):
    """The configuration of a tree, the deepest folders first."""

    packages: tuple[Package, ...] = ()
    aliases: tuple[Aliases, ...] = ()
    roots: tuple[Root, ...] = ()


def is_config(path: str) -> bool:
    """Whether a file of this name says where modules are."""
    return _CONFIG.search(path) is not None


def projects_of(texts: Mapping[str, str]) -> Projects:
    """Return what configuration files (path → text) say together."""
    read = {path: _object(text) for path, text in texts.items() if path.endswith(".json")}
    packages = [_package(path, found, texts) for path, found in read.items() if _name(path) == "package.json"]
    names = {package.name: package.folder for package in packages if package.name}
    aliases = [
        found
        for path in sorted(read, key=lambda path: (_folder(path), _rank(path), path))
        if _rank(path) and (found := _aliases(path, read, names)) is not None
    ]
    once = {found.folder: found for found in reversed(aliases)}
    return Projects(tuple(sorted(packages, key=_depth)), tuple(sorted(once.values(), key=_depth)), roots_of(texts))


def pnpm_members(text: str) -> tuple[str, ...]:
    """Return the patterns that a pnpm-workspace.yaml names as its packages."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        bare = line.split(" #")[0].rstrip()
        if not bare or bare.lstrip().startswith("#"):
            continue
        if inside and re.match(r"\s*-\s", bare):
            found.append(_unquoted(bare.lstrip()[1:]))
            continue
        inside = bare.startswith("packages:")
        if inside and (flow := re.search(r"\[(.*)\]", bare)):
            found += [_unquoted(item) for item in flow[1].split(",") if item.strip()]
    return tuple(found)


def _unquoted(text: str) -> str:
    return text.strip().strip("'\"")


def _depth(one: Package | Aliases) -> tuple[int, str]:
    return (-len(one.folder.split("/")) if one.folder else 0, one.folder)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _rank(path: str) -> int:
    """Return which file of a folder speaks first for its aliases, 0 for none."""
    name = _name(path)
    return {"tsconfig.json": 1, "jsconfig.json": 2}.get(name, 3 if "sconfig" in name else 0)


def _object(text: str) -> Mapping[str, object]:
    """Return JSON with comments and commas too many as an object, an empty one where it is none."""
    try:
        plain = _TRAILING.sub(_kept, _JSON_PIECES.sub(_kept, text.removeprefix("\ufeff")))
        found: object = msgspec.json.decode(plain)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return {}
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else {}


def _kept(piece: re.Match[str]) -> str:
    return piece[1] or ""


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(item for item in cast("list[object]", value) if isinstance(item, str))


def _fields(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _package(path: str, found: Mapping[str, object], texts: Mapping[str, str]) -> Package:
    folder, name, workspaces = _folder(path), found.get("name"), found.get("workspaces")
    members = _strings(workspaces) or _strings(_fields(workspaces).get("packages"))
    members += pnpm_members(texts.get(posixpath.join(folder, "pnpm-workspace.yaml"), ""))
    entries = [*_exports(found.get("exports")), *_exports(found.get("imports"))]
    mains = tuple(entry for key in _ENTRIES if isinstance(entry := found.get(key), str))
    if mains:
        entries.append((".", mains))
    return Package(folder, name if isinstance(name, str) else "", members, tuple(entries[:MAX_ENTRIES]))


def _exports(value: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the patterns of ``exports`` or ``imports`` with the files of all conditions, in order."""
    fields = _fields(value)
    if not any(key.startswith((".", "#")) for key in fields):
        if leaves := tuple(_leaves(value)):
            yield ".", leaves
        return
    for key, target in fields.items():
        if leaves := tuple(_leaves(target)):
            yield key, leaves


def _leaves(value: object) -> Iterator[str]:
    waiting = [value]
    for _ in range(100):
        if not waiting:
            return
        one = waiting.pop(0)
        if isinstance(one, str):
            yield one
        elif isinstance(one, list):
            waiting[:0] = cast("list[object]", one)
        else:
            waiting[:0] = _fields(one).values()


def _aliases(path: str, read: Mapping[str, Mapping[str, object]], names: Mapping[str, str]) -> Aliases | None:
    base: str | None = None
    paths: tuple[str, Mapping[str, object]] | None = None
    waiting, seen = [path], set[str]()
    while waiting and len(seen) < MAX_EXTENDS:
        at = waiting.pop(0)
        if at in seen or at not in read:
            continue
        seen.add(at)
        options = _fields(read[at].get("compilerOptions"))
        said, found = options.get("baseUrl"), _fields(options.get("paths"))
        base = _joined(_folder(at), said) if base is None and isinstance(said, str) else base
        paths = (_folder(at), found) if paths is None and found else paths
        extended = read[at].get("extends")
        onward = (extended,) if isinstance(extended, str) else _strings(extended)
        waiting = [*(_extended(at, one, read, names) for one in reversed(onward)), *waiting]
    if base is None and paths is None:
        return None
    folder, told = paths or ("", {})
    root = folder if base is None else base
    targets = ((key, tuple(_joined(root, one) for one in _strings(value))) for key, value in told.items())
    return Aliases(_folder(path), base, tuple(targets))


def _extended(path: str, said: str, read: Mapping[str, object], names: Mapping[str, str]) -> str:
    """Return the file that a config extends."""
    if said.startswith("."):
        whole = _joined(_folder(path), said)
    else:
        name = next((name for name in names if said == name or said.startswith(f"{name}/")), "")
        whole = _joined(names[name], said[len(name) + 1 :]) if name else ""
    forms = (whole, f"{whole}.json", posixpath.join(whole, "tsconfig.json"))
    return next((form for form in forms if form in read), "")


def _joined(folder: str, path: str) -> str:
    joined = posixpath.normpath(posixpath.join(folder, path))
    return "" if joined == "." else joined
