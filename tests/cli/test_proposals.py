"""What is on offer from the command line: listed, shown, taken and left hunk by hunk, taken back past clashes."""

from __future__ import annotations

from pathlib import Path

import pytest
from offers import Table

from tests.cli.test_commands import BUG, FIXED, MONEY, bridle, document, till

__all__ = ["till"]

pytestmark = pytest.mark.slow

CART = "src/till/cart.py"
RECEIPT = "src/till/receipt.py"


@pytest.fixture
def offered(till: Path) -> tuple[Path, bytes, bytes]:
    """Another first line and a comment at the end of one file, a comment at the head of another: one proposal."""
    bridle("trust", root=till)
    (till / MONEY).write_text((till / MONEY).read_text().replace(BUG, FIXED))
    (till / RECEIPT).write_text((till / RECEIPT).read_text().replace("import os\n", ""))
    money, cart = (till / MONEY).read_bytes(), (till / CART).read_bytes()
    Table(till).offer("p1", {MONEY: headed(money) + b"# end\n", CART: b"# cart\n" + cart}, verified=False)
    return till, money, cart


def headed(money: bytes, words: bytes = b"Sums of money") -> bytes:
    return money.replace(b"Amounts of money", words, 1)


def test_what_is_on_offer_is_listed_and_shown(offered: tuple[Path, bytes, bytes]) -> None:
    root, _, _ = offered
    [one] = document(bridle("proposals", "list", "--json", root=root))["proposals"]
    assert (one["id"], one["run"], one["files"], one["state"]) == ("p1", "p1", [CART, MONEY], "open")
    assert [(h["id"], h["path"], h["start_line"], h["state"]) for h in one["hunks"]][:2] == [
        ("1", CART, 1, "open"),
        ("2", MONEY, 1, "open"),
    ]
    shown = bridle("proposals", "show", root=root)
    assert shown.returncode == 0
    assert "# hunk 3: src/till/money.py:" in shown.stdout
    assert bridle("proposals", "show", "nope", root=root).returncode == 1


def test_a_hunk_is_verified_as_chosen_before_it_lands(offered: tuple[Path, bytes, bytes]) -> None:
    root, money, cart = offered
    taken = bridle("proposals", "accept", "p1", "--hunk", "2", root=root)
    assert taken.returncode == 0, taken.stderr
    assert "p1 (hunk 2 of 3): wrote src/till/money.py (verified: " in taken.stdout
    assert "(hunk 2 of 3))" in taken.stdout
    assert (root / MONEY).read_bytes() == headed(money)
    assert (root / CART).read_bytes() == cart
    [one] = document(bridle("proposals", "reject", "p1", "--hunk", "1", "--json", root=root))["proposals"]
    assert [hunk["state"] for hunk in one["hunks"]] == ["rejected", "accepted", "open"]
    assert "not verified as it stands" in one["badge"]


def test_an_undo_meets_what_was_typed_since_and_does_as_it_is_told(offered: tuple[Path, bytes, bytes]) -> None:
    root, money, cart = offered
    assert bridle("proposals", "accept", "--anyway", root=root).returncode == 0
    (root / MONEY).write_bytes(headed(money, b"My money") + b"# end\n")
    refused = bridle("undo", root=root)
    assert refused.returncode == 1
    assert "there is nobody to ask" in refused.stderr
    assert "My money" in refused.stderr
    assert (root / CART).read_bytes() == b"# cart\n" + cart
    done = bridle("undo", "p1", "--on-clash", "keep", root=root)
    assert (done.returncode, "1 place left as you changed it" in done.stdout) == (0, True)
    assert (root / MONEY).read_bytes() == headed(money, b"My money")
    assert (root / CART).read_bytes() == cart


def test_a_hunk_whose_lines_were_changed_needs_refresh(offered: tuple[Path, bytes, bytes]) -> None:
    root, money, _ = offered
    (root / MONEY).write_bytes(headed(money, b"My money"))
    [one] = document(bridle("proposals", "--json", root=root))["proposals"]
    assert [hunk["state"] for hunk in one["hunks"]] == ["open", "needs refresh", "open"]
    refused = bridle("proposals", "accept", "--hunk", "2", "--anyway", root=root)
    assert refused.returncode == 1
    assert "the same lines were changed on disk" in refused.stderr
