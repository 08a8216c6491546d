"""What the commands share: the workspace's root, places such as FILE:A-B, one JSON document, progress on stderr."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from bridle.harness.engine import Engine, EngineEvent, Selection
from bridle.harness.nouns import UserProblem
from bridle.indexer.text import split_lines

Answer = TypeVar("Answer")

WHOLE_LINES = 2_000
"""Of a file that is pinned whole, so many lines are looked at."""
ROOT_MARKS = ("bridle.toml", ".git", "pyproject.toml", "package.json", "go.mod", "Cargo.toml", "setup.py")
_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<first>\d+)(?:-(?P<last>\d+))?)?\Z", re.DOTALL)


def add_root(parser: argparse.ArgumentParser) -> None:
    """Give a command `--root` and `--json`."""
    parser.add_argument("--root", type=Path, default=None, help="the workspace (default: the nearest one above here)")
    parser.add_argument("--json", action="store_true", help="print exactly one JSON document on standard output")


def find_root(given: Path | None) -> Path:
    """Return the workspace: what was given, else the nearest folder above that looks like one, else this folder."""
    start = (given or Path.cwd()).resolve()
    if not start.is_dir():
        raise UserProblem(f"{str(start)!r} is not a folder", "name a workspace folder with --root")
    if given is not None:
        return start
    for folder in (start, *start.parents):
        if any((folder / mark).exists() for mark in ROOT_MARKS):
            return folder
    return start


def place(text: str, root: Path) -> tuple[str, int | None, int | None]:
    """Read ``FILE``, ``FILE:A`` or ``FILE:A-B`` (1-based, inclusive); returns path below `root`, 0-based lines."""
    matched = _PLACE.match(text)
    assert matched is not None
    whole = any((folder / text).is_file() for folder in (Path.cwd(), root))  # a name may end as a place does
    path = below(root, text if whole else matched["file"])
    if whole or matched["first"] is None:
        return path, None, None
    first = int(matched["first"])
    last = int(matched["last"] or first)
    if first < 1 or last < first:
        raise UserProblem(f"{text!r} is not a range of lines", "write FILE:A-B with 1 <= A <= B")
    return path, first - 1, last


def below(root: Path, path: str) -> str:
    """Return `path` relative to `root`; a path that is not there relative to here is tried below the root."""
    if any("\ud800" <= character <= "\udfff" for character in path):
        raise UserProblem(f"{path!r} is not a name in UTF-8", "rename the file")
    given = Path(path)
    candidates = [given] if given.is_absolute() else [Path.cwd() / given, root / given]
    for candidate in candidates:
        plain = Path(os.path.normpath(candidate))
        if plain.is_relative_to(root) and (plain.exists() or candidate is candidates[-1]):
            return plain.relative_to(root).as_posix()
    raise UserProblem(f"{path!r} is outside the workspace {str(root)!r}", "name a file below it, or another --root")


def selection(text: str | None, root: Path) -> Selection | None:
    """Return the selection that ``--at`` names."""
    if text is None:
        return None
    path, first, end = place(text, root)
    if first is None or end is None:
        raise UserProblem(f"--at {text!r} names no lines", "write --at FILE:A-B")
    try:
        n_lines = len(split_lines((root / path).read_bytes().decode("utf-8", "replace")))
    except OSError as error:
        raise UserProblem(f"--at {text!r} cannot be read: {error.strerror}", "name a file of the workspace") from error
    if first >= n_lines:
        raise UserProblem(f"--at {text!r} is past the end of the file", f"it has {n_lines} lines")
    return Selection(path, first, end)


def add_choices(parser: argparse.ArgumentParser, what: str) -> None:
    """Declare what a person pins and keeps out of the context of a task."""
    parser.add_argument(
        "--pin", metavar="FILE[:A-B]", action="append", default=[], help=f"what must be in {what}; may be repeated"
    )
    parser.add_argument(
        "--exclude", metavar="PATTERN", action="append", default=[], help=f"paths that must not be in {what}"
    )


def pins_of(options: argparse.Namespace, root: Path) -> tuple[Selection, ...]:
    """Return the lines that each ``--pin`` names, those of the whole file where it names none."""
    return tuple(_pinned(text, root) for text in options.pin)


def _pinned(text: str, root: Path) -> Selection:
    """Return the lines that ``--pin`` names, those of the whole file where it names none."""
    path, first, end = place(text, root)
    if not (root / path).is_file():
        raise UserProblem(f"--pin {text!r} names no file", "name a file of the workspace")
    return Selection(path, 0, WHOLE_LINES) if first is None or end is None else Selection(path, first, end)


def print_json(document: object) -> None:
    """Print the one JSON document of a command."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def note(text: str) -> None:
    """Print a line of progress where it disturbs no output."""
    print(text, file=sys.stderr, flush=True)


def with_engine(
    root: Path,
    ask: Callable[[Engine], Awaitable[Answer]],
    listener: Callable[[EngineEvent], None] | None = None,
    **settings: object,
) -> Answer:
    """Open an engine in this process, ask it, close it."""

    async def whole() -> Answer:
        from bridle.harness.workspace import open_engine

        engine = await open_engine(root, settings)
        engine.listen(listener or (lambda event: None))
        try:
            return await ask(engine)
        finally:
            await engine.close()

    return asyncio.run(whole())
