from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bridle.harness.permission.consulting import hook_environment, permit, permit_now
from bridle.harness.permission.decision import Decision
from bridle.harness.permission.hooks import Hook
from bridle.harness.permission.rules import Origin, Policy, PolicyRule, parse_rule

Write = Callable[..., Hook]


def yes() -> bool:
    return True


def no() -> bool:
    return False


@pytest.fixture
def hook(tmp_path: Path) -> Write:
    """A hook whose program is this text of Python."""

    def write(text: str, origin: Origin = "user", tools: tuple[str, ...] = (), timeout_s: float = 5.0) -> Hook:
        program = tmp_path / f"hook{len(list(tmp_path.iterdir()))}.py"
        program.write_text(f"import json, os, sys, time\ncall = json.load(sys.stdin)\n{text}\n")
        return Hook("guard", (sys.executable, "-I", str(program)), origin, tools, timeout_s)

    return write


def asked(policy: Policy, *hooks: Hook, tool: str = "Bash", subject: str = "make deploy") -> Decision:
    return permit_now(policy, hooks, yes, tool, subject)


ALLOWS = (PolicyRule("allow", parse_rule("Bash(make deploy)")), PolicyRule("deny", parse_rule("Bash(rm:*)")))


def test_a_hook_that_agrees_lets_the_decision_stand_and_allows_nothing_by_itself(tmp_path: Path, hook: Write) -> None:
    agrees = hook("sys.exit(0)")
    assert asked(Policy(tmp_path, rules=ALLOWS), agrees).rule == "allow Bash(make deploy) (user)"
    assert asked(Policy(tmp_path), agrees).verdict == "ask"


def test_a_hook_that_refuses_says_why(tmp_path: Path, hook: Write) -> None:
    decision = asked(Policy(tmp_path, rules=ALLOWS), hook("sys.stderr.write('not on a\\x1b Friday'); sys.exit(2)"))
    assert (decision.verdict, decision.rule, decision.origin) == ("deny", "hook guard (user)", "hook")
    assert decision.reason == "the hook 'guard' refuses: not on a⟨U+001B⟩ Friday"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sys.exit(1)", "it ended with 1"),
        ("raise ValueError('x')", "it ended with 1"),
        ("os.kill(os.getpid(), 9)", "it ended with -9"),
        ("sys.exit(3)", "not with 0 or 2"),
    ],
)
def test_a_hook_that_fails_refuses(tmp_path: Path, hook: Write, text: str, said: str) -> None:
    decision = asked(Policy(tmp_path, rules=ALLOWS), hook(text))
    assert decision.verdict == "deny"
    assert said in decision.reason


def test_a_hook_that_is_not_there_refuses(tmp_path: Path) -> None:
    for argv in (("/nowhere/guard",), ("no-such-guard",), ("./guard",), (str(tmp_path),)):
        assert asked(Policy(tmp_path, rules=ALLOWS), Hook("guard", argv, "user")).verdict == "deny"


@pytest.mark.slow
def test_a_slow_hook_refuses_and_leaves_nobody_behind(tmp_path: Path, hook: Write) -> None:
    mark = tmp_path / "late"
    slow = hook(
        f"if os.fork() == 0:\n    time.sleep(3)\n    open({str(mark)!r}, 'w')\ntime.sleep(60)",
        timeout_s=0.5,
    )
    started = time.monotonic()
    decision = asked(Policy(tmp_path, rules=ALLOWS), slow)
    assert "did not answer within 0.5 s" in decision.reason
    assert time.monotonic() - started < 30
    assert not mark.exists()


def test_the_output_of_a_hook_is_capped(tmp_path: Path, hook: Write) -> None:
    decision = asked(Policy(tmp_path, rules=ALLOWS), hook("sys.stderr.write('x' * 10_000_000); sys.exit(2)"))
    assert decision.verdict == "deny"
    assert len(decision.reason) < 1_000


def test_a_hook_is_told_the_whole_call(tmp_path: Path, hook: Write) -> None:
    told = tmp_path / "told.json"
    asked(Policy(tmp_path, rules=ALLOWS), hook(f"json.dump(call, open({str(told)!r}, 'w'))"))
    call = json.loads(told.read_text())
    assert call["tool"] == "Bash"
    assert call["subject"] == "make deploy"
    assert call["root"] == str(tmp_path)
    assert call["verdict"] == "allow"
    assert call["rule"] == "allow Bash(make deploy) (user)"
    assert call["parts"] == [{"text": "make deploy", "verdict": "allow", "rule": "allow Bash(make deploy) (user)"}]


def test_a_hook_hears_of_its_tools_and_of_nothing_that_is_denied_already(tmp_path: Path, hook: Write) -> None:
    refuses = hook("sys.exit(2)", tools=("Edit",))
    policy = Policy(tmp_path, rules=ALLOWS)
    assert asked(policy, refuses).verdict == "allow"
    assert asked(policy, refuses, tool="Edit", subject="a.py").verdict == "deny"
    assert asked(policy, hook("sys.exit(2)"), subject="rm x").rule == "deny Bash(rm:*) (user)"


def test_the_first_hook_that_refuses_has_the_last_word(tmp_path: Path, hook: Write) -> None:
    mark = tmp_path / "asked"
    second = hook(f"open({str(mark)!r}, 'w')")
    assert asked(Policy(tmp_path, rules=ALLOWS), hook("sys.exit(2)"), second).verdict == "deny"
    assert not mark.exists()


def test_a_hook_of_the_project_does_not_run_before_the_folder_is_trusted(tmp_path: Path, hook: Write) -> None:
    mark = tmp_path / "ran"
    its = hook(f"open({str(mark)!r}, 'w'); sys.exit(2)", origin="project")
    policy = Policy(tmp_path, rules=ALLOWS)
    assert permit_now(policy, (its,), no, "Bash", "make deploy").verdict == "allow"
    assert not mark.exists()
    assert permit_now(policy, (its,), yes, "Bash", "make deploy").verdict == "deny"
    assert mark.exists()


def test_a_hook_gets_no_key_and_finds_no_program_in_the_workspace(tmp_path: Path) -> None:
    ours = {"PATH": f"{tmp_path}/bin:.:/usr/bin", "ANTHROPIC_API_KEY": "sk-x", "HOME": "/h", "LD_PRELOAD": "x"}
    assert hook_environment(ours, tmp_path) == {"PATH": "/usr/bin", "HOME": "/h"}
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "guard"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    assert asked(Policy(tmp_path, rules=ALLOWS), Hook("guard", ("guard",), "user")).verdict == "deny"
    assert asked(Policy(tmp_path, rules=ALLOWS), Hook("guard", ("bin/guard",), "project")).verdict == "allow"


async def test_hooks_do_not_hold_up_the_loop(tmp_path: Path, hook: Write) -> None:
    decision = await permit(Policy(tmp_path), (hook("sys.exit(2)"),), yes, "Edit", "a.py")
    assert decision.verdict == "deny"
    assert (await permit(Policy(tmp_path), (), yes, "Edit", "a.py")).verdict == "allow"
    assert os.environ.get("PATH")
