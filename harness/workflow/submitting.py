"""What a phase answers where the harness goes on by it: a plan, a verdict, findings. Typed and checked.

The model hands its answer in through a tool whose input has this shape; what it writes freely decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Annotated, Any, Literal, cast

import msgspec

from bridle.harness.edits.problems import ToolProblem
from bridle.harness.phases.definition import Answer
from bridle.harness.tools.toolbox import Input, Tool

MAX_STEPS = 6
MAX_CRITERIA = 12
MAX_FOUND = 30
REVIEW = "review"
"""Stands for a check where only reading can tell."""

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=600, pattern=r"\S")]


class Criterion(msgspec.Struct, frozen=True):
    """Something by which somebody else can tell that the work is done; `by` is the check that shows it."""

    text: Line
    by: Line


class Plan(msgspec.Struct, frozen=True):
    """What is to be done, in steps that each leave the project working."""

    steps: Annotated[tuple[Line, ...], msgspec.Meta(min_length=1, max_length=MAX_STEPS)]
    criteria: Annotated[tuple[Criterion, ...], msgspec.Meta(min_length=1, max_length=MAX_CRITERIA)]
    why: Annotated[str, msgspec.Meta(max_length=4_000)] = ""


class Judged(msgspec.Struct, frozen=True):
    """One criterion as the evaluator saw it."""

    criterion: Line
    met: Literal["yes", "no", "unclear"]
    saw: Line


class Judgement(msgspec.Struct, frozen=True):
    """The evaluator's word on a change. It objects where a criterion is not met, whatever else it says."""

    criteria: Annotated[tuple[Judged, ...], msgspec.Meta(min_length=1, max_length=MAX_CRITERIA)]
    objections: Annotated[tuple[Line, ...], msgspec.Meta(max_length=MAX_FOUND)] = ()

    @property
    def outcome(self) -> str:
        """How the phase ends."""
        return "objects" if self.objections or any(one.met == "no" for one in self.criteria) else "meets"


class Found(msgspec.Struct, frozen=True):
    """One thing that a review found; `line` counts from 1."""

    path: Line
    line: Annotated[int, msgspec.Meta(ge=1)]
    message: Line
    severity: Literal["error", "warning", "information"] = "warning"


class Review(msgspec.Struct, frozen=True):
    """What a review found."""

    findings: Annotated[tuple[Found, ...], msgspec.Meta(max_length=MAX_FOUND)]
    summary: Annotated[str, msgspec.Meta(max_length=2_000)] = ""


Submitted = Plan | Judgement | Review
_SHAPES: dict[Answer, tuple[str, type[Submitted], str]] = {
    "plan": ("submit_plan", Plan, "Hand in the plan. This ends your part."),
    "verdict": ("submit_verdict", Judgement, "Hand in your verdict, criterion by criterion. This ends your part."),
    "findings": ("submit_review", Review, "Hand in what you found, nothing if nothing. This ends your part."),
}


def submit_tool(
    answer: Answer, checks: Collection[str], known: Callable[[str], int | None], take: Callable[[Submitted], None]
) -> Tool:
    """Return the tool that takes a phase's answer.

    `checks` are the names that a criterion may be shown `by`; `known` gives the lines of a file, None for one that is
    not there.
    """
    name, shape, description = _SHAPES[answer]
    schema = _schema(shape)

    async def submit(given: Input) -> str:
        try:
            found = msgspec.convert(given, shape)
        except msgspec.ValidationError as error:
            raise ToolProblem("E_RANGE", "", f"{name}: {error}. Hand it in once more.") from error
        _expect_sense(name, found, checks, known)
        take(found)
        return "Taken."

    return Tool(name, {"name": name, "description": description, "input_schema": schema}, submit)


def name_of(answer: Answer) -> str:
    """Return what the tool is called that takes this answer."""
    return _SHAPES[answer][0]


def as_markdown(submitted: Submitted) -> str:
    """Return an answer for people to read."""
    match submitted:
        case Plan():
            steps = "\n".join(f"{n}. {_flat(step)}" for n, step in enumerate(submitted.steps, 1))
            why = f"\n{submitted.why.strip()}\n" if submitted.why.strip() else ""
            return f"# Plan\n{why}\n## Steps\n\n{steps}\n"
        case Judgement():
            judged = "\n".join(
                f"- **{one.met}**: {_flat(one.criterion)}: {_flat(one.saw)}" for one in submitted.criteria
            )
            said = "".join(f"- {_flat(one)}\n" for one in submitted.objections) or "None.\n"
            return f"# Review\n\n## Criteria\n\n{judged}\n\n## Objections\n\n{said}"
        case Review():
            rows = [f"- `{one.path}:{one.line}` ({one.severity}): {_flat(one.message)}" for one in submitted.findings]
            summary = f"{submitted.summary.strip()}\n\n" if submitted.summary.strip() else ""
            return f"# Review\n\n{summary}" + ("\n".join(rows) or "Nothing was found.") + "\n"


def steps_of(plan: str) -> list[str]:
    """Return the steps of a plan as it stands in Markdown, a person's changes to it included."""
    _, _, rest = plan.partition("## Steps")
    body = re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return [found[1].strip() for line in body.splitlines() if (found := re.match(r"\s*\d+[.)]\s+(\S.*)", line))]


def _expect_sense(name: str, found: Submitted, checks: Collection[str], known: Callable[[str], int | None]) -> None:
    """Refuse what names something that is not there. Raises ToolProblem."""
    if isinstance(found, Plan):
        odd = [one.by for one in found.criteria if one.by not in (*checks, REVIEW)]
        if odd:
            can = ", ".join([*sorted(checks), REVIEW])
            raise ToolProblem("E_RANGE", "", f"{name}: there is no check {odd[0]!r}. A criterion is shown by: {can}.")
    if isinstance(found, Review):
        for one in found.findings:
            n_lines = known(one.path)
            if n_lines is None or one.line > max(1, n_lines):
                there = "is not there" if n_lines is None else f"has {n_lines} lines"
                raise ToolProblem("E_RANGE", one.path, f"{name}: {one.path} {there}; name a line that is.")


def _schema(shape: type[Submitted]) -> dict[str, Any]:
    """Return the JSON schema of a shape, with every part in its place."""
    (schema,), parts = msgspec.json.schema_components([shape], ref_template="{name}")
    inlined: dict[str, Any] = _inlined(schema, parts)
    return inlined


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        known = cast("dict[str, Any]", schema)
        if "$ref" in known:
            return _inlined(parts[known["$ref"]], parts)
        return {key: _inlined(value, parts) for key, value in known.items()}
    if isinstance(schema, list | tuple):
        return [_inlined(one, parts) for one in cast("list[Any]", schema)]
    return schema


def _flat(text: str) -> str:
    return " ".join(text.split())
