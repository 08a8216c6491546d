"""Writes the extension's settings into package.json from the one schema that the server reads them by.

    python editors/vscode/settings.py [--check]

Types, bounds and defaults come from the schema; the sentence about each is kept from package.json, where a person
writes it. `--check` writes nothing and exits with 1 when something would change or a sentence is missing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bridle.harness.settingsfiles import schema

PACKAGE = Path(__file__).with_name("package.json")
MACHINE = {"bridle.path", "bridle.shownFolder"}
"""Settings that a workspace must not choose."""

Schema = Mapping[str, Any]


def main() -> int:
    """Write, or with `--check` only compare."""
    text = PACKAGE.read_text("utf-8")
    package = json.loads(text)
    settings = package["contributes"]["configuration"]["properties"]
    fresh = dict(properties(json.loads(json.dumps(schema("editor"))), settings))
    silent = [name for name, setting in fresh.items() if not setting["description"]]
    if silent:
        sys.stderr.write(f"package.json says nothing about {', '.join(silent)}: add a description" + "\n")
    if "--check" in sys.argv[1:]:
        if settings != fresh:
            sys.stderr.write(f"package.json is behind the schema: run python {Path(__file__).name}" + "\n")
        return int(bool(silent) or settings != fresh)
    package["contributes"]["configuration"]["properties"] = fresh
    PACKAGE.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return int(bool(silent))


def properties(whole: Schema, known: Mapping[str, Schema]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each setting by its dotted name, with the description that is known of it."""
    for name, leaf in leaves(whole, whole, "bridle"):
        scope = "machine" if name in MACHINE else "window"
        yield name, {**leaf, "scope": scope, "description": known.get(name, {}).get("description", "")}


def leaves(whole: Schema, node: Schema, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The settings under a node: objects are descended into, what has a type is one setting, the rest is no one's."""
    resolved = resolve(whole, node)
    if "properties" in resolved:
        for key, child in resolved["properties"].items():
            yield from leaves(whole, child, f"{name}.{key}")
    elif resolved.keys() - {"default"}:
        yield name, {**simplify(whole, resolved), "default": node["default"]}


def simplify(whole: Schema, node: Schema) -> dict[str, Any]:
    """A leaf in the form that the settings editor shows best: "this or null" as one type, no references."""
    node = resolve(whole, node)
    if "anyOf" in node:
        options = [simplify(whole, option) for option in node["anyOf"]]
        values = [option for option in options if option != {"type": "null"}]
        if len(values) != 1:
            return {"anyOf": options}
        (value,) = values
        enum = {"enum": [*value["enum"], None]} if "enum" in value else {}
        return {**value, "type": [value["type"], "null"], **enum}
    if "enum" in node:
        return {"type": "string", "enum": list(node["enum"])}
    if "items" in node:
        return {"type": "array", "items": simplify(whole, node["items"])}
    if "properties" in node:
        inner = {key: simplify(whole, child) for key, child in node["properties"].items()}
        return {"type": "object", "properties": inner, "required": list(node["required"])}
    return {key: value for key, value in node.items() if key != "default"}


def resolve(whole: Schema, node: Schema) -> Schema:
    """The definition that a node refers to, or the node."""
    if "$ref" not in node:
        return node
    found: Schema = whole["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return found


if __name__ == "__main__":
    sys.exit(main())
