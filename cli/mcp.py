"""`bridle mcp`: Bridle as an MCP server; and which MCP servers there are, what they offer, the person's yes to each.

Without an action it serves, but at a terminal, where nobody could speak with it, it tells how a client is set up.
A yes is bound to how a server is defined and to every word of its tools' declarations, which are shown whole first.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from bridle.cli.common import add_root, find_root, note, print_json
from bridle.harness.engine import Engine
from bridle.harness.nouns import UserProblem

if TYPE_CHECKING:
    from bridle.harness.mcp.definition import Server
    from bridle.harness.mcp.offers import Offer
    from bridle.harness.mcp.servers import Servers

Answer = TypeVar("Answer")

SET_UP = """\
'bridle mcp' serves an agent by MCP, on standard input and output. Name it in the agent's settings:
  claude mcp add bridle -- bridle mcp
  codex mcp add bridle -- bridle mcp
Other actions are about servers that Bridle itself uses: bridle mcp --help"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    serve = actions.add_parser("serve", help="serve this workspace to an agent, on standard input and output")
    serve.add_argument("--root", type=Path, default=None, help="the workspace (default: what the client says, or here)")
    serve.add_argument("--log", type=Path, default=None, help="write the engine's log to this file")
    add_root(actions.add_parser("list", help="list the servers and how each stands, without starting any"))
    tools = actions.add_parser("tools", help="start a server and show its tools as they are declared")
    approve = actions.add_parser("approve", help="look at a server and say yes to it as it is now")
    approve.add_argument("--yes", action="store_true", help="say yes without being asked, to all that is not flagged")
    approve.add_argument("--flagged", metavar="TOOL", action="append", default=[], help="say yes to a flagged tool too")
    remove = actions.add_parser("remove", help="take the yes back")
    for action in (tools, approve, remove):
        action.add_argument("server", help="its name in the settings")
        add_root(action)
    key = actions.add_parser("key", help="keep a credential in the keyring, for keyring:NAME in your settings")
    key.add_argument("name", help="what a server's `env` names it after keyring:")
    key.add_argument("--remove", action="store_true", help="forget it")
    key.add_argument("--json", action="store_true", help="print exactly one JSON document on standard output")


def main(options: argparse.Namespace) -> int:
    """Do what was asked; 1 when a server was not approved, or there was nothing to take back."""
    if options.action is None and sys.stdin.isatty():
        note(SET_UP)
        return 2
    if options.action in (None, "serve"):
        return _serve(getattr(options, "root", None), getattr(options, "log", None))
    deeds = {"list": _list, "tools": _tools, "approve": _approve, "remove": _remove, "key": _key}
    return deeds[options.action](options)


def _serve(root: Path | None, log: Path | None) -> int:
    from bridle.mcp_server.server import serve

    async def make_engine(root: Path, settings: Mapping[str, object]) -> Engine:
        from bridle.harness.remote import ChildEngine

        return await ChildEngine(root, settings, log).start()

    return serve(make_engine, find_root, root)


def _list(options: argparse.Namespace) -> int:
    servers = servers_of(find_root(options.root))
    standings = servers.standings()
    rows = [
        {**_defined(one.server), "state": one.state, "tools": one.tools, "next_step": one.next_step}
        for one in standings
    ]
    if options.json:
        print_json({"servers": rows})
        return 0
    for one in standings:
        n_tools = f", {len(one.tools)} tools" if one.tools else ""
        print(f"{one.server.name:16} {one.state}{n_tools}  ({one.server.origin}) {_shown(one.server.where)}")
        if one.next_step:
            print(f"{'':16} next: {one.next_step}")
    if not standings:
        print("no MCP server is declared: write [mcp.NAME] with command = [...] into your settings")
    return 0


def _tools(options: argparse.Namespace) -> int:
    servers = servers_of(find_root(options.root))
    server = servers.get(options.server)
    standing = next(one for one in servers.standings() if one.server.name == server.name)
    if server.origin == "project" and standing.state != "approved":
        raise UserProblem(f"the project's MCP server {server.name!r} was not approved", standing.next_step)
    found = _asked(servers, lambda: servers.look(server))
    if options.json:
        print_json({"server": server.name, "tools": [_offered(offer) for offer in found]})
    else:
        _print_offers(found)
    return 0


def _approve(options: argparse.Namespace) -> int:
    servers = servers_of(find_root(options.root))
    server = servers.get(options.server)
    say = note if options.json else print
    for line in _definition(server):
        say(line)
    if not _agreed(options, f"Start it to see its tools? {_where_it_runs(server)}"):
        return _refused(options, server, "it was not started")
    found = _asked(servers, lambda: servers.look(server))
    _print_offers(found, say)
    taken = _taken(options, found)
    kept = [offer.tool for offer in taken]
    if not taken or not _agreed(options, f"Let the model be offered {len(taken)} tools: {', '.join(kept)}?"):
        return _refused(options, server, "nothing was approved", found)
    left_out = [offer for offer in found if offer.tool not in kept]
    servers.approve(server, taken, left_out)
    left = [offer.tool for offer in left_out]
    if options.json:
        print_json(_verdict(server, found, approved=kept, left_out=left))
    else:
        print(f"{server.name} is approved with {', '.join(kept)}" + (f"; left out: {', '.join(left)}" if left else ""))
        print("each call is still asked about, until you allow it by a rule such as:", f"mcp__{server.name}__{kept[0]}")
    return 0


def _remove(options: argparse.Namespace) -> int:
    servers = servers_of(find_root(options.root))
    server = servers.get(options.server)
    removed = servers.withdraw(server)
    if options.json:
        print_json({"server": server.name, "removed": removed})
    else:
        print(f"{server.name} is not approved any more" if removed else f"{server.name} was not approved")
    return 0 if removed else 1


def _key(options: argparse.Namespace) -> int:
    from bridle.harness.mcp.credentials import keyring_name
    from bridle.harness.model.keys import remove_key, store_key

    if options.remove:
        done = remove_key(keyring_name(options.name))
    else:
        asked = sys.stdin.isatty()
        store_key(keyring_name(options.name), getpass.getpass("Credential: ") if asked else sys.stdin.readline(4096))
        done = True
    if options.json:
        print_json({"name": options.name, "done": done})
    else:
        print(f"keyring:{options.name} is {'gone' if options.remove else 'kept'}" if done else "there was none")
    return 0 if done else 1


def servers_of(root: Path) -> Servers:
    """Return the servers of a workspace; none is started by that. Raises UserProblem."""
    from bridle.harness.mcp.servers import Servers
    from bridle.harness.permission.trust import Trust
    from bridle.harness.session.state import State
    from bridle.harness.settings import load

    trust, settings = Trust(root), load(root)
    required = settings.sandbox_required
    return Servers(root, settings.mcp, State(root).folder, lambda: trust.trusted, sandbox_required=required)


def _asked(servers: Servers, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    async def whole() -> Answer:
        try:
            return await ask()
        finally:
            await servers.close()

    return asyncio.run(whole())


def _agreed(options: argparse.Namespace, question: str) -> bool:
    if options.yes:
        return True
    if not sys.stdin.isatty():
        note(f"{question} Nobody can be asked here: --yes says yes.")
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _taken(options: argparse.Namespace, found: Sequence[Offer]) -> list[Offer]:
    """Return the offers to say yes to: what can be offered, and of what is flagged only what is named."""
    unknown = set(options.flagged) - {offer.tool for offer in found}
    if unknown:
        raise UserProblem(f"the server has no tool {min(unknown)!r}", "name one that it shows")
    return [offer for offer in found if not offer.problem and (not offer.flags or offer.tool in options.flagged)]


def _refused(options: argparse.Namespace, server: Server, why: str, found: Sequence[Offer] = ()) -> int:
    if options.json:
        print_json(_verdict(server, found, approved=[], left_out=[offer.tool for offer in found]))
    else:
        flagged = [offer.tool for offer in found if offer.flags]
        hint = f"; flagged tools are approved one by one: --flagged {flagged[0]}" if flagged else ""
        print(f"{server.name}: {why}{hint}")
    return 1


def _verdict(server: Server, found: Sequence[Offer], *, approved: list[str], left_out: list[str]) -> dict[str, Any]:
    said = {**_defined(server), "approved": bool(approved), "approved_tools": approved, "left_out": left_out}
    return {**said, "tools": [_offered(offer) for offer in found]}


def _defined(server: Server) -> dict[str, Any]:
    """Return a server as JSON; of its variables and headers only the names."""
    return {
        "server": server.name,
        "origin": server.origin,
        "command": server.command,
        "url": server.url,
        "env": sorted(server.env),
        "headers": sorted(server.headers),
        "sandbox": server.sandbox and not server.url,
        "network": server.network,
    }


def _definition(server: Server) -> list[str]:
    lines = [f"{server.name}, declared by the {server.origin}:", f"  {_shown(server.where)}"]
    lines += [f"  {name} = {_shown(value)}" for name, value in server.env.items()]
    lines += [f"  {name}: (a header of yours)" for name in server.headers]
    return [*lines, f"  {_where_it_runs(server)}"]


def _where_it_runs(server: Server) -> str:
    if server.url:
        return "It is already running; Bridle only speaks to it."
    if not server.sandbox:
        return "It runs outside of any sandbox, with all that you can do, since your settings say sandbox = false."
    network = "with the network" if server.network else "without a network"
    shown = f", seeing {', '.join((*server.read, *server.write))} too" if server.read or server.write else ""
    return f"It runs in a sandbox: the workspace read-only, {network}{shown}."


def _offered(offer: Offer) -> dict[str, Any]:
    return {
        "tool": offer.tool,
        "name": offer.name,
        "standing": offer.standing,
        "digest": offer.digest,
        "problem": offer.problem,
        "description": offer.description,
        "input_schema": offer.schema,
        "flags": offer.flags,
    }


def _print_offers(found: Sequence[Offer], say: Callable[[str], None] = print) -> None:
    """Print every tool whole, with everything that is not seen spelled out."""
    for offer in found:
        problem = f"  cannot be offered: {offer.problem}" if offer.problem else ""
        say(f"\n{_shown(offer.name)}  [{offer.standing}]{problem}")
        for line in _shown(offer.description).split("\n"):
            say(f"  | {line}")
        for line in _shown(msgspec.json.format(msgspec.json.encode(offer.schema)).decode()).split("\n"):
            say(f"  : {line}")
        for flag in offer.flags:
            say(f"  ! {_shown(flag.where)}: {flag.name}, {flag.reason}: {_shown(flag.text)!r}")


def _shown(text: str) -> str:
    from bridle.harness.mcp.poison import visible

    return visible(text)
