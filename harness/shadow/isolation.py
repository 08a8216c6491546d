"""Finds out by doing what a command in a shadow can reach: a harmless canary for every promise.

Answers with the promises that were broken; a probe that could not run is a broken promise too. What it leaves behind
where it escapes (a canary file, a sleeping process) it takes away again.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.contract import Shadow
from bridle.harness.shadow.environment import homes, is_allowed
from bridle.harness.shadow.volume import volume_variables

CANARY = Path(__file__).with_name("canary.py")
PROBE_TIMEOUT_S = 20.0
GRACE_S = 1.0
SET_BY_SHELLS = frozenset(("OLDPWD", "PWD", "SHLVL", "TMPDIR", "_"))


ESCAPES = (
    "a command writes into the workspace",
    "a command writes outside the workspace",
    "a command writes into .git",
    "a command reads the home folder",
    "a command reaches services of this machine",
    "a command sees the processes of this machine",
    "a command is handed our environment",
    "a child outlives its command",
    "a command makes namespaces of its own",
    "a command has powers, or can gain them",
    "a command sets the machine",
)
"""What the probe tries, in words."""


class Sightings(msgspec.Struct, frozen=True):
    """What the command inside says that it could do."""

    home: bool
    services: bool
    processes: bool
    history: bool
    namespaces: bool
    powers: bool
    settings: bool
    variables: tuple[str, ...]


class Traps(msgspec.Struct, frozen=True):
    """What is set up outside for the command to find."""

    nonce: str
    home: Path | None
    port: int


def probe_isolation(shadow: Shadow) -> tuple[str, ...]:
    """Return the escapes that a command in this shadow has, each in words; empty when it is sound."""
    with _traps() as traps:
        name = f".bridle-canary-{traps.nonce}"
        inside, outside = shadow.workspace / name, shadow.workspace.parent / name
        try:
            history = str(shadow.workspace / ".git" / f"bridle-canary-{traps.nonce}")
            seen = _send(shadow, traps, (history, name, str(inside), str(outside)))
        except (UserProblem, msgspec.DecodeError) as problem:
            return (f"the probe did not run: {problem}",)
        finally:
            a_child_lives = _kill_survivors(traps.nonce)
            wrote_inside, wrote_outside = _take_away(inside), _take_away(outside)
            _take_away(shadow.workspace / ".git" / f"bridle-canary-{traps.nonce}")
            shadow.write(name, None)
    ours = os.environ.keys() - SET_BY_SHELLS - volume_variables(Path()).keys()
    broken = {
        "a command writes into the workspace": wrote_inside,
        "a command writes outside the workspace": wrote_outside,
        "a command writes into .git": seen.history,
        "a command reads the home folder": seen.home,
        "a command reaches services of this machine": seen.services,
        "a command sees the processes of this machine": seen.processes,
        "a command is handed our environment": any(not is_allowed(name) for name in ours & set(seen.variables)),
        "a child outlives its command": a_child_lives,
        "a command makes namespaces of its own": seen.namespaces,
        "a command has powers, or can gain them": seen.powers,
        "a command sets the machine": seen.settings,
    }
    return tuple(words for words in ESCAPES if broken[words])


def _send(shadow: Shadow, traps: Traps, targets: tuple[str, ...]) -> Sightings:
    processes = str(Path("/proc/self/ns/pid").readlink())
    arguments = [traps.nonce, str(traps.home or ""), str(traps.port), processes, *targets]
    program = [sys.executable, "-I", "-S", "-c", CANARY.read_text("utf-8"), *arguments]
    done = shadow.run(program, timeout_s=PROBE_TIMEOUT_S)
    if done.exit_code != 0:
        complaint = done.stderr.decode("utf-8", "replace").strip()[-400:]
        raise UserProblem(complaint or f"it ended with {done.exit_code}")
    return msgspec.json.decode(done.stdout, type=Sightings)


@contextlib.contextmanager
def _traps() -> Generator[Traps]:
    """Listen on loopback and in the abstract namespace, and put a file into the home folder."""
    nonce = secrets.token_hex(12)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0bridle-{nonce}")
        abstract.listen(1)
        yield Traps(nonce, _home_canary(stack), listener.getsockname()[1])


def _home_canary(stack: contextlib.ExitStack) -> Path | None:
    for home in homes(os.environ):
        with contextlib.suppress(OSError):
            handle, name = tempfile.mkstemp(dir=home, prefix=".bridle-canary-")
            stack.callback(Path(name).unlink, missing_ok=True)
            os.write(handle, b"canary")
            os.close(handle)
            return Path(name)
    return None


def _take_away(path: Path) -> bool:
    """Remove a canary; tell whether there was one."""
    with contextlib.suppress(OSError):
        path.unlink()
        return True
    return False


def _kill_survivors(nonce: str) -> bool:
    """Kill what still runs of the probe; tell whether anything did.

    The kernel ends a process namespace a moment after the command that it was made for, so that moment is given.
    """
    until = time.monotonic() + GRACE_S
    while (alive := _running(nonce)) and time.monotonic() < until:
        time.sleep(0.01)
    for process in alive:
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)
    return bool(alive)


def _running(nonce: str) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if nonce.encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
    return found
