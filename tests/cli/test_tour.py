"""The tour, whole and sabotaged, as `make tour` runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.model.messages_server import MessagesServer, Script, Step

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def tour(
    tmp_path: Path, *words: str, sabotage: str = "", extra: Mapping[str, str] = {}
) -> subprocess.CompletedProcess[str]:
    drop = ("ANTHROPIC_API_KEY", "BRIDLE_MODEL", "BRIDLE_TRANSCRIPT")
    env = {name: value for name, value in os.environ.items() if name not in drop}
    env |= {"SABOTAGE": sabotage, "TMPDIR": str(tmp_path), **extra}
    command = [sys.executable, "-P", "-m", "bridle.cli.main", "tour", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, check=False)


def stand() -> dict[str, bytes]:
    """Return what the shipped examples hold, tools' leftovers too."""
    examples = sorted((ROOT / "examples").rglob("*"))
    return {str(path): path.read_bytes() for path in examples if path.is_file()}


def test_the_tour_shows_everything_and_leaves_the_checkout_untouched(tmp_path: Path) -> None:
    before = stand()
    done = tour(tmp_path, "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout)
    assert said["model"] == "replay"
    assert "replayed" in done.stderr.splitlines()[0]
    assert {"fix the failing test", "land it", "take it back", "a refusal"} <= {s["name"] for s in said["stages"]}
    assert {v["check"]: v["outcome"] for v in said["verdicts"]}["pytest"] == "pass"
    assert said["usage"]["input_tokens"] > 0
    for shown in ("E_ANCHOR", "kLOC/s", "reads like the place", "not green", "verified: ", "refused: ", "+ 50) // 100"):
        assert shown in done.stderr, shown
    assert stand() == before
    assert list(tmp_path.glob("bridle-tour-*")) == []


@pytest.mark.parametrize(
    ("sabotage", "why"),
    [
        ("verify", "without a whole report"),
        pytest.param("anchors", "the fix did not succeed", marks=pytest.mark.long),
        ("sandbox", "the sandbox does not hold"),
    ],
)
def test_a_sabotaged_tour_fails_and_says_why(tmp_path: Path, sabotage: str, why: str) -> None:
    done = tour(tmp_path, sabotage=sabotage)
    assert done.returncode == 1
    assert f"✗ {why}" in done.stdout or any(
        line.startswith("✗") and why in line for line in done.stdout.splitlines()
    ), done.stdout[-2000:]
    assert "✗ the tour failed" in done.stdout


@pytest.mark.long
def test_with_a_key_the_model_is_live_and_what_is_sent_is_told_first(tmp_path: Path) -> None:
    script = Script(otherwise=Step(transcript=str(ROOT / "examples" / "transcripts")))
    with MessagesServer(script) as server:
        key = {"ANTHROPIC_API_KEY": "sk-ant-" + "x" * 40, "ANTHROPIC_BASE_URL": server.url}
        done = tour(tmp_path, extra=key)
        assert done.returncode == 0, done.stdout[-3000:]
        assert "The model is live" in done.stdout.splitlines()[0]
        asked = next(line for line in done.stdout.splitlines() if line.startswith("  asked: "))
        assert server.url in asked
        assert "x" * 40 not in done.stdout
        assert len(server.seen) > 3


def test_an_unknown_sabotage_is_a_clear_refusal(tmp_path: Path) -> None:
    done = tour(tmp_path, sabotage="everything")
    assert done.returncode == 1
    assert "verify, anchors, sandbox" in done.stderr
