"""A request as it goes over the wire: pure, and the same request gives the same bytes.

Caching rests on a prefix that never changes: tools, then system, then messages in order. Four breakpoints
mark it, as many as the protocol allows: the last tool, the last system block, and the last two user
messages, so that a turn with many results still finds the one before it. Where the prefix is surely shorter than the
model caches, there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridle.harness.model.client import Block, Message, ModelRequest
from bridle.harness.model.tokens import tokens_of

BREAKPOINT: Block = {"type": "ephemeral"}
MARKED_MESSAGES = 2
_MARKABLE = ("text", "tool_result")


def wire(request: ModelRequest) -> dict[str, Any]:
    """Return the parameters of a Messages call, with its cache breakpoints set."""
    least = request.facts.cached_from
    n_tools = tokens_of(request.tools)
    n_head = n_tools + tokens_of(request.system)
    messages = sendable(request.messages)
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens,
        "tools": _marked(request.tools) if n_tools >= least else list(request.tools),
        "system": _marked(request.system) if n_head >= least else list(request.system),
        "messages": _breakpoints(messages, n_head, least),
        "thinking": request.thinking,
        "output_config": {"effort": request.effort} if request.effort else None,
    }
    return {key: value for key, value in body.items() if value not in (None, [])}


def sendable(messages: Sequence[Message]) -> list[Message]:
    """Return `messages` as the protocol wants them: none empty, roles taking turns, content as blocks."""
    out: list[Message] = []
    for message in messages:
        content = _blocks(message["content"])
        if not content:
            continue
        if out and out[-1]["role"] == message["role"]:
            content = [*out.pop()["content"], *content]
        out.append({"role": message["role"], "content": content})
    return out


def _blocks(content: Any) -> list[Block]:
    blocks: list[Block] = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    return [block for block in blocks if block.get("type") != "text" or block["text"].strip()]


def _breakpoints(messages: list[Message], n_head: int, least: int) -> list[Message]:
    users = [n for n, message in enumerate(messages) if message["role"] == "user"]
    for n in users[-MARKED_MESSAGES:]:
        if n_head < least and n_head + tokens_of(messages[: n + 1]) < least:
            continue
        messages[n] = {"role": "user", "content": _marked(messages[n]["content"])}
    return messages


def _marked(blocks: Sequence[Block]) -> list[Block]:
    """Return `blocks` with a breakpoint on the last one, if that can carry one."""
    *before, last = blocks or [{}]
    if not last or last.get("type", "text") not in (*_MARKABLE, "custom"):
        return list(blocks)
    return [*before, {**last, "cache_control": BREAKPOINT}]
