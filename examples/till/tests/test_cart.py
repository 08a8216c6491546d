from __future__ import annotations

import pytest

from till.cart import Cart
from till.catalogue import Article, Catalogue, Rate
from till.money import Money

BREAD = Article("bread", Money(300), Rate.REDUCED)
MUG = Article("mug", Money(1000))
STAMP = Article("stamp", Money(80), Rate.FREE)


def test_a_cart_adds_tax_by_rate() -> None:
    cart = Cart()
    cart.put(BREAD, 2)
    cart.put(MUG)
    cart.put(STAMP)
    assert cart.tax() == {Rate.REDUCED: Money(42), Rate.STANDARD: Money(190)}
    assert cart.total() == Money(600 + 1000 + 80 + 42 + 190)


def test_a_discount_is_taken_before_tax() -> None:
    cart = Cart()
    cart.put(MUG, 2)
    cart.discount(10)
    assert cart.net() == Money(1800)
    assert cart.total() == Money(2142)


def test_an_empty_cart_costs_nothing() -> None:
    assert Cart().total() == Money(0)


@pytest.mark.parametrize("quantity", [0, -1])
def test_less_than_one_piece_is_refused(quantity: int) -> None:
    with pytest.raises(ValueError, match="pieces"):
        Cart().put(MUG, quantity)


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_discount_is_from_0_to_100(percent: int) -> None:
    with pytest.raises(ValueError, match="discount"):
        Cart().discount(percent)


def test_a_catalogue_keeps_codes_apart() -> None:
    catalogue = Catalogue()
    catalogue.add("m1", MUG)
    assert catalogue.find("m1") is MUG
    with pytest.raises(ValueError, match="taken"):
        catalogue.add("m1", BREAD)
    with pytest.raises(LookupError, match="m2"):
        catalogue.find("m2")
