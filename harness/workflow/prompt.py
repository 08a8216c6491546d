"""The words that open a run: pure. The same task and the same pack give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from bridle.context.readform import ReadMode
from bridle.context.redact import hidden
from bridle.harness.engine import Selection
from bridle.harness.nouns import Finding, Flag, Verdict
from bridle.harness.phases.definition import Role
from bridle.harness.proposals.badge import same
from bridle.harness.settingsfiles import EditTool
from bridle.harness.titles import headline

MAX_FINDINGS = 20
MAX_DETAIL_CHARS = 4_000


@cache
def _template(name: str) -> str:
    return (files("bridle.harness.workflow") / "prompts" / name).read_text("utf-8")


def system_prompt(
    mode: ReadMode = "check", edit_tool: EditTool = "hashline", role: Role = "builder", handing: str = ""
) -> str:
    """Return what is said once, at the head of every talk; `handing` is how whoever answers hands that in."""
    if role != "builder":
        return _template("system_judging.md" if role == "evaluator" else "system_reading.md").replace(
            "{handing}", handing
        )
    editing = _template(f"edit_{mode if edit_tool == 'hashline' else edit_tool}.md")
    return _template("system.md").replace("{editing}", editing)


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return the words that open a talk, everything that they name in its place."""
    return re.sub(r"\{([^{}\s]*)\}", lambda slot: values.get(slot[1], ""), template.strip() + "\n")


def place_of(at: Selection | None) -> str:
    """Return where the person stands."""
    return f"The person stands on {at.path}, lines {at.start_line + 1}-{at.end_line}.\n\n" if at else ""


def describe(finding: Finding) -> str:
    """Return one finding for the model, with its evidence."""
    code = f" [{finding.code}]" if finding.code else ""
    lines = [f"{finding.check}{code}: {headline(finding)}"]
    if finding.detail:
        lines.append(finding.detail[:MAX_DETAIL_CHARS])
    return hidden("\n".join(lines))


def send_back(
    verdicts: tuple[Verdict, ...],
    flags: tuple[Flag, ...],
    before: tuple[Verdict, ...] = (),
    wanted: Finding | None = None,
) -> str:
    """Return the next turn after checks that were not green; `before` is what the old proof says of the change."""
    text = findings_text(verdicts, flags, wanted)
    if before:
        fresh = [finding for verdict in before for finding in verdict.findings if finding.new]
        unclear = [
            f"{verdict.check}: {verdict.outcome} ({verdict.reason})" for verdict in before if not verdict.findings
        ]
        said = "\n".join([*map(describe, fresh[:MAX_FINDINGS]), *unclear])
        text += f"\n\nWith the tests and the configuration as they were before your change, your code gives:\n{said}"
        text += "\nIf what was asked for means that they must change, say so and stop: a person decides."
    return f"{text}\n\nMend this, or say in one sentence why it cannot be mended and stop."


def findings_text(verdicts: tuple[Verdict, ...], flags: tuple[Flag, ...], wanted: Finding | None = None) -> str:
    """Return what the checks said: what is new, what could not be judged, and `wanted` where it is still there.

    A check that fails only by what was there before is told as such, so that the model does not take it for its own.
    """
    lines = ["The project's checks ran on your change."]
    for verdict in verdicts:
        fresh = [finding for finding in verdict.findings if finding.new or (wanted and same(finding, wanted))]
        lines.append(f"\n{verdict.check}: {_outcome(verdict, fresh)}")
        lines += [describe(finding) for finding in fresh[:MAX_FINDINGS]]
        if len(fresh) > MAX_FINDINGS:
            lines.append(f"… and {len(fresh) - MAX_FINDINGS} more")
    lines += [f"\nRefused by the gate {flag.gate!r}: {flag.reason}\n{flag.remedy}" for flag in flags if flag.blocks]
    return "\n".join(lines)


def _outcome(verdict: Verdict, told: list[Finding]) -> str:
    why = f" ({verdict.reason})" if verdict.reason else ""
    if verdict.outcome != "fail" or told or not verdict.findings:
        return f"{verdict.outcome}{why}"
    n_old = len(verdict.findings)
    return f"nothing new, {n_old} older finding{'s' * (n_old != 1)} still there{why}"
