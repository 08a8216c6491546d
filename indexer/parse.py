"""One file, from bytes to everything that is known of it. Runs inside a parse worker, one file at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from bridle.indexer.encoding import UndecodableError
from bridle.indexer.facts import FileFacts, Skipped, Symbol
from bridle.indexer.files import FileStat, read_bounded, unfit
from bridle.indexer.languages.outline import Outline
from bridle.indexer.words import FileWords, file_words

SUFFIXES = (".py", ".pyi", ".pyw")
MAX_WHOLE_LINES = 80


class Job(msgspec.Struct, frozen=True):
    """A file to read: as it stands on disk (`stat` tells when it was seen), or with `data` in its place."""

    path: str
    stat: FileStat | None = None
    data: bytes | None = None


class Parsed(msgspec.Struct, frozen=True, tag=True):
    """What one file gave."""

    facts: FileFacts
    words: FileWords


class Unread(msgspec.Struct, frozen=True, tag=True):
    """A file that gave nothing, and why."""

    skipped: Skipped


def has_language(path: str) -> bool:
    """Whether files of this name are read for facts."""
    return path.endswith(SUFFIXES)


def parse(root: Path, job: Job) -> Parsed | Unread:
    """Return what the file of `job` holds, or the reason why it was not read."""
    try:
        data = read_bounded(root / job.path) if job.data is None else job.data
    except OSError as error:
        return Unread(Skipped(job.path, f"unreadable: {error.strerror or error}"))
    if reason := unfit(data):
        return Unread(Skipped(job.path, reason))
    from bridle.indexer.languages import python

    try:
        facts = python.facts(job.path, data)
    except UndecodableError as error:
        return Unread(Skipped(job.path, str(error)))
    outline = Outline([(symbol.span.start_byte, symbol.span.end_byte) for symbol in facts.symbols])
    wholes = _wholes(facts.symbols, outline.parents)
    return Parsed(facts, file_words(python.source(data), facts.symbols, outline.stretches(), wholes))


def _wholes(symbols: Sequence[Symbol], parents: Sequence[int]) -> dict[int, int]:
    """Map each function inside a short function to it: to a reader they are one."""
    return {
        index: parent
        for index, parent in enumerate(parents)
        if symbols[index].kind == "function"
        and symbols[parent].kind in {"function", "method"}
        and symbols[parent].span.end_line - symbols[parent].span.start_line <= MAX_WHOLE_LINES
    }
