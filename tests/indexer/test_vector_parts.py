"""The parts of the vectors that need no store: texts of a file, the fit on a repository, the exact search."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bridle.indexer.facts import FileFacts
from bridle.indexer.index import Index
from bridle.indexer.parse import Job, Parsed, parse
from bridle.indexer.vectors.chunks import MAX_CHARS, chunk_symbols, chunks_of
from bridle.indexer.vectors.lsa import Lsa, unit
from bridle.indexer.vectors.matrix import BLOCK_ROWS, Matrix, nearest

CART = '''"""Carts."""

RATE = 3


class Cart:
    """What is bought."""

    limit = 9

    def total(self, items):
        def price(item):
            return item.price * RATE
        return sum(price(item) for item in items)


def empty():
    return Cart()
'''


def facts_of(text: str, path: str = "shop/cart.py") -> FileFacts:
    parsed = parse(Path("/nowhere"), Job(path, text=text))
    assert isinstance(parsed, Parsed)
    return parsed.facts


def texts_of(text: str, path: str = "shop/cart.py") -> dict[str, str]:
    return {chunk.symbol: chunk.text for chunk in chunks_of(facts_of(text, path), text.encode())}


def test_each_definition_has_a_text_with_its_place_and_no_line_number() -> None:
    texts = texts_of(CART)
    assert list(texts) == [
        "shop/cart.py::",
        "shop/cart.py::Cart",
        "shop/cart.py::Cart.total",
        "shop/cart.py::empty",
    ]
    assert texts["shop/cart.py::empty"] == "shop/cart.py empty\ndef empty():\n    return Cart()"


def test_a_short_function_is_one_text_with_what_is_defined_in_it() -> None:
    assert "item.price * RATE" in texts_of(CART)["shop/cart.py::Cart.total"]


def test_the_shell_of_a_class_has_the_heads_of_its_methods_and_not_their_bodies() -> None:
    shell = texts_of(CART)["shop/cart.py::Cart"]
    assert "limit = 9" in shell
    assert "def total(self, items)" in shell
    assert "item.price" not in shell


def test_what_is_left_of_the_module_has_its_variables() -> None:
    rest = texts_of(CART)["shop/cart.py::"]
    assert "RATE = 3" in rest
    assert "Cart()" not in rest


def test_code_that_moved_down_keeps_the_digest_of_its_text() -> None:
    moved = "import os\n\n\n" + CART
    before = {chunk.symbol: chunk.digest for chunk in chunks_of(facts_of(CART), CART.encode())}
    after = {chunk.symbol: chunk.digest for chunk in chunks_of(facts_of(moved), moved.encode())}
    changed = {symbol for symbol in before if before[symbol] != after[symbol]}
    assert changed == {"shop/cart.py::"}


def test_a_huge_function_gives_a_text_of_bounded_size() -> None:
    text = "def huge():\n" + "    call_something(1)\n" * 5_000
    assert max(map(len, texts_of(text).values())) == MAX_CHARS


def test_an_empty_file_has_no_text() -> None:
    assert texts_of("\n\n") == {}


def test_the_definitions_that_are_counted_are_those_that_are_cut() -> None:
    assert [symbol.id for symbol in chunk_symbols(facts_of(CART).symbols)] == list(texts_of(CART))


TEXTS = [
    ("01", "shop/tax.py with_tax\ndef with_tax(price): return price * rate"),
    ("02", "shop/tax.py rounded\ndef rounded(price): return round(price)"),
    ("03", "net/socket.py connect\ndef connect(host, port): return open_socket(host, port)"),
    ("04", "net/socket.py listen\ndef listen(port): return open_socket(port)"),
    ("05", "net/retry.py again\ndef again(call): return call()"),
]


def test_a_fit_finds_what_shares_words_in_their_split_forms() -> None:
    lsa = Lsa.fit(TEXTS)
    scores = lsa.embed([text for _, text in TEXTS]) @ lsa.embed_query("prices rounded with taxes")
    assert set(np.argsort(-scores)[:2].tolist()) == {0, 1}


def test_the_same_texts_give_the_same_fit_in_whatever_order_they_come() -> None:
    one, other = Lsa.fit(TEXTS), Lsa.fit(reversed(TEXTS))
    assert one.model_id == other.model_id
    assert np.array_equal(one.embed(["with_tax"]), other.embed(["with_tax"]))


def test_a_fit_is_kept_and_found_again_and_a_broken_one_is_none(tmp_path: Path) -> None:
    lsa = Lsa.fit(TEXTS)
    lsa.save(tmp_path / "fit")
    again = Lsa.load(tmp_path / "fit")
    assert again is not None
    assert again.model_id == lsa.model_id
    (tmp_path / "fit").write_bytes((tmp_path / "fit").read_bytes()[:-9])
    assert Lsa.load(tmp_path / "fit") is None
    assert Lsa.load(tmp_path / "none") is None


def test_a_fit_is_outgrown_when_the_texts_have_doubled_or_halved() -> None:
    lsa = Lsa.fit(TEXTS)
    assert [n for n in range(1, 14) if not lsa.outgrown(n)] == [3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("texts", [[], [("01", "")], [("01", "\n"), ("02", "x")]])
def test_a_fit_on_next_to_nothing_gives_vectors_all_the_same(texts: list[tuple[str, str]]) -> None:
    assert np.isfinite(Lsa.fit(texts).embed(["def total(self)", ""])).all()


def test_rows_without_a_length_become_zeros_and_all_others_have_length_one() -> None:
    rows = unit(np.array([[3, 4], [0, 0], [np.nan, 1], [np.inf, 0]], np.float32))
    assert rows.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0, 0], [0, 0], [0, 0]]


def random_rows(n_rows: int) -> np.ndarray:
    return unit(np.random.default_rng(1).standard_normal((n_rows, 8), dtype=np.float32))


def test_the_search_is_exact_across_blocks_and_in_order() -> None:
    rows = random_rows(BLOCK_ROWS + 500)
    places = np.arange(len(rows), dtype=np.int32)
    found = nearest(rows, places, rows[BLOCK_ROWS + 7], 20)
    scores = rows @ rows[BLOCK_ROWS + 7]
    assert [index for index, _ in found] == np.argsort(-scores, kind="stable")[:20].tolist()
    assert (found[0][0], round(found[0][1], 4)) == (BLOCK_ROWS + 7, 1.0)


def test_ties_stand_in_the_order_of_their_places() -> None:
    rows = np.repeat(random_rows(1), 9, axis=0)
    assert [index for index, _ in nearest(rows, np.arange(9, dtype=np.int32), rows[0], 4)] == [0, 1, 2, 3]


def test_no_places_and_no_limit_give_nothing() -> None:
    rows = random_rows(3)
    assert nearest(rows, np.zeros(0, np.int32), rows[0], 3) == []
    assert nearest(rows, np.arange(3, dtype=np.int32), rows[0], 0) == []


def test_rows_that_were_looked_at_stay_while_others_are_added_and_dropped() -> None:
    matrix = Matrix()
    rows = random_rows(1_000)
    matrix.add(["a", "b"], rows[:2])
    seen, copy = matrix.rows, matrix.rows[:2].copy()
    matrix.add(["a", *map(str, range(2, 1_000))], np.concatenate([rows[5:6], rows[2:]]))
    assert np.array_equal(seen[:2], copy)
    assert np.array_equal(matrix.vectors(["a", "999"]), rows[[0, 999]])
    kept = matrix.keep({"b"})
    assert (len(kept), kept.place("b"), kept.place("a"), len(matrix)) == (1, 0, -1, 1_000)


def test_vectors_of_another_width_are_refused() -> None:
    matrix = Matrix()
    matrix.add(["a"], random_rows(1))
    with pytest.raises(ValueError, match="vectors of 3 numbers among those of 8"):
        matrix.add(["b"], np.ones((1, 3), np.float32))


@pytest.mark.slow
def test_any_executor_parses_as_our_own_workers_do(tmp_path: Path) -> None:
    (tmp_path / "cart.py").write_text(CART)
    (tmp_path / "bad.py").write_bytes(b"\xff\xfe\xff# coding: nothing\n")
    own = Index(tmp_path, None, workers=1)
    expected = own.refresh()
    own.close()
    with ProcessPoolExecutor(1) as executor:
        index = Index(tmp_path, None, executor=executor)
        found = index.refresh()
        index.set_buffer("cart.py", CART + "\n\ndef more(): return empty()\n")
        index.close()
    assert (found.digests, found.edges, found.skipped) == (expected.digests, expected.edges, expected.skipped)
    assert [edge.source for edge in index.snapshot.callers(expected.named("empty")[0].id)] == ["cart.py::more"]


def test_an_executor_that_was_shut_down_costs_the_files_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "cart.py").write_text(CART)
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    index = Index(tmp_path, None, executor=executor)
    snapshot = index.refresh()
    index.close()
    assert "no parse worker took it" in snapshot.skipped[0].reason
