"""What compatible endpoints say to a request with a feature that they do not have, in the words that such use."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from tests.model.messages_rules import blocks_in_order, said

Body = dict[str, Any]


def refusal_of(body: Body, lacks: Collection[str], *, counting: bool) -> tuple[int, str] | None:
    """The status and the words for the first feature of a request that is lacking; None where nothing is."""
    if counting:
        return (404, "Not Found: /v1/messages/count_tokens") if "count_tokens" in lacks else None
    return next((REFUSALS[name] for name in REFUSALS if name in lacks and ASKED[name](body)), None)


REFUSALS: dict[str, tuple[int, str]] = {
    "cache_control": (400, "tools.0.cache_control: Extra inputs are not permitted"),
    "effort": (400, "output_config: Extra inputs are not permitted"),
    "thinking": (400, "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2"),
    "typed_tools": (422, "Input tag 'text_editor_20250728' found using 'type' does not match any of the expected tags"),
    "strict": (400, "tools.0.custom.strict: Extra inputs are not permitted"),
    "images": (400, "This model does not support image input"),
}


def _images(body: Body) -> bool:
    inner = [one for block in said(body) if isinstance(block.get("content"), list) for one in block["content"]]
    return any(block["type"] == "image" for block in [*said(body), *inner])


ASKED: dict[str, Callable[[Body], bool]] = {
    "cache_control": lambda body: any("cache_control" in block for block in blocks_in_order(body)),
    "effort": lambda body: "effort" in body.get("output_config", {}),
    "thinking": lambda body: "thinking" in body or any(block["type"] == "thinking" for block in said(body)),
    "typed_tools": lambda body: any("input_schema" not in tool for tool in body.get("tools", [])),
    "strict": lambda body: any("strict" in tool for tool in body.get("tools", [])),
    "images": _images,
}
