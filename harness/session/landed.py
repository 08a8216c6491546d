"""What happens to the person's files, as it is journaled: landings, what came of them, and going back. Frozen data.

A field may be added with a default; none is ever renamed, for old journals are read with these types.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from bridle.harness.nouns import Badge, Flag


class FileChange(msgspec.Struct, frozen=True):
    """One file's bytes before and after, by the digests under which the content store has them; None: not
    there.

    `open` files are documents of the editor, which changes them itself. `executable` is that bit before and after,
    where it changes; `mode` are the permission bits of a file that is there on one side alone.
    """

    path: str
    before: str | None
    after: str | None
    open: bool = False
    executable: tuple[bool, bool] | None = None
    mode: int | None = None


class Prepared(msgspec.Struct, frozen=True):
    """The intent: a landing is about to begin. `undoes` is the one that it takes back, "" for none.

    One that is to bring the run's files back to how they stood after a record says which in `rewinds`, 0 for none, and
    in `what` whether its conversation goes back there as well.
    """

    plan: str
    files: tuple[FileChange, ...]
    proposal: str = ""
    undoes: str = ""
    hunks: tuple[str, ...] = ()
    rewinds: int = 0
    what: Literal["both", "files"] = "both"


class Overridden(msgspec.Struct, frozen=True):
    """A person takes what the proof does not carry: what the badge said, and the objections that were waved through."""

    proposal: str
    badge: Badge
    flags: tuple[Flag, ...] = ()
    hunks: tuple[str, ...] = ()


class Confirmed(msgspec.Struct, frozen=True):
    """The open documents hold their text; from here on a landing is carried through, not taken back.

    `files` are those of the intent as they come to stand; journals from before this was told have none.
    """

    plan: str
    unsaved: tuple[str, ...] = ()
    files: tuple[FileChange, ...] = ()


class Landed(msgspec.Struct, frozen=True):
    """A landing is done. `kept` are files that were left as the person had changed them."""

    plan: str
    written: tuple[str, ...] = ()
    unsaved: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


class RolledBack(msgspec.Struct, frozen=True):
    """A landing did not happen; every file is as it was before, but for `kept`."""

    plan: str
    reason: str = ""
    kept: tuple[str, ...] = ()


class Undone(msgspec.Struct, frozen=True):
    """A landing was taken back."""

    plan: str


class Rewound(msgspec.Struct, frozen=True):
    """The run goes on from where it stood after the record `to`: its files, its conversation with the changes in its
    shadow, or both. No record is gone; what was spent stays spent.

    `plan` is the landing that brought files back, "" where none had to be; what was written is told as in `Landed`.
    """

    to: int
    what: Literal["both", "files", "conversation"] = "both"
    plan: str = ""
    written: tuple[str, ...] = ()
    unsaved: tuple[str, ...] = ()
