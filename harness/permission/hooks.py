"""Programs that are asked after the rules: each sees the call, and may say no. None of them can allow anything.

The call comes as JSON on standard input. Exit 0 lets the decision stand, 2 refuses with what was written to standard
error; anything else, a program that cannot be started or one that is slow refuses too. This module is the pure half:
what is asked, and what an answer means. `consulting` runs them.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from bridle.harness.permission.decision import Decision
from bridle.harness.permission.rules import Mode, Origin
from bridle.harness.permission.showing import shown
from bridle.indexer.process import Completed

MAX_S = 5.0
MAX_REASON = 400
REFUSES = 2


class Hook(msgspec.Struct, frozen=True):
    """One hook: its program, who set it up, and the tools that it wants to hear of, () for all."""

    name: str
    argv: tuple[str, ...]
    origin: Origin
    tools: tuple[str, ...] = ()
    timeout_s: float = MAX_S

    def __str__(self) -> str:
        return f"hook {self.name} ({self.origin})"


def hears(hook: Hook, tool: str) -> bool:
    """Whether a hook is asked about this tool."""
    return not hook.tools or any(tool == name or tool.startswith(f"{name}__") for name in hook.tools)


def question(root: Path, mode: Mode, tool: str, subject: str, decision: Decision) -> bytes:
    """Return what a hook is asked."""
    parts = [{"text": part.text, "verdict": part.verdict, "rule": part.rule} for part in decision.parts]
    call = {"tool": tool, "subject": subject, "root": str(root), "mode": mode}
    said = {"verdict": decision.verdict, "rule": decision.rule, "reason": decision.reason, "parts": parts}
    return msgspec.json.encode({**call, **said}) + b"\n"


def verdict_of(hook: Hook, done: Completed, before: Decision) -> Decision:
    """Return `before` when the hook lets it stand, else its refusal."""
    if done.timed_out:
        return refusal(hook, before, f"it did not answer within {hook.timeout_s:g} s")
    if done.exit_code == 0:
        return before
    said = shown(done.stderr.decode("utf-8", "replace").strip()[:MAX_REASON])
    if done.exit_code == REFUSES:
        return refusal(hook, before, said or "it gave no reason")
    why = f"it ended with {done.exit_code}, not with 0 or {REFUSES}"
    return refusal(hook, before, f"{why}: {said}" if said else why)


def refusal(hook: Hook, before: Decision, why: str) -> Decision:
    """Return the deny of a hook."""
    return Decision("deny", str(hook), f"the hook {hook.name!r} refuses: {why}", "hook", parts=before.parts)
