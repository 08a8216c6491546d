"""Questions to the person: one event out, one answer back, bounded; no answer in time is the default.

Also keeps the one standing consent that a run needs: that this workspace's code may go to this model's endpoint.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from bridle.harness.engine import Ask, EngineEvent, ReplyTo
from bridle.harness.nouns import UserProblem
from bridle.harness.session.storage import write_whole

TIMEOUT_S = 120.0
YES = "Send"
NO = "Do not send"

Subject = Literal["consent", "permission", "task"]


class Asking:
    """The open questions of one engine."""

    def __init__(self, emit: Callable[[EngineEvent], None]) -> None:
        self._emit = emit
        self._open: dict[str, asyncio.Future[str]] = {}

    async def ask(
        self, message: str, choices: tuple[str, ...], default: str, about: Subject, timeout_s: float = TIMEOUT_S
    ) -> str:
        """Ask, and return one of `choices`."""
        return (await self.put(message, choices, default, about, timeout_s))[0]

    async def put(
        self, message: str, choices: tuple[str, ...], default: str, about: Subject, timeout_s: float = TIMEOUT_S
    ) -> tuple[str, bool]:
        """Ask, and return one of `choices`, and whether the person said it."""
        number = uuid.uuid4().hex[:12]
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._open[number] = answer
        self._emit(Ask(number, message, choices, default, timeout_s, about))
        try:
            given = await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            return default, False
        finally:
            self._open.pop(number, None)
        return (given, True) if given in choices else (default, False)

    def reply(self, request: ReplyTo) -> None:
        """Take the person's answer; one that came too late changes nothing."""
        answer = self._open.get(request.ask)
        if answer is not None and not answer.done():
            answer.set_result(request.choice)


class Consent(msgspec.Struct):
    """The endpoints to which a person let this workspace's code go."""

    endpoints: list[str] = []


def agreed(path: Path, endpoint: str) -> bool:
    """Whether the person let this workspace's code go to an endpoint."""
    return endpoint in _read(path).endpoints


async def consented(path: Path, endpoint: str, question: str, *, asking: Asking) -> None:
    """Ask once per workspace and endpoint before anything is sent. Raises UserProblem on no."""
    if agreed(path, endpoint):
        return
    if await asking.ask(f"Bridle: {question} This is asked once for this workspace.", (YES, NO), NO, "consent") != YES:
        raise UserProblem(
            "nothing was sent: sending code to the model was not agreed to", "run the action again and agree"
        )
    known = _read(path)
    known.endpoints.append(endpoint)
    write_whole(path, msgspec.json.encode(known))


def _read(path: Path) -> Consent:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Consent)
    except (OSError, msgspec.DecodeError):
        return Consent()
