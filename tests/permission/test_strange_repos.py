"""Folders that want to run something as soon as somebody looks at them: looking runs nothing of theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases" / "permission" / "strange_repos.jsonl")
    .read_text("utf-8")
    .splitlines()
]

pytestmark = pytest.mark.slow


def together(cases: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Put as many into one folder as have no file in common: that nothing runs is one look at all of them."""
    groups: list[list[dict[str, Any]]] = []
    for case in cases:
        fitting = (group for group in groups if all(_apart(case, other) for other in group))
        if (found := next(fitting, None)) is None:
            groups.append([case])
        else:
            found.append(case)
    return groups


def _apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return not any(
        a == b or a.startswith(f"{b}/") or b.startswith(f"{a}/") for a in one["files"] for b in other["files"]
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.py").write_text("def f(n):\n    return n + 1\n")
    (folder / "test_a.py").write_text("def test_a():\n    assert True\n")
    program = folder / "hk.sh"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/canary-$$\n")
    program.chmod(0o755)
    return folder


def bridle(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Bridle as an editor would start it there: with the folder as the current one and its programs on PATH."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "BRIDLE"))}
    state = root.parent
    path = f"{ours.get('PATH', '')}:{root}:{root}/bin:."
    environment = {**ours, "PATH": path, "XDG_STATE_HOME": f"{state}/state", "XDG_CONFIG_HOME": f"{state}/config"}
    program = str(Path(sys.executable).with_name("bridle"))
    return subprocess.run(
        [program, *words], cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_every_case_is_in_one_of_the_folders() -> None:
    assert sorted(case["name"] for group in together(CASES) for case in group) == sorted(case["name"] for case in CASES)
    assert len(together(CASES)) < len(CASES)


@pytest.mark.parametrize("cases", together(CASES), ids=lambda cases: " + ".join(case["name"] for case in cases)[:120])
def test_looking_at_a_folder_of_many_traps_runs_nothing_of_it(root: Path, cases: list[dict[str, Any]]) -> None:
    look(root, {name: text for case in cases for name, text in case["files"].items()})


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_looking_at_a_folder_runs_nothing_of_it(root: Path, case: dict[str, Any]) -> None:
    look(root, case["files"])


def look(root: Path, files: dict[str, str]) -> None:
    """Look at a folder with these files by every command that does."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        (root / name).chmod(0o755)
    done = {
        "index": bridle(root, "index", "--json"),
        "context": bridle(root, "context", "mend f", "--json"),
        "explain": bridle(root, "permissions", "explain", "--json", "git status"),
        "verify": bridle(root, "verify", "--json"),
        "doctor": bridle(root, "doctor", "--json"),
        "status": bridle(root, "trust", "--status", "--json"),
    }
    assert sorted(path.name for path in root.parent.glob("canary*")) == []
    assert done["index"].returncode == 0, done["index"].stderr
    assert done["explain"].returncode == 0, done["explain"].stderr
    assert "not trusted" in done["verify"].stderr
    told = json.loads(done["doctor"].stdout)["checks"]
    assert "127.0.0.1:9" not in json.dumps(told)
    assert json.loads(done["status"].stdout)["trusted"] is False
