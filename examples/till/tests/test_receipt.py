from __future__ import annotations

from till.cart import Cart
from till.catalogue import Article, Rate
from till.money import Money
from till.receipt import WIDTH, receipt


def test_a_receipt_lists_lines_tax_and_total() -> None:
    cart = Cart()
    cart.put(Article("mug", Money(1000)))
    cart.put(Article("bread", Money(300), Rate.REDUCED), 2)
    assert receipt(cart).splitlines() == [
        "mug                        10.00",
        "2 x bread                   6.00",
        "-" * WIDTH,
        "tax 7 %                     0.42",
        "tax 19 %                    1.90",
        "total                      18.32",
    ]


def test_a_long_name_is_cut_to_the_width() -> None:
    cart = Cart()
    cart.put(Article("a very long name of an article indeed", Money(1)))
    assert all(len(line) <= WIDTH for line in receipt(cart).splitlines())
