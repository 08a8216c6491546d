"""Style, by the project's own ESLint: its JSON report, which names every file that it examined.

A file that its configuration leaves out is told as one with a warning, so green needs examined files, the changed ones
among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.verify.checkers.utf16 import Source
from bridle.harness.verify.job import (
    MAX_REPORT_BYTES,
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
from bridle.harness.verify.node_manifest import MANIFEST, read_manifest
from bridle.harness.verify.survey import join
from bridle.indexer.files import read_bounded

SUFFIXES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte", ".astro")
SEVERE = 2

_LEFT_OUT = re.compile(r"^File ignored\b")
_WHY = re.compile(r"^[ \t]*\w*Error\b|^ESLint couldn't|^Invalid option")
_LIMIT = re.compile(r"--max-warnings(?:=|\s+)(\d+)")


class Fix(msgspec.Struct, frozen=True):
    """Replace a range of offsets, in UTF-16 units, by `text`."""

    range: tuple[int, int]
    text: str


class Message(msgspec.Struct, frozen=True, rename="camel"):
    """One complaint: 1-based lines, columns in UTF-16 units. `rule_id` is None where no rule complains."""

    message: str
    severity: int
    rule_id: str | None = None
    fatal: bool = False
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    fix: Fix | None = None


class Examined(msgspec.Struct, frozen=True, rename="camel"):
    """One file. `suppressed_messages` are those that a comment in it answers."""

    file_path: str
    messages: tuple[Message, ...] = ()
    suppressed_messages: tuple[Message, ...] = ()

    @property
    def left_out(self) -> bool:
        """Whether the configuration leaves the file out."""
        return any(one.rule_id is None and _LEFT_OUT.match(one.message) for one in self.messages)


class Docs(msgspec.Struct, frozen=True):
    """Where a rule is described."""

    url: str | None = None


class Rule(msgspec.Struct, frozen=True):
    """What a rule says of itself."""

    docs: Docs | None = None


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """What the report says of the rules that complained."""

    rules_meta: dict[str, Rule] = {}


class Report(msgspec.Struct, frozen=True):
    """What `--format json-with-metadata` prints."""

    results: tuple[Examined, ...]
    metadata: Metadata = Metadata()


def check(job: Job) -> Verdict:
    """Run ESLint on the package, or on its files among `job.paths`."""
    wanted = narrowed(job, lambda path: path.endswith(SUFFIXES))
    report = job.shadow.new_report()
    arguments = ["--format", "json-with-metadata", "--output-file", str(report), "--no-error-on-unmatched-pattern"]
    arguments += [word for inner in job.check.without for word in ("--ignore-pattern", f"{told(job, inner)}/**")]
    ran = start(job, [*arguments, "--no-color", *(wanted or (".",))], {"NO_COLOR": "1", "FORCE_COLOR": "0"}, report)
    ran = msgspec.structs.replace(ran, report=read_bounded(report, MAX_REPORT_BYTES))
    return stopped(job, ran) or _judge(job, ran, _parse(ran.report or b""))


def _judge(job: Job, ran: Ran, report: Report | None) -> Verdict:
    code = ran.completed.exit_code
    if report is None or code not in (0, 1):
        return _refused(job, ran)
    seen = [(ran.path(one.file_path), one) for one in report.results if not one.left_out]
    examined = {path for path, _ in seen} - {""}
    findings = [finding for path, file in seen if path for finding in _findings(job, path, file, report)]
    n_suppressed = sum(len(file.suppressed_messages) for _, file in seen)
    reason = f"{n_suppressed} complaints answered by comments" if n_suppressed else ""
    n_warnings = sum(finding.severity == "warning" for finding in findings)
    limit = _warnings_allowed(job)
    if len(findings) > n_warnings or (limit is not None and n_warnings > limit):
        return verdict(job, "fail", ran, reason=reason, counts=(len(examined), 0), findings=findings)
    if code != 0:
        return unknown(job, ran, "eslint ended with exit code 1 and named no error", "run eslint to see why")
    if not examined:
        return unknown(job, ran, "eslint examined no file", "see what eslint's configuration leaves out")
    unseen = sorted(path for path in changed_files(job, SUFFIXES) - examined if path in (job.paths or (path,)))
    if unseen:
        reason = f"eslint's configuration leaves out what changed: {', '.join(unseen[:5])}"
        return unknown(job, ran, reason, "let eslint's configuration include it, or look at it yourself")
    counts = (len(examined), len(examined))
    return verdict(job, "pass", ran, reason=reason, counts=counts, findings=findings)


def _refused(job: Job, ran: Ran) -> Verdict:
    lines = ran.completed.stderr.decode("utf-8", "replace").splitlines()
    why = next((line.strip() for line in lines if _WHY.search(line)), "")
    why = why[:300] or last_line(ran.said) or "its report cannot be read"
    step = "correct eslint's configuration, or install eslint 8.4 or later"
    return unknown(job, ran, f"eslint ended with exit code {ran.completed.exit_code}: {why}", step)


def _parse(data: bytes) -> Report | None:
    try:
        return msgspec.json.decode(data, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _warnings_allowed(job: Job) -> int | None:
    """Return how many warnings the project's own script lets pass, None where it does not say."""
    manifest = read_manifest(job.shadow.read(join(job.check.package, MANIFEST)) or b"")
    words = [" ".join(command.words) for command in manifest.commands("eslint")]
    found = [int(limit[1]) for line in words if (limit := _LIMIT.search(line))]
    return min(found, default=None)


def _findings(job: Job, path: str, file: Examined, report: Report) -> Iterator[Finding]:
    source = Source(job.shadow.read(path) or b"" if file.messages else b"")
    for item in file.messages:
        start_line = max(0, (item.line or 1) - 1)
        end_line = max(start_line, (item.end_line or item.line or 1) - 1)
        rule = report.metadata.rules_meta.get(item.rule_id or "")
        yield Finding(
            check=job.check.name,
            path=path,
            start_line=start_line,
            end_line=end_line + 1,
            start_character=source.character(start_line, item.column),
            end_character=source.character(end_line, item.end_column or item.column),
            message=item.message,
            code=item.rule_id or ("syntax" if item.fatal else "eslint"),
            severity="error" if item.severity == SEVERE else "warning",
            href=(rule.docs.url or "") if rule and rule.docs else "",
            fix=source.replaced(*item.fix.range, item.fix.text) if item.fix else (),
        )
