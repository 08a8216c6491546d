"""The gates on patches that cheat and on patches that do not: data in tests/cases/gates.jsonl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.verify.gates.judging import judge
from bridle.harness.verify.gates.undone import undone

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "cases" / "gates.jsonl").read_text("utf-8").splitlines()
]
Files = dict[str, tuple[str | None, str | None]]


def files_of(case: dict[str, Any]) -> Files:
    return {path: (before, after) for path, (before, after) in case["files"].items()}


@pytest.mark.parametrize("case", [case for case in CASES if case["kind"] == "cheat"], ids=lambda case: case["name"])
def test_a_cheating_patch_is_flagged_by_the_gate_that_it_cheats(case: dict[str, Any]) -> None:
    flags = judge(files_of(case))
    assert case["gate"] in {flag.gate for flag in flags}
    assert all(flag.blocks and flag.reason and flag.remedy for flag in flags)


@pytest.mark.parametrize("case", [case for case in CASES if case["kind"] == "told"], ids=lambda case: case["name"])
def test_what_only_the_old_proof_can_judge_is_told_and_does_not_block(case: dict[str, Any]) -> None:
    flags = judge(files_of(case))
    assert {flag.gate for flag in flags} == {case["gate"]}
    assert not any(flag.blocks for flag in flags)
    assert undone(files_of(case)).stages, "the proof as it was is run"


@pytest.mark.parametrize("case", [case for case in CASES if case["kind"] == "honest"], ids=lambda case: case["name"])
def test_an_honest_patch_is_not_flagged(case: dict[str, Any]) -> None:
    assert judge(files_of(case)) == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_patch_that_changes_nothing_is_not_flagged(case: dict[str, Any]) -> None:
    for side in (0, 1):
        assert judge({path: (both[side], both[side]) for path, both in files_of(case).items()}) == ()


def test_lines_left_out_of_coverage_are_told_and_block_nothing() -> None:
    [flag] = judge({"src/a.py": ("def g():\n    return 1\n", "def g():\n    return 1  # pragma: no cover\n")})
    assert (flag.start_line, flag.blocks) == (1, False)


def test_a_flag_stands_on_the_line_that_it_speaks_of() -> None:
    before = "def test_a():\n    assert f(2) == 4\n\n\ndef test_b():\n    assert f(3) == 5\n"
    [flag] = judge({"tests/test_a.py": (before, before.replace("== 5", "== 6"))})
    assert (flag.path, flag.start_line) == ("tests/test_a.py", 5)
    assert "`assert f(3) == 5` became `assert f(3) == 6`" in flag.reason


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(["tests/test_a.py", "conftest.py", "tox.ini"]))
def test_no_text_of_a_file_makes_the_gates_fail(before: str, after: str, path: str) -> None:
    judge({path: (before, after), "pyproject.toml": (after, before)})
