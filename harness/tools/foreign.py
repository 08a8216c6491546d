"""Tools of MCP servers as tools of a run: each call decided, told to the journal, answered as data.

A server's tool is asked about unless a rule of the person's allows it; where nobody can be asked, it is refused. An
argument that names a file of secrets refuses the call, whatever the rules say.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import cast

import msgspec

from bridle.context.redact import is_credential_file
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.mcp.host import Answered
from bridle.harness.mcp.names import READ_RESOURCE, qualified
from bridle.harness.mcp.poison import visible
from bridle.harness.mcp.problems import LinkProblem
from bridle.harness.mcp.resources import refusal_of
from bridle.harness.mcp.results import resource_parts, told
from bridle.harness.mcp.servers import Offered, Servers
from bridle.harness.nouns import UserProblem
from bridle.harness.permission.protected import protection
from bridle.harness.permission.rules import Policy
from bridle.harness.session.journal import Journal
from bridle.harness.tools.permits import Permits
from bridle.harness.tools.toolbox import Input, Tool, text_field

MAX_INPUT_BYTES = 256 * 1024
MAX_PATH_CHARS = 4_096

Send = Callable[[], Awaitable[Answered]]


class Foreign:
    """The servers' tools in one run; `policy` says which resources may be read, `permits` which calls may be made."""

    def __init__(self, servers: Servers, policy: Policy, journal: Journal, permits: Permits) -> None:
        self._servers = servers
        self._policy = policy
        self._journal = journal
        self._permits = permits

    def tools(self, offered: Offered) -> tuple[Tool, ...]:
        """Return the tools in the order of the offers, then one for each server that has resources."""
        theirs = [Tool(each.name, each.spec, partial(self._call, each.server, each.tool)) for each in offered.tools]
        ours = [Tool(_reader(each), _reader_spec(each), partial(self._read, each)) for each in offered.readable]
        return (*theirs, *ours)

    async def _call(self, server: str, tool: str, given: Input) -> str:
        name = qualified(server, tool)
        rule = await self._permit(name, given)
        return await self._sent(server, name, rule, lambda: self._servers.call(name, given))

    async def _read(self, server: str, given: Input) -> str:
        name = _reader(server)
        uri = text_field(given, "uri", name)
        why = refusal_of(uri, self._policy)
        if why:
            raise self._permits.deny(name, uri, "built in: resource", f"{name} {visible(uri)!r}: {why}")
        rule = await self._permit(name, {"uri": uri})

        async def send() -> Answered:
            answered = await self._servers.read(server, uri)
            result = resource_parts(answered.result)
            return msgspec.structs.replace(answered, result=result)

        return await self._sent(server, name, rule, send)

    async def _sent(self, server: str, name: str, rule: str, send: Send) -> str:
        """Send an allowed call and return its result for the model. Raises ToolProblem E_MCP."""
        began = time.monotonic()
        try:
            answered = await send()
        except UserProblem as problem:
            self._note(name, "unavailable", rule, began)
            raise ToolProblem("E_MCP", name, f"{problem.message}. Work without this tool.") from problem
        except LinkProblem as problem:
            self._note(name, problem.kind, rule, began)
            raise ToolProblem("E_MCP", name, _said(problem)) from problem
        refuse = partial(refusal_of, policy=self._policy)
        result = told(name, answered.result, refuse, partial(self._servers.strike_out, server))
        outcome = "failed" if result.failed else "truncated" if result.truncated else "answered"
        self._note(name, outcome, rule, began, answered)
        if result.failed:
            raise ToolProblem("E_MCP", name, result.text)
        return result.text

    async def _permit(self, name: str, given: Input) -> str:
        """Return the rule that lets a call through. Raises ToolProblem E_PERMISSION when none does."""
        subject = _plain(name, given)
        secret = next((text for text in _strings(given) if _is_secret(text)), None)
        if secret is not None:
            reason = f"{name} {visible(secret)!r}: it names a file of secrets"
            raise self._permits.deny(name, subject, "built in: credentials", reason)
        return await self._permits.expect(name, subject, "Work without this tool.")

    def _note(self, name: str, outcome: str, rule: str, began: float, answered: Answered | None = None) -> None:
        seconds = round(time.monotonic() - began, 3)
        said = {"name": name, "outcome": outcome, "rule": rule, "seconds": seconds}
        more = {} if answered is None else {"n_bytes": answered.n_bytes, "refused": answered.refused}
        self._journal.append("mcp_called", {**said, **more})


def _reader(server: str) -> str:
    return qualified(server, READ_RESOURCE)


def _reader_spec(server: str) -> dict[str, object]:
    schema = {"type": "object", "properties": {"uri": {"type": "string"}}, "required": ["uri"]}
    description = f"Read a resource that the MCP server {server!r} named, by its URI."
    return {"name": _reader(server), "description": description, "input_schema": schema}


def _plain(name: str, given: Input) -> str:
    """Return a call's arguments as they are decided on and shown. Raises ToolProblem."""
    whole = msgspec.json.encode(given, order="deterministic")
    if len(whole) > MAX_INPUT_BYTES:
        raise ToolProblem("E_MCP", name, f"the arguments have {len(whole)} bytes; {MAX_INPUT_BYTES} are taken")
    return whole.decode()


def _said(problem: LinkProblem) -> str:
    if problem.kind == "refused":
        return f"the server refused the call: {visible(problem.message)}"
    ended = "The call may have had an effect. The server was ended; the next call starts it anew."
    return f"{visible(problem.message)}. {ended}"


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in cast("dict[str, object]", value).values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _strings(each)


def _is_secret(text: str) -> bool:
    """Whether a string of the arguments is the path of a file of secrets."""
    path = text.strip().removeprefix("file://").replace("\\", "/")
    if not path or len(path) > MAX_PATH_CHARS or "\n" in path:
        return False
    ruling = protection(path.lstrip("/"), "Read")
    return is_credential_file(path) or (ruling is not None and ruling.effect == "deny" and ruling.name != "git")
