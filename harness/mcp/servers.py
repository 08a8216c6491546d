"""The MCP servers of one workspace: what each stands at, what they offer to a run, and their calls.

Nothing is started before a person approved it, and nothing of a project before they trusted its folder. Who may call
what is decided above; here it is seen to that what is called is still what was approved.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from bridle.harness.mcp.approvals import Approvals
from bridle.harness.mcp.definition import Server, definition_digest
from bridle.harness.mcp.host import Answered, Host
from bridle.harness.mcp.names import parted
from bridle.harness.mcp.offers import Approval, Offer, approved, held_against, offers, strangers
from bridle.harness.mcp.problems import LinkProblem
from bridle.harness.nouns import UserProblem

MAX_OFFERED = 64
MAX_OFFERED_BYTES = 128 * 1024

State = Literal["approved", "pending", "changed", "untrusted", "refused", "off"]
REQUIRED = "take sandbox = false from it, or sandbox.required from the settings"


class Standing(msgspec.Struct, frozen=True):
    """How one server stands, without starting it. `next_step` says what a person can do about it."""

    server: Server
    state: State
    tools: tuple[str, ...] = ()
    next_step: str = ""


class Offered(msgspec.Struct, frozen=True):
    """What a run may be offered, in a stable order, and a note for each server that is left out or cut.

    `readable` are the servers that have resources to read.
    """

    tools: tuple[Offer, ...]
    readable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Servers:
    """All servers of one workspace. `trusted` is asked each time: it may be taken back."""

    def __init__(
        self,
        root: Path,
        servers: Sequence[Server],
        state: Path,
        trusted: Callable[[], bool],
        ours: Mapping[str, str] | None = None,
        home: Path | None = None,
        *,
        sandbox_required: bool = False,
    ) -> None:
        self._servers = {server.name: server for server in servers}
        self._root = root.resolve()
        self._state = state
        self._trusted = trusted
        self._sandbox_required = sandbox_required
        self._ours = dict(os.environ if ours is None else ours)
        self._approvals = Approvals(root, home)
        self._hosts: dict[str, Host] = {}
        self._defined: dict[str, str] = {}
        """What each server was defined as when it was looked at."""
        self._looked: dict[str, tuple[object, tuple[Offer, ...]]] = {}
        """What each listing offers: looking through one takes longer than a call."""

    def get(self, name: str) -> Server:
        """Return a server by its name. Raises UserProblem."""
        found = self._servers.get(name)
        if found is None:
            known = ", ".join(self._servers) or "none is declared"
            raise UserProblem(f"there is no MCP server {name!r}", f"declared are: {known}")
        return found

    def standings(self) -> tuple[Standing, ...]:
        """Return how each server stands, by name. Raises UserProblem when the approvals cannot be read."""
        return tuple(self._standing(server) for server in self._servers.values())

    async def offered(self) -> Offered:
        """Start what is approved and return what it offers. One that fails is left out, with a note."""
        standings = self.standings()
        ready = [standing.server for standing in standings if standing.state == "approved"]
        notes = [_note(standing) for standing in standings if standing.state not in ("approved", "off")]
        found = await asyncio.gather(*(self._of_one(server) for server in ready))
        tools = [offer for some, _ in found for offer in some]
        notes += [note for _, note in found if note]
        kept: list[Offer] = []
        size = 0
        for offer in tools:
            size += len(msgspec.json.encode(offer.spec))
            if len(kept) < MAX_OFFERED and size <= MAX_OFFERED_BYTES:
                kept.append(offer)
        if len(kept) < len(tools):
            notes.append(f"mcp: {len(tools) - len(kept)} tools more than the model is offered at once were left out")
        named = sorted({offer.server for offer in kept})
        readable = tuple(name for name in named if self._hosts[name].has_resources)
        return Offered(tuple(kept), readable, tuple(notes))

    async def look(self, server: Server) -> tuple[Offer, ...]:
        """Start a server and return what it offers, each held against its approval. Raises UserProblem."""
        if server.origin == "project" and not self._trusted():
            raise UserProblem("this folder is not trusted, so nothing of it is started", "run 'bridle trust'")
        if self._is_refused(server):
            raise UserProblem(f"the MCP server {server.name!r} has no sandbox, and one is required", REQUIRED)
        self._defined[server.name] = definition_digest(server, self._root)
        try:
            return await self._judged(server, await self._host(server).list_tools())
        except LinkProblem as problem:
            said = self._host(server).errors.strip()
            quoted = f"\n{said}" if said else ""
            step = "run its command by hand, or mend its settings"
            raise UserProblem(f"the MCP server {server.name!r}: {problem.message}{quoted}", step) from problem

    def approve(self, server: Server, taken: Sequence[Offer], left_out: Sequence[Offer] = ()) -> None:
        """Keep the person's yes to a server and these of its tools. Raises UserProblem.

        What was looked at is what is approved: a program of the workspace that was changed meanwhile is not.
        """
        seen = self._defined.get(server.name)
        if seen is not None and seen != definition_digest(server, self._root):
            raise UserProblem(f"the MCP server {server.name!r} changed while you looked at it", "look at it again")
        self._approvals.approve(server, taken, left_out)

    def withdraw(self, server: Server) -> bool:
        """Take the yes back; returns whether there was one. Raises UserProblem."""
        return self._approvals.withdraw(server)

    async def call(self, name: str, given: Mapping[str, Any]) -> Answered:
        """Return the result of a tool by its whole name. Raises UserProblem, LinkProblem."""
        both = parted(name)
        server = self._servers.get(both[0]) if both else None
        if both is None or server is None:
            raise UserProblem(f"there is no tool {name!r}", "see what there is: bridle mcp list")
        self._expect_yes(server)
        return await self._host(server).call(both[1], given, lambda: self._expect_approved(server, both[1]))

    async def read(self, name: str, uri: str) -> Answered:
        """Return the contents of a server's resource. Raises UserProblem, LinkProblem."""
        server = self.get(name)
        self._expect_yes(server)
        return await self._host(server).read(uri)

    def strike_out(self, name: str, text: str) -> str:
        """Return a text that came from a server without the secrets that it was handed."""
        host = self._hosts.get(name)
        return text if host is None else host.strike_out(text)

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(host.close() for host in self._hosts.values()))

    def _standing(self, server: Server) -> Standing:
        if not server.enabled:
            return Standing(server, "off", next_step="set enabled = true for it in your own settings")
        if self._is_refused(server):
            return Standing(server, "refused", next_step=REQUIRED)
        if server.origin == "project" and not self._trusted():
            return Standing(server, "untrusted", next_step="look at what this folder would run, then: bridle trust")
        approval = self._approvals.of(server)
        if approval is not None:
            return Standing(server, "approved", tuple(sorted(approval.tools)))
        changed = self._approvals.is_changed(server)
        step = f"look at it and say yes: bridle mcp approve {server.name}"
        return Standing(server, "changed" if changed else "pending", next_step=step)

    def _is_refused(self, server: Server) -> bool:
        return self._sandbox_required and bool(server.command) and not server.sandbox

    async def _of_one(self, server: Server) -> tuple[tuple[Offer, ...], str]:
        try:
            found = await self.look(server)
        except UserProblem as problem:
            return (), f"mcp {server.name}: {problem.message.partition(chr(10))[0]}; {problem.next_step}"
        changed = [offer.tool for offer in found if offer.standing == "changed"]
        waiting = [offer.tool for offer in found if offer.standing == "new"]
        step = f"look at it: bridle mcp approve {server.name}"
        if changed:
            return (), f"mcp {server.name}: left out, since {', '.join(changed)} changed after your yes; {step}"
        note = f"mcp {server.name}: {len(waiting)} tools wait for your yes; {step}" if waiting else ""
        return approved(found), note

    async def _judged(self, server: Server, listed: Sequence[Mapping[str, Any]]) -> tuple[Offer, ...]:
        seen, found = self._looked.get(server.name, (None, ()))
        if seen is not listed:
            others = strangers(server, self._servers.values(), self._known())
            found = await asyncio.to_thread(offers, server.name, listed, others)
            self._looked[server.name] = listed, found
        return held_against(self._approvals.of(server), found)

    def _known(self) -> dict[str, Approval]:
        found = ((server, self._approvals.of(server)) for server in self._servers.values())
        return {server.name: approval for server, approval in found if approval is not None}

    def _expect_yes(self, server: Server) -> None:
        """Raise UserProblem unless a server may be started: it is approved as it is defined."""
        standing = self._standing(server)
        if standing.state != "approved":
            raise UserProblem(_note(standing), standing.next_step)

    async def _expect_approved(self, server: Server, tool: str) -> None:
        """Raise UserProblem unless a tool is declared as it was when it was said yes to."""
        self._expect_yes(server)
        good = approved(await self._judged(server, self._host(server).declared))
        if tool not in [offer.tool for offer in good]:
            step = f"look at it: bridle mcp approve {server.name}"
            raise UserProblem(f"the MCP server {server.name!r} does not offer {tool!r} as it was approved", step)

    def _host(self, server: Server) -> Host:
        return self._hosts.setdefault(server.name, Host(server, self._root, self._state, self._ours))


def _note(standing: Standing) -> str:
    why = {
        "pending": "waits for your yes",
        "changed": "was defined anew after your yes",
        "untrusted": "is the project's, and this folder is not trusted",
        "refused": "has no sandbox, and one is required",
        "off": "is switched off",
        "approved": "is approved",
    }[standing.state]
    return f"mcp {standing.server.name} {why}; {standing.next_step}"
