"""JSON schemas of frozen data in the plain form that every client takes: one object, no references, nothing unknown."""

from __future__ import annotations

from typing import Any, cast

import msgspec

_PREFIX = "#/$defs/"


def schema_of(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the schema of `shape`, which does not hold itself, with each part where it is used."""
    (root,), parts = msgspec.json.schema_components([shape], ref_template=_PREFIX + "{name}")
    return cast("dict[str, Any]", _inlined(root, parts))


def _inlined(node: object, parts: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(one, parts) for one in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    given = cast("dict[str, Any]", node)
    if "$ref" in given:
        rest = {key: value for key, value in given.items() if key != "$ref"}
        return {**_inlined(parts[given["$ref"].removeprefix(_PREFIX)], parts), **rest}
    return {
        key: _inlined(value, parts) for key, value in given.items() if not (key == "title" and isinstance(value, str))
    }
