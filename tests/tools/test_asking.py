"""Tools that change nothing: the graph of a name, a question to the person, a note."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridle.harness.edits.problems import ToolProblem
from bridle.harness.tools.asking import MAX_NOTES_CHARS, ask_tool, note_tool, symbols_tool
from bridle.harness.tools.toolbox import Tool
from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tool]:
    root: Path = tmp_path_factory.mktemp("shop")
    (root / "shop.py").write_text(
        "def tax(x):\n    return x\n\n\nclass Cart:\n    def total(self):\n        return tax(1)\n"
    )
    (root / "test_shop.py").write_text("import shop\n\n\ndef test_total():\n    assert shop.Cart().total()\n")
    index = Index(root, None)
    found = index.refresh()

    async def snapshot() -> Snapshot:
        return found

    yield symbols_tool(snapshot)
    index.close()


ANSWERS = [
    ("tax", "definition", "shop.py:1-2  def tax(x)"),
    ("tax", "callers", "shop.py:6-7  Cart.total"),
    ("Cart.total", "callees", "shop.py:1-2  tax"),
    ("tax", "tests", "test_shop.py:4-5  test_total  (2 steps away)"),
    ("tax", "impact", "shop.py:6-7  Cart.total  (1 step away)"),
    ("test_total", "callers", "The graph knows no callers of 'test_total'."),
]


@pytest.mark.parametrize(("name", "show", "said"), ANSWERS)
async def test_the_graph_answers(graph: Tool, name: str, show: str, said: str) -> None:
    assert said in await graph.run({"name": name, "show": show})


@pytest.mark.parametrize(
    ("given", "said"),
    [({"name": "nope", "show": "callers"}, "E_MISSING"), ({"name": "tax", "show": "mood"}, "E_RANGE"), ({}, "E_RANGE")],
)
async def test_what_it_cannot_answer_comes_back_with_what_to_do(graph: Tool, given: dict[str, str], said: str) -> None:
    with pytest.raises(ToolProblem, match=said):
        await graph.run(given)


async def test_a_question_has_choices_a_default_and_an_end() -> None:
    put: list[tuple[str, tuple[str, ...], str]] = []

    async def ask(question: str, choices: tuple[str, ...], default: str) -> str:
        put.append((question, choices, default))
        return choices[-1]

    tool = ask_tool(ask)
    for wrong in ({"choices": ["a"], "default": "a"}, {"choices": ["a", "b"], "default": "c"}, {"choices": "ab"}):
        with pytest.raises(ToolProblem, match="E_RANGE"):
            await tool.run({"question": "Which?", **wrong})
    assert put == []
    asked = {"question": "Which?", "choices": ["a", "b"], "default": "a"}
    assert [await tool.run(asked) for _ in range(3)] == ["b", "b", "b"]
    with pytest.raises(ToolProblem, match="E_PERMISSION"):
        await tool.run(asked)
    assert put == [("Which?", ("a", "b"), "a")] * 3


async def test_notes_add_up_and_are_bounded() -> None:
    kept = [""]
    tool = note_tool(lambda: kept[-1], kept.append)
    await tool.run({"text": "prices are whole cents"})
    await tool.run({"text": "x" * 9_999})
    assert kept[-1].startswith("- prices are whole cents\n- xxx")
    assert len(kept[-1]) < 5_000
    kept.append("x" * MAX_NOTES_CHARS)
    with pytest.raises(ToolProblem, match="full"):
        await tool.run({"text": "one more"})
