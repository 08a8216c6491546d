"""What a door may ask of the engine, and what the engine tells: the protocol, nothing that runs it.

Requests and replies are frozen structs; events come on their own. The engine may live in this process
(`bridle.harness.service`) or in a child (`bridle.harness.remote`); one contract test holds for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol, TypeVar

import msgspec

from bridle.harness.about import About, Author, Caller, Change, GetAbout
from bridle.harness.answers import (
    Ask,
    CheckFinished,
    CheckStarted,
    Done,
    EngineEvent,
    EngineReply,
    Executed,
    IndexProgress,
    Kept,
    LandingPlan,
    LandingResult,
    Lost,
    Note,
    PackPiece,
    PackView,
    Paper,
    ProposalChanged,
    Proposals,
    Reach,
    Reversal,
    RunAccepted,
    RunEnded,
    RunProgress,
    RunStory,
    SessionRow,
    Sessions,
    Status,
    StepRow,
    Verified,
    WorkflowRow,
    Workflows,
)
from bridle.harness.lines import (
    Edited,
    EditedFile,
    EditLines,
    LinesReply,
    LinesRequest,
    ReadLines,
    Refusal,
    RefusedPlace,
    Shown,
)
from bridle.harness.navigation import (
    Area,
    FindSymbols,
    GetDefinitions,
    GetImpact,
    GetOutline,
    GetRelated,
    GetUses,
    Impact,
    Known,
    NavigationReply,
    NavigationRequest,
    Reached,
    RelatedSymbols,
    Relation,
    Spot,
    SymbolRow,
    Symbols,
    Uses,
)
from bridle.harness.nouns import (
    Badge,
    Buffer,
    Clash,
    Fault,
    FilePatch,
    Finding,
    Flag,
    Hunk,
    Origin,
    Proposal,
    ProposalId,
    ReachRow,
    Related,
    RunId,
    Selection,
    Usage,
    UserProblem,
    Values,
    Verdict,
)
from bridle.harness.pastruns import DiscardRun, ForkRun, GetSessions, GetStory, PastRequest, ResumeRun
from bridle.indexer.text import LineEdit

__all__ = [
    "About", "AcceptFinding", "Area", "Ask", "Author", "Badge", "Buffer", "Caller", "CancelRun", "Change",
    "CheckFinished", "CheckStarted", "Clash", "Closed", "DiscardRun", "Done", "EditLines", "Edited", "EditedFile",
    "Engine", "EngineEvent", "EngineReply", "EngineRequest", "Exec", "Executed", "Fault", "FilePatch", "FindSymbols",
    "Finding", "FinishLanding", "Flag", "ForkRun", "GetAbout", "GetContext", "GetDefinitions", "GetImpact",
    "GetOutline", "GetProposals", "GetReach", "GetRelated", "GetReversal", "GetSessions", "GetStatus", "GetStory",
    "GetUses", "GetWorkflows", "GrantNeeds", "Hunk", "Impact", "IndexProgress", "Kept", "Known", "LandingPlan",
    "LandingResult", "LinesReply", "LinesRequest", "Lost", "NavigationReply", "NavigationRequest", "Note", "Origin",
    "PackPiece", "PackView", "Paper", "PastRequest", "PauseIndexing", "PrepareLanding", "PrepareRewind", "PrepareUndo",
    "Proposal", "ProposalChanged", "ProposalId", "Proposals", "ProveLanded", "Reach", "ReachRow", "Reached",
    "ReadLines", "Refresh", "Refusal", "RefusedPlace", "Reject", "Related", "RelatedSymbols", "Relation", "ReplyTo",
    "ResumeRun", "Reversal", "RunAccepted", "RunEnded", "RunId", "RunProgress", "RunStory", "Selection", "SessionRow",
    "Sessions", "SetTrust", "Shown", "Spot", "StartRun", "Status", "StepRow", "SymbolRow", "Symbols", "SyncBuffers",
    "TakeBackFinding", "Usage", "UserProblem", "Uses", "Values", "Verdict", "Verified", "Verify", "WorkflowRow",
    "Workflows", "expect",
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
    """Run checks on the tree with its unsaved buffers. `paths` narrows to these files, `checks` to these checks; a
    newer Verify of the same `origin` ends an older one. With `since`, a commit, what its tree had is not `new`.
    `tests` says which run: all, those that reach what changed since they were last seen ("changed": and of all else the
    files that differ from the last commit), or as it suits the origin. With `strength_s`, after green small faults are
    tried out for so long, on the lines that differ from the last commit. `only` are ids of tests, which alone are run.
    → Verified, with events before it.
    """

    paths: tuple[str, ...] = ()
    origin: Literal["save", "command", "accept"] = "command"
    checks: tuple[str, ...] = ()
    since: str = ""
    tests: Literal["", "all", "impact", "changed"] = ""
    strength_s: float = 0.0
    only: tuple[str, ...] = ()


class AcceptFinding(msgspec.Struct, frozen=True, tag=True):
    """The person accepts a finding as often as it stands now: it is known for good, and never new. → Kept."""

    finding: Finding
    count: int = 1


class TakeBackFinding(msgspec.Struct, frozen=True, tag=True):
    """The person takes an acceptance back, the newest when none is named. → Kept."""

    fingerprint: str = ""


class GetReversal(msgspec.Struct, frozen=True, tag=True):
    """How the change that a finding comes from is taken back, on the text as it is, buffers included. → Reversal."""

    origin: Origin


class Exec(msgspec.Struct, frozen=True, tag=True):
    """Run one command of the person in a shadow of the tree as it is; `timeout_s` 0 takes the setting.

    With `offer`, what it changed becomes a proposal. → Executed.
    """

    argv: tuple[str, ...]
    timeout_s: float = 0.0
    offer: bool = False


class GrantNeeds(msgspec.Struct, frozen=True, tag=True):
    """The person grants a check what its verdict said that it needs: kept in their own settings. → Done."""

    check: str
    needs: tuple[str, ...]


class StartRun(msgspec.Struct, frozen=True, tag=True):
    """Begin a run of the workflow of this name; the reply comes at once, the rest as events. → RunAccepted.

    `sources` are arguments of the sources that it names, by source; `pinned` and `excluded` the person's wishes for its
    context, as for GetContext.
    """

    workflow: str
    instruction: str
    at: Selection | None = None
    finding: Finding | None = None
    sources: dict[str, dict[str, str]] = {}
    pinned: tuple[Selection, ...] = ()
    excluded: tuple[str, ...] = ()


class GetWorkflows(msgspec.Struct, frozen=True, tag=True):
    """→ Workflows."""


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
    buffers as last synced; the engine then verifies again before it answers, unless `force`. `confirmed` are files
    outside of what the run was started on that the person said yes to. → LandingPlan.
    """

    proposal: ProposalId
    rebased: tuple[FilePatch, ...] = ()
    force: bool = False
    hunks: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()


class PrepareUndo(msgspec.Struct, frozen=True, tag=True):
    """The inverse of the last change of a run that landed, of the last of all when `run` is empty. → LandingPlan.

    `choices` say, clash by clash, whether to keep what the person made of the lines or to take it back as well.
    """

    run: str = ""
    choices: dict[str, Literal["keep", "take"]] = {}


class PrepareRewind(msgspec.Struct, frozen=True, tag=True):
    """Make a run ready to go on from where it stood after its record `to`: what it landed since is taken back, what was
    taken back since lands again, and what the person typed meanwhile stays. FinishLanding then does it.

    `only` leaves the conversation, or the files, as they are. `choices` as for PrepareUndo. → LandingPlan.
    """

    run: RunId
    to: int = 1
    only: Literal["", "files", "conversation"] = ""
    choices: dict[str, Literal["keep", "take"]] = {}


class FinishLanding(msgspec.Struct, frozen=True, tag=True):
    """What became of the open documents; closed files are written now, unless an open document failed.

    `landed` are paths whose text is confirmed by echo, with the version it had then and its text. `inverses` take their
    edit back from that text, and nothing that the person typed while it was on its way. `hunks` are those that the
    person took of what was prepared, where the editor let them choose: only these land, without proof. → LandingResult.
    """

    plan: str
    landed: tuple[Buffer, ...]
    failed: tuple[str, ...] = ()
    reason: str = ""
    inverses: Mapping[str, tuple[LineEdit, ...]] = {}
    hunks: tuple[str, ...] = ()


class ProveLanded(msgspec.Struct, frozen=True, tag=True):
    """Earn a badge for hunks that landed together, on the tree as it is now. → LandingPlan, of which only `proposal`
    tells: its badge is that of these hunks as they stand. Nothing changes.
    """

    proposal: ProposalId
    hunks: tuple[str, ...]


class GetContext(msgspec.Struct, frozen=True, tag=True):
    """→ PackView: what a run would send, and why; of `why_not`, a path, why no more of it."""

    instruction: str
    at: Selection | None = None
    n_tokens: int = 4000
    pinned: tuple[Selection, ...] = ()
    excluded: tuple[str, ...] = ()
    why_not: str = ""


class PauseIndexing(msgspec.Struct, frozen=True, tag=True):
    """Read no more files until told to go on; open documents are followed all the same. → Done."""

    paused: bool = True


class GetReach(msgspec.Struct, frozen=True, tag=True):
    """→ Reach: which tests reach the functions of a file, when they ran and on what text."""

    path: str


EngineRequest = (
    GetStatus | SetTrust | SyncBuffers | Verify | Exec | GrantNeeds | StartRun | CancelRun | ReplyTo | GetProposals
    | Reject | PrepareLanding | PrepareUndo | FinishLanding | GetContext | GetWorkflows | Refresh | PrepareRewind
    | AcceptFinding | TakeBackFinding | GetReversal | GetReach | GetAbout | PauseIndexing | ProveLanded
    | PastRequest | NavigationRequest | LinesRequest
)  # fmt: skip

ENDED_BY_LEAVING = NavigationRequest | Verify | GetAbout

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
        """Ask, and wait for the answer. Raises UserProblem, Closed, TimeoutError.

        Who stops waiting for one of `ENDED_BY_LEAVING` ends the work on it; other work goes on.
        """
        ...

    def listen(self, listener: Callable[[EngineEvent], None]) -> None:
        """Hand over the listener."""
        ...

    async def close(self) -> None:
        """End the engine and everything it started."""
        ...
