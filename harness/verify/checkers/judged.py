"""The verdict on a report's tests, the same for every format: what is not plainly green says why.

Green needs tests that passed, none that failed or passed only when it was run again, and a program that ended well.
"""

from __future__ import annotations

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.verify.checkers.places import Places
from bridle.harness.verify.checkers.results import MAX_DETAIL, MAX_MESSAGE, Case, Results, cut, several
from bridle.harness.verify.job import Job, Ran, plain, unknown, verdict


def judge_tests(job: Job, ran: Ran, results: Results, path_in_tree: Places | None = None) -> Verdict:
    """Return the verdict of a run whose report is whole. `path_in_tree` finds places otherwise than `ran` does."""
    failed = [case for case in results.cases if case.ending == "failed"]
    counts = (len(results.cases), results.count("passed"))
    told = _told(results)
    if failed:
        places = path_in_tree or Places(job.tree.files, ran.path)
        findings = [_finding(job, places, case) for case in failed]
        reason = "; ".join(filter(None, (results.doubt, told)))
        return verdict(job, "fail", ran, reason=reason, counts=counts, findings=findings)
    doubt, step = _doubt(job, ran, results, told)
    if doubt:
        return verdict(job, "unknown", ran, reason=doubt, next_step=step, counts=counts)
    return verdict(job, "pass", ran, reason=told, counts=counts)


def unproven(job: Job, ran: Ran, why: str, step: str = "look at the log for what ended it") -> Verdict:
    """Return the verdict of a run that left no report that can be believed."""
    code = ran.completed.exit_code
    return unknown(job, ran, f"{job.check.name} ended with exit code {code} and without a whole report: {why}", step)


def _doubt(job: Job, ran: Ran, results: Results, told: str) -> tuple[str, str]:
    code, aside = ran.completed.exit_code, f" ({told})" if told else ""
    if results.doubt:
        return results.doubt, "look at the log for why"
    if not results.cases:
        return f"no tests were run{aside}", f"see which tests {job.check.name} selects"
    if code != 0:
        return f"no test failed, yet {job.check.name} ended with exit code {code}", "look at the log for why"
    if n_flaky := results.count("flaky"):
        return f"{several(n_flaky, 'test')} passed only when run again", "make them steady"
    if not results.count("passed"):
        return f"no test passed{aside}", "see why they are all left out"
    return "", ""


def _told(results: Results) -> str:
    n_skipped = results.count("skipped")
    return ", ".join(filter(None, (f"{n_skipped} skipped" if n_skipped else "", *results.told)))


def _finding(job: Job, places: Places, case: Case) -> Finding:
    path, line = places.path(case.path) if case.path else "", case.line
    seen, at = ("", 0) if case.exact else places.place(f"{case.message}\n{case.detail}")
    if seen and path in ("", seen):  # what a tool says of a test is where it begins; the frame is where it failed
        path, line = seen, at
    start = max(0, line - 1) if path else 0
    return Finding(
        check=job.check.name,
        path=path,
        start_line=start,
        end_line=start + 1,
        message=cut(plain(case.message).strip(), MAX_MESSAGE) or f"{case.name} failed",
        code=plain(case.error)[:100] or "failed",
        detail=cut(plain(case.detail), MAX_DETAIL),
        test=plain(case.id)[:500],
    )
