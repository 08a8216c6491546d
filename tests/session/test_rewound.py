"""A run that goes back: the fold after it is the fold of its first records, and nothing that was spent is forgotten."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridle.harness.nouns import Fault, Usage
from bridle.harness.session.events import KINDS, FileChange, Forked, Started
from bridle.harness.session.fold import CARRIED, RunState, fold
from bridle.harness.session.records import Record

ACCOUNTING = ("usage", "pid", "engine", "last", "steps", "skipped")
NO_PART_OF_A_FORK = {
    *Started.__struct_fields__,  # said by its own beginning
    *("parent", "parent_step", "proposal", "landings", "outcome", "reason", "limit", "parked", "started"),
    *ACCOUNTING,
}


def message(words: str) -> dict[str, Any]:
    return {"role": "user", "content": words}


def records_of(story: list[tuple[str, dict[str, Any]]]) -> list[Record]:
    return [
        Record(n, 1000.0 + n, kind, msgspec.Raw(msgspec.json.encode(payload)), "")
        for n, (kind, payload) in enumerate(story, start=1)
    ]


events = st.one_of(
    st.builds(lambda w, t: ("told", {"message": message(w), "talk": t}), st.text(max_size=3), st.sampled_from("ab")),
    st.builds(
        lambda n, t: ("model_replied", {"message": message("r"), "usage": Usage(n, 1, turns=1), "talk": t}),
        st.integers(0, 9),
        st.sampled_from("ab"),
    ),
    st.builds(lambda n, d: ("edited", {"files": [FileChange(n, None, d * 32)]}), *map(st.sampled_from, ("xyz", "01"))),
    st.builds(lambda n: ("written", {"name": n, "text": n}), st.sampled_from(("plan.md", "contract.md"))),
    st.builds(lambda n: ("prepared", {"plan": n, "files": []}), st.sampled_from("pqr")),
    st.builds(lambda n: ("landed", {"plan": n, "written": ["x"]}), st.sampled_from("pqr")),
    st.just(("ended", {"outcome": "succeeded", "reason": ""})),
    st.just(("resumed", {"pid": 9, "engine": "e"})),
    st.builds(lambda n, w: ("rewound", {"to": n, "what": w}), st.integers(1, 12), st.sampled_from(("both", "files"))),
)


def bare(state: RunState) -> RunState:
    """Return a state without what it cost and who has it in hand."""
    return msgspec.structs.replace(state, **{name: getattr(RunState(), name) for name in ACCOUNTING})


@settings(max_examples=50, deadline=None)
@given(story=st.lists(events, min_size=2, max_size=12), to=st.integers(1, 12))
def test_after_going_back_all_is_as_it_was_but_what_was_spent(story: Any, to: int) -> None:
    story = [("started", {"workflow": "edit", "instruction": "mend"}), *story]
    to = min(to, len(story))
    before = records_of(story)
    after = fold(records_of([*story, ("rewound", {"to": to})]))
    then = fold(before[:to])
    done = {plan: one for plan, one in then.landings.items() if one.finished}
    assert bare(after) == bare(msgspec.structs.replace(then, landings=after.landings))
    assert {plan: one for plan, one in after.landings.items() if plan in done} == done
    assert not after.unfinished
    assert after.usage == fold(before).usage
    assert after.steps == len(story) + 1


@settings(max_examples=50, deadline=None)
@given(story=st.lists(events, min_size=1, max_size=12), cut=st.integers(0, 13))
def test_a_fold_that_goes_on_is_the_fold_of_the_whole_or_says_that_it_cannot_be(story: Any, cut: int) -> None:
    records = records_of([("started", {"workflow": "edit", "instruction": "mend"}), *story])
    goals = [e.to for r in records[cut:] if (e := r.event()) is not None and hasattr(e, "to")]
    if goals and min(goals) < min(cut, len(records)):
        with pytest.raises(Fault, match="cannot go back"):
            fold(records[cut:], fold(records[:cut]))
    else:
        assert fold(records[cut:], fold(records[:cut])) == fold(records)


STORY: list[tuple[str, dict[str, Any]]] = [
    ("started", {"workflow": "edit", "instruction": "mend"}),
    ("told", {"message": message("do it"), "talk": "build"}),
    ("prepared", {"plan": "p", "files": []}),
    ("landed", {"plan": "p", "written": ["a.py"]}),
    ("ended", {"outcome": "succeeded"}),
]


def test_files_and_conversation_go_back_apart() -> None:
    files = fold(records_of([*STORY, ("rewound", {"to": 2, "what": "files"})]))
    assert (files.outcome, files.landings) == ("succeeded", {})
    talk = fold(records_of([*STORY, ("rewound", {"to": 1, "what": "conversation"})]))
    assert (talk.outcome, talk.messages, talk.landings["p"].state) == ("", (), "landed")
    assert talk.interrupted


def test_a_landing_that_was_half_done_at_that_step_counts_as_taken_back() -> None:
    state = fold(records_of([*STORY, ("rewound", {"to": 3})]))
    assert state.landings["p"].state == "rolled back"
    assert not state.unfinished


def test_going_forth_again_after_going_back_finds_what_was_cut() -> None:
    state = fold(records_of([*STORY, ("rewound", {"to": 1}), ("rewound", {"to": 5})]))
    assert (state.outcome, state.landings["p"].state, len(state.messages)) == ("succeeded", "landed", 1)


def test_a_step_that_never_was_changes_nothing() -> None:
    assert bare(fold(records_of([*STORY, ("rewound", {"to": 99})]))) == bare(fold(records_of(STORY)))


def test_whatever_a_run_has_goes_with_its_fork_or_is_named_as_its_own() -> None:
    assert {*CARRIED, "talks"} | NO_PART_OF_A_FORK == set(RunState.__struct_fields__)
    assert {*CARRIED, "talks"} | {"parent", "step"} == set(Forked.__struct_fields__)


def test_every_kind_of_event_is_known_by_one_name() -> None:
    assert len(set(KINDS.values())) == len(KINDS)
