"""What is kept between runs is what was known, and nothing of it is made before somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridle.indexer.compact import compact, facts_of, ids_of
from bridle.indexer.entry import Entry
from bridle.indexer.facts import (
    Export,
    FileFacts,
    Import,
    Places,
    Reference,
    Span,
    Symbol,
    SymbolId,
    Typed,
    Value,
)
from bridle.indexer.groups import Groups
from bridle.indexer.held import FileWords
from bridle.indexer.index import Index
from bridle.indexer.languages.readers import PYTHON, READERS, Reader
from bridle.indexer.linked import Linked
from bridle.indexer.linking import Layout
from bridle.indexer.numbering import KeptGroups, Numbering, Rows, Table, groups_of
from bridle.indexer.packed import Groupings, key_of, pack
from bridle.indexer.words import Words

PATH = "pkg/a.py"
texts = st.sampled_from(["", "a", "f", "self", "a.b", "größe", "\n", "\0", "pkg/a.py::f"]) | st.text(max_size=4)
numbers = st.integers(0, 1 << 20)
owners = st.sampled_from(["", "f", "C", "C.m"])
kinds = st.sampled_from(["class", "function", "test"])
uses = st.sampled_from(["call", "import", "inherit", "read", "write"])


def symbols(owns: list[str]) -> st.SearchStrategy[tuple[Symbol, ...]]:
    span = st.builds(Span, st.just(PATH), numbers, numbers, numbers, numbers)
    one = (
        st.builds(Symbol, st.just(SymbolId(f"{PATH}::{own}")), kinds, texts, texts, span, texts, texts) for own in owns
    )
    return st.tuples(*one)


def rows(struct: type, *fields: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(st.builds(struct, *fields), max_size=4).map(tuple)


owned = owners.map(lambda own: SymbolId(f"{PATH}::{own}"))
facts = st.builds(
    FileFacts,
    st.just(PATH),
    texts,
    numbers,
    numbers,
    symbols(["", "f", "C", "C.m", "f#2"]),
    rows(Reference, texts, texts, uses, owned, numbers),
    rows(Import, texts, texts, texts, numbers, texts),
    rows(Value, owned | texts.map(SymbolId), texts, texts),
    rows(Export, texts, texts, texts),
    rows(Typed, texts, texts),
    texts,
    st.builds(Places, st.binary(max_size=4)),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(facts)
def test_facts_come_back_as_they_went(known: FileFacts) -> None:
    data = compact(known)
    assert facts_of(known.path, known.digest, known.n_lines, known.n_bytes, data) == known
    assert ids_of(known.path, data) == [symbol.id for symbol in known.symbols]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_what_a_reader_tells_comes_back(reader: Reader) -> None:
    known = reader.facts(*reader.probe)
    entry = Entry.to_send(known)
    assert not entry.is_made
    assert entry.ids == [symbol.id for symbol in known.symbols]
    assert entry.facts == known
    assert entry.facts is entry.facts
    assert entry.as_bytes().facts == known


FILES = {
    "pkg/__init__.py": "from pkg.a import f as f\n",
    "pkg/a.py": "def f():\n    return g()\n\n\ndef g():\n    pass\n",
    "pkg/b.py": "from pkg.a import *\n\n\nclass C:\n    def m(self):\n        return f()\n\n    def n(self): pass\n",
    "tests/test_b.py": "from pkg.b import C\n\n\ndef test_m():\n    C().m()\n",
    "lone.py": "",
}
CHANGES: tuple[Mapping[str, str | None], ...] = (
    {"pkg/a.py": "def g():\n    pass\n"},
    {"pkg/a.py": None},
    {
        "pkg/c.py": "class D:\n    def only(self):\n        f()\n",
        "pkg/b.py": FILES["pkg/b.py"] + "    def only(self): pass\n",
    },
    {"pkg/a.py": FILES["pkg/a.py"], "lone.py": None},
    {"lone.py": "import pkg\npkg.f()\n"},
)


def read(path: str, text: str | None) -> FileFacts | None:
    return None if text is None else PYTHON.facts(path, text.encode())


def kept(linked: Linked) -> Linked:
    """Return the state as the next run finds it."""
    entries = {path: Entry.to_send(scopes.facts) for path, scopes in linked.files.items()}
    groupings = Groupings(linked.sources, linked.names, linked.mentions, Words.of({}).paths)
    return Linked.restored(entries, pack(key_of(entries, ""), entries, linked.edges, groupings), Layout())


def assert_same(one: Linked, other: Linked) -> None:
    assert sorted(one.edges) == sorted(other.edges)
    assert len(one.edges) == len(other.edges)
    assert one.edges.counted() == other.edges.counted()
    for path, scopes in other.files.items():
        for target in scopes.entry.ids:
            assert one.into(target) == other.into(target)
        assert one.edges[path] == other.edges[path]
        assert one.edges[path] is one.edges[path]
    for name in ("names", "mentions", "sources"):
        mine, its = getattr(one, name), getattr(other, name)
        assert set(mine) == set(its)
        assert all(set(mine.get(key)) == set(its.get(key)) for key in its)
    assert one.into(SymbolId("no/file.py::f")) == ()
    assert "no/file.py" not in one.edges


@pytest.mark.parametrize("again", [False, True], ids=["once", "at each step"])
def test_a_state_that_was_kept_answers_and_changes_as_what_it_was_made_of(again: bool) -> None:
    whole = Linked.of({path: known for path, text in FILES.items() if (known := read(path, text)) is not None})
    restored = kept(whole)
    assert_same(restored, whole)
    for change in CHANGES:
        fresh = {path: read(path, text) for path, text in change.items()}
        whole = whole.changed(fresh)
        restored = (kept(restored) if again else restored).changed(fresh)
        assert_same(restored, whole)
        assert_same(restored, Linked.of({path: scopes.facts for path, scopes in whole.files.items()}))


def test_a_start_makes_the_facts_of_those_files_alone_that_an_answer_needs(tmp_path: Path) -> None:
    root, store = tmp_path / "tree", tmp_path / "index.db"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    first = Index(root, store, workers=1)
    first.refresh()
    first.close()
    index = Index(root, store, workers=1)
    snapshot = index.refresh()
    assert (snapshot.stats.loaded, snapshot.stats.symbols, snapshot.work.resolved) == (5, 11, 0)
    (hit, *_) = snapshot.search("test m", 1)
    assert hit.symbol == "tests/test_b.py::test_m"
    (caller,) = snapshot.callers(SymbolId("pkg/a.py::g"))
    assert caller.source == "pkg/a.py::f"
    entries = {path: scopes.entry for path, scopes in snapshot.linked.files.items()}
    assert not any(one.is_made for one in entries.values())
    assert [symbol.id for symbol in snapshot.named("f")] == ["pkg/a.py::f"]
    assert [path for path, one in entries.items() if one.is_made] == ["pkg/a.py"]
    index.close()


def test_the_words_of_a_file_keep_their_terms_apart() -> None:
    words = FileWords("\nab\nb\n", b"\0\0\0\0\1\0\0\0\2\0\0\0", b"\1\0\0\0\7\0\0\0\2\0\0\0\5\0\0\0", b"")
    assert words.terms == ["ab", "b"]
    assert [list(words.holding(term)) for term in ("ab", "b", "a", "")] == [[(1, 7)], [(2, 5)], [], []]
    assert FileWords("\n", b"", b"", b"").terms == []


def test_a_row_of_what_was_kept_is_made_once() -> None:
    """An edit asks for those of common names some thousand times."""
    made: list[int] = []

    def value(number: int) -> str:
        made.append(number)
        return f"file {number}"

    rows = KeptGroups(Numbering({}), 0, Rows.of([]), value)
    assert len(rows) == 0
    table = Table.of(Groups.of([("a", 1), ("a", 2), ("b", 1)]), int)
    groups = groups_of(table, value)
    assert len(groups) == 2
    assert groups.get("a") == groups.get("a") == ("file 1", "file 2")
    assert made == [1, 2]
    assert groups["b"] == ("file 1",)
    with pytest.raises(KeyError):
        groups["c"]
