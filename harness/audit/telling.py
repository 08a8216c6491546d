"""The story of one run as lines to read: what it was asked, what came of it, each step. Pure."""

from __future__ import annotations

from datetime import datetime

from bridle.harness.answers import RunStory, StepRow
from bridle.harness.audit.story import Step, Story
from bridle.harness.model.budget import dollars
from bridle.harness.session.runs import RunRow

MAX_STEPS = 500
"""So many steps of a run are told to a door, the latest."""


def told(row: RunRow, whole: Story) -> RunStory:
    """Return a run as a door has it."""
    steps = tuple(StepRow(one.seq, one.time, one.text, one.stands) for one in whole.steps[-MAX_STEPS:])
    return RunStory(row.as_row(), tuple(lines_of(whole)), steps)


def lines_of(whole: Story) -> list[str]:
    """Return the story of a run in lines."""
    state = whole.state
    lines = [f"asked: {state.instruction or '(nothing said)'}"]
    lines += [f"forked from {state.parent}, step {state.parent_step}"] if state.parent else []
    lines += [f"ended: {state.outcome}: {state.reason}"] if state.outcome else []
    lines += [f"damaged: {whole.damage}"] if whole.damage else []
    lines += [f"phase {one.phase}: {one.outcome}" for one in state.left]
    lines += [f"wrote {name}: {len(text.splitlines())} lines" for name, text in state.artefacts.items()]
    lines += [f"assumed: {one.question} {one.answer} (by {one.by})" for one in state.assumed]
    lines += [f"proposal {state.proposal}: {whole.badge or 'not verified'}"] if state.proposal else []
    lines += [f"{one.state}: {', '.join(file.path for file in one.files)}" for one in whole.landings]
    used = state.usage
    lines += [f"cost: {used.input_tokens} tokens in, {used.output_tokens} out, {dollars(used.cost_usd_micros)}"]
    return [*lines, "", *map(_step, whole.steps)]


def _step(step: Step) -> str:
    when = datetime.fromtimestamp(step.time).astimezone().strftime("%H:%M:%S")
    return f"{step.seq:>5}  {when}  {step.text}" + ("" if step.stands else "  (cut by going back)")
