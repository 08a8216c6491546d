"""The commands as a script would call them: exit codes, one JSON document, nothing else on standard output."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MONEY = "src/till/money.py"
BUG = "        return Money(self.cents * rate // 100)\n"
FIXED = "        return Money((self.cents * rate + 50) // 100)\n"


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "till"
    shutil.copytree(EXAMPLES / "till", root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    (tmp_path / "config" / "bridle").mkdir(parents=True)
    (tmp_path / "config" / "bridle" / "config.toml").write_text(f'python = "{sys.executable}"\n')
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "BRIDLE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("BRIDLE_MODEL", "replay")
    monkeypatch.setenv("BRIDLE_TRANSCRIPT", str(EXAMPLES / "transcripts"))
    return root


def bridle(*words: str, root: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "bridle.cli.main", *words]
    return subprocess.run(
        command, cwd=root, input=given, capture_output=True, text=True, timeout=120, check=False, env=dict(os.environ)
    )


def document(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_no_command_is_a_usage_error_and_help_names_every_command(till: Path) -> None:
    assert bridle(root=till).returncode == 2
    told = bridle("--help", root=till)
    assert told.returncode == 0
    for command in [
        "serve",
        "tour",
        "index",
        "context",
        "read",
        "apply",
        "verify",
        "run",
        "sessions",
        "audit",
        "cost",
        "proposals",
        "undo",
        "trust",
        "key",
        "doctor",
    ]:
        assert command in told.stdout
        assert bridle(command, "--help", root=till).returncode == 0


def test_index_counts_the_workspace(till: Path) -> None:
    said = document(bridle("index", "--json", root=till))
    assert said["files"] == 11  # eight of code, two pages, and the configuration
    assert said["symbols"] > 40
    assert said["edges"]["calls"] > 10
    assert said["edges"]["tests"] > 5
    assert {"lines", "bytes", "references", "seconds", "rss_bytes", "skipped"} <= set(said)
    assert document(bridle("index", "--json", root=till))["parsed"] == 0, "what is known is not read again"


def test_index_makes_the_vectors_where_it_is_asked_to(till: Path) -> None:
    assert "vectors" not in document(bridle("index", "--json", root=till))
    said = document(bridle("index", "--vectors", "--json", root=till))["vectors"]
    assert (said["embedded"] > 20, said["missing"], said["problem"]) == (True, 0, "")
    assert said["model"].startswith("lsa-")
    assert said["seconds"] > 0
    checks = document(bridle("doctor", "--json", root=till))["checks"]
    (told,) = [check for check in checks if check["name"] == "vectors"]
    assert (told["outcome"], told["detail"]) == ("pass", f"{said['embedded']} by lsa, kept here, 0 missing")
    (till / "bridle.toml").write_text('vectors = "off"\n')
    refused = bridle("index", "--vectors", root=till)
    assert (refused.returncode, "vectors are off" in refused.stderr) == (1, True)


def test_read_shows_anchors_that_apply_takes(till: Path) -> None:
    shown = document(bridle("read", f"{MONEY}:38-42", "--json", root=till))
    assert (shown["path"], shown["rev"], shown["shown"]) == (MONEY, 1, [[38, 42]])
    anchor = next(line["anchor"] for line in shown["lines"] if line["text"] == BUG.rstrip("\n"))
    edits = {"files": [{"path": MONEY, "rev": 1, "edits": [{"at": anchor, "text": FIXED}]}]}
    dry = bridle("apply", "-", "--dry-run", "--json", root=till, given=json.dumps(edits))
    assert (dry.returncode, document(dry)["applied"]) == (0, False)
    assert BUG in (till / MONEY).read_text()
    done = bridle("apply", "-", "--json", root=till, given=json.dumps(edits))
    assert document(done) == {
        "applied": True,
        "files": [{"path": MONEY, "rev": 2, "added": 1, "removed": 1}],
        "errors": [],
    }
    assert FIXED in (till / MONEY).read_text()


def test_a_refused_edit_writes_nothing_and_its_fragment_applies(till: Path) -> None:
    bridle("read", MONEY, root=till)
    before = (till / MONEY).read_bytes()
    edits = {"files": [{"path": MONEY, "rev": 1, "edits": [{"at": "1zz", "text": '"""Money."""\n'}]}]}
    refused = bridle("apply", "-", "--json", root=till, given=json.dumps(edits))
    assert refused.returncode == 1
    (error,) = document(refused)["errors"]
    assert error["code"] == "E_ANCHOR"
    assert (till / MONEY).read_bytes() == before
    assert bridle("apply", "-", "--json", root=till, given=error["fragment"]).returncode == 0
    assert (till / MONEY).read_text().startswith('"""Money."""\n')


def test_lines_inserted_above_since_the_read_do_not_move_the_edit(till: Path) -> None:
    shown = document(bridle("read", f"{MONEY}:36-44", "--json", root=till))
    anchor = next(line["anchor"] for line in shown["lines"] if line["text"] == BUG.rstrip("\n"))
    original = (till / MONEY).read_text()
    (till / MONEY).write_text("# one\n# two\n# three\n" + original)
    edits = {"files": [{"path": MONEY, "rev": 1, "edits": [{"at": anchor, "text": FIXED}]}]}
    assert bridle("apply", "-", root=till, given=json.dumps(edits)).returncode == 0
    assert (till / MONEY).read_text() == "# one\n# two\n# three\n" + original.replace(BUG, FIXED)


def test_a_line_that_changed_since_the_read_is_refused(till: Path) -> None:
    shown = document(bridle("read", f"{MONEY}:36-44", "--json", root=till))
    anchor = next(line["anchor"] for line in shown["lines"] if line["text"] == BUG.rstrip("\n"))
    mine = (till / MONEY).read_text().replace(BUG, "        return self  # mine\n")
    (till / MONEY).write_text(mine)
    edits = {"files": [{"path": MONEY, "rev": 1, "edits": [{"at": anchor, "text": FIXED}]}]}
    refused = bridle("apply", "-", "--json", root=till, given=json.dumps(edits))
    assert (refused.returncode, document(refused)["errors"][0]["code"]) == (1, "E_CONFLICT")
    assert (till / MONEY).read_text() == mine


def test_verify_waits_for_trust_and_then_tells_what_fails(till: Path) -> None:
    refused = bridle("verify", "--json", root=till)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "bridle trust" in refused.stderr
    assert bridle("trust", root=till).returncode == 0
    done = bridle("verify", "--json", root=till)
    said = document(done)
    assert (done.returncode, said["outcome"]) == (1, "fail")
    failing = next(v for v in said["verdicts"] if v["check"] == "pytest")
    assert (failing["collected"], failing["passed"]) == (22, 21)
    assert [(f["path"], f["start_line"], f["new"]) for f in failing["findings"]] == [("tests/test_money.py", 32, True)]


def test_run_proves_lands_and_undo_takes_it_back(till: Path) -> None:
    bridle("trust", root=till)
    before = (till / MONEY).read_bytes()
    offered = bridle("run", "fix", "--json", "--at", "tests/test_money.py:32", root=till)
    said = document(offered)
    assert (offered.returncode, said["outcome"], said["rounds"]) == (0, "succeeded", 2)
    assert f"+{FIXED}" in said["patch"]
    assert (till / MONEY).read_bytes() == before
    landed = bridle("run", "fix", "--apply", "--at", "tests/test_money.py:32", root=till)
    assert landed.returncode == 0
    assert FIXED in (till / MONEY).read_text()
    rows = document(bridle("sessions", "--json", root=till))["sessions"]
    assert [(row["workflow"], row["outcome"], row["resumable"]) for row in rows] == [("fix", "succeeded", False)] * 2
    assert bridle("undo", root=till).returncode == 0
    assert (till / MONEY).read_bytes() == before
    again = bridle("undo", root=till)
    assert again.returncode == 1
    assert "no landed change" in again.stderr


def test_context_prints_a_bill_under_its_budget(till: Path) -> None:
    done = bridle("context", "round half a cent up", "--at", f"{MONEY}:38-41", "--budget", "800", "--json", root=till)
    said = document(done)
    assert 0 < said["n_tokens"] <= said["budget"] == 800
    assert said["pieces"]
    assert all(piece["reason"] for piece in said["pieces"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("read", "no/such/file.py"), "not a readable file"),
        (("read", "/etc/passwd"), "outside the workspace"),
        (("read", "../outside"), "outside the workspace"),
        (("read", f"{MONEY}:9-2"), "range of lines"),
        (("read", f"{MONEY}:9000-9001"), "E_RANGE"),
        (("apply", "no.json"), "cannot be read"),
        (("verify", "no/such/test_file.py"), "is not there"),
        (("context", "x", "--budget", "0"), "no budget"),
        (("context", "x", "--at", MONEY), "names no lines"),
        (("context", "x", "--at", "no/such.py:1-2"), "cannot be read"),
        (("context", "x", "--at", f"{MONEY}:9000-9001"), "past the end"),
        (("run", "edit"), "instruction"),
        (("run", "fix"), "not trusted"),
        (("sessions", "show", "nothing"), "no run"),
        (("sessions", "resume"), "needs a run"),
        (("index", "--root", "/no/such/folder"), "not a folder"),
    ],
)
def test_bad_words_get_a_clear_answer_and_exit_1(till: Path, words: tuple[str, ...], said: str) -> None:
    done = bridle(*words, root=till)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_edits_that_nest_too_deep_are_refused_as_no_edits(till: Path) -> None:
    done = bridle("apply", "-", root=till, given="[" * 100_000)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not JSON" in done.stderr


def test_an_empty_folder_has_no_checks_and_says_so(tmp_path: Path, till: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert document(bridle("index", "--json", root=empty))["files"] == 0
    bridle("trust", "--root", str(empty), root=empty)
    done = bridle("verify", "--json", "--root", str(empty), root=empty)
    assert (done.returncode, document(done)["outcome"], document(done)["verdicts"]) == (1, "unknown", [])
    assert bridle("context", "anything", "--root", str(empty), root=empty).returncode == 0


def test_a_run_sees_what_is_pinned_and_not_what_is_excluded(till: Path) -> None:
    bridle("trust", root=till)
    wished = ("--pin", "tests/test_cart.py:1-9", "--pin", "README.md", "--exclude", "src/till/cart.py")
    done = bridle("run", "fix", "--json", "--at", "tests/test_money.py:32", *wished, root=till)
    assert done.returncode == 0
    journals = [one.read_text() for one in (till.parent / "state").rglob("*.jsonl")]
    events = [json.loads(line) for text in journals for line in text.splitlines()]
    (begun,) = [event["payload"] for event in events if event.get("kind") == "started"]
    assert begun["pinned"] == [
        {"path": "tests/test_cart.py", "start_line": 0, "end_line": 9},
        {"path": "README.md", "start_line": 0, "end_line": 2_000},
    ]
    assert begun["excluded"] == ["src/till/cart.py"]
    refused = bridle("run", "fix", "--pin", "no/such.py", root=till)
    assert (refused.returncode, "'no/such.py' names no file" in refused.stderr) == (1, True)
