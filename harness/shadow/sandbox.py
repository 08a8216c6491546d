"""How a command is wrapped: pure choices of arguments, for bubblewrap and for plain namespaces.

The outer half mounts the overlay at the workspace's own path in a mount namespace of its own; the inner half takes
away the rest of the machine. Nothing here runs anything.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bridle.harness.shadow.environment import SYSTEM_PATH
from bridle.harness.shadow.limits import SMALL_BYTES, Limits, figures

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - emptied, not used
ROOMY = (Path("/tmp"), SHARED_MEMORY)  # noqa: S108 - emptied, not used
"""The hidden folders in which programs keep much for a while; the others have room for little."""
READ_ONLY_PROC = ("acpi", "bus", "fs", "irq", "scsi", "sys", "sysrq-trigger")
"""What of /proc belongs to root, whom nothing but its modes would keep from setting the machine by it."""
LOCKDOWN = Path(__file__).with_name("lockdown.py")

# The directories go into the options by names of our own, relative to our own folder: no path of the person's can
# break the option string, and no descriptor of the lower tree is left open for the command.
# A socket may go, and another come in its place, between a mount that finds none and the question whether it is gone.
MOUNT = """
set -eu
cd -- "$1"
"$2" -n -i -t overlay -o lowerdir=lower,upperdir=upper,workdir=work,userxattr,nosuid,nodev overlay "$3"
cd /
mount=$2
n=$4
shift 4
while [ "$n" -gt 0 ]; do echo 0 > "$1"; shift; n=$((n - 1)); done
n=$1
shift
while [ "$n" -gt 0 ]; do
    tries=100
    until "$mount" -n --bind /dev/null "$1" 2>/dev/null || test ! -e "$1"; do
        tries=$((tries - 1))
        test "$tries" -gt 0
    done
    shift
    n=$((n - 1))
done
unset OLDPWD n mount tries
exec "$@"
"""


class Scene(msgspec.Struct, frozen=True):
    """What one command sees.

    `folder` holds the layers (`lower`, `upper`, `work`); `hidden` folders become empty; `shown` are put back
    read-only; `writable` paths are put back as they are; `sealed` paths of the workspace are read-only, but for
    `scratch` folders in them, which are empty ones of the command's own; `covered` files (others' sockets) are shown
    as empty ones. The process id of the namespace's first process is told on the descriptor `births`, as bubblewrap's
    JSON has it. The command enters a control group by each of `entries`.
    """

    root: Path
    folder: Path
    hidden: tuple[Path, ...]
    shown: tuple[Path, ...]
    writable: tuple[Path, ...]
    sealed: tuple[Path, ...]
    births: int
    limits: Limits
    scratch: tuple[Path, ...] = ()
    covered: tuple[Path, ...] = ()
    entries: tuple[Path, ...] = ()


Wrapper = Callable[[Scene, Sequence[str]], list[str]]


def with_bubblewrap(scene: Scene, argv: Sequence[str]) -> list[str]:
    """Return the command wrapped in an overlay mount and bubblewrap."""
    root = str(scene.root)
    isolation = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    isolation += ["--disable-userns", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    isolation += ["--json-status-fd", str(scene.births), "--uid", str(os.getuid()), "--gid", str(os.getgid())]
    view = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for folder in (*scene.hidden, SHARED_MEMORY):
        view += ["--size", str(_room_bytes(folder, scene.limits)), "--tmpfs", str(folder)]
    view += ["--remount-ro", "/dev"]
    for name in READ_ONLY_PROC:
        view += ["--ro-bind-try", f"/proc/{name}", f"/proc/{name}"]
    for path in scene.shown:
        view += ["--ro-bind", str(path), str(path)]
    view += ["--bind", root, root]
    for path in scene.sealed:
        view += ["--ro-bind", str(path), str(path)]
    for folder in scene.scratch:
        view += ["--size", str(scene.limits.scratch_bytes), "--tmpfs", str(folder)]
    for path in scene.writable:
        view += ["--bind", str(path), str(path)]
    bubblewrap = [system_tool("bwrap"), *isolation, *view, "--chdir", root, "--", *argv]
    return _with_overlay(scene, ["--mount"], bubblewrap)


def with_namespaces(scene: Scene, argv: Sequence[str]) -> list[str]:
    """Return the command wrapped in an overlay mount and namespaces of our own making."""
    hidden = [f"{_room_bytes(folder, scene.limits)}={folder}" for folder in (*scene.hidden, SHARED_MEMORY)]
    scratch = [f"{scene.limits.scratch_bytes}={folder}" for folder in scene.scratch]
    lists = [hidden, scene.shown, scene.writable, scene.sealed, scratch]
    spec = [str(scene.births), str(os.getuid()), str(os.getgid()), str(scene.root)]
    spec += [os.pathsep.join(_escaped(str(path)) for path in paths) for paths in lists]
    spaces = ["--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", "--net"]
    return _with_overlay(scene, spaces, [sys.executable, "-I", "-S", str(LOCKDOWN), *spec, *argv])


def _with_overlay(scene: Scene, spaces: Sequence[str], inner: Sequence[str]) -> list[str]:
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    lists = [word for paths in (scene.entries, scene.covered) for word in (str(len(paths)), *map(str, paths))]
    shell = ["/bin/sh", "-c", MOUNT, "overlay", str(scene.folder), system_tool("mount"), str(scene.root), *lists]
    return [
        system_tool("unshare"),
        *user,
        *spaces,
        "--",
        *shell,
        system_tool("prlimit"),
        *figures(scene.limits),
        *inner,
    ]


def _room_bytes(folder: Path, limits: Limits) -> int:
    return limits.scratch_bytes if folder in ROOMY else SMALL_BYTES


def system_tool(name: str) -> str:
    """Return where the system keeps a tool; never one of the person's path. Raises FileNotFoundError."""
    found = shutil.which(name, path=SYSTEM_PATH)
    if found is None:
        raise FileNotFoundError(f"{name!r} is not installed")
    return found


def _escaped(path: str) -> str:
    return path.replace("%", "%25").replace(os.pathsep, "%3A")
