"""What is doubtful in a task is asked before any work, and what is merely new is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridle.harness.nouns import Finding
from bridle.harness.order import Order
from bridle.harness.permission.rules import Scope
from bridle.harness.session.events import Assumed
from bridle.harness.workflow.contract import contract, unobserved
from bridle.harness.workflow.doubts import Doubt, doubts
from bridle.harness.workflow.submitting import Criterion
from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot

CODE = """\
class Cart:
    def discount(self, percent):
        whole_price = self.total()
        return whole_price - percent

    def total(self):
        return 0


def parse_amount(text):
    return text
"""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    root = tmp_path_factory.mktemp("shop")
    (root / "shop").mkdir()
    (root / "shop" / "cart.py").write_text(CODE)
    index = Index(root, None)
    yield index.refresh()
    index.close()


def asked(instruction: str, snapshot: Snapshot, **rules: str) -> tuple[Doubt, ...]:
    return doubts(instruction, snapshot, lambda path: "it holds secrets" if path.endswith(".env") else "", rules)


SURE = [
    "make discount refuse a negative share",
    "let `Cart.discount` refuse more than 100",
    "rename whole_price to price_before_tax",
    "rename parse_amount to parse_amounts",
    "add a function apply_voucher() to shop/cart.py",
    "make JavaScript and TypeScript callers happy, see GitHub",
    "write shop/voucher.py with a class VoucherBook",
    "warum rundet parse_amount falsch?",
    "",
    "x" * 100_000,
    "`" * 5_000,
]


@pytest.mark.parametrize("instruction", SURE)
def test_what_is_known_or_merely_new_is_no_question(snapshot: Snapshot, instruction: str) -> None:
    assert asked(instruction, snapshot) == ()


SLIPS = [
    ("let `Cart.discuont` refuse a whole price", "discount (shop/cart.py)"),
    ("parse_ammount loses the sign", "parse_amount (shop/cart.py)"),
    ("clean up shop/carts.py", "shop/cart.py"),
]


@pytest.mark.parametrize(("instruction", "meant"), SLIPS)
def test_a_slip_is_asked_about_with_what_it_may_mean(snapshot: Snapshot, instruction: str, meant: str) -> None:
    (doubt,) = asked(instruction, snapshot)
    assert doubt.default == meant
    assert doubt.choices[0] == meant
    assert doubt.choices[-1].startswith("Something new: ")


def test_a_file_that_may_not_be_changed_is_asked_about_first(snapshot: Snapshot) -> None:
    first, second = asked("put parse_ammount's key into conf/local.env", snapshot)
    assert "it holds secrets" in first.question
    assert first.default == "Go on without it"
    assert "parse_ammount" in second.question


RULES = [
    ({"AGENTS.md": "- Never use print.\n", "CLAUDE.md": "Always use print!\n"}, 1),
    ({"AGENTS.md": "The line length is 88.\n", "CLAUDE.md": "Keep the line length at 100.\n"}, 1),
    ({"AGENTS.md": "The line length is 88.\n", "CLAUDE.md": "Keep the line length at 88.\n"}, 0),
    ({"AGENTS.md": "- Never use print.\n- Never use print.\n- Always use logging.\n"}, 0),
    ({"AGENTS.md": "\x00" * 1000 + "never " * 5_000}, 0),
]


@pytest.mark.parametrize(("rules", "n_asked"), RULES)
def test_rules_that_contradict_each_other_are_asked_about(
    snapshot: Snapshot, rules: dict[str, str], n_asked: int
) -> None:
    found = asked("mend it", snapshot, **rules)
    assert len(found) == n_asked
    for doubt in found:
        assert doubt.choices[0].startswith("AGENTS.md:1: ")
        assert doubt.choices[1].startswith("CLAUDE.md:1: ")


def test_there_are_three_questions_at_most(snapshot: Snapshot) -> None:
    many = "parse_ammount parse_amuont `Cart.discuont` `Cart.totla` shop/carts.py"
    assert len(asked(many, snapshot)) == 3


def test_a_contract_says_when_it_is_done_and_what_was_assumed() -> None:
    finding = Finding("pytest", "tests/test_a.py", 3, 4, "assert 1 == 2", test="t")
    order = Order("fix", "mend it\nwell", finding=finding)
    text = contract(
        order,
        ("pytest", "ruff"),
        Scope({"a.py": ()}),
        [Assumed("Which?", "The first.")],
        [Criterion("it adds", "pytest")],
    )
    assert "> mend it\n> well\n" in text
    assert "- nothing new is found by pytest, ruff, with the tests as they were too\n" in text
    assert "- gone is: tests/test_a.py:4: assert 1 == 2 (by: pytest)\n" in text
    assert "- it adds (by: pytest)\n" in text
    assert "outside of what it was started on (a.py) nothing changes without your yes" in text
    assert "- Which? The first. (by: default)\n" in text
    assert text == contract(
        order,
        ("pytest", "ruff"),
        Scope({"a.py": ()}),
        [Assumed("Which?", "The first.")],
        [Criterion("it adds", "pytest")],
    )


def test_a_contract_without_a_check_says_so() -> None:
    text = contract(Order("edit", "mend it"), (), None)
    assert "this project has no check, so what changes is offered as not verified" in text
    assert "Assumed" not in text


def test_criteria_that_only_reading_shows_are_noticed_where_there_are_no_others() -> None:
    read, run = Criterion("it reads well", "review"), Criterion("it adds", "pytest")
    assert unobserved((read,)) == (read,)
    assert unobserved((read, run)) == ()
    assert unobserved(()) == ()
