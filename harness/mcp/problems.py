"""What can go wrong between us and a server, without its library."""

from __future__ import annotations

from typing import Literal

Kind = Literal["timed out", "closed", "refused", "nonsense"]


class LinkProblem(Exception):
    """A request came to nothing. The text may quote the server; after any kind but "refused" it is to be ended."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.message = message
