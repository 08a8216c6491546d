"""Who may see the names of a Python file: those that import it or have one of its packages, and what imports these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bridle.indexer.scopes import Scopes

MANY = 500
"""So many files that see another are looked for; of more, none is left out."""
_MODULE = ":"
"""After a name that a file may bind a module by, among the names that it mentions."""
_ANY = f"*{_MODULE}"


def modules_bound(scopes: Scopes) -> Iterator[str]:
    """Yield a mark of each name by which an import of a file may bind a module itself, and not only what is in it."""
    for binding in scopes.facts.imports:
        if binding.target:
            yield f"{binding.target}{_MODULE}"
        else:
            yield from (f"{part}{_MODULE}" for part in binding.module.split("."))


class Importers:
    """Finds the files that see others in one state of the workspace; remembers, for one thread at a time.

    `importing` gives the files from which edges lead to a file itself, `mentioning` those that mention a name, marks
    of `modules_bound` among them.
    """

    def __init__(self, importing: Callable[[str], Iterable[str]], mentioning: Callable[[str], tuple[str, ...]]) -> None:
        self._importing = importing
        self._mentioning = mentioning
        self._bound: dict[str, frozenset[str]] = {}

    def of(self, path: str) -> set[str] | None:
        """Return the files that may see the names of a Python file, by way of others too; None where they are many."""
        found, waiting, walked = {path}, [path], set[tuple[str, str]]()
        while waiting:
            fresh = self._directly(waiting.pop(), walked) - found
            found |= fresh
            waiting += fresh
            if len(found) > MANY:
                return None
        return found

    def _directly(self, path: str, walked: set[tuple[str, str]]) -> set[str]:
        """Return who imports a file, or has a package of it and mentions the way from there; no step that is walked."""
        found = set(self._importing(path))
        stem = path.rpartition(".")[0]
        folder, _, child = stem.removesuffix("/__init__").rpartition("/")
        if stem.endswith("/__init__"):  # ``import a.b`` binds a
            found |= self._binding(child)
        while folder and (folder, child) not in walked and (mentioning := self._mentioning(child)):
            walked.add((folder, child))
            having = self._binding(folder.rpartition("/")[2])
            found.update(having.intersection(mentioning) if having else ())
            folder, _, child = folder.rpartition("/")
        return found

    def _binding(self, name: str) -> frozenset[str]:
        """Return the files in which a module of that name may be bound itself."""
        if (known := self._bound.get(name)) is None:
            known = frozenset(self._mentioning(f"{name}{_MODULE}"))
            if starred := self._mentioning(_ANY):
                known |= frozenset(starred).intersection(self._mentioning(name))
            self._bound[name] = known
        return known
