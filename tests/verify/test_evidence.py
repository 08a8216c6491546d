"""What is believed of a report, how findings are known again, and how a linter's fix becomes lines: all pure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.nouns import Finding
from bridle.harness.verify.caches import discard, forget_changed, remember, tool_cache
from bridle.harness.verify.checkers.loaded import wrong_tree
from bridle.harness.verify.checkers.pytest_report import UnprovenError, read_session
from bridle.harness.verify.checkers.ruff_fix import CharacterEdit, whole_line_edits
from bridle.harness.verify.fingerprints import blame, fingerprint
from bridle.harness.verify.job import log_text
from bridle.indexer.text import apply_edits

LINES: list[dict[str, Any]] = [
    {"kind": "begin", "nonce": "n", "device": 1, "inode": 2, "versions": "Python 3.11"},
    {"kind": "collected", "ids": ["t.py::a", "t.py::b"]},
    {"kind": "started", "id": "t.py::a"},
    {"kind": "test", "id": "t.py::a", "when": "call", "outcome": "passed"},
    {"kind": "started", "id": "t.py::b"},
    {"kind": "test", "id": "t.py::b", "when": "call", "outcome": "passed"},
    {"kind": "modules", "loaded": [["t", "t.py", "d"]]},
    {"kind": "end", "nonce": "n", "n_lines": 7, "n_deselected": 0, "exit_code": 0},
]


def written(lines: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def test_a_whole_report_of_this_run_is_believed() -> None:
    session = read_session(written(LINES), "n")
    assert (session.count("passed"), session.collected, session.end.exit_code) == (2, ("t.py::a", "t.py::b"), 0)


def test_a_report_of_another_run_is_not_believed() -> None:
    with pytest.raises(UnprovenError, match="not of this run"):
        read_session(written(LINES), "m")


@given(st.integers(0, len(written(LINES)) - 2))
def test_a_report_that_is_cut_short_anywhere_is_not_believed(size: int) -> None:
    with pytest.raises(UnprovenError):
        read_session(written(LINES)[:size], "n")


@given(st.integers(1, len(LINES)), st.sampled_from(LINES))
def test_a_report_with_a_line_too_many_is_not_believed(at: int, line: dict[str, Any]) -> None:
    with pytest.raises(UnprovenError):
        read_session(written([*LINES[:at], line, *LINES[at:]]), "n")


@given(st.integers(0, len(LINES) - 1))
def test_a_report_with_a_line_too_few_is_not_believed(at: int) -> None:
    with pytest.raises(UnprovenError):
        read_session(written(LINES[:at] + LINES[at + 1 :]), "n")


@given(st.binary(max_size=200))
def test_a_report_of_anything_else_is_not_believed(data: bytes) -> None:
    with pytest.raises(UnprovenError):
        read_session(data, "n")


def test_a_report_that_breaks_off_names_the_test_that_was_running() -> None:
    with pytest.raises(UnprovenError) as caught:
        read_session(written(LINES[:5]), "n")
    assert caught.value.running == "t.py::b"


def test_a_test_that_passes_only_when_it_is_run_again_is_flaky() -> None:
    again = {"kind": "test", "id": "t.py::a", "when": "call", "outcome": "rerun"}
    lines = [*LINES[:3], again, *LINES[3:-1], {**LINES[-1], "n_lines": 8}]
    assert read_session(written(lines), "n").count("flaky") == 1


def test_modules_of_the_tree_itself_are_the_right_tree(tmp_path: Path) -> None:
    files = {"src/calc.py": "d", "tests/test_calc.py": "e"}
    modules = [("calc", "src/calc.py", "d"), ("yaml", "/venv/site-packages/yaml/__init__.py", "")]
    assert wrong_tree(modules, files, tmp_path, tmp_path) == ""


@pytest.mark.parametrize(
    "module",
    [
        ("calc", "src/calc.py", "other content"),
        ("calc", "/venv/lib/python3.11/site-packages/calc.py", ""),
        ("calc", "/home/me/old checkout/src/calc.py", ""),
        ("helpers", "/workspace/tests/helpers.py", ""),
    ],
)
def test_a_module_of_another_tree_is_the_wrong_tree(module: tuple[str, str, str]) -> None:
    reason = wrong_tree([module], {"src/calc.py": "d"}, Path("/copy"), Path("/workspace"))
    assert module[0] in reason


def found(message: str = "m", line: int = 0, path: str = "a.py") -> Finding:
    return Finding(check="ruff", path=path, start_line=line, end_line=line + 1, message=message, code="F401")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("at <X object at 0x7f00aa>", "at <X object at 0x7f11bb>"),
        ("defined at line 12", "defined at line 40"),
        ("in a.py:12: here", "in a.py:40: here"),
        ("no file /tmp/pytest-of-me/pytest-1/x", "no file /tmp/pytest-of-me/pytest-2/x"),
        ("took 0.12s", "took 3s"),
    ],
)
def test_a_finding_is_known_again_whatever_changes_from_run_to_run(one: str, other: str) -> None:
    assert fingerprint(found(one, 1), "  import os") == fingerprint(found(other, 9), "import os  ")


@pytest.mark.parametrize(
    ("finding", "line"),
    [(found("n"), "import os"), (found(path="b.py"), "import os"), (found(), "import re"), (found("3 == 4"), "")],
)
def test_another_complaint_is_another_finding(finding: Finding, line: str) -> None:
    assert fingerprint(finding, line) != fingerprint(found(), "import os")


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_exactly_what_the_baseline_does_not_hold_is_new(before: list[str], after: list[str]) -> None:
    def marked(names: list[str]) -> list[Finding]:
        return [Finding("ruff", "", 0, 1, name, fingerprint=name) for name in names]

    blamed = blame(marked(after), marked(before))
    for name in "abc":
        fresh = sum(finding.new for finding in blamed if finding.message == name)
        assert fresh == max(0, after.count(name) - before.count(name))


TEXT = "import os\r\nüber = 1\r\nlast = 2"


@given(st.lists(st.integers(0, 8), min_size=2, max_size=4), st.sampled_from(["", "x", "a\r\nb", "\r\n"]))
def test_a_fix_in_whole_lines_does_what_the_fix_by_characters_does(cuts: list[int], text: str) -> None:
    starts = [(0, 0), (0, 3), (0, 9), (1, 0), (1, 4), (1, 8), (2, 0), (2, 4), (2, 8)]
    offsets = [0, 3, 9, 11, 15, 19, 21, 25, 29]
    first, *_, last = sorted(cuts)
    edits = whole_line_edits(TEXT, [CharacterEdit(starts[first], starts[last], text)])
    assert apply_edits(TEXT, edits) == TEXT[: offsets[first]] + text + TEXT[offsets[last] :]


@pytest.mark.parametrize(
    "edits",
    [
        [CharacterEdit((0, 0), (9, 0), "")],
        [CharacterEdit((0, 0), (0, 99), "")],
        [CharacterEdit((0, 5), (0, 2), "")],
        [CharacterEdit((0, 0), (0, 5), "a"), CharacterEdit((0, 3), (0, 6), "b")],
    ],
)
def test_a_fix_that_does_not_fit_its_text_is_no_fix(edits: list[CharacterEdit]) -> None:
    assert whole_line_edits(TEXT, edits) == ()


def test_a_log_keeps_its_last_lines_plain_and_within_the_cap() -> None:
    log = log_text(b"first\n" + b"x" * 70_000 + b"\n\x1b[31mred\x1b[0m \x07end\xff\n")
    assert log == "red end\ufffd\n"


def test_a_cache_that_another_run_holds_is_not_shared_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with tool_cache(tmp_path, "mypy") as kept, tool_cache(tmp_path, "mypy") as spare:
        assert spare != kept
        remember(spare, {"a.py": "d"})
    with tool_cache(tmp_path, "mypy") as again:
        assert again == kept
    assert {entry.name for entry in kept.parent.iterdir()} == {"mypy", "mypy.lock"}


def test_a_cache_forgets_exactly_the_files_that_changed(tmp_path: Path) -> None:
    cache = tmp_path / "mypy"
    for name in ("a.meta.json", "pkg/b.meta.json", "pkg/b.data.json"):
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).touch()
    remember(cache, {"a.py": "d", "pkg/b.py": "d"})
    forget_changed(cache, {"a.py": "d", "pkg/b.py": "e"})
    assert [path.name for path in cache.rglob("*.json")] == ["a.meta.json"]
    discard(cache)
    (cache / "a.meta.json").touch()
    forget_changed(cache, {"a.py": "d"})
    assert list(cache.iterdir()) == []
