"""Credentials of servers: taken from our environment or the keyring when a server is started, and never shown after.

Only the person's own settings may refer to one. What was handed to a server is struck out of everything that comes back
from it: its results, its errors, its log.
"""

from __future__ import annotations

from collections.abc import Mapping

from bridle.harness.mcp.definition import REFERENCE, Server
from bridle.harness.model.keys import VARIABLE, stored_key
from bridle.harness.nouns import UserProblem

MIN_SECRET_CHARS = 6
"""A shorter value is found in ordinary text: striking it out would only garble that."""
STRUCK = "«secret:mcp»"


class Credentials:
    """What one server is handed. It does not show itself."""

    __slots__ = ("_secrets", "env", "headers")

    def __init__(self, env: dict[str, str], headers: dict[str, str], secrets: frozenset[str]) -> None:
        self.env = env
        self.headers = headers
        self._secrets = secrets

    def strike_out(self, text: str) -> str:
        """Return `text` without any of the secrets."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, STRUCK)
        return text

    def __repr__(self) -> str:
        return f"Credentials(hidden, {len(self._secrets)})"

    def __reduce__(self) -> str:
        raise TypeError("credentials are not written down")


def keyring_name(name: str) -> str:
    """Return the name under which the keyring has a credential of ours."""
    return f"mcp:{name}"


def gather(server: Server, ours: Mapping[str, str]) -> Credentials:
    """Return what a server is to be handed. Raises UserProblem when one is not there."""
    env = {name: _value(server, value, ours) for name, value in server.env.items()}
    headers = {name: _value(server, value, ours) for name, value in server.headers.items()}
    secret = {env[name] for name, value in server.env.items() if REFERENCE.fullmatch(value)} | set(headers.values())
    parts = {part for value in secret for part in value.split()}
    return Credentials(env, headers, frozenset(one for one in secret | parts if len(one) >= MIN_SECRET_CHARS))


def _value(server: Server, said: str, ours: Mapping[str, str]) -> str:
    reference = REFERENCE.fullmatch(said)
    if reference is None:
        return said
    lead, name = reference["lead"] or "", reference["name"]
    if reference["kind"] == "env":
        found = ours.get(name, "") if name != VARIABLE else ""
        if not found:
            raise UserProblem(
                f"the MCP server {server.name!r} needs the variable {name!r}, which is not set",
                f"set it in the environment of your editor, or keep it with: bridle mcp key {server.name}",
            )
        return lead + found
    key = stored_key(keyring_name(name))
    if key is None:
        step = f"keep it there with: bridle mcp key {name}"
        raise UserProblem(f"the MCP server {server.name!r} needs {name!r} of the keyring, which is not there", step)
    return lead + key.reveal()
