"""The person's approvals of MCP servers, kept with their state and never in a repository.

They are read from the disk each time they are asked for: another door may have changed them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from bridle.harness.mcp.definition import Server, definition_digest
from bridle.harness.mcp.offers import Approval, Offer
from bridle.harness.nouns import UserProblem
from bridle.harness.session.lock import lock_file
from bridle.harness.session.state import state_home
from bridle.harness.session.storage import PRIVATE_FILE, make_private, told, write_whole

MAX_BYTES = 16 * 1024 * 1024
KEPT_DIGESTS = 8
"""A tool may be declared differently from one workspace to the next (paths in its text): so many are remembered."""
LOCK_WITHIN_S = 5.0

_Book = dict[str, Approval]


class Approvals:
    """The approvals as one workspace sees them: the person's servers are approved everywhere, a project's only here."""

    def __init__(self, root: Path, home: Path | None = None) -> None:
        self._root = root.resolve()
        self._file = (home or state_home()) / "mcp.json"

    def of(self, server: Server) -> Approval | None:
        """Return what was approved of a server as it is defined now; None when nothing was. Raises UserProblem."""
        kept = self._read().get(self._key(server))
        return kept if kept is not None and kept.definition == definition_digest(server, self._root) else None

    def is_changed(self, server: Server) -> bool:
        """Tell whether a server was approved when it was defined differently. Raises UserProblem."""
        return self._key(server) in self._read() and self.of(server) is None

    def approve(self, server: Server, taken: Iterable[Offer], left_out: Iterable[Offer] = ()) -> Approval:
        """Keep the person's yes to a server as it is defined now, and to these of its tools. Raises UserProblem.

        A tool that was taken before and is left out now is not approved any more.
        """
        before = self.of(server)
        tools = {} if before is None else dict(before.tools)
        for offer in left_out:
            tools.pop(offer.tool, None)
        for offer in taken:
            older = tuple(one for one in tools.get(offer.tool, ()) if one != offer.digest)
            tools[offer.tool] = (*older, offer.digest)[-KEPT_DIGESTS:]
        made = Approval(definition_digest(server, self._root), tools)
        self._change(lambda book: {**book, self._key(server): made})
        return made

    def withdraw(self, server: Server) -> bool:
        """Take the yes back; returns whether there was one. Raises UserProblem."""
        key = self._key(server)
        there = key in self._read()
        self._change(lambda book: {name: kept for name, kept in book.items() if name != key})
        return there

    def _key(self, server: Server) -> str:
        return server.name if server.origin == "user" else f"{self._root}\n{server.name}"

    def _change(self, change: Callable[[_Book], _Book]) -> None:
        make_private(self._file.parent)
        lock = self._file.with_suffix(".lock")
        with told(lock):
            held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE_FILE)
        try:
            if not lock_file(held, lock, LOCK_WITHIN_S):
                raise UserProblem(f"{str(lock)!r} is held by another Bridle", "try again in a moment")
            book = change(self._read())
            write_whole(self._file, msgspec.json.format(msgspec.json.encode(book), indent=1) + b"\n")
        finally:
            os.close(held)

    def _read(self) -> _Book:
        with told(self._file):
            if not self._file.exists():
                return {}
            found = self._file.stat()
            if found.st_uid != os.geteuid() or found.st_mode & 0o022 or found.st_size > MAX_BYTES:
                step = f"remove it, or: chmod 600 {self._file}"
                raise UserProblem(f"others may write {str(self._file)!r}, or it is too large", step)
            data = self._file.read_bytes()
        try:
            return msgspec.json.decode(data, type=_Book)
        except msgspec.DecodeError as error:
            raise UserProblem(f"{str(self._file)!r} is not readable: {error}", "remove it and approve again") from error
