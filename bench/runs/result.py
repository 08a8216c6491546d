"""What became of one task in one loop, as it is kept."""

from __future__ import annotations

import msgspec
from asked import Tokens


class Result(msgspec.Struct, frozen=True):
    """One row. `visible` and `hidden` are what the tests as they were say of what was published.

    `sessions` is how often tests were run, `turns` how often the model was asked.
    """

    task: str
    loop: str
    hopeless: bool
    published: bool
    visible: bool
    hidden: bool
    tokens: Tokens
    turns: int
    sessions: int
    why: str = ""
    seconds: float = 0.0

    @property
    def landed(self) -> bool:
        """It was published, and it is right."""
        return self.published and self.hidden

    @property
    def is_false(self) -> bool:
        """It was published as green, and the visible tests, as they were, fail on it."""
        return self.published and not self.visible

    @property
    def uncovered(self) -> bool:
        """It was published, the visible tests pass on it, and a hidden one does not."""
        return self.published and self.visible and not self.hidden
