"""What a server offers, held against what a person approved: pure.

A tool is known by the digest of its whole declaration. The model is shown name, description and input schema of
approved tools and nothing else that a server says of itself: no instructions, no prompts, no titles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, cast

import msgspec

from bridle.harness.mcp import schemas
from bridle.harness.mcp.definition import Server
from bridle.harness.mcp.names import look_alikes, qualified, tool_problem
from bridle.harness.mcp.poison import Flagged, look_through
from bridle.indexer.digest import digest

MAX_TOOLS = 128
MAX_TOOL_BYTES = 64 * 1024
_PASSING = ("_meta", "icons")
"""Parts of a declaration that nobody is shown and that may differ from one listing to the next."""

Standing = Literal["approved", "new", "changed", "refused"]


class Approval(msgspec.Struct, frozen=True):
    """What a person said yes to: a definition, and the declarations of each tool, the last few of them."""

    definition: str
    tools: dict[str, tuple[str, ...]] = {}


class Offer(msgspec.Struct, frozen=True):
    """One tool as a server declares it. `problem` says why it can never be offered, "" when it can."""

    server: str
    tool: str
    description: str
    schema: dict[str, Any]
    digest: str
    standing: Standing = "new"
    flags: tuple[Flagged, ...] = ()
    problem: str = ""

    @property
    def name(self) -> str:
        """The name for the model and for rules."""
        return qualified(self.server, self.tool)

    @property
    def spec(self) -> dict[str, Any]:
        """The declaration as the model is shown it."""
        return {"name": self.name, "description": self.description, "input_schema": schemas.offered(self.schema)}


def offers(server: str, listed: Sequence[Mapping[str, Any]], strangers: Iterable[str] = ()) -> tuple[Offer, ...]:
    """Return what a listing offers, by name; `strangers` are the names of other servers and their tools."""
    others = tuple(strangers)
    found = [_offer(server, raw, others) for raw in listed[:MAX_TOOLS]]
    names = Counter(offer.tool for offer in found)
    alike = look_alikes(sorted(names))

    def among_others(offer: Offer) -> Offer:
        if names[offer.tool] > 1:
            return msgspec.structs.replace(offer, problem="two tools of the server have this name")
        if offer.tool in alike:
            flag = Flagged("/name", "look-alike", "it can be taken for another tool", alike[offer.tool])
            return msgspec.structs.replace(offer, flags=(*offer.flags, flag))
        return offer

    return tuple(sorted(map(among_others, found), key=lambda offer: (offer.tool, offer.digest)))


def held_against(approval: Approval | None, found: Sequence[Offer]) -> tuple[Offer, ...]:
    """Return the offers with their standing."""
    known = {} if approval is None else approval.tools

    def stands(offer: Offer) -> Standing:
        if offer.problem:
            return "refused"
        if offer.tool not in known:
            return "new"
        return "approved" if offer.digest in known[offer.tool] else "changed"

    return tuple(msgspec.structs.replace(offer, standing=stands(offer)) for offer in found)


def approved(found: Sequence[Offer]) -> tuple[Offer, ...]:
    """Return the tools that may be offered to the model: none at all when an approved one was changed."""
    if any(offer.standing == "changed" for offer in found):
        return ()
    return tuple(offer for offer in found if offer.standing == "approved")


def strangers(server: Server, servers: Iterable[Server], known: Mapping[str, Approval]) -> tuple[str, ...]:
    """Return the names that a server's tools have no reason to know: other servers', and those of their tools."""
    names: list[str] = []
    for other in servers:
        if other.name != server.name:
            names.append(other.name)
            approval = known.get(other.name)
            for tool in () if approval is None else approval.tools:
                names += [tool, f"{other.name}.{tool}", qualified(other.name, tool)]
    return tuple(names)


def _offer(server: str, raw: Mapping[str, Any], others: tuple[str, ...]) -> Offer:
    said = {key: value for key, value in raw.items() if key not in _PASSING}
    whole = msgspec.json.encode(said, order="deterministic")
    name, description, schema = said.get("name"), said.get("description"), said.get("inputSchema")
    tool = name if isinstance(name, str) else ""
    too_large = f"its declaration is larger than {MAX_TOOL_BYTES} bytes" if len(whole) > MAX_TOOL_BYTES else ""
    problem = tool_problem(server, tool) or too_large or schemas.problem_of(schema)
    return Offer(
        server=server,
        tool=tool,
        description=description if isinstance(description, str) else "",
        schema=cast("dict[str, Any]", schema) if isinstance(schema, dict) else {},
        digest=digest(whole),
        flags=look_through(said, others),
        problem=problem,
    )
