"""Reads what `go test -json` and `go vet -json` say. Pure: text in, tests or complaints out.

A package that began and did not end is a run that was cut short. A test that began and never ended, in a package that
ended well, was left by a way out that the framework did not see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import msgspec

from bridle.harness.verify.checkers.results import MAX_DETAIL, Case, Results, UnreadableError, cut, several

_SAID = re.compile(r"^\s+(?P<file>[\w.+-]+\.go):(?P<line>\d+): (?P<text>.*)$")
_COMPILE = re.compile(
    r"^(?:vet: )?(?P<file>[^\s:][^:\n]*\.go):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<text>.+)$", re.MULTILINE
)
_FRAME = re.compile(r"^\t(?P<file>/\S+\.go):(?P<line>\d+)", re.MULTILINE)
_NOISE = re.compile(r"^(?:=== |--- |\s+--- |PASS$|FAIL\b|ok\s|exit status|coverage:|\?\s)")
_SETUP = re.compile(r"\[setup failed\]|missing go\.sum entry|no required module|cannot find module|not in std")


class Event(msgspec.Struct, frozen=True, rename="pascal"):
    """One line of `go test -json`."""

    action: str
    package: str = ""
    test: str = ""
    output: str = ""
    import_path: str = ""
    failed_build: str = ""


class VetReport(msgspec.Struct, frozen=True):
    """One complaint in vet's JSON; places are ``path:line:column``."""

    posn: str
    message: str
    end: str = ""


class VetProblem(msgspec.Struct, frozen=True):
    """An analyzer that could not run."""

    error: str


Vetted = dict[str, dict[str, tuple[VetReport, ...] | VetProblem]]
"""Package → analyzer → what it said."""


class Complaint(msgspec.Struct, frozen=True):
    """One complaint of the compiler or of vet; 1-based, the column in bytes, 0 for none."""

    path: str
    line: int
    column: int
    message: str
    code: str
    end_line: int = 0
    end_column: int = 0


class Tested(msgspec.Struct, frozen=True):
    """What `go test` came to: tests, what did not compile, and packages that could not even be set up, in words."""

    results: Results
    compile_errors: tuple[Complaint, ...]
    unset: str = ""


class _Package(msgspec.Struct):
    ended: str = ""
    output: list[str] = []
    tests: dict[str, str] = {}
    said: dict[str, list[str]] = {}
    failed_build: str = ""


def read_tests(data: bytes, folders: Mapping[str, str]) -> Tested:
    """Return what all packages said; `folders` is import path → folder.

    Raises:
        UnreadableError: a line is no event, or a package began and did not end.
    """
    packages: dict[str, _Package] = {}
    built: list[str] = []
    for event in _events(data):
        if event.action == "build-output":
            built.append(event.output)
            continue
        if not event.package:
            continue
        package = packages.setdefault(event.package, _Package("", [], {}, {}))
        if event.action == "output":
            (package.said.setdefault(event.test, []) if event.test else package.output).append(event.output)
        elif event.test and event.action in ("run", "pass", "fail", "skip"):
            package.tests[event.test] = event.action
        elif event.action in ("pass", "fail", "skip") and not event.test:
            package.ended, package.failed_build = event.action, event.failed_build
    if not packages and not built:
        raise UnreadableError("there is no report")
    unended = [name for name, package in packages.items() if not package.ended]
    if unended:
        raise UnreadableError(f"the tests of {unended[0]} began and did not end")
    return _folded(packages, "".join(built), folders)


def read_compile_errors(text: str) -> tuple[Complaint, ...]:
    """Return the compiler's complaints in plain text, each once."""
    found: dict[tuple[str, str, str], Complaint] = {}
    for one in _COMPILE.finditer(text):
        complaint = Complaint(one["file"], int(one["line"]), int(one["column"] or 0), one["text"], "compiler")
        found.setdefault((one["file"], one["line"], one["text"]), complaint)
    return tuple(found.values())


def read_vet(text: str) -> tuple[Complaint, ...]:
    """Return the complaints in vet's JSON, wherever it stands between other lines. Raises UnreadableError."""
    found: list[Complaint] = []
    for package in _vetted(text):
        for analyzers in package.values():
            for name, reports in analyzers.items():
                if isinstance(reports, VetProblem):
                    raise UnreadableError(f"vet's {name} could not run: {reports.error}")
                found += [_complaint(name, one) for one in reports]
    return tuple(dict.fromkeys(found))


def is_setup(text: str) -> bool:
    """Tell whether a failure is of modules that are not there rather than of the code."""
    return _SETUP.search(text) is not None


def _events(data: bytes) -> Iterator[Event]:
    decoder = msgspec.json.Decoder(Event)
    for line in data.splitlines():
        if not line.strip():
            continue
        try:
            yield decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if not line.lstrip().startswith(b"{"):
                continue  # older toolchains print what did not compile among the events, and tell it on stderr too
            raise UnreadableError("the report is garbled") from error


def _folded(packages: Mapping[str, _Package], built: str, folders: Mapping[str, str]) -> Tested:
    cases: list[Case] = []
    told: list[str] = []
    doubt, unset = "", ""
    for name, package in packages.items():
        output = "".join(package.output)
        if is_setup(output) or (package.ended == "fail" and not package.tests and is_setup(built)):
            unset = unset or cut(f"{built}{output}".strip(), 1_000)
            continue
        own = _cases(name, package, folders.get(name, ""))
        cases += own
        never = [test for test, action in package.tests.items() if action == "run"]
        if never and package.ended != "fail":
            doubt = doubt or f"{name}.{never[0]} began and never ended"
        failed = any(case.ending == "failed" for case in own)
        if package.ended == "fail" and not failed and not package.failed_build and "[build failed]" not in output:
            cases.append(_whole(name, output, folders.get(name, "")))
        if package.ended == "skip" or "[no test files]" in output:
            told.append(name)
    n_empty = len(told)
    words = (f"{several(n_empty, 'package')} without tests",) if n_empty else ()
    return Tested(Results(tuple(cases), doubt, words), read_compile_errors(built), unset)


def _cases(name: str, package: _Package, folder: str) -> list[Case]:
    """Return the tests that have no tests inside, and those that failed although none inside did."""
    parents = {test.rpartition("/")[0] for test in package.tests if "/" in test}
    failed = {test for test, action in package.tests.items() if action == "fail"}
    cases: list[Case] = []
    for test, action in package.tests.items():
        if test in parents and not (test in failed and not any(one.startswith(f"{test}/") for one in failed)):
            continue
        if action == "fail" or (action == "run" and package.ended == "fail"):
            cases.append(_failure(name, test, "".join(package.said.get(test, ())), folder))
        elif action in ("pass", "skip"):
            cases.append(Case(test, "passed" if action == "pass" else "skipped", name))
    return cases


def _failure(name: str, test: str, text: str, folder: str) -> Case:
    lines = [line for line in text.splitlines() if not _NOISE.match(line)]
    said = [found for line in lines if (found := _SAID.match(line))]
    panic = next((line for line in lines if line.startswith("panic: ")), "")
    own = next((found for found in _FRAME.finditer(text) if folder and found["file"].startswith(f"{folder}/")), None)
    path, line = "", 0
    if panic and own:
        path, line = own["file"], int(own["line"])
    elif said:
        path, line = f"{folder}/{said[-1]['file']}" if folder else said[-1]["file"], int(said[-1]["line"])
    message = panic or (said[-1]["text"] if said else "") or next((one.strip() for one in lines if one.strip()), "")
    detail = cut("\n".join(lines), MAX_DETAIL)
    return Case(
        test, "failed", name, message or f"{test} failed", detail, "panic" if panic else "", path, line, bool(path)
    )


def _whole(name: str, output: str, folder: str) -> Case:
    case = _failure(name, "", output, folder)
    return msgspec.structs.replace(case, name="(package)", message=case.message or f"the tests of {name} failed")


def _vetted(text: str) -> Iterator[Vetted]:
    """Yield the JSON objects of a text, whatever stands between them."""
    decoder, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        if at and text[at - 1] != "\n":
            at = text.find("\n{", at)
            at += at >= 0
            continue
        try:
            _, end = decoder.raw_decode(text, at)
            yield msgspec.json.decode(text[at:end], type=Vetted)
        except (ValueError, RecursionError) as error:
            raise UnreadableError("the report is garbled") from error
        at = text.find("{", end)


def _complaint(name: str, report: VetReport) -> Complaint:
    path, line, column = _position(report.posn)
    _, end_line, end_column = _position(report.end)
    return Complaint(path, line, column, report.message, name, end_line, end_column)


def _position(text: str) -> tuple[str, int, int]:
    found = re.fullmatch(r"(.+?):(\d+)(?::(\d+))?", text)
    return (found[1], int(found[2]), int(found[3] or 0)) if found else ("", 0, 0)
