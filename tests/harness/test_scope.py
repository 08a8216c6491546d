"""Where a run may write by how it was started, and what becomes of the rest: confirmed file by file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from offers import Table

from bridle.harness.edits.patch import any_patch
from bridle.harness.engine import Finding, Selection
from bridle.harness.nouns import Related
from bridle.harness.order import Order
from bridle.harness.workflow.scope import outside, scope_of
from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot

CART = """\
import os


def total(items):
    return sum(price(item) for item in items)


def price(item):
    return item.cents


class Cart:
    def add(self, item):
        self.items.append(item)

    def total(self):
        return total(self.items)
"""
OTHER = """\
def never_called():
    return 1
"""
TEST = """\
from cart import Cart


def test_total():
    cart = Cart()
    assert cart.total() == 3
"""


@pytest.fixture
def snapshot(tmp_path: Path) -> Iterator[Snapshot]:
    root = tmp_path / "ws"
    (root / "tests").mkdir(parents=True)
    (root / "cart.py").write_text(CART)
    (root / "other.py").write_text(OTHER)
    (root / "tests" / "test_cart.py").write_text(TEST)
    index = Index(root, None, workers=1)
    yield index.refresh()
    index.close()


def selected(path: str, start: int, end: int) -> Order:
    return Order("edit", "do it", Selection(path, start, end))


def failing(*frames: tuple[str, int]) -> Order:
    related = tuple(Related(path, line, "") for path, line in frames)
    test = "tests/test_cart.py::test_total"
    return Order("fix", "", finding=Finding("pytest", "tests/test_cart.py", 5, 6, "0 == 3", test=test, related=related))


def test_a_selection_may_change_the_definition_around_it_and_the_imports(snapshot: Snapshot) -> None:
    scope = scope_of(selected("cart.py", 12, 13), snapshot)
    assert scope is not None
    assert scope.files == {"cart.py": ((0, 3), (12, 14))}
    across = scope_of(selected("cart.py", 12, 17), snapshot)
    assert across is not None
    assert across.files["cart.py"][1] == (11, 17)


def test_a_selection_between_definitions_or_in_another_kind_of_file_may_change_that_file(snapshot: Snapshot) -> None:
    for path in ("cart.py", "README.md"):
        scope = scope_of(selected(path, 0, 1), snapshot)
        assert scope is not None
        assert scope.files == {path: ()}


def test_a_failing_test_opens_what_it_reaches_and_no_test(snapshot: Snapshot) -> None:
    scope = scope_of(failing(), snapshot)
    assert scope is not None
    assert list(scope.files) == ["cart.py"]
    assert scope.holds("cart.py", (16, 17))
    assert not scope.holds("tests/test_cart.py", (5, 6))
    assert not scope.holds("other.py", (0, 1))


def test_a_frame_of_the_traceback_counts_where_the_graph_knows_no_way(snapshot: Snapshot) -> None:
    scope = scope_of(failing(("other.py", 1)), snapshot)
    assert scope is not None
    assert scope.holds("other.py", (1, 2))


def test_another_finding_opens_the_definition_that_it_stands_in(snapshot: Snapshot) -> None:
    scope = scope_of(Order("fix", "", finding=Finding("ruff", "cart.py", 8, 9, "no")), snapshot)
    assert scope is not None
    assert scope.files == {"cart.py": ((0, 3), (7, 9))}


def test_words_alone_open_everything(snapshot: Snapshot) -> None:
    assert scope_of(Order("edit", "do it"), snapshot) is None
    assert outside([any_patch("a", None, b"a\n")], None) == {}


def test_what_leaves_the_scope_is_named_file_by_file(snapshot: Snapshot) -> None:
    scope = scope_of(selected("cart.py", 12, 13), snapshot)
    before = CART.encode()
    inside = any_patch("cart.py", before, before.replace(b"append(item)", b"append(item)  # kept"))
    imports = any_patch("cart.py", before, before.replace(b"import os", b"import os\nimport sys"))
    beyond = any_patch("cart.py", before, before.replace(b"item.cents", b"item.euros"))
    bits = any_patch("cart.py", before, before, executable=(False, True))
    new = any_patch("new.py", None, b"x\n")
    assert outside([inside], scope) == outside([imports], scope) == {}
    assert list(outside([beyond, new], scope)) == ["cart.py", "new.py"]
    assert list(outside([bits], scope)) == ["cart.py"]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    root = tmp_path / "ws"
    root.mkdir()
    (root / "a.py").write_text("a = 1\n")
    (root / "b.py").write_text("b = 1\n")
    table = Table(root)
    table.offer("p1", {"a.py": b"a = 2\n", "b.py": b"b = 2\n"}, outside={"b.py": "it was not started on this file"})
    return table


@pytest.mark.parametrize("force", [False, True])
async def test_a_file_outside_lands_only_when_it_is_confirmed(table: Table, force: bool) -> None:
    plan = await table.accept("p1", force=force)
    assert plan.confirm == {"b.py": "it was not started on this file"}
    assert "b.py" in plan.refused
    assert (table.root / "a.py").read_text() == "a = 1\n"
    done = await table.accept("p1", force=force, confirmed=["b.py"])
    assert not done.refused
    assert (table.root / "b.py").read_text() == "b = 2\n"


async def test_the_rest_lands_without_it_and_needs_no_confirmation(table: Table) -> None:
    done = await table.accept("p1", ["1"])
    assert not done.confirm
    assert (table.root / "a.py").read_text() == "a = 2\n"
    assert (table.root / "b.py").read_text() == "b = 1\n"
