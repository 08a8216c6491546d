"""What a command's environment and file system hold besides the workspace: pure choices, from an allow-list.

Nothing is executed to find out: a virtual environment is known by its ``pyvenv.cfg``.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bridle.harness.shadow.contract import Command

ALLOWED = frozenset(("COLORTERM", "HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "TERM", "TZ", "USER"))
ALLOWED_PREFIXES = ("LC_",)
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin"
ALWAYS_HIDDEN = ("/root", "/home", "/run", "/tmp", "/var/tmp", "/var/run")  # noqa: S108 - hidden, not used


def is_allowed(name: str) -> bool:
    """Tell whether a variable of ours may reach a command."""
    return name in ALLOWED or name.startswith(ALLOWED_PREFIXES)


def clean_environment(ours: Mapping[str, str], root: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command: what is allowed of `ours`, then `extra` as the caller decided.

    A ``PATH`` entry that is relative or lies in the workspace is left out, so that no checked-out file is
    taken for a tool.
    """
    kept = {name: value for name, value in ours.items() if is_allowed(name)}
    entries = kept.get("PATH", SYSTEM_PATH).split(os.pathsep)
    outside = [entry for entry in entries if entry.startswith("/") and not Path(entry).is_relative_to(root)]
    return {**kept, "PATH": os.pathsep.join(outside) or SYSTEM_PATH, "TMPDIR": "/tmp", **extra}  # noqa: S108 - its own


def environment_of(command: Command, root: Path, private: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of one command: what is allowed of ours, what it was granted, what is `private` to its
    rung, and what the caller decided.
    """
    granted = {name: os.environ[name] for name in command.access.variables if name in os.environ}
    return clean_environment(os.environ, root, {**private, **granted, **command.env})


def homes(ours: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the home folders of the person: as the environment says and as the system says."""
    said = [ours.get("HOME", "")]
    with contextlib.suppress(KeyError):
        said.append(pwd.getpwuid(os.getuid()).pw_dir)
    return _existing(said)


def hidden_folders(ours: Mapping[str, str], state: Path) -> tuple[Path, ...]:
    """Return the folders that no command sees: homes, sockets, others' temporary files, our own state."""
    return _existing([*ALWAYS_HIDDEN, tempfile.gettempdir(), *map(str, homes(ours)), str(state)])


def prefixes(root: Path, ours: Mapping[str, str], python: str | None = None) -> tuple[Path, ...]:
    """Return the folders that the interpreters in question need: virtual environments and what they build on.

    `python` is the interpreter, or the virtual environment, that the person named.
    """
    found = [Path(sys.prefix), Path(sys.base_prefix)]
    named = [ours.get("VIRTUAL_ENV"), python, python and str(Path(python).parent.parent)]
    for environment in (root / ".venv", root / "venv", *(Path(name) for name in named if name)):
        if base := base_prefix(environment):
            found += [environment, base]
    on_path = (f"{entry}/python3" for entry in ours.get("PATH", "").split(os.pathsep) if entry.startswith("/"))
    first = next(filter(os.path.isfile, on_path), None)
    for interpreter in filter(None, (python, first)):
        if Path(interpreter).is_file():
            found.append(Path(interpreter).resolve().parent.parent)
    return _existing(map(str, found))


def toolchains(ours: Mapping[str, str]) -> tuple[Path, ...]:
    """Return what compilers and package managers keep in a home folder and only read, credentials left out."""
    home = Path(ours.get("HOME") or "/nonexistent")
    cargo = Path(ours.get("CARGO_HOME") or home / ".cargo")
    rust = Path(ours.get("RUSTUP_HOME") or home / ".rustup")
    go = Path((ours.get("GOPATH") or str(home / "go")).split(os.pathsep)[0])
    kept = [
        cargo / "bin",
        cargo / "registry",
        rust / "toolchains",
        rust / "settings.toml",
        go / "bin",
        go / "pkg" / "mod",
    ]
    for program in ("node", "go"):
        found = shutil.which(program, path=ours.get("PATH", ""))
        prefix = Path(found).resolve().parent.parent if found else home
        if len(prefix.parts) > len(home.parts) + 1:  # ~/.local would show more than a program
            kept.append(prefix)
    return tuple(sorted({path.resolve() for path in kept if path.is_absolute() and path.exists()}))


def sockets_in_sight(hidden: Sequence[Path]) -> tuple[Path, ...]:
    """Return the sockets of this machine's services that lie in none of the `hidden` folders.

    A read-only mount keeps nobody from talking to one.
    """
    try:
        lines = Path("/proc/net/unix").read_text("utf-8", "surrogateescape").splitlines()[1:]
    except OSError:
        return ()
    named = {Path(parts[7]) for line in lines if len(parts := line.split(" ", 7)) == 8 and parts[7].startswith("/")}
    outside = {path for path in named if not any(path.is_relative_to(folder) for folder in hidden)}
    return tuple(sorted(path for path in outside if path.is_socket()))


def base_prefix(environment: Path) -> Path | None:
    """Return the installation that a virtual environment builds on, None when `environment` is none."""
    try:
        text = (environment / "pyvenv.cfg").read_text("utf-8", "replace")
    except OSError:
        return None
    settings = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    home = next((value.strip() for key, value in settings.items() if key.strip().lower() == "home"), "")
    python = environment / "bin" / "python"
    resolved = python.resolve()
    if python.is_symlink() and resolved.is_file():
        return resolved.parent.parent
    return Path(home).resolve().parent if home.startswith("/") else None


def visible(wanted: Iterable[Path], hidden: Sequence[Path]) -> tuple[Path, ...]:
    """Return those of `wanted` that `hidden` takes away; one that would uncover a hidden folder whole is left out."""
    return tuple(
        path
        for path in wanted
        if any(path.is_relative_to(folder) for folder in hidden)
        and not any(folder.is_relative_to(path) for folder in hidden)
    )


def outermost(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the paths that lie below no other of them, each once."""
    once = tuple(dict.fromkeys(paths))
    return tuple(path for path in once if not any(path != other and path.is_relative_to(other) for other in once))


def _existing(paths: Iterable[str]) -> tuple[Path, ...]:
    real = {Path(path).resolve() for path in paths if path.startswith("/") and Path(path).is_dir()}
    return tuple(sorted(path for path in real if path != Path("/")))
