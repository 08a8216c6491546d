"""Whether a tool's input schema is one that a model's endpoint takes: one that it does not would end every run. Pure.

The endpoint wants an object by name, valid by JSON Schema 2020-12, no choice between shapes at its top, and plain names
of parameters. References stay inside of the document.
"""

from __future__ import annotations

import re
from typing import Any, cast

MAX_DEPTH = 64

_PARAMETER = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_CHOICES = ("oneOf", "anyOf", "allOf")


def problem_of(schema: object) -> str:
    """Return why a schema cannot be offered, "" when it can."""
    if not isinstance(schema, dict):
        return "its input schema is no object"
    given = cast("dict[str, Any]", schema)
    if given.get("type", "object") != "object":
        return "its input is no object"
    if _leads_away(given):
        return "its input schema refers to a document elsewhere, or nests too deep"
    if any(choice in given for choice in _CHOICES):
        return "its input is a choice between several shapes, which models' endpoints refuse"
    properties = given.get("properties")
    names = cast("dict[str, Any]", properties) if isinstance(properties, dict) else {}
    odd = next((name for name in names if not _PARAMETER.fullmatch(name)), None)
    if odd is not None:
        return f"its parameter {odd[:80]!r} has a name that models' endpoints refuse"
    return "" if _is_valid(given) else "its input schema is not valid by JSON Schema"


def offered(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema as the model's endpoint wants it."""
    return schema if "type" in schema else {"type": "object", **schema}


def _leads_away(value: object, depth: int = 0) -> bool:
    if depth > MAX_DEPTH:
        return True
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value)
        reference = inner.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            return True
        return any(_leads_away(each, depth + 1) for each in inner.values())
    return isinstance(value, list) and any(_leads_away(each, depth + 1) for each in cast("list[object]", value))


def _is_valid(schema: dict[str, Any]) -> bool:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema({key: value for key, value in schema.items() if key != "$schema"})
    except (SchemaError, RecursionError):
        return False
    return True
