"""Reads what the reporters for JavaScript's test runners wrote, and believes nothing that is not whole and of this run.

Pure: bytes in, a `Session` or a reason out. The lines are defined by `plugins/bridle_node.cjs`: those of the reporter,
which counts them, and between them those of every process that loaded a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from bridle.harness.verify.checkers.pytest_report import UnprovenError

RANKS = ("failed", "unfinished", "flaky", "todo", "skipped", "passed")
"""What a test that was told more than once is: the first of these that it was told to be."""


class Begin(msgspec.Struct, frozen=True, tag_field="kind", tag="begin"):
    """The reporter's first line. `device` and `inode` are those of the root that the run saw."""

    nonce: str
    device: str
    inode: str
    tool: str
    node: str


class Thrown(msgspec.Struct, frozen=True):
    """One error as the runner has it; `expected` and `actual` where it compared."""

    name: str = ""
    message: str = ""
    stack: str = ""
    expected: str = ""
    actual: str = ""
    diff: str = ""


class Broken(msgspec.Struct, frozen=True, tag_field="kind", tag="broken"):
    """A file that could not be run, or an error that belongs to no test; `file` is "" where none is known."""

    file: str
    errors: tuple[Thrown, ...]


class Started(msgspec.Struct, frozen=True, tag_field="kind", tag="started"):
    """A test, a suite or a file begins."""

    id: str


class Ended(msgspec.Struct, frozen=True, tag_field="kind", tag="ended"):
    """A suite ended, and is told by its tests."""

    id: str


class Test(msgspec.Struct, frozen=True, tag_field="kind", tag="test"):
    """What became of a test: passed, failed, skipped, todo, flaky, unfinished."""

    id: str
    file: str
    outcome: str
    errors: tuple[Thrown, ...] = ()


class Loaded(msgspec.Struct, frozen=True, tag_field="kind", tag="loaded"):
    """A file that a process loaded, and the SHA-256 of its bytes; files of the tree are relative to it."""

    path: str
    digest: str


class Exited(msgspec.Struct, frozen=True, tag_field="kind", tag="exited"):
    """The process of a test file was ended from inside."""

    file: str
    code: int


class End(msgspec.Struct, frozen=True, tag_field="kind", tag="end"):
    """The reporter's last line; `n_lines` counts those of it before."""

    nonce: str
    n_lines: int
    reason: str = ""


Line = Begin | Broken | Started | Ended | Test | Loaded | Exited | End


class Session(msgspec.Struct, frozen=True):
    """A whole run. `tests` holds every test once; `unended` began and did not end."""

    begin: Begin
    end: End
    tests: dict[str, Test]
    broken: tuple[Broken, ...]
    unended: tuple[str, ...]
    loaded: tuple[Loaded, ...]
    exited: tuple[Exited, ...]

    def count(self, outcome: str) -> int:
        """Return how many tests ended so."""
        return sum(test.outcome == outcome for test in self.tests.values())

    def files(self) -> set[str]:
        """Return the files of the tests that ran."""
        return {test.file for test in self.tests.values() if test.outcome not in ("skipped", "todo")}


def read_session(data: bytes, nonce: str) -> Session:
    """Return the run that these lines tell of.

    Raises:
        UnprovenError: there is no report, it is cut short, garbled, or not of the run that `nonce` belongs to.
    """
    lines = _decoded(data)
    told = [line for line in lines if not isinstance(line, Loaded | Exited)]
    if not told:
        raise UnprovenError("there is no report")
    begin, end = told[0], told[-1]
    if not isinstance(begin, Begin) or begin.nonce != nonce:
        raise UnprovenError("the report is not of this run")
    if not isinstance(end, End):
        raise UnprovenError("the report ends in the middle", next(_unended(told), ""))
    among = told[1:-1]
    if end.nonce != nonce or end.n_lines != len(told) - 1 or any(isinstance(line, Begin | End) for line in among):
        raise UnprovenError("the report was written by more than this run")
    return Session(
        begin=begin,
        end=end,
        tests=_worst([line for line in told if isinstance(line, Test)]),
        broken=tuple(line for line in told if isinstance(line, Broken)),
        unended=tuple(_unended(told)),
        loaded=tuple(line for line in lines if isinstance(line, Loaded)),
        exited=tuple(line for line in lines if isinstance(line, Exited)),
    )


def running_test(data: bytes) -> str:
    """Return a test that had begun and not ended, "" when there is none, of a report that was cut short."""
    try:
        return next(_unended(_decoded(data.rpartition(b"\n")[0])), "")
    except UnprovenError:
        return ""


def _decoded(data: bytes) -> list[Line]:
    try:
        return msgspec.json.Decoder(Line).decode_lines(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnprovenError("the report is garbled", running_test(data) if data.count(b"\n") else "") from error


def _unended(lines: Sequence[Line]) -> Iterator[str]:
    """Yield the last begun first, of what did not end; a file that had a test end is told by its tests."""
    ended = {line.id for line in lines if isinstance(line, Test | Ended)}
    files = {line.file for line in lines if isinstance(line, Test | Broken)}
    begun = dict.fromkeys(line.id for line in reversed(lines) if isinstance(line, Started))
    yield from (one for one in begun if one not in ended and one not in files)


def _worst(told: Sequence[Test]) -> dict[str, Test]:
    found: dict[str, Test] = {}
    for test in told:
        known = found.get(test.id)
        if known is None or _rank(test) < _rank(known):
            found[test.id] = test
    return found


def _rank(test: Test) -> int:
    return RANKS.index(test.outcome) if test.outcome in RANKS else 0
