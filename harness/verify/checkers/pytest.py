"""Tests, by the project's own pytest with our plugin beside the project's own.

The exit code alone proves nothing, nor does any file that lies in the tree: green needs the plugin's whole report of
this very run, tests that ran and passed, and modules that came from the tree that is judged.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from bridle.harness.nouns import Finding, Related, Verdict
from bridle.harness.verify.checkers.assertion import MAX_COMPARED, Written, told_first
from bridle.harness.verify.checkers.loaded import rewritten, wrong_tree
from bridle.harness.verify.checkers.pytest_report import Failure, Session, UnprovenError, read_session, running_test
from bridle.harness.verify.checkers.pytest_scope import Choice, Enough, Plan, learn, plan_of, told_path
from bridle.harness.verify.checkers.pytest_values import shown_value, values_of
from bridle.harness.verify.checks import is_test_path
from bridle.harness.verify.job import (
    FLAKY,
    MAX_AGAIN,
    MAX_REPORT_BYTES,
    Job,
    Ran,
    last_line,
    narrowed,
    start,
    stopped,
    told,
    unknown,
    verdict,
)
from bridle.indexer.encoding import UndecodableError, decode
from bridle.indexer.files import read_bounded

MAX_OUTPUT_BYTES = 1 << 20
"""Of what the session prints; its report comes by a file of its own."""
PLUGINS = Path(__file__).parent.parent / "plugins"
USAGE_ERROR = 4


class Again(NamedTuple):
    """What a second session of failed tests said: those that passed in it, and how long it took."""

    flaky: frozenset[str] = frozenset()
    seconds: float = 0.0


class Asked(msgspec.Struct, frozen=True):
    """What one session is asked to run: the tests of these ids, or all but those that a choice leaves out."""

    only: tuple[str, ...] = ()
    choice: Choice | None = None
    record: bool = False
    enough: Enough | None = None


def check(job: Job) -> Verdict:
    """Run the tests, or those in `job.paths` when they are all test files, or those that reach what changed.

    A few that fail are run once more, by themselves: what passes then is flaky. Those that failed twice on the ground
    are not asked again. Where only some files are looked at, while somebody types, the first word is enough.
    """
    plan = plan_of(job)
    ran, session = _session(job, Asked(job.which.only, plan.choice, plan.record, plan.enough))
    if isinstance(session, Verdict):
        return session
    before_s = 0.0
    if missing := plan.missing(session):
        plan = Plan(record=True, wider=f"{missing} is not there any more")
        before_s = ran.completed.seconds
        ran, session = _session(job, Asked(record=plan.record))
        if isinstance(session, Verdict):
            return session
    learn(job, plan, ran, session)
    ran = ran.longer(before_s)
    if ended := plan.ended(session):
        judged = conclude(job, ran, session, ())
        files = {told_path(job, one.partition("::")[0]) for one in session.ran}
        plan = msgspec.structs.replace(plan, extent=ended, wider="", files=tuple(sorted(files)))
    else:
        again = passed_again(job, session, lambda failed: _session(job, Asked(only=tuple(failed))))
        judged = conclude(job, ran.longer(again.seconds), session, again.flaky)
    reason = plan.told(judged.reason)
    return msgspec.structs.replace(judged, extent=plan.extent, reason=reason, looked_at=plan.files)


def notices(job: Job) -> bool | None:
    """Tell whether any of the tests that reach what changed fails, None where that cannot be told; learns nothing."""
    plan = plan_of(job)
    ran, session = _session(job, Asked(choice=plan.choice, enough=Enough(1)))
    if isinstance(session, Verdict):
        return True if session.outcome == "timeout" and ran.completed.timed_out else None
    if session.uncollected or session.failures:
        return True
    return False if ran.completed.exit_code == 0 and session.count("passed") else None


def passed_again(job: Job, session: Session, again: Callable[[Sequence[str]], tuple[Ran, Session | Verdict]]) -> Again:
    """Return what is said of the tests that failed in a session when `again` runs those alone, where they are few.

    Of a test that is known to fail steadily nothing is asked: it is no news.
    """
    failed = sorted({failure.id for failure in session.failures} - job.steady)
    if job.paths or session.uncollected or not 0 < len(failed) <= MAX_AGAIN:
        return Again()
    ran, second = again(failed)
    if isinstance(second, Verdict) or set(second.collected) != set(failed):
        return Again(seconds=ran.completed.seconds)
    return Again(frozenset(one for one in failed if second.ran.get(one) == "passed"), ran.completed.seconds)


def _session(job: Job, asked: Asked) -> tuple[Ran, Session | Verdict]:
    """Run pytest; returns what it told, or why it proves nothing."""
    nonce, report = secrets.token_hex(16), job.shadow.new_report()
    if asked.choice is not None:
        report.write_bytes(msgspec.json.encode(asked.choice))
    waits = [asked.enough.known, asked.enough.more] if asked.enough is not None and asked.enough.more else []
    order = json.dumps({"path": str(report), "nonce": nonce, "enough": waits})
    variables = {"PYTHONPATH": str(PLUGINS), "BRIDLE_PROOF": order}
    if job.check.package:
        variables["BRIDLE_ROOT"] = "/".join([".."] * len(job.check.package.split("/")))
    arguments = [*_arguments(job, nonce), *_more(asked), *asked.only]
    ran = start(job, arguments, variables, report, cap_bytes=MAX_OUTPUT_BYTES)
    data = written(report)
    ran = msgspec.structs.replace(ran, report=data)
    running = running_test(data)
    early = stopped(job, ran, f", in {running}" if running else "")
    if early is not None:
        return ran, early
    try:
        session = read_session(data, nonce)
    except UnprovenError as error:
        return ran, _unproven(job, ran, error)
    return ran, misplaced(job, ran, session) or session


def _more(asked: Asked) -> list[str]:
    enough = [f"--maxfail={asked.enough.failures}"] if asked.enough is not None else []
    return [*(["-p", "bridle_reach"] if asked.record else []), *enough]


def _arguments(job: Job, nonce: str) -> list[str]:
    # A cache of its own, kept by nobody: with an older one `--lf` in the project's options leaves tests out unseen.
    arguments = ["-p", "bridle_proof", "-o", f"cache_dir=.pytest_cache/{nonce}", "--color=no", "--tb=short"]
    arguments += [f"--ignore={told(job, inner)}" for inner in job.check.without]
    only_tests = all(is_test_path(path) and path in job.tree.files for path in job.paths)
    return [*arguments, *narrowed(job, is_test_path)] if only_tests else arguments


def written(report: Path) -> bytes:
    """Return what a session wrote, b"" where there is nothing."""
    try:
        return read_bounded(report, MAX_REPORT_BYTES)
    except OSError:
        return b""


def _unproven(job: Job, ran: Ran, error: UnprovenError) -> Verdict:
    """Say why a run left no proof: the tool is missing, was called wrongly, or ended before its end."""
    code, said = ran.completed.exit_code, ran.completed.stderr
    if b"No module named pytest" in said or b"No module named 'pytest'" in said:
        step = f"install it: {job.check.python} -m pip install pytest"
        return unknown(job, ran, f"pytest is not installed in {job.check.python}", step)
    if code == USAGE_ERROR:
        return unknown(job, ran, f"pytest does not take its configuration: {last_line(said)}", "correct it")
    where = f" in {error.running}" if error.running else ""
    reason = f"pytest ended with exit code {code}{where} and without a whole report: {error.reason}"
    return unknown(job, ran, reason, "look at the log for what ended it")


def misplaced(job: Job, ran: Ran, session: Session) -> Verdict | None:
    """Return the verdict of a session on another tree than the one that is judged; None where it is that one."""
    foreign = _foreign(job, session)
    if not foreign:
        return None
    if rewritten(session.modules, job.tree.files):
        step = "let tests leave the project's own files alone and write into a folder of their own, as tmp_path is"
    else:
        step = "install the project in editable form into an environment inside it, or use an overlay sandbox"
    return unknown(job, ran, f"wrong tree: {foreign}", step)


def conclude(job: Job, ran: Ran, session: Session, flaky: Collection[str]) -> Verdict:
    """Return what a session says of the tree; `flaky` are ids of tests that passed when they were run again."""
    ids = tuple(one for one, outcome in session.ran.items() if outcome != "skipped")
    return msgspec.structs.replace(_outcome(job, ran, session, flaky), ids=ids)


def _outcome(job: Job, ran: Ran, session: Session, flaky: Collection[str]) -> Verdict:
    counts = (len(session.collected), session.count("passed"))
    failed = [*session.uncollected, *session.failures]
    if failed:
        sources = _Sources(job)
        findings = [_finding(job, failure, sources, flaky) for failure in failed]
        if all(finding.code == FLAKY for finding in findings):
            reason = f"{', '.join(sorted(flaky)[:3])} failed, and passed when run again"
            step = "make it steady: what differs between two runs of it?"
            return verdict(job, "flaky", ran, reason=reason, next_step=step, counts=counts, findings=findings)
        return verdict(job, "fail", ran, reason=_told(session), counts=counts, findings=findings)
    doubt, step = _doubt(job.check.tool, ran, session)
    if doubt:
        return verdict(job, "unknown", ran, reason=doubt, next_step=step, counts=counts)
    return verdict(job, "pass", ran, reason=_told(session), counts=counts)


def _foreign(job: Job, session: Session) -> str:
    if not job.shadow.is_view(session.begin.device, session.begin.inode):
        return "the tests did not run in the shadow"
    if session.ran and all(path.startswith("/") for _, path, _ in session.modules):
        return "no module of the workspace was loaded"
    return wrong_tree(session.modules, job.tree.files, job.shadow.root, job.shadow.workspace, job.check.package)


def _doubt(tool: str, ran: Ran, session: Session) -> tuple[str, str]:
    """Return why a session without a failure is not green, and what to do; "" twice when it is."""
    code, told = ran.completed.exit_code, _told(session)
    aside = f" ({told})" if told else ""
    n_unrun = len(set(session.collected) - session.ran.keys())
    if not session.collected:
        return f"no tests were collected{aside}", f"see which tests {tool} is told to select"
    if code != session.end.exit_code or code != 0:
        return f"no test failed, yet {tool} ended with exit code {code}", "look at the log for why"
    if session.count("flaky"):
        return f"{session.count('flaky')} tests passed only when they were run again", "make them steady"
    if n_unrun:
        return f"{n_unrun} of {len(session.collected)} collected tests never ran{aside}", "run them all"
    if not session.count("passed"):
        return f"no test passed{aside}", "see why they are all left out"
    return "", ""


def _told(session: Session) -> str:
    """Return in words what neither passed nor failed."""
    counts = (
        (session.end.n_deselected, "deselected by the project's options"),
        (session.count("skipped"), "skipped"),
        (session.count("xfailed"), "failed as expected"),
        (session.count("xpassed"), "passed although expected to fail"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts if count)


def _finding(job: Job, failure: Failure, sources: _Sources, flaky: Collection[str]) -> Finding:
    path, start_line, end_line = failure.place
    test = str(getattr(failure, "id", ""))
    first = told_first(failure, sources)
    steady = test not in flaky
    return Finding(
        check=job.check.name,
        path=path,
        start_line=max(0, start_line),
        end_line=max(start_line + 1, end_line),
        message=f"{first}\n{failure.message}" if first else failure.message or "failed",
        code=(failure.error or "failed") if steady else FLAKY,
        severity="error" if steady else "warning",
        detail=failure.detail + _both_sides(failure),
        test=test,
        related=tuple(Related(frame[0], max(0, frame[1]), _frame_text(frame[3])) for frame in failure.frames),
        values=values_of(failure.values, job.tree.files),
    )


class _Sources:
    """The files of a tree as source, each read once."""

    def __init__(self, job: Job) -> None:
        self._shadow = job.shadow
        self._known: dict[str, Written] = {}

    def __getitem__(self, path: str) -> Written:
        if path not in self._known:
            self._known[path] = Written(self._text(path))
        return self._known[path]

    def _text(self, path: str) -> str:
        try:
            return decode(self._shadow.read(path) or b"").text if path else ""
        except UndecodableError:
            return ""


def _both_sides(failure: Failure) -> str:
    """Return both values of a comparison whole, where pytest cut them."""
    if len(failure.compared) != 3 or all(side in failure.detail for side in failure.compared[1:]):
        return ""
    left, right = (shown_value(side, MAX_COMPARED) for side in failure.compared[1:])
    return f"\nleft:  {left}\nright: {right}"


def _frame_text(function: str) -> str:
    return f"in {function}" if function else "here"
