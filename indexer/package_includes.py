"""What a file sees through its includes, and where the body of a prototype is. Pure, but remembers.

An include means the file beside its own, else the one of the tree whose path ends so, the nearest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bridle.indexer.facts import Import, Symbol
from bridle.indexer.package_values import arity
from bridle.indexer.scopes import Scopes

MAX_SEEN = 2_000


class Includes:
    """The includes of the files of one language."""

    def __init__(self, files: Mapping[str, Scopes]) -> None:
        self._files = files
        self._by_name: dict[str, list[str]] | None = None
        self._found: dict[tuple[str, str, int], str | None] = {}
        self._seen: dict[str, frozenset[str]] = {}
        self._beside: dict[str, frozenset[str]] = {}
        self._takers: dict[str, set[str]] | None = None

    def file(self, binding: Import, near: str) -> str | None:
        """Return the file that an include of file `near` means, None where it is from outside."""
        key = binding.module, near.rpartition("/")[0], binding.level
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def _find(self, said: str, folder: str, level: int) -> str | None:
        parts = folder.split("/") if folder else []
        steps = said.split("/")
        while steps and steps[0] in (".", ".."):
            if steps.pop(0) == ".." and parts:
                parts.pop()
        beside = "/".join([*parts, *steps])
        if level and beside in self._files:
            return beside
        if self._by_name is None:
            self._by_name = {}
            for path in sorted(self._files):
                self._by_name.setdefault(path.rpartition("/")[2], []).append(path)
        wanted = "/".join(steps)
        known = [
            path for path in self._by_name.get(steps[-1] if steps else "", ()) if f"/{path}".endswith(f"/{wanted}")
        ]
        return min(known, key=lambda path: (-_shared(path, folder), path.count("/"), path)) if known else None

    def reached(self, path: str) -> frozenset[str]:
        """Return the files that a file takes in, itself included."""
        if path not in self._seen:
            seen, waiting = {path}, [path]
            while waiting and len(seen) < MAX_SEEN:
                at = waiting.pop()
                for binding in self._files[at].facts.imports:
                    file = self.file(binding, at)
                    if file is not None and file not in seen:
                        seen.add(file)
                        waiting.append(file)
            self._seen[path] = frozenset(seen)
        return self._seen[path]

    def beside(self, path: str) -> frozenset[str]:
        """Return the files that are taken in together with a file: all that those take in who take it in."""
        if path not in self._beside:
            if self._takers is None:
                self._takers = {}
                for one, scopes in self._files.items():
                    for binding in scopes.facts.imports:
                        if (file := self.file(binding, one)) is not None:
                            self._takers.setdefault(file, set()).add(one)
            seen, waiting = {path}, [path]
            while waiting and len(seen) < MAX_SEEN:
                fresh = self._takers.get(waiting.pop(), set()) - seen
                seen |= fresh
                waiting += fresh
            self._beside[path] = frozenset(file for one in seen for file in self.reached(one))
        return self._beside[path]

    def seen(self, found: Sequence[Symbol], near: str) -> list[Symbol]:
        """Return those definitions that file `near` takes in."""
        reached = self.reached(near) if found and near in self._files else frozenset[str]()
        return [symbol for symbol in found if symbol.span.path in reached]

    def bodies(self, seen: Sequence[Symbol], found: Sequence[Symbol]) -> Sequence[Symbol]:
        """Return what is meant by what a file sees: prototypes stand for the bodies of that name that other files see.

        A prototype beside a body means an overload, where there is a body with as many parameters as it has.
        """
        whole = [symbol for symbol in seen if not _is_prototype(symbol)]
        if len(whole) == len(seen):
            return seen
        if not whole and _is_static(seen[0]):
            return seen
        elsewhere = [one for one in found if not _is_prototype(one) and not _is_static(one)]
        if not whole:
            return elsewhere or [one for one in seen if one.kind != "class"]  # a class that is only named is outside
        known = {arity(one) for one in whole}
        wanted = {arity(one) for one in seen if _is_prototype(one)} - known
        return [*whole, *(one for one in elsewhere if arity(one) in wanted)] if wanted else whole


def _is_prototype(symbol: Symbol) -> bool:
    return symbol.signature.endswith(";") or symbol.signature.startswith("extern ")


def _is_static(symbol: Symbol) -> bool:
    """Whether a definition is its file's own; a method of a class is not, whatever it is called with."""
    return symbol.kind != "method" and "static" in symbol.signature.split("(")[0].split()


def _shared(path: str, folder: str) -> int:
    """Return how many folders two places have in common."""
    count = 0
    for one, other in zip(path.split("/")[:-1], folder.split("/"), strict=False):
        if one != other:
            break
        count += 1
    return count
