"""What code at a place leans on."""

from __future__ import annotations

from bridle.context.pack import pack, packed
from bridle.context.rank import rank
from bridle.context.task import Task
from bridle.context.vocabulary import SIGNS, WEIGHTS, Leading, leaned_on, rows_of
from bridle.indexer.snapshot import Snapshot

FILES = {
    "app/orders.py": (
        "from app.helpers import checked, logged\n\n\ndef place_order(cart):\n    return checked(cart)\n\n\n"
        "def cancel_order(cart):\n    return logged(checked(cart))\n\n\ndef _refund(cart):\n    return cart\n"
    ),
    "app/helpers.py": (
        "def checked(x):\n    return x\n\n\ndef logged(x):\n    return x\n\n\ndef never_used(x):\n    return x\n"
    ),
    "app/users.py": "from app.helpers import logged\n\n\ndef user(x):\n    return logged(x)\n",
    "far/away.py": "def lonely(x):\n    return x\n",
    "tests/test_orders.py": "from app.orders import place_order\n\n\ndef test_order():\n    assert place_order(1)\n",
}


def test_what_the_file_uses_comes_first_and_tests_and_strangers_never(snapshot: Snapshot) -> None:
    found = leaned_on(Leading(("app/orders.py",), {}), snapshot)
    names = [one.symbol.name for one in found]
    assert set(names[:2]) == {"checked", "logged"}
    assert {"cancel_order", "_refund"} <= set(names)
    assert not {"lonely", "test_order", "never_used"} & set(names)
    assert all(one.why for one in found)
    assert leaned_on(Leading((), {}), snapshot) == []


def test_every_row_has_a_column_for_each_weight(snapshot: Snapshot) -> None:
    assert len(SIGNS) == len(WEIGHTS)
    assert all(len(row) == len(SIGNS) for _, row in rows_of(Leading(("app/orders.py",), {}), snapshot))


def test_a_pack_names_what_its_bodies_lean_on_though_no_word_asks_for_it(snapshot: Snapshot) -> None:
    task = Task("cancel order", n_tokens=260)
    made = pack(task, snapshot, FILES.get)
    assert "checked(x)" in made.text(None)
    without = packed(task, snapshot, FILES.get, rank(task, snapshot), lambda *_: ())
    assert made.text(None) != without.text(None)
    assert made.n_tokens <= 260
