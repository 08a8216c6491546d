"""The form of a journal on disk, pure: lines chained by hashes, and the head that says how far they were
promised.

A line is ``{"seq", "time", "kind", "payload", "previous"}`` as JSON; `previous` is the digest of the line
before. The head is two slots of 64 bytes, written in turn, so that a torn write leaves the older one.
`examine` tells what a crash tore off (cut without loss: it was never promised) from what somebody broke or
lost.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from bridle.harness.nouns import Fault
from bridle.harness.session.events import KINDS, Event
from bridle.indexer.digest import digest

SLOT_BYTES = 64
_SLOT = re.compile(rb" *(\d+) ([0-9a-f]{32}) ([0-9a-f]{8})\n")


class Record(msgspec.Struct, frozen=True):
    """One line of a journal. `time` is in seconds since the epoch."""

    seq: int
    time: float
    kind: str
    payload: msgspec.Raw
    previous: str

    def event(self) -> Event | None:
        """Return the payload with its type; None when this version does not know it."""
        known = KINDS.get(self.kind)
        if known is None:
            return None
        try:
            return msgspec.json.decode(self.payload, type=known)
        except msgspec.DecodeError:
            return None


class Head(msgspec.Struct, frozen=True):
    """How far a journal was synced: the last promised record, and the digest of its line."""

    seq: int
    line: str


class Examined(msgspec.Struct, frozen=True):
    """What the bytes of a journal hold.

    `size_bytes` is the length of the whole records, `last` the digest of the last line. `damage` is "" when
    nothing that was promised is missing or altered; else it says what is, and `records` are those before it.
    """

    records: tuple[Record, ...]
    size_bytes: int
    last: str
    damage: str = ""


def genesis(run: str) -> str:
    """Return what the first record of a run names as the line before it."""
    return digest(f"bridle journal {run}".encode())


def make_line(seq: int, time: float, kind: str, payload: object, previous: str) -> bytes:
    """Return one line, its newline included. Raises Fault when the payload is not of its kind."""
    plain = msgspec.to_builtins(payload)
    _check(kind, plain)
    try:
        raw = msgspec.Raw(msgspec.json.encode(plain))
    except UnicodeEncodeError:
        raw = msgspec.Raw(json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace"))
    return msgspec.json.encode(Record(seq, time, kind, raw, previous)) + b"\n"


def examine(run: str, log: bytes, head: bytes | None) -> Examined:
    """Read a journal's bytes; `head` is None where there is no head file."""
    records: list[Record] = []
    promised = read_head(head) if head is not None else None
    last, size, damage = genesis(run), 0, ""
    met = promised is not None and promised.seq == 0 and promised.line == last
    for line in log.split(b"\n")[:-1]:
        record = _chained(line, len(records) + 1, last)
        if record is None:
            damage = f"record {len(records) + 1} was altered, removed or put in another place"
            break
        records.append(record)
        last = digest(line)
        size += len(line) + 1
        met = met or promised == Head(record.seq, last)
    if not damage and not met and (log or head is not None):
        damage = _what_is_wrong(promised, len(records))
    return Examined(tuple(records), size, last, damage)


def make_slot(head: Head) -> bytes:
    """Return the 64 bytes of one slot of a head file."""
    return f"{head.seq:>21} {head.line} {_seal(head.seq, head.line)}\n".encode()


def read_head(data: bytes) -> Head | None:
    """Return the newer of the two slots that is whole; None when neither is."""
    slots = [_SLOT.fullmatch(data[at : at + SLOT_BYTES]) for at in (0, SLOT_BYTES)]
    found = [(int(slot[1]), slot[2].decode()) for slot in slots if slot and _sealed(slot)]
    return Head(*max(found)) if found else None


def _check(kind: str, plain: Any) -> None:
    known = KINDS.get(kind)
    if known is None:
        raise Fault(f"the journal knows no event {kind!r}")
    try:
        msgspec.convert(plain, known)
    except msgspec.ValidationError as error:
        raise Fault(f"the event {kind!r} was given a payload of another form: {error}") from error
    extra = sorted(set(plain) - set(known.__struct_fields__))
    if extra:
        raise Fault(f"the event {kind!r} has no field {', '.join(map(repr, extra))}")


def _chained(line: bytes, seq: int, previous: str) -> Record | None:
    try:
        record = msgspec.json.decode(line, type=Record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return record if record.seq == seq and record.previous == previous else None


def _what_is_wrong(promised: Head | None, n_records: int) -> str:
    if promised is None:
        return "its head file is missing or broken"
    if promised.seq > n_records:
        return f"it ends after record {n_records}, but {promised.seq} had been written"
    return f"record {promised.seq} is not the one that had been written"


def _seal(seq: int, line: str) -> str:
    return digest(f"{seq} {line}".encode())[:8]


def _sealed(slot: re.Match[bytes]) -> bool:
    return slot[3].decode() == _seal(int(slot[1]), slot[2].decode())
