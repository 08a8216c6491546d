"""What one or more recorded sessions left: the contexts, and the texts that their lines count in. Pure.

A session of some tests renews what is known of those; what is known of the others is carried over to the new texts,
line by line. Where a line cannot be carried over the test is forgotten, so that it runs again.
"""

from __future__ import annotations

import difflib
import zlib
from collections.abc import Mapping, Sequence

import msgspec

from bridle.harness.verify.impact.evidence import SESSION, Context, Evidence
from bridle.harness.verify.impact.imports import imports_of

FORM = 2
MAX_BYTES = 64_000_000
MAX_TEXTS_BYTES = 128_000_000


class Record(msgspec.Struct, frozen=True):
    """`files` is path → digest of the whole tree, `texts` its Python files; `toolchain` is what the tests ran with.

    `when` is, by test, the seconds since the epoch at which it was last seen. `full_s` is how long all tests took
    without being recorded, 0 where that is not known.
    """

    toolchain: str
    files: dict[str, str]
    texts: dict[str, str]
    contexts: tuple[Context, ...]
    unwatched: tuple[str, ...] = ()
    when: dict[str, float] = {}
    full_s: float = 0.0

    def evidence(self) -> Evidence:
        """Return what it tells, ready to be asked."""
        return Evidence(self.contexts, imports_of(self.texts), self.texts, self.unwatched)


class _Whole(msgspec.Struct, frozen=True):
    form: int
    record: Record


def encode(record: Record) -> bytes:
    """Return the record as bytes; b"" when it is larger than is kept."""
    data = zlib.compress(msgspec.msgpack.encode(_Whole(FORM, record)), 1)
    return data if len(data) <= MAX_BYTES else b""


def decode(data: bytes) -> Record | None:
    """Return the record in these bytes, None where they are none of ours, whole and of this form."""
    try:
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(data, MAX_TEXTS_BYTES * 4)
        if not unpacker.eof:
            return None
        whole = msgspec.msgpack.decode(plain, type=_Whole)
        for context in whole.record.contexts:
            for mask in context.lines.values():
                int(mask, 16)
    except (zlib.error, msgspec.DecodeError, ValueError, UnicodeDecodeError):
        return None
    return whole.record if whole.form == FORM else None


def renewed(old: Record | None, new: Record, gone: Sequence[str] = ()) -> Record:
    """Return the old record with what a later session of some of the tests saw; without an old one, the new.

    `gone` are tests that the session was to run and did not find.
    """
    if old is None or old.toolchain != new.toolchain:
        return new
    seen = {context.name for context in new.contexts if context.name.startswith("test:")}
    moves = {path: _moved(text, new.texts.get(path)) for path, text in old.texts.items() if new.texts.get(path) != text}
    forgotten = {f"test:{one}" for one in gone}
    kept: dict[str, Context] = {}
    for context in old.contexts:
        if context.name in seen or context.name in forgotten:
            continue
        carried = _carried(context, moves)
        if carried is not None:
            kept[context.name] = carried
    for context in new.contexts:
        before = kept.get(context.name) if context.name != SESSION else None
        kept[context.name] = context if before is None else joined(before, context)
    when = {one: at for one, at in {**old.when, **new.when}.items() if f"test:{one}" in kept}
    return msgspec.structs.replace(
        new,
        contexts=tuple(kept.values()),
        unwatched=tuple(sorted({*old.unwatched, *new.unwatched})),
        when=when,
        full_s=new.full_s or old.full_s,
    )


def _moved(old: str, new: str | None) -> dict[int, int]:
    """Return where each line of the old text that stands in the new one stands there."""
    if new is None:
        return {}
    matcher = difflib.SequenceMatcher(None, old.split("\n"), new.split("\n"), autojunk=False)
    return {a + n: b + n for a, b, size in matcher.get_matching_blocks() for n in range(size)}


def _carried(context: Context, moves: Mapping[str, Mapping[int, int]]) -> Context | None:
    """Return a context with its lines where they stand now; None for a test of which one is gone."""
    lines: dict[str, str] = {}
    is_test = context.name.startswith("test:")
    for path, mask in context.lines.items():
        if path not in moves:
            lines[path] = mask
            continue
        now, left = 0, int(mask, 16)
        while left:
            at = (left & -left).bit_length() - 1
            left &= left - 1
            to = moves[path].get(at)
            if to is not None:
                now |= 1 << to
            elif is_test:
                return None
        lines[path] = f"{now:x}"
    return msgspec.structs.replace(context, lines=lines)


def joined(old: Context, new: Context) -> Context:
    """Return what was done in either: of a module or a fixture one session or worker may see less than another."""
    lines = dict(old.lines)
    for path, mask in new.lines.items():
        lines[path] = f"{int(lines.get(path, '0'), 16) | int(mask, 16):x}"
    return msgspec.structs.replace(
        new,
        lines=lines,
        opened=tuple(sorted({*old.opened, *new.opened})),
        partial=new.partial or old.partial,
        importers=tuple(sorted({*old.importers, *new.importers})),
        kept=tuple(sorted({*old.kept, *new.kept})),
    )
