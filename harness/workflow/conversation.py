"""The talk with the model inside one phase: turns of words and tool calls, until the model stops by itself.

Budget is reserved before each call. A tool call of a reply that was cut short is never run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import msgspec

from bridle.harness.model.budget import Allowance, BudgetReached, Meter, Reserved, counted
from bridle.harness.model.client import (
    Message,
    ModelClient,
    ModelProblem,
    ModelReply,
    ModelRequest,
)
from bridle.harness.model.profiles import Effort, Profile, Profiles, shipped, told_to_think
from bridle.harness.model.tokens import tokens_of
from bridle.harness.nouns import Usage
from bridle.harness.pulse import Pulse
from bridle.harness.session.journal import Journal
from bridle.harness.tools.known_secrets import Striking
from bridle.harness.tools.toolbox import Toolbox
from bridle.harness.workflow.compaction import KEPT_NONE, KEPT_TURNS, cut, is_due, sent
from bridle.harness.workflow.ending import Ended
from bridle.harness.workflow.foretelling import Foretelling

MAX_OUTPUT_TOKENS = 16_000
LEAST_TALK_TOKENS = 4_000
"""A talk is not cut below this, however small the model's window is."""

CUT_SHORT = "Your reply was cut at the output limit, so no tool call of it was run. Go on in smaller steps."
SILENCE = {"type": "text", "text": "(no words)"}
"""Stands where the model said nothing, since the protocol wants every turn to have a content."""


class Sitting(msgspec.Struct, frozen=True):
    """Who is talked with, and how: `name` is the phase whose talk it is, `model` "" for the client's own.

    A talk that takes more than `most_tokens`, or than the model's window holds, is made shorter. `fallback` is the
    model that is asked instead where the money is too little for the first, or its endpoint fails for good; "" for
    none. `profiles` says what is known of both. `pulse` hears each word of the model, and is given `tool_s` more for a
    tool. `striking` takes the workspace's own secrets out of all that is told.
    """

    client: ModelClient
    system: str
    name: str
    model: str = ""
    effort: Effort = ""
    most_tokens: int = 60_000
    fallback: str = ""
    profiles: Profiles = msgspec.field(default_factory=shipped)
    pulse: Pulse = msgspec.field(default_factory=Pulse)
    tool_s: float = 0.0
    striking: Striking = msgspec.field(default_factory=Striking)


class Conversation:
    """The messages so far, and the one way to add to them: through the journal."""

    def __init__(self, sitting: Sitting, toolbox: Toolbox, journal: Journal, meter: Meter | Allowance) -> None:
        self._sitting = sitting
        self._toolbox = toolbox
        self._journal = journal
        self._meter = meter
        self._system = ({"type": "text", "text": sitting.system},)
        self._messages: list[Message] = []
        self._start = 0
        self._effort: Effort = sitting.effort
        self._model = sitting.model or sitting.client.model
        self._told: set[str] = set()

    def restore(self, messages: list[Message], start: int = 0) -> None:
        """Take up the messages of an interrupted run, cut at `start`; a reply whose results are missing is dropped."""
        self._messages, self._start = list(messages), start
        if self._messages and self._messages[-1]["role"] == "assistant" and _calls(self._messages[-1]["content"]):
            self._messages.pop()

    @property
    def waits_for_model(self) -> bool:
        """True when the last word is ours."""
        return bool(self._messages) and self._messages[-1]["role"] == "user"

    def tell(self, text: str) -> None:
        """Say something to the model; it answers in the next `talk`."""
        words = self._sitting.striking.struck(text)
        self._add("told", {"role": "user", "content": [{"type": "text", "text": words}]})

    @property
    def begun(self) -> bool:
        """Whether anything was said yet."""
        return bool(self._messages)

    async def talk(self, say: Callable[[str], None], enough: Callable[[], bool] = lambda: False) -> str:
        """Let the model work until it calls no more tools, or there is `enough`; returns its last words.

        Raises Ended, ModelProblem.
        """
        while True:
            reply = await self._ask(say)
            if reply.stop_reason == "refusal":
                self._journal.append("model_failed", {"reason": "declined", "usage": reply.usage})
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
            if enough():
                return _words(reply.content)

    async def _ask(self, say: Callable[[str], None]) -> ModelReply:
        """Ask the model; a talk that is too long is made shorter first, and once more where the endpoint says so.

        Not every model takes an effort: where a request with one is refused, none is asked for any more.
        """
        self._shorten(say)
        try:
            return await self._asked(say)
        except BudgetReached as limit:
            if limit.which != "cost" or not self._fall_back("the money is too little", say):
                raise
        except ModelProblem as problem:
            if problem.refused and self._effort:
                self._effort = ""
            elif problem.kind == "transient":
                if not self._fall_back(problem.message, say):
                    raise
            elif not problem.too_long or not self._cut(KEPT_NONE, say):
                raise
        return await self._asked(say)

    def _fall_back(self, why: str, say: Callable[[str], None]) -> bool:
        """Ask the other model from now on; returns whether there is one that was not asked yet."""
        if self._sitting.fallback in ("", self._model):
            return False
        self._model = self._sitting.fallback
        say(f"{why}: asking {self._model} from now on")
        return True

    @property
    def _profile(self) -> Profile:
        return self._sitting.profiles.of(self._model)

    def _shorten(self, say: Callable[[str], None]) -> None:
        head = tokens_of([self._system, self._toolbox.specs])
        room = self._profile.context_tokens - self._max_output - head
        most = min(self._sitting.most_tokens, max(room, LEAST_TALK_TOKENS))
        for kept in (KEPT_TURNS, KEPT_NONE):
            if is_due(sent(self._messages, self._start), most):
                self._cut(kept, say)

    @property
    def _max_output(self) -> int:
        return min(MAX_OUTPUT_TOKENS, self._profile.max_output_tokens)

    def _cut(self, kept: int, say: Callable[[str], None]) -> bool:
        """Tell what came before the last turns as a digest from now on; returns whether that is less than before."""
        start = cut(self._messages, kept)
        if start <= max(1, self._start):
            return False
        self._journal.append("compacted", {"talk": self._sitting.name, "start": start})
        self._start = start
        say("the talk grew too long: what came before is told in short from now on")
        return True

    async def _asked(self, say: Callable[[str], None]) -> ModelReply:
        sitting = self._sitting
        request = self._request()
        self._tell_guesses(say)
        reserved = self._meter.reserve(request)
        called = {"turn": self._meter.usage.turns + 1, "reserved": reserved, "model": request.model}
        self._journal.append("model_called", called)
        say("waiting for the model")
        hears = Foretelling(say)
        try:
            reply = await sitting.client.reply(request, sitting.pulse.beating(hears.hear))
        except ModelProblem as problem:
            self._failed(reserved, problem.spent, problem.message)
            raise
        except asyncio.CancelledError:
            self._failed(reserved, hears.charged, "broken off")
            raise
        self._meter.settle(reserved, reply.usage)
        return reply

    def _failed(self, reserved: Reserved, usage: Usage, reason: str) -> None:
        """Count what a call took that brought no answer."""
        self._meter.settle(reserved, usage)
        if counted(usage):
            self._journal.append("model_failed", {"reason": reason, "usage": usage})

    def _request(self) -> ModelRequest:
        profile = self._profile
        thinking, effort = told_to_think(profile, self._effort, self._max_output)
        return ModelRequest(
            model=self._model,
            system=self._system,
            tools=self._toolbox.specs,
            messages=tuple(sent(self._messages, self._start)),
            max_tokens=self._max_output,
            thinking=thinking,
            effort=effort,
            profile=profile,
        )

    def _tell_guesses(self, say: Callable[[str], None]) -> None:
        """Say once what is assumed of a model that is not described."""
        guessed = self._sitting.profiles.guessed(self._model)
        if guessed and guessed not in self._told:
            self._told.add(guessed)
            say(guessed)

    async def _use(self, call: Message, say: Callable[[str], None]) -> Message:
        name = str(call["name"])
        self._journal.append("tool_called", {"id": call["id"], "name": name, "input": call.get("input")})
        say(_doing(name, call.get("input")))
        with self._sitting.pulse.working(self._sitting.tool_s):
            result = await self._toolbox.call(name, call.get("input"))
        if result.fatal:
            raise Ended("stalled", f"the model repeated a call that fails: {result.text.partition(chr(10))[0]}")
        text = self._sitting.striking.struck(result.text)
        return {"type": "tool_result", "tool_use_id": call["id"], "content": text, "is_error": result.is_error}

    def _take(self, reply: ModelReply) -> None:
        message: Message = {"role": "assistant", "content": list(reply.content) or [SILENCE]}
        payload = {
            "message": message,
            "usage": reply.usage,
            "stop_reason": reply.stop_reason,
            "talk": self._sitting.name,
        }
        self._journal.append("model_replied", payload)
        self._messages.append(message)

    def _add(self, kind: str, message: Message) -> None:
        self._journal.append(kind, {"message": message, "talk": self._sitting.name})
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
