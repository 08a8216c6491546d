"""Go's own vet and tests, of one module: what is listed is what can be examined, and no result is taken from a cache.

The build cache is keyed by content, so it may be kept; what runs on a changed tree writes into another one than what
runs on the person's own, so that code of a change cannot speak for what comes after it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.verify.caches import tool_cache
from bridle.harness.verify.checkers.go_report import (
    Complaint,
    is_setup,
    read_compile_errors,
    read_tests,
    read_vet,
)
from bridle.harness.verify.checkers.judged import judge_tests, unproven
from bridle.harness.verify.checkers.places import Places
from bridle.harness.verify.checkers.results import UnreadableError
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
    unknown,
    verdict,
)

SUFFIXES = (".go",)
FIELDS = ("GoFiles", "CgoFiles", "TestGoFiles", "XTestGoFiles")
FETCH = "fetch its modules, outside the sandbox: go mod download"
_NO_NETWORK = re.compile(
    r"GOPROXY list is not the empty string|module lookup disabled|dial tcp|toolchain not available"
)


def vet(job: Job) -> Verdict:
    """Run `go vet` on the module's packages, or on those of the saved files."""
    with tool_cache(job.shadow.workspace, _cache(job)) as cache:
        listed = start(
            job, ("list", "-e", f"-json=Dir,ImportPath,{','.join(FIELDS)}", *_packages(job)), _env(cache), cache
        )
        early = stopped(job, listed) or _unlisted(job, listed)
        if early is not None:
            return early
        ran = start(job, ("vet", "-json", *_packages(job)), _env(cache), cache)
    early = stopped(job, ran)
    if early is not None:
        return early
    return _judge_vet(job, ran, _examined(listed))


def test(job: Job) -> Verdict:
    """Run `go test` on the module's packages, or on those of the saved files."""
    with tool_cache(job.shadow.workspace, _cache(job)) as cache:
        listed = start(job, ("list", "-e", "-json=Dir,ImportPath", *_packages(job)), _env(cache), cache)
        early = stopped(job, listed) or _unlisted(job, listed)
        if early is not None:
            return early
        ran = start(job, ("test", "-json", "-count=1", "-vet=off", *_packages(job)), _env(cache), cache)
    early = stopped(job, ran)
    if early is not None:
        return early
    if ran.completed.truncated:
        return unproven(job, ran, "it is too large to be read", "let the tests print less")
    stderr = ran.completed.stderr.decode("utf-8", "replace")
    try:
        tested = read_tests(ran.completed.stdout, {one["ImportPath"]: one["Dir"] for one in _listed(listed)})
    except UnreadableError as error:
        errors = read_compile_errors(stderr)
        return _uncompiled(job, ran, errors) if errors else unproven(job, ran, f"{error}: {last_line(ran.said)}")
    errors = tested.compile_errors or read_compile_errors(stderr)
    if tested.unset:
        return unknown(job, ran, f"modules are missing: {tested.unset.splitlines()[-1].strip()[:300]}", FETCH)
    judged = judge_tests(job, ran, tested.results, Places(job.tree.files, ran.path))
    if not errors:
        return judged
    findings = [*(_finding(job, ran, Texts(job), one) for one in errors), *judged.findings]
    return verdict(job, "fail", ran, reason=judged.reason, counts=(judged.collected, judged.passed), findings=findings)


def _cache(job: Job) -> str:
    return "go+changed" if job.shadow.changes() else "go"


def _env(cache: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("GOPATH", "GOMODCACHE", "GOROOT") if os.environ.get(name)}
    return {
        **kept,
        "GOCACHE": str(cache),
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
        "GOFLAGS": "",
    }


def _packages(job: Job) -> list[str]:
    """Return what to look at: the folders of the saved files, else every package of the module."""
    folders = {path.rpartition("/")[0] for path in narrowed(job, lambda path: path.endswith(SUFFIXES))}
    return sorted(folders) or ["./..."]


def _listed(listed: Ran) -> list[dict[str, str]]:
    decoder, text, at = json.JSONDecoder(), listed.completed.stdout.decode("utf-8", "replace").strip(), 0
    found: list[dict[str, str]] = []
    while at < len(text):
        one, at = decoder.raw_decode(text, at)
        found.append(one)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def _unlisted(job: Job, listed: Ran) -> Verdict | None:
    """Return the verdict where Go does not even know the packages."""
    why = last_line(listed.completed.stderr)
    try:
        n_packages = len(_listed(listed))
    except ValueError:
        n_packages = 0
    if listed.completed.exit_code == 0 and n_packages:
        return None
    if is_setup(why) or _NO_NETWORK.search(listed.completed.stderr.decode("utf-8", "replace")):
        return unknown(job, listed, f"modules are missing: {why}", FETCH)
    if listed.completed.exit_code == 0:
        return unknown(job, listed, f"{job.check.name} found no package", "see what go.mod and build tags leave out")
    return unknown(
        job, listed, f"go ended with exit code {listed.completed.exit_code}: {why}", "mend go.mod or go.work"
    )


def _examined(listed: Ran) -> set[str]:
    """Return the files that the packages consist of under this machine's build tags."""
    found: set[str] = set()
    for package in _listed(listed):
        for field in FIELDS:
            found |= {listed.path(f"{package['Dir']}/{name}") for name in package.get(field) or ()}
    return found - {""}


def _judge_vet(job: Job, ran: Ran, examined: set[str]) -> Verdict:
    said = ran.completed.stderr.decode("utf-8", "replace")
    try:
        complaints = [*read_vet(ran.completed.stdout.decode("utf-8", "replace")), *read_vet(said)]
    except UnreadableError as error:
        return unproven(job, ran, str(error))
    errors = read_compile_errors(said)
    if errors or complaints:
        return _uncompiled(job, ran, (*errors, *complaints), len(examined))
    code = ran.completed.exit_code
    if code != 0:
        if is_setup(said) or _NO_NETWORK.search(said):
            return unknown(job, ran, f"modules are missing: {last_line(ran.completed.stderr)}", FETCH)
        return unknown(
            job, ran, f"go vet ended with exit code {code}: {last_line(ran.said)}", "look at the log for why"
        )
    if not ran.said.strip():
        return unknown(job, ran, "go vet said nothing, not even that there is nothing", "install Go 1.12 or later")
    if not examined:
        return unknown(job, ran, "go vet examined no file", "see what build tags leave out")
    unseen = sorted(path for path in changed_files(job, SUFFIXES) - examined if path in (job.paths or (path,)))
    reason = f"left out by build tags: {', '.join(unseen[:5])}" if unseen else ""
    return verdict(job, "pass", ran, reason=reason, counts=(len(examined), len(examined)))


def _uncompiled(job: Job, ran: Ran, complaints: Sequence[Complaint], n_examined: int = 0) -> Verdict:
    texts = Texts(job)
    findings = [_finding(job, ran, texts, one) for one in complaints]
    return verdict(job, "fail", ran, counts=(n_examined, 0), findings=findings)


def _finding(job: Job, ran: Ran, texts: Texts, one: Complaint) -> Finding:
    path, start_line = ran.path(one.path), max(0, one.line - 1)
    end_line = max(start_line, one.end_line - 1)

    def character(line: int, column: int) -> int:
        return texts.character(path, line, column - 1, "utf-8") if column else 0

    return Finding(
        check=job.check.name,
        path=path if path in job.tree.files else "",
        start_line=start_line,
        end_line=end_line + 1,
        message=plain(one.message),
        code=one.code,
        start_character=character(start_line, one.column),
        end_character=character(end_line, one.end_column),
    )
