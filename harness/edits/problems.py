"""Errors that the model can repair: each one is its next prompt.

A problem names the place, says what is wrong and, where there is one, gives a call that can be sent as it is.
Nothing was written when one is raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Code = Literal[
    "E_ANCHOR",
    "E_CONFLICT",
    "E_ECHO",
    "E_ENCODING",
    "E_EXISTS",
    "E_MISSING",
    "E_NOOP",
    "E_OVERLAP",
    "E_PERMISSION",
    "E_RANGE",
    "E_REV_UNKNOWN",
    "E_SECRET",
    "E_SYNTAX",
    "E_UNSEEN",
]
ToolCode = Code | Literal["E_MCP"]
"""A code of the edit tools, or the one of tools that are other programs'."""


class ToolProblem(Exception):
    """One problem. `path` may be ""; `fragment` is a tool input as JSON, "" where none can be offered."""

    def __init__(self, code: ToolCode, path: str, message: str, fragment: str = "") -> None:
        super().__init__(message)
        self.code: ToolCode = code
        self.path = path
        self.message = message
        self.fragment = fragment

    def __str__(self) -> str:
        return f"{self.headline}{_offer(self.fragment)}"

    @property
    def headline(self) -> str:
        """Code, path and message, without the fragment."""
        return f"{self.code} {self.path}: {self.message}" if self.path else f"{self.code}: {self.message}"


class ToolProblems(ToolProblem):
    """All problems of one call. `fragment` is the whole call put right; `fine` says which edits had no problem.

    `n_unlogged` edits were refused only because no log says what became of their lines: the file was replaced as a
    whole, formatted or written by somebody else.
    """

    def __init__(
        self, problems: Sequence[ToolProblem], fine: str = "", fragment: str = "", n_unlogged: int = 0
    ) -> None:
        first = problems[0]
        super().__init__(first.code, first.path, first.message, fragment)
        self.problems = tuple(problems)
        self.fine = fine
        self.n_unlogged = n_unlogged

    def __str__(self) -> str:
        told = "\n\n".join(problem.headline for problem in self.problems)
        fine = f" Fine as they are: {self.fine}." if self.fine else ""
        return f"{told}\n\nNothing was written.{fine}{_offer(self.fragment)}"


def _offer(fragment: str) -> str:
    return f"\n\nIf that is what you mean, send this as it is:\n{fragment}" if fragment else ""
