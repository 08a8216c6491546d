"""What a shadow is to the rest of the house: a copy-on-write view of the workspace in which commands run.

Every rung of the ladder keeps the same promises, and one contract test holds them all to it. What a rung cannot
promise it says in its probe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from bridle.indexer.files import TreeState
from bridle.indexer.process import CAP_BYTES, Cancel, Completed

RungName = Literal["bubblewrap+overlay", "namespaces+overlay", "container", "scratch copy"]
RUNGS: tuple[RungName, ...] = ("bubblewrap+overlay", "namespaces+overlay", "scratch copy")
"""Best first. A container comes before the scratch copy where the person has named one."""
SANDBOXES: tuple[RungName, ...] = ("bubblewrap+overlay", "namespaces+overlay", "container")
"""Those that keep a command from the rest of the machine."""


UNSET = "its sandbox cannot be set up"
"""How a command that never began is told, where the sandbox is why."""
UNSET_STEP = "look with `bridle doctor` which sandboxes work here, and try it again"


class Access(msgspec.Struct, frozen=True):
    """What one command is granted beyond the sandbox.

    `ports` of this machine's loopback answer at the command's own 127.0.0.1. `variables` of our environment are handed
    on. `readable` paths are put back, read-only. `hosts` are reached through a proxy that lets nobody else through.
    """

    ports: tuple[int, ...] = ()
    variables: tuple[str, ...] = ()
    readable: tuple[Path, ...] = ()
    hosts: tuple[str, ...] = ()


NOTHING = Access()


class Passage(msgspec.Struct, frozen=True):
    """One time that a command asked its proxy for a host. `refused` says why not, "" where it was let through."""

    host: str
    port: int
    refused: str = ""
    sent_bytes: int = 0
    received_bytes: int = 0


class Command(msgspec.Struct, frozen=True):
    """One command, as it is asked for; see `Shadow.run`."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    timeout_s: float
    report: Path | None = None
    cancel: Cancel | None = None
    cap_bytes: int = CAP_BYTES
    access: Access = NOTHING
    volume: Path | None = None
    """Where tools keep their caches; writable, and no part of the view."""


class Change(msgspec.Struct, frozen=True):
    """One file or link that stands differently in the shadow than in the person's tree.

    With the bytes that `Shadow.read` returns it is exact: `link` is where a symbolic link points, "" for a file;
    `executable` is the new mode where that changed, None where it did not; `source` is the path of a file that is gone
    and was the same, byte by byte, so that this is what became of it.
    """

    path: str
    kind: Literal["created", "modified", "deleted"]
    link: str = ""
    executable: bool | None = None
    source: str = ""


class Standing(msgspec.Struct, frozen=True):
    """What one look at a view found: its content, and the workspace's paths that changed since the first look."""

    tree: TreeState
    moved: tuple[str, ...]


class RungProbe(msgspec.Struct, frozen=True):
    """What trying one rung showed. `detail` names what it lacks; `next_step` what a person can do about it."""

    name: RungName
    works: bool
    detail: str
    next_step: str = ""


class Shadow(Protocol):
    """A view of one workspace. Calls are serial; paths are relative to the root, "/" between their parts."""

    @property
    def workspace(self) -> Path:
        """The person's tree."""
        ...

    @property
    def root(self) -> Path:
        """Where commands see the tree: the workspace's own path, or the copy's."""
        ...

    @property
    def rung(self) -> str:
        """The rung of the ladder, one of `RUNGS`."""
        ...

    @property
    def declined(self) -> tuple[str, ...]:
        """Why the rungs above this one were not taken, and its layers not kept where they belong, a sentence each."""
        ...

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Which hosts commands asked their proxy for, in order."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None when there is no regular file."""
        ...

    def write(self, path: str, data: bytes | None, executable: bool | None = None) -> None:
        """Write or delete (None) a file of the shadow; its mode stays but for that bit, where it is said.

        Bytes of a link (`bridle.harness.symlinks`) make one. Raises UserProblem.
        """
        ...

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] = {},
        timeout_s: float,
        report: Path | None = None,
        cancel: Cancel | None = None,
        cap_bytes: int = CAP_BYTES,
        access: Access = NOTHING,
    ) -> Completed:
        """Run a command in the root and keep what it wrote. `env` is added to the allowed environment.

        `report` is a file outside the tree that the command may write; `access` is what it is granted beyond the
        sandbox. Raises UserProblem when it cannot start.
        """
        ...

    def prove(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] = {},
        timeout_s: float,
        report: Path | None = None,
        cancel: Cancel | None = None,
        cap_bytes: int = CAP_BYTES,
        access: Access = NOTHING,
    ) -> Completed:
        """As `run`, on the workspace plus exactly what `changes` offers, and keep nothing that it writes.

        What earlier commands left in ignored places (byte code, installed packages, build output) is not there,
        so that what is proved is what would land.
        """
        ...

    def changes(self) -> tuple[Change, ...]:
        """Return what differs from the workspace, in path order: written here, or by commands where not ignored."""
        ...

    def unoffered(self) -> tuple[Change, ...]:
        """Return what commands changed at ignored paths, in path order: it is told, and never lands."""
        ...

    def standing(self) -> Standing:
        """Return the content of the view and what moved under it, both of one look at the workspace."""
        ...

    def tree(self) -> TreeState:
        """Return the content of the view: the workspace's files that are not ignored, and the changes."""
        ...

    def is_view(self, device: int, inode: int) -> bool:
        """Tell whether a root folder that a command reports (st_dev, st_ino) is this shadow's."""
        ...

    def new_report(self) -> Path:
        """Return a fresh file outside the tree whose name nobody can guess."""
        ...

    def close(self) -> None:
        """Remove what the shadow wrote. May be called again."""
        ...
