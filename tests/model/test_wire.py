"""What goes over the wire keeps the rules of the Messages API, and its prefix stays the same."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.model.client import Message, ModelRequest
from bridle.harness.model.wire import wire
from tests.model.asking import READ, assistant, request, result, use, user
from tests.model.messages_rules import CHECKS, RULES, refusals

TEXTS = st.text(alphabet="ab \n", max_size=6)


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """What a run's conversation can hold: words on both sides, calls with their results, silence."""
    messages: list[Message] = [user("Task: " + draw(TEXTS))]
    for n in range(draw(st.integers(0, 5))):
        ids = [f"toolu_{n}_{m}" for m in range(draw(st.integers(0, 3)))]
        words: list[dict[str, Any]] = [{"type": "text", "text": draw(TEXTS)}] if draw(st.booleans()) else []
        messages.append(assistant(*words, *(use("read", {"path": "a"}, each) for each in ids)))
        results = [block for each in ids for block in result("lines", each)["content"]]
        messages.append({"role": "user", "content": results or draw(TEXTS) + "Go on."})
        if draw(st.booleans()):
            messages.append(user("And another thing."))
    return messages


@given(conversations())
def test_every_conversation_of_a_run_keeps_the_rules(messages: list[Message]) -> None:
    assert refusals({**wire(request(*messages)), "stream": True}) == []


@given(conversations())
def test_what_was_sent_before_is_sent_again_unchanged(messages: list[Message]) -> None:
    before = plain(wire(request(*messages)))
    after = plain(wire(request(*messages, assistant(use("read", {})), result("x"))))
    assert after["messages"][: len(before["messages"])] == before["messages"]
    assert (after["tools"], after["system"]) == (before["tools"], before["system"])


@given(conversations())
def test_the_same_request_gives_the_same_bytes_and_is_not_changed(messages: list[Message]) -> None:
    asked = request(*messages)
    copy = msgspec.json.encode(asked)
    assert json.dumps(wire(asked)) == json.dumps(wire(asked))
    assert msgspec.json.encode(asked) == copy


def test_breakpoints_stand_on_tools_system_and_the_last_two_words_of_ours() -> None:
    talk = (
        user("one"),
        assistant(use("read", {})),
        result("two"),
        assistant(use("read", {}, "t2")),
        result("3", "t2"),
    )
    long = {"type": "text", "text": "You change code. " * 200}
    big = {**READ, "description": "Read a file. " * 200}
    body = wire(msgspec.structs.replace(request(*talk), system=(long,), tools=(big,)))
    marked = ["cache_control" in message["content"][-1] for message in body["messages"]]
    assert marked == [False, False, True, False, True]
    assert "cache_control" in body["tools"][-1]
    assert "cache_control" in body["system"][-1]


def test_no_breakpoint_stands_where_the_model_caches_nothing_yet() -> None:
    short = wire(request(user("one"), assistant(use("read", {})), result("two")))
    assert "cache_control" not in json.dumps(short)
    grown = wire(request(user("word " * 400), assistant(use("read", {})), result("two")))
    assert ["cache_control" in message["content"][-1] for message in grown["messages"]] == [True, False, True]
    assert "cache_control" not in json.dumps([grown["tools"], grown["system"]])


def test_nothing_is_sent_that_was_not_given() -> None:
    bare = ModelRequest("m", (), (), (user("Hello"),), 10)
    assert set(wire(bare)) == {"model", "max_tokens", "messages"}


def plain(value: Any) -> Any:
    """The same without breakpoints, which move and are no part of what is cached."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "cache_control"}
    return [plain(item) for item in value] if isinstance(value, list) else value


# --- the rule list itself: each rule refuses what it is for -----------------------------------------------

GOOD: dict[str, Any] = {
    "model": "claude-opus-5-5",
    "max_tokens": 100,
    "messages": [user("Hi")],
    "stream": True,
}
MARK = {"cache_control": {"type": "ephemeral"}}
MARKED = {"type": "text", "text": "x", **MARK}
CALL = assistant(use("read", {}))
BROKEN: dict[str, dict[str, Any]] = {
    "unknown_fields": {"messages": [{"role": "user", "content": [{"type": "text", "text": "x", "weather": 1}]}]},
    "model": {"model": "no model"},
    "max_tokens": {"max_tokens": 1_000_000},
    "tool_names": {"tools": [{**READ, "name": "read file"}]},
    "tool_choice": {"tool_choice": {"type": "auto"}},
    "forced_tools": {"tools": [READ], "tool_choice": {"type": "any"}},
    "thinking_budget": {"model": "m", "thinking": {"type": "enabled", "budget_tokens": 100}},
    "thinking_modes": {"thinking": {"type": "disabled"}},
    "breakpoints": {"messages": [{"role": "user", "content": [MARKED] * 5}]},
    "first_message": {"messages": [user("Hi"), assistant({"type": "text", "text": "Hello"})]},
    "roles": {"messages": [user("Hi"), user("Hi")]},
    "text": {"messages": [user(" ")]},
    "tool_results": {"messages": [user("Hi"), CALL, user("no result")]},
    "stray_results": {"messages": [result("nobody asked")]},
    "tool_ids": {"messages": [user("Hi"), CALL, result("x"), CALL, result("x")]},
    "thinking_blocks": {
        "messages": [
            user("Hi"),
            assistant({"type": "thinking", "thinking": "x", "signature": ""}),
            user("Hi"),
        ]
    },
}


@pytest.mark.parametrize("rule", sorted(BROKEN))
def test_a_rule_of_the_list_refuses_what_breaks_it(rule: str) -> None:
    assert refusals(GOOD) == []
    assert any(refusal.startswith(rule) for refusal in refusals({**GOOD, **BROKEN[rule]}))


def test_every_rule_has_its_function_and_its_case() -> None:
    assert set(CHECKS) == set(RULES["rules"])
    assert set(RULES["rules"]) - set(BROKEN) == {"size"}


@pytest.mark.parametrize(
    "broken",
    [{"max_tokens": "many"}, {"messages": [{"role": "user"}]}, {"tools": [{"name": "read"}]}, {"weather": 1}],
)
def test_the_types_of_the_library_refuse_what_is_not_theirs(broken: dict[str, Any]) -> None:
    assert refusals({**GOOD, **broken}) != []
