"""What a run is asked to do: data."""

from __future__ import annotations

from unicodedata import category

import msgspec

from bridle.harness.engine import Selection, StartRun
from bridle.harness.nouns import Finding, UserProblem
from bridle.harness.titles import titled

MAX_INSTRUCTION_CHARS = 100_000


class Order(msgspec.Struct, frozen=True):
    """One task as it was given. `versions` are the open documents' versions at that moment, `sources` arguments of
    sources by source, `pinned` and `excluded` what the person wants in its context and what not.
    """

    workflow: str
    instruction: str
    at: Selection | None = None
    finding: Finding | None = None
    versions: dict[str, int] = {}
    sources: dict[str, dict[str, str]] = {}
    pinned: tuple[Selection, ...] = ()
    excluded: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What the person sees on the proposal."""
        return titled(self.instruction, self.finding)


def order_of(request: StartRun, versions: dict[str, int]) -> Order:
    """Return the order that a door's request means; values that a test had are the person's alone and stay out.

    Characters that nobody sees are no part of an instruction. Raises UserProblem for one that is too long.
    """
    given = request.instruction
    if len(given) > MAX_INSTRUCTION_CHARS:
        raise UserProblem(
            f"the instruction has {len(given)} characters, and at most {MAX_INSTRUCTION_CHARS} are taken",
            "put the long part into a file of the workspace and name it",
        )
    instruction = "".join(filter(_is_seen, given.replace("\r\n", "\n"))).strip()
    if not instruction and request.finding is not None:
        instruction = "Make this finding go away by mending its cause."
    finding = request.finding and msgspec.structs.replace(request.finding, values=())
    return Order(
        request.workflow,
        instruction,
        request.at,
        finding,
        versions,
        request.sources,
        request.pinned,
        request.excluded,
    )


def _is_seen(character: str) -> bool:
    return character in "\n\t" or character.isprintable() or category(character) == "Zs"
