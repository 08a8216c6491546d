"""Tasks that nobody should give: each has a pack within its budget, and never an exception."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridle.context.pack import Pack, pack
from bridle.context.task import Task
from bridle.context.tokens import count
from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot

FILES = {
    "shop/tax.py": "RATE = 19\n\n\ndef add_tax(amount):\n    return amount + amount * RATE // 100\n",
    "shop/größe.py": "def größe_prüfen(wert):\n    return wert\n",
}


def made(task: Task, snapshot: Snapshot) -> Pack:
    found = pack(task, snapshot, FILES.get)
    assert count(found.text(None)) <= found.n_tokens <= max(0, task.n_tokens)
    return found


@pytest.mark.parametrize("n_tokens", [-5, 0, 1, 10, 29, 30, 31])
def test_a_budget_of_nearly_nothing_is_kept(snapshot: Snapshot, n_tokens: int) -> None:
    found = made(Task("add tax", at=("shop/tax.py", 3, 4), n_tokens=n_tokens), snapshot)
    assert found.left_out or found.pieces


def test_an_empty_task_shows_nothing(snapshot: Snapshot) -> None:
    assert made(Task(""), snapshot).pieces == ()
    assert made(Task(" \n\t\0"), snapshot).pieces == ()


@pytest.mark.parametrize(
    "text", ["add tax ", "x", "\u0000", "ab_cd.ef() ", "((((", "`a`.", "../" * 3, "🙂", "shop/tax.py ", "a-b-by: c\n"]
)
def test_a_task_of_a_megabyte_is_read_in_bounded_time(snapshot: Snapshot, text: str) -> None:
    task = Task((text * (1_000_000 // len(text) + 1))[:1_000_000])
    assert made(task, snapshot) == made(task, snapshot)


def test_a_task_in_another_language_finds_names_that_are_spelled_so(snapshot: Snapshot) -> None:
    assert made(Task("税を加える"), snapshot).pieces == ()
    found = made(Task("Bitte größe_prüfen ändern"), snapshot)
    assert [piece.span.path for piece in found.pieces][:1] == ["shop/größe.py"]


@pytest.mark.parametrize(
    "at",
    [
        ("no/such.py", 3, 9),
        ("/etc/passwd", 0, 1),
        ("../outside.py", 0, 1),
        ("shop/tax.py", 10_000, 10_001),
        ("shop/tax.py", -3, -1),
        ("shop/tax.py", 9, 2),
        ("", 0, 0),
    ],
)
def test_a_place_that_is_not_there_leaves_the_words_to_say_it(snapshot: Snapshot, at: tuple[str, int, int]) -> None:
    found = made(Task("add tax in no/such.py and /etc/passwd", at=at, findings=(at[:2],)), snapshot)
    assert "shop/tax.py" in {piece.span.path for piece in found.pieces}
    assert {piece.span.path for piece in found.pieces} <= FILES.keys()


def test_one_file_of_five_megabytes_is_no_trouble(tmp_path: Path) -> None:
    text = "def add_tax(amount):\n" + "    amount = amount + 1  # and so on\n" * 140_000
    (tmp_path / "big.py").write_text(text)
    index = Index(tmp_path, None)
    snapshot = index.refresh()
    index.close()
    found = pack(
        Task("add tax", at=("big.py", 70_000, 70_001)), snapshot, lambda path: text if path == "big.py" else None
    )
    assert count(found.text(None)) <= found.n_tokens <= found.budget
