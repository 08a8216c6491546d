"""Questions in an editor that cannot ask: each stands where the person last looked, and is answered by code action.

Keeps what waits, and nothing else: who asks decides what no answer means.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence

import msgspec

from bridle.harness.engine import UserProblem


class Question(msgspec.Struct, frozen=True):
    """One question that waits, and the place where it stands."""

    id: str
    message: str
    choices: tuple[str, ...]
    uri: str = ""
    line: int = 0


class Questions:
    """The questions of one folder that nobody has answered yet."""

    def __init__(self) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._place = ("", 0)
        self._waiting: dict[str, tuple[Question, asyncio.Future[str]]] = {}

    def look(self, uri: str, line: int) -> None:
        """The person looks at a line: the next question stands there."""
        self._place = (uri, line)

    def waiting(self) -> tuple[Question, ...]:
        """Return what waits, the oldest first."""
        return tuple(question for question, _ in self._waiting.values())

    async def ask(self, message: str, choices: Sequence[str], timeout_s: float) -> str:
        """Wait for the person's choice; "" when none came in time."""
        uri, line = self._place
        question = Question(uuid.uuid4().hex, message, tuple(choices), uri, line)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[question.id] = (question, answer)
        self.on_change()
        try:
            return await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            return ""
        finally:
            del self._waiting[question.id]
            self.on_change()

    def answer(self, question: str, choice: str) -> None:
        """Take the person's choice. Raises UserProblem where it answers nothing."""
        asked, answer = self._waiting.get(question, (None, None))
        if asked is None or answer is None or answer.done():
            raise UserProblem("that question is not asked any more", "do again what led to it")
        if choice not in asked.choices:
            raise UserProblem(f"{choice!r} is no answer to it", f"say one of: {', '.join(asked.choices)}")
        answer.set_result(choice)
