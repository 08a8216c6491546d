"""What a run of JavaScript tests proves: one way of judging for every runner whose reporter is ours.

Green needs the reporter's whole report of this very run, tests that ran and passed, every file that was asked for among
them, nothing left unfinished or narrowed by `.only`, and modules that came from the tree that is judged.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from bridle.harness.nouns import Finding, Related, Verdict
from bridle.harness.verify.checkers.built import stale_build
from bridle.harness.verify.checkers.node_report import Session, Thrown, read_session, running_test
from bridle.harness.verify.checkers.node_stack import detail_of, frames_of, headline, place_of
from bridle.harness.verify.checkers.pytest import MAX_OUTPUT_BYTES, PLUGINS, Again, written
from bridle.harness.verify.checkers.pytest_report import UnprovenError
from bridle.harness.verify.checkers.script_scope import Scope, learn, scope_of
from bridle.harness.verify.checks import is_script_test
from bridle.harness.verify.job import FLAKY, MAX_AGAIN, Job, Ran, last_line, start, stopped, unknown, verdict
from bridle.harness.verify.node_manifest import MANIFEST, read_manifest
from bridle.harness.verify.node_tools import wanted_node
from bridle.harness.verify.survey import join
from bridle.indexer.files import read_bounded

NO_TESTS = "no tests were found"
MAX_FAILING = 500
UNRUN = ("skipped", "todo", "unfinished")
PLAIN = {"NO_COLOR": "1", "FORCE_COLOR": "0"}

_NO_TESTS = re.compile(rb"^No tests found, exiting with code 1$", re.MULTILINE)
_ONLY = re.compile(r"^[^/'\"`\n]*\b(?:(?:it|test|describe|suite|bench)(?:\.\w+)*\.only|fit|fdescribe)\b", re.MULTILINE)


class Run(msgspec.Struct, frozen=True):
    """How a runner is started. `watch` says how its processes load files: "loader", "reads", or "" for the reporter
    itself to tell. `files` are those that must have been run; `how` tells in words how the tests were chosen, `wider`
    why all of them run. The runner ends after `enough` failures of tests that did not fail before, 0 for never.
    """

    arguments: tuple[str, ...]
    watch: str
    node_options: str = ""
    files: tuple[str, ...] = ()
    how: str = ""
    wider: str = ""
    enough: int = 0


def run_by_impact(
    job: Job, again: Callable[[Sequence[str]], Run], related: Callable[[Scope], Run], *, learns: bool = True
) -> Verdict:
    """Run the tests that the job asks for, where it names no files; `learns` keeps on which tree all of them ran."""
    scope = scope_of(job)
    if scope.changed:
        judged = run_and_judge(job, related(scope), again)
        if judged.reason != NO_TESTS and not set(judged.looked_at) <= set(scope.always):
            return judged
        scope = Scope(wider="no test imports what changed")
    judged = run_and_judge(job, msgspec.structs.replace(again(()), wider=scope.wider), again)
    if learns and judged.outcome in ("pass", "fail", "flaky"):
        learn(job, judged.findings)
    return judged


def noticed(verdict: Verdict) -> bool | None:
    """Tell whether tests complained, None where that cannot be told."""
    told = {"pass": False, "fail": True, "timeout": True}
    return told.get(verdict.outcome)


def run_and_judge(job: Job, run: Run, again: Callable[[Sequence[str]], Run]) -> Verdict:
    """Run the tests and return what they prove; `again` tells how those of some files are run, all for none.

    A few that fail are run once more: what passes then is flaky. Those that failed twice on the ground are not asked
    again. Where only some files are looked at, while somebody types, the first word is enough.
    """
    ran, session = _session(job, run)
    if isinstance(session, Verdict):
        return session
    ended = _ended(job, run, session)
    second = Again() if ended else _flaky(job, session, again)
    judged = _judge(job, ran.longer(second.seconds), run, session, second.flaky)
    ids = tuple(one.id for one in session.tests.values() if one.outcome not in UNRUN)
    files = {test.file for test in session.tests.values()} | {broken.file for broken in session.broken}
    looked_at = tuple(sorted(files - {""})) if run.how or ended else ()
    reason = "; ".join(part for part in (judged.reason, ended) if part)
    extent = "" if job.paths else ended or run.how
    return msgspec.structs.replace(judged, ids=ids, looked_at=looked_at, reason=reason, extent=extent)


def _ended(job: Job, run: Run, session: Session) -> str:
    """Return in words that the runner ended at its last failure, "" where it did not."""
    failed = {test.id for test in session.tests.values() if test.outcome == "failed"}
    left_out = session.count("unfinished") + len(session.unended) > 0 or session.end.reason == "interrupted"
    is_enough = 0 < run.enough <= len(failed - job.failing)
    return f"stopped after {len(failed)} failures, the rest did not run" if is_enough and left_out else ""


def _flaky(job: Job, session: Session, again: Callable[[Sequence[str]], Run]) -> Again:
    """Return which failed tests pass when their files are run again, all or none of them asked."""
    tests = session.tests.values()
    failed = {one.id: one.file for one in tests if one.outcome == "failed" and one.id not in job.steady}
    if job.paths or session.broken or session.exited or not 0 < len(failed) <= MAX_AGAIN:
        return Again()
    ran, second = _session(job, again(sorted(set(failed.values()))))
    if isinstance(second, Verdict) or not failed.keys() <= second.tests.keys():
        return Again(seconds=ran.completed.seconds)
    passed = frozenset(one for one in failed if second.tests[one].outcome == "passed")
    return Again(passed, ran.completed.seconds)


def _session(job: Job, run: Run) -> tuple[Ran, Session | Verdict]:
    """Run the tests; returns what the reporter told, or why it proves nothing of this tree."""
    nonce, report = secrets.token_hex(16), job.shadow.new_report()
    root = "/".join([".."] * len(job.check.package.split("/"))) if job.check.package else "."
    variables = {
        **PLAIN,
        "NODE_OPTIONS": f"--require {_quoted(PLUGINS / 'bridle_node.cjs')} {run.node_options}".strip(),
        "BRIDLE_PROOF": json.dumps({"path": str(report), "root": root, "watch": run.watch, **_stop(job, run)}),
        "BRIDLE_NONCE": json.dumps(nonce),
    }
    ran = start(job, run.arguments, variables, report, cap_bytes=MAX_OUTPUT_BYTES)
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
    foreign = _foreign(job, session)
    step = "install the workspace's packages into its own node_modules, or use an overlay sandbox"
    return ran, unknown(job, ran, f"wrong tree: {foreign}", step) if foreign else session


def _stop(job: Job, run: Run) -> dict[str, object]:
    """Return what ends a run early; nothing does where very many failed before."""
    return {"enough": run.enough, "failing": sorted(job.failing)} if len(job.failing) <= MAX_FAILING else {}


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unproven(job: Job, ran: Ran, error: UnprovenError) -> Verdict:
    """Say why a run left no proof: it could not begin, or ended before its end."""
    code, tool = ran.completed.exit_code, job.check.tool
    where = f" in {error.running}" if error.running else ""
    said = _complaint(ran.completed.stderr) or _complaint(ran.completed.stdout)
    if error.reason == "there is no report" and _NO_TESTS.search(ran.said):
        return unknown(job, ran, NO_TESTS, "see which files the configuration selects")
    if error.reason == "there is no report" and said:
        return unknown(job, ran, f"{tool} did not begin: {said}", f"see to the configuration of {tool}")
    reason = f"{tool} ended with exit code {code}{where} and without a whole report: {error.reason}"
    return unknown(job, ran, reason, "look at the log for what ended it")


def _complaint(output: bytes) -> str:
    """Return the first line of an output that names an error, else its last one."""
    lines = output.decode("utf-8", "replace").splitlines()
    named = next((line.strip() for line in lines if re.search(r"\b\w*Error\b|^[ \t]*● ", line)), "")
    return named[:300] or last_line(output)


def _judge(job: Job, ran: Ran, run: Run, session: Session, flaky: Collection[str]) -> Verdict:
    counts = (len(session.tests), session.count("passed"))
    wider = run.wider and f"all tests ran: {run.wider}"
    told = "; ".join(part for part in (run.how, wider, _told(session), _other_node(job, session)) if part)
    findings = list(_findings(job, ran, session, flaky))
    if findings and all(finding.code == FLAKY for finding in findings):
        reason = f"{', '.join(sorted(flaky)[:3])} failed, and passed when run again"
        step = "make it steady: what differs between two runs of it?"
        return verdict(job, "flaky", ran, reason=reason, next_step=step, counts=counts, findings=findings)
    if findings:
        return verdict(job, "fail", ran, reason=told, counts=counts, findings=findings)
    doubt, step = _doubt(job, ran, run, session)
    if doubt:
        reason = f"{doubt} ({told})" if told else doubt
        return verdict(job, "unknown", ran, reason=reason, next_step=step, counts=counts)
    return verdict(job, "pass", ran, reason=told, counts=counts)


def _foreign(job: Job, session: Session) -> str:
    """Return why what was loaded does not prove this tree, "" when it does."""
    if not job.shadow.is_view(int(session.begin.device), int(session.begin.inode)):
        return "the tests did not run in the shadow"
    names = _members(job)
    for one in session.loaded:
        if one.path.startswith("/") and (stands_for := _stands_for(job, one.path, names)):
            return f"{one.path!r} was loaded and not {stands_for!r}"
        if one.path in job.tree.files and hashlib.sha256(job.shadow.read(one.path) or b"").hexdigest() != one.digest:
            return f"{one.path!r} was loaded with a content that is not the one that is judged"
    if session.files() and not any(one.path in job.tree.files for one in session.loaded):
        return "no module of the workspace was loaded"
    return ""


def _stands_for(job: Job, path: str, names: Mapping[str, str]) -> str:
    """Return the file or folder of the tree that a file loaded from elsewhere stands in for, "" when there is none."""
    place = Path(path)
    if place.is_relative_to(job.shadow.workspace):
        return str(place.relative_to(job.shadow.workspace))
    for folder in place.parents:
        if (folder / MANIFEST).is_file():
            try:
                name = read_manifest(read_bounded(folder / MANIFEST, 1_000_000)).name
            except OSError:
                return ""
            return names.get(name, "")
    return ""


def _members(job: Job) -> dict[str, str]:
    """Return the packages of the tree by their names."""
    folders = [path.rpartition("/")[0] for path in job.tree.files if path.rpartition("/")[2] == MANIFEST]
    named = ((read_manifest(job.shadow.read(join(folder, MANIFEST)) or b"").name, folder or ".") for folder in folders)
    return {name: folder for name, folder in named if name}


def _findings(job: Job, ran: Ran, session: Session, flaky: Collection[str]) -> Iterator[Finding]:
    for broken in session.broken:
        for error in broken.errors:
            yield _finding(job, ran, error, broken.file, "")
    for test in session.tests.values():
        if test.outcome == "failed":
            for error in test.errors[:3] or (Thrown(message="failed"),):
                found = _finding(job, ran, error, test.file, test.id)
                yield msgspec.structs.replace(found, code=FLAKY, severity="warning") if test.id in flaky else found


def _finding(job: Job, ran: Ran, error: Thrown, file: str, test: str) -> Finding:
    home = "" if file.startswith("/") else file
    frames = frames_of(f"{error.stack}\n{error.message}", ran.path)
    path, line = place_of(frames, home)
    others = [frame for frame in frames if (frame.path, frame.line) != (path, line)]
    related = dict.fromkeys((one.path, one.line, f"in {one.function}" if one.function else "here") for one in others)
    return Finding(
        check=job.check.name,
        path=path,
        start_line=line,
        end_line=line + 1,
        message=headline(error.name, error.message, error.expected, error.actual) or "failed",
        code=error.name or "failed",
        detail=detail_of(error.message, error.stack, error.diff),
        test=test,
        related=tuple(Related(*one) for one in related),
    )


def _doubt(job: Job, ran: Ran, run: Run, session: Session) -> tuple[str, str]:
    """Return why a session without a failure is not green, and what to do; "" twice when it is."""
    n_tests, code = len(session.tests), ran.completed.exit_code
    n_unfinished = session.count("unfinished") + len(session.unended)
    narrowed = _narrowed_by_only(job, session)
    missing = sorted(set(run.files) - session.files())
    if session.exited:
        one = session.exited[0]
        return f"{one.file} ended its own process with exit code {one.code}", "take the call of process.exit away"
    if not n_tests:
        return (
            f"no tests were found{f' among {run.how}' if run.how else ''}",
            "see which files the configuration selects",
        )
    if n_unfinished:
        first = next(
            iter(session.unended), next((one.id for one in session.tests.values() if one.outcome == "unfinished"), "")
        )
        return f"{n_unfinished} tests did not end, {first} is one", "look at the log for what ended them"
    if code != 0 or session.end.reason in ("failed", "interrupted"):
        return f"no test failed, yet {job.check.tool} ended with exit code {code}", "look at the log for why"
    if session.count("flaky"):
        return f"{session.count('flaky')} tests passed only when they were run again", "make them steady"
    if narrowed:
        return f"`.only` in {narrowed} leaves out other tests", "take `.only` away"
    if not session.count("passed"):
        return "no test passed", "see why they are all left out"
    if missing:
        return f"no test of {', '.join(missing[:3])} was run", "see why the configuration leaves them out"
    stale = stale_build(job, session)
    return (stale, "build it again, then run the tests again") if stale else ("", "")


def _narrowed_by_only(job: Job, session: Session) -> str:
    """Return a file with skipped tests whose text says `.only`, "" when there is none."""
    skipped = sorted({test.file for test in session.tests.values() if test.outcome == "skipped"})
    texts = ((file, (job.shadow.read(file) or b"").decode("utf-8", "replace")) for file in skipped)
    return next((file for file, text in texts if is_script_test(file) or text if _ONLY.search(text)), "")


def _told(session: Session) -> str:
    """Return in words what neither passed nor failed."""
    counts = ((session.count("skipped"), "skipped"), (session.count("todo"), "to do"))
    return ", ".join(f"{count} {what}" for count, what in counts if count)


def _other_node(job: Job, session: Session) -> str:
    """Return in words that the project names another Node than the one that ran, "" where it does not."""
    manifest = read_manifest(job.shadow.read(join(job.check.package, MANIFEST)) or b"")
    version, where = wanted_node(job.shadow.workspace, job.check.package, manifest)
    ours = session.begin.node.lstrip("v")
    if not version or f"{ours}.".startswith(f"{version.rstrip('.x')}."):
        return ""
    return f"run by Node {ours}, and {where} names {version}"


def script_tests(job: Job, paths: Sequence[str]) -> tuple[str, ...]:
    """Return those of `paths` that the check is to run as they are: all of them, where all are tests of its package."""
    own = [path for path in paths if job.check.owns(path)]
    return tuple(own) if own and all(is_script_test(path) and path in job.tree.files for path in own) else ()
