"""Tests of JavaScript and TypeScript: which files hold some, and which calls hand one to a runner under a title."""

from __future__ import annotations

import re

from bridle.indexer.facts import SymbolKind

MAX_TITLE = 80

_TEST_NAME = re.compile(r"(?:\.|-|_|^)(?:test|tests|spec|cy)\.[cm]?[jt]sx?$")
_TEST_FOLDERS = {"__tests__", "test", "tests", "spec", "specs", "e2e", "cypress"}
_RUNNER_CALL = re.compile(r"(?:(?:test|t)\.)?(x?it|x?test|fit|specify|x?describe|fdescribe|suite|context)(?![\w$])")
_SUITES = {"describe", "xdescribe", "fdescribe", "suite", "context"}
_QUOTES = ("'", '"', "`")


def is_script_test_file(path: str) -> bool:
    """Whether the runners of JavaScript look for tests in the file by its name, or it stands among tests."""
    *folders, name = path.split("/")
    return _TEST_NAME.search(name) is not None or not _TEST_FOLDERS.isdisjoint(folders)


def block_kind(callee: str) -> SymbolKind | None:
    """Return what the call of `callee` hands to the runner, None where it is no runner's function."""
    found = _RUNNER_CALL.match(callee)
    if found is None:
        return None
    return "suite" if found[1] in _SUITES else "test"


def title_of(written: str) -> str:
    """Return a title, or a name that is written as a string: its first line, as it stands in the source."""
    bare = written[1:-1] if written[:1] in _QUOTES and written[-1:] == written[:1] else written
    lines = bare.splitlines()
    return (lines[0] if lines else "")[:MAX_TITLE] or written
