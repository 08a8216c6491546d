"""The graph as a whole: what is around a definition, what a change reaches, circles, layers, networkx's views."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bridle.indexer.facts import SymbolId
from bridle.indexer.graph import cycles, file_graph, layers, neighbourhood, symbol_graph
from bridle.indexer.languages.readers import PYTHON
from bridle.indexer.linked import Linked
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.words import Words

CHAIN = {
    "base.py": "def deep(): pass\n",
    "middle.py": "from base import deep\n\n\ndef mid():\n    deep()\n",
    "top.py": "from middle import mid\nimport base\n\n\ndef high():\n    mid()\n    base.deep()\n",
    "tests/test_top.py": "from top import high\n\n\ndef test_high():\n    high()\n",
}
CIRCLES = {
    "a.py": "import b\n",
    "b.py": "import c\nimport a\n",
    "c.py": "import a\n",
    "d.py": "import e\n",
    "e.py": "import d\nimport a\n",
    "alone.py": "",
}


def snapshot_of(files: Mapping[str, str]) -> Snapshot:
    facts = {path: PYTHON.facts(path, text.encode()) for path, text in files.items()}
    return Snapshot(Path("/"), Linked.of(facts), Words.of({}))


def sid(text: str) -> SymbolId:
    return SymbolId(text)


def test_a_neighbourhood_grows_a_step_at_a_time_and_tells_kinds() -> None:
    snapshot, start = snapshot_of(CHAIN), [sid("base.py::deep")]
    once = neighbourhood(snapshot, start, 1, "in", ["calls"])
    assert {edge.source for edge in once} == {"middle.py::mid", "top.py::high"}
    twice = neighbourhood(snapshot, start, 2, "in", ["calls"])
    assert {edge.source for edge in twice} == {"middle.py::mid", "top.py::high", "tests/test_top.py::test_high"}
    assert twice[: len(once)] == once
    assert neighbourhood(snapshot, start, 3, "out") == []
    assert {edge.kind for edge in neighbourhood(snapshot, start, 1)} == {"calls", "imports"}
    assert len(neighbourhood(snapshot, start, 8, limit=2)) == 2


def test_what_a_change_reaches_comes_with_the_surest_way() -> None:
    reached = {reach.symbol.id: reach for reach in snapshot_of(CHAIN).reaching([sid("base.py::deep")])}
    assert next(iter(reached)) == "base.py::deep"
    assert reached[sid("tests/test_top.py::test_high")].path == (
        "tests/test_top.py::test_high",
        "top.py::high",
        "base.py::deep",
    )
    assert all(0 < reach.confidence <= 1 for reach in reached.values())
    assert snapshot_of(CHAIN).reaching([sid("nowhere.py::x")]) == []


def test_each_group_of_files_that_need_each_other_is_told_by_a_shortest_circle() -> None:
    found = cycles(file_graph(snapshot_of(CIRCLES)))
    assert found == [("a.py", "b.py", "a.py"), ("d.py", "e.py", "d.py")]
    assert cycles(file_graph(snapshot_of(CHAIN))) == []


def test_layers_stand_on_those_below_and_circles_stay_together() -> None:
    assert layers(file_graph(snapshot_of(CHAIN))) == [("base.py",), ("middle.py",), ("top.py",), ("tests/test_top.py",)]
    assert layers(file_graph(snapshot_of(CIRCLES))) == [("a.py", "alone.py", "b.py", "c.py"), ("d.py", "e.py")]


def test_views_of_networkx_hold_the_kinds_that_are_asked_for() -> None:
    snapshot = snapshot_of(CHAIN)
    calls = symbol_graph(snapshot, ["calls"])
    assert set(calls) == set(snapshot.symbols)
    assert {kind for _, _, kind in calls.edges(keys=True)} == {"calls"}
    files = file_graph(snapshot, ["calls", "imports"])
    assert files.edges["top.py", "base.py"]["n_edges"] == 2
    assert list(file_graph(snapshot_of({}))) == []


@pytest.mark.slow
def test_a_graph_of_ten_thousand_files_has_its_circles_and_layers() -> None:
    chain = {f"m{n}.py": f"import m{n + 1}\n" for n in range(10_000)}
    found = layers(file_graph(snapshot_of({**chain, "m10000.py": "import m9999\n"})))
    assert found[0] == ("m10000.py", "m9999.py")
    assert len(found) == 10_000
