"""Rust, by cargo: check and clippy by their JSON, tests by the account of each test program that cargo says it built.

Cargo takes a file for unchanged by its time. A shadow's file may be older than what was built of another text of it;
so whatever differs from what the cache was last used with gets the time of now, in the shadow alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from bridle.harness.nouns import Finding, Related, Verdict
from bridle.harness.verify.caches import discard, known_files, remember, tool_cache
from bridle.harness.verify.checkers.cargo_report import Built, Diagnostic, Span, read_build
from bridle.harness.verify.checkers.judged import judge_tests, unproven
from bridle.harness.verify.checkers.libtest import read_blocks
from bridle.harness.verify.checkers.places import Places
from bridle.harness.verify.checkers.results import Results, UnreadableError, several
from bridle.harness.verify.checkers.ruff_fix import CharacterEdit
from bridle.harness.verify.checkers.texts import Texts
from bridle.harness.verify.job import Job, Ran, changed_files, last_line, plain, start, stopped, unknown, verdict
from bridle.harness.verify.survey import join
from bridle.indexer.text import LineEdit

SUFFIXES = (".rs",)
MAX_TOUCHED = 2_000
ROOT = "/"
"""Stands among a cache's files for where the tree was: what is built names its sources by their whole paths."""
TOUCH = (
    "/bin/sh",
    "-c",
    'n=$1; shift; while [ "$n" -gt 0 ]; do touch -c -- "$1"; shift; n=$((n-1)); done; exec "$@"',
    "sh",
)
OPTIONS = ("--offline", "--message-format=json")
FETCH = "fetch its crates, outside the sandbox: cargo fetch"

_MISSING_CRATES = re.compile(
    r"--offline|no matching package named|failed to (?:download|get|load source|fetch)|unable to update"
    r"|attempting to make an"
)
_MISSING_TOOL = re.compile(
    r"no such (?:sub)?command|is not installed for the toolchain|toolchain '[^']*' is not installed"
)
_DOC_TESTS = re.compile(r"^\s+Doc-tests (\S+)", re.MULTILINE)
_UNHARNESSED = re.compile(r"^[ \t]*harness\s*=\s*false", re.MULTILINE)
_NAME = re.compile(r"""^[ \t]*name\s*=\s*["']([^"']+)["']""", re.MULTILINE)


def check(job: Job) -> Verdict:
    """Compile the package and say what the compiler, or clippy, complains of."""
    ran, examined = _run(job, ("--all-targets",))
    early = stopped(job, ran)
    if early is not None:
        return early
    built = _built(job, ran)
    if isinstance(built, Verdict):
        return built
    findings = _findings(job, ran, built)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors or not built.success or (findings and job.check.tool == "cargo-clippy"):
        if not findings:
            why = next(iter(built.spanless()), "") or last_line(ran.completed.stderr)
            return unknown(job, ran, f"cargo could not build it: {why}", "look at the log for why")
        return verdict(job, "fail", ran, counts=(len(examined), 0), findings=findings)
    if ran.completed.exit_code != 0:
        return _refused(job, ran)
    if not examined:
        return unknown(job, ran, "cargo examined no file", "see which targets Cargo.toml declares")
    unseen = sorted(changed_files(job, SUFFIXES) - examined)
    told = [several(len(findings), "warning")] if findings else []
    told += [f"part of no target: {', '.join(unseen[:5])}"] if unseen else []
    counts = (len(examined), len(examined))
    return verdict(job, "pass", ran, reason="; ".join(told), counts=counts, findings=findings)


def test(job: Job) -> Verdict:
    """Run the package's tests, those in its documentation too."""
    ran, _ = _run(job, ("--no-fail-fast",))
    early = stopped(job, ran)
    if early is not None:
        return early
    built = _built(job, ran)
    if isinstance(built, Verdict):
        return built
    if not built.success:
        findings = [finding for finding in _findings(job, ran, built) if finding.severity == "error"]
        if findings:
            return verdict(job, "fail", ran, reason="the tests do not compile", findings=findings)
        why = next(iter(built.spanless()), "") or last_line(ran.completed.stderr)
        return unknown(job, ran, f"cargo could not build the tests: {why}", "look at the log for why")
    try:
        results = _results(job, ran, built)
    except UnreadableError as error:
        return unproven(job, ran, str(error))
    return judge_tests(job, ran, results, _places(job, ran))


def _results(job: Job, ran: Ran, built: Built) -> Results:
    """Return the tests of all programs. Raises UnreadableError unless every program that was built gave its account."""
    blocks = read_blocks(plain(built.rest))
    stderr = plain(ran.completed.stderr.decode("utf-8", "replace"))
    unharnessed = _unharnessed(job)
    programs = [one for one in built.test_programs() if one.target is None or one.target.name not in unharnessed]
    n_silent = len(built.test_programs()) - len(programs)
    expected = len(programs) + len(_DOC_TESTS.findall(stderr))
    if len(blocks) != expected:
        raise UnreadableError(f"{expected} test programs were to run, and {len(blocks)} gave an account")
    n_out = sum(block.n_out for block in blocks)
    told = (
        *((f"{n_out} filtered out",) if n_out else ()),
        *((f"{several(n_silent, 'program')} with a harness of its own",) if n_silent else ()),
    )
    return Results(tuple(case for block in blocks for case in block.cases), "", told)


def _run(job: Job, arguments: Sequence[str]) -> tuple[Ran, set[str]]:
    """Run cargo with a cache that knows which files it was last used with; returns the examined files too."""
    changed = bool(job.shadow.changes())
    now = {**job.tree.files, ROOT: str(job.shadow.root)}
    with tool_cache(job.shadow.workspace, "cargo+changed" if changed else "cargo") as cache:
        touched = _prepared(cache, now)
        around = (*TOUCH, str(len(touched)), *(_from(job.check.package, path) for path in touched)) if touched else ()
        done = start(job, (*OPTIONS, *arguments), _env(cache), cache, around=around)
        ran = msgspec.structs.replace(done, said=_said(done.completed.stdout, done.completed.stderr))
        if ran.completed.exit_code is None:
            discard(cache)
            return ran, set()
        remember(cache, now)
        return ran, _examined(job, ran, cache)


def _prepared(cache: Path, now: Mapping[str, str]) -> list[str]:
    """Return the files to be touched; a cache of another place, or too far from what is, is emptied instead."""
    before = known_files(cache)
    touched = sorted({path for path, _ in before.items() ^ now.items()} & now.keys() - {ROOT}) if before else []
    if before is None or before.get(ROOT) != now[ROOT] or len(touched) > MAX_TOUCHED:
        discard(cache)
        return []
    return touched


def _from(package: str, path: str) -> str:
    """Return a path of the tree as it is named from a package's folder."""
    return "/".join([".."] * len(PurePosixPath(package).parts) + [path]) if package else f"./{path}"


def _env(cache: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("CARGO_HOME", "RUSTUP_HOME") if os.environ.get(name)}
    return {**kept, "CARGO_TARGET_DIR": str(cache), "CARGO_TERM_COLOR": "never", "RUST_BACKTRACE": "0"}


def _said(stdout: bytes, stderr: bytes) -> bytes:
    """Return what is for people: the output without the lines for programs."""
    lines = stdout.splitlines(keepends=True)
    return stderr + b"".join(line for line in lines if not line.startswith(b'{"reason"'))


def _built(job: Job, ran: Ran) -> Built | Verdict:
    try:
        built = read_build(ran.completed.stdout)
    except UnreadableError as error:
        return unproven(job, ran, str(error))
    if ran.completed.truncated:
        return unproven(job, ran, "it is too large to be read", "let the tests print less")
    return built if built.finished else _refused(job, ran)


def _refused(job: Job, ran: Ran) -> Verdict:
    said = plain(ran.completed.stderr.decode("utf-8", "replace"))
    why = next((line for line in said.splitlines() if line.startswith("error")), last_line(ran.completed.stderr))
    if _MISSING_TOOL.search(said):
        part = job.check.tool.removeprefix("cargo-")
        step = f"install it: rustup component add {part}" if part == "clippy" else "install the toolchain: rustup show"
        return unknown(job, ran, f"{job.check.tool} is not installed: {why}", step)
    if _MISSING_CRATES.search(said):
        return unknown(job, ran, f"crates are missing: {why}", FETCH)
    code = ran.completed.exit_code
    return unknown(job, ran, f"cargo ended with exit code {code} and without a whole report: {why}", "mend Cargo.toml")


def _examined(job: Job, ran: Ran, cache: Path) -> set[str]:
    """Return the files of the package that the compiler read, by its own lists beside what it built."""
    try:
        built = read_build(ran.completed.stdout)
    except UnreadableError:
        return set()
    places, found = _places(job, ran), set[str]()
    for message in built.messages:
        if message.reason == "compiler-artifact" and _is_own(job, ran, message.manifest_path):
            for name in message.filenames:
                for source in _sources(cache, name):
                    found.add(places.path(source))
    return {path for path in found if path and job.check.owns(path)}


def _sources(cache: Path, artifact: str) -> list[str]:
    """Return what stands in the list beside an artifact, which is named as it is but for `lib` and its ending."""
    stem = PurePosixPath(artifact).name.removeprefix("lib").partition(".")[0]
    listing = Path(artifact).with_name(f"{stem}.d")
    try:
        text = listing.read_text("utf-8", "replace")[:1_000_000] if listing.is_relative_to(cache) else ""
    except OSError:
        return []
    return [line.removesuffix(":").replace("\\ ", " ") for line in text.splitlines() if line.endswith(":")]


def _is_own(job: Job, ran: Ran, manifest: str) -> bool:
    return ran.path(manifest) == join(job.check.package, "Cargo.toml")


def _places(job: Job, ran: Ran) -> Places:
    """Return the tree's files; cargo names them from the folder of the workspace, which lies above the package."""

    def path_of(named: str) -> str:
        if named.startswith("/"):
            return ran.path(named)
        for folder in (PurePosixPath(job.check.package), *PurePosixPath(job.check.package).parents):
            path = os.path.normpath((folder / named).as_posix())
            if path in job.tree.files:
                return path
        return ""

    return Places(job.tree.files, path_of)


def _findings(job: Job, ran: Ran, built: Built) -> list[Finding]:
    """Return what is said of this package, and the errors of others that keep it from being built."""
    places, texts = _places(job, ran), Texts(job)
    clippy = job.check.tool == "cargo-clippy"
    found: list[Finding] = []
    for manifest, said in built.complaints():
        is_error = said.level != "warning"
        if not is_error and (
            not _is_own(job, ran, manifest) or clippy != (said.code or _NONE).code.startswith("clippy::")
        ):
            continue  # of another package's own check, or of the check beside this one
        found.append(_finding(job, places, texts, said))
    return found


class _NoCode(msgspec.Struct, frozen=True):
    code: str = ""


_NONE = _NoCode()


def _finding(job: Job, places: Places, texts: Texts, said: Diagnostic) -> Finding:
    primary = next((span for span in said.spans if span.is_primary), said.spans[0])
    path, code = places.path(primary.file_name), (said.code or _NONE).code
    notes = [child.message for child in said.children]
    label = f": {primary.label}" if primary.label and primary.label not in said.message else ""
    return Finding(
        check=job.check.name,
        path=path,
        start_line=max(0, primary.line_start - 1) if path else 0,
        end_line=max(1, primary.line_end) if path else 1,
        message=plain(f"{said.message}{label}")[:2_000],
        code=code,
        severity="warning" if said.level == "warning" else "error",
        start_character=max(0, primary.column_start - 1) if path else 0,
        end_character=max(0, primary.column_end - 1) if path else 0,
        detail=plain(said.rendered or "\n".join(notes))[:8_000],
        href=_href(code),
        related=tuple(
            _related(places, span) for span in said.spans if span is not primary and places.path(span.file_name)
        ),
        fix=_fix(places, texts, path, said),
    )


def _related(places: Places, span: Span) -> Related:
    return Related(places.path(span.file_name), max(0, span.line_start - 1), plain(span.label or "here"))


def _href(code: str) -> str:
    if code.startswith("clippy::"):
        return f"https://rust-lang.github.io/rust-clippy/stable/index.html#{code.removeprefix('clippy::')}"
    return f"https://doc.rust-lang.org/error_codes/{code}.html" if re.fullmatch(r"E\d{4}", code) else ""


def _fix(places: Places, texts: Texts, path: str, said: Diagnostic) -> tuple[LineEdit, ...]:
    """Return the one change that the compiler knows to be right, none where it offers several or only may be."""
    offers = [
        [span for span in child.spans if span.suggestion_applicability == "MachineApplicable"]
        for child in said.children
    ]
    offered = [spans for spans in offers if spans]
    if len(offered) != 1 or not path or any(places.path(span.file_name) != path for span in offered[0]):
        return ()
    edits = [
        CharacterEdit(
            (span.line_start - 1, span.column_start - 1),
            (span.line_end - 1, span.column_end - 1),
            span.suggested_replacement or "",
        )
        for span in offered[0]
    ]
    return texts.fix(path, edits)


def _unharnessed(job: Job) -> set[str]:
    """Return the targets whose programs report in a way of their own."""
    text = (job.shadow.read(join(job.check.package, "Cargo.toml")) or b"").decode("utf-8", "replace")
    parts = re.split(r"^[ \t]*\[\[(?:test|bench|bin|example)\]\]\s*$|^[ \t]*\[lib\]\s*$", text, flags=re.MULTILINE)[1:]
    bodies = [re.split(r"^[ \t]*\[", part, maxsplit=1, flags=re.MULTILINE)[0] for part in parts]
    return {name[1] for body in bodies if _UNHARNESSED.search(body) and (name := _NAME.search(body))}
