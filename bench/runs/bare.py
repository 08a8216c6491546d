"""A bare loop: the model, an editor by `str_replace`, a way to run the tests, and nothing that holds it.

Edits are done at once on the files. What the model says last is believed, or, in its tested form, the tests are run
once more as they stand then, and what fails goes back to the model.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from asked import Account
from dialects import TEXT_EDITOR
from door import MODEL
from policy import Policy
from result import Result
from tasks import Judge, Task
from weak import GAVE_UP, Weak

from bridle.harness.model.client import ModelRequest
from bridle.harness.model.wire import wire
from tests.model.messages_server import CallStep, Step

SYSTEM = """You mend code in a person's project.
- Look with `view`, edit with `str_replace`; `old_str` must stand exactly once in the file.
- `run_tests` runs the project's tests. When the work is done, stop and say so.
"""
TOOLS: tuple[dict[str, Any], ...] = (
    {"type": "text_editor_20250728", "name": TEXT_EDITOR},
    {
        "name": "run_tests",
        "description": "Run the project's tests and show what they say.",
        "input_schema": {"type": "object", "properties": {}},
    },
)
TESTS_S = 60.0
MAX_TOLD_CHARS = 4_000


class Bare:
    """One talk on one project."""

    def __init__(self, task: Task, root: Path, account: Account, policy: Policy, *, tested: bool) -> None:
        self._task = task
        self._root = root
        self._account = account
        self._policy = policy
        self._tested = tested
        self.n_tests = 0

    def run(self) -> bool:
        """Talk until the model stops or the turns are used up; returns whether its work is published."""
        told, passed = self._tests()
        assert not passed, "the task has nothing to mend"
        messages: list[dict[str, Any]] = [_said(opening(self._task, told))]
        n_ends = 0
        for _ in range(self._policy.limits.turns):
            step = self._account.step(_body(messages))
            messages.append({"role": "assistant", "content": _blocks(step, len(messages))})
            if step.calls:
                messages.append({"role": "user", "content": [self._used(step.calls[0], len(messages) - 1)]})
                continue
            if not self._tested:
                return step.text != GAVE_UP
            told, passed = self._tests()
            n_ends += 1
            if passed or step.text == GAVE_UP or n_ends >= self._policy.limits.test_runs:
                return passed
            messages.append(_said(f"{told}\n\nMend this, or say in one sentence why it cannot be mended and stop."))
        return False

    def _used(self, call: CallStep, number: int) -> dict[str, Any]:
        text, failed = self._done(call)
        return {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": text, "is_error": failed}

    def _done(self, call: CallStep) -> tuple[str, bool]:
        """Do a call; returns what it says, and whether it failed."""
        given = call.input
        if call.tool == "run_tests":
            return self._tests()[0], False
        path = given.get("path")
        if call.tool != TEXT_EDITOR or given.get("command") not in ("view", "str_replace") or not isinstance(path, str):
            return f"There is no such call: {call.tool} {sorted(given)}.", True
        if not (self._root / path).is_file():
            return f"{path} is no file.", True
        text = (self._root / path).read_text("utf-8")
        if given["command"] == "view":
            lines = text.splitlines()
            numbered = "\n".join(f"{n}\t{line}" for n, line in enumerate(lines, 1))
            return f"[{path} v1 1-{len(lines)}/{len(lines)}]\n{numbered}", False
        old, new = given.get("old_str"), given.get("new_str")
        if not isinstance(old, str) or not isinstance(new, str) or not old:
            return "'old_str' and 'new_str' are strings.", True
        if text.count(old) != 1:
            return f"E_ANCHOR: 'old_str' stands {text.count(old)} times in {path}. Nothing was written.", True
        (self._root / path).write_text(text.replace(old, new), "utf-8")
        return f"{path} has been edited.", False

    def _tests(self) -> tuple[str, bool]:
        """Run the project's tests as they stand; returns what they say, and whether all is well by their exit code."""
        self.n_tests += 1
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        try:
            done = subprocess.run(command, cwd=self._root, capture_output=True, text=True, timeout=TESTS_S, check=False)
        except subprocess.TimeoutExpired:
            return "pytest: timeout", False
        passed = done.returncode == 0
        tail = "" if passed else f"\n{done.stdout[-MAX_TOLD_CHARS:]}"
        return f"pytest: {'pass' if passed else 'fail'}{tail}", passed


def mend(task: Task, policy: Policy, seed: int, root: Path, judge: Judge, *, tested: bool) -> Result:
    """Let the bare loop work on a task; returns what became of it."""
    task.write(root)
    weak = Weak(task, policy, seed)
    account = Account(weak)
    bare = Bare(task, root, account, policy, tested=tested)
    published = bare.run()
    said = judge.verdict(task.project, (root / task.core).read_text("utf-8")) if published else None
    return Result(
        task=task.id,
        loop="bare, tested" if tested else "bare",
        hopeless=weak.hopeless,
        published=published,
        visible=said is not None and said.visible,
        hidden=said is not None and said.hidden,
        tokens=account.tokens,
        turns=account.turns,
        sessions=bare.n_tests,
        why="published" if published else "not published",
    )


def opening(task: Task, told: str) -> str:
    """Return the words that begin the talk."""
    return f"The test {task.failing!r} fails. Mend the cause.\n\n{told}"


def _said(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def _blocks(step: Step, number: int) -> list[dict[str, Any]]:
    calls = [
        {"type": "tool_use", "id": f"toolu_{number}", "name": call.tool, "input": call.input} for call in step.calls[:1]
    ]
    return [{"type": "text", "text": step.text}, *calls]


def _body(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the request as it would go over the wire, with the same cache breakpoints as ours."""
    system = ({"type": "text", "text": SYSTEM},)
    return wire(ModelRequest(MODEL, system, TOOLS, tuple(messages), max_tokens=16_000))
