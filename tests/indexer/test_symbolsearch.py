"""Names found by what a person types of them, in the order in which they expect them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridle.indexer.languages.readers import PYTHON, SCRIPTS
from bridle.indexer.linked import Linked
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.symbolsearch import SymbolNames, initials, search_symbols
from bridle.indexer.words import Words

FILES = {
    "db/query.py": (
        "class QuerySet:\n    def get(self): pass\n    def get_or_create(self): pass\n\n\nclass Query: pass\n\n\n"
        "def query_params(): pass\n\n\ndef subquery(): pass\n\n\nclass _Query: pass\n"
    ),
    "web/shortcuts.py": "def get_object_or_404(): pass\n\n\ndef goo(): pass\n",
    "web/base.py": "class Model:\n    def save(self): pass\n\n\nclass Form:\n    def save(self): pass\n",
    "tests/test_query.py": "class QuerySet: pass\n",
    "ui/view.ts": "export class QueryView {}\n",
}


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    facts = {
        path: (SCRIPTS if path.endswith(".ts") else PYTHON).facts(path, text.encode()) for path, text in FILES.items()
    }
    return Snapshot(Path("/"), Linked.of(facts), Words.of({}))


def found(snapshot: Snapshot, query: str, limit: int = 50, without: frozenset[str] = frozenset()) -> list[str]:
    names = SymbolNames(snapshot.linked.names)
    return [symbol.id for symbol in search_symbols(snapshot, names, query, limit, without)]


def test_exact_comes_before_beginnings_before_parts(snapshot: Snapshot) -> None:
    assert [one.partition("::")[2] for one in found(snapshot, "query")] == [
        "Query", "", "QuerySet", "QuerySet", "QueryView", "query_params", "_Query", "", "subquery",
    ]  # fmt: skip
    assert found(snapshot, "Query")[0] == "db/query.py::Query"


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("QS", "db/query.py::QuerySet"),
        ("qs", "db/query.py::QuerySet"),
        ("goor", "web/shortcuts.py::get_object_or_404"),
        ("goo", "web/shortcuts.py::goo"),
        ("goc", "db/query.py::QuerySet.get_or_create"),
        ("gobj", "web/shortcuts.py::get_object_or_404"),
        ("Model.save", "web/base.py::Model.save"),
        ("form save", "web/base.py::Form.save"),
        ("web/base.save", "web/base.py::Form.save"),
        ("Form::save", "web/base.py::Form.save"),
        ("params", "db/query.py::query_params"),
        ("sbqry", "db/query.py::subquery"),
    ],
)
def test_humps_containers_and_letters_in_order_find_what_is_meant(snapshot: Snapshot, query: str, first: str) -> None:
    assert found(snapshot, query)[0] == first


def test_code_comes_before_its_tests_under_one_name(snapshot: Snapshot) -> None:
    assert found(snapshot, "QuerySet") == ["db/query.py::QuerySet", "tests/test_query.py::QuerySet"]


def test_what_nothing_answers_finds_nothing_and_nothing_typed_finds_all_up_to_the_limit(snapshot: Snapshot) -> None:
    assert found(snapshot, "zzz") == []
    assert found(snapshot, "Nobody.save") == []
    assert len(found(snapshot, "")) == len(snapshot.symbols)
    assert len(found(snapshot, "", limit=3)) == 3
    assert found(snapshot, "QueryView", without=frozenset({"scripts"})) == []


def test_initials_are_those_of_words() -> None:
    assert [initials(name) for name in ("QuerySet", "get_object_or_404", "HTTPServer", "größe", "_x", "")] == [
        "qs", "goo4", "hs", "g", "x", "",
    ]  # fmt: skip


def test_names_made_to_be_slow_are_not() -> None:
    """What would take minutes to look for letter by letter, with every way tried: the test would not end."""
    text = "\n".join(f"def {'a_' * 90}{n}(): pass" for n in range(200)) + "\ndef " + "a" * 5000 + "(): pass\n"
    facts = {"a.py": PYTHON.facts("a.py", text.encode())}
    snapshot = Snapshot(Path("/"), Linked.of(facts), Words.of({}))
    assert found(snapshot, "a" * 80 + "b") == []
