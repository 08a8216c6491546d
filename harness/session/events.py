"""What can happen in a run, as it is journaled: one payload type for each kind. Frozen data, no behaviour.

A field may be added with a default; none is ever renamed, for old journals are read with these types.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from bridle.harness.engine import Selection
from bridle.harness.nouns import Badge, Budget, Finding, Flag, Usage, Verdict
from bridle.harness.session.landed import (
    Confirmed,
    FileChange,
    Landed,
    Overridden,
    Prepared,
    Rewound,
    RolledBack,
    Undone,
)
from bridle.harness.session.walked import (
    Assumed,
    Compacted,
    Fetched,
    PhaseEntered,
    PhaseLeft,
    Reranked,
    Written,
)

__all__ = [
    "KINDS",
    "SYNCED",
    "AcceptedFinding",
    "Assumed",
    "BudgetMet",
    "Checked",
    "Compacted",
    "Confirmed",
    "Decided",
    "Dropped",
    "Edited",
    "Egress",
    "Ended",
    "Entered",
    "Event",
    "Fetched",
    "FileChange",
    "Forked",
    "Landed",
    "McpCalled",
    "ModelCalled",
    "ModelReplied",
    "Overridden",
    "Parked",
    "PhaseEntered",
    "PhaseLeft",
    "Prepared",
    "Proposed",
    "Ran",
    "Reranked",
    "Resumed",
    "Rewound",
    "RolledBack",
    "Sheltered",
    "Started",
    "Told",
    "ToolCalled",
    "ToolReplied",
    "Undone",
    "Written",
]  # fmt: skip


class Started(msgspec.Struct, frozen=True):
    """The run began, with all that it was asked; `definition` is its workflow as it was then, as JSON."""

    workflow: str
    instruction: str
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


class Entered(msgspec.Struct, frozen=True):
    """A run's journal begins: a line of the register of runs."""

    run: str


class Bill(msgspec.Struct, frozen=True):
    """What the calls of one phase, model and day (``2026-11-26``) came to."""

    phase: str
    model: str
    day: str
    calls: int
    usage: Usage = Usage()


class Dropped(msgspec.Struct, frozen=True):
    """A run's journal was let go, as old or as one too much: a line of the register, written before it goes.

    `last` is the digest of its last line, which an export can be held against; `bills` are what the run cost.
    """

    run: str
    records: int
    last: str
    reason: str = ""
    bills: tuple[Bill, ...] = ()


class Resumed(msgspec.Struct, frozen=True):
    """Another process took the run up where it stood."""

    pid: int = 0
    engine: str = ""


class Sheltered(msgspec.Struct, frozen=True):
    """The run's shadow was opened, on this rung; `declined` says why not on a better one, a sentence each."""

    rung: str
    declined: tuple[str, ...] = ()


class Forked(msgspec.Struct, frozen=True):
    """The run begins where another one stood after its record `step`: all that it had said, thought and changed there.

    The fields are those of `RunState` by their names; in `talks` a message that is one of `messages` is told by its
    place there. What the other one spent and landed stays its own.
    """

    parent: str
    step: int
    phase: str = ""
    messages: tuple[dict[str, Any], ...] = ()
    talks: dict[str, tuple[int | dict[str, Any], ...]] = {}
    cuts: dict[str, int] = {}
    left: tuple[PhaseLeft, ...] = ()
    artefacts: dict[str, str] = {}
    assumed: tuple[Assumed, ...] = ()
    fetched: dict[str, str] = {}
    changes: dict[str, str | None] = {}
    originals: dict[str, str | None] = {}
    executable: dict[str, bool] = {}
    verdicts: tuple[Verdict, ...] = ()
    flags: tuple[Flag, ...] = ()
    badge: Badge | None = None


class Told(msgspec.Struct, frozen=True):
    """We said something to the model: one message of the wire. `talk` is the phase whose talk it belongs to."""

    message: dict[str, Any]
    talk: str = ""


class ModelCalled(msgspec.Struct, frozen=True):
    """The model is asked, with the conversation so far; `reserved` is what the budget set aside for it.

    `model` is the one that is asked, "" where it is the run's.
    """

    turn: int = 0
    reserved: Any = None
    model: str = ""


class Parked(msgspec.Struct, frozen=True):
    """The run stopped where it stands, for a reason that a person can do something about; it can be taken up again."""

    outcome: str
    reason: str = ""


class ModelReplied(msgspec.Struct, frozen=True):
    """The model answered; the message is kept whole, so that the run can go on from here."""

    message: dict[str, Any]
    usage: Usage = Usage()
    stop_reason: str = ""
    talk: str = ""


class ModelFailed(msgspec.Struct, frozen=True):
    """A call brought no answer that is kept, for a reason; `usage` is what it is known to have cost."""

    reason: str = ""
    usage: Usage = Usage()


class ToolCalled(msgspec.Struct, frozen=True):
    """A tool call of the model is about to be carried out."""

    id: str
    name: str
    input: Any = None


class ToolReplied(msgspec.Struct, frozen=True):
    """The results of the model's tool calls: one message of the wire."""

    message: dict[str, Any]
    talk: str = ""


class Decided(msgspec.Struct, frozen=True):
    """A permission was decided, by the rule that it names and by whoever said that rule.

    `parts` are those of a command: (text, verdict, rule).
    """

    tool: str
    subject: str
    verdict: str
    rule: str
    reason: str = ""
    origin: str = ""
    parts: tuple[tuple[str, str, str], ...] = ()


class Egress(msgspec.Struct, frozen=True):
    """A command asked its proxy for a host; `refused` says why it was not let through, "" where it was."""

    host: str
    port: int
    refused: str = ""
    sent_bytes: int = 0
    received_bytes: int = 0


class McpCalled(msgspec.Struct, frozen=True):
    """A tool of an MCP server was called, allowed by `rule`; `refused` is what the server asked for in vain."""

    name: str
    outcome: Literal["answered", "failed", "truncated", "refused", "timed out", "closed", "nonsense", "unavailable"]
    rule: str = ""
    n_bytes: int = 0
    seconds: float = 0.0
    refused: tuple[str, ...] = ()


class Edited(msgspec.Struct, frozen=True):
    """Files changed in the shadow, all of them together."""

    files: tuple[FileChange, ...]


class Ran(msgspec.Struct, frozen=True):
    """A command ran in the shadow: how it ended, on which rung, and what it left changed there."""

    command: str
    outcome: str
    exit_code: int | None = None
    seconds: float = 0.0
    rung: str = ""
    changed: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class Checked(msgspec.Struct, frozen=True):
    """The checks spoke; `before` is what they said with the tests and the configuration as they were."""

    verdicts: tuple[Verdict, ...]
    flags: tuple[Flag, ...] = ()
    badge: Badge | None = None
    before: tuple[Verdict, ...] = ()


class Proposed(msgspec.Struct, frozen=True):
    """The run's change is on offer."""

    proposal: str
    files: tuple[str, ...] = ()


class AcceptedFinding(msgspec.Struct, frozen=True):
    """The person accepted a finding for good, or took that back (`what`)."""

    what: str
    check: str
    fingerprint: str
    path: str = ""
    message: str = ""
    count: int = 1
    at: float = 0.0


class BudgetMet(msgspec.Struct, frozen=True):
    """A limit was met."""

    limit: str
    usage: Usage = Usage()


class Ended(msgspec.Struct, frozen=True):
    """The run is over."""

    outcome: str
    reason: str = ""


Event = (
    Started | Entered | Dropped | Resumed | Forked | Sheltered | PhaseEntered | PhaseLeft | Written | Assumed | Told
    | Compacted | Reranked | ModelCalled | ModelReplied | ModelFailed | ToolCalled | ToolReplied | Decided | Egress
    | McpCalled | Fetched | Edited | Ran | Checked | Proposed | Overridden | Prepared | Confirmed | Landed | RolledBack
    | Undone | Rewound | AcceptedFinding | BudgetMet | Parked | Ended
)  # fmt: skip

KINDS: dict[str, type[Event]] = {
    "started": Started,
    "entered": Entered,
    "dropped": Dropped,
    "resumed": Resumed,
    "sheltered": Sheltered,
    "phase": PhaseEntered,
    "left": PhaseLeft,
    "written": Written,
    "assumed": Assumed,
    "told": Told,
    "compacted": Compacted,
    "model_called": ModelCalled,
    "model_replied": ModelReplied,
    "model_failed": ModelFailed,
    "reranked": Reranked,
    "tool_called": ToolCalled,
    "tool_replied": ToolReplied,
    "decided": Decided,
    "egress": Egress,
    "mcp_called": McpCalled,
    "fetched": Fetched,
    "edited": Edited,
    "ran": Ran,
    "checked": Checked,
    "proposed": Proposed,
    "overridden": Overridden,
    "prepared": Prepared,
    "confirmed": Confirmed,
    "landed": Landed,
    "rolled_back": RolledBack,
    "undone": Undone,
    "rewound": Rewound,
    "forked": Forked,
    "accepted": AcceptedFinding,
    "budget": BudgetMet,
    "parked": Parked,
    "ended": Ended,
}

SYNCED = frozenset(
    {
        "started",
        "entered",
        "dropped",
        "edited",
        "checked",
        "overridden",
        "prepared",
        "confirmed",
        "landed",
        "rolled_back",
        "undone",
        "rewound",
        "forked",
        "accepted",
        "parked",
        "ended",
    }
)
"""What survives a power cut too: intended, applied, verified, taken back. Every kind survives a kill."""
