"""Where the tools of commands keep their caches from one run to the next: one folder a workspace, outside every tree.

It enters no patch. A proof never sees it: what a command of a run has left there must not speak for a change. It is
emptied when it has grown past what a shadow may hold.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from bridle.harness.shadow.limits import size_bytes
from bridle.harness.shadow.removal import remove_tree
from bridle.indexer.digest import digest


def volume_of(workspace: Path, max_bytes: int) -> Path | None:
    """Return the workspace's folder, made; None where none can be had, which makes tools slower and nothing else."""
    with contextlib.suppress(OSError):
        folder = platformdirs.user_cache_path("bridle") / digest(str(workspace).encode()) / "commands"
        folder.mkdir(0o700, parents=True, exist_ok=True)
        if size_bytes(folder) > max_bytes:
            remove_tree(folder)
            folder.mkdir(0o700)
        return folder.resolve()
    return None


def volume_variables(volume: Path) -> Mapping[str, str]:
    """Return what sends tools there."""
    return {
        "XDG_CACHE_HOME": str(volume),
        "GOCACHE": str(volume / "go-build"),
        "npm_config_cache": str(volume / "npm"),
        "RUFF_CACHE_DIR": str(volume / "ruff"),
        "MYPY_CACHE_DIR": str(volume / "mypy"),
    }
