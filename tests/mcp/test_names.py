"""One name for each tool, read in one way only; a rule for one server never speaks of another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.mcp.names import check_server, look_alikes, parted, qualified, tool_problem
from bridle.harness.nouns import UserProblem
from bridle.harness.permission.rules import Rule, is_of, parse_rule

servers = st.from_regex(r"\A[A-Za-z0-9-]+(_[A-Za-z0-9-]+)*\Z").filter(lambda name: len(name) <= 32)
tools = st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z")


@pytest.mark.slow
@given(servers, tools)
def test_a_qualified_name_is_read_back_as_it_was_made(server: str, tool: str) -> None:
    assert parted(qualified(check_server(server), tool)) == (server, tool)
    assert parse_rule(qualified(server, tool)).tool == qualified(server, tool)


@pytest.mark.slow
@given(servers, tools, servers, tools)
def test_two_tools_never_share_a_name_and_no_rule_of_one_server_speaks_of_another(
    server: str, tool: str, other: str, its: str
) -> None:
    assert (qualified(server, tool) == qualified(other, its)) == ((server, tool) == (other, its))
    assert is_of(qualified(other, its), Rule(f"mcp__{server}")) == (server == other)
    assert is_of(qualified(other, its), Rule(qualified(server, tool))) == ((server, tool) == (other, its))


@pytest.mark.parametrize(
    "name", ["", "a__b", "_a", "a_", "a b", "a.b", "a/b", "ä", "a\n", "f\u0455", "a" * 33, "mcp__a__b", "a\u200bb", "*"]
)
def test_a_server_may_not_be_called_so(name: str) -> None:
    with pytest.raises(UserProblem) as caught:
        check_server(name)
    assert caught.value.next_step


@pytest.mark.parametrize(
    "name", ["", "a.b", "a b", "a/b", "réad", "read\n", "a" * 65, "resources-read", "read\x1b[0m", "r\u0435ad", "*"]
)
def test_a_tool_may_not_be_called_so(name: str) -> None:
    assert tool_problem("a", name)


def test_a_whole_name_is_as_long_as_an_endpoint_takes_it() -> None:
    assert tool_problem("abc", "x" * 54) == ""
    assert "shorter name" in tool_problem("abc", "x" * 55)


@pytest.mark.parametrize("name", ["Edit", "mcp__", "mcp__a", "mcp__a__", "mcp____b", "xmcp__a__b", "mcp__a__b.c"])
def test_what_is_no_qualified_name_is_read_as_none(name: str) -> None:
    assert parted(name) is None


def test_names_that_can_be_taken_for_another_are_known() -> None:
    assert look_alikes(["fs", "fs2", "Fs", "f-s", "read_file", "readfile", "get_ltem", "get_item"]) == {
        "Fs": "fs",
        "f-s": "fs",
        "readfile": "read_file",
        "get_item": "get_ltem",
    }
