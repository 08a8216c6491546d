"""How a run can end: one small family of exceptions, so that any depth of a run can end it with a reason."""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "succeeded", "failed", "budget", "turns", "timed out", "stalled", "cancelled", "refused", "needs a person"
]


class Ended(Exception):
    """The run is over. `reason` is for the person and names what to do next where there is something to do."""

    def __init__(self, outcome: Reason, reason: str) -> None:
        super().__init__(reason)
        self.outcome: Reason = outcome
        self.reason = reason


class Parked(Ended):
    """The run waits for something that a person can do, and can be taken up again where it stands."""


def no_further(badge: str, why: str, said: str) -> str:
    """Return the reason of a run that gets no further: how its change stands, why it ends, what the model says."""
    told = f"{badge}; {why}" if why else badge
    return f"{told}. The model says: {said}" if said else told
