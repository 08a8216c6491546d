"""Writes docs/support.md: what a command can do on every rung, tried here by the probe that `bridle doctor` uses.

    python docs/support.py

As root it tries as root, as an ordinary user, and where nobody may make a namespace; otherwise as who runs it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PAGE = HERE / "support.md"
NOBODY = "65534"
HEAD = """\
# What a sandbox keeps a command from

Written by `python docs/support.py`, which tries it, and never edited by hand. On Linux the best rung that works is
taken; a person sees which in the status, in every verdict and badge, in the journal and in `bridle doctor`. Other
systems have the scratch copy alone. With `sandbox.required = true` the scratch copy is never taken: whatever would run
on it is refused, with what to install or to set.

A container stands between the namespaces and the scratch copy where the person has named an engine and an image
(`[sandbox] container = "podman"`, `image = "…"`). What the engine is told is tested with an engine that writes it down
(`tests/shadow/test_container.py`); no engine ran where this page was written, so it has no column.
"""
TAIL = """\
## What is bounded

| | where a control group can be made | elsewhere |
|---|---|---|
| memory | of the whole command | of each process; a command is ended when the machine has hardly any left |
| processes | of the whole command | of the sandbox for an ordinary user; **not** for root or on the scratch copy |
| one file, open files, core dumps | yes | yes |
| what a shadow holds on disk | yes, the command is ended | yes, the command is ended |
| /tmp and other hidden folders | by their size | by their size; on the scratch copy they count as the disk |
| output that is kept | first and last half of a cap | first and last half of a cap |
| time | yes, the whole group is dead at the end | yes |

`tests/shadow/test_limits.py` and `tests/shadow/test_escapes.py` try all of this; what the scratch copy lets through is
listed there.

## Ground that is not plain

| the workspace, or what is below it | what happens |
|---|---|
| paths with `:` `,` `\\` blanks, newlines, any script | work on every rung |
| a name that is no text | is passed by, and the view holds |
| paths near 4,096 bytes | work; a workspace whose own path is too long is refused in words |
| is the home folder, or contains it or the state folder | refused: open a project |
| a file system mounted inside of it | the next rung, which is named, with the mount's path |
| lies on an overlay (a container's root) | works; layers that cannot lie there go into memory, capped |
| a git worktree, a submodule | its history is sealed, and none of it is offered |
| files of other owners | can be written in a shadow, by root and by an ordinary user |
| the state folder is read-only, or its disk fills up | told, or the command is ended; the workspace stays |
| user namespaces or AppArmor forbid it | the next rung; `bridle doctor` names the setting and what its owner can do |
| a network file system | not tried here; the trial mount decides, and a rung that fails is named with its words |

`tests/shadow/test_bad_ground.py` and `tests/shadow/test_opening.py` try all of this but the last.
"""
SITUATIONS = {
    "root": "Linux, root",
    "user": "Linux, an ordinary user",
    "forbidden": "Linux, where nobody may make a namespace (a container, a locked-down machine)",
}
TRY = """
import json, sys, tempfile
from pathlib import Path
from bridle.harness.shadow.shadow import open_shadow, probe_isolation
from bridle.harness.shadow.contract import RUNGS
from bridle.harness.nouns import UserProblem
found = {}
with tempfile.TemporaryDirectory() as folder:
    (Path(folder) / "workspace" / ".git").mkdir(parents=True)
    for rung in RUNGS:
        try:
            shadow = open_shadow(Path(folder) / "workspace", Path(folder) / "state", rung=rung)
        except UserProblem:
            found[rung] = None
            continue
        found[rung] = probe_isolation(shadow)
        shadow.close()
print(json.dumps(found))
"""

Found = Mapping[str, list[str] | None]


def main() -> int:
    """Write the page."""
    PAGE.write_text(page({name: tried(name) for name in situations()}), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


def situations() -> tuple[str, ...]:
    """Return which situations can be laid out by who runs this."""
    if os.geteuid() != 0:
        return ("user",)
    return tuple(SITUATIONS) if shutil.which("bwrap") else ("root", "user")


def tried(situation: str) -> Found:
    """Return what the probe finds on every rung: the escapes, None where the rung does not work."""
    python, packages = sys.executable, next(entry for entry in sys.path if entry.endswith("site-packages"))
    before: list[str] = []
    with tempfile.TemporaryDirectory(dir="/var/tmp") as home:
        environment = {**os.environ, "PYTHONPATH": f"{packages}:{ROOT / 'src'}"}
        if situation == "user" and os.geteuid() == 0:
            os.chown(home, int(NOBODY), int(NOBODY))
            python = _system_python()
            before = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            environment |= {"HOME": home, "TMPDIR": home}
        if situation == "forbidden":
            before = ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--disable-userns", "--cap-drop", "ALL", "--"]
        command = [*before, python, "-c", TRY]
        done = subprocess.run(
            command, env=environment, cwd="/", capture_output=True, text=True, check=True, timeout=300
        )
    found: Found = json.loads(done.stdout)
    return found


def page(found: Mapping[str, Found]) -> str:
    """Return the page."""
    from bridle.harness.shadow.contract import RUNGS
    from bridle.harness.shadow.isolation import ESCAPES

    parts = [HEAD]
    for situation, by_rung in found.items():
        lines = [f"## {SITUATIONS[situation]}", "", f"| | {' | '.join(RUNGS)} |", f"|---|{'---|' * len(RUNGS)}"]
        works = ["works" if by_rung[rung] is not None else "does not work" for rung in RUNGS]
        lines.append(f"| the rung | {' | '.join(works)} |")
        lines += [f"| {escape} | {' | '.join(_cell(by_rung[rung], escape) for rung in RUNGS)} |" for escape in ESCAPES]
        parts.append("\n".join(lines) + "\n")
    return "\n".join([*parts, TAIL])


def _cell(escapes: list[str] | None, escape: str) -> str:
    if escapes is None:
        return "-"
    return "**yes**" if escape in escapes else "no"


def _system_python() -> str:
    """Return a Python of our version that an ordinary user can reach."""
    for name in (f"python3.{sys.version_info.minor}", "python3"):
        found = shutil.which(name, path="/usr/local/bin:/usr/bin")
        if found:
            return found
    raise SystemExit("an ordinary user has no Python here: install python3")


if __name__ == "__main__":
    sys.exit(main())
