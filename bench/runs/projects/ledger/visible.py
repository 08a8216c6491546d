import pytest
from ledger.core import balance, overdrawn, parsed, percent, shown, split


def test_whole_amounts():
    assert parsed("12") == 1200


def test_cents():
    assert parsed("0.05") == 5


def test_debts():
    assert parsed("-3.50") == -350


def test_what_is_no_amount():
    with pytest.raises(ValueError, match="not an amount"):
        parsed("ten")


def test_a_place_too_few():
    with pytest.raises(ValueError, match="not an amount"):
        parsed("1.5")


def test_shown():
    assert shown(123456) == "1,234.56"


def test_shown_debts():
    assert shown(-5) == "-0.05"


def test_percent():
    assert percent(1000, 19) == 190


def test_half_a_cent_goes_up():
    assert percent(50, 5) == 3


def test_split():
    assert split(10, 3) == [4, 3, 3]


def test_nobody_to_split_between():
    with pytest.raises(ValueError, match="nobody"):
        split(10, 0)


def test_balance():
    assert balance([("rent", -500), ("food", -20), ("rent", 100)], "rent") == -400


def test_accounts_below():
    assert balance([("food:bread", -3), ("foods", -9)], "food") == -3


def test_overdrawn():
    assert overdrawn([("a", -1), ("b", 1)]) == ["a"]
