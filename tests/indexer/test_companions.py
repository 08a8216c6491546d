"""Tests by their names, in the ways of each language; what commits changed together is tested by ``bridle graph``."""

from __future__ import annotations

import pytest

from bridle.indexer.companions import named_after
from bridle.indexer.languages.readers import reader_of
from bridle.indexer.linked import Linked
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.words import Words

FILES = (
    "shop/cart.py", "tests/shop/test_cart.py", "tests/other/test_cart.py", "shop/test_cart_items.py", "shop/testing.py",
    "web/Cart.tsx", "web/Cart.test.tsx", "web/__tests__/cart.spec.ts", "web/contest.ts",
    "go/cart.go", "go/cart_test.go",
    "java/Cart.java", "java/CartTest.java", "java/CartIT.java", "java/TestCart.java", "java/Latest.java",
)  # fmt: skip


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    facts = {path: reader.facts(path, b"") for path in FILES if (reader := reader_of(path))}
    return Snapshot(tmp_path_factory.mktemp("root"), Linked.of(facts), Words.of({}))


def test_the_nearest_come_first_and_what_only_looks_alike_is_left_out(snapshot: Snapshot) -> None:
    assert named_after(snapshot, "shop/cart.py") == [
        "tests/shop/test_cart.py",
        "tests/other/test_cart.py",
    ]
    assert named_after(snapshot, "web/Cart.tsx")[:2] == ["web/Cart.test.tsx", "web/__tests__/cart.spec.ts"]
    assert named_after(snapshot, "go/cart.go") == ["go/cart_test.go"]
    assert named_after(snapshot, "java/Cart.java") == [
        "java/CartIT.java",
        "java/CartTest.java",
        "java/TestCart.java",
    ]
    for path in ("shop/testing.py", "web/contest.ts", "java/Latest.java", "tests/shop/test_cart.py"):
        assert named_after(snapshot, path) == []
