"""What tests were seen to do, as sets that can be asked: pure, made from the contexts of recorded sessions.

A *context* is what the plug-in `bridle_reach` tells of: a test, a fixture that outlives a test, a module while it is
imported, a file while it is collected, a function that keeps what it works out, the session. Lines are masks over the
texts that were recorded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import msgspec

from bridle.harness.verify.impact.names import Names, names_of

SESSION = "session"

_WORD = re.compile(r"\w+")


class Context(msgspec.Struct, frozen=True):
    """One thing that ran. `lines` are masks in hexadecimal by path; `partial` says why they may not be all.

    Of a test: `uses` are the fixtures, `path` is its file, `outcome` what became of it. Of a module: `importers` are
    the contexts that imported it first. `kept` are those of functions that were called and keep what they work out:
    what any call of theirs did may be felt here.
    """

    name: str
    lines: dict[str, str] = {}
    opened: tuple[str, ...] = ()
    partial: str = ""
    importers: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    path: str = ""
    seconds: float = 0.0
    outcome: str = ""


class Seen(msgspec.Struct, frozen=True, eq=False):
    """What one test did, its fixtures included; `n_lines` counts what it executed."""

    id: str
    path: str
    masks: Mapping[str, int]
    opened: frozenset[str]
    partial: str
    seconds: float
    outcome: str
    n_lines: int


class Importing(msgspec.Struct, frozen=True):
    """What was done while one module was imported, or one file collected."""

    path: str
    masks: Mapping[str, int]
    opened: frozenset[str]
    partial: str


class Kept(msgspec.Struct, frozen=True):
    """What was done to work out what a decorator keeps: who is handed it does not even enter the function."""

    path: str
    name: str
    masks: Mapping[str, int]
    opened: frozenset[str]


class Evidence:
    """What is known of a suite. `imports` is which file imports which, as far as `texts` tell; those are the Python
    files as they were when the suite was seen.
    """

    def __init__(
        self,
        contexts: Iterable[Context],
        imports: Mapping[str, Iterable[str]],
        texts: Mapping[str, str],
        unwatched: Sequence[str] = (),
    ) -> None:
        self._texts = texts
        named = {context.name: context for context in contexts}
        self.unwatched = frozenset(unwatched)
        self.session = _whole(named.get(SESSION, Context(SESSION)), named)
        self.tests: Mapping[str, Seen] = {
            context.name.removeprefix("test:"): _seen(context, named)
            for context in named.values()
            if context.name.startswith("test:")
        }
        self.importing = [
            _importing(_whole(one, named)) for one in named.values() if one.name.startswith(("module:", "file:"))
        ]
        self.cached = [_kept(_whole(one, named)) for one in named.values() if one.name.startswith("cached:")]
        self.test_files = frozenset(test.path for test in self.tests.values())
        self._importers = self._all_importers(named.values(), imports)
        self._lazy = {
            one.name.removeprefix("module:")
            for one in named.values()
            if one.name.startswith("module:") and any(by.startswith(("test:", "fixture:")) for by in one.importers)
        }
        self._static = {target for targets in imports.values() for target in targets}
        self._closures: dict[str, frozenset[str] | None] = {}

    @cached_property
    def names(self) -> Mapping[str, Names]:
        """The words of every file of which anything was executed."""
        used = {path for test in self.tests.values() for path in test.masks}
        used |= {path for one in self.importing for path in one.masks} | self.session.lines.keys()
        return {path: names_of(text) for path, text in self._texts.items() if path in used}

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of every file."""
        return frozenset(word for text in self._texts.values() for word in _WORD.findall(text))

    def importing_files(self, path: str) -> frozenset[str] | None:
        """Return the test files that import a module, directly or not; None where that may be any."""
        if path not in self._closures:
            self._closures[path] = self._closure(path)
        return self._closures[path]

    def executors(self, path: str, lines: int) -> list[Seen]:
        """Return the tests that executed any of these lines."""
        return [test for test in self.tests.values() if test.masks.get(path, 0) & lines]

    def importers_that(self, did: Callable[[Importing], bool]) -> list[Importing]:
        """Return the modules that did something while they were imported."""
        return [one for one in self.importing if did(one)]

    def executed(self, path: str) -> int:
        """Return the lines of a file that anything executed."""
        found = int(self.session.lines.get(path, "0"), 16)
        for test in self.tests.values():
            found |= test.masks.get(path, 0)
        for one in self.importing:
            found |= one.masks.get(path, 0)
        return found

    def _closure(self, path: str) -> frozenset[str] | None:
        if path in self._lazy and path not in self._static:
            return None
        waiting, done = [path], {path}
        while waiting:
            for importer in self._importers.get(waiting.pop(), ()):
                if importer == SESSION:
                    return None
                if importer not in done:
                    done.add(importer)
                    waiting.append(importer)
        under = {at.rpartition("/")[0] for at in done if at.rpartition("/")[2] == "conftest.py"}
        return frozenset(file for file in self.test_files if file in done or _is_under(file, under))

    def _all_importers(
        self, contexts: Iterable[Context], imports: Mapping[str, Iterable[str]]
    ) -> Mapping[str, set[str]]:
        """Return who imports a module, by what texts say and by what was seen."""
        found: dict[str, set[str]] = {}
        for importer, targets in imports.items():
            for target in targets:
                found.setdefault(target, set()).add(importer)
                for package in _packages(target):
                    found.setdefault(package, set()).add(importer)
        for context in contexts:
            path = context.name.removeprefix("module:")
            if path == context.name:
                continue
            for by in context.importers:
                kind, _, importer = by.partition(":")
                if kind in ("module", "file"):
                    found.setdefault(path, set()).add(importer)
                elif kind == SESSION and path.rpartition("/")[2] != "conftest.py":
                    found.setdefault(path, set()).add(SESSION)
        return found


def _seen(context: Context, named: Mapping[str, Context]) -> Seen:
    fixtures = [named[f"fixture:{name}"] for name in context.uses if f"fixture:{name}" in named]
    parts = [_whole(one, named) for one in (context, *fixtures)]
    masks = _masks(parts)
    return Seen(
        context.name.removeprefix("test:"),
        context.path,
        masks,
        frozenset(path for part in parts for path in part.opened),
        next((part.partial for part in parts if part.partial), ""),
        context.seconds,
        context.outcome,
        sum(mask.bit_count() for mask in masks.values()),
    )


def _whole(context: Context, named: Mapping[str, Context]) -> Context:
    """Return a context with all that was done for what is kept by functions which it called, or they in turn."""
    waiting, parts, done = list(context.kept), [context], set(context.kept)
    while waiting:
        if (one := named.get(waiting.pop())) is not None:
            parts.append(one)
            waiting += set(one.kept) - done
            done.update(one.kept)
    if len(parts) == 1:
        return context
    return msgspec.structs.replace(
        context,
        lines={path: f"{mask:x}" for path, mask in _masks(parts).items()},
        opened=tuple(sorted({path for part in parts for path in part.opened})),
        partial=next((part.partial for part in parts if part.partial), ""),
    )


def _kept(context: Context) -> Kept:
    path, _, name = context.name.partition(":")[2].rpartition("::")
    return Kept(path, name, _masks([context]), frozenset(context.opened))


def _importing(context: Context) -> Importing:
    path = context.name.partition(":")[2]
    return Importing(path, _masks([context]), frozenset(context.opened), context.partial)


def _masks(contexts: Iterable[Context]) -> dict[str, int]:
    found: dict[str, int] = {}
    for context in contexts:
        for path, mask in context.lines.items():
            found[path] = found.get(path, 0) | int(mask, 16)
    return found


def _packages(path: str) -> list[str]:
    """Return the packages around a module, each of which is imported with it."""
    folders = path.split("/")[:-1]
    return [f"{'/'.join(folders[:size])}/__init__.py" for size in range(1, len(folders) + 1)]


def _is_under(path: str, folders: Iterable[str]) -> bool:
    return any(not folder or path.startswith(f"{folder}/") for folder in folders)
