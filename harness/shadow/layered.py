"""A shadow made of two layers: all that is the same on every rung. How a command sees them is the rung's own.

The folder of one shadow lies under the state directory, is locked while the shadow is open, and is removed with it;
what a crash left behind is swept by the next one that opens.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import secrets
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.contract import (
    NOTHING,
    UNSET,
    UNSET_STEP,
    Access,
    Change,
    Command,
    Passage,
    RungName,
    Standing,
)
from bridle.harness.shadow.layers import Layers
from bridle.harness.shadow.removal import remove_tree
from bridle.harness.shadow.trees import Ignored, find_changes, ground, merge, moved_paths
from bridle.harness.shadow.volume import volume_of, volume_variables
from bridle.indexer.files import TreeState
from bridle.indexer.process import CAP_BYTES, Cancel, Completed

VOLUME_BYTES = 8 << 30
HISTORY = ".git"
"""Never offered, at whatever depth: a file of that name in a folder can turn the next git command into a program."""
SEALED = (HISTORY, ".venv", "venv", "node_modules")
"""What commands may read but not write: history, and the tools that the proof stands on."""
SCRATCH = ("node_modules/.cache", "node_modules/.vite", "node_modules/.vite-temp")
"""Where tools write for a while beside what is installed: Vite, say, its configuration as a module. Empty each time."""


class Exhibit(Protocol):
    """How a rung shows two layers to a command. `passages` grows with what its commands' proxies were asked for."""

    passages: list[Passage]

    @property
    def rung(self) -> RungName:
        """The rung's name."""
        ...

    def root(self, folder: Path) -> Path:
        """Return where a command sees the tree of the layers in `folder`."""
        ...

    def is_view(self, folder: Path, device: int, inode: int) -> bool:
        """Tell whether a root folder that a command reports is that of the layers in `folder`."""
        ...

    def execute(self, folder: Path, command: Command, *, keep: bool) -> Completed:
        """Run a command on the layers in `folder`; what it writes ends in their upper one if it is to be kept."""
        ...


class LayeredShadow:
    """A shadow over `workspace`."""

    def __init__(self, workspace: Path, state: Path, exhibit: Exhibit, declined: tuple[str, ...] = ()) -> None:
        self.workspace = workspace
        self.declined = declined
        self._exhibit = exhibit
        self._folder, self._lock = _claim(state)
        _lay_out(self._folder, workspace)
        self._layers = Layers(workspace, self._folder / "upper")
        self._ignored = Ignored(workspace)
        self._written: set[str] = set()
        self._proofs = itertools.count()
        self._first: TreeState | None = None

    @property
    def rung(self) -> str:
        """The rung of the ladder."""
        return self._exhibit.rung

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Which hosts commands asked their proxy for, in order."""
        return tuple(self._exhibit.passages)

    @property
    def root(self) -> Path:
        """Where commands see the tree."""
        return self._exhibit.root(self._folder)

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None when there is no regular file."""
        return self._layers.read(path)

    def write(self, path: str, data: bytes | None, executable: bool | None = None) -> None:
        """Write or delete (None) a file or a link of the shadow. Raises UserProblem."""
        if path.partition("/")[0] in SEALED or HISTORY in path.split("/"):
            raise UserProblem(f"{path!r} is sealed: {', '.join(SEALED)} are read-only in a shadow")
        try:
            self._written.add(self._layers.write(path, data, executable))
        except OSError as error:
            problem = f"{path!r} cannot be written in the shadow: {error.strerror}"
            raise UserProblem(
                problem, f"see to {str(self._folder.parent)!r}: is there space, and is it yours?"
            ) from error

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
        """Run a command and keep what it wrote. Raises UserProblem when it cannot start."""
        volume = volume_of(self.workspace, VOLUME_BYTES)
        env = {**(volume_variables(volume) if volume else {}), **env}
        command = Command(tuple(argv), env, timeout_s, report, cancel, cap_bytes, access, volume)
        return self._execute(self._folder, command, keep=True)

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
        """Run a command on the workspace plus exactly what is offered, and keep nothing. Raises UserProblem."""
        command = Command(tuple(argv), env, timeout_s, report, cancel, cap_bytes, access)
        try:
            with self._offered() as folder:
                return self._execute(folder, command, keep=False)
        except OSError as error:
            raise UserProblem(f"{argv[0]!r} cannot be run on what is offered: {error}") from error

    def changes(self) -> tuple[Change, ...]:
        """Return what differs from the workspace, in path order."""
        return self._changes(self._ground())

    def unoffered(self) -> tuple[Change, ...]:
        """Return what commands changed at ignored paths, in path order."""
        return tuple(change for change in self._all_changes(self._ground()) if not self._is_offered(change.path))

    def tree(self) -> TreeState:
        """Return the content of the view."""
        return self.standing().tree

    def standing(self) -> Standing:
        """Return the content of the view and what moved under it, both of one look at the workspace."""
        below = self._ground()
        return Standing(merge(below, self._layers, self._changes(below)), moved_paths(self._first or below, below))

    def is_view(self, device: int, inode: int) -> bool:
        """Tell whether a root folder that a command reports is this shadow's."""
        return self._exhibit.is_view(self._folder, device, inode)

    def new_report(self) -> Path:
        """Return a fresh file outside the tree whose name nobody can guess."""
        path = self._folder / "reports" / secrets.token_hex(16)
        path.touch(0o600, exist_ok=False)
        return path

    def close(self) -> None:
        """Remove what the shadow wrote."""
        remove_tree(self._folder)
        self._lock.close()

    def _ground(self) -> TreeState:
        """Return the state of the person's tree now; the first one is what it moves from."""
        now = ground(self.workspace).state()
        self._first = self._first or now
        return now

    def _changes(self, below: TreeState) -> tuple[Change, ...]:
        return tuple(change for change in self._all_changes(below) if self._is_offered(change.path))

    def _all_changes(self, below: TreeState) -> tuple[Change, ...]:
        return find_changes(below, self._layers, self._layers.scan())

    def _is_offered(self, path: str) -> bool:
        return HISTORY not in path.split("/") and (path in self._written or not self._ignored(path))

    @contextlib.contextmanager
    def _offered(self) -> Generator[Path]:
        """Yield fresh layers that hold the changes and nothing else."""
        folder = self._folder / f"proof-{next(self._proofs)}"
        folder.mkdir(0o700)
        try:
            _lay_out(folder, self.workspace)
            fresh = Layers(self.workspace, folder / "upper")
            for change in self.changes():
                place = None if change.kind == "deleted" else self._layers.entry(change.path)
                fresh.adopt(change.path, place)
            yield folder
        finally:
            remove_tree(folder)

    def _execute(self, folder: Path, command: Command, *, keep: bool) -> Completed:
        try:
            return self._exhibit.execute(folder, command, keep=keep)
        except OSError as error:
            step = UNSET_STEP if UNSET in str(error) else ""
            raise UserProblem(f"{command.argv[0]!r} cannot be started in the shadow: {error}", step) from error


def _claim(state: Path) -> tuple[Path, IO[bytes]]:
    """Return a fresh folder under `state`, locked; sweep those whose owner is gone."""
    state.mkdir(0o700, parents=True, exist_ok=True)
    for old in state.glob("shadow-*"):
        with contextlib.suppress(OSError), _locked(old):
            remove_tree(old)
    name = secrets.token_hex(8)
    fresh = state / f"new-{name}"  # nobody sweeps it before it is locked and has its name
    fresh.mkdir(0o700)
    lock = _locked(fresh)
    return fresh.rename(state / f"shadow-{name}"), lock


def _locked(folder: Path) -> IO[bytes]:
    file = (folder / "lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


def _lay_out(folder: Path, workspace: Path) -> None:
    for name in ("upper", "work", "reports"):
        (folder / name).mkdir(0o700)
    (folder / "upper").chmod(workspace.stat().st_mode & 0o777)
    (folder / "lower").symlink_to(workspace)
