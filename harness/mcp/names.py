"""What servers and their tools may be called, and how one name is made of both: pure.

A server's name holds no double underscore and ends with none, so ``mcp__SERVER__TOOL`` is read in one way only: a rule
for one server never speaks of another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bridle.harness.nouns import UserProblem

PREFIX = "mcp__"
MAX_SERVER_CHARS = 32
MAX_NAME_CHARS = 64
"""What models' endpoints take as the name of a tool."""

READ_RESOURCE = "resources-read"
"""Our own tool for each server that has resources; none of theirs may be called so."""

_SERVER = re.compile(r"[A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*")
_TOOL = re.compile(r"[A-Za-z0-9_-]+")
_SIMILAR = str.maketrans("01i5", "olls", "-_")


def check_server(name: str) -> str:
    """Return `name` when a server may have it. Raises UserProblem."""
    if len(name) > MAX_SERVER_CHARS or not _SERVER.fullmatch(name):
        raise UserProblem(
            f"{name!r} is not a name for an MCP server",
            f"use letters, digits, - and single underscores between them, at most {MAX_SERVER_CHARS} of them",
        )
    return name


def qualified(server: str, tool: str) -> str:
    """Return the one name of a server's tool, for the model and for rules."""
    return f"{PREFIX}{server}__{tool}"


def parted(name: str) -> tuple[str, str] | None:
    """Return server and tool of a qualified name, None for any other name."""
    server, separator, tool = name.removeprefix(PREFIX).partition("__")
    if not name.startswith(PREFIX) or not separator or not _SERVER.fullmatch(server) or not _TOOL.fullmatch(tool):
        return None
    return server, tool


def tool_problem(server: str, name: str) -> str:
    """Return why a tool of a server may not be called so, "" when it may."""
    if not _TOOL.fullmatch(name):
        return "its name has characters other than letters, digits, _ and -"
    if name == READ_RESOURCE:
        return "its name is that of a tool of ours"
    whole = qualified(server, name)
    if len(whole) > MAX_NAME_CHARS:
        return f"{whole[:160]!r} has more than {MAX_NAME_CHARS} characters: give the server a shorter name"
    return ""


def look_alikes(names: Iterable[str]) -> dict[str, str]:
    """Return each name that can be taken for an earlier one, with that one: ``Fs`` and ``f-s`` for ``fs``."""
    seen: dict[str, str] = {}
    found: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(name.casefold().translate(_SIMILAR), name)
        if first != name:
            found[name] = first
    return found
