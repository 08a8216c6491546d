"""Where tools keep their caches between runs: per workspace, outside the tree, for one run at a time.

A tool that knows a file by its size and by whole seconds takes two texts for one; so what it holds of a file is
forgotten as soon as the file's digest is another. A cache is thrown away when the run that held it did not end well.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Generator, Mapping
from pathlib import Path, PurePosixPath

import msgspec
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
                (Path(folder) / tool).mkdir(0o700)
                yield Path(folder) / tool
            return
        (home / tool).mkdir(0o700, exist_ok=True)
        yield home / tool


def forget_changed(cache: Path, files: Mapping[str, str]) -> None:
    """Remove what the cache holds of files (path → digest) that are not as `remember` was told they are.

    A cache names its files by the module's last name; all modules of that name are forgotten.
    """
    known = known_files(cache)
    if known is None:
        discard(cache)
        return
    changed = {PurePosixPath(path).stem for path, _ in known.items() ^ files.items()}
    for entry in cache.rglob("*"):
        if entry.name.partition(".")[0] in changed and entry.is_file():
            entry.unlink()


def known_files(cache: Path) -> dict[str, str] | None:
    """Return which files (path → digest) the cache was last used with; None where that is not known."""
    try:
        return msgspec.json.decode(_memory(cache).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return None


def remember(cache: Path, files: Mapping[str, str]) -> None:
    """Note which files (path → digest) the cache was last used with."""
    _memory(cache).write_bytes(msgspec.json.encode(dict(files)))


def discard(cache: Path) -> None:
    """Empty a cache; it is built again by the next run."""
    _memory(cache).unlink(missing_ok=True)
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(0o700, exist_ok=True)


def _memory(cache: Path) -> Path:
    """Return a file beside the cache, where the tool itself cannot write."""
    return cache.with_name(f"{cache.name}.files")
