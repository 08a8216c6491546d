"""A reply is whole or it is none, wherever its stream ends."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.model.assembly import Assembly
from bridle.harness.model.client import ModelProblem
from tests.model.messages_server import CallStep, Step, events

COUNTS = {"input_tokens": 11, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 3}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.text(max_size=8), JSON, max_size=4)
STEPS = st.builds(
    Step,
    text=st.text(max_size=40),
    thinking=st.text(max_size=40),
    calls=st.lists(st.builds(CallStep, tool=st.sampled_from(["read", "search"]), input=INPUTS), max_size=3).map(tuple),
)


def stream(step: Step) -> list[dict[str, Any]]:
    return [{"type": name, **data} for name, data in events(step, {"model": "m"}, COUNTS, 0)]


def assembled(wire: list[dict[str, Any]]) -> Assembly:
    assembly = Assembly()
    for event in wire:
        assembly.take(event)
    return assembly


@pytest.mark.slow
@given(STEPS)
def test_a_whole_stream_gives_what_was_said(step: Step) -> None:
    reply = assembled(stream(step)).reply()
    calls = [(block["name"], block["input"]) for block in reply.content if block["type"] == "tool_use"]
    words = "".join(block["text"] for block in reply.content if block["type"] == "text")
    assert calls == [(call.tool, call.input) for call in step.calls]
    assert words.strip() == step.text.strip()
    assert (reply.usage.input_tokens, reply.usage.cache_read_tokens, reply.usage.cache_write_tokens) == (
        11,
        5,
        3,
    )


@pytest.mark.slow
@given(STEPS, st.data())
def test_a_stream_that_ends_anywhere_before_its_end_gives_no_reply(step: Step, data: st.DataObject) -> None:
    wire = stream(step)
    kept = data.draw(st.integers(0, len(wire) - 1))
    with pytest.raises(ModelProblem):
        assembled(wire[:kept]).reply()


@pytest.mark.slow
@given(STEPS, st.data())
def test_a_stream_that_lost_an_event_never_gives_a_changed_call(step: Step, data: st.DataObject) -> None:
    wire = stream(step)
    lost = data.draw(st.integers(0, len(wire) - 1))
    kept = wire[:lost] + wire[lost + 1 :]
    try:
        reply = assembled(kept).reply()
    except ModelProblem:
        return
    calls = [block["input"] for block in reply.content if block["type"] == "tool_use"]
    wanted = [call.input for call in step.calls]
    lost_text = wire[lost].get("delta", {}).get("partial_json")
    assert all(given in wanted for given in calls) or lost_text is not None
    assert reply.stop_reason, "a reply that does not say why it ended has not ended"


@pytest.mark.slow
@given(STEPS, st.sampled_from(["max_tokens", "refusal", "pause_turn"]))
def test_a_reply_that_the_model_did_not_end_itself_hands_over_no_call(step: Step, stop_reason: str) -> None:
    wire = stream(step)
    wire[-2]["delta"]["stop_reason"] = stop_reason
    reply = assembled(wire).reply()
    assert all(block["type"] != "tool_use" for block in reply.content)
    assert reply.stop_reason == stop_reason


JUNK = st.dictionaries(st.sampled_from(["type", "index", "delta", "message", "content_block", "usage"]), JSON)


@pytest.mark.slow
@given(st.lists(JUNK | st.sampled_from(stream(Step(text="hi", calls=(CallStep("read", {}),)))), max_size=12))
def test_junk_is_a_problem_or_nothing_never_a_crash(wire: list[dict[str, Any]]) -> None:
    with suppress(ModelProblem):
        assembled(wire).reply()


def test_an_endless_reply_is_stopped() -> None:
    assembly = assembled(stream(Step(text="x"))[:3])
    piece = {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": "x" * 1_000_000},
    }
    for _ in range(4):
        assembly.take(piece)
    with pytest.raises(ModelProblem):
        assembly.take(piece)


def test_a_conversation_that_outgrew_the_window_is_over() -> None:
    wire = stream(Step(text="x"))
    wire[-2]["delta"]["stop_reason"] = "model_context_window_exceeded"
    with pytest.raises(ModelProblem, match="context window") as caught:
        assembled(wire).reply()
    assert caught.value.kind == "fatal"


def test_why_the_model_declined_is_kept() -> None:
    wire = stream(Step())
    wire[-2]["delta"] |= {"stop_reason": "refusal", "stop_details": {"type": "refusal", "explanation": "no"}}
    assert assembled(wire).reply().explanation == "no"


def test_an_event_of_a_kind_that_came_later_is_passed_over() -> None:
    wire = stream(Step(text="hi"))
    wire.insert(2, {"type": "weather", "index": 7})
    assert assembled(wire).reply().content[0]["text"] == "hi"
