"""Before any edge is found, whoever uses a definition is among those that are looked through for it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridle.indexer.edges import EdgesOnDemand
from bridle.indexer.facts import Edge, FileFacts, SymbolId
from bridle.indexer.index import Index
from bridle.indexer.languages.readers import reader_of
from bridle.indexer.linked import Linked
from bridle.indexer.resolve import path_of
from tests.indexer.test_touched import PATHS

PIECES = (
    "import pkg",
    "import pkg.a as pa",
    "import pkg.sub as ps",
    "from pkg import a, sub",
    "from pkg import a as other",
    "from pkg.a import f as g",
    "from pkg.a import C as K, f",
    "from pkg import K as L",
    "from pkg import *",
    "from pkg.a import *",
    "from pkg.sub.b import *",
    "from . import a as aa, b",
    "from .. import a, sub as near",
    "from . import *",
    "from .a import C",
    "def f():\n    return g()",
    "def g():\n    return pa.f() or other.C().m()",
    "class C:\n    def __init__(self):\n        self.n()\n\n    def m(self):\n        self.n()\n\n    def n(self): ...",
    "class D(C):\n    def n(self):\n        return super().n()",
    "class E(K):\n    def m(self): ...",
    "class Lone:\n    def only(self):\n        return L().m()",
    "Alias = C",
    "held = K()",
    "def make() -> C:\n    return C()",
    "def use(x: Lone):\n    x.only()\n    make().m()\n    held.n()\n    Alias().m()\n    aa.f()\n    near.b.D().n()",
    "def dotted():\n    pkg.a.f()\n    ps.b.D()\n    pkg.K()\n    pa.held.m()\n    aa.make()",
    "@pytest.fixture(name='thing')\ndef make_thing():\n    return D()",
    "@pytest.fixture\ndef thing():\n    return Lone()",
    "def test_thing(thing):\n    thing.n()\n    thing.only()",
)
Files = Mapping[str, list[int]]
trees = st.dictionaries(st.sampled_from(PATHS), st.lists(st.integers(0, len(PIECES) - 1), max_size=6), min_size=1)


def read(path: str, text: str) -> FileFacts:
    reader = reader_of(path)
    assert reader is not None
    return reader.facts(path, text.encode(), None)


def python(files: Files) -> dict[str, FileFacts]:
    return {path: read(path, "\n\n\n".join(PIECES[n] for n in pieces) + "\n") for path, pieces in files.items()}


def found_at_once(facts: Mapping[str, FileFacts]) -> Linked:
    linked = Linked.of(facts)
    assert linked.edges.n_open == len(facts) - sum(not path.endswith(".py") for path in facts)
    _ = linked.sources
    assert linked.edges.n_open == 0
    return linked


def assert_same_alone(facts: Mapping[str, FileFacts]) -> None:
    """Each definition, asked for alone where nothing is found yet, has the uses that it has in the end."""
    whole = found_at_once(facts)
    for one in facts.values():
        for symbol in one.symbols:
            assert set(Linked.of(facts).using(symbol.id)) == set(whole.sources.get(symbol.id)), symbol.id
            assert Linked.of(facts).into(symbol.id) == whole.into(symbol.id)


@settings(max_examples=60, deadline=None)
@given(trees)
@example({"pkg/a.py": [17], "pkg/sub/b.py": [6], "top.py": [10, 22]})  # K, which an import made of C, by a star
@example({"pkg/__init__.py": [17], "pkg/a.py": [13]})  # all of the package around, without a name
@example({"tests/conftest.py": [17, 18, 26], "tests/test_top.py": [28]})  # make_thing, which is asked for as thing
@example({"pkg/a.py": [17], "pkg/sub/b.py": [6, 19]})  # what overrides m has one, and mentions none
@example({"pkg/a.py": [17], "top.py": [6, 22]})  # who calls a class calls its __init__
@example({"pkg/__init__.py": [0], "top.py": [0]})
def test_a_definition_asked_for_alone_has_all_its_uses(files: Files) -> None:
    assert_same_alone(python(files))


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(trees)
def test_in_many_trees_a_definition_asked_for_alone_has_all_its_uses(files: Files) -> None:
    assert_same_alone(python(files))


@settings(max_examples=40, deadline=None)
@given(trees, st.lists(st.tuples(st.sampled_from(PATHS), st.lists(st.integers(0, 28), max_size=4)), max_size=3))
def test_a_change_of_a_state_that_was_asked_in_part_leads_where_a_look_at_everything_does(
    files: Files, edits: list[tuple[str, list[int]]]
) -> None:
    facts = python(files)
    linked = Linked.of(facts)
    for path, pieces in edits:
        linked.using(next(iter(facts.values())).symbols[-1].id)
        fresh = python({path: pieces})
        facts.update(fresh)
        linked = linked.changed(fresh)
    whole = found_at_once(facts)
    assert dict(linked.edges) == dict(whole.edges)
    assert {target: set(linked.sources.get(target)) for target in whole.sources} == {
        target: set(whole.sources.get(target)) for target in whole.sources
    }


def test_a_text_and_a_script_beside_python_are_found_as_well() -> None:
    texts = {
        "till/__init__.py": "",
        "till/money.py": "def total():\n    return 1\n",
        "till/odd-name.py": "def odd():\n    return 2\n",
        "docs/guide.md": "# Guide\n\nSee [money](../till/money.py), [odd](../till/odd-name.py), [more](more.md).\n",
        "docs/more.md": "# More\n\nSee [the package](../till/__init__.py).\n",
        "web/a.ts": "import { shown } from './b';\nexport function show() { return shown(); }\n",
        "web/b.ts": "export function shown() { return 1; }\n",
    }
    facts = {path: read(path, text) for path, text in texts.items()}
    assert_same_alone(facts)
    linked = Linked.of(facts)
    assert set(linked.using(SymbolId("till/money.py::"))) == {"docs/guide.md"}
    assert set(linked.using(SymbolId("till/odd-name.py::"))) == {"docs/guide.md"}
    assert set(linked.using(SymbolId("till/__init__.py::"))) == {"docs/more.md"}
    assert set(linked.using(SymbolId("web/b.ts::shown"))) == {"web/a.ts"}
    assert not linked.using(SymbolId("nowhere.py::f"))


def test_a_folder_of_another_name_is_a_module_too(tmp_path: Path) -> None:
    for path, text in {"real/mod.py": "def f(): ...\n", "real/__init__.py": "", "use.py": "import other\n"}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "other").symlink_to("real")
    index = Index(tmp_path, None, workers=1)
    linked = index.refresh().linked
    assert set(linked.using(SymbolId("real/__init__.py::"))) == {"use.py"}
    index.close()


def test_a_question_about_one_definition_looks_through_its_own_files_alone(tmp_path: Path) -> None:
    for n in range(40):
        (tmp_path / f"m{n}.py").write_text(
            f"from m{(n + 1) % 40} import f{(n + 1) % 40}\n\n\ndef f{n}():\n    f{(n + 1) % 40}()\n"
        )
    index = Index(tmp_path, tmp_path / "store.db", workers=1)
    snapshot = index.refresh()
    assert snapshot.complete
    assert snapshot.linked.edges.n_open == 40
    assert [edge.source for edge in snapshot.callers(SymbolId("m7.py::f7"))] == ["m6.py::f6"]
    assert snapshot.linked.edges.n_open == 38
    assert [edge.target for edge in snapshot.callees(SymbolId("m20.py::f20"))] == ["m21.py::f21"]
    assert snapshot.linked.edges.n_open == 37
    index.prepare()
    assert snapshot.linked.edges.n_open == 0
    assert sum(snapshot.stats.edges.values()) == 40 * 4
    index.close()


def test_who_keeps_nothing_looks_through_nothing_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(): ...\n")
    index = Index(tmp_path, None, workers=1)
    snapshot = index.refresh()
    index.close()
    assert snapshot.linked.edges.n_open == 1


def test_many_who_ask_at_once_have_each_file_looked_through_once() -> None:
    inside, most, calls, gate = 0, 0, list[str](), threading.Lock()

    def find(path: str) -> tuple[Edge, ...]:
        nonlocal inside, most
        with gate:
            inside += 1
            most = max(most, inside)
            calls.append(path)
        edges = (Edge(SymbolId(f"{path}::f"), SymbolId("x.py::g"), "calls", 1.0),)
        with gate:
            inside -= 1
        return edges

    paths = [f"{n}.py" for n in range(200)]
    edges = EdgesOnDemand(paths, find)
    with pytest.raises(KeyError):
        edges.of("x.py")
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(edges.all) for _ in range(2)] + [threads.submit(edges.of, path) for path in paths]
        assert all(one.result(20) for one in asked)
    assert sorted(calls) == sorted(paths)
    assert most == 1
    assert edges.n_open == 0
    assert edges.into("7.py", SymbolId("x.py::g")) == list(edges.of("7.py"))
    assert [path_of(edge.source) for edge in edges.of("7.py")] == ["7.py"]
