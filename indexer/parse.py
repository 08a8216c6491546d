"""One file, from bytes to everything that is known of it. Runs inside a parse worker, one file at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from bridle.indexer.digest import digest
from bridle.indexer.encoding import UndecodableError, decode
from bridle.indexer.entry import Entry
from bridle.indexer.facts import FileFacts, Skipped, Symbol
from bridle.indexer.files import MAX_FILE_BYTES, read_bounded, unfit
from bridle.indexer.held import FileWords
from bridle.indexer.languages.embedded import EMBEDDING, script_in
from bridle.indexer.languages.outline import Outline
from bridle.indexer.languages.readers import is_read, is_text, reader_of
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.structure import MAX_COUNTED_BYTES
from bridle.indexer.words import file_words

MAX_WHOLE_LINES = 80
MAX_TEXT_BYTES = 300_000
"""A text that is no code and longer than this is data: not even its structure is read."""


class Job(msgspec.Struct, frozen=True):
    """A file to read: as it stands on disk, with `data` for its bytes, or with the `text` of a buffer."""

    path: str
    data: bytes | None = None
    text: str | None = None


class Parsed(msgspec.Struct, frozen=True, tag=True):
    """What one file gave."""

    entry: Entry
    words: FileWords

    @property
    def facts(self) -> FileFacts:
        """What was read out of it, made when first asked for."""
        return self.entry.facts


class Unread(msgspec.Struct, frozen=True, tag=True):
    """A file that gave nothing, and why; without a reason it is nothing that anybody would miss."""

    skipped: Skipped


def encoded(outcome: Parsed | Unread) -> bytes:
    """Return an outcome as it travels and is kept (MessagePack)."""
    if isinstance(outcome, Parsed):
        outcome = Parsed(outcome.entry.as_bytes(), outcome.words)
    return msgspec.msgpack.encode(outcome)


def has_language(path: str) -> bool:
    """Whether files of this name are read for facts."""
    return reader_of(path) is not None


def parse(root: Path, job: Job, trees: Trees | None = None) -> Parsed | Unread:
    """Return what the file of `job` holds, or the reason why it was not read; `trees` are those of the buffers."""
    try:
        data, source = _bytes(root, job)
    except UndecodableError as error:
        return Unread(Skipped(job.path, str(error)))
    except OSError as error:
        return Unread(Skipped(job.path, f"unreadable: {error.strerror or error}"))
    if reason := unfit(data):
        return Unread(Skipped(job.path, reason))
    reader = reader_of(job.path)
    if reader is None:
        return Unread(Skipped(job.path, "no language that is read for facts"))
    if not is_read(job.path, source):
        return Unread(Skipped(job.path, ""))
    if is_text(job.path) and len(source) > MAX_TEXT_BYTES:
        return Unread(Skipped(job.path, f"data: more than {MAX_TEXT_BYTES} bytes that are no code"))
    facts = reader.facts(job.path, source, None if job.text is None else trees)
    if source is not data:
        facts = msgspec.structs.replace(facts, digest=digest(data), n_bytes=len(data))
    if job.path.endswith(EMBEDDING) and not (source := script_in(job.path, source)).strip():
        return Parsed(Entry.of(facts), file_words(b"", (), (), {}))  # markup alone answers no question about code
    outline = Outline([(symbol.span.start_byte, symbol.span.end_byte) for symbol in facts.symbols])
    stretches = outline.stretches()
    if is_text(job.path):
        stretches = ((owner, start, min(end, start + MAX_COUNTED_BYTES)) for owner, start, end in stretches)
    wholes = _wholes(facts.symbols, outline.parents)
    return Parsed(Entry.of(facts), file_words(source, facts.symbols, stretches, wholes, job.text is not None))


def _bytes(root: Path, job: Job) -> tuple[bytes, bytes]:
    """Return the bytes of a file, and its text in UTF-8."""
    if job.text is not None:
        data = job.text.encode("utf-8", "replace")
        if len(data) > MAX_FILE_BYTES:
            raise OSError(f"larger than {MAX_FILE_BYTES} bytes")
        return data, data
    data = read_bounded(root / job.path) if job.data is None else job.data
    return data, data if b"\0" in data else in_utf8(data)


def in_utf8(data: bytes) -> bytes:
    """Return a file's text in UTF-8, as facts count in it. Raises UndecodableError."""
    is_plain = data.isascii() and b"coding" not in data[:1000]
    return data if is_plain else decode(data).text.encode()


def _wholes(symbols: Sequence[Symbol], parents: Sequence[int]) -> dict[int, int]:
    """Map each function inside a short function to it: to a reader they are one."""
    return {
        index: parent
        for index, parent in enumerate(parents)
        if symbols[index].kind == "function"
        and symbols[parent].kind in {"function", "method"}
        and symbols[parent].span.end_line - symbols[parent].span.start_line <= MAX_WHOLE_LINES
    }
