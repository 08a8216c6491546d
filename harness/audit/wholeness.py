"""Whether the journals of a root are as they were written: none altered, shortened, put in another order or gone.

A run's own journal is a chain of hashes with a head beside it (`bridle.harness.session.records`); which runs there were
stands in a register of the same form. Somebody who may write all of it can make both anew: held against an export that
is kept elsewhere, that is found too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from bridle.harness.nouns import RunId, UserProblem
from bridle.harness.session.events import Dropped
from bridle.harness.session.journal import REGISTER, Reading, entered, journals_in, read_journal
from bridle.indexer.digest import digest

MAX_EXPORT_BYTES = 1 << 30


class Wrong(msgspec.Struct, frozen=True):
    """What is not as it was written, and of which run."""

    run: str
    problem: str


class Line(msgspec.Struct, frozen=True):
    """One record in an export: the run, its number there, and the record's digest with all that was said in it."""

    run: str
    seq: int
    time: float
    kind: str
    digest: str
    payload: msgspec.Raw = msgspec.Raw(b"null")


def readings(journals: Path) -> Iterator[Reading]:
    """Yield all journals of a root in the order of their names; one that cannot be read is told as damaged."""
    for run in journals_in(journals):
        try:
            yield read_journal(journals, run)
        except UserProblem as problem:
            yield Reading(run, (), problem.message, live=False)


def problems(journals: Path, known: Iterable[Reading]) -> tuple[Wrong, ...]:
    """Return what is not whole, by run; `known` are the readings of all journals that are there."""
    found = {reading.run: reading for reading in known}
    wrong = [Wrong(run, reading.damage) for run, reading in sorted(found.items()) if reading.damage]
    register = entered(journals)
    if register.damage:
        wrong.append(Wrong(REGISTER, f"the register of runs: {register.damage}"))
    gone = (run for run in register.runs if run not in found and run not in register.dropped)
    wrong += [Wrong(run, "its journal is gone") for run in gone]
    if register.began is not None:
        unknown = (one for one in found.values() if one.run not in register.runs and one.records)
        late = (one.run for one in unknown if one.records[0].time > register.began)
        wrong += [Wrong(run, "it was never entered in the register of runs") for run in sorted(late)]
    return tuple(wrong)


def lines(reading: Reading) -> Iterator[Line]:
    """Yield a run's records for an export."""
    for record in reading.records:
        mark = digest(msgspec.json.encode(record))
        yield Line(reading.run, record.seq, record.time, record.kind, mark, record.payload)


def against(export: Path, known: Iterable[Reading], dropped: Mapping[str, Dropped] | None = None) -> tuple[Wrong, ...]:
    """Return what an export holds that is not in the journals any more, or otherwise. Raises UserProblem.

    Of a run that was `dropped` the register tells how many records it had, and the last of them.
    """
    now = {reading.run: {line.seq: line.digest for line in lines(reading)} for reading in known}
    return tuple(_differing(_exported(export), now, dropped or {}))


def _exported(export: Path) -> Iterator[Line]:
    try:
        if export.stat().st_size > MAX_EXPORT_BYTES:
            raise UserProblem(f"{str(export)!r} is larger than {MAX_EXPORT_BYTES} bytes", "name an export of 'audit'")
        with export.open("rb") as file:
            for number, text in enumerate(file, start=1):
                try:
                    yield msgspec.json.decode(text, type=Line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise UserProblem(
                        f"{str(export)!r} line {number} is no line of an export: {error}", "name an export of 'audit'"
                    ) from error
    except OSError as error:
        raise UserProblem(f"{str(export)!r} cannot be read: {error.strerror}", "name an export of 'audit'") from error


def _differing(
    exported: Iterable[Line], now: Mapping[RunId, Mapping[int, str]], dropped: Mapping[str, Dropped]
) -> Iterator[Wrong]:
    told: set[str] = set()
    for line in exported:
        if line.run in told:
            continue
        there = now.get(RunId(line.run))
        known = dropped.get(line.run) if there is None else None
        if known is not None and line.seq < known.records:
            continue
        if known is not None:
            if (line.seq, line.digest) == (known.records, known.last):
                continue
            problem = f"record {line.seq} of the export is none of the journal that was let go"
        elif there is None:
            problem = "it stands in the export, and its journal is gone"
        elif line.seq not in there:
            problem = f"record {line.seq} stands in the export and is gone"
        elif there[line.seq] != line.digest:
            problem = f"record {line.seq} is not the one that stands in the export"
        else:
            continue
        told.add(line.run)
        yield Wrong(line.run, problem)
