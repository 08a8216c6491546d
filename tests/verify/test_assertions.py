"""The first line of a failed assertion: what was wanted and what came, by itself; nothing where nothing is sure."""

from __future__ import annotations

import pytest

from bridle.harness.verify.checkers.assertion import MAX_LINE, Written, difference, told_first
from bridle.harness.verify.checkers.pytest_report import Ran

CASES = [
    ("assert total == 42.0", "assert 41.5 == 42.0", ("==", "41.5", "42.0"), "total == 42.0, not 41.5"),
    ("assert 42 == total(x)", "assert 42 == 41\n +  where 41 = total(3)", ("==", "42", "41"), "total(x) == 42, not 41"),
    (
        "assert f(\n    2,\n) == 4, 'it doubles'",
        "AssertionError: it doubles\nassert 3 == 4",
        ("==", "3", "4"),
        "f( 2, ) == 4, not 3: it doubles",
    ),
    (
        "assert names == wanted",
        "AssertionError: assert ['a', 'b'] == ['a', 'c']\n  \n  At index 1 diff: 'b' != 'c'\n  Use -v",
        ("==", "['a', 'b']", "['a', 'c']"),
        "names == ['a', 'c'], not ['a', 'b']: at index 1 diff: 'b' != 'c'",
    ),
    ("assert a != b", "assert 3 != 3", ("!=", "3", "3"), "a != b, but both are 3"),
    ("assert n < limit", "assert 5 < 3", ("<", "5", "3"), "n < limit: n is 5, limit is 3"),
    ("assert 'x' in names", "assert 'x' in []", ("in", "'x'", "[]"), "'x' in names: names is []"),
    ("assert got is None", "assert 3 is None", ("is", "3", "None"), "got is None, not 3"),
    ("assert m == Money(2)", "assert M(1) == M(2)", ("==", "Money(cents=1)", "Money(cents=2)"),
     "m == Money(2), not Money(cents=1)"),
    ("assert ok(3)", "assert False\n +  where False = ok(3)", (), "ok(3) is False"),
    ("assert not ok", "assert not True", (), "not ok, but it is True"),
    ("assert a or b", "assert (0 or '')", (), "a or b: (0 or '')"),
    ("assert n == 3", "", (), "n == 3 is not so: n is 7"),
    ("self.assertEqual(f(2), 4)", "AssertionError: 3 != 4", (), "f(2) == 4, not 3"),
    ("self.assertEqual(f(2), 4, 'odd')", "AssertionError: 3 != 4 : odd", (), "f(2) == 4, not 3: odd"),
    ("self.assertTrue(f(2))", "AssertionError: False is not true", (), ""),
    ("assert n == 3", "AssertionError: other\nassert 'x' == 9", ("==", "1", "2"), "n == 3 is not so: n is 7: other"),
    ("pytest.fail('no')", "Failed: no", (), ""),
]  # fmt: skip


@pytest.mark.parametrize(("source", "message", "compared", "line"), CASES)
def test_the_first_line_says_what_was_wanted_and_what_came(
    source: str, message: str, compared: tuple[str, ...], line: str
) -> None:
    assert difference(Written(source), (0, 1), message, compared, {"n": "7"}) == line


@pytest.mark.parametrize("source", ["not python (", "x = 1", "", "assert (" * 500])
def test_a_source_that_tells_nothing_leaves_pytests_words(source: str) -> None:
    assert difference(Written(source), (0, 1), "assert 1 == 2", ("==", "1", "2"), {}) == ""


def test_the_first_line_has_at_most_a_hundred_characters() -> None:
    source, long = f"assert {'very_' * 40}long == {'other_' * 40}long, 'm' * 300", "'" + "x" * 900 + "'"
    line = difference(
        Written(source), (0, 1), f"AssertionError: {'m' * 300}\nassert {long} == 2", ("==", long, "2"), {}
    )
    assert MAX_LINE / 2 < len(line) <= MAX_LINE
    assert "== 2, not 'xxx" in line


def test_another_error_says_where_it_was_raised_when_that_is_elsewhere() -> None:
    here = Ran(
        id="t", when="call", outcome="failed", error="KeyError", message="KeyError: 'x'",
        place=("t.py", 3, 4), raised=("pkg/a.py", 9, 10, "find"),
    )  # fmt: skip
    assert told_first(here, {}) == "KeyError: 'x' (in find, a.py:10)"
    same = Ran(
        id="t", when="call", outcome="failed", error="KeyError", message="KeyError: 'x'",
        place=("t.py", 3, 4), raised=("t.py", 3, 4, "test"),
    )  # fmt: skip
    assert told_first(same, {}) == ""


def test_no_part_of_a_secret_is_left_in_a_line_that_is_cut() -> None:
    secret = "github_pat_" + "aB1" * 27
    failed = Ran(
        id="t", when="call", outcome="failed", error="AssertionError",
        raised=("t.py", 0, 1, "test"), place=("t.py", 0, 1),
        message=f"AssertionError: it was {secret}\nassert '{secret}' == ''\n  At index 0 diff: '{secret}' != ''",
        compared=("==", f"'{secret}'", "''"), values=(("t.py", 0, 1, (("got", f"'{secret}'"),), 0),),
    )  # fmt: skip
    for source in ("assert got == ''", "assert got", "assert got == '' and True"):
        line = told_first(failed, {"t.py": Written(source)})
        assert line
        assert "aB1aB1" not in line
