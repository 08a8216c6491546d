"""The truth of Python: pyright's references of seeded symbols, and what it says that imports and methods mean.

Each symbol is asked for at its name; every place that is answered becomes an edge by what stands there (`sites.py`).
Imports of modules are asked one by one for their definition. For overrides each class is given, in a buffer that no
disk sees, one line a method that asks for ``super(C, C).method``: what pyright goes to is what it overrides.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections.abc import Container, Iterator
from pathlib import Path

from comparing import Comparison, Named, compare, edges_of
from pyright_server import Pyright
from sites import Defined, Sites, read

from bridle.indexer.index import Index

PINNED = (
    ("click", "src/click", "2c8cd3ac958a7eb316d67f2d316c27086c4c0369"),
    ("flask", "src/flask", "2ac89889f4cc330eabd50f295dcef02828522c69"),
    ("httpx", "httpx", "ae1b9f66238f75ced3ced5e4485408435de10768"),
)
"""Name, where its code is, commit."""

HOUSE = Path(__file__).resolve().parents[2]


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and their environments."""
    wanted = [place for name, code, _ in PINNED for place in (f"{name}/{code}", f"venv-{name}/bin/python")]
    return [place for place in wanted if not (where / place).exists()]


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of `n_symbols` seeded symbols each."""
    for name, code, _ in PINNED:
        if only in ("", name):
            yield _Project((where / name).resolve(), code, where / f"venv-{name}" / "bin" / "python").compared(
                n_symbols
            )


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a floor of our own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "indexer"
        shutil.copytree(HOUSE / "indexer", root / "house" / "indexer", ignore=shutil.ignore_patterns("__pycache__"))
        for path in (root / "house").rglob("*.py"):  # under a name that is not installed
            path.write_text(path.read_text("utf-8").replace("bridle.indexer", "house.indexer"), "utf-8")
        yield _Project(root, "house", Path(sys.executable)).compared(60)


class _Project:
    def __init__(self, root: Path, code: str, python: Path) -> None:
        self._root, self._code, self._python = root, code, python
        index = Index(root, None, workers=1)
        self._snapshot = index.refresh()
        index.close()
        self._files: dict[str, Sites] = {}
        for path in self._snapshot.digests:
            try:
                self._files[path] = read(path, (root / path).read_text("utf-8"))
            except (SyntaxError, UnicodeDecodeError):
                continue
        self._by_place = {
            (path, one.at): one for path, sites in self._files.items() for one in sites.defined
        }  # fmt: skip

    def compared(self, n_symbols: int) -> Comparison:
        sample = self._sample(n_symbols)
        with tempfile.TemporaryDirectory() as folder:
            server = Pyright(self._root, (self._root / self._code).parent, self._python, Path(folder) / "log")
            try:
                return self._compared(server, sample)
            finally:
                server.close()

    def _compared(self, server: Pyright, sample: dict[str, list[tuple[str, Defined]]]) -> Comparison:
        for path in self._files:
            server.open(path)
        truth = {edge for some in sample.values() for edge in self._uses(server, some)}
        truth |= set(self._module_imports(server))
        overrides, classes = self._overrides(server)
        truth |= overrides
        owners = frozenset(one.id for sites in self._files.values() for one in sites.defined)
        modules = {f"{path}::" for path in self._files}
        ours = {
            edge
            for edge in edges_of(self._snapshot, owners)
            if edge[0].partition("::")[0] in self._files and _is_asked(edge, sample, classes, modules)
        }
        counts = compare(ours, truth, lambda edge: self._judged(server, edge))
        return Comparison(self._root.name, len(sample), counts)

    def _sample(self, n_symbols: int) -> dict[str, list[tuple[str, Defined]]]:
        """Return a seeded sample of what the project's code defines, each with all its definitions."""
        found: dict[str, list[tuple[str, Defined]]] = {}
        for path, sites in sorted(self._files.items()):
            if path.startswith(f"{self._code}/"):
                for one in sites.defined:
                    found.setdefault(one.id, []).append((path, one))
        chosen = random.Random(1).sample(sorted(found), min(n_symbols, len(found)))  # noqa: S311  # same on every run
        return {one: found[one] for one in chosen}

    def _uses(self, server: Pyright, definitions: list[tuple[str, Defined]]) -> Iterator[Named]:
        for path, one in definitions:
            for place, at in server.references(path, one.at):
                sites = self._files.get(place)
                use = sites.at(at) if sites and not sites.names(at) else None
                if use is not None and use.owner != one.id:
                    yield use.owner, one.id, use.kind

    def _module_imports(self, server: Pyright) -> Iterator[Named]:
        for path, sites in self._files.items():
            for use in (*sites.modules, *(use for use in sites.uses if use.kind == "imports")):
                for place, at in server.definition(path, use.at):
                    if place in self._files and at == (0, 0) and place != path:
                        yield use.owner, f"{place}::", "imports"

    def _overrides(self, server: Pyright) -> tuple[set[Named], set[str]]:
        """Return what each method of the project's code overrides, and the classes that were asked for."""
        found: set[Named] = set()
        classes: set[str] = set()
        for path, sites in sorted(self._files.items()):
            if not path.startswith(f"{self._code}/"):
                continue
            names = {one.id for one in sites.defined if one.kind == "class"}
            functions = {one.id for one in sites.defined if one.kind == "function"}
            methods = sorted(
                {one.id for one in sites.defined if one.kind == "function" and one.id.rpartition(".")[0] in names}
            )
            methods = [one for one in methods if not any(one.startswith(f"{outer}.") for outer in functions)]
            n_lines = len(sites.lines)
            probes: list[str] = []
            for method in methods:
                owner, name = method.partition("::")[2].rpartition(".")[::2]
                probes.append(f"super({owner}, {owner}).{name}")
                classes.add(method.rpartition(".")[0])
            server.type(path, n_lines - 1, "\n" * (sites.lines[-1] != "") + "\n".join(["", *probes, ""]))
            first = server.text(path).split("\n").index(probes[0]) if probes else 0
            for n, (method, probe) in enumerate(zip(methods, probes, strict=True)):
                at = (first + n, len(probe) - 1)
                for place, where in server.definition(path, at):
                    target = self._by_place.get((place, where))
                    if target is not None:
                        found.add((method, target.id, "overrides"))
        return found, classes

    def _judged(self, server: Pyright, edge: Named) -> str:
        """Judge an edge by what pyright says that each use of that name there means.

        References are searched by the name as it is defined, so an alias is found only here.
        """
        source, target, kind = edge
        sites, name = self._files[source.partition("::")[0]], target.rpartition(".")[2].rpartition(":")[2]
        names = {name, *(alias for real, alias in sites.aliases if real == name)}
        uses = [use for use in sites.uses if use.owner == source and use.name in names and use.kind == kind]
        if target.endswith("::"):
            *folders, file = target[:-2].split("/")
            name = folders[-1] if file.startswith("__init__.") and folders else file.partition(".")[0]
            uses = [use for use in sites.modules if use.name == name]
        told = [list(server.definition(sites.path, use.at)) for use in uses]
        places = (self._by_place.get(found) for some in told for found in some)
        if any(one is not None and one.id == target for one in places):
            return "right"
        return "wrong" if all(told) else "untold"


def _is_asked(edge: Named, sample: Container[str], classes: Container[str], modules: Container[str]) -> bool:
    """Tell whether the truth was asked for an edge like this."""
    source, target, kind = edge
    if kind == "overrides":
        return source.rpartition(".")[0] in classes
    return target in sample or (kind == "imports" and target in modules)
