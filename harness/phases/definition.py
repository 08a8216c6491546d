"""A workflow as data: its phases, how each can end, and what comes after each ending. Pure.

The model makes every call inside a phase and none about which phase comes next. A phase ends in one of the outcomes
that its kind can have; `on` names what follows each. Nothing that a model writes freely is ever compared.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Kind = Literal["talk", "verify", "reproduced", "check", "format", "approve", "step", "commit_message"]
Role = Literal["planner", "builder", "evaluator"]
Answer = Literal["", "plan", "verdict", "findings"]
Writes = Literal["nothing", "tests", "comments", "anything"]
Needs = Literal["instruction", "finding", "either", "nothing"]
ModelClass = Literal["main", "small", "strong"]
Effort = Literal["", "low", "medium", "high"]

SUCCEED, FAIL, PARK, REFUSE = "succeed", "fail", "park", "refuse"
ENDS = (SUCCEED, FAIL, PARK, REFUSE)

READS = ("read", "search", "symbols")
TOOLS = (*READS, "edit", "run_check", "run_command", "ask", "note", "mcp")
"""Every tool that a phase can be given, in the order in which a model sees them."""

TOOLS_OF: dict[Role, tuple[str, ...]] = {
    "planner": (*READS, "ask", "note"),
    "builder": TOOLS,
    "evaluator": (*READS, "run_check", "run_command"),
}
"""The most that a role may have, and what it has where a phase names none."""

MAX_VISITS = 20
MAX_SAY = 20_000

Count = Annotated[int, msgspec.Meta(ge=1)]
Amount = Annotated[float, msgspec.Meta(gt=0)]


class Spend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one phase may take of the run's budget, over all its visits; the run bounds what is left out."""

    turns: Count | None = None
    tokens: Count | None = None
    seconds: Amount | None = None
    cost_usd: Amount | None = None


class Phase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One bounded stretch of a run.

    `on` is outcome → phase or end; an outcome that it leaves out follows `usual`. `say` opens a talk, with names of
    what it is shown in braces. `artefact` is the file that a talk's last words, or its answer, become. `limit` is how
    often the phase may be entered. Where `when` does not hold, the phase is passed over as if it had gone well.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9_-]{0,39}\Z")]
    kind: Kind = "talk"
    on: dict[str, str] = {}
    role: Role = "builder"
    say: Annotated[str, msgspec.Meta(max_length=MAX_SAY)] = ""
    tools: tuple[str, ...] = ()
    writes: Writes = "anything"
    answer: Answer = ""
    artefact: Annotated[str, msgspec.Meta(pattern=r"\A([a-z][a-z0-9_-]{0,39}\.md)?\Z")] = ""
    shows: tuple[str, ...] = ()
    model: ModelClass = "main"
    effort: Effort = ""
    budget: Spend = Spend()
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_VISITS)] = 1
    when: Annotated[str, msgspec.Meta(max_length=200)] = ""
    check: str = ""
    new_tests: bool = False

    @property
    def outcomes(self) -> tuple[str, ...]:
        """How the phase can end, the one that goes on first."""
        return ANSWERED[self.answer] if self.kind == "talk" else OUTCOMES[self.kind]

    @property
    def allowed(self) -> tuple[str, ...]:
        """The tools of a talk, in their stable order."""
        wanted = self.tools or TOOLS_OF[self.role]
        return tuple(tool for tool in TOOLS if tool in wanted and (tool != "edit" or self.may_write))

    @property
    def may_write(self) -> bool:
        """Whether what the phase changes belongs to the run's change."""
        return self.kind == "talk" and self.role == "builder" and self.writes != "nothing"


OUTCOMES: dict[Kind, tuple[str, ...]] = {
    "talk": ("done",),
    "verify": ("green", "red", "unclear"),
    "reproduced": ("red", "green", "unclear"),
    "check": ("green", "red", "unclear"),
    "format": ("done",),
    "approve": ("approved", "rejected"),
    "step": ("all", "more"),
    "commit_message": ("done",),
}
ANSWERED: dict[Answer, tuple[str, ...]] = {
    "": ("done",),
    "plan": ("done",),
    "verdict": ("meets", "objects"),
    "findings": ("clean", "found"),
}
_USUAL = {"red": FAIL, "unclear": PARK, "rejected": REFUSE, "objects": PARK, "found": "", "green": FAIL}
"""What follows an outcome that does not go on; "" goes on all the same."""


class Workflow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A workflow. `needs` is what it starts from; `asks` whether what is doubtful in the task is asked about first."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    needs: Needs = "instruction"
    asks: bool = False
    phases: Annotated[tuple[Phase, ...], msgspec.Meta(min_length=1, max_length=30)] = msgspec.field(
        default=(), name="phase"
    )

    def place(self, name: str) -> int:
        """Return where the phase called `name` stands, -1 when there is none."""
        return next((n for n, phase in enumerate(self.phases) if phase.name == name), -1)

    def usual(self, place: int, outcome: str) -> str:
        """Return what follows an outcome that the phase says nothing of: the next phase, or how the run ends."""
        phase = self.phases[place]
        if outcome == phase.outcomes[0]:
            return self._onward(place)
        return _USUAL.get(outcome, FAIL) or self._onward(place)

    def after(self, place: int, outcome: str) -> str:
        """Return the phase or the end that follows an outcome."""
        return self.phases[place].on.get(outcome) or self.usual(place, outcome)

    @property
    def changes(self) -> bool:
        """Whether a run of it can come to a change on offer."""
        return any(phase.may_write for phase in self.phases)

    @property
    def proves(self) -> bool:
        """Whether checks run in it, so that the ground has to be proved before."""
        return any(
            phase.kind in ("verify", "reproduced", "check") or "run_check" in phase.allowed for phase in self.phases
        )

    def _onward(self, place: int) -> str:
        return self.phases[place + 1].name if place + 1 < len(self.phases) else SUCCEED
