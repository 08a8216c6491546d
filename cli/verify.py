"""`bridle verify`: the project's checks on the tree as it stands, as verdicts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Literal

from bridle.cli.common import add_root, below, find_root, note, print_json, with_engine
from bridle.cli.junit import as_junit
from bridle.cli.sarif import as_sarif
from bridle.harness.engine import CheckFinished, CheckStarted, Engine, EngineEvent, Verified, Verify, expect
from bridle.harness.nouns import Finding, UserProblem, Verdict

TIMEOUT_S = 3600.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("paths", nargs="*", help="look at these files only, where a check can")
    parser.add_argument("--since", metavar="COMMIT", default="", help="what its tree had is told, and fails nothing")
    tests = parser.add_mutually_exclusive_group()
    tests.add_argument("--all", action="store_true", help="run all tests (as without any of these three)")
    tests.add_argument("--impact", action="store_true", help="run the tests that reach what changed since they ran")
    tests.add_argument("--changed", action="store_true", help="look at what differs from the last commit alone")
    parser.add_argument(
        "--strength",
        nargs="?",
        type=float,
        const=120.0,
        default=0.0,
        metavar="SECONDS",
        help="after green, try small faults on the lines that differ from the last commit (120 s at most if not said)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--sarif", action="store_true", help="print one SARIF 2.1.0 document")
    form.add_argument("--junit", action="store_true", help="print one JUnit XML document")


def main(options: argparse.Namespace) -> int:
    """Run the checks; 0 when every one passed, or found nothing but what is accepted or the commit compared had."""
    root = find_root(options.root)
    paths = tuple(_there(root, path) for path in options.paths)

    async def ask(engine: Engine) -> Verified:
        return expect(
            await engine.call(
                Verify(paths, since=options.since, tests=_tests(options), strength_s=options.strength), TIMEOUT_S
            ),
            Verified,
        )

    verified = with_engine(root, ask, _progress)
    if options.json:
        print_json(as_json(verified))
    elif options.sarif:
        print_json(as_sarif(verified, root))
    elif options.junit:
        print(as_junit(verified))
    else:
        for verdict in verified.verdicts:
            print(verdict_text(verdict))
        print(_whole(verified))
    return 0 if verified.outcome == "pass" or is_older(verified) else 1


def _tests(options: argparse.Namespace) -> Literal["all", "impact", "changed"]:
    return "changed" if options.changed else "impact" if options.impact else "all"


def is_older(verified: Verified) -> bool:
    """Tell whether every check came to a verdict, and nothing that it found is new."""
    plain = all(
        verdict.outcome == "pass" or (verdict.outcome == "fail" and verdict.findings) for verdict in verified.verdicts
    )
    return plain and bool(verified.verdicts) and not any(f.new for v in verified.verdicts for f in v.findings)


def _whole(verified: Verified) -> str:
    if not verified.verdicts:
        return f"{verified.outcome}: nothing was checked: no check is known, or nothing differs from the last commit"
    return f"{verified.outcome} on tree {verified.tree}{_only_older(verified)}"


def _only_older(verified: Verified) -> str:
    return ", by nothing new" if verified.outcome == "fail" and is_older(verified) else ""


def _there(root: Path, path: str) -> str:
    """Return `path` below `root`; a slip of the pen must not check everything instead. Raises UserProblem."""
    found = below(root, path)
    if not (root / found).exists():
        raise UserProblem(f"{path!r} is not there", "name files of the workspace, or none to check all of it")
    return found


def as_json(verified: Verified) -> dict[str, object]:
    """Return the command's document: `outcome`, `tree`, `verdicts`."""
    return {
        "outcome": verified.outcome,
        "tree": verified.tree,
        "verdicts": [_verdict(verdict) for verdict in verified.verdicts],
    }


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "check": verdict.check,
        "outcome": verdict.outcome,
        "seconds": round(verdict.seconds, 3),
        "collected": verdict.collected,
        "passed": verdict.passed,
        "tree": verdict.tree,
        "rung": verdict.rung,
        "reason": verdict.reason,
        "next_step": verdict.next_step,
        "command": list(verdict.command),
        "exit_code": verdict.exit_code,
        "findings": [_finding(finding) for finding in verdict.findings],
        "fixed": [_finding(finding) for finding in verdict.fixed],
        "receipt": verdict.receipt,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "path": finding.path,
        "start_line": finding.start_line + 1,
        "end_line": max(finding.end_line, finding.start_line + 1),
        "code": finding.code,
        "message": finding.message,
        "severity": finding.severity,
        "test": finding.test,
        "new": finding.new,
        "accepted": finding.accepted,
    }


def verdict_text(verdict: Verdict) -> str:
    """Return a verdict for a terminal: what ran, what it said, what to do."""
    head = f"{verdict.check:8} {verdict.outcome:8} {verdict.seconds:6.2f} s  {_counted(verdict)} [{verdict.rung}]"
    lines = [head]
    if verdict.reason:
        lines.append(f"         {verdict.reason}" + (f" → {verdict.next_step}" if verdict.next_step else ""))
    lines += [_line(finding, "" if finding.new else " (was there before)") for finding in verdict.findings]
    lines += [_line(finding, " (fixed)") for finding in verdict.fixed]
    return "\n".join(lines)


def _line(finding: Finding, age: str) -> str:
    first = finding.message.partition("\n")[0]
    return f"         {finding.path}:{finding.start_line + 1}: {finding.code} {first}{age}"


def _counted(verdict: Verdict) -> str:
    if verdict.unit == "mutant":
        return f"{verdict.passed} of {verdict.collected} mutants killed"
    if verdict.unit == "test":
        return f"{verdict.passed} of {_number(verdict.collected, 'test')} passed"
    return f"{_number(verdict.collected, 'file')}, {_number(len(verdict.findings), 'finding')}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _progress(event: EngineEvent) -> None:
    if isinstance(event, CheckStarted):
        note(f"· {event.check} …")
    elif isinstance(event, CheckFinished):
        note(f"· {event.verdict.check}: {event.verdict.outcome}")
