"""Reads what the plugin wrote in a pytest session, and believes nothing that is not whole and of this very run.

Pure: bytes in, a `Session` or a reason out. The lines are defined by `plugins/bridle_proof.py`.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from bridle.harness.verify.checkers.pytest_values import Held
from bridle.harness.verify.impact.evidence import Context

Outcome = str
Place = tuple[str, int, int]
Frame = tuple[str, int, int, str]
"""Path, 0-based half-open lines, and for a frame the function."""


class Begin(msgspec.Struct, frozen=True, tag_field="kind", tag="begin"):
    """The first line. `device` and `inode` are those of the folder that the session ran in."""

    nonce: str
    device: int
    inode: int
    versions: str


class Collected(msgspec.Struct, frozen=True, tag_field="kind", tag="collected"):
    """The tests that are to run."""

    ids: tuple[str, ...]


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What a failed report says; empty where it did not fail.

    `raised` is the innermost frame of the workspace; `compared` are operator, left and right value of a comparison
    that failed, as text; `values` are the locals of the frames that they are told of.
    """

    message: str = ""
    detail: str = ""
    error: str = ""
    place: Place = ("", 0, 1)
    frames: tuple[Frame, ...] = ()
    raised: Frame = ("", 0, 1, "")
    compared: tuple[str, ...] = ()
    values: tuple[Held, ...] = ()


class Uncollected(Failure, frozen=True, kw_only=True, tag_field="kind", tag="uncollected"):
    """A file or a class that could not be collected."""

    id: str


class Started(msgspec.Struct, frozen=True, tag_field="kind", tag="started"):
    """A test begins."""

    id: str


class Ran(Failure, frozen=True, kw_only=True, tag_field="kind", tag="test"):
    """One phase of a test: setup, call or teardown; several for one that is run again or has subtests."""

    id: str
    when: str
    outcome: str
    expected_to_fail: bool = False


class Modules(msgspec.Struct, frozen=True, tag_field="kind", tag="modules"):
    """Name, file and digest of the modules that were loaded; files of the workspace are relative to it."""

    loaded: tuple[tuple[str, str, str], ...]


class Reached(msgspec.Struct, frozen=True, tag_field="kind", tag="reached"):
    """What one context of a recorded session executed and opened."""

    context: Context


class Unwatched(msgspec.Struct, frozen=True, tag_field="kind", tag="unwatched"):
    """Files of the workspace that were loaded before anything was recorded."""

    paths: tuple[str, ...]


class End(msgspec.Struct, frozen=True, tag_field="kind", tag="end"):
    """The last line; `n_lines` counts those before it. `enough` says that it ended before all of its tests had run."""

    nonce: str
    n_lines: int
    n_deselected: int
    exit_code: int
    enough: bool = False


Line = Begin | Collected | Uncollected | Started | Ran | Modules | Reached | Unwatched | End


class Session(msgspec.Struct, frozen=True):
    """A whole session, told by the plugin. `ran` holds every id that ended, with what became of it."""

    begin: Begin
    end: End
    collected: tuple[str, ...]
    uncollected: tuple[Uncollected, ...]
    failures: tuple[Ran, ...]
    ran: dict[str, Outcome]
    modules: tuple[tuple[str, str, str], ...]
    contexts: tuple[Context, ...] = ()
    unwatched: tuple[str, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """Return how many tests ended so: passed, failed, skipped, xfailed, xpassed, flaky."""
        return Counter(self.ran.values())[outcome]


class UnprovenError(Exception):
    """The report is not one: the text says why. `running` is the test that had begun and not ended."""

    def __init__(self, reason: str, running: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.running = running


def read_session(data: bytes, nonce: str) -> Session:
    """Return the session that these lines tell of.

    Raises:
        UnprovenError: there is no report, it is cut short, garbled, or not of the run that `nonce` belongs to.
    """
    lines = _decoded(data)
    if not lines:
        raise UnprovenError("there is no report")
    begin, end = lines[0], lines[-1]
    if not isinstance(begin, Begin) or begin.nonce != nonce:
        raise UnprovenError("the report is not of this run")
    if not isinstance(end, End):
        raise UnprovenError("the report ends in the middle", _running(lines))
    if (
        end.nonce != nonce
        or end.n_lines != len(lines) - 1
        or any(isinstance(line, Begin | End) for line in lines[1:-1])
    ):
        raise UnprovenError("the report was written by more than this run")
    return Session(
        begin=begin,
        end=end,
        collected=tuple(one for line in lines if isinstance(line, Collected) for one in line.ids),
        uncollected=tuple(line for line in lines if isinstance(line, Uncollected)),
        failures=tuple(line for line in lines if isinstance(line, Ran) and line.outcome == "failed"),
        ran=_outcomes([line for line in lines if isinstance(line, Ran)]),
        modules=tuple(one for line in lines if isinstance(line, Modules) for one in line.loaded),
        contexts=tuple(line.context for line in lines if isinstance(line, Reached)),
        unwatched=tuple(one for line in lines if isinstance(line, Unwatched) for one in line.paths),
    )


def running_test(data: bytes) -> str:
    """Return the test that had begun and not ended, "" when there is none, of a report that was cut short."""
    try:
        return _running(_decoded(data.rpartition(b"\n")[0]))
    except UnprovenError:
        return ""


def _decoded(data: bytes) -> list[Line]:
    try:
        return msgspec.json.Decoder(Line).decode_lines(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnprovenError("the report is garbled", running_test(data)) from error


def _running(lines: list[Line]) -> str:
    begun = [line.id for line in lines if isinstance(line, Started)]
    ended = {line.id for line in lines if isinstance(line, Ran)}
    return begun[-1] if begun and begun[-1] not in ended else ""


def _outcomes(reports: list[Ran]) -> dict[str, Outcome]:
    """Fold the phases of each test: the worst of them tells, and one that was run again is flaky."""
    phases: dict[str, set[str]] = {}
    for report in reports:
        phases.setdefault(report.id, set()).add(_outcome(report))
    ranks = ("failed", "flaky", "xpassed", "xfailed", "skipped", "passed")
    return {one: next((rank for rank in ranks if rank in seen), "skipped") for one, seen in phases.items()}


def _outcome(report: Ran) -> str:
    if report.outcome == "rerun":
        return "flaky"
    if report.expected_to_fail and report.outcome in ("passed", "skipped"):
        return "xpassed" if report.outcome == "passed" else "xfailed"
    return report.outcome
