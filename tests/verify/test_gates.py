"""The gates on patches that cheat and on patches that do not: data in tests/cases/gates.jsonl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.verify.gates import judge

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


@pytest.mark.parametrize("case", [case for case in CASES if case["kind"] == "honest"], ids=lambda case: case["name"])
def test_an_honest_patch_is_not_flagged(case: dict[str, Any]) -> None:
    assert judge(files_of(case)) == ()
