import pytest
from ledger.core import balance, overdrawn, parsed, percent, shown, split


def test_amounts_with_blanks_and_zeros():
    assert [parsed(" 7.00 "), parsed("0"), parsed("-0.01"), parsed("10.10")] == [700, 0, -1, 1010]


def test_more_that_is_no_amount():
    for text in ("", "1.", "1.234", "1,50", "1.5a", ".50", "a.50"):
        with pytest.raises(ValueError, match="not an amount"):
            parsed(text)


def test_shown_at_the_edges():
    amounts = {0: "0.00", 99: "0.99", 100: "1.00", -1250: "-12.50", 100000: "1,000.00"}
    assert {cents: shown(cents) for cents in amounts} == amounts


def test_percent_below_half():
    assert [percent(49, 1), percent(50, 1), percent(100, 0), percent(149, 1)] == [0, 1, 0, 1]


def test_split_adds_up():
    for cents in (0, 1, 7, 100, 101):
        for ways in (1, 2, 3, 7):
            parts = split(cents, ways)
            assert sum(parts) == cents
            assert len(parts) == ways
            assert max(parts) - min(parts) <= 1
            assert parts == sorted(parts, reverse=True)


def test_balance_of_whole_names_only():
    entries = [("a", 1), ("a:b", 2), ("a:b:c", 4), ("ab", 8)]
    assert [balance(entries, name) for name in ("a", "a:b", "ab", "x")] == [7, 6, 8, 0]


def test_overdrawn_at_the_limit():
    assert overdrawn([("b", -2), ("a", -1), ("c", 0)]) == ["a", "b"]
    assert overdrawn([("a", 5)], 5) == []
    assert overdrawn([("a", 5)], 6) == ["a"]
