"""The talk with the model inside one phase: turns of words and tool calls, until the model stops by itself.

Budget is reserved before each call. A tool call of a reply that was cut short is never run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from bridle.harness.model.budget import Meter
from bridle.harness.model.client import (
    Message,
    ModelClient,
    ModelProblem,
    ModelReply,
    ModelRequest,
)
from bridle.harness.session.journal import Journal
from bridle.harness.tools.toolbox import Toolbox
from bridle.harness.workflow.ending import Ended
from bridle.harness.workflow.foretelling import Foretelling

MAX_OUTPUT_TOKENS = 16_000

CUT_SHORT = "Your reply was cut at the output limit, so no tool call of it was run. Go on in smaller steps."
SILENCE = {"type": "text", "text": "(no words)"}
"""Stands where the model said nothing, since the protocol wants every turn to have a content."""


class Conversation:
    """The messages so far, and the one way to add to them: through the journal."""

    def __init__(self, client: ModelClient, toolbox: Toolbox, journal: Journal, meter: Meter, system: str) -> None:
        self._client = client
        self._toolbox = toolbox
        self._journal = journal
        self._meter = meter
        self._system = ({"type": "text", "text": system},)
        self._messages: list[Message] = []

    def restore(self, messages: list[Message]) -> None:
        """Take up the messages of an interrupted run; a reply whose tool results are missing is dropped."""
        self._messages = list(messages)
        if self._messages and self._messages[-1]["role"] == "assistant" and _calls(self._messages[-1]["content"]):
            self._messages.pop()

    @property
    def waits_for_model(self) -> bool:
        """True when the last word is ours."""
        return bool(self._messages) and self._messages[-1]["role"] == "user"

    def tell(self, text: str) -> None:
        """Say something to the model; it answers in the next `talk`."""
        self._add("told", {"role": "user", "content": [{"type": "text", "text": text}]})

    async def talk(self, say: Callable[[str], None]) -> str:
        """Let the model work until it calls no more tools; returns its last words. Raises Ended, ModelProblem."""
        while True:
            reply = await self._ask(say)
            if reply.stop_reason == "refusal":
                raise Ended("refused", "the model declined: " + (reply.explanation or "it gave no reason"))
            self._take(reply)
            if reply.stop_reason == "max_tokens":
                self.tell(CUT_SHORT)
                continue
            calls = _calls(reply.content)
            if not calls:
                return _words(reply.content)
            results = [await self._use(call, say) for call in calls]
            self._add("tool_replied", {"role": "user", "content": results})

    async def _ask(self, say: Callable[[str], None]) -> ModelReply:
        request = ModelRequest(
            model=self._client.model,
            system=self._system,
            tools=self._toolbox.specs,
            messages=tuple(self._messages),
            max_tokens=MAX_OUTPUT_TOKENS,
        )
        reserved = self._meter.reserve(request)
        self._journal.append("model_called", {"turn": self._meter.usage.turns + 1, "reserved": reserved})
        say("waiting for the model")
        try:
            reply = await self._client.reply(request, Foretelling(say).hear)
        except ModelProblem as problem:
            self._meter.settle(reserved, problem.spent)
            raise
        self._meter.settle(reserved, reply.usage)
        return reply

    async def _use(self, call: Message, say: Callable[[str], None]) -> Message:
        name = str(call["name"])
        self._journal.append("tool_called", {"id": call["id"], "name": name, "input": call.get("input")})
        say(_doing(name, call.get("input")))
        result = await self._toolbox.call(name, call.get("input"))
        if result.fatal:
            raise Ended("stalled", f"the model repeated a call that fails: {result.text.partition(chr(10))[0]}")
        return {"type": "tool_result", "tool_use_id": call["id"], "content": result.text, "is_error": result.is_error}

    def _take(self, reply: ModelReply) -> None:
        message: Message = {"role": "assistant", "content": list(reply.content) or [SILENCE]}
        payload = {"message": message, "usage": reply.usage, "stop_reason": reply.stop_reason}
        self._journal.append("model_replied", payload)
        self._messages.append(message)

    def _add(self, kind: str, message: Message) -> None:
        self._journal.append(kind, {"message": message})
        self._messages.append(message)


def _calls(content: Any) -> list[Message]:
    return [block for block in content if block.get("type") == "tool_use"]


def _words(content: Any) -> str:
    return "\n".join(block["text"] for block in content if block.get("type") == "text").strip()


def _doing(name: str, given: Any) -> str:
    """Return what a call is about, for the progress display."""
    if not isinstance(given, dict):
        return name
    call = cast("Message", given)
    files = call.get("files")
    each = cast("list[object]", files) if isinstance(files, list) else [call]
    paths = [str(cast("Message", file).get("path", "")) for file in each if isinstance(file, dict)]
    return f"{name} {', '.join(filter(None, paths))}".rstrip()
