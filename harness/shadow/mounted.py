"""Shows two layers to a command by an overlay mount at the workspace's own path, inside a sandbox.

Each command mounts the same layers anew in a namespace of its own, so there is no mount to lose and nothing to clean.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import time
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Literal

from bridle.harness.shadow.cage import caged, watch_over, with_limits
from bridle.harness.shadow.contract import UNSET, Command, Passage, RungName
from bridle.harness.shadow.doors import doors
from bridle.harness.shadow.environment import (
    environment_of,
    hidden_folders,
    outermost,
    prefixes,
    sockets_in_sight,
    toolchains,
    visible,
)
from bridle.harness.shadow.foreign import naturalised
from bridle.harness.shadow.layered import SCRATCH, SEALED
from bridle.harness.shadow.layers import Layers
from bridle.harness.shadow.limits import Limits, usual_limits
from bridle.harness.shadow.sandbox import Scene, Wrapper, with_bubblewrap, with_namespaces
from bridle.harness.shadow.trees import ground
from bridle.indexer.process import Completed, run

_Reached = Literal["nothing", "namespaces", "command"]
"""How far bubblewrap came: in "namespaces" it broke off while it changed what is mounted."""

WRAPPERS: Mapping[RungName, Wrapper] = {
    "bubblewrap+overlay": with_bubblewrap,
    "namespaces+overlay": with_namespaces,
}
ORPHAN_S = 0.2
DEATH_S = 5.0
SET_UP_S = 10.0
"""For how long a set-up that fails is tried again."""
SET_UP_FAILED = 1
"""How bubblewrap ends when it cannot set up what it was asked for, or finds no such command in it."""
NO_COMMAND = b"bwrap: execvp "
SHOWN = (Path(__file__).parent.parent / "verify" / "plugins",)
"""What of our own the checks need."""


class Mounted:
    """The overlay rungs."""

    def __init__(
        self, rung: RungName, workspace: Path, state: Path, python: str | None = None, limits: Limits | None = None
    ) -> None:
        self.rung: RungName = rung
        self.passages: list[Passage] = []
        self._limits = limits or usual_limits()
        self._wrap = WRAPPERS[rung]
        self._workspace = workspace
        self._hidden = tuple(
            folder for folder in hidden_folders(os.environ, state) if not folder.is_relative_to(workspace)
        )
        wanted = [*prefixes(workspace, os.environ, python), *toolchains(os.environ), *SHOWN]
        outside = [path for path in wanted if not path.is_relative_to(workspace)]
        self._shown = outermost(visible(outside, self._hidden))

    def root(self, folder: Path) -> Path:
        """Return the workspace's own path."""
        return self._workspace

    def is_view(self, folder: Path, device: int, inode: int) -> bool:
        """Tell whether a reported root is not the workspace itself: an overlay has a device of its own."""
        return device != self._workspace.stat().st_dev

    def execute(self, folder: Path, command: Command, *, keep: bool) -> Completed:
        """Run a command on the mounted layers; it writes into their upper one. Raises OSError.

        What is mounted on this machine may change while bubblewrap goes through it (a service that ends takes its
        socket, and what covers it, along): a set-up that failed is tried again. The command has not begun then.
        """
        layers = Layers(self._workspace, folder / "upper")
        given_up_at = time.monotonic() + min(command.timeout_s, SET_UP_S)
        with naturalised(layers, self._files()):
            while True:
                done, reached = self._attempt(folder, command)
                if reached == "command":
                    return done
                if reached == "nothing" or time.monotonic() > given_up_at or _is_cancelled(command):
                    told = done.stderr.decode("utf-8", "replace").strip() or "it does not say why"
                    raise OSError(f"{UNSET}: {told}")

    def _attempt(self, folder: Path, command: Command) -> tuple[Completed, _Reached]:
        """Return how it ended, and how far it came."""
        granted = (path.resolve() for path in command.access.readable)
        with caged(self._limits) as cage:
            with _outliving() as births, doors(command.access, self.passages.append) as doorway:
                scene = Scene(
                    root=self._workspace,
                    folder=folder,
                    hidden=self._hidden,
                    shown=(*self._shown, *visible(filter(os.path.exists, granted), self._hidden)),
                    writable=tuple(filter(None, (command.report, command.volume))),
                    sealed=tuple(path for name in SEALED if os.path.lexists(path := self._workspace / name)),
                    scratch=self._scratch(folder / "upper"),
                    births=births.writer,
                    limits=self._limits,
                    covered=sockets_in_sight((*self._hidden, self._workspace)),
                    entries=() if cage is None else cage.entries,
                )
                done = run(
                    self._wrap(scene, doorway.lead(command.argv)),
                    cwd="/",
                    env=environment_of(command, self._workspace, doorway.variables),
                    timeout_s=command.timeout_s,
                    cancel=command.cancel,
                    cap_bytes=command.cap_bytes,
                    watch=watch_over(folder, self._limits, cage),
                    pass_fds=(births.writer, *doorway.descriptors),
                )
            broke_off = done.exit_code == SET_UP_FAILED and not done.stderr.startswith(NO_COMMAND)
            tells = self.rung == "bubblewrap+overlay" and broke_off
            return with_limits(done, cage), births.reached if tells else "command"

    def _scratch(self, upper: Path) -> tuple[Path, ...]:
        """Return where tools may write beside what is installed; each needs a folder to be mounted on."""
        modules = self._workspace / "node_modules"
        if modules.is_symlink() or not modules.is_dir():
            return ()
        for name in SCRATCH:
            (upper / name).mkdir(parents=True, exist_ok=True)
        return tuple(self._workspace / name for name in SCRATCH)

    def _files(self) -> Iterable[str]:
        return () if os.geteuid() == 0 else ground(self._workspace).state().files


def _is_cancelled(command: Command) -> bool:
    return command.cancel is not None and command.cancel.is_set()


class _Births:
    """Where a sandbox tells which process is the first of its namespace and, where it is bubblewrap, how it ended."""

    reached: _Reached = "nothing"

    def __init__(self, writer: int) -> None:
        self.writer = writer


@contextlib.contextmanager
def _outliving() -> Generator[_Births]:
    """Yield where a command's process namespace names its first process; wait until that is dead.

    The kernel lets it die only after everything else in its namespace, which is later than we hear of the end.
    """
    reader, writer = os.pipe()
    births = _Births(writer)
    try:
        yield births
    finally:
        os.close(writer)
        os.set_blocking(reader, False)
        with contextlib.suppress(OSError):
            told = os.read(reader, 4096)
            if b'"child-pid"' in told:
                births.reached = "command" if b'"exit-code"' in told else "namespaces"
            _await_death(told)
        os.close(reader)


def _await_death(birth: bytes) -> None:
    first = re.search(rb'"child-pid": *([0-9]+)', birth)
    if first is None:
        return
    handle = os.pidfd_open(int(first[1]))
    try:
        death = select.poll()
        death.register(handle, select.POLLIN)
        if not death.poll(ORPHAN_S * 1000) and _is_orphan(int(first[1])):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        death.poll(DEATH_S * 1000)
    finally:
        os.close(handle)


def _is_orphan(pid: int) -> bool:
    """Tell whether a process is the first of a namespace and its maker is gone.

    bubblewrap asks the kernel to end it with its maker, and a maker that dies while it is still at work on that is not
    heard of. A namespace whose maker lives is another command's, to which the number was given meanwhile.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
        inside = status.partition("NSpid:")[2].split("\n", 1)[0].split()
        maker = status.partition("PPid:")[2].split(maxsplit=1)[0]
        return len(inside) > 1 and inside[-1] == "1" and Path(f"/proc/{maker}/comm").read_text().strip() != "bwrap"
    except (OSError, IndexError):
        return False


def obstacle(workspace: Path) -> str:
    """Return why no overlay can show this workspace, "" when none is known."""
    below = os.fsencode(workspace).rstrip(b"/") + b"/"
    inside = next((point for point in _mount_points() if point.startswith(below)), b"")
    return f"another file system is mounted inside it at {os.fsdecode(inside)!r}" if inside else ""


def _mount_points() -> list[bytes]:
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    return [_unescaped(line.split(b" ", 5)[4]) for line in lines]


def _unescaped(field: bytes) -> bytes:
    return field.decode("unicode_escape").encode("latin-1") if b"\\" in field else field
