"""The packages of a tree: the folders that have a manifest, each with the files to which it is the nearest.

Read off names alone. A manifest among the data of tests is nobody's package; what says that one is real is the
finders' business (`finders/`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from bridle.harness.verify.checks import is_below

MAX_ENTRIES = 50_000
MAX_CONFIG_BYTES = 1_000_000
MAX_PACKAGES = 500
MAX_SCRIPTS = 30
RUN_BY = (
    ".pre-commit-config.yaml",
    "Makefile",
    "justfile",
    "tox.ini",
    "noxfile.py",
    "pyproject.toml",
    ".gitlab-ci.yml",
)
SCRIPTS = (".github/workflows/*.y*ml", "scripts/*", "script/*")
PASSED_BY = frozenset(("node_modules", "__pycache__", "site-packages", "venv", "build", "dist", "target", "vendor"))


class Survey(msgspec.Struct, frozen=True):
    """The tree at `root` by its files (paths relative to it); `python` is the person's setting, "" to find one."""

    root: Path
    files: tuple[str, ...]
    python: str = ""

    def folders_with(self, *names: str) -> tuple[str, ...]:
        """Return the folders that hold a file of one of these names, outermost first, a bounded number."""
        found = {path.rpartition("/")[0] for path in self.files if path.rpartition("/")[2] in names}
        return tuple(sorted(found, key=lambda folder: (folder.count("/") + bool(folder), folder))[:MAX_PACKAGES])

    def below(self, folder: str, without: Iterable[str] = ()) -> Iterator[str]:
        """Yield the files in a folder, those in `without` left out."""
        left_out = tuple(without)
        if not folder and not left_out:
            return iter(self.files)
        return (path for path in self.files if is_below(path, folder) and not any(is_below(path, x) for x in left_out))

    def text(self, path: str) -> str:
        """Return a file's text, "" where there is none; what is not UTF-8 is replaced."""
        try:
            with (self.root / path).open("rb") as stream:
                return stream.read(MAX_CONFIG_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""

    def holds(self, path: str, pattern: str = "") -> bool:
        """Tell whether a file is there and a line of it matches `pattern`."""
        return (self.root / path).is_file() and re.search(pattern, self.text(path), re.MULTILINE) is not None

    def mentions(self, pattern: str) -> bool:
        """Tell whether a line of what the project runs by itself matches: its hooks, its targets, its CI."""
        more = (path for glob in SCRIPTS for path in sorted(self.root.glob(glob))[:MAX_SCRIPTS])
        paths = (*RUN_BY, *(path.relative_to(self.root).as_posix() for path in more))
        return any(self.holds(path, pattern) for path in paths)


def survey(root: Path, python: str | None = None, files: Iterable[str] | None = None) -> Survey:
    """Return the survey of the tree at `root`; `files` are its files where they are known, None to look for them."""
    return Survey(root, tuple(sorted(_found(root) if files is None else filter(_counts, files))), python or "")


def join(folder: str, name: str) -> str:
    """Return the path of a file in a folder of the tree."""
    return f"{folder}/{name}" if folder else name


def _counts(path: str) -> bool:
    return not any(part in PASSED_BY or part.startswith(".") for part in path.split("/")[:-1])


def _found(root: Path) -> Iterator[str]:
    """Yield the paths of files, tool folders left out, until the bound is reached."""
    n_seen = 0
    for folder, inside, names in os.walk(root):
        inside[:] = sorted(name for name in inside if name not in PASSED_BY and not name.startswith("."))
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")  # noqa: PTH118  # no object per file
        n_seen += len(names) + 1
        if n_seen > MAX_ENTRIES:
            return
