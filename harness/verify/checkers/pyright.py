"""Types, by pyright: its JSON report, and how many files it says that it analysed.

pyright tells that number and not which files; those that its configuration leaves out are told by the same patterns.
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Sequence

import msgspec

from bridle.harness.nouns import Finding, Severity, Verdict
from bridle.harness.verify.checkers.results import several
from bridle.harness.verify.checkers.texts import Texts
from bridle.harness.verify.job import (
    Job,
    Ran,
    changed_files,
    last_line,
    narrowed,
    plain,
    start,
    stopped,
    told,
    unknown,
    verdict,
)
from bridle.harness.verify.survey import join

SUFFIXES = (".py", ".pyi")
HREF = "https://github.com/microsoft/pyright/blob/main/docs/configuration.md#"
SEVERITIES: dict[str, Severity] = {"error": "error", "warning": "warning", "information": "information"}
ALWAYS_LEFT_OUT = ("**/node_modules", "**/__pycache__", "**/.*")
INSTALL = "install one that brings its own: python -m pip install 'pyright[nodejs]>=1.1.400', or npm install -D pyright"

_DOWNLOADS = re.compile(
    r"(?i)nodeenv|npm (?:err|error)|getaddrinfo|ENOTFOUND|EAI_AGAIN|URLError|urlopen error"
    r"|name resolution|node.*not found"
)
_TEXT = r'("(?:\\.|[^"\\])*")'
_BESIDES = (re.compile(_TEXT + r"|//[^\n]*|/\*.*?\*/", re.DOTALL), re.compile(_TEXT + r"|,(?=\s*[}\]])"))
"""What JSON may not hold and pyright's file may: comments, then commas after the last."""


class Position(msgspec.Struct, frozen=True):
    """0-based line, and character in UTF-16 units."""

    line: int
    character: int


class Range(msgspec.Struct, frozen=True):
    """From before `start` to before `end`."""

    start: Position
    end: Position


class Item(msgspec.Struct, frozen=True):
    """One diagnostic; some have no place."""

    file: str
    severity: str
    message: str
    range: Range = Range(Position(0, 0), Position(0, 0))
    rule: str = ""


class Summary(msgspec.Struct, frozen=True, rename="camel"):
    """What pyright counts."""

    files_analyzed: int
    error_count: int


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """The whole of `pyright --outputjson`."""

    general_diagnostics: tuple[Item, ...]
    summary: Summary


class _Config(msgspec.Struct, frozen=True):
    """Which files pyright looks at; `exclude` None for its own default."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None


def check(job: Job) -> Verdict:
    """Run pyright on what the project's configuration names, or on those of `job.paths`."""
    config = _config(job)
    wanted = [path for path in narrowed(job, _is_python) if config is None or _is_included(config, path[2:])]
    python = ("--pythonpath", job.check.python) if job.check.python else ()
    env = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "NODE_NO_WARNINGS": "1"}
    ran = start(job, ("--outputjson", *python, *wanted), env)
    said = msgspec.structs.replace(ran, said=ran.completed.stderr)
    return stopped(job, said) or _judge(job, said, config)


def _judge(job: Job, ran: Ran, config: _Config | None) -> Verdict:
    report, code = _parse(ran), ran.completed.exit_code
    if report is None or code not in (0, 1):
        return _refused(job, ran)
    n_examined, texts = report.summary.files_analyzed, Texts(job)
    findings = [
        _finding(job, ran, texts, item) for item in report.general_diagnostics if not _is_anothers(job, ran, item)
    ]
    n_errors = sum(finding.severity == "error" for finding in findings)
    if report.summary.error_count > sum(item.severity == "error" for item in report.general_diagnostics):
        return unknown(job, ran, "pyright counts more errors than it names", "run pyright to see why")
    if n_errors:
        return verdict(job, "fail", ran, counts=(n_examined, 0), findings=findings)
    if code != 0 and not report.general_diagnostics:
        return unknown(job, ran, f"pyright ended with exit code {code} and named nothing", "run pyright to see why")
    if not n_examined:
        return unknown(job, ran, "pyright analysed no file", "see which files pyright's configuration includes")
    unseen = [
        path
        for path in sorted(changed_files(job, SUFFIXES))
        if config is not None and not _is_included(config, told(job, path))
    ]
    words = [several(len(findings), "warning")] if findings else []
    words += [f"not among pyright's files: {', '.join(unseen[:5])}"] if unseen else []
    return verdict(job, "pass", ran, reason="; ".join(words), counts=(n_examined, n_examined), findings=findings)


def _refused(job: Job, ran: Ran) -> Verdict:
    said = plain(ran.completed.stderr.decode("utf-8", "replace"))
    why, code = last_line(ran.completed.stderr) or "its report cannot be read", ran.completed.exit_code
    if _DOWNLOADS.search(said):
        return unknown(job, ran, f"pyright would download what it needs, and here it cannot: {why}", INSTALL)
    return unknown(job, ran, f"pyright ended with exit code {code}: {why}", "correct pyright's configuration")


def _parse(ran: Ran) -> Report | None:
    if ran.completed.truncated:
        return None
    try:
        return msgspec.json.decode(ran.completed.stdout, type=Report)
    except msgspec.DecodeError:
        return None


def _is_anothers(job: Job, ran: Ran, item: Item) -> bool:
    """Tell whether a complaint is of a package inside this one that has a pyright of its own."""
    path = ran.path(item.file)
    return bool(path) and not job.check.owns(path)


def _finding(job: Job, ran: Ran, texts: Texts, item: Item) -> Finding:
    path, start_at, end_at = ran.path(item.file), item.range.start, item.range.end
    return Finding(
        check=job.check.name,
        path=path,
        start_line=start_at.line,
        end_line=max(start_at.line, end_at.line) + 1,
        message=item.message.replace("\u00a0", " "),
        code=item.rule or "pyright",
        severity=SEVERITIES.get(item.severity, "error"),
        start_character=texts.character(path, start_at.line, start_at.character, "utf-16"),
        end_character=texts.character(path, end_at.line, end_at.character, "utf-16"),
        href=f"{HREF}{item.rule}" if item.rule else "",
    )


def _is_python(path: str) -> bool:
    return path.endswith(SUFFIXES)


def _config(job: Job) -> _Config | None:
    """Return what the configuration in the shadow says of files; None where it cannot be told."""
    data = (job.shadow.read(join(job.check.package, "pyrightconfig.json")) or b"").decode("utf-8", "replace")
    try:
        if data:
            for besides in _BESIDES:
                data = besides.sub(lambda found: found[1] or "", data)
            return msgspec.json.decode(data, type=_Config)
        text = (job.shadow.read(join(job.check.package, "pyproject.toml")) or b"").decode("utf-8", "replace")
        tool = tomllib.loads(text).get("tool", {})
        return msgspec.convert(tool.get("pyright", {}), _Config)
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, AttributeError):
        return None


def _is_included(config: _Config, path: str) -> bool:
    left_out = ALWAYS_LEFT_OUT if config.exclude is None else config.exclude
    included = not config.include or _is_in(path, config.include)
    return included and not _is_in(path, left_out)


def _is_in(path: str, patterns: Sequence[str]) -> bool:
    """Tell whether a path or a folder that it lies in is like one of pyright's patterns."""
    parts = path.split("/")
    wholes = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    for pattern in patterns:
        plain_pattern = pattern.strip("/").removeprefix("./").removesuffix("/**")
        if plain_pattern in ("", ".", "**"):
            return True
        tails = [plain_pattern, plain_pattern.removeprefix("**/")]
        if any(fnmatch.fnmatchcase(whole, tail) for whole in wholes for tail in tails):
            return True
    return False
