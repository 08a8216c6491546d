"""One call of a tool, good, bad and repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridle.harness.edits.problems import ToolProblem
from bridle.harness.tools.toolbox import MAX_RESULT_CHARS, STOP_AFTER, Tool, Toolbox


async def echo(given: Mapping[str, Any]) -> str:
    if "fail" in given:
        raise ToolProblem("E_ANCHOR", "a.py", "line 3 reads otherwise")
    return str(given.get("say", "")) * int(given.get("times", 1))


BOX = {"name": "echo", "description": "says it", "input_schema": {"type": "object"}}


def box() -> Toolbox:
    return Toolbox([Tool("echo", BOX, echo)])


async def test_a_call_is_answered() -> None:
    result = await box().call("echo", {"say": "hello"})
    assert (result.text, result.is_error) == ("hello", False)


async def test_an_unknown_tool_is_told_with_those_there_are() -> None:
    result = await box().call("rm", {})
    assert result.is_error
    assert "echo" in result.text


async def test_an_input_that_is_no_object_is_refused() -> None:
    assert (await box().call("echo", ["say"])).is_error


async def test_a_long_answer_is_cut_in_the_middle() -> None:
    result = await box().call("echo", {"say": "x", "times": 3 * MAX_RESULT_CHARS})
    assert len(result.text) < MAX_RESULT_CHARS + 100
    assert "characters left out" in result.text


async def test_the_same_failure_is_called_out_the_third_time_and_stops_the_run_the_fifth() -> None:
    tools = box()
    results = [await tools.call("echo", {"fail": True}) for _ in range(5)]
    assert all(result.is_error for result in results)
    assert ["has failed" in result.text for result in results] == [False, False, True, True, False]
    assert [result.fatal for result in results] == [False, False, False, False, True]


async def test_looking_around_between_equal_failures_is_no_progress() -> None:
    tools = box()
    for _ in range(4):
        assert not (await tools.call("echo", {"fail": True})).fatal
        assert not (await tools.call("rm", {})).fatal
    assert (await tools.call("echo", {"fail": True})).fatal


async def test_the_same_answer_to_the_same_call_is_called_out_and_stops_the_run() -> None:
    tools = box()
    results = [await tools.call("echo", {"say": "x"}) for _ in range(5)]
    assert ["was made" in result.text for result in results] == [False, False, True, True, False]
    assert [result.fatal for result in results] == [False, False, False, False, True]
    assert not any(result.is_error for result in results)


async def test_calls_that_differ_or_answer_differently_do_not_add_up() -> None:
    tools = box()
    results = [await tools.call("echo", {"say": say}) for say in "xyxyxyxyxy"]
    assert not any(result.fatal or "was made" in result.text for result in results)


async def test_a_success_of_the_tool_in_between_ends_the_row() -> None:
    tools = box()
    for n in range(STOP_AFTER):
        assert not (await tools.call("echo", {"fail": True})).fatal
        await tools.call("echo", {"say": str(n)})


async def test_failures_that_differ_do_not_add_up() -> None:
    tools = box()
    results = [await tools.call("echo", {"fail": n}) for n in range(2 * STOP_AFTER)]
    assert not any(result.fatal for result in results)
