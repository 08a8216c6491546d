"""What a phase may change: tests alone, words alone, nothing."""

from __future__ import annotations

import pytest

from bridle.harness.tools.writing import unwanted

PYTHON = b'''def f(x):
    """Says nothing."""
    # why
    if x:
        y = 1
    return "a"
'''


@pytest.mark.parametrize(
    "path", ["tests/test_a.py", "src/a_test.go", "web/a.spec.ts", "tests/data/x.json", "conftest.py", "spec/a.rb"]
)
def test_tests_and_what_they_read_are_for_tests(path: str) -> None:
    assert unwanted("tests", path, b"a", b"b") == ""


@pytest.mark.parametrize("path", ["src/a.py", "setup.py", "latest/a.py", "web/contest.ts"])
def test_code_is_not(path: str) -> None:
    assert "tests only" in unwanted("tests", path, b"a", b"b")


def test_nothing_is_nothing() -> None:
    assert unwanted("nothing", "a.md", b"a", b"b")
    assert unwanted("anything", "a.md", b"a", None) == ""


WORDS = [
    ("a.py", PYTHON, PYTHON.replace(b"Says nothing.", b"Say\n\n    more.")),
    ("a.py", PYTHON, PYTHON.replace(b"    # why\n", b"")),
    ("a.py", PYTHON.replace(b'    """Says nothing."""\n', b""), PYTHON),
    ("a.py", b"x = 1\n", b'"""A module."""\n\nx = 1\n'),
    ("a.ts", b"let a = 1;\n", b"/** One. */\nlet a = 1; // yes\n"),
    ("a.go", b"package a\n\nfunc F() {}\n", b"// Package a does.\npackage a\n\n// F does.\nfunc F() {}\n"),
    ("README.md", b"a", b"b"),
    ("a.rs", b"fn f() {}\n", b"/// Does.\nfn f() {}\n"),
]


@pytest.mark.parametrize(("path", "before", "after"), WORDS)
def test_words_may_differ(path: str, before: bytes, after: bytes) -> None:
    assert unwanted("comments", path, before, after) == ""


CODE = [
    ("a.py", PYTHON, PYTHON.replace(b"y = 1", b"y = 2")),
    ("a.py", PYTHON, PYTHON.replace(b'return "a"', b'return "b"')),
    ("a.py", PYTHON, PYTHON.replace(b"    return", b"        return")),
    ("a.py", b"def f():\n    'x'\n    return 1\n", b"def f():\n    return 1\n    'x'\n"),
    ("a.py", b"if a:\n    'x'\n", b"if a:\n    'y'\n"),
    ("a.ts", b"let a = 1;\n", b"let a = 2;\n"),
    ("a.py", None, PYTHON),
    ("a.py", PYTHON, None),
    ("a.unknown", b"a", b"b"),
    ("a.py", b"\xff\xfe\x00", b"x = 1"),
]


@pytest.mark.parametrize(("path", "before", "after"), CODE)
def test_code_may_not(path: str, before: bytes | None, after: bytes | None) -> None:
    assert "comments, docstrings and prose only" in unwanted("comments", path, before, after)
