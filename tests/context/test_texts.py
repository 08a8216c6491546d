"""Which sections and keys come along with code: those of files that a task asks for, and few."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridle.context.pack import pack
from bridle.context.rank import rank
from bridle.context.signals import rows_of
from bridle.context.task import Task
from bridle.context.texts import wanted_parts
from bridle.indexer.index import Index
from bridle.indexer.past import Past
from bridle.indexer.snapshot import Snapshot

FILES = {
    "till/drawer.py": "def open_drawer():\n    return 0\n\n\ndef lint_drawer():\n    return 1\n",
    "README.md": "# Till\n\n## Open the drawer\n\nCall it.\n\n## Install\n\nWith pip.\n",
    "docs/drawer.md": "# The drawer\n\n## Coins\n\nCoins are counted.\n",
    "package.json": '{\n  "name": "till",\n  "scripts": {\n    "lint": "eslint .",\n    "test": "jest"\n  }\n}\n',
    ".github/workflows/ci.yml": "on: push\njobs:\n  lint:\n    steps: []\n",
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    root = tmp_path_factory.mktemp("till")
    for path, text in FILES.items():
        (root / path).parent.mkdir(exist_ok=True, parents=True)
        (root / path).write_text(text)
    index = Index(root, None, workers=1)
    yield index.refresh()
    index.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("instruction", "best"),
    [
        ("open the drawer with a key", None),
        ("lint", None),
        ("run lint in package.json too", "package.json::scripts.lint"),
        ("the README says how to open the drawer", "README.md::till.open-the-drawer"),
        ("docs: say that coins are counted", "docs/drawer.md::the-drawer.coins"),
        ("docs: the coal", None),
        ("lint jobs in the workflow", ".github/workflows/ci.yml::jobs.lint"),
        ("correct README.md", "README.md::till"),
    ],
)
def test_parts_of_texts_come_where_the_task_asks_for_them(
    snapshot: Snapshot, instruction: str, best: str | None
) -> None:
    found = wanted_parts(instruction, snapshot)
    assert (found[0].symbol.id if found else None) == best
    ranked = {one.symbol.id: one.reason for one in rank(Task(instruction), snapshot)}
    assert {one for one in ranked if not one.startswith("till/")} == {one.symbol.id for one in found}


@pytest.mark.slow
def test_what_code_is_worth_does_not_depend_on_texts(snapshot: Snapshot) -> None:
    asked = "say in README.md and package.json that `lint` opens the drawer"
    rows = rows_of(asked, snapshot, Past())
    assert {row.symbol.id for row in rows} == {"till/drawer.py::open_drawer", "till/drawer.py::lint_drawer"}
    assert {row["named"] for row in rows if row.symbol.name == "open_drawer"} == {0.0}


@pytest.mark.slow
def test_a_selection_in_a_text_brings_its_section(snapshot: Snapshot) -> None:
    made = pack(Task("say more", ("README.md", 8, 9)), snapshot, FILES.get)
    assert made.pieces[0].span.path == "README.md"
    assert "With pip." in made.text(None)
    assert "Call it." not in made.text(None)
