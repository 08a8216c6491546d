"""What a server offers, held against what was approved: one word more or less is another tool."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bridle.harness.mcp.definition import Server
from bridle.harness.mcp.offers import MAX_TOOLS, Approval, approved, held_against, offers, strangers
from bridle.harness.mcp.poison import Flagged

TOOL: dict[str, Any] = {
    "name": "echo",
    "description": "Echoes.",
    "inputSchema": {"type": "object", "properties": {"text": {"type": "string", "enum": ["a", "b"]}}},
    "annotations": {"readOnlyHint": True},
}


def changed(**more: Any) -> dict[str, Any]:
    made = copy.deepcopy(TOOL)
    made.update(more)
    return made


def digest_of(tool: dict[str, Any]) -> str:
    (offer,) = offers("odd", [tool])
    return offer.digest


@pytest.mark.parametrize(
    "other",
    [
        changed(name="Echo"),
        changed(description="Echoes. "),
        changed(description="Echoes\u200b."),
        changed(title="Echo"),
        changed(annotations={"readOnlyHint": False}),
        changed(annotations={}),
        changed(outputSchema={"type": "object"}),
        changed(vendor={"x": 1}),
        changed(inputSchema={"type": "object"}),
        changed(inputSchema={**TOOL["inputSchema"], "required": ["text"]}),
        changed(inputSchema={"type": "object", "properties": {"text": {"type": "string", "enum": ["b", "a"]}}}),
    ],
)
def test_any_change_of_a_declaration_is_another_digest(other: dict[str, Any]) -> None:
    assert digest_of(other) != digest_of(TOOL)


@pytest.mark.parametrize("other", [changed(_meta={"at": 1}), changed(icons=[]), dict(reversed(TOOL.items()))])
def test_what_says_nothing_does_not_count(other: dict[str, Any]) -> None:
    assert digest_of(other) == digest_of(TOOL)


def test_standings_follow_from_the_approval() -> None:
    found = offers("odd", [TOOL, changed(name="two"), changed(name="three"), changed(name="a b")])
    known = Approval("d", {"echo": (digest_of(TOOL),), "two": ("older",)})
    held = {offer.tool: offer.standing for offer in held_against(known, found)}
    assert held == {"echo": "approved", "two": "changed", "three": "new", "a b": "refused"}
    assert {offer.standing for offer in held_against(None, found)} == {"new", "refused"}
    assert approved(held_against(known, found)) == ()
    without = held_against(known, [offer for offer in found if offer.tool != "two"])
    assert [offer.tool for offer in approved(without)] == ["echo"]


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (None, "no object"),
        ([], "no object"),
        ({"type": "array"}, "no object"),
        ({"properties": {"a": {"$ref": "https://example.com/s"}}}, "elsewhere"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "elsewhere"),
        ({"$defs": {"a": {"items": [{"$ref": "other.json#/a"}]}}}, "elsewhere"),
        ({"oneOf": [{"type": "object"}]}, "choice"),
        ({"type": "object", "allOf": []}, "choice"),
        ({"properties": {"a b": {}}}, "'a b'"),
        ({"properties": {"x" * 65: {}}}, "endpoints refuse"),
        ({"properties": {"a": {"type": "strin"}}}, "not valid"),
        ({"properties": {"a": {"items": [{}]}}}, "not valid"),
        ({"properties": []}, "not valid"),
        ({"required": "a"}, "not valid"),
    ],
)
def test_a_schema_that_cannot_be_shown_is_a_problem(schema: object, problem: str) -> None:
    (offer,) = offers("odd", [changed(inputSchema=schema)])
    assert problem in offer.problem
    assert approved(held_against(Approval("d", {"echo": (offer.digest,)}), [offer])) == ()


def test_the_model_is_shown_three_things_and_no_more() -> None:
    (offer,) = offers("odd", [changed(title="T", vendor="v")])
    assert offer.spec == {
        "name": "mcp__odd__echo",
        "description": "Echoes.",
        "input_schema": TOOL["inputSchema"],
    }


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": False},
        {"properties": {"a.b-c_1": {"oneOf": [{"type": "string"}, {"$ref": "#/$defs/x"}]}}, "$defs": {"x": {}}},
        {"properties": {"a": {"$ref": "#"}}},
        {"properties": {"a": {"type": "string", "pattern": "(a+)+$"}}},
    ],
)
def test_a_schema_that_an_endpoint_takes_is_offered_as_an_object(schema: dict[str, Any]) -> None:
    (offer,) = offers("odd", [changed(inputSchema=schema)])
    assert offer.problem == ""
    assert offer.spec["input_schema"] == {"type": "object", **schema}


@pytest.mark.slow
def test_order_and_number_are_the_same_whatever_the_server_says() -> None:
    many = [changed(name=f"t{number}") for number in range(500)]
    assert len(offers("odd", many)) == MAX_TOOLS
    assert offers("odd", many[:50]) == offers("odd", list(reversed(many[:50])))


def test_names_that_can_be_taken_for_another_are_flagged() -> None:
    found = {offer.tool: offer.flags for offer in offers("odd", [TOOL, changed(name="Echo")])}
    flag = Flagged("/name", "look-alike", "it can be taken for another tool", "Echo")
    assert found == {"Echo": (), "echo": (flag,)}


def test_a_server_has_no_reason_to_know_the_names_of_others() -> None:
    servers = [Server(name, "user", command=("x",)) for name in ("fs", "mail")]
    known = {"fs": Approval("d", {"read_file": ("x",)})}
    assert strangers(servers[1], servers, known) == ("fs", "read_file", "fs.read_file", "mcp__fs__read_file")
    (offer,) = offers("mail", [changed(description="Better than read_file.")], strangers(servers[1], servers, known))
    assert [flag.name for flag in offer.flags] == ["reaches for other tools"]
