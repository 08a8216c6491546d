"""Findings that a person accepted: known for good, by fingerprint, and counted so that one more of a kind is new.

Kept in the workspace's own state, never in the repository; what another engine on the root wrote is seen at the next
question. Pure but for the one file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bridle.harness.nouns import Finding, UserProblem
from bridle.harness.session.storage import write_whole

MAX_KEPT = 10_000
MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_MESSAGE = 200


class Acceptance(msgspec.Struct, frozen=True):
    """One complaint that is accepted as often as it stood then (`count`); `message` is for people, `at` when."""

    check: str
    fingerprint: str
    path: str
    message: str
    count: int = 1
    at: float = 0.0


class Accepted:
    """The acceptances of one root, the oldest first."""

    def __init__(self, file: Path, now: Callable[[], float]) -> None:
        self._file = file
        self._now = now

    def all(self) -> tuple[Acceptance, ...]:
        """Return what is accepted. Raises UserProblem where its file cannot be read."""
        try:
            with self._file.open("rb") as stream:
                data = stream.read(MAX_FILE_BYTES)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unreadable(self._file, str(error.strerror or error)) from error
        try:
            return msgspec.json.decode(data, type=tuple[Acceptance, ...])
        except msgspec.DecodeError as error:
            raise _unreadable(self._file, str(error)) from error

    def accept(self, finding: Finding, count: int = 1) -> Acceptance:
        """Accept a finding as often as it stands now; returns what is kept. Raises UserProblem."""
        if not finding.fingerprint:
            raise UserProblem(f"{finding.check} gave this finding no fingerprint", "run the check again, then accept")
        first, _, _ = finding.message.partition("\n")
        kept = Acceptance(
            finding.check, finding.fingerprint, finding.path, first[:MAX_MESSAGE], max(1, count), self._now()
        )
        others = [one for one in self.all() if _key(one) != _key(kept)]
        if len(others) >= MAX_KEPT:
            raise UserProblem(
                f"{MAX_KEPT} findings are accepted already", "take some back, or mend them: none is forgotten unasked"
            )
        self._write((*others, kept))
        return kept

    def take_back(self, fingerprint: str = "") -> Acceptance:
        """Take one acceptance back, the newest when none is named; returns it. Raises UserProblem."""
        known = self.all()
        named = [one for one in known if fingerprint in ("", one.fingerprint)]
        if not named:
            what = "no such finding is accepted" if fingerprint else "no finding is accepted"
            raise UserProblem(what, "accept one by its code action")
        self._write(tuple(one for one in known if one is not named[-1]))
        return named[-1]

    def _write(self, kept: tuple[Acceptance, ...]) -> None:
        write_whole(self._file, msgspec.json.encode(kept))


def with_accepted(findings: Sequence[Finding], accepted: Sequence[Acceptance]) -> tuple[Finding, ...]:
    """Return the findings, those that are accepted marked and not `new`; of one kind as many as were accepted."""
    left = Counter({_key(one): one.count for one in accepted})
    marked: list[Finding] = []
    for finding in findings:
        key = (finding.check, finding.fingerprint)
        known = left[key] > 0
        left[key] -= known
        marked.append(msgspec.structs.replace(finding, new=False, accepted=True) if known else finding)
    return tuple(marked)


def _key(one: Acceptance) -> tuple[str, str]:
    return one.check, one.fingerprint


def _unreadable(file: Path, why: str) -> UserProblem:
    return UserProblem(f"the accepted findings in {str(file)!r} cannot be read: {why}", "move that file aside")
