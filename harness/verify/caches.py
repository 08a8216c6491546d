"""Where tools keep their caches between runs: per workspace, outside the tree, for one run at a time.

A cache is thrown away when the run that held it did not end well, so that a broken one cannot last.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import platformdirs

from bridle.indexer.digest import digest


@contextlib.contextmanager
def tool_cache(workspace: Path, tool: str) -> Generator[Path]:
    """Yield a writable folder: the workspace's cache of this tool, or an empty one while another run holds that."""
    home = platformdirs.user_cache_path("bridle") / digest(str(workspace.resolve()).encode())
    home.mkdir(0o700, parents=True, exist_ok=True)
    with (home / f"{tool}.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            with tempfile.TemporaryDirectory(prefix=f"{tool}-", dir=home) as folder:
                yield Path(folder)
            return
        (home / tool).mkdir(0o700, exist_ok=True)
        yield home / tool


def discard(folder: Path) -> None:
    """Throw a cache away; it is built again by the next run."""
    shutil.rmtree(folder, ignore_errors=True)
