"""Where a server's program runs: in a sandbox of its own, or, when the person says so for it, without one.

The sandbox shows the file system read-only, homes and temporary folders empty, the workspace read-only with its files
of secrets empty, and no network.
A server looks at the person's tree, never at a run's shadow, and it writes to neither: what changes files goes through
the edit tool. Nothing is run here but a trial of the sandbox.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from bridle.harness.mcp.definition import Server
from bridle.harness.nouns import UserProblem
from bridle.harness.permission.protected import protection
from bridle.harness.shadow.environment import (
    SYSTEM_PATH,
    base_prefix,
    clean_environment,
    hidden_folders,
    prefixes,
    visible,
)
from bridle.indexer.process import run

TMPFS_BYTES = 256 << 20
TRIAL_S = 10.0
MAX_ENTRIES = 20_000
MAX_SECRETS = 256
FILLED_BY_OTHERS = frozenset(
    (".git", ".venv", "venv", "node_modules", "__pycache__", ".tox", "target", "build", "dist")
)
WITHOUT = "or, if you trust that program with all that you can do, set sandbox = false for it in your own settings"


def command_of(server: Server, root: Path, state: Path, ours: Mapping[str, str]) -> list[str]:
    """Return the whole command of a server that is a program. Raises UserProblem when it cannot be started safely."""
    program = find_program(server, root, ours)
    argv = [str(program), *server.command[1:]]
    if not server.sandbox:
        return argv
    bubblewrap = shutil.which("bwrap", path=SYSTEM_PATH)
    if bubblewrap is None or not _works(bubblewrap):
        raise UserProblem(
            f"there is no sandbox here for the MCP server {server.name!r}", f"install bubblewrap, {WITHOUT}"
        )
    return [bubblewrap, *_isolation(network=server.network), *_view(server, program, root, state, ours), "--", *argv]


def environment_of(root: Path, ours: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a server's program: what is harmless of `ours`, and what was declared for it."""
    return clean_environment(ours, root, own)


def find_program(server: Server, root: Path, ours: Mapping[str, str]) -> Path:
    """Return the program of a server: on the PATH, or a file of the workspace by its path. Raises UserProblem."""
    name = server.command[0]
    if "/" in name:
        path = root / Path(name).expanduser()
        found = str(path) if path.is_file() and os.access(path, os.X_OK) else None
    else:
        found = shutil.which(name, path=environment_of(root, ours, {})["PATH"])
    if found is None:
        raise UserProblem(
            f"the program {name!r} of the MCP server {server.name!r} is not there", "install it, or mend its name"
        )
    return Path(found)


def _isolation(*, network: bool) -> list[str]:
    spaces = ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    spaces += [] if network else ["--unshare-net"]
    return [*spaces, "--disable-userns", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]


def _view(server: Server, program: Path, root: Path, state: Path, ours: Mapping[str, str]) -> list[str]:
    hidden = hidden_folders(ours, state)
    view = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for folder in hidden:
        view += ["--size", str(TMPFS_BYTES), "--tmpfs", str(folder)]
    read = [Path(folder).expanduser() for folder in server.read]
    shown = visible((*prefixes(root, ours), *_parts_of(program)), hidden)
    for path in sorted({*shown, *(path for path in read if path.exists())}):
        view += ["--ro-bind", str(path), str(path)]
    if server.network:
        view += ["--ro-bind-try", "/run/systemd/resolve", "/run/systemd/resolve"]
    view += ["--ro-bind", str(root), str(root)]
    for secret in secrets_in(root):
        view += ["--ro-bind", os.devnull, str(secret)]
    for path in (Path(folder).expanduser() for folder in server.write):
        view += ["--bind-try", str(path), str(path)]
    return [*view, "--chdir", str(root)]


def secrets_in(root: Path) -> list[Path]:
    """Return the workspace's files of secrets, as far as it can be looked through: a server is shown an empty one each.

    What is left out are folders that others fill, and the files that come after the first `MAX_ENTRIES`.
    """
    found: list[Path] = []
    left = MAX_ENTRIES
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in FILLED_BY_OTHERS)
        left -= len(folders) + len(names)
        for name in sorted(names):
            path = Path(folder) / name
            if _is_secret(path.relative_to(root).as_posix()) and path.is_file() and not path.is_symlink():
                found.append(path)
        if left <= 0 or len(found) >= MAX_SECRETS:
            break
    return found[:MAX_SECRETS]


def _is_secret(path: str) -> bool:
    ruling = protection(path, "Read")
    return ruling is not None and ruling.effect == "deny"


def _parts_of(program: Path) -> tuple[Path, ...]:
    """Return the folders that a program is made of: its own with the libraries beside it, what its links lead to, its
    virtual environment and what that builds on, the modules that it is one of.
    """
    real = program.resolve()
    found: list[Path] = []
    for place in (program, real):
        found += [place.parent, *(place.parents[1] / name for name in ("lib", "lib64") if place.parent.name == "bin")]
        base = base_prefix(place.parents[1]) if len(place.parents) > 1 else None
        found += [] if base is None else [place.parents[1], base]
        found += [parent for parent in place.parents if parent.name == "node_modules"]
    return tuple(folder for folder in found if folder.is_dir())


@cache
def _works(bubblewrap: str) -> bool:
    """Whether the sandbox can be made on this machine, found out by making it."""
    argv = [bubblewrap, *_isolation(network=False), "--ro-bind", "/", "/", "--proc", "/proc", "--", "/bin/true"]
    try:
        return run(argv, env={"PATH": SYSTEM_PATH}, timeout_s=TRIAL_S).exit_code == 0
    except OSError:
        return False
