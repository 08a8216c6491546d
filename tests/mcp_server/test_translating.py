"""What the door makes of calls and replies, without a client: schemas, lines, pages, roots, broken messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from bridle.cli.common import find_root
from bridle.harness import engine as e
from bridle.harness.edits.request import TOOL
from bridle.indexer.linewise import Cut
from bridle.mcp_server import inputs
from bridle.mcp_server.asking import Refused, answer_of, request_of
from bridle.mcp_server.session import choose_root
from bridle.mcp_server.tools import BY_NAME, TOOLS

KNOWN = e.Known(complete=True)
AREA = (4, 0, 6, 0)


def parts(schema: Any) -> list[dict[str, Any]]:
    """Return every schema within one."""
    if isinstance(schema, list):
        return [found for one in schema for found in parts(one)]
    if not isinstance(schema, dict):
        return []
    return [schema, *(found for one in schema.values() for found in parts(one))]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_each_schema_is_whole_closed_and_holds_for_its_own_data(tool: Any) -> None:
    for schema in (tool.input_schema, tool.output_schema):
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
        assert not [one for one in parts(schema) if "$ref" in one or "$defs" in one]
    for one in parts(tool.input_schema):
        if one.get("type") == "object":
            assert one["additionalProperties"] is False


def test_apply_takes_what_the_edit_tool_takes_and_nothing_else() -> None:
    def keys(schema: dict[str, Any]) -> tuple[set[str], set[str], set[str]]:
        file = schema["properties"]["files"]["items"]["properties"]
        edits = file["edits"].get("items") or next(one for one in file["edits"]["anyOf"] if "items" in one)["items"]
        return set(schema["properties"]), set(file), set(edits["properties"])

    assert keys(BY_NAME["apply"].input_schema) == keys(TOOL["input_schema"])


def test_only_what_was_said_of_an_edit_is_handed_on() -> None:
    given = msgspec.convert({"files": [{"path": "a", "rev": 2, "edits": [{"at": "1ab"}]}]}, inputs.ApplyInput)
    assert request_of(given, "x 1") == e.EditLines([{"path": "a", "rev": 2, "edits": [{"at": "1ab"}]}], False, "x 1")
    gone = msgspec.convert({"files": [{"path": "a", "rev": 2, "delete": True}], "dry_run": True}, inputs.ApplyInput)
    assert request_of(gone, "") == e.EditLines([{"path": "a", "rev": 2, "delete": True}], dry_run=True)


def test_lines_are_from_1_outside_and_from_0_inside() -> None:
    assert request_of(inputs.ReadInput("a", 3, 9), "") == e.ReadLines("a", 2, 9)
    row = e.SymbolRow("a::f", "function", "f", "f", "def f()", "a", AREA, AREA)  # type: ignore[arg-type]
    told: Any = answer_of(inputs.SymbolsInput("f"), e.Symbols((row,), KNOWN)).data
    assert (told.symbols[0].start_line, told.symbols[0].end_line) == (5, 6)
    assert request_of(inputs.ContextInput("t", "a", 3, 5), "") == e.GetContext("t", e.Selection("a", 2, 5), 4000)


@pytest.mark.parametrize(
    "given",
    [inputs.ReadInput("a", 3, 2), inputs.ContextInput("t", None, 3), inputs.ContextInput("t", "a", 3, 2)],
    ids=["read backwards", "lines of no file", "context backwards"],
)
def test_lines_that_cannot_be_are_refused_with_the_reason(given: inputs.Strict) -> None:
    with pytest.raises(Refused, match=r"start_line|path"):
        request_of(given, "")


@pytest.mark.parametrize("path", ["/etc/passwd", "../a", "a/../../b", "~/a", "a\\b", ".", "/"])
def test_a_path_that_leads_out_is_refused_before_anything_is_asked(path: str) -> None:
    for given in (inputs.ContextInput("t", path), inputs.VerifyInput([path])):
        with pytest.raises(Refused, match="workspace's root"):
            request_of(given, "")
    assert request_of(inputs.VerifyInput(["./a//b"]), "") == e.Verify(("a/b",), tests="impact")


def test_a_page_names_the_next_one_until_there_is_none() -> None:
    row = e.SymbolRow("a::f", "function", "f", "f", "", "a", AREA, AREA)  # type: ignore[arg-type]
    given = inputs.SymbolsInput("f", limit=2, start=2)
    assert request_of(given, "") == e.FindSymbols("f", "utf-8", limit=4, by_model=True)
    told: Any = answer_of(given, e.Symbols((row,) * 4, e.Known(True, cut=True))).data
    assert (len(told.symbols), told.next_start) == (2, 4)
    last: Any = answer_of(given, e.Symbols((row,) * 3, KNOWN)).data
    assert (len(last.symbols), last.next_start) == (1, None)
    shown: Any = answer_of(inputs.ReadInput("a"), e.Shown("a", 1, "d", ((0, 1000),), 2500, "…"))
    assert shown.data.next_start_line == 1001
    assert "start_line 1001" in shown.text


def test_findings_are_capped_the_new_ones_first_and_counted_whole() -> None:
    old = e.Finding("ruff", "a.py", 3, 4, code="F1", message="x" * 9_000, severity="error", new=False)
    new = msgspec.structs.replace(old, new=True)
    verdict = e.Verdict("ruff", "fail", 1.0, "t", "overlay", findings=(*[old] * 150, new))
    told: Any = answer_of(inputs.VerifyInput(), e.Verified("fail", "t", (verdict,))).data
    (row,) = told.verdicts
    assert (len(row.findings), row.n_findings, row.findings[0].new) == (100, 151, True)
    assert len(row.findings[0].message) == 2_000


def test_what_landed_is_called_not_verified_and_what_waits_names_who_decides() -> None:
    files = (e.EditedFile("a.py", 2, 1, 3, "[a.py v3]", ("mixed line ends",)),)
    landed = answer_of(inputs.ApplyInput([]), e.Edited("landed", files, "p1"))
    assert "not verified" in landed.text
    assert "bridle undo p1" in landed.text
    assert "mixed line ends" in landed.text
    waiting = answer_of(inputs.ApplyInput([]), e.Edited("offered", files, "p1", "a.py: your rule asks"))
    assert "Not written" in waiting.text
    assert "bridle proposals accept p1" in waiting.text


def test_a_refusal_of_the_engine_is_the_agents_next_prompt() -> None:
    with pytest.raises(Refused, match="E_ANCHOR"):
        answer_of(inputs.ApplyInput([]), e.Refusal("E_ANCHOR a: line 2 is another", ()))
    with pytest.raises(Refused, match=r"Alike: a::total"):
        answer_of(inputs.ImpactInput("totl"), e.Impact((), (), 0, KNOWN, ("a::total",)))  # type: ignore[arg-type]


def test_the_root_is_what_was_said_else_the_clients_around_here_else_found_above(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two words"
    for folder in (one, two):
        (folder / "src").mkdir(parents=True)
    (two / "bridle.toml").write_text("")
    uris = [one.as_uri(), two.as_uri()]
    assert choose_root(one, two, uris, find_root) == one
    assert choose_root(None, two / "src", uris, find_root) == two
    assert choose_root(None, tmp_path, uris, find_root) == one
    assert choose_root(None, tmp_path, ["file:///not/there", "https://x/y", "file://[", two.as_uri()], find_root) == two
    with pytest.raises(e.UserProblem) as caught:
        choose_root(None, tmp_path, [Path("/").as_uri()], find_root)
    assert "--root" in caught.value.next_step


def test_a_broken_message_is_answered_by_its_id_where_that_can_be_read() -> None:
    from bridle.mcp_server.server import _message

    def answered(line: bytes | Cut) -> tuple[Any, int]:
        answer = _message(line)
        assert isinstance(answer, bytes)
        told = json.loads(answer)
        return told["id"], told["error"]["code"]

    assert answered(b"{nonsense") == (None, -32700)
    assert answered(b"\xff\xfe") == (None, -32700)
    assert answered(b"[" * 100_000) == (None, -32700)
    assert answered(b"[]") == (None, -32600)
    assert answered(b'{"jsonrpc": "1.0", "id": 7, "method": "ping"}') == (7, -32600)
    assert answered(Cut(b'{"jsonrpc":"2.0","id":"a-1","method":"tools/call","params":{"x":"', b"}", 9)) == (
        "a-1",
        -32600,
    )


def test_where_there_is_no_check_that_is_said() -> None:
    assert "no check is known" in answer_of(inputs.VerifyInput(), e.Verified("unknown", "t", ())).text
