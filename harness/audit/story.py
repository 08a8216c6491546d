"""One run told as a whole: what it was asked, its phases and what they wrote, each step and what came of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bridle.harness.audit.trail import Action, actions
from bridle.harness.nouns import RunId
from bridle.harness.session import events
from bridle.harness.session.fold import Landing, RunState, fold
from bridle.harness.session.journal import Reading
from bridle.harness.session.records import Record


class Step(msgspec.Struct, frozen=True):
    """One record of a run, in a line: `seq` is the number that going back to it takes.

    `stands` says that the run's conversation still has it: it was not cut by going back.
    """

    seq: int
    time: float
    kind: str
    text: str
    files: tuple[str, ...] = ()
    stands: bool = True


class Story(msgspec.Struct, frozen=True):
    """One run: `badge` is what its proposal said last, "" where there was none."""

    run: RunId
    state: RunState
    steps: tuple[Step, ...]
    live: bool = False
    damage: str = ""

    @property
    def badge(self) -> str:
        """What was last said of its proof."""
        return self.state.badge.text if self.state.badge else ""

    @property
    def landings(self) -> tuple[Landing, ...]:
        """What landed or was taken back, in order."""
        return tuple(self.state.landings.values())


def story(reading: Reading) -> Story:
    """Return the story of a run, as far as its journal is whole."""
    stands = standing(reading.records)
    steps = tuple(_step(action, stands=action.seq in stands) for action in actions(reading))
    return Story(reading.run, fold(reading.records), steps, reading.live, reading.damage)


def standing(records: Sequence[Record]) -> frozenset[int]:
    """Return the records that the conversation of a run still has after it went back, if it ever did."""
    line: list[int] = []
    past: dict[int, list[int]] = {}
    goals = {event.to: event for record in records if isinstance(event := _rewound(record), events.Rewound)}
    for record in records:
        event = _rewound(record)
        if event is not None and event.what != "files" and event.to in past:
            line = [*past[event.to]]
        line.append(record.seq)
        if record.seq in goals:
            past[record.seq] = [*line]
    return frozenset(line)


def as_document(story: Story) -> dict[str, Any]:
    """Return what is told of a run beside its row in the list, as JSON has it."""
    state = story.state
    return {
        "order": {
            "workflow": state.workflow,
            "instruction": state.instruction,
            "at": msgspec.to_builtins(state.at),
            "finding": msgspec.to_builtins(state.finding),
            "model": state.model,
        },
        "parent": {"run": state.parent, "step": state.parent_step} if state.parent else None,
        "phases": [msgspec.to_builtins(one) for one in state.left],
        "artefacts": dict(state.artefacts),
        "assumptions": [msgspec.to_builtins(one) for one in state.assumed],
        "proposal": state.proposal,
        "badge": story.badge,
        "landings": [_landing(one) for one in story.landings],
        "usage": msgspec.to_builtins(state.usage),
        "damage": story.damage,
        "steps": [msgspec.to_builtins(one) for one in story.steps],
    }


def _landing(landing: Landing) -> dict[str, Any]:
    files = [file.path for file in landing.files]
    return {"plan": landing.plan, "state": landing.state, "undoes": landing.undoes, "files": files}


def _step(action: Action, *, stands: bool) -> Step:
    return Step(action.seq, action.time, action.kind, action.text, action.files, stands)


def _rewound(record: Record) -> events.Rewound | None:
    event = record.event() if record.kind == "rewound" else None
    return event if isinstance(event, events.Rewound) else None
