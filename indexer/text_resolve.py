"""What leads on from texts that are no code: a part to what it holds, a link to the file or the section it names. Pure.

Nothing is looked for: a link leads to the file at its path, from the folder of its text or, with a slash in front, from
the root.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from bridle.indexer.facts import Edge, Import, Reference, Symbol
from bridle.indexer.languages.outline import Outline
from bridle.indexer.resolve import IMPORTED, path_of
from bridle.indexer.scopes import Scopes


class TextResolver:
    """Answers for one state of the workspace."""

    def __init__(self, files: Mapping[str, Scopes]) -> None:
        self._files = files

    def edges(self, path: str) -> tuple[Edge, ...]:
        """Return all edges that begin in file `path`, each once, in the order of the text."""
        scopes = self._files[path]
        symbols = scopes.facts.symbols
        parents = Outline([(symbol.span.start_byte, symbol.span.end_byte) for symbol in symbols]).parents
        found = [Edge(symbols[parents[at]].id, symbols[at].id, "contains", 1.0) for at in range(1, len(symbols))]
        for use in scopes.facts.references:
            meant = (Edge(use.source, one.id, "references", sure) for one, sure in self.meanings(use))
            found += (edge for edge in meant if edge.source != edge.target)
        return tuple(dict.fromkeys(found))

    def meanings(self, use: Reference) -> Iterator[tuple[Symbol, float]]:
        """Yield what a link leads to: a section, else a file."""
        own = path_of(use.source)
        written, mark, _ = use.qualifier.partition("#")
        folder = "" if written.startswith("/") else posixpath.dirname(own)
        path = posixpath.normpath(posixpath.join(folder, written.strip("/"))) if written else own
        scopes = self._files.get(path)
        if scopes is None:
            return
        wanted = use.name.lower() if mark else ""
        sections = (one for one in scopes.facts.symbols[1:] if one.kind == "section" and mark)
        yield next((one for one in sections if one.qualname.rpartition(".")[2] == wanted), scopes.module), IMPORTED

    def uses(self, path: str) -> Iterator[tuple[Reference, tuple[tuple[Symbol, float], ...]]]:
        """Yield the links of a file in order, each with what it leads to."""
        return ((use, tuple(self.meanings(use))) for use in self._files[path].facts.references)

    def imported(self, path: str, binding: Import) -> Iterator[Symbol]:
        """Yield nothing: no text takes another in."""
        del path, binding
        return iter(())
