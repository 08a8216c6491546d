"""What a check's tools are, beside the tree: program, interpreter and what is installed, read off the file system.

Two runs on one tree say the same where this is the same too. Nothing is started, and nothing that is installed is read:
names, sizes and times of change tell.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

from bridle.harness.verify.checks import Check
from bridle.harness.verify.node_tools import node
from bridle.indexer.digest import digest_of_parts

MAX_ENTRIES = 20_000
LOCKS_OF_INSTALLED = ("node_modules/.package-lock.json", "node_modules/.modules.yaml", "node_modules/.yarn-state.yml")
"""What package managers of Node leave beside what they installed."""


def toolchain(check: Check, root: Path) -> str:
    """Return the digest of what a check in the workspace at `root` runs with, our own version included."""
    reading = msgspec.json.encode(check.reading).decode()
    return digest_of_parts((_own_version(), check.name, *check.command, *check.needs, reading, *_parts(check, root)))


@cache
def _own_version() -> str:
    return version("bridle")


def _parts(check: Check, root: Path) -> Iterator[str]:
    starter = node(root) if any("node_modules" in word for word in check.command[:1]) else ""
    for program in dict.fromkeys((*check.command[:1], *filter(None, (check.python, starter)))):
        yield from _stamp(Path(os.path.realpath(program)))
    if check.tool.startswith("cargo-"):
        yield from _rust()
    if check.python:
        yield from _distributions(Path(check.python).parent.parent)
    folder = root / check.package
    for place in (folder, *folder.parents):
        for name in LOCKS_OF_INSTALLED:
            yield from _stamp(place / name)
        if place == root:
            return


def _rust() -> Iterator[str]:
    """Yield which compilers there are: the program on PATH may only choose among them."""
    home = Path(os.environ.get("RUSTUP_HOME") or Path.home() / ".rustup")
    for path in (home / "settings.toml", *sorted((home / "toolchains").glob("*/bin/rustc"))):
        yield from _stamp(path)


def _stamp(path: Path) -> Iterator[str]:
    try:
        found = path.stat()
    except OSError:
        return
    yield f"{path} {found.st_size} {found.st_mtime_ns}"


def _distributions(prefix: Path) -> Iterator[str]:
    """Yield what an environment holds: when anything was last put into it or taken out, and the files that lead
    elsewhere, which are changed in place.
    """
    yield from _stamp(prefix / "pyvenv.cfg")
    for folder in sorted(prefix.glob("lib*/python*/*-packages")):
        yield from _stamp(folder)
        try:
            with os.scandir(folder) as entries:
                links = sorted(entry.name for entry in entries if entry.name.endswith((".pth", ".egg-link")))
        except OSError:
            continue
        for name in links[:MAX_ENTRIES]:
            yield from _stamp(folder / name)
