"""What each language makes of a state of the workspace: its modules, and the resolver of its uses; a row a language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Protocol

import msgspec

from bridle.indexer.facts import Edge, Import, Reference, Symbol, SymbolId
from bridle.indexer.files import FolderLink
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import CSHARP, KOTLIN, PYTHON, RUBY, RUST, SCRIPTS, TEXTS, family, is_text
from bridle.indexer.modules import Modules
from bridle.indexer.package_resolve import PackageResolver
from bridle.indexer.package_roots import Root
from bridle.indexer.package_rules import RULES, Rules
from bridle.indexer.resolve import Resolver
from bridle.indexer.ruby_resolve import RubyResolver
from bridle.indexer.rust_resolve import RustResolver
from bridle.indexer.scopes import Scopes
from bridle.indexer.script_modules import ScriptModules
from bridle.indexer.script_projects import Projects
from bridle.indexer.script_resolve import ScriptResolver
from bridle.indexer.spaced_resolve import SpacedResolver
from bridle.indexer.text_resolve import TextResolver

HEADED = frozenset(rules.language for rules in RULES)
"""Languages in which what a definition is taken for depends on its head too."""


class _Making(Protocol):
    def __call__(
        self, files: Mapping[str, Scopes], names: Groups[str, SymbolId], rules: Rules, roots: Sequence[Root], /
    ) -> Resolving: ...


_OWN_RULES: Mapping[str, _Making] = {
    RUBY.name: RubyResolver,
    RUST.name: RustResolver,
    CSHARP.name: SpacedResolver,
    KOTLIN.name: SpacedResolver,
}


class Resolving(Protocol):
    """The rules of one language for one state of the workspace."""

    def edges(self, path: str) -> tuple[Edge, ...]:
        """Return all edges that begin in a file of the language, each once, in a stable order."""
        ...

    def meanings(self, use: Reference) -> Iterator[tuple[Symbol, float]]:
        """Yield what one use means, each with its confidence; behind a class that is called, what makes one."""
        ...

    def uses(self, path: str) -> Iterator[tuple[Reference, tuple[tuple[Symbol, float], ...]]]:
        """Yield the uses of a file in order, each with what it means."""
        ...

    def imported(self, path: str, binding: Import) -> Iterator[Symbol]:
        """Yield what an import of file `path` takes in: definitions, then the files that they are taken from."""
        ...


class Layout(msgspec.Struct, frozen=True):
    """What decides where modules are, beside paths: links, Python's source roots, the configuration of scripts."""

    links: tuple[FolderLink, ...] = ()
    roots: tuple[str, ...] = ()
    projects: Projects = Projects()


class Homes:
    """Which files are modules, in every language; made when first asked for. Frozen."""

    def __init__(self, paths: Iterable[str], layout: Layout) -> None:
        self._paths = tuple(paths)
        self.layout = layout

    @cached_property
    def python(self) -> Modules:
        """Those of Python."""
        return Modules(self._paths, self.layout.links, self.layout.roots)

    @cached_property
    def scripts(self) -> ScriptModules:
        """Those of scripts."""
        return ScriptModules(self._paths, self.layout.projects)

    def resolving(self, files: Mapping[str, Scopes], names: Groups[str, SymbolId]) -> Mapping[str, Resolving]:
        """Return the resolvers of a state, by the name of the language."""
        roots = self.layout.projects.roots
        packaged = {
            rules.language: (_OWN_RULES.get(rules.language, PackageResolver))(files, names, rules, roots)
            for rules in RULES
        }
        return {
            PYTHON.name: Resolver(files, self.python, names),
            SCRIPTS.name: ScriptResolver(files, self.scripts, names),
            **packaged,
            **dict.fromkeys((reader.name for reader in TEXTS), TextResolver(files)),
        }

    def reaches_any(self, paths: Iterable[str]) -> bool:
        """Whether a file that comes or goes may be meant by words that do not hold its name."""
        crates = {root.folder for root in self.layout.projects.roots if root.language == RUST.name}
        code = (path for path in paths if not is_text(path))
        return any(_stands_for_folder(path) or path in self.scripts.named or path in crates for path in code)


def edges_of(paths: Sequence[str], resolving: Mapping[str, Resolving]) -> dict[str, tuple[Edge, ...]]:
    """Return the edges that begin in files, by path."""
    return {path: resolving[family(path)].edges(path) for path in paths}


def _stands_for_folder(path: str) -> bool:
    return path.rpartition("/")[2].partition(".")[0] in ("__init__", "index")
