"""What a door may ask for an agent that brings a model of its own: lines shown so that they can be edited, and edits.

Requests and replies, frozen; `editing.py` answers them. Lines are 0-based and half-open. What an agent cannot have is
answered with a `Refusal`, which is written for the agent to put its next call right.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

# --- requests ---------------------------------------------------------------------------------------------------


class ReadLines(msgspec.Struct, frozen=True, tag=True):
    """Show lines of a file with their anchors, which may be edited from then on. → Shown or Refusal."""

    path: str
    start: int = 0
    end: int | None = None


class EditLines(msgspec.Struct, frozen=True, tag=True):
    """Edit lines that were shown; `files` is the edit tool's own input. With `dry_run` all is checked and no more.

    It becomes a proposal of the agent `by`, and lands at once where the rules allow each of its edits; where one has to
    be asked about it waits for the person. → Edited or Refusal.
    """

    files: list[dict[str, Any]]
    dry_run: bool = False
    by: str = ""


LinesRequest = ReadLines | EditLines

# --- replies ----------------------------------------------------------------------------------------------------


class Shown(msgspec.Struct, frozen=True, tag=True):
    """Lines of one revision of a file, in the read form. `shown` are those that `text` has, of `total`."""

    path: str
    rev: int
    digest: str
    shown: tuple[tuple[int, int], ...]
    total: int
    text: str


class EditedFile(msgspec.Struct, frozen=True):
    """What became, or would, of one file; `rev` and `text`, anchors around the change, are of one that landed."""

    path: str
    added: int
    removed: int
    rev: int | None = None
    text: str = ""
    warnings: tuple[str, ...] = ()


class Edited(msgspec.Struct, frozen=True, tag=True):
    """Edits that are fine: landed, on offer (`reason` says why no more), or only checked."""

    outcome: Literal["landed", "offered", "checked"]
    files: tuple[EditedFile, ...]
    proposal: str = ""
    reason: str = ""


class RefusedPlace(msgspec.Struct, frozen=True):
    """One thing that is wrong: a code of the edit tools, where, and what."""

    code: str
    path: str
    message: str


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """Nothing was done. `text` tells all of it, with a call that can be sent as it is, `fragment`, if there is one."""

    text: str
    problems: tuple[RefusedPlace, ...]
    fragment: str = ""


LinesReply = Shown | Edited | Refusal
