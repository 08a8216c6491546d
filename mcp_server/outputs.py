"""What each tool answers: frozen data, from which its output schema is made. Lines are from 1 and inclusive."""

from __future__ import annotations

from typing import Literal

import msgspec


class Piece(msgspec.Struct, frozen=True):
    """One part of a pack."""

    path: str
    start_line: int
    end_line: int
    detail: str
    n_tokens: int
    reason: str


class LeftOut(msgspec.Struct, frozen=True):
    """What a pack has not, and why."""

    path: str
    reason: str


class ContextOutput(msgspec.Struct, frozen=True):
    """What a model should see for a task: `text`, and its bill."""

    text: str
    n_tokens: int
    budget: int
    pieces: list[Piece]
    left_out: list[LeftOut]


class SymbolRow(msgspec.Struct, frozen=True):
    """A definition."""

    id: str
    kind: str
    name: str
    qualname: str
    signature: str
    path: str
    start_line: int
    end_line: int


class SymbolsOutput(msgspec.Struct, frozen=True):
    """Definitions, best first. `complete` is false while files are still to be read."""

    symbols: list[SymbolRow]
    complete: bool
    next_start: int | None = None


class Definition(msgspec.Struct, frozen=True):
    """A definition that was meant."""

    id: str
    kind: str
    path: str
    start_line: int
    end_line: int


class ReachedRow(msgspec.Struct, frozen=True):
    """A definition that a change can reach; `way` are ids, from it to what was asked for."""

    id: str
    kind: str
    path: str
    start_line: int
    end_line: int
    confidence: float
    test: bool
    way: list[str]


class ImpactOutput(msgspec.Struct, frozen=True):
    """What a change of `of` can reach, surest first."""

    of: list[Definition]
    reached: list[ReachedRow]
    total: int
    complete: bool
    next_start: int | None = None


class ReadOutput(msgspec.Struct, frozen=True):
    """Lines with their anchors, in `text`: "41kd" and a tab before each line."""

    path: str
    rev: int
    text: str
    total_lines: int
    next_start_line: int | None = None


class ChangedFile(msgspec.Struct, frozen=True):
    """One file of an edit. `rev` and `text`, anchors around the change, are there once it is written."""

    path: str
    added: int
    removed: int
    warnings: list[str]
    rev: int | None = None
    text: str = ""


class ApplyOutput(msgspec.Struct, frozen=True):
    """What became of edits; `next_step` says what to do, or whom to ask."""

    outcome: Literal["landed", "offered", "checked"]
    files: list[ChangedFile]
    proposal: str
    reason: str
    next_step: str


class FindingRow(msgspec.Struct, frozen=True):
    """One complaint of a check."""

    path: str
    start_line: int
    code: str
    severity: str
    message: str
    new: bool
    test: str


class VerdictRow(msgspec.Struct, frozen=True):
    """What one check says. `n_findings` counts those that were left out, too."""

    check: str
    outcome: str
    seconds: float
    collected: int
    passed: int
    sandbox: str
    reason: str
    next_step: str
    findings: list[FindingRow]
    n_findings: int


class VerifyOutput(msgspec.Struct, frozen=True):
    """What the checks say of the tree with this digest. Only "pass" is green; "unknown" is not: see `reason`."""

    outcome: str
    reason: str
    tree: str
    verdicts: list[VerdictRow]
