"""Style, by ruff: its JSON report, and the list of the files that it really examined.

`ruff check` on nothing prints `[]` and ends with 0, so green needs examined files, the changed ones among them.
"""

from __future__ import annotations

import re
import secrets

import msgspec

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.verify.checkers.ruff_fix import CharacterEdit, whole_line_edits
from bridle.harness.verify.job import (
    Job,
    Ran,
    changed_files,
    last_line,
    narrowed,
    start,
    stopped,
    told,
    unknown,
    verdict,
)
from bridle.indexer.encoding import UndecodableError, decode
from bridle.indexer.text import LineEdit

SUFFIXES = (".py", ".pyi")
BROKEN = ("invalid-syntax", "E9", "F7", "F82")
"""Codes of code that cannot run; all others are a matter of style."""

LISTING = """
mark=$1
shift
listed=$(mktemp) || exit 1
"$@" --show-files >"$listed" 2>/dev/null & lister=$!
"$@"
code=$?
wait "$lister"
printf '\\n%s %s\\n' "$mark" "$?"
cat "$listed"
rm -f "$listed"
exit "$code"
"""
LIST_TOO = ("/bin/sh", "-c", LISTING, "sh")
"""Has ruff report, and at the same time list what it looks at: that follows the report, a mark and its exit code."""


_VERBOSE = re.compile(rb"\[[-0-9]+\]\[[:0-9]+\]\[[\w:]+\]\[(?:DEBUG|TRACE|INFO)\] ")
_CHECKING = re.compile(_VERBOSE.pattern + rb"Checking: (.+)$", re.MULTILINE)
_CHECKED = re.compile(_VERBOSE.pattern + rb"Checked (\d+) files? in")


class Location(msgspec.Struct, frozen=True):
    """1-based row and column, in characters."""

    row: int
    column: int


class RuffEdit(msgspec.Struct, frozen=True):
    """Replace a range by `content`."""

    content: str
    location: Location
    end_location: Location


class RuffFix(msgspec.Struct, frozen=True):
    """A fix; only `safe` ones keep what the code does."""

    applicability: str
    edits: tuple[RuffEdit, ...] = ()


class RuffItem(msgspec.Struct, frozen=True):
    """One element of `ruff check --output-format json`."""

    message: str
    filename: str
    location: Location
    end_location: Location
    code: str | None = None
    fix: RuffFix | None = None
    url: str | None = None
    cell: int | None = None


def check(job: Job) -> Verdict:
    """Run ruff on the shadow's Python files, or on those of `job.paths`."""
    wanted = narrowed(job, lambda path: path.endswith(SUFFIXES))
    words = (
        "--no-cache",
        "--no-fix",
        "--force-exclude",
        *left_out(job),
        *(wanted or (".",)),
        "--output-format",
        "json",
    )
    if wanted:
        ran, examined = _telling(start(job, ("check", "--verbose", *words), {}))
        if (early := stopped(job, ran)) is not None or examined is not None:
            return early or _judge(job, ran, examined or set())
    mark = secrets.token_hex(16)
    both = start(job, ("check", "--quiet", *words), {}, around=(*LIST_TOO, mark))
    report, _, rest = both.completed.stdout.rpartition(f"\n{mark} ".encode())
    listed = rest.split(b"\n")
    completed = msgspec.structs.replace(both.completed, stdout=report)
    ran = msgspec.structs.replace(both, completed=completed, said=completed.stderr)
    early = stopped(job, ran)
    if early is not None or completed.truncated or listed[0] != b"0":
        return early or refused(job, ran)
    return _judge(job, ran, _examined(ran, listed[1:]))


def _telling(ran: Ran) -> tuple[Ran, set[str] | None]:
    """Return a run with the lines of `--verbose` taken out of what it said, and the files that they name as examined.

    None where they do not add up: then ruff is an older one, or did not come that far.
    """
    lines = ran.completed.stderr.splitlines(keepends=True)
    said = b"".join(line for line in lines if not _VERBOSE.match(line))
    counted = [int(found[1]) for line in lines if (found := _CHECKED.match(line))]
    named = [found[1] for line in lines if (found := _CHECKING.match(line))]
    completed = msgspec.structs.replace(ran.completed, stderr=said)
    ran = msgspec.structs.replace(ran, completed=completed, said=said)
    adds_up = counted and counted[-1] == len(named) and not completed.truncated
    return ran, _examined(ran, named) if adds_up else None


def left_out(job: Job) -> tuple[str, ...]:
    """Return how ruff is told of the packages that have a ruff of their own."""
    return tuple(word for inner in job.check.without for word in ("--extend-exclude", told(job, inner)))


def _judge(job: Job, ran: Ran, examined: set[str]) -> Verdict:
    items, code = parse(ran), ran.completed.exit_code
    if items is None or code not in (0, 1):
        return refused(job, ran)
    if items:
        findings = [finding_of(job, ran, item) for item in items]
        return verdict(job, "fail", ran, counts=(len(examined), 0), findings=findings)
    if code != 0:
        return unknown(job, ran, "ruff ended with exit code 1 and named nothing", "run ruff to see why")
    return judge_clean(job, ran, examined)


def judge_clean(job: Job, ran: Ran, examined: set[str]) -> Verdict:
    """Return the verdict where nothing is complained of: green needs examined files, the changed ones among them."""
    if not examined:
        return unknown(job, ran, "ruff examined no file", "see what ruff's configuration leaves out")
    unseen = sorted(path for path in changed_files(job, SUFFIXES) - examined if path in (job.paths or (path,)))
    if unseen:
        reason = f"ruff's configuration leaves out what changed: {', '.join(unseen[:5])}"
        return unknown(job, ran, reason, "let ruff's configuration include it, or look at it yourself")
    return verdict(job, "pass", ran, counts=(len(examined), len(examined)))


def refused(job: Job, ran: Ran) -> Verdict:
    """Return the verdict of a ruff that did not take its configuration, or left no report."""
    why = last_line(ran.completed.stderr) or "its report cannot be read"
    return unknown(
        job,
        ran,
        f"ruff ended with exit code {ran.completed.exit_code}: {why}",
        "correct ruff's configuration, or install a newer ruff",
    )


def _examined(ran: Ran, listed: list[bytes]) -> set[str]:
    lines = [line.decode("utf-8", "replace") for line in listed]
    return {ran.path(line) for line in lines if line.endswith(SUFFIXES)} - {""}


def parse(ran: Ran) -> tuple[RuffItem, ...] | None:
    """Return ruff's JSON report, None where it is none."""
    if ran.completed.truncated:
        return None
    try:
        return msgspec.json.decode(ran.completed.stdout, type=tuple[RuffItem, ...])
    except msgspec.DecodeError:
        return None


def finding_of(job: Job, ran: Ran, item: RuffItem) -> Finding:
    """Return one item of the report as a finding, its fix in whole lines."""
    path = ran.path(item.filename)
    code = item.code or "invalid-syntax"
    return Finding(
        check=job.check.name,
        path=path,
        start_line=item.location.row - 1,
        end_line=item.end_location.row,
        start_character=item.location.column - 1,
        end_character=item.end_location.column - 1,
        message=item.message,
        code=code,
        severity="error" if code.startswith(BROKEN) else "warning",
        href=item.url or "",
        fix=_fix(job, path, item),
    )


def _fix(job: Job, path: str, item: RuffItem) -> tuple[LineEdit, ...]:
    if item.fix is None or item.fix.applicability != "safe" or item.cell is not None:
        return ()
    try:
        text = decode(job.shadow.read(path) or b"").text
    except UndecodableError:
        return ()
    return whole_line_edits(text, [_character_edit(edit) for edit in item.fix.edits])


def _character_edit(edit: RuffEdit) -> CharacterEdit:
    start_at, end_at = edit.location, edit.end_location
    return CharacterEdit((start_at.row - 1, start_at.column - 1), (end_at.row - 1, end_at.column - 1), edit.content)
