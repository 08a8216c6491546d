from __future__ import annotations

import pytest

from till.money import Money, total


@pytest.mark.parametrize(
    ("text", "cents"), [("12", 1200), ("0.05", 5), ("-3.50", -350), (" 7.00 ", 700)]
)
def test_amounts_are_read(text: str, cents: int) -> None:
    assert Money.parse(text) == Money(cents)


@pytest.mark.parametrize("text", ["", "1.5", "1,50", "ten", "--1"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        Money.parse(text)


def test_amounts_are_printed_with_two_places() -> None:
    assert str(Money(5)) == "0.05"
    assert str(Money(-1250)) == "-12.50"


def test_amounts_add_up() -> None:
    assert total([Money(150), Money(250), Money(-100)]) == Money(300)
    assert total([]) == Money(0)


def test_half_a_cent_is_rounded_up() -> None:
    assert Money(105).percent(19) == Money(20)
    assert Money(50).percent(5) == Money(3)
    assert Money(100).percent(19) == Money(19)
