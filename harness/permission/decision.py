"""What is said to a call, or to one part of it: a verdict, the rule that gave it, and why."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bridle.harness.permission.rules import Effect

STRENGTH: dict[Effect, int] = {"allow": 0, "ask": 1, "deny": 2}


class Decision(msgspec.Struct, frozen=True):
    """The verdict, the rule that gave it, and the reason for a person or a model to read.

    `origin` is who said the rule: one of the scopes, "built in", "mode", "scope", "person" or "hook". Of a command,
    `parts` are the decisions on its parts, and `text` is how such a part is written.
    """

    verdict: Effect
    rule: str
    reason: str
    origin: str = "built in"
    text: str = ""
    parts: tuple[Decision, ...] = ()


def as_event(tool: str, subject: str, decision: Decision) -> dict[str, object]:
    """Return what the journal keeps of a decision, under the kind "decided"."""
    return {
        "tool": tool,
        "subject": subject,
        "verdict": decision.verdict,
        "rule": decision.rule,
        "reason": decision.reason,
        "origin": decision.origin,
        "parts": tuple((part.text, part.verdict, part.rule) for part in decision.parts),
    }


def strictest(decisions: Iterable[Decision]) -> Decision:
    """Return the first of the strictest decisions; there must be one."""
    return max(decisions, key=lambda decision: STRENGTH[decision.verdict])
