"""What a door may ask of the engine, and what the engine tells: the protocol, nothing that runs it.

Requests and replies are frozen structs; events come on their own. The engine may live in this process
(`bridle.harness.service`) or in a child (`bridle.harness.remote`); one contract test holds for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol, TypeVar

import msgspec

from bridle.harness.nouns import (
    Badge,
    Buffer,
    Clash,
    Fault,
    FilePatch,
    Finding,
    Flag,
    Hunk,
    Proposal,
    ProposalId,
    Related,
    RunId,
    Selection,
    Usage,
    UserProblem,
    Verdict,
)
from bridle.indexer.text import LineEdit

__all__ = [
    "Ask", "Badge", "Buffer", "CancelRun", "CheckFinished", "CheckStarted", "Clash", "Closed", "DiscardRun", "Done",
    "Engine", "EngineEvent", "EngineReply", "EngineRequest", "Fault", "FilePatch", "Finding", "FinishLanding",
    "Flag", "GetContext", "GetProposals", "GetSessions", "GetStatus", "Hunk", "IndexProgress", "LandingPlan",
    "LandingResult", "Lost", "Note", "PackPiece", "PackView", "PrepareLanding", "PrepareUndo", "Proposal",
    "ProposalChanged", "ProposalId", "Proposals", "Refresh", "Reject", "Related", "ReplyTo", "ResumeRun", "RunAccepted",
    "RunEnded", "RunId", "RunProgress", "Selection", "SessionRow", "Sessions", "SetTrust", "StartRun", "Status",
    "SyncBuffers", "Usage", "UserProblem", "Verdict", "Verified", "Verify", "expect",
]  # fmt: skip


# --- requests ---------------------------------------------------------------------------------------------------


class GetStatus(msgspec.Struct, frozen=True, tag=True):
    """→ Status."""


class SetTrust(msgspec.Struct, frozen=True, tag=True):
    """The person said yes or no for this folder. → Status."""

    trusted: bool


class SyncBuffers(msgspec.Struct, frozen=True, tag=True):
    """Open documents that changed, and documents that were closed. → Done."""

    changed: tuple[Buffer, ...] = ()
    closed: tuple[str, ...] = ()


class Verify(msgspec.Struct, frozen=True, tag=True):
    """Run checks on the tree with its unsaved buffers. `paths` narrows to these files; a newer Verify of the same
    `origin` ends an older one. → Verified, with events before it.
    """

    paths: tuple[str, ...] = ()
    origin: Literal["save", "command", "accept"] = "command"


class StartRun(msgspec.Struct, frozen=True, tag=True):
    """Begin a run; the reply comes at once, the rest as events. → RunAccepted."""

    workflow: Literal["edit", "fix"]
    instruction: str
    at: Selection | None = None
    finding: Finding | None = None


class CancelRun(msgspec.Struct, frozen=True, tag=True):
    """End a run; what it did stays in its journal. → Done."""

    run: RunId


class ReplyTo(msgspec.Struct, frozen=True, tag=True):
    """The person's answer to an `Ask`. → Done."""

    ask: str
    choice: str


class GetProposals(msgspec.Struct, frozen=True, tag=True):
    """→ Proposals, newest first."""


class Reject(msgspec.Struct, frozen=True, tag=True):
    """Leave these hunks with their groups, all that are open when none is named. → Done."""

    proposal: ProposalId
    hunks: tuple[str, ...] = ()


class Refresh(msgspec.Struct, frozen=True, tag=True):
    """Ask again for a proposal whose ground is gone: reject it, and begin its run anew. → RunAccepted.

    `at` is where its lines are now; None leaves the place as it was given.
    """

    proposal: ProposalId
    at: Selection | None = None


class PrepareLanding(msgspec.Struct, frozen=True, tag=True):
    """Make ready to land: journals the intent and answers with what goes where.

    `hunks` are taken with their groups, all that are open when none is named. What is taken is verified as it was
    chosen: a part never lands on the badge of the whole.
    `rebased` are the door's edits for open documents that moved since the proposal was verified, against the
    buffers as last synced; the engine then verifies again before it answers, unless `force`. → LandingPlan.
    """

    proposal: ProposalId
    rebased: tuple[FilePatch, ...] = ()
    force: bool = False
    hunks: tuple[str, ...] = ()


class PrepareUndo(msgspec.Struct, frozen=True, tag=True):
    """The inverse of the last change of a run that landed, of the last of all when `run` is empty. → LandingPlan.

    `choices` say, clash by clash, whether to keep what the person made of the lines or to take it back as well.
    """

    run: str = ""
    choices: dict[str, Literal["keep", "take"]] = {}


class FinishLanding(msgspec.Struct, frozen=True, tag=True):
    """What became of the open documents; closed files are written now, unless an open document failed.

    `landed` are paths whose text is confirmed by echo, with the version it had then and its text. `inverses` take their
    edit back from that text, and nothing that the person typed while it was on its way. → LandingResult.
    """

    plan: str
    landed: tuple[Buffer, ...]
    failed: tuple[str, ...] = ()
    reason: str = ""
    inverses: Mapping[str, tuple[LineEdit, ...]] = {}


class GetContext(msgspec.Struct, frozen=True, tag=True):
    """→ PackView: what a run would send, and why."""

    instruction: str
    at: Selection | None = None
    n_tokens: int = 4000


class GetSessions(msgspec.Struct, frozen=True, tag=True):
    """→ Sessions, newest first."""


class ResumeRun(msgspec.Struct, frozen=True, tag=True):
    """Go on with an interrupted run. → RunAccepted."""

    run: RunId


class DiscardRun(msgspec.Struct, frozen=True, tag=True):
    """Give an interrupted run up; its journal stays. → Done."""

    run: RunId


EngineRequest = (
    GetStatus | SetTrust | SyncBuffers | Verify | StartRun | CancelRun | ReplyTo | GetProposals | Reject |
    PrepareLanding | PrepareUndo | FinishLanding | GetContext | GetSessions | ResumeRun | DiscardRun | Refresh
)  # fmt: skip

# --- replies ----------------------------------------------------------------------------------------------------


class Done(msgspec.Struct, frozen=True, tag=True):
    """Nothing more to say."""


class Status(msgspec.Struct, frozen=True, tag=True):
    """How things stand. `model` is "" when none is set up; `next_step` says what to do then."""

    root: str
    trusted: bool
    rung: str
    model: str
    checks: tuple[str, ...]
    n_files: int
    n_symbols: int
    role: Literal["owner", "follower"]
    resumable: tuple[RunId, ...] = ()
    lint_on_save: bool = True
    next_step: str = ""


class Verified(msgspec.Struct, frozen=True, tag=True):
    """The verdicts of one `Verify`.

    `outcome` is "pass" only when every one passed, "cancelled" when a newer request of the same origin came.
    """

    outcome: Literal["pass", "fail", "unknown", "timeout", "cancelled"]
    tree: str
    verdicts: tuple[Verdict, ...]
    buffers: dict[str, int] = {}


class RunAccepted(msgspec.Struct, frozen=True, tag=True):
    """The run has begun; its events carry this id."""

    run: RunId


class Proposals(msgspec.Struct, frozen=True, tag=True):
    """All proposals that are known for this root."""

    proposals: tuple[Proposal, ...]


class LandingPlan(msgspec.Struct, frozen=True, tag=True):
    """What to send to open documents (`open_files`, each against `base_version`) and what the engine writes itself.

    `refused` is the reason why nothing may land ("" when it may). `proposal` has the badge of what is to land, which
    is not the whole's where only a part was chosen. `clashes` of an undo wait for the person's choice, or tell it.
    """

    id: str
    open_files: tuple[FilePatch, ...]
    closed_files: tuple[str, ...]
    refused: str = ""
    proposal: Proposal | None = None
    title: str = ""
    clashes: tuple[Clash, ...] = ()


class LandingResult(msgspec.Struct, frozen=True, tag=True):
    """`written` went to disk, `unsaved` to buffers that are the person's to save, `conflicts` nowhere."""

    outcome: Literal["applied", "rolled back", "partial"]
    written: tuple[str, ...] = ()
    unsaved: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    reason: str = ""


class PackPiece(msgspec.Struct, frozen=True):
    """One line of the context bill."""

    path: str
    start_line: int
    end_line: int
    detail: Literal["body", "signature", "skeleton", "rules"]
    n_tokens: int
    reason: str
    score: float


class PackView(msgspec.Struct, frozen=True, tag=True):
    """The context bill, with the text as the model would get it."""

    n_tokens: int
    budget: int
    pieces: tuple[PackPiece, ...]
    left_out: tuple[tuple[str, str], ...]
    text: str


class SessionRow(msgspec.Struct, frozen=True):
    """One run in the list; `started` is in seconds since the epoch."""

    id: RunId
    workflow: str
    instruction: str
    outcome: str
    started: float
    steps: int
    resumable: bool
    usage: Usage


class Sessions(msgspec.Struct, frozen=True, tag=True):
    """The runs of this root."""

    sessions: tuple[SessionRow, ...]


EngineReply = Done | Status | Verified | RunAccepted | Proposals | LandingPlan | LandingResult | PackView | Sessions

# --- events -----------------------------------------------------------------------------------------------------


class CheckStarted(msgspec.Struct, frozen=True, tag=True):
    """A check began. `run` is "" outside a run."""

    check: str
    run: str = ""


class CheckFinished(msgspec.Struct, frozen=True, tag=True):
    """A check ended. `buffers` are the versions of open documents that it saw; inside a run the findings are the
    proposal's, not the person's tree.
    """

    verdict: Verdict
    run: str = ""
    buffers: dict[str, int] = {}


class RunProgress(msgspec.Struct, frozen=True, tag=True):
    """One line for the progress display."""

    run: RunId
    phase: str
    message: str
    usage: Usage = Usage()


class ProposalChanged(msgspec.Struct, frozen=True, tag=True):
    """A proposal appeared, or its badge or state changed."""

    proposal: Proposal


class RunEnded(msgspec.Struct, frozen=True, tag=True):
    """A run came to its end; `reason` is for the person, `proposal` is "" when there is none."""

    run: RunId
    outcome: Literal[
        "succeeded", "failed", "budget", "turns", "timed out", "stalled", "cancelled", "refused", "needs a person"
    ]
    reason: str
    rounds: int
    usage: Usage
    proposal: str = ""


class Ask(msgspec.Struct, frozen=True, tag=True):
    """A question to the person; no answer within `timeout_s` counts as `default`."""

    id: str
    message: str
    choices: tuple[str, ...]
    default: str
    timeout_s: float


class Note(msgspec.Struct, frozen=True, tag=True):
    """Something the person should know. Shown, not asked."""

    level: Literal["error", "warning", "information"]
    message: str


class IndexProgress(msgspec.Struct, frozen=True, tag=True):
    """How far the index is; `done` when it answers for the whole tree."""

    n_done: int
    n_files: int
    done: bool


class Lost(msgspec.Struct, frozen=True, tag=True):
    """The engine died. `again` says whether it was started once more."""

    reason: str
    again: bool


EngineEvent = (
    CheckStarted | CheckFinished | RunProgress | ProposalChanged | RunEnded | Ask | Note | IndexProgress | Lost
)  # fmt: skip


Kind = TypeVar("Kind", bound=msgspec.Struct)


class Closed(Exception):
    """The engine is gone; the request was not answered."""


def expect(reply: EngineReply, kind: type[Kind]) -> Kind:
    """Return `reply` as the kind that its request is answered with. Raises Fault when it is another one."""
    if not isinstance(reply, kind):
        raise Fault(f"the engine answered {type(reply).__name__} where {kind.__name__} was due")
    return reply


class Engine(Protocol):
    """One workspace's engine. Every call is bounded by `timeout_s` and raises TimeoutError past it.

    `listen` takes the one listener for events; it is called on the caller's event loop, in order.
    """

    async def call(self, request: EngineRequest, timeout_s: float = 30.0) -> EngineReply:
        """Ask, and wait for the answer. Raises UserProblem, Closed, TimeoutError."""
        ...

    def listen(self, listener: Callable[[EngineEvent], None]) -> None:
        """Hand over the listener."""
        ...

    async def close(self) -> None:
        """End the engine and everything it started."""
        ...
