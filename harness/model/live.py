"""A live model through the Anthropic SDK: the one module that knows the library, and imports it when first
asked.

It makes one attempt and tells what became of it; the policy for another one is `retry.py`. What the endpoint does not
have is left out: what it is known to lack, and what it once refused by name, which costs nothing and is asked for again
without. It follows no redirect, traces nothing, and takes no key, address or profile from anywhere but its caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, cast

import msgspec

from bridle.harness.model.assembly import Assembly, cut_short, garbage
from bridle.harness.model.classify import Refusal, problem_of
from bridle.harness.model.client import (
    Charged,
    Feature,
    LeftOut,
    Listener,
    Message,
    ModelProblem,
    ModelReply,
    ModelRequest,
)
from bridle.harness.model.endpoints import Endpoints, shipped_endpoints
from bridle.harness.model.keys import Key
from bridle.harness.model.leaving_out import uses, without
from bridle.harness.model.prices import priced
from bridle.harness.model.wire import wire
from bridle.harness.nouns import Usage

if TYPE_CHECKING:
    import anthropic

GREETING: Message = {"role": "user", "content": [{"type": "text", "text": "Hello"}]}
NO_COUNT: frozenset[Feature] = frozenset({"count_tokens"})
NOT_THERE = (404, 405, 501)
"""How an endpoint says that it has no such address, or does not know the model: asking for a reply tells which."""


class Patience(msgspec.Struct, frozen=True):
    """How long to wait, in seconds: for a connection, for the next sign of life, for the whole reply."""

    connect_s: float = 10.0
    stall_s: float = 90.0
    call_s: float = 600.0


class LiveModel:
    """One model at one endpoint."""

    def __init__(
        self,
        model: str,
        key: Key,
        endpoint: str,
        patience: Patience | None = None,
        endpoints: Endpoints | None = None,
    ) -> None:
        self.model = model
        self.endpoint = endpoint
        self.lacks: frozenset[Feature] = (endpoints or shipped_endpoints()).lacks(endpoint)
        self._key = key
        self._patience = patience or Patience()
        self._sdk: anthropic.AsyncAnthropic | None = None
        self._connecting = asyncio.Lock()

    async def prepare(self) -> None:
        """Import the library, which takes seconds, before it is needed; what is wrong the first call will say."""
        with suppress(Exception):
            await self._connected()

    async def reply(self, request: ModelRequest, on_event: Listener) -> ModelReply:
        """Ask once. Raises ModelProblem, with what the attempt is known to have cost."""
        while True:
            try:
                return await self._attempt(request, on_event)
            except ModelProblem as problem:
                feature = problem.feature
                if feature is None or feature in self.lacks or not uses(wire(request), feature):
                    raise
            learnt: frozenset[Feature] = frozenset((feature,))
            self.lacks |= learnt
            on_event(LeftOut(feature))

    async def _attempt(self, request: ModelRequest, on_event: Listener) -> ModelReply:
        assembly, price = Assembly(), request.facts.price
        try:
            async with asyncio.timeout(self._patience.call_s), aclosing(self._events(request)) as events:
                async for event in events:
                    heard = assembly.take(event)
                    if heard is not None:
                        on_event(heard)
            reply = assembly.reply()
        except ModelProblem as problem:
            problem.spent = priced(assembly.usage, price) if assembly.started else Usage()
            raise
        except asyncio.CancelledError:
            if assembly.started:
                on_event(Charged(priced(assembly.usage, price)))
            raise
        except TimeoutError as error:
            spent = priced(assembly.usage, price) if assembly.started else Usage()
            raise ModelProblem(
                "transient",
                f"no whole reply within {self._patience.call_s:g} s",
                "try again later",
                spent=spent,
            ) from error
        return msgspec.structs.replace(reply, usage=priced(reply.usage, price))

    async def check(self) -> int:
        """Prove that key, endpoint and model fit together; returns the tokens of a greeting.

        It costs nothing where the endpoint counts tokens, else a reply of one token. Raises ModelProblem.
        """
        if "count_tokens" not in self.lacks:
            counted = await self._counted()
            if counted is not None:
                return counted
            self.lacks |= NO_COUNT
        reply = await self.reply(ModelRequest(self.model, (), (), (GREETING,), 1), lambda event: None)
        return reply.usage.input_tokens

    async def _counted(self) -> int | None:
        """Return the tokens of a greeting, None where the endpoint cannot count. Raises ModelProblem."""
        sdk = await self._connected()
        greeting: Any = {"model": self.model, "messages": [GREETING]}
        try:
            async with asyncio.timeout(self._patience.connect_s + self._patience.stall_s):
                return int((await sdk.messages.count_tokens(**greeting)).input_tokens)
        except Exception as error:
            if getattr(error, "status_code", 0) in NOT_THERE:
                return None
            raise self._problem(error) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._sdk is not None:
            await self._sdk.close()
            self._sdk = None

    async def _events(self, request: ModelRequest) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the events of one attempt as wire dicts; what breaks below comes out as a ModelProblem."""
        sdk = await self._connected()
        try:
            async with await sdk.messages.create(**without(wire(request), self.lacks), stream=True) as stream:
                async for event in stream:
                    yield event.to_dict()
        except Exception as error:
            raise self._problem(error) from error

    async def _connected(self) -> anthropic.AsyncAnthropic:
        """Return the library's client. Importing it takes seconds, so that happens off the loop."""
        async with self._connecting:
            if self._sdk is None:
                self._sdk = await asyncio.to_thread(self._connect)
        return self._sdk

    def _connect(self) -> anthropic.AsyncAnthropic:
        import anthropic

        patience = self._patience
        timeout = anthropic.Timeout(
            patience.call_s, connect=patience.connect_s, read=patience.stall_s, write=patience.stall_s
        )
        return anthropic.AsyncAnthropic(
            api_key=self._key.reveal(),
            base_url=self.endpoint,
            max_retries=0,
            timeout=timeout,
            open_telemetry=False,
            http_client=anthropic.DefaultAsyncHttpxClient(follow_redirects=False, timeout=timeout),
        )

    def _problem(self, error: Exception) -> ModelProblem:
        """Return what an exception of the library, or of the code below it, means."""
        import anthropic
        import httpx2

        match error:
            case ModelProblem():
                return error
            case anthropic.APIStatusError():
                return problem_of(_refusal(error), self.model, self.endpoint)
            case anthropic.APITimeoutError() | httpx2.TimeoutException():
                return ModelProblem(
                    "transient", f"{self.endpoint} has gone silent", "check the network, or try again later"
                )
            case httpx2.RemoteProtocolError() | httpx2.ReadError():
                return cut_short()
            case anthropic.APIConnectionError() | httpx2.TransportError():
                return ModelProblem(
                    "transient",
                    f"{self.endpoint} cannot be reached",
                    "check the network and ANTHROPIC_BASE_URL",
                )
            case TimeoutError():
                return ModelProblem("transient", f"{self.endpoint} does not answer in time", "try again later")
            case _:
                return garbage()


def _refusal(error: anthropic.APIStatusError) -> Refusal:
    headers = {name.lower(): value for name, value in error.response.headers.items()}
    return Refusal(
        error.status_code,
        _text(error.type),
        _text(error.error_code),
        _text(error.api_message),
        cast("Any", headers),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
