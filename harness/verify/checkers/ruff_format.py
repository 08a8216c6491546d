"""Format, by ruff: one finding for each stretch that would stand otherwise, with the lines that mend it.

What was examined is what ruff says that it formatted in this very run. A file that it cannot parse is no
matter of format.
"""

from __future__ import annotations

import re

import msgspec

from bridle.harness.nouns import Verdict
from bridle.harness.verify.checkers import ruff
from bridle.harness.verify.job import Job, Ran, narrowed, start, stopped, unknown, verdict

UNPARSED = "invalid-syntax"
_FORMATTED = re.compile(r"format_path; path=(.+)$", re.MULTILINE)
_DEBUG = re.compile(rb"^\[[^\n]*\]\[(?:DEBUG|TRACE|INFO)\] [^\n]*\n?", re.MULTILINE)


def check(job: Job) -> Verdict:
    """Run ruff's formatter on the shadow's Python files, or on those of `job.paths`, and let it write nothing."""
    wanted = narrowed(job, lambda path: path.endswith(ruff.SUFFIXES))
    options = ("format", "--check", "--output-format", "json", "--verbose", "--no-cache", "--force-exclude")
    reported = start(job, (*options, *ruff.left_out(job), *(wanted or (".",))), {})
    ran = msgspec.structs.replace(reported, said=_DEBUG.sub(b"", reported.completed.stderr))
    return stopped(job, ran) or _judge(job, ran, _examined(reported))


def _judge(job: Job, ran: Ran, examined: set[str]) -> Verdict:
    items, code = ruff.parse(ran), ran.completed.exit_code
    if items is None or code not in (0, 1, 2) or (code == 2 and not items):
        return ruff.refused(job, ran)
    unparsed = sorted({ran.path(item.filename) for item in items if item.code == UNPARSED})
    told = f"not to be parsed, so not to be formatted: {', '.join(unparsed[:5])}" if unparsed else ""
    findings = [ruff.finding_of(job, ran, item) for item in items if item.code != UNPARSED]
    if findings:
        return verdict(job, "fail", ran, reason=told, counts=(len(examined), 0), findings=findings)
    if unparsed:  # ruff's own check says where
        return unknown(job, ran, told, "mend the syntax")
    if code != 0:
        return unknown(job, ran, f"ruff ended with exit code {code} and named nothing", "run ruff format to see why")
    return ruff.judge_clean(job, ran, examined)


def _examined(ran: Ran) -> set[str]:
    told = _FORMATTED.findall(ran.completed.stderr.decode("utf-8", "replace"))
    return {ran.path(path) for path in told} - {""}
