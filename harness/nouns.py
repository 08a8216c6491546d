"""The nouns that travel between the rooms of the harness and out to its doors: frozen data, no behaviour.

Lines are 0-based and half-open here; doors translate. Everything is a msgspec struct, so that it crosses a
process border unchanged.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, NewType

import msgspec

from bridle.indexer.text import LineEdit

RunId = NewType("RunId", str)
ProposalId = NewType("ProposalId", str)

Outcome = Literal["pass", "fail", "unknown", "timeout", "flaky"]
Severity = Literal["error", "warning", "information", "hint"]
HunkState = Literal["open", "needs refresh", "accepted", "rejected", "undone"]


class Buffer(msgspec.Struct, frozen=True):
    """The text of one open document. `dirty` is not said here: the engine compares with the disk."""

    path: str
    version: int
    text: str


class Selection(msgspec.Struct, frozen=True):
    """Lines ``[start_line, end_line)`` of a document; `end_line` is past `start_line` even for a bare cursor."""

    path: str
    start_line: int
    end_line: int


class Related(msgspec.Struct, frozen=True):
    """A second place that belongs to a finding; `changed` says that it was changed lately and is reached from there."""

    path: str
    start_line: int
    message: str
    changed: bool = False


class Values(msgspec.Struct, frozen=True):
    """What the locals were when lines ``[start_line, end_line)`` failed, name and text, in the order of the code.

    `digest` is that of the file's bytes as they ran: for any other text the values mean nothing. They are for the
    person alone: no order, prompt or receipt carries them.
    """

    path: str
    start_line: int
    end_line: int
    digest: str
    shown: tuple[tuple[str, str], ...] = ()
    n_left_out: int = 0


class Origin(msgspec.Struct, frozen=True):
    """The change that a finding comes from: the lines that hold it now, and `since` what they are different.

    `whole` says that the file was not there then, so that there is nothing to go back to.
    """

    path: str
    start_line: int
    end_line: int
    since: str
    whole: bool = False


class Finding(msgspec.Struct, frozen=True):
    """One complaint of one tool on one place.

    `path` is relative to the root ("" when the complaint has no file); characters are code points of the line.
    `fingerprint` is stable over moves: tool, code, path, message normalised, text of the source line.
    `new` is False when the tree before the change had it too, or when a person `accepted` it. `test` is the id of the
    failing test, if it is one.
    """

    check: str
    path: str
    start_line: int
    end_line: int
    message: str
    code: str = ""
    severity: Severity = "error"
    start_character: int = 0
    end_character: int = 0
    new: bool = True
    fingerprint: str = ""
    detail: str = ""
    test: str = ""
    related: tuple[Related, ...] = ()
    fix: tuple[LineEdit, ...] = ()
    href: str = ""
    accepted: bool = False
    values: tuple[Values, ...] = ()
    origin: Origin | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What one check said about one tree.

    `looked_at` are the files that it takes the place of earlier verdicts for, where it was narrowed to those by itself.
    `tree` is the digest of the tree that it was earned on; `reason` says why where the outcome is not plain;
    `next_step` says who can do what about it. `collected` counts its `unit`: tests, files examined, or mutants.
    `needs` is what would make it plain, where a person can grant it. `fixed` are findings of the ground that are gone.
    `report` is the digest of what the tool reported, `receipt` the id under which the evidence is kept,
    `log_file` where its whole log lies, "" where none is kept. `ids` of the tests that ran are told to the ladder
    alone, which keeps them with the receipt. `extent` says in words which part of the tests was run, "" for all.
    """

    check: str
    outcome: Outcome
    seconds: float
    tree: str
    rung: str
    collected: int = 0
    passed: int = 0
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    next_step: str = ""
    command: tuple[str, ...] = ()
    exit_code: int | None = None
    log: str = ""
    needs: tuple[str, ...] = ()
    unit: Literal["test", "file", "mutant"] = "file"
    looked_at: tuple[str, ...] = ()
    fixed: tuple[Finding, ...] = ()
    report: str = ""
    receipt: str = ""
    log_file: str = ""
    ids: tuple[str, ...] = ()
    extent: str = ""


class ReachRow(msgspec.Struct, frozen=True):
    """The tests that were seen to execute one function, lines ``[start_line, end_line)`` of its file.

    `seconds_ago` is when the newest of them ran; `same_text` tells whether the function still is as it was then.
    `tests` are ids, those that failed first, not all where there are very many.
    """

    name: str
    start_line: int
    end_line: int
    n_tests: int
    n_failed: int
    seconds_ago: float
    same_text: bool
    tests: tuple[str, ...] = ()


class FilePatch(msgspec.Struct, frozen=True):
    """An exact, invertible change of one file.

    `edits` are in lines of the text before; `before` and `after` are digests of the bytes, None where the file is
    not there. `base_version` is the open document's version that `before` was taken from, None for a closed file.
    `whole` says that no lines can tell the change (no text, or a link): the bytes are had by their digests alone.
    `executable` is that bit before and after, where it changes; `mode` are the permission bits of a file that is
    there on one side alone, None where nobody noted them.
    """

    path: str
    before: str | None
    after: str | None
    edits: tuple[LineEdit, ...]
    inverse: tuple[LineEdit, ...]
    base_version: int | None = None
    whole: bool = False
    executable: tuple[bool, bool] | None = None
    mode: int | None = None

    @property
    def in_lines(self) -> bool:
        """Whether its lines tell all of it, so that an open document can take it."""
        return not self.whole and self.executable is None


class Hunk(msgspec.Struct, frozen=True):
    """One part of a proposal that the person may take or leave: edit number `edit` of a file, None for all of it.

    Hunks of one `group` (the id of its first) stand or fall together. "needs refresh" says that the lines it was
    made for were changed: it can no longer be taken, only asked for again.
    """

    id: str
    path: str
    edit: int | None
    group: str
    state: HunkState = "open"


class Flag(msgspec.Struct, frozen=True):
    """A gate's objection to a patch. `blocks` means that only a person may wave it through."""

    gate: str
    path: str
    start_line: int
    reason: str
    remedy: str
    blocks: bool = True


class Badge(msgspec.Struct, frozen=True):
    """What was verified, in words, and on which tree. `state` climbs; `text` always names its object."""

    state: Literal["unverified", "checking", "verified", "not green", "unknown", "refused", "stale"]
    text: str
    tree: str = ""


class Proposal(msgspec.Struct, frozen=True):
    """A patch on offer. `changed_since` lists paths that moved since it was verified.

    `hunks` are its parts, in order of path and line. `state` tells of all of them: "open" while one waits. `outside`
    are files that leave what the run was started on, each with the reason: they are confirmed one by one. `notes` are
    what to know of it besides the badge: what was assumed, what an evaluator said.
    """

    id: ProposalId
    run: RunId
    title: str
    files: tuple[FilePatch, ...]
    badge: Badge
    verdicts: tuple[Verdict, ...] = ()
    flags: tuple[Flag, ...] = ()
    state: Literal["open", "accepted", "rejected", "undone"] = "open"
    changed_since: tuple[str, ...] = ()
    diff: str = ""
    added: int = 0
    removed: int = 0
    hunks: tuple[Hunk, ...] = ()
    outside: dict[str, str] = {}
    notes: tuple[str, ...] = ()

    def taking(self, ids: Collection[str] = ()) -> tuple[Hunk, ...]:
        """Return the open hunks among `ids` with the rest of their groups; all that are open for none."""
        groups = {hunk.group for hunk in self.hunks if hunk.id in ids}
        return tuple(hunk for hunk in self.hunks if hunk.state == "open" and (not ids or hunk.group in groups))


class Clash(msgspec.Struct, frozen=True):
    """A part of a change that cannot be taken back without losing what the person made of it since.

    `mine` are the lines that stand at ``[start_line, end_line)`` now, `before` those that would come back.
    `choice` is what the person said about it.
    """

    id: str
    path: str
    start_line: int
    end_line: int
    mine: str
    before: str
    choice: Literal["", "keep", "take"] = ""


class Usage(msgspec.Struct, frozen=True):
    """What the model cost. `cost_usd_micros` is None where the model's price is not known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd_micros: int | None = 0
    turns: int = 0
    seconds: float = 0.0


class Budget(msgspec.Struct, frozen=True):
    """Limits of one run; `stall_s` is how long it may stand still."""

    tokens: int = 200_000
    cost_usd_micros: int = 2_000_000
    seconds: float = 600.0
    turns: int = 24
    stall_s: float = 300.0


class UserProblem(Exception):
    """Something that the person can put right. The text names the thing, what was expected, and what to do."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class Fault(Exception):
    """Something that is wrong with us, with the evidence."""
