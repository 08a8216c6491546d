"""Whether a workflow can be run as it is written: pure. Each objection names the key that it is about.

What is refused here never begins: an outcome that cannot come, a phase that nothing leads to, a loop without an end, a
tool that a role may not have, a change that would be offered without any check having seen it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from bridle.harness.phases.conditions import parse
from bridle.harness.phases.definition import ENDS, SUCCEED, TOOLS, TOOLS_OF, Kind, Phase, Workflow

CONTRACT = "contract.md"
SHOWN = (
    "kind",
    "contract",
    "notes",
    "instruction",
    "place",
    "finding",
    "pack",
    "diff",
    "verdicts",
    "assumptions",
    "changes",
)
"""What a talk can be shown, besides the artefacts of phases."""

_SOURCE = re.compile(r"source\.[A-Za-z0-9_-]{1,60}")
_NAMED = re.compile(r"\{([^{}\s]*)\}")
_ONLY_FOR: dict[str, tuple[Kind, ...]] = {
    "say": ("talk",),
    "tools": ("talk",),
    "writes": ("talk",),
    "answer": ("talk",),
    "artefact": ("talk",),
    "role": ("talk",),
    "model": ("talk",),
    "effort": ("talk",),
    "budget": ("talk",),
    "shows": ("approve",),
    "check": ("check",),
    "new_tests": ("verify",),
}


class Objection(msgspec.Struct, frozen=True):
    """What is wrong, at the key `path` of the `nth` phase, from 0 on."""

    path: tuple[str, ...]
    nth: int
    message: str
    next_step: str


def objections(workflow: Workflow) -> Iterator[Objection]:
    """Yield what keeps a workflow from being run, the first thing first."""
    yield from _names(workflow)
    for nth, phase in enumerate(workflow.phases):
        yield from _keys(phase, nth)
        yield from _talk(workflow, phase, nth)
        yield from _ways(workflow, phase, nth)
    if all(target in _known(workflow) for target in _targets(workflow)):
        yield from _whole(workflow)


def named_in(text: str) -> tuple[str, ...]:
    """Return what a text wants to show, in order."""
    return tuple(dict.fromkeys(_NAMED.findall(text)))


def _names(workflow: Workflow) -> Iterator[Objection]:
    seen: set[str] = set()
    for nth, phase in enumerate(workflow.phases):
        if phase.name in seen or phase.name in ENDS:
            taken = "is an end of the run" if phase.name in ENDS else "names an earlier phase too"
            yield Objection(("phase", "name"), nth, f"{phase.name!r} {taken}", "give it another name")
        seen.add(phase.name)


def _keys(phase: Phase, nth: int) -> Iterator[Objection]:
    usual = Phase(phase.name)
    for key, kinds in _ONLY_FOR.items():
        if phase.kind not in kinds and getattr(phase, key) != getattr(usual, key):
            yield Objection(("phase", key), nth, f"a phase of kind {phase.kind!r} has no {key!r}", f"leave {key!r} out")
    if phase.kind == "check" and not phase.check:
        yield Objection(("phase", "kind"), nth, "which check?", 'name it: check = "pytest"')
    try:
        parse(phase.when)
    except ValueError as error:
        yield Objection(("phase", "when"), nth, str(error), "write it as: change.lines > 100 and checks > 0")


def _talk(workflow: Workflow, phase: Phase, nth: int) -> Iterator[Objection]:
    if phase.kind != "talk":
        return
    if not phase.say.strip():
        yield Objection(("phase", "name"), nth, f"the talk {phase.name!r} has no words to open it", 'add: say = "…"')
    written = {one.artefact.removesuffix(".md") for one in workflow.phases if one.artefact}
    for name in named_in(phase.say):
        if name not in SHOWN and name not in written and not _SOURCE.fullmatch(name):
            known = ", ".join([*SHOWN, *sorted(written), "source.NAME"])
            yield Objection(("phase", "say"), nth, f"nothing is called {{{name}}}", f"known are: {known}")
    for tool in phase.tools:
        if tool not in TOOLS:
            yield Objection(("phase", "tools"), nth, f"there is no tool {tool!r}", f"the tools are: {', '.join(TOOLS)}")
        elif tool not in TOOLS_OF[phase.role]:
            may = ", ".join(TOOLS_OF[phase.role])
            yield Objection(("phase", "tools"), nth, f"a {phase.role} may not have {tool!r}", f"it may have: {may}")
    if phase.answer == "verdict" and phase.role != "evaluator":
        yield Objection(("phase", "answer"), nth, "whoever judges must not build", 'set: role = "evaluator"')


def _ways(workflow: Workflow, phase: Phase, nth: int) -> Iterator[Objection]:
    for outcome, target in phase.on.items():
        if outcome not in phase.outcomes:
            can = ", ".join(phase.outcomes)
            said = f"{phase.name!r} cannot end in {outcome!r}"
            yield Objection(("phase", "on", outcome), nth, said, f"it can end in: {can}")
        elif target not in _known(workflow):
            known = ", ".join([*(one.name for one in workflow.phases), *ENDS])
            yield Objection(("phase", "on", outcome), nth, f"there is no phase {target!r}", f"there are: {known}")
    for shown in phase.shows:
        if shown not in {CONTRACT, *(one.artefact for one in workflow.phases if one.artefact)}:
            step = "name an artefact of an earlier phase"
            yield Objection(("phase", "shows"), nth, f"no phase writes {shown!r}", step)


def _known(workflow: Workflow) -> set[str]:
    return {phase.name for phase in workflow.phases} | set(ENDS)


def _targets(workflow: Workflow) -> Iterator[str]:
    for place, phase in enumerate(workflow.phases):
        yield from (workflow.after(place, outcome) for outcome in phase.outcomes)


def _whole(workflow: Workflow) -> Iterator[Objection]:
    """Yield what is wrong with the ways through the phases together."""
    ways = {
        place: {workflow.place(target) for target in _onward(workflow, place) if target not in ENDS}
        for place in range(len(workflow.phases))
    }
    reached = _from(0, ways)
    for nth, phase in enumerate(workflow.phases):
        if nth not in reached:
            step = "lead to it by an `on`, or drop it"
            yield Objection(("phase", "name"), nth, f"nothing leads to {phase.name!r}", step)
        elif phase.limit == 1 and any(nth in _from(onward, ways) for onward in ways[nth]):
            why = f"{phase.name!r} is gone back to, and may be entered once only"
            yield Objection(("phase", "name"), nth, why, "add how often it may be entered: limit = 3")
    for nth, phase in enumerate(workflow.phases):
        if phase.may_write and nth in reached and _unproved(workflow, nth):
            why = f"what {phase.name!r} changes could be offered without any check having seen it"
            yield Objection(("phase", "name"), nth, why, 'let a phase of kind "verify" follow it')


def _onward(workflow: Workflow, place: int) -> Iterator[str]:
    phase = workflow.phases[place]
    yield from (workflow.after(place, outcome) for outcome in phase.outcomes)
    if phase.when:
        yield workflow.after(place, phase.outcomes[0])


def _from(start: int, ways: dict[int, set[int]]) -> set[int]:
    """Return the places that can be come to from `start`, itself among them."""
    found, edge = {start}, {start}
    while edge:
        edge = {onward for place in edge for onward in ways[place]} - found
        found |= edge
    return found


def _unproved(workflow: Workflow, start: int) -> bool:
    """Tell whether a way leads from a phase to success without a proof that cannot be passed over."""
    found, edge = {start}, [start]
    while edge:
        place = edge.pop()
        if workflow.phases[place].kind == "verify" and not workflow.phases[place].when:
            continue
        for target in _onward(workflow, place):
            if target == SUCCEED:
                return True
            onward = workflow.place(target)
            if onward >= 0 and onward not in found:
                found.add(onward)
                edge.append(onward)
    return False
