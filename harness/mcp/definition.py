"""What an MCP server is, as settings declare it: a program with its arguments, or an address on this machine.

Pure but for `definition_digest`, which looks at files of the workspace that a program is made of. The person's own
file says everything. A project's file may name a program and plain variables; credentials, the network and a place
outside of the sandbox are the person's to give.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit

import msgspec

from bridle.harness.mcp.names import check_server, look_alikes
from bridle.harness.nouns import UserProblem
from bridle.indexer.bounded import read_bounded
from bridle.indexer.digest import digest

MAX_SERVERS = 32
MAX_PROGRAM_BYTES = 16 * 1024 * 1024
REFERENCE = re.compile(r"(?P<lead>[A-Za-z]+ )?(?P<kind>env|keyring):(?P<name>[A-Za-z0-9_.-]+)")
"""How a whole value says that it is a credential kept elsewhere, in a variable of our environment or in the keyring; a
word may stand before it, as in ``Bearer env:TOKEN``."""

_Wait = Annotated[float, msgspec.Meta(gt=0, le=600)]
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_RESERVED_HEADERS = frozenset(
    ("accept", "accept-encoding", "connection", "content-length", "content-type", "host", "origin")
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class ProjectServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[mcp.NAME]`` in a project's file: always in a sandbox, without the network and without credentials."""

    command: tuple[str, ...] = ()
    env: dict[str, str] = {}
    url: str = ""
    start_timeout_s: _Wait = 20.0
    call_timeout_s: _Wait = 60.0


class UserServer(ProjectServer, frozen=True, forbid_unknown_fields=True):
    """``[mcp.NAME]`` in the person's own file.

    `read` and `write` are folders that the sandbox shows besides the workspace. `sandbox = false` is the person's
    statement that this program may do whatever they may do.
    """

    headers: dict[str, str] = {}
    sandbox: bool = True
    network: bool = False
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    enabled: bool = True


class Server(msgspec.Struct, frozen=True):
    """One declared server. Either `command` or `url` is set."""

    name: str
    origin: Literal["user", "project"]
    command: tuple[str, ...] = ()
    env: dict[str, str] = {}
    url: str = ""
    headers: dict[str, str] = {}
    sandbox: bool = True
    network: bool = False
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    enabled: bool = True
    start_timeout_s: float = 20.0
    call_timeout_s: float = 60.0

    @property
    def where(self) -> str:
        """What is reached, for a person to read: the command line or the address."""
        return " ".join(self.command) or self.url


def declared(user: Mapping[str, UserServer], project: Mapping[str, ProjectServer]) -> tuple[Server, ...]:
    """Return all servers, by name. Raises UserProblem naming the first that may not be declared so."""
    servers = [_of(name, "user", one) for name, one in user.items()]
    for name, one in project.items():
        if name in user:
            raise UserProblem(f"the project's MCP server {name!r} has the name of one of yours", "rename one of them")
        servers.append(_of(name, "project", one))
    for name, other in look_alikes(server.name for server in servers).items():
        raise UserProblem(f"the MCP server {name!r} can be taken for {other!r}", "give it a name of its own")
    if len(servers) > MAX_SERVERS:
        raise UserProblem(f"there are {len(servers)} MCP servers", f"keep it to {MAX_SERVERS}")
    return tuple(sorted(servers, key=lambda server: server.name))


def definition_digest(server: Server, root: Path) -> str:
    """Return the digest of all that makes a server what it is, for approval to be bound to.

    Files of the workspace that its command names count with their content: what a project can change is looked at
    again. How long it is waited for does not count.
    """
    parts = msgspec.structs.asdict(server)
    for name in ("enabled", "start_timeout_s", "call_timeout_s"):
        del parts[name]
    if server.origin == "project":
        parts["root"] = str(root)
    parts["files"] = {word: _content(root, word) for word in server.command}
    return digest(msgspec.json.encode(parts, order="deterministic"))


def _content(root: Path, word: str) -> str:
    """Return the digest of the workspace's file that a word names, "" where it names none."""
    try:
        path = (root / word).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            return ""
        found = path.stat()
        if found.st_size > MAX_PROGRAM_BYTES:
            return f"{found.st_size} bytes, {found.st_mtime_ns}"
        return digest(read_bounded(path, MAX_PROGRAM_BYTES))
    except (OSError, ValueError):
        return ""


def _of(name: str, origin: Literal["user", "project"], one: ProjectServer) -> Server:
    check_server(name)
    what = f"the MCP server {name!r}"
    if bool(one.command) == bool(one.url):
        raise UserProblem(f"{what} needs either 'command' or 'url'", 'write command = ["PROGRAM", "ARGUMENT"]')
    if one.command and (not one.command[0] or any(_UNPRINTABLE.search(word) for word in one.command)):
        raise UserProblem(f"the command of {what} has an empty program or a control character", "mend it")
    _check_values(what, one.env, _VARIABLE, "variable")
    if origin == "project" and any(map(REFERENCE.fullmatch, one.env.values())):
        raise UserProblem(f"{what} of the project asks for a credential", "declare it in your own settings instead")
    fields = msgspec.structs.asdict(one)
    if isinstance(one, UserServer):
        _check_values(what, one.headers, _HEADER, "header")
        taken = [header for header in one.headers if header.lower() in _RESERVED_HEADERS]
        if taken or (one.headers and not one.url):
            raise UserProblem(f"{what} may not set the headers {taken or list(one.headers)}", "leave them out")
        outside = one.network or one.read or one.write or not one.sandbox
        if one.url and (outside or one.env):
            raise UserProblem(f"{what} is not started by Bridle", "leave out env, sandbox, network, read and write")
    if one.url:
        fields["url"] = loopback(what, one.url)
    return Server(name, origin, **fields)


def _check_values(what: str, values: Mapping[str, str], shape: re.Pattern[str], kind: str) -> None:
    for name, value in values.items():
        if not shape.fullmatch(name) or _UNPRINTABLE.search(value):
            raise UserProblem(f"the {kind} {name!r} of {what} has characters that are not allowed", "mend it")


def loopback(what: str, url: str) -> str:
    """Return an address that is surely on this machine: ``localhost`` by its number. Raises UserProblem."""
    problem = UserProblem(
        f"the address {url!r} of {what} is not one on this machine", "write http://127.0.0.1:PORT/PATH"
    )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        near = host == "localhost" or ("%" not in host and ip_address(host).is_loopback)
    except ValueError as error:
        raise problem from error
    secret_in_it = parts.username is not None or parts.password is not None
    if parts.scheme not in ("http", "https") or not near or secret_in_it or parts.fragment or _UNPRINTABLE.search(url):
        raise problem
    number = "127.0.0.1" if host == "localhost" else f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, number + (f":{port}" if port else ""), parts.path or "/", parts.query, ""))
