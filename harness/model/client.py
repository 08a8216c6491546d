"""The model door: what is asked of a model, what comes back, and what can go wrong. No library is known here.

Blocks and messages are Anthropic wire dicts, kept as they came: what a model said goes back to it unchanged.
A reply is whole or it is a problem: no tool call of a cut stream ever leaves this room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

import msgspec

from bridle.harness.model.profiles import Effort, Profile, shipped
from bridle.harness.nouns import Usage

Block = dict[str, Any]
Message = dict[str, Any]

Feature = Literal["cache_control", "thinking", "effort", "strict", "images", "typed_tools", "count_tokens"]
"""What of the protocol not every endpoint has."""
ProblemKind = Literal["fatal", "transient", "unknown"]


class ModelRequest(msgspec.Struct, frozen=True):
    """One call. `thinking` and `effort` are left to the model's own default where they are not given.

    `profile` is what is known of the model, None for what ships with us.
    """

    model: str
    system: tuple[Block, ...]
    tools: tuple[Block, ...]
    messages: tuple[Message, ...]
    max_tokens: int
    thinking: Block | None = None
    effort: Effort = ""
    profile: Profile | None = None

    @property
    def facts(self) -> Profile:
        """What is known of the model."""
        return self.profile or shipped().of(self.model)


class ModelReply(msgspec.Struct, frozen=True):
    """What the model said. Tool calls are there only where the model came to its own end, each one whole.

    `content` may be empty. `explanation` is why the model declined, where it gave a reason.
    """

    content: tuple[Block, ...]
    stop_reason: str
    usage: Usage
    model: str
    explanation: str = ""


class TextDelta(msgspec.Struct, frozen=True):
    """More words of the model."""

    text: str


class ToolStarted(msgspec.Struct, frozen=True):
    """The model begins to write a tool call; it is run only once the reply is whole."""

    name: str


class ToolWords(msgspec.Struct, frozen=True):
    """More of the JSON of the tool call in block `index`, to be looked at and never run."""

    index: int
    name: str
    partial_json: str


class Retrying(msgspec.Struct, frozen=True):
    """The call failed and is made again after `delay_s`: the words so far are void."""

    reason: str
    attempt: int
    delay_s: float


class LeftOut(msgspec.Struct, frozen=True):
    """The endpoint refused the call because of `feature`; it is made without that from now on."""

    feature: Feature


class Charged(msgspec.Struct, frozen=True):
    """The call was broken off by whoever made it: what attempts at it are known to have cost. All of them add up."""

    usage: Usage


StreamEvent = TextDelta | ToolStarted | ToolWords | Retrying | LeftOut | Charged
Listener = Callable[[StreamEvent], None]


class ModelProblem(Exception):
    """A call that brought no reply.

    `fatal` is never tried again, `transient` is, `unknown` once. `spent` is what the failed attempts are known to have
    cost. What is `too_long` may be taken when it is shorter; a request that was `refused` as it is, when it asks for
    less, and `feature` is what of it the endpoint named. The text never holds a key, nor what the endpoint sent as a
    body.
    """

    def __init__(
        self,
        kind: ProblemKind,
        message: str,
        next_step: str = "",
        retry_after_s: float | None = None,
        spent: Usage | None = None,
        *,
        too_long: bool = False,
        refused: bool = False,
        feature: Feature | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: ProblemKind = kind
        self.message = message
        self.next_step = next_step
        self.retry_after_s = retry_after_s
        self.spent = spent or Usage()
        self.too_long = too_long
        self.refused = refused
        self.feature: Feature | None = feature


class ModelClient(Protocol):
    """A model that can be asked. `endpoint` says where the words go: an address, or "this machine"."""

    @property
    def model(self) -> str:
        """The model's id."""
        ...

    @property
    def endpoint(self) -> str:
        """Where requests go."""
        ...

    async def prepare(self) -> None:
        """Get ready for the first call, beside other work: nothing is sent, and nothing raised."""
        ...

    async def reply(self, request: ModelRequest, on_event: Listener) -> ModelReply:
        """Ask, and wait for the whole reply; `on_event` hears of it meanwhile. Raises ModelProblem."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
