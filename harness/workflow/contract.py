"""What "done" means for one run, agreed before the work: the checks, the bounds, the criteria of a plan. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bridle.harness.order import Order
from bridle.harness.permission.rules import Scope
from bridle.harness.session.events import Assumed
from bridle.harness.titles import headline
from bridle.harness.workflow.submitting import REVIEW, Criterion

MAX_TASK_CHARS = 4_000


def contract(
    order: Order,
    checks: Collection[str],
    scope: Scope | None,
    assumed: Sequence[Assumed] = (),
    criteria: Sequence[Criterion] = (),
) -> str:
    """Return the contract as Markdown; the same order gives the same bytes."""
    task = order.instruction.strip()[:MAX_TASK_CHARS] or order.title
    quoted = "\n".join(f"> {line}".rstrip() for line in task.splitlines())
    done = [_checks(checks)]
    if order.finding is not None:
        done.append(f"gone is: {headline(order.finding)} (by: {order.finding.check})")
    done += [f"{' '.join(one.text.split())} (by: {one.by})" for one in criteria]
    done.append(_bounds(scope))
    lines = "\n".join(f"- {line}" for line in done)
    answers = "\n".join(f"- {one.question} {one.answer} (by: {one.by})" for one in assumed)
    return f"# Contract\n\n{quoted}\n\n## Done when\n\n{lines}\n" + (f"\n## Assumed\n\n{answers}\n" if answers else "")


def unobserved(criteria: Sequence[Criterion]) -> tuple[Criterion, ...]:
    """Return the criteria that no check can show, where that is all of them."""
    return tuple(criteria) if criteria and all(one.by == REVIEW for one in criteria) else ()


def _checks(checks: Collection[str]) -> str:
    if not checks:
        return "this project has no check, so what changes is offered as not verified"
    return f"nothing new is found by {', '.join(checks)}, with the tests as they were too"


def _bounds(scope: Scope | None) -> str:
    if scope is None:
        return "the change is what was asked for and nothing else"
    files = ", ".join(sorted(scope.files)[:5]) + (" …" if len(scope.files) > 5 else "")
    return f"outside of what it was started on ({files}) nothing changes without your yes"
