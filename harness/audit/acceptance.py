"""Who let a landing in, and on what: read off the journal of its run. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from bridle.harness.session import events
from bridle.harness.session.records import Record
from bridle.harness.session.runs import AGENT
from bridle.harness.titles import titled


class Acceptance(NamedTuple):
    """One landing's run and task, and who accepted it.

    That is the "person"; "unproved": they waved objections through or did not wait for a proof; or "rules" of theirs,
    which let the edit of an agent in unasked.
    """

    workflow: str
    task: str
    model: str
    by: Literal["person", "unproved", "rules"]


def accepted(records: Iterable[Record], plan: str) -> Acceptance | None:
    """Return who accepted the landing `plan`; None where the journal does not have it."""
    workflow = task = model = ""
    overridden = False
    verdicts: list[str] = []
    for record in records:
        if record.kind not in ("started", "decided", "overridden", "prepared", "rolled_back"):
            continue
        match record.event():
            case events.Started() as started:
                workflow, model = started.workflow, started.model
                task = titled(started.instruction, started.finding)
            case events.Decided() as decided:
                verdicts.append(decided.verdict)
            case events.Overridden():
                overridden = True
            case events.Prepared() as prepared if prepared.plan == plan:
                unasked = workflow == AGENT and set(verdicts) == {"allow"}
                return Acceptance(workflow, task, model, "rules" if unasked else "unproved" if overridden else "person")
            case events.Prepared():
                overridden = False
            case _:
                pass
    return None
