"""`bridle permissions` as a script and as a person would call it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from bridle.cli.main import main


class _Input:
    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root = tmp_path / "repo"
    root.mkdir()
    file = tmp_path / "policy.json"
    rules = {"allow": ["Bash(pytest:*)", "Read(**)"], "deny": ["Bash(rm:*)"], "ask": ["Edit(*.md)"]}
    file.write_text(json.dumps({"workspace": str(root), "mode": "acceptEdits", **rules}))
    return file


def check(
    policy: Path, data: bytes, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> tuple[int, list[Any], bytes]:
    monkeypatch.setattr("sys.stdin", _Input(data))
    code = main(["permissions", "check", "--policy", str(policy)])
    out, err = capfdbinary.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err


def test_each_question_is_answered_with_the_rule_that_decided(
    policy: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    questions = [
        {"id": "a", "kind": "command", "input": "pytest -q", "expect": "is not looked at"},
        {"id": 2, "kind": "command", "input": "pytest -q; rm x"},
        {"id": "c", "kind": "edit", "input": "README.md"},
        {"id": "d", "kind": "edit", "input": "src/a.py"},
        {"id": "e", "kind": "read", "input": "../x"},
    ]
    data = "\n".join(json.dumps(question) for question in questions).encode() + b"\n\n"
    code, answers, err = check(policy, data, monkeypatch, capfdbinary)
    assert (code, err) == (0, b"")
    assert [(told["id"], told["decision"], told["rule"]) for told in answers] == [
        ("a", "allow", "allow Bash(pytest:*) (user)"),
        (2, "deny", "deny Bash(rm:*) (user)"),
        ("c", "ask", "ask Edit(*.md) (user)"),
        ("d", "allow", "mode edit"),
        ("e", "deny", "built in: outside"),
    ]
    assert all(told["reason"] for told in answers)


@pytest.mark.parametrize(
    ("line", "name", "said"),
    [
        (b'{"id": "x", "kind": "dance", "input": "a"}', "x", "the kind 'dance' is unknown"),
        (b'{"id": "x", "kind": "command"}', "x", "missing required field"),
        (b'{"id": "x", "kind": "command", "input": 3}', "x", "Expected `str`"),
        (b"{", None, "no question"),
        (b"[]", None, "no question"),
        (b'{"id": "x", "kind": "command", "input": "\xff"}', "x", "no question"),
        (b'"' + b"x" * 3_000_000 + b'"', None, "longer than"),
    ],
)
def test_a_line_that_is_no_question_is_refused_and_the_others_are_answered(
    policy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    line: bytes,
    name: str | None,
    said: str,
) -> None:
    good = b'{"id": "g", "kind": "command", "input": "pytest"}'
    code, answers, err = check(policy, b"\n".join((good, line, good)), monkeypatch, capfdbinary)
    assert code == 2
    assert [told["decision"] for told in answers] == ["allow", "deny", "allow"]
    assert answers[1]["id"] == name
    assert said in answers[1]["error"]
    assert b"line 2" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no policy"),
        ('{"workspace": "here"}', "not an absolute path"),
        ('{"workspace": "/x", "mode": "yolo"}', "there is no mode 'yolo'"),
        ('{"workspace": "/x", "allow": ["Dance"]}', "names no tool"),
        ('{"workspace": "/x", "allow": ["Bash(echo \'a:*)"]}', "cannot be read"),
        ('{"workspace": "/x", "alow": []}', "unknown field"),
    ],
)
def test_a_broken_policy_is_told_with_the_next_step(
    policy: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    policy.write_text(text)
    assert main(["permissions", "check", "--policy", str(policy)]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "next:" in told
    assert main(["permissions", "check", "--policy", str(policy.parent / "none.json")]) == 1


def test_a_person_is_told_each_part_its_verdict_and_its_rule(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = "pytest -q" + " " * 300 + "; rm x"
    assert main(["permissions", "explain", "--policy", str(policy), command]) == 0
    told = capsys.readouterr().out
    assert told.startswith("deny: pytest -q ⟨300 blanks⟩ ; rm x\n")
    assert "allow  pytest -q\n" in told
    assert "[allow Bash(pytest:*) (user)]" in told
    assert "deny   rm x\n" in told


def test_an_explanation_is_one_document_for_a_script(policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["permissions", "explain", "--json", "--policy", str(policy), "pytest -q | tee x"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["command"], told["decision"]) == ("pytest -q | tee x", "ask")
    assert [(part["text"], part["decision"]) for part in told["parts"]] == [("pytest -q", "allow"), ("tee x", "ask")]
    assert set(told["parts"][0]) == {"text", "decision", "rule", "origin", "reason"}


def test_without_a_policy_the_settings_of_the_workspace_are_explained(
    policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "config" / "bridle" / "config.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text('[permission]\nallow = ["Bash(cargo test:*)"]\n')
    root = str(tmp_path / "repo")
    assert main(["permissions", "explain", "--root", root, "--json", "cargo test -q"]) == 0
    assert json.loads(capsys.readouterr().out)["rule"] == "allow Bash(cargo test:*) (user)"


def test_no_action_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["permissions"])
    assert caught.value.code == 2
    assert "ACTION" in capsys.readouterr().err
