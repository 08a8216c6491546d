"""Which tests prove a change: the project and the editor can ask for more than the person does, never for less."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridle.harness.settings import load
from bridle.harness.tightening import Proof


def proof(folder: Path, monkeypatch: pytest.MonkeyPatch, user: str, project: str) -> Proof:
    """Return what holds with these two files."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    mine = folder / "config" / "bridle" / "config.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text(f"[tests]\n{user}\n")
    root = folder / "project"
    root.mkdir()
    (root / "bridle.toml").write_text(f"[tests]\n{project}\n")
    return load(root).tests


@pytest.mark.parametrize(
    ("user", "project", "gate"),
    [("", "", "full"), ('gate = "impact"', "", "impact"), ('gate = "impact"', 'gate = "full"', "full"),
     ("", 'gate = "impact"', "full"), ('gate = "all"', 'gate = "full"', "all"), ("", 'gate = "all"', "all")],
)  # fmt: skip
def test_the_part_stands_for_all_where_the_person_says_so_and_nobody_asks_for_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str, project: str, gate: str
) -> None:
    assert proof(tmp_path, monkeypatch, user, project).gate == gate


@pytest.mark.parametrize(
    ("user", "project", "stop_after"),
    [("", "", 5), ("stop_after = 3", "", 3), ("stop_after = 3", "stop_after = 7", 7), ("", "stop_after = 2", 5),
     ("stop_after = 3", "stop_after = 0", 0), ("stop_after = 0", "stop_after = 5", 0)],
)  # fmt: skip
def test_so_many_failures_end_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str, project: str, stop_after: int
) -> None:
    assert proof(tmp_path, monkeypatch, user, project).stop_after == stop_after


def test_the_greatest_share_and_the_longest_time_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = proof(tmp_path, monkeypatch, "coverage = 0.5\ngate_s = 10", "coverage = 0.8\ngate_s = 20\nstrength_s = 5")
    assert (found.coverage, found.gate_s, found.strength_s) == (0.8, 20, 5)
