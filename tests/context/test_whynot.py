"""What a person may do about the choice: pin, exclude, and ask why something is not there."""

from __future__ import annotations

import pytest

from bridle.context.pack import pack
from bridle.context.rank import rank
from bridle.context.task import Task
from bridle.context.whynot import why_not
from bridle.indexer.snapshot import Snapshot

FILES = {
    "shop/tax.py": "def add_tax(amount):\n    return amount\n",
    "shop/price.py": "from shop.tax import add_tax\n\n\ndef price(amount):\n    return add_tax(amount)\n",
    "web/page.py": "def footer():\n    return ''\n",
}


def test_what_is_pinned_is_shown_first_and_says_so(snapshot: Snapshot) -> None:
    made = pack(Task("add tax", pinned=(("web/page.py", 0, 9),)), snapshot, FILES.get)
    assert made.pieces[0].span.path == "web/page.py"
    assert made.pieces[0].reason.startswith("pinned by you")


@pytest.mark.parametrize("pattern", ["shop/tax.py", "shop/**", "tax.py", "*.py"])
def test_what_is_excluded_is_in_no_part_of_the_pack_and_said_to_be_left_out(snapshot: Snapshot, pattern: str) -> None:
    task = Task("add tax", at=("shop/price.py", 3, 4), excluded=(pattern,))
    made = pack(task, snapshot, FILES.get)
    assert "shop/tax.py" not in {piece.span.path for piece in made.pieces}
    assert "def add_tax" not in made.text(None)
    assert ("shop/tax.py::add_tax", "excluded by you") in made.left_out


def test_a_file_that_is_not_there_has_its_reason(snapshot: Snapshot) -> None:
    task = Task("add tax", excluded=("shop/price.py",))
    ranked = rank(task, snapshot)
    made = pack(task, snapshot, FILES.get)
    assert "is in the pack (body)" in why_not("shop/tax.py", made, ranked, snapshot)
    assert "excluded by you" in why_not("shop/price.py", made, ranked, snapshot)
    assert "not in the index" in why_not("no/such.py", made, ranked, snapshot)
    small = pack(Task("add tax", n_tokens=10), snapshot, FILES.get)
    assert "place 1 of " in why_not("shop/tax.py", small, ranked, snapshot)
    assert "Nothing leads to web/page.py" in why_not(
        "web/page.py", pack(Task("zzz"), snapshot, FILES.get), [], snapshot
    )
