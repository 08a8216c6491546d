"""Search by words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.indexer.groups import Groups
from bridle.indexer.held import FileWords
from bridle.indexer.languages.outline import Outline
from bridle.indexer.parse import Job, Parsed, parse
from bridle.indexer.told import Told
from bridle.indexer.words import MAX_REMEMBERED, Words, _weighed_lately, query_terms, terms_of

SOURCES = {
    "shop/cart.py": """
class Cart:
    def add_item(self, item):
        self.items.append(item)

    def total(self):
        return 0
""",
    "shop/tax.py": """
RATE = 3

def apply_taxes(price):
    # rounding happens here
    return price * RATE
""",
    "tests/test_tax.py": """
def test_taxes():
    assert apply_taxes(1) == 3
""",
}


def words_of(path: str, text: str) -> FileWords:
    outcome = parse(Path("/"), Job(path, text=text))
    assert isinstance(outcome, Parsed)
    return outcome.words


def test_identifiers_count_whole_and_in_stemmed_parts() -> None:
    assert terms_of("parseHTTPHeaders2") == ("pars", "http", "header", "2", "parsehttpheaders2")
    assert terms_of("load_caches") == ("load", "cach", "load_caches")
    assert terms_of("größe") == ("größ",)
    assert terms_of("__init__") == ("init",)


@pytest.mark.parametrize("forms", ["cache caches cached caching", "retry retries", "stop stopped stopping"])
def test_forms_of_a_word_meet(forms: str) -> None:
    assert len({terms_of(form) for form in forms.split()}) == 1


def test_a_question_names_each_term_once_and_no_keyword() -> None:
    assert query_terms("return the price of the Prices for self") == ["pric"]


def test_the_definition_that_says_most_comes_first() -> None:
    words = Words.of({path: words_of(path, text) for path, text in SOURCES.items()})
    best = words.search("where does tax rounding happen", 3)[0]
    assert (best.path, best.index) == ("shop/tax.py", 2)
    assert set(best.words) == {"tax", "round", "happen"}
    assert words.search("nothing like this xyzzy", 3) == []
    assert [found.path for found in words.search("cart total", 1)] == ["shop/cart.py"]


def test_inner_functions_count_for_the_short_function_around_them() -> None:
    words = Words.of({"a.py": words_of("a.py", "def outer():\n    def inner():\n        return zebra\n")})
    assert {found.index for found in words.search("zebra", 9)} == {1, 2}


def weights(words: FileWords, index: int) -> dict[str, int]:
    return {term: dict(words.holding(term)).get(index, 0) for term in words.terms}


def test_a_term_weighs_by_all_words_that_have_it_by_the_name_and_by_what_is_around() -> None:
    text = "class Tax:\n    def tax_rate(self):\n        return taxes + tax_2 + 2tax + 0x1F + 17 + _ if x else x\n"
    words = words_of("shop/tax.py", text)
    weight = weights(words, 2)
    assert weight["tax"] == 4 + 5 + 2 * 2, "in four words of the text, in the name, in path and class"
    assert weight["rat"] == 1 + 5
    assert weight["tax_rate"] == 1 + 5
    assert (weight["shop"], weight["x"], weight["2"], weight["1"]) == (2, 3, 1, 1)
    assert not {"", "17", "def", "return", "self"} & set(words.terms)
    assert memoryview(words.lengths).cast("i").tolist() == [0, 1, 8], "numbers and what every text has count for none"


def test_a_buffer_has_the_words_of_a_file_of_its_text(tmp_path: Path) -> None:
    for text in (*SOURCES.values(), "", "def größe():\n    return b'\\xff' \u2003 été\n", SOURCES["shop/cart.py"]):
        (tmp_path / "a.py").write_text(text, encoding="utf-8")
        read = parse(tmp_path, Job("a.py"))
        assert isinstance(read, Parsed)
        assert words_of("a.py", text) == words_of("a.py", text) == read.words


def test_of_a_buffer_only_the_definition_that_changed_is_counted_again() -> None:
    text = "".join(f"def kept_{n}(value):\n    return value + {n}\n" for n in range(50))
    words_of("a.py", text)
    n_counted = _weighed_lately.cache_info().misses
    words_of("a.py", text.replace("value + 7\n", "value - 7 * other\n"))
    assert _weighed_lately.cache_info().misses == n_counted + 1


def test_a_definition_as_long_as_a_table_of_data_is_not_remembered_at_every_key() -> None:
    table = "".join(f"    'row_{n}': {n},\n" for n in range(2_000))
    assert len(table) > MAX_REMEMBERED
    words_of("a.py", f"ROWS = {{\n{table}}}\n")
    n_counted = _weighed_lately.cache_info().misses
    words_of("a.py", f"ROWS = {{\n{table}    'more': 1,\n}}\n")
    assert _weighed_lately.cache_info().misses == n_counted


paths = st.sampled_from(["a.py", "b.py"])
contents = st.sampled_from([None, *SOURCES.values()])


@pytest.mark.slow
@given(st.lists(st.tuples(paths, contents), max_size=5))
def test_changes_one_by_one_equal_everything_at_once(steps: list[tuple[str, str | None]]) -> None:
    state: dict[str, str] = dict(SOURCES)
    words = Words.of({path: words_of(path, text) for path, text in state.items()})
    for path, text in steps:
        if text is None:
            state.pop(path, None)
        else:
            state[path] = text
        words = words.changed({path: None if text is None else words_of(path, text)})
    fresh = Words.of({path: words_of(path, text) for path, text in state.items()})
    for question in ("tax price", "cart item total", "test"):
        assert words.search(question, 20) == fresh.search(question, 20)


pairs = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)))


@pytest.mark.slow
@given(pairs, pairs, pairs)
def test_groups_change_as_sets_of_pairs_do(
    start: set[tuple[int, int]], out: set[tuple[int, int]], into: set[tuple[int, int]]
) -> None:
    groups = Groups[int, int].of(start)
    changed = groups.changed(out & start, into)
    assert {(key, value) for key in changed for value in changed.get(key)} == (start - out) | into
    assert {(key, value) for key in groups for value in groups.get(key)} == start


@given(st.recursive(st.just([]), lambda inner: st.lists(inner, max_size=3), max_leaves=12))
def test_an_outline_gives_every_byte_to_the_innermost_span(tree: list[object]) -> None:
    spans: list[tuple[int, int]] = []

    def place(node: object, at: int) -> int:
        mine = len(spans)
        spans.append((at, at))
        end = at + 1
        assert isinstance(node, list)
        for child in node:
            end = place(child, end) + 1
        spans[mine] = (at, end)
        return end

    total = place(tree, 0)
    outline = Outline(spans)
    for byte in range(total):
        around = [index for index, (start, end) in enumerate(spans) if start <= byte < end]
        assert outline.owner(byte) == around[-1]
    assert [(start, end) for _, start, end in outline.stretches() if start < end][-1][1] == total


def said(told: Told) -> tuple[object, ...]:
    return told.table.paths, told.scores.values.tolist(), told.files.tolist(), told.rarity


def test_who_holds_a_word_is_known_for_those_asked_lately_and_never_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    row = FileWords.row

    def counted(self: FileWords, term: str) -> bytes:
        looked.append(term)
        return row(self, term)

    monkeypatch.setattr(FileWords, "row", counted)
    known = {path: words_of(path, text) for path, text in SOURCES.items()}
    before = Words.of(known)
    first = before.told("taxes price total")
    n_looked = len(looked)
    again = before.told("taxes price total")
    assert said(again) == said(first)
    assert len(looked) == n_looked, "what is known is not looked up again"
    other = words_of("shop/cart.py", "def taxes_of(price):\n    return price\n")
    after = before.changed({"shop/cart.py": other})
    fresh = Words.of({**known, "shop/cart.py": other})
    for text in ("taxes", "price", "total", "taxes price total item"):
        told, anew = after.told(text), fresh.told(text)
        assert said(told) == said(anew)
    gone = after.changed({"shop/tax.py": None}).told("taxes")
    assert [path for path in SOURCES if gone.scores.in_file(path)] == ["shop/cart.py", "tests/test_tax.py"]
