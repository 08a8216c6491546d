"""Types, by mypy: one JSON object a line, and from its own account the files that it was given.

mypy prints nothing when all is well, so a silent end proves nothing: green needs the sources that it says it found.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.verify.caches import discard, forget_changed, remember, tool_cache
from bridle.harness.verify.job import Job, Ran, changed_files, last_line, start, stopped, told, unknown, verdict
from bridle.harness.verify.survey import join

SUFFIXES = (".py", ".pyi")
HREF = "https://mypy.readthedocs.io/en/stable/_refs.html#code-"

_SOURCE = re.compile(rb"^LOG:\s+Found source:\s+BuildSource\(path='([^'\n]+)'", re.MULTILINE)
_SECTION = re.compile(r"^[ \t]*\[(?:tool\.)?mypy\]\s*$((?:(?!^[ \t]*\[).*\n?)*)", re.MULTILINE)
_NAMES_SOURCES = re.compile(r"^[ \t]*(?:files|packages|modules)\s*[=:]", re.MULTILINE)
_FILES = ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg")


class MypyItem(msgspec.Struct, frozen=True):
    """One line of `mypy --output json`: 1-based lines, 0-based columns."""

    file: str
    line: int
    column: int
    message: str
    severity: str
    hint: str | None = None
    code: str | None = None
    end_line: int | None = None
    end_column: int | None = None


def check(job: Job) -> Verdict:
    """Run mypy on what the project's configuration names, else on the whole tree."""
    files = {path: digest for path, digest in job.tree.files.items() if path.endswith(SUFFIXES)}
    with tool_cache(job.shadow.workspace, job.check.name.replace("/", "+")) as cache:
        forget_changed(cache, files)
        ended = start(job, _arguments(job, cache), {}, report=cache)
        ran = msgspec.structs.replace(ended, said=_said(ended))
        judged = stopped(job, ran) or _judge(job, ran)
        if judged.outcome in ("pass", "fail"):
            remember(cache, files)
        else:
            discard(cache)
    return judged


def _arguments(job: Job, cache: Path) -> list[str]:
    arguments = ["--verbose", "--output", "json", "--show-column-numbers", "--show-error-end"]
    arguments += ["--no-error-summary", "--incremental", "--no-sqlite-cache"]
    arguments += ["--cache-dir", str(cache)]
    if job.check.python and Path(job.check.command[0]).parent != Path(job.check.python).parent:
        arguments += ["--python-executable", job.check.python]
    for inner in job.check.without:
        arguments += ["--exclude", f"^{re.escape(told(job, inner))}/"]
    return arguments if _names_sources(job) else [*arguments, "."]


def _names_sources(job: Job) -> bool:
    """Tell whether the configuration, as it stands in the shadow, says which files to check."""
    for name in _FILES:
        section = _SECTION.search((job.shadow.read(join(job.check.package, name)) or b"").decode("utf-8", "replace"))
        if section is not None:
            return _NAMES_SOURCES.search(section[1]) is not None
    return False


def _judge(job: Job, ran: Ran) -> Verdict:
    items, code = _parse(ran), ran.completed.exit_code
    complaints = [item for item in items or () if item.severity == "error"]
    if items is None or code not in (0, 1, 2) or (code == 2 and not complaints):
        return _refused(job, ran)
    sources = _SOURCE.findall(ran.completed.stderr)
    examined = {ran.path(source.decode("utf-8", "replace")) for source in sources} - {""}
    if complaints:
        findings = [_finding(job, ran, item) for item in complaints]
        return verdict(job, "fail", ran, counts=(len(examined), 0), findings=findings)
    if code != 0 and not items:  # notes alone end with 1 when they are told in JSON
        return unknown(job, ran, f"mypy ended with exit code {code} and named nothing", "run mypy to see why")
    if not examined:
        return unknown(job, ran, "mypy examined no file", "see which files mypy's configuration names")
    unseen = sorted(changed_files(job, SUFFIXES) - examined)
    reason = f"not among mypy's files: {', '.join(unseen[:5])}" if unseen else ""
    return verdict(job, "pass", ran, reason=reason, counts=(len(examined), len(examined)))


def _refused(job: Job, ran: Ran) -> Verdict:
    why = last_line(ran.said) or "its report cannot be read"
    step = "install mypy 1.11 or later" if "--output" in why else "correct mypy's configuration"
    return unknown(job, ran, f"mypy ended with exit code {ran.completed.exit_code}: {why}", step)


def _parse(ran: Ran) -> list[MypyItem] | None:
    if ran.completed.truncated:
        return None
    try:
        return msgspec.json.Decoder(MypyItem).decode_lines(ran.completed.stdout)
    except msgspec.DecodeError:
        return None


def _finding(job: Job, ran: Ran, item: MypyItem) -> Finding:
    return Finding(
        check=job.check.name,
        path=ran.path(item.file),
        start_line=max(0, item.line - 1),
        end_line=max(1, item.line, item.end_line or 0),
        start_character=max(0, item.column),
        end_character=max(0, item.column, item.end_column or 0),
        message=item.message,
        code=item.code or "",
        detail=item.hint or "",
        href=f"{HREF}{item.code}" if item.code else "",
    )


def _said(ended: Ran) -> bytes:
    """Return what is for people: the output without the account of what mypy looked at."""
    errors = ended.completed.stderr.splitlines(keepends=True)
    return ended.completed.stdout + b"".join(line for line in errors if not line.startswith(b"LOG:"))
