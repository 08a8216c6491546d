"""In which files a definition of Python may be used, told by names alone: before any edge is found.

A use leads to what it names, or to what an import, a fixture or a class stands for under another name. So whoever uses
a definition mentions its name, or such another one; whoever overrides a method defines one of the same name; and who
means a file says the last part of its path, or imports from the package around it. Too many may be told, never too few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from bridle.indexer.facts import FIXTURE, Symbol, SymbolId
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import PYTHON, family
from bridle.indexer.scopes import Scopes
from bridle.indexer.touched import WORD

_MAKER = "__init__"
_PACKAGE = "__init__"


class Candidates:
    """Answers for one state of the workspace; `has_links` tells whether a folder of it has another path too."""

    def __init__(
        self,
        files: Mapping[str, Scopes],
        names: Groups[str, SymbolId],
        mentions: Groups[str, str],
        *,
        has_links: bool,
    ) -> None:
        self._names = names
        self._mentions = mentions
        self._has_links = has_links
        self._other: defaultdict[str, set[str]] = defaultdict(set)
        self._beside: set[str] = set()  # files that import from a package of which they say no name
        for path, scopes in files.items():
            if family(path) == PYTHON.name:
                self._take(path, scopes)

    def _take(self, path: str, scopes: Scopes) -> None:
        for binding in scopes.facts.imports:
            if binding.level and not binding.module:
                self._beside.add(path)
            meant = binding.target or _last(binding.module)
            if (name := _last(binding.name)) != meant:
                self._other[meant].add(name)
        for value in scopes.facts.values:
            if value.name[:1] == FIXTURE and value.name != FIXTURE and value.name[1:] != value.path:
                self._other[value.path].add(value.name[1:])

    def of(self, symbol: Symbol) -> set[str] | None:
        """Return the files from which an edge may lead to a definition of Python; None where that may be any."""
        path = symbol.span.path
        found = {path}
        if symbol.kind == "module":
            if self._has_links:
                return None
            folder, _, file = path.rpartition("/")
            words = WORD.findall(file.rpartition(".")[0])
            if words[-1:] == [_PACKAGE]:
                words += WORD.findall(folder)[-1:]
                found.update(one for one in self._beside if one.startswith(f"{folder}/" if folder else ""))
            named = set(words)
        else:
            named = {symbol.name}
            if symbol.name == _MAKER:
                named.add(_last(symbol.qualname.rpartition(".")[0]))
            found.update(target.partition("::")[0] for target in self._names.get(symbol.name))
        waiting = list(named)
        while waiting:
            name = waiting.pop()
            found.update(self._mentions.get(name))
            fresh = self._other.get(name, set()) - named
            named |= fresh
            waiting += fresh
        return found


def _last(name: str) -> str:
    return name.rpartition(".")[2]
