"""Which file an import of JavaScript or TypeScript means, as TypeScript and bundlers find it. Knows paths only.

In this order: a relative path; ``#name`` of the own package; `paths` of the nearest tsconfig.json; a package of the
workspace, or the own one, by name; `baseUrl`. All else is from outside.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cache

from bridle.indexer.languages.readers import SCRIPTS
from bridle.indexer.script_projects import Package, Projects

SUFFIXES = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs", ".d.mts", ".d.cts")

_STANDS_FOR = {
    ".js": (".ts", ".tsx", ".d.ts", ".js", ".jsx"),
    ".jsx": (".tsx", ".ts", ".d.ts", ".jsx"),
    ".mjs": (".mts", ".d.mts", ".mjs"),
    ".cjs": (".cts", ".d.cts", ".cjs"),
}
_BUILT = re.compile(r"^(?:dist|lib|build|out|esm|cjs|es)/(?:(?:esm|cjs|es|types)/)?")
_ENDING = re.compile(r"(?:\.d)?\.[cm]?[jt]sx?$")


class ScriptModules:
    """The modules that a set of files makes under a configuration."""

    def __init__(self, paths: Iterable[str], projects: Projects | None = None) -> None:
        self._paths = frozenset(path for path in paths if path.endswith(SCRIPTS.suffixes))
        self._projects = projects or Projects()
        self._by_name = {package.name: package for package in reversed(self._projects.packages) if package.name}
        self._root_of = {package.folder: self._workspace(package.folder) for package in self._projects.packages}
        self._known: dict[tuple[str, str], str | None] = {}
        self.named = frozenset(self._named())

    def of_files(self, paths: Iterable[str]) -> ScriptModules:
        """Return the modules of other files under the same configuration."""
        return ScriptModules(paths, self._projects)

    def find(self, specifier: str, near: str) -> str | None:
        """Return the file that `specifier` means in file `near`, None where it is from outside."""
        key = specifier, near.rpartition("/")[0]
        if key not in self._known:
            self._known[key] = self._find(specifier.partition("?")[0], key[1])
        return self._known[key]

    def _find(self, specifier: str, folder: str) -> str | None:
        if specifier.startswith("/"):
            return None
        if specifier.startswith("."):
            stem = _joined(folder, specifier)
            is_folder = specifier.rpartition("/")[2] in ("", ".", "..")
            return self._first(_index_of(stem)) if is_folder else self._file(stem)
        package = next((one for one in self._projects.packages if _holds(one.folder, folder)), None)
        if specifier.startswith("#") and package is not None:
            return self._entry(package, specifier)
        aliases = next((one for one in self._projects.aliases if _holds(one.folder, folder)), None)
        if aliases is not None:
            for target in _targets(aliases.paths, specifier):
                if (found := self._file(target)) is not None:
                    return found
        parts = specifier.split("/")
        name = "/".join(parts[: 2 if specifier.startswith("@") else 1])
        named = self._by_name.get(name)
        if named is not None and package is not None and self._sees(package, named):
            return self._entry(named, "/".join([".", *parts[name.count("/") + 1 :]]))
        if aliases is not None and aliases.base is not None:
            return self._file(_joined(aliases.base, specifier))
        return None

    def _sees(self, package: Package, named: Package) -> bool:
        root = self._root_of[named.folder]
        return package == named or (root is not None and self._root_of[package.folder] == root)

    def _workspace(self, folder: str) -> str | None:
        """Return the folder of the workspace that a package is a member of."""
        for package in self._projects.packages:
            if package.members and _holds(package.folder, folder):
                inner = folder[len(package.folder) :].strip("/")
                if not inner or _is_member(package.members, inner):
                    return package.folder
        return None

    def _entry(self, package: Package, wanted: str) -> str | None:
        """Return the file of a package that ``.``, ``./sub`` or ``#name`` means."""
        for target in _targets(package.entries, wanted):
            if (found := self._source(package.folder, target)) is not None:
                return found
        if wanted.startswith("#"):
            return None
        inner = wanted.removeprefix(".").strip("/")
        forms = (inner, f"src/{inner}") if inner else ("", "src")
        return next(filter(None, (self._file(_joined(package.folder, form)) for form in forms)), None)

    def _source(self, folder: str, target: str) -> str | None:
        """Return the file that an entry names, or the source beside a build of it that is not part of the tree."""
        inner = posixpath.normpath(target)
        found = self._file(_joined(folder, inner)) if not inner.startswith("../") else None
        if found is None and _BUILT.match(inner):
            stem = _ENDING.sub("", _BUILT.sub("", inner))
            found = self._file(_joined(folder, f"src/{stem}")) or self._file(_joined(folder, stem))
        return found

    def _file(self, stem: str) -> str | None:
        return self._first(_forms(stem))

    def _first(self, forms: Iterable[str]) -> str | None:
        return next((form for form in forms if form in self._paths), None)

    def _named(self) -> Iterator[str]:
        """Yield the files that configuration may name in words other than their own."""
        for package in self._projects.packages:
            for pattern, _ in package.entries:
                if "*" not in pattern and (found := self._entry(package, pattern)) is not None:
                    yield found
        for aliases in self._projects.aliases:
            for pattern, targets in aliases.paths:
                if "*" not in pattern:
                    yield from filter(None, map(self._file, targets))


def _forms(stem: str) -> Iterator[str]:
    """Yield the files that a path without certain ending may mean, in TypeScript's order."""
    for ending, endings in _STANDS_FOR.items():
        if stem.endswith(ending):
            yield from (stem[: -len(ending)] + one for one in endings)
    yield stem
    yield from (stem + ending for ending in SUFFIXES)
    yield from _index_of(stem)


def _index_of(folder: str) -> Iterator[str]:
    return (f"{folder}/index{ending}" if folder else f"index{ending}" for ending in SUFFIXES)


def _targets(patterns: Iterable[tuple[str, tuple[str, ...]]], wanted: str) -> Iterator[str]:
    """Yield what `wanted` stands for: exact patterns first, then those with the longest beginning."""
    matching: list[tuple[int, str, tuple[str, ...]]] = []
    for pattern, targets in patterns:
        before, star, after = pattern.partition("*")
        if not star and pattern == wanted:
            yield from targets
        elif star and len(wanted) >= len(before) + len(after) and wanted.startswith(before) and wanted.endswith(after):
            matching.append((-len(before), wanted[len(before) : len(wanted) - len(after)], targets))
    for _, part, targets in sorted(matching):
        yield from (target.replace("*", part, 1) for target in targets)


def _holds(folder: str, inner: str) -> bool:
    return not folder or inner == folder or inner.startswith(f"{folder}/")


def _joined(folder: str, path: str) -> str:
    joined = posixpath.normpath(posixpath.join(folder, path))
    return "" if joined == "." else joined


def _is_member(patterns: Iterable[str], folder: str) -> bool:
    """Whether a workspace's patterns take a folder in; the last that speaks decides."""
    taken = False
    for pattern in patterns:
        if _glob(pattern.lstrip("!").removeprefix("./").strip("/")).fullmatch(folder):
            taken = not pattern.startswith("!")
    return taken


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    parts = (".*" if piece == "**" else "[^/]*" if piece == "*" else re.escape(piece) for piece in _pieces(pattern))
    return re.compile("".join(parts))


def _pieces(pattern: str) -> list[str]:
    return re.findall(r"\*\*|\*|[^*]+", pattern[:200])
