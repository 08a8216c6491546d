"""Opens a shadow over a workspace on the best rung that works here: found by trying, never by looking, and said.

A rung that does not work for this workspace is declined with its reason; the shadow carries the reasons.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import secrets
import shutil
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.cage import usable_places
from bridle.harness.shadow.contained import Contained, Container
from bridle.harness.shadow.contract import (
    NOTHING,
    RUNGS,
    SANDBOXES,
    Access,
    Change,
    Passage,
    RungName,
    RungProbe,
    Shadow,
)
from bridle.harness.shadow.copied import Copied
from bridle.harness.shadow.environment import homes
from bridle.harness.shadow.foreign import foreigners
from bridle.harness.shadow.isolation import probe_isolation
from bridle.harness.shadow.layered import Exhibit, LayeredShadow
from bridle.harness.shadow.limits import Limits, usual_limits
from bridle.harness.shadow.mounted import Mounted, obstacle
from bridle.harness.shadow.sandbox import SHARED_MEMORY

__all__ = [
    "NOTHING",
    "RUNGS",
    "SANDBOXES",
    "Access",
    "Change",
    "Container",
    "Limits",
    "Passage",
    "RungProbe",
    "Shadow",
    "open_shadow",
    "probe",
    "probe_isolation",
    "usual_limits",
]

TRIAL_TIMEOUT_S = 10.0
HOLDS_S = 600.0
SCRATCH_COPY: RungName = "scratch copy"
APPARMOR_STEP = (
    "AppArmor keeps user namespaces from programs without a profile: install bubblewrap with its profile, "
    "or set kernel.apparmor_restrict_unprivileged_userns to 0"
)
REFUSALS = (
    ("kernel/apparmor_restrict_unprivileged_userns", "1", APPARMOR_STEP),
    ("kernel/unprivileged_userns_clone", "0", "set kernel.unprivileged_userns_clone to 1"),
    ("user/max_user_namespaces", "0", "set user.max_user_namespaces to 10000"),
)
"""What forbids user namespaces to an ordinary user: a setting, its value, and what its owner can do."""
NEXT_STEPS: Mapping[RungName, str] = {
    "bubblewrap+overlay": "install bubblewrap (apt install bubblewrap), and allow unprivileged user namespaces",
    "namespaces+overlay": "allow unprivileged user namespaces (sysctl user.max_user_namespaces), Linux 5.12 or newer",
    "container": "see that the engine runs and has the image of [sandbox]",
    "scratch copy": "make the state folder writable",
}


class Terms(msgspec.Struct, frozen=True):
    """What a shadow is opened over, and on what terms."""

    workspace: Path
    state: Path
    python: str | None
    limits: Limits
    container: Container | None = None


def open_shadow(
    root: Path,
    state: Path,
    buffers: Mapping[str, bytes] = {},
    *,
    rung: str | None = None,
    python: str | None = None,
    required: bool = False,
    limits: Limits | None = None,
    container: Container | None = None,
) -> Shadow:
    """Open a shadow over `root` with unsaved `buffers` in it (path → bytes as a save would write them).

    `state` is a private folder for the layers. `rung` asks for one rung of `RUNGS` instead of the best. `python` is
    the interpreter that the person named; it stays in sight where it lies in the home folder. `required` leaves the
    rungs without a sandbox out. `limits` are what each command may take, the usual ones for None. `container` is the
    engine and image that the person named, None for no such rung.

    Raises:
        UserProblem: `root` is no folder, a buffer lies outside it, no rung (or not the one asked for, or none with a
            sandbox where that is required) works, or nothing can be kept in `state`.
    """
    try:
        workspace, state = root.resolve(), state.resolve()
        workspace.stat()
    except OSError as error:
        raise UserProblem(f"{str(root)!r} cannot be opened: {error.strerror}", "open a folder that exists") from error
    if not workspace.is_dir():
        raise UserProblem(f"{str(root)!r} is not a folder", "open a folder that exists")
    inside = [path for path in (state, *homes(os.environ)) if path.is_relative_to(workspace)]
    if inside:
        raise UserProblem(f"{str(workspace)!r} contains {str(inside[0])!r}, which no command may see", "open a project")
    terms = Terms(workspace, state, python, limits or usual_limits(), container)
    declined: list[str] = []
    for name in ladder(container):
        if rung in (None, name) and (name in SANDBOXES or not required):
            opened = _try(name, terms, buffers, tuple(declined))
            if not isinstance(opened, str):
                return opened
            declined.append(f"{name}: {opened}")
    raise _nothing_works(rung, declined, required=required)


_held: dict[tuple[RungName, Terms], tuple[float, bytes]] = {}
"""When a rung last held its promise, and what was mounted then: it is not tried anew at each save."""


def _try(name: RungName, terms: Terms, buffers: Mapping[str, bytes], declined: tuple[str, ...]) -> Shadow | str:
    """Return a shadow on one rung, or why there is none."""
    if name not in RUNGS[:2]:
        return _try_at(name, terms, buffers, declined)
    if why := _obstacle(terms.workspace):
        return why
    opened = _try_at(name, terms, buffers, declined)
    memory = memory_folder() if isinstance(opened, str) and "mount: " in opened else None
    if memory is None:
        return opened
    told = f"layers are kept in memory, below {str(memory)!r}, because {str(terms.state)!r} cannot hold them: {opened}"
    again = _try_at(name, msgspec.structs.replace(terms, state=memory), buffers, (*declined, told))
    return opened if isinstance(again, str) else again


def _try_at(name: RungName, terms: Terms, buffers: Mapping[str, bytes], declined: tuple[str, ...]) -> Shadow | str:
    """Return a shadow with its layers in the state folder of `terms`, or why there is none."""
    try:
        shadow = LayeredShadow(terms.workspace, terms.state, _exhibit(name, terms), declined)
    except OSError as error:
        problem = f"nothing can be kept in {str(terms.state)!r}: {error.strerror}"
        raise UserProblem(problem, "free space there, and make it writable by you") from error
    try:
        with _turn(name, terms):
            why = "" if _held_lately(name, terms) else _trial(shadow)
            if not why:
                _held[name, terms] = (time.monotonic(), _mounts())
        if not why:
            for path, data in buffers.items():
                shadow.write(path, data)
            return shadow
    except BaseException:
        shadow.close()
        raise
    shadow.close()
    return why


@functools.lru_cache(maxsize=64)
def _turn(name: RungName, terms: Terms) -> threading.Lock:
    """Return what is held while a rung is tried on a ground, so that whoever comes meanwhile waits for the answer."""
    return threading.Lock()


def _held_lately(name: RungName, terms: Terms) -> bool:
    """Tell whether the rung has held on this very ground a moment ago, and nothing was mounted since."""
    when, mounts = _held.get((name, terms), (-HOLDS_S, b""))
    return time.monotonic() - when < HOLDS_S and mounts == _mounts()


def _mounts() -> bytes:
    try:
        return hashlib.blake2b(Path("/proc/self/mountinfo").read_bytes()).digest()
    except OSError:
        return b""


def _obstacle(workspace: Path) -> str:
    if sys.platform != "linux":
        return f"{sys.platform} has no overlay mounts"
    return obstacle(workspace) or foreigners(workspace)


def memory_folder(shared: Path = SHARED_MEMORY) -> Path | None:
    """Return a private folder in memory: for layers where the state folder cannot hold them, as on a container's root.

    None where there is no such place, or somebody else was there first.
    """
    folder = shared / f"bridle-{os.geteuid()}"
    try:
        folder.mkdir(0o700, exist_ok=True)
        state = folder.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid() and not state.st_mode & 0o077
    return folder if ours else None


def _nothing_works(rung: str | None, declined: list[str], *, required: bool) -> UserProblem:
    told = "; ".join(declined)
    if required:
        last = f"{rung}: it is no sandbox" if rung == SCRATCH_COPY else told
        step = f"{_next_step(SANDBOXES[0])}; or, at your own risk, set sandbox.required to false"
        return UserProblem(f"a sandbox is required (sandbox.required), and none works here: {last}", step)
    return UserProblem(f"no shadow can be had here ({rung or 'no rung'}): {told}", _next_step(SANDBOXES[0]))


def ladder(container: Container | None) -> tuple[RungName, ...]:
    """Return the rungs that there are, best first."""
    return RUNGS if container is None else (*SANDBOXES, SCRATCH_COPY)


def probe(state: Path, container: Container | None = None) -> tuple[RungProbe, ...]:
    """Try every rung on a folder of our own, best first, and say what each lacks."""
    return tuple(_probe_rung(name, state, container) for name in ladder(container))


def refusal(settings: Path = Path("/proc/sys")) -> str:
    """Return what the machine's owner can do where its settings forbid user namespaces, "" where they do not."""
    for name, value, step in REFUSALS:
        with contextlib.suppress(OSError):
            if (settings / name).read_text().strip() == value:
                return step
    return ""


def _next_step(name: RungName) -> str:
    return (refusal() if name in SANDBOXES and os.geteuid() else "") or NEXT_STEPS[name]


def _probe_rung(name: RungName, state: Path, container: Container | None) -> RungProbe:
    folder = Path(tempfile.mkdtemp(prefix="probe-", dir=state))
    try:
        (folder / "workspace" / ".git").mkdir(parents=True)
        shadow = open_shadow(folder / "workspace", folder / "state", rung=name, container=container)
        try:
            escapes = probe_isolation(shadow)
        finally:
            shadow.close()
    except UserProblem as problem:
        return RungProbe(name, works=False, detail=problem.message, next_step=_next_step(name))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if name == SCRATCH_COPY:
        lacks = "; ".join(escapes) or "nothing that the probe knows"
        return RungProbe(name, works=True, detail=f"no sandbox: {lacks}", next_step=_next_step(SANDBOXES[0]))
    if escapes:
        return RungProbe(name, works=False, detail="; ".join(escapes), next_step=_next_step(name))
    bounds = usable_places()[1] or "memory and processes bounded"
    detail = f"copy-on-write at its own path; home, network and .git out of reach; {bounds}"
    if name == "container":
        detail = "a copy at the workspace's own path, in a container without a network"
    return RungProbe(name, works=True, detail=detail)


def _exhibit(name: RungName, terms: Terms) -> Exhibit:
    if name == SCRATCH_COPY:
        return Copied(terms.workspace, terms.limits)
    if name == "container" and terms.container is not None:
        return Contained(terms.workspace, terms.limits, terms.container)
    return Mounted(name, terms.workspace, terms.state, terms.python, terms.limits)


def _trial(shadow: Shadow) -> str:
    """Write a file from both sides; return why the view does not hold, "" when it does."""
    nonce = f".bridle-trial-{secrets.token_hex(8)}"
    shadow.write(nonce, b"ours")
    script = 'set -eu; read -r word < "$1" || true; test "$word" = ours; echo theirs > "$1"'
    try:
        done = shadow.run(["/bin/sh", "-c", script, "trial", nonce], timeout_s=TRIAL_TIMEOUT_S)
    except UserProblem as problem:
        return problem.message
    seen = shadow.read(nonce)
    shadow.write(nonce, None)
    if done.exit_code != 0:
        words = done.stderr.decode("utf-8", "replace").strip()[-300:]
        return words or f"the trial ended with {done.exit_code}"
    return "" if seen == b"theirs\n" else "what a command writes does not arrive in the upper layer"
