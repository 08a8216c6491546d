"""Runs a command that was declared, or that a preset knows, and reads the report that it leaves.

The report is of this very run: it is written to a file that nobody else knows, or what lay in its place is taken away
in the shadow before the command begins. What matched nothing is not thereby green: something must have been examined.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pathspec

from bridle.harness.nouns import Verdict
from bridle.harness.verify.checkers.analysed import judge_lines, judge_sarif
from bridle.harness.verify.checkers.judged import judge_tests, unproven
from bridle.harness.verify.checkers.junit import read_junit
from bridle.harness.verify.checkers.results import UnreadableError, merged
from bridle.harness.verify.checkers.tap import read_tap
from bridle.harness.verify.checks import Reading
from bridle.harness.verify.job import (
    MAX_REPORT_BYTES,
    Job,
    Ran,
    last_line,
    narrowed,
    start,
    stopped,
    told,
    unknown,
    unstarted,
)
from bridle.indexer.files import read_bounded

REPORT, REPORTS, SCRATCH = "{report}", "{reports}", "{scratch}"
FILES, NARROWED = "{files}", "{files?}"
"""Files that are always named, and such that are named only where the saved ones are wanted."""
BUILD = ".bridle-build"
"""A folder of the shadow for what is built; like all that a proof writes it is not kept."""
MAX_ARGUMENT_BYTES = 100_000
MAX_REPORTS = 5_000
COLLECT = (
    "/bin/sh",
    "-c",
    (
        'out=$1 want=$2; shift 2; find . -path "./$want" -prune -exec rm -rf {} + ; "$@"; code=$?; n=0; '
        f'find . -path "./$want" -type f | head -n {MAX_REPORTS} | '
        'while IFS= read -r one; do n=$((n+1)); cp -- "$one" "$out/$n"; done; exit $code'
    ),
    "sh",
)
"""Takes away what lies where the reports will be, runs the command, and copies out what it wrote there."""


def check(job: Job) -> Verdict:
    """Run the command, on the files of `job.paths` where it takes files, and judge its report by its format."""
    reading = job.check.reading
    if reading is None:
        return unstarted(job, f"nothing says how {job.check.name} reports", "report this")
    files = _files(job, reading)
    if files is None:
        step = "name their folder in the command, and not {files}"
        return unstarted(
            job, f"its files are too many for one command line (more than {MAX_ARGUMENT_BYTES} bytes)", step
        )
    if not files and FILES in job.check.command:
        return unstarted(job, f"no file is like {', '.join(reading.files) or 'any'}", "see `files` of the check")
    ran, reports = _run(job, reading, files)
    early = stopped(job, ran) or _lacking(job, ran, reading)
    if early is not None:
        return early
    if any(len(report) > MAX_REPORT_BYTES for report in reports) or ran.completed.truncated:
        return unproven(job, ran, "it is too large to be read", "let it report less")
    try:
        return _judge(job, ran, reading, reports)
    except UnreadableError as error:
        return unproven(job, ran, str(error))


def _judge(job: Job, ran: Ran, reading: Reading, reports: Sequence[bytes]) -> Verdict:
    if reading.format == "lines":
        return judge_lines(job, ran, reading)
    if not reports:
        raise UnreadableError("there is no report")
    if reading.format == "sarif":
        return judge_sarif(job, ran, reading, reports)
    read = read_junit if reading.format == "junit" else read_tap
    return judge_tests(job, ran, merged(read(report) for report in reports))


def _run(job: Job, reading: Reading, files: Sequence[str]) -> tuple[Ran, list[bytes]]:
    """Run the command and return what it reported; the folder of reports is had and not shown."""
    report = job.shadow.new_report()
    many = bool(reading.path) or any(REPORTS in word for word in job.check.command)
    if many:
        report.unlink()
        report.mkdir(0o700)
    command = _filled(job.check.command, report, files)
    around = (*COLLECT, str(report), reading.path) if reading.path else ()
    filled = msgspec.structs.replace(job, check=msgspec.structs.replace(job.check, command=command))
    ran = start(filled, (), {"NO_COLOR": "1"}, report, around=around)
    if many:
        reports = _several(report)
    elif any(REPORT in word for word in job.check.command):
        reports = [_bounded(report)]
    else:
        return ran, [ran.completed.stdout] if ran.completed.stdout.strip() else []
    return msgspec.structs.replace(ran, report=b"\0".join(reports)), [one for one in reports if one.strip()]


def _filled(command: Sequence[str], report: Path, files: Sequence[str]) -> tuple[str, ...]:
    """Return the command with its files and the place of its report put in."""
    filled: list[str] = []
    for word in command:
        if word in (FILES, NARROWED):
            filled += files
        else:
            filled.append(word.replace(REPORTS, str(report)).replace(REPORT, str(report)).replace(SCRATCH, BUILD))
    return tuple(filled)


def _files(job: Job, reading: Reading) -> list[str] | None:
    """Return what stands for the files: those saved, else all that it looks at; None where they are too many."""
    if not {FILES, NARROWED} & set(job.check.command):
        return []
    spec = pathspec.GitIgnoreSpec.from_lines(reading.files or ("*",))
    files = narrowed(job, lambda path: spec.match_file(told(job, path)))
    if not files and FILES in job.check.command:
        mine = [told(job, path) for path in sorted(job.tree.files) if job.check.owns(path)]
        files = [f"./{path}" for path in mine if spec.match_file(path)]
    return files if sum(len(path) + 1 for path in files) <= MAX_ARGUMENT_BYTES else None


def _lacking(job: Job, ran: Ran, reading: Reading) -> Verdict | None:
    """Return the verdict of a command that says itself what it lacks."""
    if ran.completed.exit_code == 0:
        return None
    said = ran.said.decode("utf-8", "replace")
    for sign, step in reading.lacks:
        if re.search(sign, said):
            return unknown(job, ran, f"it cannot run as it is: {last_line(_line_of(said, sign))}", step)
    return None


def _line_of(said: str, sign: str) -> bytes:
    return next((line for line in said.splitlines() if re.search(sign, line)), said).encode()


def _several(folder: Path) -> list[bytes]:
    entries = sorted(entry for entry in folder.rglob("*") if entry.is_file() and not entry.is_symlink())
    return [_bounded(entry) for entry in entries[:MAX_REPORTS]]


def _bounded(path: Path) -> bytes:
    try:
        return read_bounded(path, MAX_REPORT_BYTES + 1)
    except OSError:
        return b""
