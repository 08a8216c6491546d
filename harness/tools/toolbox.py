"""The tools of one run: a frozen list in a stable order, every call through one decision.

A tool answers in text for the model. What the model can repair comes back as an error result; what only the
person can repair ends the run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import msgspec

from bridle.harness.edits.problems import ToolProblem

MAX_RESULT_CHARS = 60_000
WARN_AFTER = 3
STOP_AFTER = 5

Input = Mapping[str, Any]


class Tool(msgspec.Struct, frozen=True):
    """A tool as the model sees it, and what runs it."""

    name: str
    spec: dict[str, Any]
    run: Callable[[Input], Awaitable[str]]


class Result(msgspec.Struct, frozen=True):
    """The answer to one call. `fatal` ends the run: the same call was made too often."""

    text: str
    is_error: bool = False
    fatal: bool = False


class Toolbox:
    """The run's tools; remembers calls so that a repeated one is called out and then stopped.

    Equal failures count as in a row until a call of the same tool succeeds; looking around in between is no progress.
    A call that succeeds counts while the same tool is called in the same way and answers the same.
    """

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._failures: dict[str, Counter[str]] = {}
        self._last: dict[str, tuple[str, int]] = {}

    @property
    def specs(self) -> tuple[dict[str, Any], ...]:
        """The tools' declarations, in their frozen order."""
        return tuple(tool.spec for tool in self._tools.values())

    async def call(self, name: str, given: object) -> Result:
        """Run one call of the model."""
        tool = self._tools.get(name)
        if tool is None:
            return self._failed(name, given, f"There is no tool {name!r}. The tools are: {', '.join(self._tools)}.")
        call = _as_input(given)
        if call is None:
            return self._failed(name, str(given), f"The input of {name} is an object, not {given!r:.40}.")
        try:
            text = await tool.run(call)
        except ToolProblem as problem:
            return self._failed(name, call, str(problem))
        self._failures.pop(name, None)
        return self._answered(name, call, text)

    def _answered(self, name: str, given: Input, text: str) -> Result:
        key = json.dumps([given, text], sort_keys=True, default=repr)
        before, times = self._last.get(name, ("", 0))
        times = times + 1 if key == before else 1
        self._last[name] = key, times
        if times >= STOP_AFTER:
            return Result(_capped(text), fatal=True)
        if times >= WARN_AFTER:
            text = f"{_capped(text)}\n\nThis same call was made {times} times and answers the same. Do something else."
        return Result(_capped(text))

    def _failed(self, name: str, given: object, message: str) -> Result:
        key = json.dumps([given, message], sort_keys=True, default=repr)
        failures = self._failures.setdefault(name, Counter())
        failures[key] += 1
        times = failures[key]
        if times >= STOP_AFTER:
            return Result(_capped(message), is_error=True, fatal=True)
        if times >= WARN_AFTER:
            message += f"\n\nThis same call has failed {times} times. Read the place again and do something else."
        return Result(_capped(message), is_error=True)


def _as_input(given: object) -> Input | None:
    return cast("Input", given) if isinstance(given, Mapping) else None


def _capped(text: str) -> str:
    if len(text) <= MAX_RESULT_CHARS:
        return text
    half = MAX_RESULT_CHARS // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def text_field(given: Input, name: str, tool: str) -> str:
    """Return a required string of a tool's input. Raises ToolProblem."""
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise ToolProblem("E_RANGE", "", f"{tool} needs {name!r}: a string that is not empty.")
    return value


def line_field(given: Input, name: str, tool: str) -> int | None:
    """Return an optional 1-based line number of a tool's input. Raises ToolProblem."""
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ToolProblem("E_RANGE", "", f"{tool}: {name!r} is a line number from 1 on, not {value!r}.")
    return value
