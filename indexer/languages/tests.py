"""Tests in languages of packages: which files hold some, and which definitions are one. One row a language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from bridle.indexer.facts import Symbol


class Tests(NamedTuple):
    """How a language tells tests: the paths of their files, their names, and what stands in their heads.

    With `is_anywhere` a test may stand beside the code.
    """

    file: re.Pattern[str]
    name: re.Pattern[str]
    head: re.Pattern[str] = re.compile("")
    is_anywhere: bool = False


_ROWS: Mapping[str, Tests] = {
    "bash": Tests(re.compile(r"(?:^|/)tests?/|(?:^|[/_-])tests?\w*\.(?:sh|bash)$"), re.compile(r"test")),
    "c": Tests(
        re.compile(r"(?:^|/)tests?/|(?:^|[/_-])tests?\w*\.(?:c|cc|cpp|cxx)$"), re.compile(r"test|\w+_test$|main$")
    ),
    "csharp": Tests(
        re.compile(r"(?:^|[/.])[Tt]ests?/|Tests?\.cs$"),
        re.compile(""),
        re.compile(r"\[[^\]]*\b(?:Fact|Theory|Test|TestCase|TestCaseSource|TestMethod|DataTestMethod)(?:Attribute)?\b"),
    ),
    "go": Tests(re.compile(r"_test\.go$"), re.compile(r"(?:Test|Benchmark|Fuzz|Example)(?![a-z])")),
    "java": Tests(
        re.compile(r"(?:^|/)src/test/|Tests?\.java$"),
        re.compile(""),
        re.compile(r"@(?:\w*Test|TestFactory|TestTemplate)\b|\bpublic void test[A-Z]"),
    ),
    "kotlin": Tests(
        re.compile(r"(?:^|/)src/\w*[tT]est/|(?:^|/)tests?/|Tests?\.kts?$"),
        re.compile(""),
        re.compile(r"@(?:\w*Test|TestFactory|TestTemplate)\b"),
    ),
    "php": Tests(
        re.compile(r"(?:^|/)[Tt]ests?/|Test\.php$"), re.compile(""), re.compile(r"\bfunction test|#\[\\?[\w\\]*Test\b")
    ),
    "ruby": Tests(
        re.compile(r"(?:^|/)(?:tests?|specs?)/|_(?:test|spec)\.rb$|(?:^|/)(?:test|spec)_\w+\.rb$"), re.compile(r"test")
    ),
    "rust": Tests(
        re.compile(r"(?:^|/)(?:tests|benches)/|(?:^|[/_])tests?\.rs$"),
        re.compile(""),
        re.compile(r"#\[(?:\w+::)*(?:test|bench|rstest|test_case|quickcheck|proptest)\b"),
        is_anywhere=True,
    ),
}


def is_packaged_test_file(language: str, path: str) -> bool | None:
    """Whether a file holds tests; None where this table has no row for its language."""
    row = _ROWS.get(language)
    return None if row is None else row.file.search(path) is not None


def is_packaged_test(language: str, symbol: Symbol) -> bool:
    """Whether a function or method of such a file is a test."""
    row = _ROWS[language]
    return row.name.match(symbol.name) is not None and row.head.search(symbol.signature) is not None


def is_test_beside_code(language: str, symbol: Symbol) -> bool:
    """Whether a function is a test in a language whose tests may stand beside the code."""
    row = _ROWS.get(language)
    return row is not None and row.is_anywhere and is_packaged_test(language, symbol)
