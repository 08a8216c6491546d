"""What the engine answers and what it tells on its own: frozen data, the second half of the protocol in `engine.py`."""

from __future__ import annotations

from typing import Literal

import msgspec

from bridle.harness.about import About
from bridle.harness.lines import LinesReply
from bridle.harness.navigation import NavigationReply
from bridle.harness.nouns import Clash, FilePatch, Outcome, Proposal, ReachRow, RunId, Usage, Verdict
from bridle.indexer.text import LineEdit

# --- replies ----------------------------------------------------------------------------------------------------


class Done(msgspec.Struct, frozen=True, tag=True):
    """Nothing more to say."""


class Status(msgspec.Struct, frozen=True, tag=True):
    """How things stand. `model` is "" when none is set up; `next_step` says what to do then.

    `fix_cost_usd_micros` is what a fix came to here as a rule, or would by its model's price; None where nobody knows.
    `lint` and `types` say whether such findings are shown beside other tools', `navigation` where the way around the
    code is told, as the person's own file has it.
    """

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
    fix_cost_usd_micros: int | None = None
    lint: Literal["auto", "on", "off"] = "auto"
    types: Literal["auto", "on", "off"] = "auto"
    navigation: Literal["off", "fallback", "on"] = "fallback"


class Verified(msgspec.Struct, frozen=True, tag=True):
    """The verdicts of one `Verify`.

    `outcome` is "pass" only when every one passed, "cancelled" when a newer request of the same origin came. `gone` are
    files that findings were told of before and that are there no more.
    """

    outcome: Outcome | Literal["cancelled"]
    tree: str
    verdicts: tuple[Verdict, ...]
    buffers: dict[str, int] = {}
    gone: tuple[str, ...] = ()


class ShadowChange(msgspec.Struct, frozen=True):
    """One file that a command changed in its shadow; `left_out` says why it is not offered, "" where it is."""

    path: str
    kind: Literal["created", "modified", "deleted", "renamed"]
    left_out: str = ""
    source: str = ""


class Executed(msgspec.Struct, frozen=True, tag=True):
    """How one command ended, with the first and last part of what it printed. Nothing of the tree is changed by it.

    `exit_code` is None where it was ended; `reason` says why then. `ignored` are paths that git would ignore, of which
    nothing is offered. `proposal` is "" where nothing was. `cpu_s` and `peak_bytes` (of its largest process) are what
    it used.
    """

    run: RunId
    outcome: Outcome
    exit_code: int | None
    seconds: float
    rung: str
    stdout: bytes
    stderr: bytes
    truncated: bool
    changes: tuple[ShadowChange, ...] = ()
    ignored: tuple[str, ...] = ()
    reason: str = ""
    proposal: str = ""
    cpu_s: float = 0.0
    peak_bytes: int = 0


class RunAccepted(msgspec.Struct, frozen=True, tag=True):
    """The run has begun; its events carry this id."""

    run: RunId


class Proposals(msgspec.Struct, frozen=True, tag=True):
    """All proposals that are known for this root."""

    proposals: tuple[Proposal, ...]


class Kept(msgspec.Struct, frozen=True, tag=True):
    """What is accepted after a request that changed it: (check, fingerprint) and how often; and what was changed."""

    accepted: tuple[tuple[str, str, int], ...]
    changed: str = ""


class Reversal(msgspec.Struct, frozen=True, tag=True):
    """The edits that take one change back, in lines of the file as it is; `digest` is that of the text they are for."""

    path: str
    edits: tuple[LineEdit, ...]
    since: str
    digest: str


class LandingPlan(msgspec.Struct, frozen=True, tag=True):
    """What to send to open documents (`open_files`, each against `base_version`) and what the engine writes itself.

    `refused` is the reason why nothing may land ("" when it may). `proposal` has the badge of what is to land, which
    is not the whole's where only a part was chosen. `clashes` of an undo wait for the person's choice, or tell it.
    `confirm` are files that wait for the person's yes, each with the reason: nothing is prepared before.
    """

    id: str
    open_files: tuple[FilePatch, ...]
    closed_files: tuple[str, ...]
    refused: str = ""
    proposal: Proposal | None = None
    title: str = ""
    clashes: tuple[Clash, ...] = ()
    confirm: dict[str, str] = {}


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
    """The context bill, with the text as the model would get it. `notes` say how its order came about."""

    n_tokens: int
    budget: int
    pieces: tuple[PackPiece, ...]
    left_out: tuple[tuple[str, str], ...]
    text: str
    why_not: str = ""
    notes: tuple[str, ...] = ()


class SessionRow(msgspec.Struct, frozen=True):
    """One run in the list; `started` is in seconds since the epoch. `parent` is the run that it was forked from.

    `live` says that a process has it in hand, `title` in one line what it is about.
    """

    id: RunId
    workflow: str
    instruction: str
    outcome: str
    started: float
    steps: int
    resumable: bool
    usage: Usage
    parent: str = ""
    live: bool = False
    title: str = ""


class WorkflowRow(msgspec.Struct, frozen=True):
    """A workflow that can be run. `path` is "" for one that ships; `changes` tells whether it comes to a change."""

    name: str
    title: str
    needs: Literal["instruction", "finding", "either", "nothing"]
    changes: bool
    path: str = ""
    problem: str = ""


class Workflows(msgspec.Struct, frozen=True, tag=True):
    """The workflows of this root, and what is wrong with files that were to be some: (what, what to do)."""

    workflows: tuple[WorkflowRow, ...]
    problems: tuple[tuple[str, str], ...] = ()


class Reach(msgspec.Struct, frozen=True, tag=True):
    """Which tests reach the functions of a file, as far as any were seen."""

    rows: tuple[ReachRow, ...] = ()


class Sessions(msgspec.Struct, frozen=True, tag=True):
    """The runs of this root."""

    sessions: tuple[SessionRow, ...]


class StepRow(msgspec.Struct, frozen=True):
    """One step of a run: `seq` is the number that going back to it takes; `stands` says that it was not cut by going
    back.
    """

    seq: int
    time: float
    text: str
    stands: bool = True


class RunStory(msgspec.Struct, frozen=True, tag=True):
    """One run told as a whole, a line each: what it was asked and what came of it. `steps` are its latest."""

    session: SessionRow
    lines: tuple[str, ...]
    steps: tuple[StepRow, ...]


EngineReply = (
    Done | Status | Verified | Executed | RunAccepted | Proposals | LandingPlan | LandingResult | PackView | Sessions
    | RunStory | Workflows | Kept | Reversal | Reach | About | NavigationReply | LinesReply
)  # fmt: skip

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
    """A run came to its end; `reason` is for the person, `proposal` is "" when there is none.

    One that is `resumable` only stopped: it goes on where it stands when it is taken up.
    """

    run: RunId
    outcome: Literal[
        "succeeded", "failed", "budget", "turns", "timed out", "stalled", "cancelled", "refused", "needs a person"
    ]
    reason: str
    rounds: int
    usage: Usage
    proposal: str = ""
    resumable: bool = False


class Paper(msgspec.Struct, frozen=True, tag=True):
    """A run wrote something for the person to read: a plan, an explanation, a review. `path` is the file with it."""

    run: RunId
    name: str
    path: str
    text: str = ""


class Ask(msgspec.Struct, frozen=True, tag=True):
    """A question to the person; no answer within `timeout_s` counts as `default`.

    `about` tells a question that may be answered beforehand (consent to send) from one that may not.
    """

    id: str
    message: str
    choices: tuple[str, ...]
    default: str
    timeout_s: float
    about: Literal["consent", "permission", "task"] = "consent"


class Note(msgspec.Struct, frozen=True, tag=True):
    """Something the person should know. Shown, not asked."""

    level: Literal["error", "warning", "information"]
    message: str


class IndexProgress(msgspec.Struct, frozen=True, tag=True):
    """How far the index is; `done` when it answers for the whole tree, or is `paused` until told to go on.

    `per_second` are the files that were read in a second so far, 0 where that cannot be told yet.
    """

    n_done: int
    n_files: int
    done: bool
    per_second: int = 0
    paused: bool = False


class Lost(msgspec.Struct, frozen=True, tag=True):
    """The engine died. `again` says whether it was started once more."""

    reason: str
    again: bool


EngineEvent = (
    CheckStarted | CheckFinished | RunProgress | ProposalChanged | RunEnded | Paper | Ask | Note | IndexProgress | Lost
)  # fmt: skip
