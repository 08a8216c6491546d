"""What code in JavaScript, Go or Rust does to the run that tests it: ends it, rewires it, asks about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bridle.harness.verify.gates.deeds import Deed
from bridle.harness.verify.gates.source import Change

Rule = tuple[re.Pattern[str], str, str]

_RULES: dict[str, tuple[Rule, ...]] = {
    "js": (
        (re.compile(r"^process\.(?:exit|reallyExit|abort)\s*\("), "any", "it ends the process when it is imported"),
        (re.compile(r"\bprocess\.(?:exit|reallyExit|abort|kill)\s*\("), "tests", "it ends the process of the tests"),
        (re.compile(r"\bprocess\.exitCode\s*=(?!=)"), "tests", "it decides how the run ends"),
        (
            re.compile(r"\b(?:global|globalThis|window)\.(?:expect|it|test|describe|assert|jest|vi)\s*=(?!=)"),
            "any",
            "it replaces a part of the test runner",
        ),
        (
            re.compile(r"\b(?:expect|assert|it|test|describe)(?:\.\w+)?\s*=(?![=>])\s*(?:\(|function|async|\w+\s*=>)"),
            "any",
            "it replaces a part of the test runner",
        ),
        (
            re.compile(r"\brequire\.cache\b|\bModule\._(?:load|resolveFilename|extensions)\b"),
            "code",
            "it rewires how modules are loaded",
        ),
        (
            re.compile(r"\bprocess\.(?:argv|execArgv)\s*(?:=(?!=)|\.(?:push|splice|unshift|pop|shift)\()"),
            "any",
            "it changes the arguments of the run",
        ),
        (
            re.compile(r"JEST_WORKER_ID|VITEST_\w+|\bprocess\.env\.VITEST\b|import\.meta\.vitest|NODE_TEST_CONTEXT"),
            "code",
            "it asks whether it is being tested",
        ),
        (re.compile(r"NODE_ENV\W{1,8}(?:===?|!==?)\s*['\"]test['\"]"), "code", "it asks whether it is being tested"),
    ),
    "go": (
        (
            re.compile(r"\bos\.Exit\(\s*0\s*\)|\bsyscall\.Exit\(|\bruntime\.Goexit\("),
            "tests",
            "it ends the process of the tests",
        ),
        (
            re.compile(r"\btesting\.Testing\(\)|flag\.Lookup\(\"test\.|HasSuffix\(os\.Args\[0\],\s*\"\.test\""),
            "code",
            "it asks whether it is being tested",
        ),
        (re.compile(r"\bos\.Args\s*="), "any", "it changes the arguments of the run"),
    ),
    "rust": (
        (re.compile(r"\bprocess::(?:exit|abort)\s*\("), "tests", "it ends the process of the tests"),
        (
            re.compile(r"\bcfg!\s*\(\s*test\s*\)|#\[cfg\(not\(test\)\)\]|\bRUST_TEST_\w+"),
            "code",
            "it asks whether it is being tested",
        ),
        (re.compile(r"\bpanic::set_hook\s*\(|\bcatch_unwind\s*\("), "tests", "it catches what fails a test"),
    ),
}
_ASIDE = re.compile(r"(?:^|/)(?:examples?|docs?|benchmarks?|scripts|tools)/")
"""Folders of code that nobody imports and no test runs."""

_COMMENT = re.compile(r"^[ \t]*(?://|/?\*)")


def foreign_deeds_of(change: Change, text: str) -> Iterator[Deed]:
    """Yield what one version of a file does to the run."""
    side = "tests" if change.is_test_side else "aside" if _ASIDE.search(change.path) else "code"
    rules = [(shape, what) for shape, where, what in _RULES.get(change.language, ()) if where in (side, "any")]
    if not rules:
        return
    for number, line in enumerate(text.splitlines()):
        if _COMMENT.match(line):
            continue
        for shape, what in rules:
            found = shape.search(line)
            if found:
                yield Deed(f"{what}: `{' '.join(line.split())[:100]}`", number)
