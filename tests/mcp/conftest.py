"""A workspace, a state folder, and servers of our own that are declared, approved and ended with the test."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridle.harness.mcp.definition import Server
from bridle.harness.mcp.offers import Offer
from bridle.harness.mcp.servers import Servers

SUPPORT = Path(__file__).resolve().parents[1] / "support"
ODD = SUPPORT / "odd_server.py"


def odd(name: str = "odd", *words: str, **more: object) -> Server:
    """Return the declaration of our own server; its folder is shown to it."""
    settings: dict[str, object] = {"read": (str(SUPPORT),), "start_timeout_s": 20.0, "call_timeout_s": 20.0, **more}
    return Server(name, "user", command=(sys.executable, str(ODD), *words), **settings)  # type: ignore[arg-type]


class Desk:
    """One workspace with its servers."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "work space"
        self.state = folder / "state"
        self.declared = folder / "declared"
        """Where a test writes what its server declares; the server sees it."""
        for each in (self.root, self.state, self.declared):
            each.mkdir(mode=0o700)
        self.trusted = True
        self.sandbox_required = False
        self.ours: dict[str, str] = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "ANTHROPIC_API_KEY": "never-handed-on",
        }
        self._opened: list[Servers] = []

    def servers(self, *servers: Server) -> Servers:
        """Return the servers of this workspace; none is started by that."""
        there = self.root, servers, self.state, lambda: self.trusted, self.ours, self.state
        opened = Servers(*there, sandbox_required=self.sandbox_required)
        self._opened.append(opened)
        return opened

    async def approved(self, *servers: Server) -> Servers:
        """Return servers that are started, looked at and approved with all that they offer."""
        opened = self.servers(*servers)
        for server in servers:
            opened.approve(server, await opened.look(server))
        return opened

    def telling(self, listed: Path) -> Server:
        """Return our server as one that declares what a file says at that moment."""
        return odd("odd", "--tools", str(listed), read=(str(SUPPORT), str(self.declared)))

    async def close(self) -> None:
        for opened in self._opened:
            await opened.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    yield made
    await made.close()


def tools_of(offers: tuple[Offer, ...], standing: str) -> list[str]:
    return [offer.tool for offer in offers if offer.standing == standing]
