"""What a run did, told from its journal: the context it was given, its edits, its checks, its badge."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bridle.harness.session.fold import RunState

MAX_LINES = 14
WHO = {"user": "harness", "assistant": "model"}


class Story:
    """Tells runs, line by line."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def tell(self, state: RunState) -> None:
        """Tell one run."""
        for number, message in enumerate(state.messages):
            for block in _blocks(message):
                self._block(block, "context" if number == 0 else WHO[message["role"]])
        for verdict in state.verdicts:
            self._say(f"  {verdict.check:7} {verdict.outcome:8} {verdict.seconds:6.2f} s  {verdict.reason}")
        for flag in state.flags:
            self._say(f"  gate {flag.gate}: {flag.path}:{flag.start_line + 1}: {flag.reason}")
        if state.badge is not None:
            self._say(f"  badge: {state.badge.text}")
        self._say(f"  {state.outcome}: {state.reason}")

    def _block(self, block: dict[str, Any], who: str) -> None:
        kind = block.get("type")
        if kind == "text":
            self._quote(who, block["text"])
        elif kind == "tool_use":
            self._say(f"  → {block['name']} {_short(block.get('input'))}")
        elif kind == "tool_result":
            self._quote("✗" if block.get("is_error") else "←", str(block.get("content")))

    def _quote(self, head: str, text: str) -> None:
        lines = text.strip().split("\n")
        shown = lines[:MAX_LINES]
        for number, line in enumerate(shown):
            self._say(f"  {head if number == 0 else '':8}│ {line[:110]}")
        if len(lines) > len(shown):
            self._say(f"  {'':8}│ … {len(lines) - len(shown)} lines more")


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    content: Any = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content)


def _short(given: object) -> str:
    text = json.dumps(given, ensure_ascii=False)
    return text if len(text) <= 160 else text[:159] + "…"
