"""Which checks a project has: every ecosystem's finder on one survey of the tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from bridle.harness.verify.checkers.registry import rank
from bridle.harness.verify.checks import STAGES, Check, is_below
from bridle.harness.verify.finders import cargo, go, node, presets, python, rules
from bridle.harness.verify.finders.declared import find as find_declared
from bridle.harness.verify.survey import Survey, survey

FINDERS: Sequence[Callable[[Survey], Iterable[Check]]] = (
    python.find,
    node.find,
    go.find,
    cargo.find,
    presets.find,
    rules.find,
)


def discover(
    root: Path,
    python: str | None,
    needs: Mapping[str, tuple[str, ...]] = {},
    files: Iterable[str] | None = None,
    declared: Sequence[Check] = (),
) -> tuple[Check, ...]:
    """Return the project's checks in the order in which they run: cheapest stage first, outermost package first.

    `python` is the person's setting, None or "" to find one. `needs` is what the person grants, by the check's name or
    its tool's. `files` are the tree's files where they are known, None to look for them.
    `declared` are the checks that a person declared, whose names are their own.
    """
    seen = survey(root, python, files)
    found = {check.name: check for check in find_declared(seen, declared)}
    found |= {check.name: check for find in FINDERS for check in find(seen)}
    return tuple(
        msgspec.structs.replace(
            check,
            needs=needs.get(check.name, needs.get(check.tool, ())),
            without=tuple(sorted(o.package for o in found.values() if o.tool == check.tool and _inside(o, check))),
        )
        for check in sorted(found.values(), key=_order)
    )


def _inside(one: Check, other: Check) -> bool:
    return one.package != other.package and is_below(one.package, other.package)


def _order(check: Check) -> tuple[int, int, str]:
    return STAGES.index(check.stage), rank(check.tool), check.package
