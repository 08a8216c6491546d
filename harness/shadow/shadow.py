"""Opens a shadow over a workspace on the best rung that works here: found by trying, never by looking, and said.

A rung that does not work for this workspace is declined with its reason; the shadow carries the reasons.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.contract import RUNGS, Change, RungName, RungProbe, Shadow
from bridle.harness.shadow.copied import Copied
from bridle.harness.shadow.environment import homes
from bridle.harness.shadow.isolation import probe_isolation
from bridle.harness.shadow.layered import Exhibit, LayeredShadow
from bridle.harness.shadow.mounted import Mounted, foreign, obstacle
from bridle.harness.shadow.trees import ground

__all__ = ["RUNGS", "Change", "RungProbe", "Shadow", "open_shadow", "probe", "probe_isolation"]

TRIAL_TIMEOUT_S = 10.0
NEXT_STEPS: Mapping[RungName, str] = {
    "bubblewrap+overlay": "install bubblewrap (apt install bubblewrap), and allow unprivileged user namespaces",
    "namespaces+overlay": "allow unprivileged user namespaces (sysctl user.max_user_namespaces), Linux 5.12 or newer",
    "scratch copy": "make the state folder writable",
}


def open_shadow(
    root: Path, state: Path, buffers: Mapping[str, bytes] = {}, *, rung: str | None = None, python: str | None = None
) -> Shadow:
    """Open a shadow over `root` with unsaved `buffers` in it (path → bytes as a save would write them).

    `state` is a private folder for the layers. `rung` asks for one rung of `RUNGS` instead of the best. `python` is
    the interpreter that the person named; it stays in sight where it lies in the home folder.

    Raises:
        UserProblem: `root` is no folder, a buffer lies outside it, or no rung (or not the one asked for) works.
    """
    workspace, state = root.resolve(), state.resolve()
    if not workspace.is_dir():
        raise UserProblem(f"{str(root)!r} is not a folder", "open a folder that exists")
    inside = [path for path in (state, *homes(os.environ)) if path.is_relative_to(workspace)]
    if inside:
        raise UserProblem(f"{str(workspace)!r} contains {str(inside[0])!r}, which no command may see", "open a project")
    declined: list[str] = []
    for name in RUNGS:
        if rung not in (None, name):
            continue
        why = _why_not(name, workspace)
        if not why:
            shadow = LayeredShadow(workspace, state, _exhibit(name, workspace, state, python), tuple(declined))
            try:
                why = _trial(shadow)
                if not why:
                    for path, data in buffers.items():
                        shadow.write(path, data)
                    return shadow
            except BaseException:
                shadow.close()
                raise
            shadow.close()
        declined.append(f"{name}: {why}")
    wanted = rung or "no rung"
    raise UserProblem(f"no shadow can be had here ({wanted}): {'; '.join(declined)}", NEXT_STEPS["bubblewrap+overlay"])


def probe(state: Path) -> tuple[RungProbe, ...]:
    """Try every rung on a folder of our own, best first, and say what each lacks."""
    return tuple(_probe_rung(name, state) for name in RUNGS)


def _probe_rung(name: RungName, state: Path) -> RungProbe:
    folder = Path(tempfile.mkdtemp(prefix="probe-", dir=state))
    try:
        (folder / "workspace" / ".git").mkdir(parents=True)
        shadow = open_shadow(folder / "workspace", folder / "state", rung=name)
        try:
            escapes = probe_isolation(shadow)
        finally:
            shadow.close()
    except UserProblem as problem:
        return RungProbe(name, works=False, detail=problem.message, next_step=NEXT_STEPS[name])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if name == "scratch copy":
        lacks = "; ".join(escapes) or "nothing that the probe knows"
        return RungProbe(name, works=True, detail=f"no sandbox: {lacks}", next_step=NEXT_STEPS["bubblewrap+overlay"])
    if escapes:
        return RungProbe(name, works=False, detail="; ".join(escapes), next_step=NEXT_STEPS[name])
    return RungProbe(name, works=True, detail="copy-on-write at its own path; home, network and .git out of reach")


def _exhibit(name: RungName, workspace: Path, state: Path, python: str | None) -> Exhibit:
    return Copied(workspace) if name == "scratch copy" else Mounted(name, workspace, state, python)


def _why_not(name: RungName, workspace: Path) -> str:
    if name == "scratch copy":
        return ""
    path = foreign(workspace, tuple(ground(workspace).state().files))
    if path:
        return f"{path!r} belongs to another user or group, so it cannot be copied up"
    return obstacle(workspace)


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
