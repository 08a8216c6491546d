"""What stands near a place, and what that does to the choice."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import pytest

from bridle.context.nearness import NEAR, Nearness
from bridle.context.rank import rank
from bridle.context.signals import SIGNALS, rows_of
from bridle.context.standing import Standing
from bridle.context.task import Beside, Task
from bridle.context.weighing import NEAR_SLICES, SLICES, shared, shipped_near
from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.past import Commit, Past
from bridle.indexer.snapshot import Snapshot

FILES = {
    "bank/account.py": (
        "from bank.money import rounded\n\n\nclass Account:\n    def deposit(self, amount):\n"
        "        self.balance = rounded(self.balance + amount)\n\n    def withdraw(self, amount):\n"
        "        self.balance = rounded(self.balance - amount)\n\n\ndef unrelated():\n    return 1\n"
    ),
    "bank/money.py": "def rounded(amount):\n    return round(amount, 2)\n",
    "bank/transfer.py": (
        "def transfer(one: 'Account', other, amount):\n    other.deposit(amount)\n\n\ndef greet():\n    return 'hi'\n"
    ),
    "web/page.py": "def deposit(request):\n    return request\n\n\ndef footer():\n    return ''\n",
    "web/mail.py": "def send_receipt(person):\n    return person\n",
}
HERE = SymbolId("bank/account.py::Account.deposit")
TOUCHED = (("bank/account.py", ("deposit",)), ("web/mail.py", ("send_receipt",)))
PAST = Past((Commit("a" * 40, 1, ("receipt",), TOUCHED),))


def near(snapshot: Snapshot, target: str) -> dict[str, float]:
    known = Nearness({HERE: 1.0}, snapshot, PAST)
    return dict(zip(NEAR, known.rows([snapshot.symbols[SymbolId(target)]])[0], strict=True))


def test_a_method_beside_the_place_shares_its_file_class_name_words_and_uses(snapshot: Snapshot) -> None:
    found = near(snapshot, "bank/account.py::Account.withdraw")
    assert found["near_file"] == found["near_owner"] == 1
    assert found["beside"] > 0.5
    assert found["shares_use"] > 0
    assert found["like_words"] > near(snapshot, "web/page.py::footer")["like_words"]


def test_what_the_place_uses_and_the_class_around_it_say_so(snapshot: Snapshot) -> None:
    assert near(snapshot, "bank/money.py::rounded")["called"] > 0
    assert near(snapshot, "bank/account.py::Account")["inside"] == 1
    assert near(snapshot, "bank/money.py::rounded")["near_file"] == 0


def test_a_namesake_and_what_was_changed_with_the_place_are_found_far_away(snapshot: Snapshot) -> None:
    assert near(snapshot, "web/page.py::deposit")["same_name"] == 1
    assert near(snapshot, "web/mail.py::send_receipt")["together"] == 1
    around = list(Nearness({HERE: 1.0}, snapshot, PAST).around())
    assert {"web/page.py::deposit", "web/mail.py::send_receipt", "bank/money.py::rounded"} <= set(around)


def test_what_is_near_a_place_is_chosen_without_a_word_of_it_in_the_task(snapshot: Snapshot) -> None:
    line = snapshot.symbols[HERE].span.start_line
    names = [one.symbol.name for one in rank(Task("", at=("bank/account.py", line, line + 1)), snapshot, Beside(PAST))]
    assert names[0] == "deposit"
    assert {"withdraw", "rounded", "send_receipt"} <= set(names[:8])
    assert "footer" not in names[:5]


def test_a_place_that_is_unknown_is_near_nothing(snapshot: Snapshot) -> None:
    known = Nearness({SymbolId("no/such.py::thing"): 1.0}, snapshot, PAST)
    assert list(known.around()) == []
    assert all(not any(row) for row in known.rows(list(snapshot.in_file("web/page.py"))))


def test_every_way_to_be_near_has_its_reason_and_shares_make_up_the_score(snapshot: Snapshot) -> None:
    told = [n for columns in NEAR_SLICES.values() for n in range(columns.start, columns.stop)]
    assert told == list(range(len(SIGNALS), len(SIGNALS) + len(NEAR)))
    assert shipped_near().signals == SIGNALS + NEAR
    ranked = rank(Task("round the amount", at=("bank/account.py", 5, 6)), snapshot, Beside(PAST))
    withdraw = next(one for one in ranked if one.symbol.name == "withdraw")
    assert withdraw.reason
    assert sum(share.score for share in withdraw.shares) == pytest.approx(withdraw.score)
    row = rows_of("round the amount", snapshot, PAST)[0]
    assert {share.kind for share in shared(row, 1.0)} <= set(SLICES)


def test_what_is_so_of_a_file_whatever_is_asked_is_made_once(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    plain = Standing.__init__

    def counted(self: Standing, symbols: tuple[Symbol, ...]) -> None:
        made.append(symbols[0].span.path)
        plain(self, symbols)

    monkeypatch.setattr(Standing, "__init__", counted)
    monkeypatch.setattr("bridle.context.standing._known", WeakKeyDictionary())
    task = Task("round the amount", at=("bank/account.py", 5, 6))
    first = rank(task, snapshot)
    n_made = len(made)
    assert n_made == len(set(made)) > 1
    assert rank(task, snapshot) == first
    assert len(made) == n_made


def test_edges_are_told_by_where_they_begin_and_anew_where_a_file_changed(snapshot: Snapshot) -> None:
    edges, other = snapshot.linked.edges, SymbolId("bank/transfer.py::transfer")
    begun = [edge for edge in edges["bank/account.py"] if edge.source == HERE]
    assert begun
    assert list(edges.out_of("bank/account.py", HERE)) == begun
    assert edges.out_of("bank/transfer.py", other)
    after = edges.changed({"bank/account.py": tuple(begun[:1])}, ["bank/transfer.py"])
    assert list(after.out_of("bank/account.py", HERE)) == begun[:1]
    assert list(after.out_of("bank/transfer.py", other)) == []
    assert list(edges.out_of("bank/account.py", HERE)) == begun, "the old state stays as it was"
