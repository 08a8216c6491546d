"""What of a definition is shown, and what it costs beside what is shown already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.context.filling import Filling, Prices
from bridle.context.outline import brief
from bridle.context.pack import pack
from bridle.context.pieces import Source
from bridle.context.shapes import closed, has_shell, least_bytes, parts, shell
from bridle.context.task import Task
from bridle.indexer.facts import Symbol
from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot

STEPS = "".join(f"        total = self.step_{n}(total)\n" for n in range(60))
TEXT = f'''\
class Till:
    """Holds coins."""

    currency = "EUR"

    def open(self):
{STEPS}        return self

    limit = 20

    def close(self):
        return None


def free(n):
    return n
'''


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Snapshot]]:
    root = tmp_path_factory.mktemp("till")
    (root / "till.py").write_text(TEXT)
    index = Index(root, None)
    yield root, index.refresh()
    index.close()


def symbols(snapshot: Snapshot) -> Mapping[str, Symbol]:
    return {symbol.qualname: symbol for symbol in snapshot.in_file("till.py")}


def test_the_shell_of_a_class_is_its_head_and_fields_without_its_methods(till: tuple[Path, Snapshot]) -> None:
    known, lines = symbols(till[1]), TEXT.split("\n")
    own = shell(known["Till"], till[1].in_file("till.py"), lambda n: not lines[n].strip())
    shown = [lines[n] for start, end in own for n in range(start, end)]
    assert shown == ["class Till:", '    """Holds coins."""', '    currency = "EUR"', "    limit = 20"]
    assert [part.name for part in parts(known["Till"], till[1].in_file("till.py"))] == ["open", "close"]
    assert least_bytes(known["Till"], till[1].in_file("till.py")) < 200 < len(TEXT)


def test_a_short_function_has_no_shell(till: tuple[Path, Snapshot]) -> None:
    assert not has_shell(symbols(till[1])["free"])


def test_a_class_that_is_too_large_shows_its_shell_with_anchors(till: tuple[Path, Snapshot]) -> None:
    _, snapshot = till
    made = pack(
        Task("what currency and limit has the `Till`", n_tokens=700),
        snapshot,
        lambda path: TEXT if path == "till.py" else None,
    )
    pieces = [
        piece for piece in made.pieces if piece.detail == "body" and piece.reason and piece.span.path == "till.py"
    ]
    text = "\n".join(block.text for block in made.blocks)
    assert 'currency = "EUR"' in text
    assert "limit = 20" in text
    assert "step_7(" not in text
    assert all(piece.editable and piece.n_tokens > 0 for piece in pieces)
    assert "Till.open" in made.outline or "open()" in made.outline


def test_what_is_shown_already_costs_nothing_and_neighbours_need_no_mark() -> None:
    file = Source("".join(f"line {n}\n" if n != 5 else "\n" for n in range(20)))
    filling = Filling(Prices(lambda _: 100.0, 10.0))
    alone = filling.offer("a.py", file, [(0, 5)])
    filling.take(alone)
    assert filling.offer("a.py", file, [(1, 4)]).cost == 0
    beside, apart = filling.offer("a.py", file, [(6, 8)]), filling.offer("a.py", file, [(10, 12)])
    assert beside.ranges == ((0, 8),)  # a blank line is cheaper than a gap
    assert apart.ranges == ((0, 5), (10, 12))
    assert beside.cost < apart.cost < alone.cost


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12))
def test_the_order_of_what_is_taken_does_not_change_what_it_costs_in_all(wanted: list[tuple[int, int]]) -> None:
    file = Source("".join("\n" if n % 7 == 3 else f"line {n}\n" for n in range(40)))

    def spent(order: list[tuple[int, int]]) -> tuple[float, dict[str, tuple[tuple[int, int], ...]]]:
        filling = Filling(Prices(lambda _: 7.0, 5.0))
        whole = 0.0
        for lines in order:
            offer = filling.offer("a.py", file, [lines])
            whole += offer.cost
            filling.take(offer)
        return whole, filling.ranges

    ranges = [(min(a, b), max(a, b) + 1) for a, b in wanted]
    assert spent(ranges) == spent(ranges[::-1])
    assert closed(ranges, 40, file.is_blank) == spent(ranges)[1].get("a.py", ())


@pytest.mark.parametrize(
    ("signature", "kind", "shown"),
    [
        ("def total(self, items)", "method", "total(items)"),
        ("async def close(self)", "method", "async def close()"),
        ("public static void main(String[] args)", "method", "void main(String[] args)"),
        ("func (c *Context) Next()", "method", "(c *Context) Next()"),
        ("class Till(Base)", "class", "class Till(Base)"),
        ("NAMES = [" + "'a', " * 40 + "]", "variable", "NAMES = [" + ("'a', " * 40)[:38] + "…"),
    ],
)
def test_a_signature_in_the_outline_leaves_out_what_goes_without_saying(signature: str, kind: str, shown: str) -> None:
    assert brief(signature, kind) == shown


def test_a_secret_is_hidden_before_a_signature_is_cut() -> None:
    key = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF2hJ4"
    assert key[:20] not in brief(f'TOKEN_OF_THE_DEPLOYMENT_HOST = "{key}"', "variable")
