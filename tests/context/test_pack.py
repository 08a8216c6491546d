"""What the model is shown for a task, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridle.context.pack import Pack, pack
from bridle.context.rank import rank
from bridle.context.task import Task
from bridle.context.tokens import count
from bridle.harness.edits.readview import view
from bridle.harness.edits.revisions import Revisions
from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot

FILES: Mapping[str, str] = {
    "AGENTS.md": "# Rules\n\n- Never  touch\tgenerated files.\n",
    "shop/CLAUDE.md": "Prices are integers.\n",
    "shop/__init__.py": "",
    "shop/prices.py": '''\
"""Prices."""

from shop.tax import add_tax

CURRENCY = "EUR"


def total_price(items):
    """Sum the prices of items and add tax."""
    return add_tax(sum(item.price for item in items))


def format_price(amount):
    return f"{amount} {CURRENCY}"
''',
    "shop/tax.py": '''\
RATE = 19


def add_tax(amount):
    """Add value added tax."""
    return amount + amount * RATE // 100
''',
    "shop/invoice.py": '''\
from shop.prices import total_price


class Invoice:
    """What is owed."""

    def __init__(self, items):
        self.items = items

    def owed(self):
        return total_price(self.items)
''',
    "shop/weather.py": '''\
def forecast(city):
    """Say whether it rains."""
    return city
''',
    "tests/test_prices.py": """\
from shop.prices import total_price


class Item:
    price = 100


def test_total_price_adds_tax():
    assert total_price([Item()]) == 119
""",
    "conf/.env": "TOKEN=abc\n",
}


class Shop:
    """A small repository, indexed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for path, text in FILES.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        self._index = Index(root, None)
        self.snapshot: Snapshot = self._index.refresh()

    def read(self, path: str) -> str | None:
        file = self.root / path
        return file.read_text() if file.is_file() else None

    def pack(self, task: Task) -> Pack:
        return pack(task, self.snapshot, self.read)

    def close(self) -> None:
        self._index.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("shop"))
    yield made
    made.close()


def line_of(path: str, text: str) -> int:
    return next(n for n, line in enumerate(FILES[path].split("\n")) if text in line)


def reasons(made: Pack) -> dict[str, str]:
    """Return path and first line (1-based) of each piece → its reason."""
    return {f"{piece.span.path}:{piece.span.start_line + 1}": piece.reason for piece in made.pieces}


def test_words_of_the_task_find_the_function_and_say_so(shop: Shop) -> None:
    made = shop.pack(Task("sum the prices of the items and add tax"))
    best = next(piece for piece in made.pieces if piece.detail == "body")
    assert best.span.path == "shop/prices.py"
    assert "words matched: " in best.reason
    assert "%" in best.reason


def test_a_selection_brings_what_it_calls_what_calls_it_and_its_tests(shop: Shop) -> None:
    line = line_of("shop/prices.py", "return add_tax")
    why = reasons(shop.pack(Task("speed up", at=("shop/prices.py", line, line + 1))))
    assert why["shop/prices.py:8"].startswith("selection ")
    assert "called by total_price" in why["shop/tax.py:4"]
    assert "calls total_price" in why["shop/invoice.py:10"]
    assert "test of total_price" in why["tests/test_prices.py:8"]


def test_a_failing_test_brings_what_it_tests(shop: Shop) -> None:
    made = shop.pack(Task("", findings=(("tests/test_prices.py", line_of("tests/test_prices.py", "== 119")),)))
    bodies = [piece for piece in made.pieces if piece.detail == "body"]
    assert bodies[0].reason.startswith("failing test ")
    assert "called by test_total_price_adds_tax" in reasons(made)["shop/prices.py:8"]
    assert "shop/tax.py:4" in reasons(made)
    assert "shop/weather.py:1" not in reasons(made)


def test_the_parts_of_a_reason_are_shares_of_the_score(shop: Shop) -> None:
    task = Task("change `total_price`", open_files=("shop/prices.py",))
    best = rank(task, shop.snapshot)[0]
    assert best.symbol.name == "total_price"
    assert best.reason.count("%") == len(best.shares) >= 3
    assert "named in the task: total_price" in best.reason
    assert "open buffer" in best.reason
    assert sum(share.score for share in best.shares) == pytest.approx(best.score)


def test_tests_count_less_unless_the_task_speaks_of_tests(shop: Shop) -> None:
    def place(instruction: str) -> int:
        return [one.symbol.name for one in rank(Task(instruction), shop.snapshot)].index("test_total_price_adds_tax")

    assert place("total price adds tax in the test") < place("total price adds tax")


def test_rules_come_first_and_verbatim_and_those_of_a_folder_only_where_they_reach(shop: Shop) -> None:
    everywhere = shop.pack(Task("price"))
    assert everywhere.text(None).startswith(f'<rules path="AGENTS.md">\n{FILES["AGENTS.md"]}\n</rules>')
    assert FILES["shop/CLAUDE.md"] not in everywhere.text(None)
    inside = shop.pack(Task("price", at=("shop/tax.py", 0, 1)))
    assert FILES["shop/CLAUDE.md"] in inside.text(None)
    assert [piece.detail for piece in inside.pieces[:2]] == ["rules", "rules"]


def test_only_bodies_carry_anchors_and_are_recorded_as_shown(shop: Shop) -> None:
    revisions = Revisions()
    made = shop.pack(Task("total price", n_tokens=420))

    def show(path: str, ranges: tuple[tuple[int, int], ...]) -> str:
        return view(revisions, revisions.note(path, (shop.root / path).read_bytes()), ranges).text

    text = made.text(show)
    shown = {path: revisions.shown(path, 1) for path in revisions.paths()}
    bodies = {piece.span.path for piece in made.pieces if piece.detail == "body"}
    assert set(shown) == bodies
    outlined = [piece for piece in made.pieces if piece.detail == "signature"]
    assert outlined
    for piece in outlined:
        assert not any(a <= piece.span.start_line < b for a, b in shown.get(piece.span.path, ()))
    assert "[shop/prices.py v1 " in text
    assert count(text) <= made.n_tokens + 2 * len(made.blocks)


def test_what_did_not_fit_is_listed_with_its_reason(shop: Shop) -> None:
    made = shop.pack(Task("total price invoice tax forecast", n_tokens=200))
    assert made.left_out
    assert all(what and why for what, why in made.left_out)
    assert any("do not fit" in why for _, why in made.left_out)


def test_the_best_file_stands_first_and_the_second_best_last(shop: Shop) -> None:
    line = line_of("shop/prices.py", "return add_tax")
    made = shop.pack(Task("add tax", at=("shop/prices.py", line, line + 1)))
    assert (made.blocks[0].path, made.blocks[-1].path) == ("shop/prices.py", "shop/tax.py")


def test_lines_of_one_file_stand_in_source_order(shop: Shop) -> None:
    made = shop.pack(Task("format price with currency, total"))
    for block in made.blocks:
        assert list(block.ranges) == sorted(block.ranges)


@given(
    st.integers(0, 3_000),
    st.sampled_from(["", "total price", "add tax to `total_price` in shop/tax.py", "tests of the invoice"]),
    st.none() | st.tuples(st.sampled_from([*FILES, "no/such.py"]), st.integers(0, 40), st.integers(0, 40)),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
def test_the_budget_is_never_exceeded_and_the_same_task_gives_the_same_bytes(
    shop: Shop, budget: int, instruction: str, at: tuple[str, int, int] | None
) -> None:
    task = Task(instruction, at=at, findings=(("tests/test_prices.py", 9),), n_tokens=budget)
    made = shop.pack(task)
    assert count(made.text(None)) <= made.n_tokens <= max(budget, 0)
    assert shop.pack(task) == made


def test_no_line_is_paid_for_twice(shop: Shop) -> None:
    made = shop.pack(Task("what is owed by `Invoice`; items", at=("shop/invoice.py", 3, 4)))
    bodies = [piece for piece in made.pieces if piece.detail == "body"]
    lines = [(piece.span.path, n) for piece in bodies for n in range(piece.span.start_line, piece.span.end_line)]
    assert all(piece.n_tokens > 0 for piece in made.pieces)
    outlined = {piece.span for piece in made.pieces if piece.detail == "signature"}
    assert not {(span.path, span.start_line) for span in outlined} & set(lines)


def test_what_is_too_large_is_shown_around_the_selection(shop: Shop, tmp_path: Path) -> None:
    body = "".join(f"    total = step_{n}(total)\n" for n in range(400))
    (tmp_path / "big.py").write_text(f"def big(total):\n{body}    return total\n")
    index = Index(tmp_path, None)
    made = pack(
        Task("", at=("big.py", 200, 201), n_tokens=900),
        index.refresh(),
        lambda path: (tmp_path / path).read_text() if (tmp_path / path).is_file() else None,
    )
    index.close()
    (block,) = made.blocks
    assert "step_199(" in block.text
    assert "step_300(" not in block.text
    assert made.n_tokens <= 900


def test_a_file_that_changed_since_it_was_indexed_is_left_out(shop: Shop) -> None:
    made = pack(Task("add tax"), shop.snapshot, lambda path: "x = 1\n" if path == "shop/tax.py" else shop.read(path))
    assert ("shop/tax.py::add_tax", "changed since it was indexed") in made.left_out
    assert "shop/tax.py" not in {piece.span.path for piece in made.pieces}


def test_no_secret_stands_in_a_signature(tmp_path: Path) -> None:
    key = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF2hJ4"
    (tmp_path / "deploy.py").write_text(f'def deploy(token="{key}"):\n' + "    print(1, 2, 3, 4, 5)\n" * 400)
    index = Index(tmp_path, None)
    made = pack(
        Task("deploy token", n_tokens=300),
        index.refresh(),
        lambda path: (tmp_path / path).read_text() if path == "deploy.py" else None,
    )
    index.close()
    assert "deploy(token=" in made.outline
    assert key not in made.text(None)


def test_no_secret_and_no_credential_file_is_ever_in_a_pack(tmp_path: Path) -> None:
    key = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF2hJ4"
    (tmp_path / "deploy.py").write_text(f'def deploy():\n    token = "{key}"\n    return token\n')
    (tmp_path / "AGENTS.md").write_text(f"Use {key}.\n")
    index = Index(tmp_path, None)
    made = pack(
        Task("deploy token"),
        index.refresh(),
        lambda path: (tmp_path / path).read_text() if (tmp_path / path).is_file() else None,
    )
    index.close()
    assert "«secret:github:" in made.text(None)
    assert key not in made.text(None)
