"""The rules of the Messages API as the local server enforces them: the SDK's own types, and a written list.

`refusals(body)` returns what is wrong with a request, empty where nothing is. The rules stand in
messages_rules.toml; here is one function for each.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from anthropic.types import message_count_tokens_params, message_create_params
from pydantic import TypeAdapter, ValidationError

RULES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("messages_rules.toml").read_text("utf-8"))
FIELDS: dict[str, list[str]] = RULES["fields"]
LIMITS: dict[str, int] = RULES["limits"]
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
ID = re.compile(r"[a-zA-Z0-9_-]+\Z")

Body = dict[str, Any]
Block = dict[str, Any]


@cache
def adapter(counting: bool) -> TypeAdapter[Any]:
    if counting:
        return TypeAdapter(message_count_tokens_params.MessageCountTokensParams)
    return TypeAdapter(message_create_params.MessageCreateParams)


def refusals(body: Body, counting: bool = False) -> list[str]:
    """What is wrong with a request: the types first, then each rule that it breaks."""
    wrong = type_errors(body, counting)
    if wrong:
        return wrong
    checks = {name: check for name, check in CHECKS.items() if not (counting and name == "max_tokens")}
    return [f"{name}: {text}" for name, text in RULES["rules"].items() if name in checks and not checks[name](body)]


def type_errors(body: Body, counting: bool) -> list[str]:
    extra = set(body) - set(FIELDS["count_tokens" if counting else "request"])
    if extra:
        return [f"unknown_fields: {sorted(extra)}"]
    try:
        _exhaust(adapter(counting).validate_python(body))
    except ValidationError as error:
        return [f"types: {item['loc']}: {item['msg']}" for item in error.errors()[:3]]
    return []


def _exhaust(value: Any) -> None:
    """The SDK's types say Iterable, which pydantic checks only while somebody iterates."""
    if isinstance(value, Mapping):
        for item in value.values():
            _exhaust(item)
    elif not isinstance(value, str | bytes) and hasattr(value, "__iter__"):
        for item in value:
            _exhaust(item)


def model_facts(model: str) -> dict[str, Any]:
    facts: dict[str, Any] = RULES["models"].get(model, RULES["models"]["default"])
    return facts


# --- walking ----------------------------------------------------------------------------------------------


def content(message: Mapping[str, Any]) -> list[Block]:
    given = message["content"]
    return [{"type": "text", "text": given}] if isinstance(given, str) else list(given)


def system(body: Body) -> list[Block]:
    given = body.get("system", [])
    return [{"type": "text", "text": given}] if isinstance(given, str) else list(given)


def blocks_in_order(body: Body) -> Iterator[Block]:
    """Everything that the cache keys on, in its order: tools, system, messages."""
    yield from body.get("tools", [])
    yield from system(body)
    for message in body["messages"]:
        for block in content(message):
            yield {"role": message["role"], **block}


def said(body: Body) -> Iterator[Block]:
    for message in body["messages"]:
        yield from content(message)


def uses(message: Mapping[str, Any]) -> list[str]:
    return [block["id"] for block in content(message) if block["type"] == "tool_use"]


def results(message: Mapping[str, Any]) -> list[str]:
    return [block["tool_use_id"] for block in content(message) if block["type"] == "tool_result"]


# --- one function for each rule ---------------------------------------------------------------------------


def unknown_fields(body: Body) -> bool:
    return (
        all(set(message) <= set(FIELDS["message"]) for message in body["messages"])
        and all(set(tool) <= set(FIELDS["tool"]) for tool in body.get("tools", []))
        and all(set(block) <= set(FIELDS.get(block["type"], [])) for block in [*system(body), *said(body)])
    )


def model(body: Body) -> bool:
    return bool(re.fullmatch(r"[\w.:/@-]{1,256}", body["model"]))


def max_tokens(body: Body) -> bool:
    return bool(1 <= body["max_tokens"] <= model_facts(body["model"])["max_tokens"])


def tool_names(body: Body) -> bool:
    tools = body.get("tools", [])
    names = [tool["name"] for tool in tools]
    return (
        len(set(names)) == len(names)
        and all(NAME.match(name) for name in names)
        and all(_declared(tool) for tool in tools)
    )


def _declared(tool: Mapping[str, Any]) -> bool:
    """A tool of our own has a schema; one of Anthropic's is known by its type and name, and has none."""
    kind = tool.get("type", "custom")
    if kind == "custom":
        return bool(tool["input_schema"].get("type") == "object")
    return RULES["own_tools"].get(kind) == tool["name"] and "input_schema" not in tool and "description" not in tool


def tool_choice(body: Body) -> bool:
    choice = body.get("tool_choice")
    names = [tool["name"] for tool in body.get("tools", [])]
    return choice is None or (bool(names) and (choice["type"] != "tool" or choice["name"] in names))


def forced_tools(body: Body) -> bool:
    forced = body.get("tool_choice", {}).get("type") in ("any", "tool")
    thinks = body.get("thinking", {}).get("type") in ("enabled", "adaptive")
    return not forced or not (thinks or "always" in model_facts(body["model"])["thinking"])


def thinking_budget(body: Body) -> bool:
    thinking = body.get("thinking", {})
    return bool(thinking.get("type") != "enabled" or 1024 <= thinking["budget_tokens"] < body["max_tokens"])


def thinking_modes(body: Body) -> bool:
    return "thinking" not in body or body["thinking"]["type"] in model_facts(body["model"])["thinking"]


def breakpoints(body: Body) -> bool:
    marked = [block for block in blocks_in_order(body) if block.get("cache_control")]
    lives = ["1h 5m".index(block["cache_control"].get("ttl", "5m")) for block in marked]
    return (
        len(marked) <= LIMITS["breakpoints"]
        and lives == sorted(lives)
        and all(block.get("type") not in ("thinking", "redacted_thinking") for block in marked)
        and all(block.get("text") != "" for block in marked)
    )


def first_message(body: Body) -> bool:
    messages = body["messages"]
    return bool(messages) and messages[0]["role"] == "user" and messages[-1]["role"] == "user"


def roles(body: Body) -> bool:
    order = [message["role"] for message in body["messages"]]
    return _take_turns(order) and set(order) <= {"user", "assistant"}


def _take_turns(order: list[str]) -> bool:
    return all(one != other for one, other in pairwise(order))


def text(body: Body) -> bool:
    empty = [block for block in [*system(body), *said(body)] if block["type"] == "text" and not block["text"].strip()]
    return not empty and all(content(message) for message in body["messages"])


def tool_results(body: Body) -> bool:
    messages = body["messages"]
    for n, message in enumerate(messages):
        wanted = uses(message) if message["role"] == "assistant" else []
        if not wanted:
            continue
        if n + 1 == len(messages):
            return False
        head = [block.get("tool_use_id") for block in content(messages[n + 1])[: len(wanted)]]
        if Counter(head) != Counter(wanted) or Counter(results(messages[n + 1])) != Counter(wanted):
            return False
    return True


def stray_results(body: Body) -> bool:
    messages = body["messages"]
    return all(
        set(results(message)) <= (set(uses(messages[n - 1])) if n else set()) for n, message in enumerate(messages)
    )


def tool_ids(body: Body) -> bool:
    ids = [each for message in body["messages"] for each in uses(message)]
    return len(set(ids)) == len(ids) and all(ID.match(each) for each in ids)


def thinking_blocks(body: Body) -> bool:
    return all(block.get("signature") for block in said(body) if block["type"] == "thinking")


def size(body: Body) -> bool:
    return len(json.dumps(body)) <= LIMITS["request_bytes"]


CHECKS: dict[str, Callable[[Body], bool]] = {
    name: check for name, check in list(globals().items()) if name in RULES["rules"]
}
