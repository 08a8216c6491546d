"""Which files a change can reach: those that a name of it may mean something else in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from bridle.indexer.facts import Export, Import, Value
from bridle.indexer.groups import Groups
from bridle.indexer.languages.readers import CSHARP, KOTLIN, PYTHON, RUBY, RUST, family, is_text
from bridle.indexer.languages.ruby_marks import EXTENDED, MIXED, classes_mentioned
from bridle.indexer.linking import HEADED
from bridle.indexer.package_roots import Root
from bridle.indexer.rust_modules import moved
from bridle.indexer.scopes import Scopes

ALL = "*"
ANYWHERE = ""
TEXTS = "#"
"""Where names of texts that are no code reach: one another, by links."""
WORD = re.compile(r"[\w$#]+")
_PRIVATE = frozenset((CSHARP.name, KOTLIN.name))
"""Languages in which nobody else sees what a file takes in as a whole."""

_PARTS = re.compile(r"[./]+")
_N_OF_A_SYMBOL = 5
"""So much is told of a symbol before what it is built on, in a language whose heads count."""
_ENDING = re.compile(r"(?:\.d)?\.\w+$")


def touched(
    old: Mapping[str, Scopes],
    new: Mapping[str, Scopes],
    files: Mapping[str, Scopes],
    mentions: Groups[str, str],
    dependents: Callable[[str], Collection[str]],
    roots: Sequence[Root] = (),
) -> set[str]:
    """Return the files to resolve again: those that are new, and those that a changed name can reach.

    A name of a Python file reaches its `dependents` alone, one of a text that is no code such texts; a method's reaches
    everybody, since one that is the only one of its name is meant by it, and so does what pytest finds by folder. A
    file of Rust whose place in the tree of modules is another is new as well, with all that it gives.
    """
    waiting: list[tuple[str, str]] = []
    for path in {*old, *new}:
        difference = _difference(path, old.get(path), new.get(path))
        if ALL in difference:
            return set(files)
        free = TEXTS if is_text(path) else ANYWHERE
        waiting += ((name, free if is_free else _origin(path)) for name, is_free in difference.items())
    found = moved(old, new, files, roots)
    waiting += ((name, ANYWHERE) for path in found if path in files for name in _given(files[path]))
    found = found.intersection(files) | set(new)
    seen = set(waiting)
    known: dict[str, Collection[str]] = {}
    while waiting:
        name, origin = waiting.pop()
        if origin not in (ANYWHERE, TEXTS) and origin not in known:
            known[origin] = dependents(origin)
        for path in mentions.get(name):
            if origin == ANYWHERE or (is_text(path) if origin == TEXTS else path in known[origin]):
                found.add(path)
                passed_on = ((other, _origin(path)) for other in _other_names(files[path], name))
                fresh = [one for one in passed_on if one not in seen]
                seen.update(fresh)
                waiting += fresh
    return found


def _origin(path: str) -> str:
    if is_text(path):
        return TEXTS
    return path if family(path) == PYTHON.name and not path.endswith("conftest.py") else ANYWHERE


def bindings(scopes: Scopes | None) -> list[Import | Export]:
    """Return what a file binds from elsewhere, or gives under a name."""
    return [*scopes.facts.imports, *scopes.facts.exports] if scopes else []


def parts(binding: Import | Export) -> set[str]:
    """Return the names that a binding mentions."""
    return {*_PARTS.split(binding.module), binding.target, *binding.name.split(".")} - {""}


def _other_names(scopes: Scopes, name: str) -> set[str]:
    """Return what this file calls things that depend on `name`: by import, as a base, as a value's class."""
    bound = {_last(binding.name) for binding in bindings(scopes) if name in parts(binding)}
    is_ruby = family(scopes.facts.path) == RUBY.name
    words = _words_of_ruby if is_ruby else _words
    bound |= {_last(one.qualname) for one in scopes.facts.types if name in words(one.type)}
    derived = {scopes.by_id[owner].name for owner, bases in scopes.bases.items() if any(b.name == name for b in bases)}
    held = {_called(v) for v in scopes.facts.values if name in v.path and name in WORD.findall(v.path)}
    put_on = _put_on(scopes, name) if family(scopes.facts.path) == RUST.name else set[str]()
    mixed = _mixed(scopes, name) if is_ruby else set[str]()
    return (bound | derived | held | put_on | mixed) - {""}


def _mixed(scopes: Scopes, name: str) -> set[str]:
    """Return what else the types of a file that are built on `name` are built on: it sees what they have."""
    found: set[str] = set()
    for owner, bases in scopes.bases.items():
        if any(base.name == name for base in bases) or scopes.by_id[owner].name == name:
            found |= {base.name for base in bases}
    brought = (one for one in scopes.facts.types if one.qualname.endswith(MIXED) and name in _words(one.type))
    return found | {_owner(one.qualname) for one in brought}


def _owner(noted: str) -> str:
    """Return the type that a note is about."""
    return noted.rpartition(".")[0].rpartition(".")[2]


def _put_on(scopes: Scopes, name: str) -> set[str]:
    """Return the names of what a file puts on a type of that name, which may stand in another file."""
    found: set[str] = set()
    for outer, members in scopes.members.items():
        if outer and _last(outer) == name:
            found.update(members)
    return found


def _given(scopes: Scopes) -> set[str]:
    """Return every name that a file may give to others."""
    return {*(symbol.name for symbol in scopes.facts.symbols), *(_last(one.name) for one in bindings(scopes))} - {""}


def _held(scopes: Scopes) -> set[str]:
    """Return the names of all values that a file tells of."""
    return {_last(one.qualname) for one in scopes.facts.types}


def _called(value: Value) -> str:
    """Return the name under which others come upon a value: its own, or that of the function which gives it."""
    name = value.name.strip("@()")
    return name or _last(value.owner.partition("::")[2].partition("#")[0])


def _difference(path: str, old: Scopes | None, new: Scopes | None) -> dict[str, bool]:
    """Return the names whose meaning outside the file may differ, and whether anywhere; `ALL` where that can be any."""
    symbols = _symbols(old) ^ _symbols(new)
    changed = set(bindings(old)) ^ set(bindings(new))
    starred = [binding for binding in changed if binding.name == ALL]
    if any(family(path) not in _PRIVATE or (isinstance(one, Import) and one.level) for one in starred):
        return {ALL: True}
    types = set(old.facts.types if old else ()) ^ set(new.facts.types if new else ())
    names = {part for symbol in symbols for part in symbol[0].split(".")}
    names |= {_last(binding.name) for binding in changed} | {_last(one.qualname) for one in types}
    if starred:  # it is for the file alone: others see what it gives, which may be something else now
        names |= {name for scopes in (old, new) if scopes for name in (*_given(scopes), *_held(scopes))}
    if family(path) == RUBY.name:
        if any(one.qualname == EXTENDED for one in types):
            return {ALL: True}  # what stands in no type has other methods
        names = {_last(name) for name in (symbol[0] for symbol in symbols)} | {_last(one.qualname) for one in types}
        names |= {_owner(one.qualname) for one in types if one.qualname.endswith(MIXED)}
        names |= {_last(base) for symbol in symbols for base in symbol[_N_OF_A_SYMBOL:]}
    values = set(old.facts.values if old else ()) ^ set(new.facts.values if new else ())
    for value in values:
        names.update((_called(value), *WORD.findall(value.owner.partition("::")[2])))
    free = {_last(symbol[0]) for symbol in symbols if symbol[1] == "method"}
    packages = [scopes.facts.package if scopes else "" for scopes in (old, new)]
    if (
        old is None or new is None or packages[0] != packages[1]
    ):  # what was unknown before, or is now: every import may mean another file
        names.update(_PARTS.split(_ENDING.sub("", path)), *(package.split(".") for package in packages))
        free = names
    return {name: name in free for name in names - {"", ALL}}


def _symbols(scopes: Scopes | None) -> set[tuple[str, ...]]:
    """Return every definition as others see it: qualified name, kind, and the bases of a class in order.

    One that repeats another counts for itself: a method that was the only one of its name is that no more.
    """
    if scopes is None:
        return set()
    bases = scopes.bases
    is_headed = family(scopes.facts.path) in HEADED
    return {
        (
            symbol.qualname,
            symbol.kind,
            scopes.facts.package,
            symbol.id.partition("#")[2],
            *((symbol.signature,) if is_headed else ()),
            *(f"{base.qualifier}.{base.name}" for base in bases.get(symbol.id, ())),
        )
        for symbol in scopes.facts.symbols[1:]
    }


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _words_of_ruby(written: str) -> set[str]:
    return _words(written) | classes_mentioned(written)


def _words(written: str) -> set[str]:
    return set(WORD.findall(written))
