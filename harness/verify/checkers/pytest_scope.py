"""Which of the tests one session of pytest runs, and what is learnt from it.

The session is told what to leave out, never what to run: a test that nobody has seen yet runs, whoever made it.
"""

from __future__ import annotations

import msgspec

from bridle.harness.verify.checkers.pytest_report import Session
from bridle.harness.verify.checks import is_test_path
from bridle.harness.verify.impact.choosing import Selection, in_words
from bridle.harness.verify.impact.memory import seen_by
from bridle.harness.verify.job import Job, Ran
from bridle.harness.verify.toolchain import toolchain

TESTS_A_FAILURE = 10
"""So many tests are waited for after a first new failure, for each failure that would be enough."""


class Choice(msgspec.Struct, frozen=True):
    """What the plug-in is told: ids to leave out, files of which nothing runs, and which files come first."""

    left_out: tuple[str, ...]
    whole_files: tuple[str, ...]
    first: tuple[str, ...]


class Enough(msgspec.Struct, frozen=True):
    """When a session ends early: after `failures`, `known` of them old ones, or when `more` tests, and as many again as
    it took to a new failure, have run after that.
    """

    failures: int
    known: int = 0
    more: int = 0


class Plan(msgspec.Struct, frozen=True):
    """What one run is to be. `expected` are the known tests that must have run; `extent` says in words what runs,
    `files` where those tests stand.
    """

    choice: Choice | None = None
    record: bool = False
    expected: frozenset[str] = frozenset()
    extent: str = ""
    wider: str = ""
    files: tuple[str, ...] = ()
    enough: Enough | None = None

    def missing(self, session: Session) -> str:
        """Return a test that was to run and was not collected, "" where there is none."""
        if self.choice is None or session.uncollected:
            return ""
        return min(self.expected - set(session.collected), default="")

    def ended(self, session: Session) -> str:
        """Return in words that a session ended since enough had failed, "" where it did not."""
        n_unrun = len(set(session.collected) - session.ran.keys())
        n_failed = len(session.uncollected) + len(session.failures)
        if self.enough is None or not n_unrun or (n_failed < self.enough.failures and not session.end.enough):
            return ""
        failures = "a failure" if n_failed == 1 else f"{n_failed} failures"
        return f"stopped after {failures}, {n_unrun} of {len(session.collected)} tests did not run"

    def told(self, reason: str) -> str:
        """Return a verdict's reason, with what was run and why it was all."""
        parts = [reason, self.extent or (f"all tests ran: {self.wider}" if self.wider else "")]
        return "; ".join(part for part in parts if part)


def plan_of(job: Job) -> Plan:
    """Return what a job's session runs."""
    memory = job.memory
    if memory is None or _is_narrowed(job):
        return Plan()
    name = job.check.name
    if job.which.only:
        asked_for = {told_path(job, one.partition("::")[0]) for one in job.which.only}
        return Plan(extent=f"{len(job.which.only)} tests that were asked for", files=tuple(sorted(asked_for)))
    if not job.which.impact:
        return Plan(record=memory.may_record(name, job.timeout_s) and not _is_fresh(job))
    selection = memory.selection(name, _tools(job), job.tree, job.shadow.read)
    if selection.everything:
        return Plan(record=True, wider=selection.wider, enough=_enough(job, selection))
    known = memory.known(name)
    files = {one: test.path for one, test in known.evidence.tests.items()} if known is not None else {}
    choice = _choice(selection, files)
    expected = frozenset(_still_there(selection, files, job))
    enough = _enough(job, selection)
    return Plan(choice, True, expected, in_words(selection), files=choice.first, enough=enough)


def _enough(job: Job, selection: Selection) -> Enough | None:
    """Return when enough tests have failed, None for never."""
    known = job.memory.known(job.check.name) if job.memory is not None else None
    if known is None or not job.which.enough:
        return None
    tests = known.evidence.tests
    failed = {one for one, test in tests.items() if test.outcome == "failed"} | job.failing
    n_known = len(failed - frozenset(selection.left_out))
    return Enough(job.which.enough + n_known, n_known, job.which.enough * TESTS_A_FAILURE)


def _choice(selection: Selection, files: dict[str, str]) -> Choice:
    wanted = list(dict.fromkeys(files[pick.id] for pick in selection.picks))
    whole = {files[one] for one in selection.left_out} - set(wanted)
    return Choice(selection.left_out, tuple(sorted(whole)), tuple(wanted))


def _still_there(selection: Selection, files: dict[str, str], job: Job) -> list[str]:
    """Return the picked tests whose file is as it was seen: of one that changed, any may be gone."""
    known = job.memory.known(job.check.name) if job.memory is not None else None
    before = known.record.files if known is not None else {}
    picked = [pick.id for pick in selection.picks]
    return [one for one in picked if before.get(files[one]) == job.tree.files.get(files[one], "gone")]


def told_path(job: Job, path: str) -> str:
    """Return the path in the tree of a file as pytest names it in its package."""
    return f"{job.check.package}/{path}" if job.check.package else path


def _tools(job: Job) -> str:
    return job.tools or toolchain(job.check, job.shadow.workspace)


def _is_narrowed(job: Job) -> bool:
    """Tell whether a job names the test files that it is to run."""
    return bool(job.paths) and (not job.which.impact or all(map(is_test_path, job.paths)))


def _is_fresh(job: Job) -> bool:
    """Tell whether what is known of the tests is of this very tree."""
    known = job.memory.known(job.check.name) if job.memory is not None else None
    return known is not None and bool(known.record.contexts) and known.record.files == dict(job.tree.files)


def learn(job: Job, plan: Plan, ran: Ran, session: Session) -> None:
    """Keep what a session saw; of one that was not recorded, how long all of the tests took."""
    memory = job.memory
    if memory is None or job.which.only or _is_narrowed(job):
        return
    name, tools = job.check.name, _tools(job)
    if not plan.record:
        memory.note_seconds(name, tools, ran.completed.seconds)
    elif session.contexts:
        contexts = session.contexts
        seen = seen_by(contexts, session.unwatched, session.ran, tools, job.tree, job.shadow.read)
        gone = sorted((plan.expected | set(session.collected)) - session.ran.keys())
        memory.learn(name, seen, gone, whole=plan.choice is None)
