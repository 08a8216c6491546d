"""Which file a dotted module name means: source roots, packages, links between folders. Knows paths only."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from bridle.indexer.files import FolderLink

_ROOT_KEYS = (
    ("tool", "pytest", "ini_options", "pythonpath"),
    ("tool", "setuptools", "packages", "find", "where"),
    ("tool", "setuptools", "package-dir"),
    ("tool", "pyright", "extraPaths"),
    ("tool", "mypy", "mypy_path"),
    ("tool", "ruff", "src"),
)


def declared_roots(pyproject: str) -> tuple[str, ...]:
    """Return the folders that a ``pyproject.toml`` names as homes of modules; none when it is broken."""
    try:
        document: object = tomllib.loads(pyproject)
    except (tomllib.TOMLDecodeError, RecursionError):
        return ()
    found = [folder for keys in _ROOT_KEYS for folder in _strings(_at(document, keys))]
    clean = (folder.strip().removeprefix("./").strip("/") for folder in found)
    return tuple(dict.fromkeys(folder for folder in clean if folder not in {"", "."} and ".." not in folder))


def _at(document: object, keys: Sequence[str]) -> object:
    for key in keys:
        document = cast("dict[str, object]", document).get(key) if isinstance(document, dict) else None
    return document


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from value.replace(":", ",").split(",")
    elif isinstance(value, dict):
        yield from _strings(list(cast("dict[str, object]", value).values()))
    elif isinstance(value, list):
        yield from (item for item in cast("list[object]", value) if isinstance(item, str))


class Modules:
    """The modules that a set of files makes. Frozen."""

    def __init__(self, paths: Iterable[str], links: Sequence[FolderLink] = (), roots: Sequence[str] = ()) -> None:
        self._paths = frozenset(path for path in paths if path.endswith((".py", ".pyi")))
        self._links = links
        self._declared = roots
        self._roots = ("", "src/", *(f"{root}/" for root in roots))
        found: dict[str, dict[str, None]] = {}
        for path in sorted(self._paths):
            for name in self._names(path):
                found.setdefault(name, {})[path] = None
        self._by_name = {name: tuple(group) for name, group in found.items()}

    def of_files(self, paths: Iterable[str]) -> Modules:
        """Return the modules of other files under the same links and roots."""
        return Modules(paths, self._links, self._declared)

    def find(self, dotted: str, near: str) -> str | None:
        """Return the file of module `dotted`; of several, the one that shares most folders with `near`."""
        candidates = self._by_name.get(dotted, ())
        return max(candidates, key=lambda path: (_shared(path, near), path.endswith(".py")), default=None)

    def relative(self, path: str, level: int, dotted: str) -> str | None:
        """Return the file of module `dotted` seen from file `path` with `level` leading dots."""
        folders = path.split("/")[:-1]
        if level - 1 > len(folders):
            return None
        base = folders[: len(folders) - (level - 1)]
        return self._file("/".join([*base, *(dotted.split(".") if dotted else [])]))

    def inside(self, package: str, name: str) -> str | None:
        """Return the file of module `name` in the package whose ``__init__`` is file `package`."""
        folder, _, file = package.rpartition("/")
        return self._file(f"{folder}/{name}".lstrip("/")) if file.startswith("__init__.") else None

    def _file(self, stem: str) -> str | None:
        head = f"{stem}/" if stem else ""
        forms = (f"{stem}.py", f"{head}__init__.py", f"{stem}.pyi", f"{head}__init__.pyi")
        return next((form for form in forms if form in self._paths), None)

    def _names(self, path: str) -> Iterator[str]:
        seen_as = [
            path,
            *(link.path + path[len(link.target) :] for link in self._links if _under(path, link.target)),
        ]
        for place in seen_as:
            for root in dict.fromkeys((*self._roots, self._package_root(place))):
                if place.startswith(root):
                    dotted = place[len(root) :].rpartition(".")[0].replace("/", ".")
                    name = dotted.removesuffix("__init__").rstrip(".")
                    if name:
                        yield name

    def _is_package(self, folder: str) -> bool:
        """Tell whether a folder, or the one that a link on its way leads to, has an ``__init__``."""
        file = f"{folder}/__init__.py"
        behind = (link.target + file[len(link.path) :] for link in self._links if _under(file, link.path))
        return file in self._paths or any(one in self._paths for one in behind)

    def _package_root(self, path: str) -> str:
        """Return the folder that pytest would import `path` from: the first above without ``__init__``."""
        folder = path.rpartition("/")[0]
        while folder and self._is_package(folder):
            folder = folder.rpartition("/")[0]
        return f"{folder}/" if folder else ""


def _under(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")


def _shared(path: str, other: str) -> int:
    count = 0
    for one, two in zip(path.split("/")[:-1], other.split("/")[:-1], strict=False):
        if one != two:
            break
        count += 1
    return count
