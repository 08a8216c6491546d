"""A request without what its endpoint lacks: pure, over the parameters of a call as they go over the wire."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, cast

from bridle.harness.model.client import Block, Feature

Parameters = dict[str, Any]

NO_IMAGE: Block = {"type": "text", "text": "(an image stood here; this model is shown none)"}
PLAIN: dict[str, Block] = {
    "text_editor_20250728": {
        "description": (
            "View and edit text files. `view` shows a file with numbered lines, or what is in a folder; `str_replace` "
            "replaces the one place where `old_str` stands by `new_str`; `create` writes `file_text` to a new file; "
            "`insert` puts `insert_text` after line `insert_line`, 0 for the start."
        ),
        "input_schema": {
            "type": "object",
            "properties": {
                "command": {"type": "string", "enum": ["view", "str_replace", "create", "insert"]},
                "path": {"type": "string"},
                "view_range": {"type": "array", "items": {"type": "integer"}},
                "old_str": {"type": "string"},
                "new_str": {"type": "string"},
                "file_text": {"type": "string"},
                "insert_line": {"type": "integer"},
                "insert_text": {"type": "string"},
            },
            "required": ["command", "path"],
        },
    }
}
"""Tools that a model knows by their type, declared for one that does not."""


def without(body: Parameters, lacks: Collection[Feature]) -> Parameters:
    """Return `body` without the features in `lacks`; what there is nothing of is left as it is."""
    for feature in lacks:
        body = _LEAVING.get(feature, _as_it_is)(body)
    return body


def uses(body: Parameters, feature: Feature) -> bool:
    """Tell whether a call asks for a feature."""
    return without(body, (feature,)) != body


def _as_it_is(body: Parameters) -> Parameters:
    return body


def _no_marks(body: Parameters) -> Parameters:
    return cast("Parameters", _stripped(body, "cache_control"))


def _stripped(value: Any, key: str) -> Any:
    """Return the blocks of a call without `key`; schemas, and what a model gave to a tool, stay as they are."""
    if isinstance(value, dict):
        known = cast("dict[str, Any]", value)
        return {
            name: item if name in ("input", "input_schema") else _stripped(item, key)
            for name, item in known.items()
            if name != key
        }
    if isinstance(value, list):
        items = cast("list[object]", value)
        return [_stripped(item, key) for item in items]
    return value


def _no_thinking(body: Parameters) -> Parameters:
    messages: list[Block] = []
    for message in body["messages"]:
        kept = [block for block in message["content"] if block["type"] not in ("thinking", "redacted_thinking")]
        messages.append({**message, "content": kept or [{"type": "text", "text": "(no words)"}]})
    return {**{key: value for key, value in body.items() if key != "thinking"}, "messages": messages}


def _no_effort(body: Parameters) -> Parameters:
    config = {key: value for key, value in body.get("output_config", {}).items() if key != "effort"}
    rest = {key: value for key, value in body.items() if key != "output_config"}
    return {**rest, "output_config": config} if config else rest


def _no_strict(body: Parameters) -> Parameters:
    if "tools" not in body:
        return body
    return {**body, "tools": [{key: one[key] for key in one if key != "strict"} for one in body["tools"]]}


def _plain_tools(body: Parameters) -> Parameters:
    if "tools" not in body:
        return body
    return {**body, "tools": [_plain(tool) for tool in body["tools"]]}


def _plain(tool: Block) -> Block:
    plain = PLAIN.get(str(tool.get("type", "")))
    if plain is None:
        return tool
    return {**{key: value for key, value in tool.items() if key != "type"}, **plain}


def _no_images(body: Parameters) -> Parameters:
    return {**body, "messages": [{**one, "content": _worded(one["content"])} for one in body["messages"]]}


def _worded(blocks: list[Block]) -> list[Block]:
    out: list[Block] = []
    for block in blocks:
        content = block.get("content")
        if block["type"] == "image":
            out.append(NO_IMAGE)
        elif block["type"] == "tool_result" and isinstance(content, list):
            out.append({**block, "content": _worded(cast("list[Block]", content))})
        else:
            out.append(block)
    return out


_LEAVING: dict[Feature, Callable[[Parameters], Parameters]] = {
    "cache_control": _no_marks,
    "thinking": _no_thinking,
    "effort": _no_effort,
    "strict": _no_strict,
    "typed_tools": _plain_tools,
    "images": _no_images,
}
