"""Attacks that are told of MCP servers, each driven through the room as a whole: approval, a run's tools, one call."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Literal

import pytest

from bridle.harness.mcp.servers import Servers
from bridle.harness.nouns import RunId
from bridle.harness.permission.grants import Grants
from bridle.harness.permission.rules import Policy, PolicyRule, parse_rule
from bridle.harness.session.journal import Journal
from bridle.harness.tools.foreign import Foreign
from bridle.harness.tools.permits import Permits, Terms
from bridle.harness.tools.toolbox import Toolbox
from tests.mcp.conftest import Desk, odd

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]

FILE = Path(__file__).parents[1] / "cases" / "mcp_attacks.jsonl"
CASES = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
Verdict = Literal["allow", "ask", "deny", "truncate"]
ENOUGH: dict[str, set[Verdict]] = {
    "ask": {"ask", "deny"},
    "deny": {"deny"},
    "truncate": {"truncate"},
}
"""What is as good as what a case wants, or better."""


class Drive:
    """One case: our server, approved where nothing stands against it, in a run whose rules allow it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.asked = 0

    async def box(self, servers: Servers, *allowed: str) -> Toolbox:
        """Return a run's tools; what no rule allows is asked about, and the answer is no."""

        async def ask(question: str, choices: tuple[str, ...], default: str) -> str:
            self.asked += 1
            return default

        rules = tuple(PolicyRule("allow", parse_rule(rule)) for rule in allowed)
        journal = Journal(self.desk.state, RunId("run"), lambda: 1.0)
        policy = Policy(self.desk.root, "auto", rules)
        permits = Permits(Grants(policy), journal, ask, Terms(self.desk.state / "config.toml"))
        return Toolbox(Foreign(servers, policy, journal, permits).tools(await servers.offered()))

    async def declared(self, tool: dict[str, Any]) -> Verdict:
        """A tool that is flagged is not approved unless it is named: the person is asked about it."""
        path = self.desk.declared / "tools.json"
        path.write_text(json.dumps([tool]))
        server = self.desk.telling(path)
        servers = self.desk.servers(server)
        (offer,) = await servers.look(server)
        if offer.problem:
            return "deny"
        servers.approve(server, [offer] if not offer.flags else [])
        box = await self.box(servers, "mcp__odd")
        return "allow" if box.specs else "ask"

    async def changed(self, before: dict[str, Any], after: dict[str, Any]) -> Verdict:
        path = self.desk.declared / "tools.json"
        path.write_text(json.dumps([before]))
        servers = await self.desk.approved(self.desk.telling(path))
        box = await self.box(servers, "mcp__odd")
        assert not (await box.call("mcp__odd__echo", {"text": "as approved"})).is_error
        path.write_text(json.dumps([after]))
        again = await servers.offered()
        failed = (await box.call("mcp__odd__echo", {"text": "changed"})).is_error
        return "ask" if failed and not again.tools else "allow"

    async def two(self, first: str, second: str) -> Verdict:
        """A rule allows the first server's tool; the second's is called."""
        one, two = odd(first), odd(second)
        box = await self.box(await self.desk.approved(one, two), f"mcp__{first}__echo", f"mcp__{first}")
        assert not (await box.call(f"mcp__{first}__echo", {})).is_error
        refused = (await box.call(f"mcp__{second}__echo", {})).is_error
        return "ask" if refused and self.asked == 1 else "allow"

    async def called(self, tool: str, given: dict[str, Any], cut: str, refused: str) -> Verdict:
        box = await self.box(await self.desk.approved(odd()), "mcp__odd")
        result = await box.call(f"mcp__odd__{tool}", given)
        if cut in result.text and len(result.text) <= 60_100:
            return "truncate"
        return "deny" if result.is_error or refused in result.text else "allow"


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
async def test_an_attack_gets_no_further_than_it_should(desk: Desk, case: dict[str, Any]) -> None:
    drive, given = Drive(desk), case["input"]
    schema = {"type": "object", **given.get("inputSchema", {})}
    cut, left_out, refused = "the rest is left out", "a resource was left out", '"code": -32601'
    match given:
        case {"rug_pull": pull}:
            before = {"name": "echo", "description": pull["before"], "inputSchema": {"type": "object"}}
            after = {**before, "description": pull["after"], **{k: v for k, v in pull.items() if k == "inputSchema"}}
            verdict = await drive.changed(before, after)
        case {"dup_tool": [first, second]}:
            verdict = await drive.two(first.partition(".")[0], second.partition(".")[0])
        case {"tool_result_bytes": n_bytes}:
            verdict = await drive.called("huge", {"bytes": n_bytes}, cut, refused)
        case {"sampling": _}:
            verdict = await drive.called("sample", {}, cut, refused)
        case {"elicitation": _}:
            verdict = await drive.called("elicit", {}, cut, refused)
        case {"resource": uri}:
            uri = uri.replace("WORKSPACE", str(desk.root).replace(" ", "%20"))
            verdict = await drive.called("resource", {"uri": uri}, cut, left_out)
        case _:
            name = given.get("tool") or given["server2.tool"]
            verdict = await drive.declared(
                {"name": name, "inputSchema": schema, "description": given.get("description", "")}
            )
    assert verdict in ENOUGH[case["expect"]], case["why"]


async def test_a_tool_without_a_flag_is_offered_so_that_the_drive_can_tell(desk: Desk) -> None:
    tool = {"name": "echo", "description": "Echoes.", "inputSchema": {"type": "object"}}
    assert await Drive(desk).declared(tool) == "allow"
