"""Calibration on a workspace's own commits: what is learned, where it is kept, and when it is not."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from bridle.cli.main import main
from bridle.context.weighing import shipped
from bridle.harness.calibrated import Calibration, base
from bridle.harness.calibrating import calibrate
from bridle.harness.nouns import UserProblem
from bridle.harness.session.state import State

pytestmark = pytest.mark.slow

IDENTITY = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}
WORDS = ("price", "stock", "order", "label")
N_COMMITS = 44


class Shop:
    """A repository in which the work is done in one file, whatever the words of a message lead to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "shop").mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, check=True, env={**os.environ, **IDENTITY})

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def fill(self, n_commits: int, *, named: bool = False) -> None:
        """Change the engine so many times; messages speak of what customers see, or name what is changed."""
        for word in WORDS:
            views = "\n\n".join(f"def {word}_view_{n}({word}):\n    return {word}\n" for n in range(16))
            (self.root / f"shop/{word}_views.py").write_text(views)
        for n in range(n_commits):
            steps = "\n\n".join(
                f"def step_{k}(given):\n    return given + {n if k == n % 8 else 0}\n" for k in range(8)
            )
            (self.root / "shop/engine.py").write_text(steps)
            what = f"function step_{n % 8}" if named else f"the {WORDS[n % len(WORDS)]}"
            self.commit(f"Mend {what} that customers see")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("BRIDLE_MODEL", "replay")
    return Shop(tmp_path / "shop")


def bill(shop: Shop, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, object]:
    capsys.readouterr()
    assert main(["context", "Mend the price that customers see", "--root", str(shop.root), "--json", *more]) == 0
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return told


def test_what_is_learned_is_kept_outside_of_the_repository_used_and_taken_back(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.fill(N_COMMITS)
    before = bill(shop, capsys)
    assert before["notes"] == []
    files = sorted(path for path in shop.root.rglob("*") if ".git" not in path.parts)
    assert main(["context", "--calibrate", "--root", str(shop.root), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["calibrated"]
    assert told["recall_after"] > told["recall_before"]
    assert told["gain"][0] > 0
    assert sorted(path for path in shop.root.rglob("*") if ".git" not in path.parts) == files
    state = State(shop.root)
    assert state.weights.is_file()
    assert list(state.folder.glob("calibration-*")) == [], "nothing of the commits is left behind"
    after = bill(shop, capsys)
    assert "weights calibrated on this repository's own commits" in str(after["notes"])
    assert after["pieces"] != before["pieces"]
    placed = bill(shop, capsys, "--at", "shop/engine.py:1-2")
    assert placed["notes"] == [], "from a place other weights hold"
    assert main(["context", "--forget", "--root", str(shop.root)]) == 0
    assert bill(shop, capsys) == before
    assert main(["context", "--forget", "--root", str(shop.root)]) == 0
    assert "nothing was calibrated here" in capsys.readouterr().out


def test_too_few_commits_are_said_so_and_nothing_is_kept(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.fill(6)
    assert main(["context", "--calibrate", "--root", str(shop.root)]) == 1
    assert "commits can be learned from, and at least 24 are needed" in capsys.readouterr().out
    assert not State(shop.root).weights.exists()


def test_a_folder_without_a_history_is_told_what_is_missing(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserProblem, match="has no past commits"):
        calibrate(State(shop.root))
    assert main(["context", "--calibrate", "--root", str(shop.root)]) == 1
    assert "next: calibrate where there is a history" in capsys.readouterr().err


def test_where_there_is_no_gain_what_was_there_stays(shop: Shop) -> None:
    shop.fill(N_COMMITS, named=True)
    state = State(shop.root)
    Calibration(state.weights).keep(shipped(), 30, 1.0, 2.0, "")
    found = calibrate(state)
    assert (found.kept, found.reason) == (False, "no sure gain on commits that were left out")
    assert found.before == found.after == 100.0
    assert Calibration(state.weights).weights == shipped()


def test_the_time_that_was_given_is_kept(shop: Shop) -> None:
    shop.fill(N_COMMITS)
    looked: list[int] = []
    found = calibrate(State(shop.root), 0.01, lambda n_done, _: looked.append(n_done))
    assert "in the time that was given" in found.reason
    assert len(looked) < N_COMMITS / 4


def test_a_program_that_the_repository_names_never_runs(shop: Shop) -> None:
    shop.fill(6)
    (shop.root / ".gitattributes").write_text("*.py filter=evil diff=evil\n")
    script = shop.root.parent / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {shop.root.parent}/ran\ncat\n")
    script.chmod(0o755)
    shop.git("config", "filter.evil.smudge", str(script))
    shop.git("config", "diff.evil.textconv", str(script))
    shop.commit("Add attributes to all of it")
    (shop.root.parent / "ran").unlink(missing_ok=True)
    assert calibrate(State(shop.root)).n_cases > 0
    assert not (shop.root.parent / "ran").exists()


@pytest.mark.parametrize("change", [{"base": "another"}, {"form": 2}, {"weights": None}])
def test_weights_of_another_version_are_not_used(shop: Shop, change: dict[str, object]) -> None:
    place = State(shop.root).weights
    calibration = Calibration(place)
    calibration.keep(shipped(), 30, 1.0, 2.0, "")
    assert calibration.weights == shipped()
    kept = msgspec.json.decode(place.read_bytes())
    assert kept["base"] == base()
    place.write_bytes(msgspec.json.encode({**kept, **change}))
    assert Calibration(place).weights is None
    place.write_bytes(b"nonsense")
    assert calibration.weights is None


@pytest.mark.parametrize("words", [["--seconds", "0"], ["--seconds", "9999"], ["words"]])
def test_what_makes_no_sense_is_refused(shop: Shop, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["context", "--calibrate", "--root", str(shop.root), *words]) == 1
    assert "next: " in capsys.readouterr().err


def test_no_task_is_usage(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["context", "--root", str(shop.root)]) == 2
    assert "--calibrate" in capsys.readouterr().err
