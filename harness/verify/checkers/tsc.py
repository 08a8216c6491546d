"""Types, by the project's own TypeScript compiler: its plain messages, and the list of the files that it looked at.

tsc prints nothing when all is well, also where its configuration names no file: green needs files of the package.
A configuration that refers to others is built as a whole, by `--build`: alone it would look at nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.verify.caches import discard, tool_cache
from bridle.harness.verify.checkers.utf16 import Source
from bridle.harness.verify.job import Job, Ran, changed_files, last_line, start, stopped, unknown, verdict
from bridle.harness.verify.node_manifest import without_comments
from bridle.harness.verify.survey import join

SUFFIXES = (".ts", ".tsx", ".mts", ".cts")
EXAMINED = (*SUFFIXES, ".js", ".jsx", ".mjs", ".cjs")
PLAIN = ("--pretty", "false", "--locale", "en")
DONE = (0, 1, 2)
"""Exit codes of a compiler that came to an end: nothing found, something found, something found and output written."""

_MESSAGE = re.compile(
    r"^(?:(?P<file>\S.*?)\((?P<line>\d+),(?P<column>\d+)\): )?(?:error|warning|message) (?P<code>TS\d+): (?P<text>.*)$"
)
_REFERS = re.compile(r'"references"\s*:\s*\[\s*\{')


class Complaint(msgspec.Struct, frozen=True):
    """One message of the compiler; 1-based line, column in UTF-16 units. `file` is "" where none is named."""

    file: str
    line: int
    column: int
    code: str
    text: str
    detail: str


def check(job: Job) -> Verdict:
    """Run the compiler on what the package's tsconfig.json names."""
    config = (job.shadow.read(join(job.check.package, "tsconfig.json")) or b"").decode("utf-8", "replace")
    if _REFERS.search(without_comments(config)):
        ran = start(job, ["--build", "--force", "--listFiles", *PLAIN], {})
        return stopped(job, ran) or _judge(job, ran)
    with tool_cache(job.shadow.workspace, job.check.name.replace("/", "+")) as cache:
        # What it keeps of a file it knows by the text's own hash, so nothing in it is ever stale.
        info = ["--incremental", "--tsBuildInfoFile", str(cache / "tsbuildinfo")]
        ran = start(job, ["--project", "tsconfig.json", "--noEmit", "--listFiles", *PLAIN, *info], {}, report=cache)
        judged = stopped(job, ran) or _judge(job, ran)
        if judged.outcome not in ("pass", "fail"):
            discard(cache)
    return judged


def _judge(job: Job, ran: Ran) -> Verdict:
    code, lines = ran.completed.exit_code, ran.completed.stdout.decode("utf-8", "replace").splitlines()
    said = msgspec.structs.replace(ran, said=_said(ran))
    if ran.completed.truncated or code not in DONE:
        why = last_line(said.said) or "it said nothing"
        return unknown(job, said, f"tsc ended with exit code {code}: {why}", "run tsc to see why")
    complaints = list(complaints_of(lines))
    config = next((one for one in complaints if not one.file or one.file.endswith(".json")), None)
    if config is not None:
        where = f"{config.file}: " if config.file else ""
        return unknown(
            job, said, f"tsc does not take its configuration: {where}{config.text} ({config.code})", "correct it"
        )
    listed = {ran.path(line) for line in lines if line.startswith("/") and line.endswith(EXAMINED)}
    examined = {path for path in listed if path in job.tree.files and job.check.owns(path)}
    findings = list(_findings(job, ran, complaints))
    if findings:
        return verdict(job, "fail", said, counts=(len(examined), 0), findings=findings)
    if code != 0 and not complaints:
        return unknown(job, said, f"tsc ended with exit code {code} and named nothing", "run tsc to see why")
    if not examined:
        return unknown(job, said, "tsc examined no file of the package", "see which files tsconfig.json names")
    changed = changed_files(job, SUFFIXES)
    unseen = sorted(changed - examined)
    reason = f"not among tsc's files: {', '.join(unseen[:5])}" if unseen else ""
    if unseen and unseen == sorted(changed):
        return unknown(job, said, reason, "let tsconfig.json include what changed, or look at it yourself")
    return verdict(job, "pass", said, reason=reason, counts=(len(examined), len(examined)))


def complaints_of(lines: list[str]) -> Iterator[Complaint]:
    """Yield the messages among the lines of an output; what is indented below one belongs to it."""
    open_one: Complaint | None = None
    for line in lines:
        if open_one is not None and line.startswith("  "):
            open_one = msgspec.structs.replace(open_one, detail=f"{open_one.detail}\n{line}".lstrip("\n"))
            continue
        if open_one is not None:
            yield open_one
        found = _MESSAGE.match(line)
        open_one = found and Complaint(
            found["file"] or "", int(found["line"] or 1), int(found["column"] or 1), found["code"], found["text"], ""
        )
    if open_one is not None:
        yield open_one


def _findings(job: Job, ran: Ran, complaints: list[Complaint]) -> Iterator[Finding]:
    """Yield the findings of the package; those of the packages inside it are those packages' own."""
    sources: dict[str, Source] = {}
    for one in complaints:
        path = ran.path(one.file)
        if path and not job.check.owns(path):
            continue
        if path not in sources:
            sources[path] = Source(job.shadow.read(path) or b"" if path else b"")
        line = max(0, one.line - 1)
        character = sources[path].character(line, one.column)
        yield Finding(
            check=job.check.name,
            path=path,
            start_line=line,
            end_line=line + 1,
            start_character=character,
            end_character=sources[path].word_end(line, character),
            message=one.text,
            code=one.code,
            detail=one.detail,
        )


def _said(ran: Ran) -> bytes:
    """Return what is for people: the output without the list of files."""
    lines = ran.completed.stdout.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"/")) + ran.completed.stderr
