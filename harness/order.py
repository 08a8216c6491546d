"""What a run is asked to do: data."""

from __future__ import annotations

import msgspec

from bridle.harness.engine import Selection, StartRun
from bridle.harness.nouns import Finding
from bridle.harness.proposals.badge import headline


class Order(msgspec.Struct, frozen=True):
    """One task as it was given. `versions` are the open documents' versions at that moment, `sources` arguments of
    sources by source.
    """

    workflow: str
    instruction: str
    at: Selection | None = None
    finding: Finding | None = None
    versions: dict[str, int] = {}
    sources: dict[str, dict[str, str]] = {}

    @property
    def title(self) -> str:
        """What the person sees on the proposal."""
        if self.finding is not None:
            return f"Fix {headline(self.finding)}"[:100]
        first, _, _ = self.instruction.strip().partition("\n")
        return first[:100]


def order_of(request: StartRun, versions: dict[str, int]) -> Order:
    """Return the order that a door's request means; values that a test had are the person's alone and stay out."""
    instruction = request.instruction.strip()
    if not instruction and request.finding is not None:
        instruction = "Make this finding go away by mending its cause."
    finding = request.finding and msgspec.structs.replace(request.finding, values=())
    return Order(request.workflow, instruction, request.at, finding, versions, request.sources)
