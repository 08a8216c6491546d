"""What is so, computed from what happened: pure. The same records always give the same state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

from bridle.harness.engine import Selection
from bridle.harness.model.budget import add
from bridle.harness.nouns import Badge, Budget, Fault, Finding, Flag, Usage, Verdict
from bridle.harness.session import events
from bridle.harness.session.records import Record

CARRIED = (
    "phase", "messages", "cuts", "left", "artefacts", "assumed", "fetched", "changes", "originals", "executable",
    "verdicts", "flags", "badge",
)  # fmt: skip
"""What a fork has from its parent, as it stood there; `talks` as well, told by the places of their messages."""


class Landing(msgspec.Struct, frozen=True):
    """One landing: its intent, and how far it came."""

    plan: str
    proposal: str
    files: tuple[events.FileChange, ...]
    state: Literal["prepared", "confirmed", "landed", "rolled back", "undone"] = "prepared"
    undoes: str = ""
    rewinds: int = 0
    what: Literal["both", "files"] = "both"
    hunks: tuple[str, ...] = ()
    unsaved: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether nothing of it is left to do."""
        return self.state not in ("prepared", "confirmed")


class RunState(msgspec.Struct, frozen=True):
    """One run as its journal tells it.

    `messages` are those of the model's wire, in order, `talks` the same by the phase that they belong to, `cuts` where
    those begin that are still sent whole. `left` are the phases that came to an end, `artefacts` what they wrote, by
    name; `assumed` are the answers that the work stands on, `fetched` what sources gave, as stored content. `parked` is
    why it stopped without having ended, "" while it goes on. `changes` is path → stored content of every file that
    stands changed in the shadow (None: deleted there), `originals` what was there before the run, `executable` that bit
    where it changed. `parent` is the run that it was forked from, "" for none, after its record `parent_step`. `steps`
    counts records; `skipped` those that this version does not understand. Times are in seconds since the epoch.
    """

    workflow: str = ""
    instruction: str = ""
    at: Selection | None = None
    finding: Finding | None = None
    versions: dict[str, int] = {}
    model: str = ""
    budget: Budget | None = None
    pid: int = 0
    engine: str = ""
    definition: str = ""
    sources: dict[str, dict[str, str]] = {}
    pinned: tuple[Selection, ...] = ()
    excluded: tuple[str, ...] = ()
    fetched: dict[str, str] = {}
    parent: str = ""
    parent_step: int = 0
    phase: str = ""
    messages: tuple[dict[str, Any], ...] = ()
    talks: dict[str, tuple[dict[str, Any], ...]] = {}
    cuts: dict[str, int] = {}
    left: tuple[events.PhaseLeft, ...] = ()
    artefacts: dict[str, str] = {}
    assumed: tuple[events.Assumed, ...] = ()
    changes: dict[str, str | None] = {}
    originals: dict[str, str | None] = {}
    executable: dict[str, bool] = {}
    verdicts: tuple[Verdict, ...] = ()
    flags: tuple[Flag, ...] = ()
    badge: Badge | None = None
    proposal: str = ""
    landings: dict[str, Landing] = {}
    outcome: str = ""
    reason: str = ""
    limit: str = ""
    parked: str = ""
    usage: Usage = Usage()
    started: float = 0.0
    last: float = 0.0
    steps: int = 0
    skipped: int = 0

    @property
    def interrupted(self) -> bool:
        """Whether the run began and did not end: it may be resumed, unless a process still has it in hand."""
        return bool(self.workflow) and not self.outcome

    @property
    def unfinished(self) -> tuple[Landing, ...]:
        """The landings that a crash cut short, in the order in which they began."""
        return tuple(landing for landing in self.landings.values() if not landing.finished)


def fold(records: Iterable[Record], state: RunState | None = None) -> RunState:
    """Return the state after `records`, from the beginning or going on from `state`.

    Raises Fault where it goes on from a state and the run went back to before that.
    """
    records = tuple(records)
    state = state or RunState()
    goals, past = _goals(records), dict[int, RunState]()
    if goals and min(goals) < state.steps:
        raise Fault(f"a fold that goes on from record {state.steps} cannot go back to record {min(goals)}")
    for record in records:
        if state.steps in goals:
            past[state.steps] = state
        event = record.event()
        if isinstance(event, events.Rewound):
            state = _rewound(state, event, past.get(event.to))
        elif (step := _STEPS.get(type(event))) is not None:
            state = step(state, event)
        state = msgspec.structs.replace(
            state,
            started=state.started or record.time,
            last=record.time,
            steps=state.steps + 1,
            skipped=state.skipped + (event is None),
        )
    return state


def _goals(records: Iterable[Record]) -> set[int]:
    """Return the records that a later one goes back to."""
    found = (record.event() for record in records if record.kind == "rewound")
    return {event.to for event in found if isinstance(event, events.Rewound) and event.to > 0}


def _rewound(state: RunState, event: events.Rewound, then: RunState | None) -> RunState:
    """Return the state of `then` again, what it cost and who has it in hand excepted; as it is where there is none.

    A landing that was half done at that record counts as not done: its files are back.
    """
    if then is None:
        return state
    landings = {
        plan: landing if landing.finished else msgspec.structs.replace(landing, state="rolled back")
        for plan, landing in then.landings.items()
    }
    if event.what == "files":
        return msgspec.structs.replace(state, landings=landings)
    return msgspec.structs.replace(
        then,
        landings=state.landings if event.what == "conversation" else landings,
        usage=state.usage,
        pid=state.pid,
        engine=state.engine,
        last=state.last,
        steps=state.steps,
        skipped=state.skipped,
    )


def _started(state: RunState, event: events.Started) -> RunState:
    return msgspec.structs.replace(state, **msgspec.structs.asdict(event))


def _resumed(state: RunState, event: events.Resumed) -> RunState:
    return msgspec.structs.replace(state, pid=event.pid, engine=event.engine, limit="", parked="")


def _forked(state: RunState, event: events.Forked) -> RunState:
    """Return the state with what the other run had; a message that a talk names and that is not there is left out."""
    given = {name: getattr(event, name) for name in CARRIED}
    told = dict(enumerate(event.messages))
    talks: dict[str, tuple[dict[str, Any], ...]] = {}
    for name, talk in event.talks.items():
        found = (told.get(one) if isinstance(one, int) else one for one in talk)
        talks[name] = tuple(message for message in found if message is not None)
    return msgspec.structs.replace(state, parent=event.parent, parent_step=event.step, talks=talks, **given)


def _phase(state: RunState, event: events.PhaseEntered) -> RunState:
    return msgspec.structs.replace(state, phase=event.name)


def _left(state: RunState, event: events.PhaseLeft) -> RunState:
    return msgspec.structs.replace(state, left=(*state.left, event))


def _written(state: RunState, event: events.Written) -> RunState:
    return msgspec.structs.replace(state, artefacts={**state.artefacts, event.name: event.text})


def _assumed(state: RunState, event: events.Assumed) -> RunState:
    return msgspec.structs.replace(state, assumed=(*state.assumed, event))


def _said(state: RunState, event: events.Told | events.ToolReplied | events.ModelReplied) -> RunState:
    talk = (*state.talks.get(event.talk, ()), event.message)
    return msgspec.structs.replace(
        state, messages=(*state.messages, event.message), talks={**state.talks, event.talk: talk}
    )


def _compacted(state: RunState, event: events.Compacted) -> RunState:
    return msgspec.structs.replace(state, cuts={**state.cuts, event.talk: event.start})


def _replied(state: RunState, event: events.ModelReplied) -> RunState:
    return msgspec.structs.replace(_said(state, event), usage=add(state.usage, event.usage))


def _failed(state: RunState, event: events.ModelFailed | events.Reranked) -> RunState:
    return msgspec.structs.replace(state, usage=add(state.usage, event.usage))


def _fetched(state: RunState, event: events.Fetched) -> RunState:
    return msgspec.structs.replace(state, fetched={**state.fetched, event.key: event.blob})


def _edited(state: RunState, event: events.Edited) -> RunState:
    changes, originals, executable = dict(state.changes), dict(state.originals), dict(state.executable)
    for file in event.files:
        changes[file.path] = file.after
        originals.setdefault(file.path, file.before)
        if file.executable is not None:
            executable[file.path] = file.executable[1]
    return msgspec.structs.replace(state, changes=changes, originals=originals, executable=executable)


def _checked(state: RunState, event: events.Checked) -> RunState:
    return msgspec.structs.replace(state, verdicts=event.verdicts, flags=event.flags, badge=event.badge)


def _proposed(state: RunState, event: events.Proposed) -> RunState:
    return msgspec.structs.replace(state, proposal=event.proposal)


def _prepared(state: RunState, event: events.Prepared) -> RunState:
    landing = Landing(
        event.plan,
        event.proposal,
        event.files,
        undoes=event.undoes,
        rewinds=event.rewinds,
        what=event.what,
        hunks=event.hunks,
    )
    return msgspec.structs.replace(state, landings={**state.landings, event.plan: landing})


def _confirmed(state: RunState, event: events.Confirmed) -> RunState:
    told = {"files": event.files} if event.files else {}
    return _landing(state, event.plan, state="confirmed", unsaved=event.unsaved, **told)


def _landed(state: RunState, event: events.Landed) -> RunState:
    state = _landing(state, event.plan, state="landed", written=event.written, unsaved=event.unsaved, kept=event.kept)
    landing = state.landings.get(event.plan)
    return _landing(state, landing.undoes, state="undone") if landing is not None else state


def _rolled_back(state: RunState, event: events.RolledBack) -> RunState:
    return _landing(state, event.plan, state="rolled back", kept=event.kept)


def _undone(state: RunState, event: events.Undone) -> RunState:
    return _landing(state, event.plan, state="undone")


def _budget(state: RunState, event: events.BudgetMet) -> RunState:
    return msgspec.structs.replace(state, limit=event.limit)


def _parked(state: RunState, event: events.Parked) -> RunState:
    return msgspec.structs.replace(state, parked=event.reason or event.outcome)


def _ended(state: RunState, event: events.Ended) -> RunState:
    return msgspec.structs.replace(state, outcome=event.outcome, reason=event.reason)


def _landing(state: RunState, plan: str, /, **changed: Any) -> RunState:
    landing = state.landings.get(plan)
    if landing is None:
        return state
    landings = {**state.landings, plan: msgspec.structs.replace(landing, **changed)}
    return msgspec.structs.replace(state, landings=landings)


_STEPS: dict[type[Any], Callable[[RunState, Any], RunState]] = {
    events.Started: _started,
    events.Resumed: _resumed,
    events.Forked: _forked,
    events.PhaseEntered: _phase,
    events.PhaseLeft: _left,
    events.Written: _written,
    events.Assumed: _assumed,
    events.Told: _said,
    events.Compacted: _compacted,
    events.ToolReplied: _said,
    events.ModelReplied: _replied,
    events.ModelFailed: _failed,
    events.Reranked: _failed,
    events.Fetched: _fetched,
    events.Edited: _edited,
    events.Checked: _checked,
    events.Proposed: _proposed,
    events.Prepared: _prepared,
    events.Confirmed: _confirmed,
    events.Landed: _landed,
    events.RolledBack: _rolled_back,
    events.Undone: _undone,
    events.BudgetMet: _budget,
    events.Parked: _parked,
    events.Ended: _ended,
}
