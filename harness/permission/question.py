"""The question that an "ask" becomes: whole, readable, and saying what each answer would do. Pure.

"Always" is offered only where the rule that it would write makes the difference; deny and ask rules still beat it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.permission.decide import Call, decide
from bridle.harness.permission.decision import Decision
from bridle.harness.permission.grants import following
from bridle.harness.permission.rules import Policy, Rule, parse_rule
from bridle.harness.permission.showing import shown

ONCE = "Once"
SESSION = "This session"
ALWAYS = "Always"
NO = "No"
MAX_SHOWN = 4_000

_GLOB = re.compile(r"([\\*?\[\]])")
_ESCAPED = r"\\\1"
_DOING = {"Bash": "run", "Edit": "change", "Read": "read", "Check": "run the check"}


class Question(msgspec.Struct, frozen=True):
    """What to ask, with the answers that there are; `rules` is what "Always" would write, () where it would not help.

    `too_long` says that no person could judge it: the answer is no without asking.
    """

    text: str
    choices: tuple[str, ...]
    rules: tuple[Rule, ...]
    too_long: bool = False


def question(policy: Policy, asked: Sequence[tuple[Call, Decision]], settings: str) -> Question:
    """Return the question about calls of one tool that all need the person; `settings` is where a rule would go."""
    tool = asked[0][0].tool
    rules = _helpful(policy, asked)
    subjects = [shown(call.subject) for call, _ in asked]
    what = _DOING.get(tool, f"call {tool}")
    named = "\n".join(subjects) if len(subjects) > 1 else subjects[0]
    lines = [f"May the model {what}: {named}", *dict.fromkeys(f"Asked because {_reason(d)}" for _, d in asked)]
    choices = [ONCE, SESSION, NO]
    if rules:
        choices.insert(2, ALWAYS)
        said = ", ".join(f'"{rule}"' for rule in rules)
        lines.append(f"{ALWAYS} adds to allow in {shown(settings)}: {said}")
    text = "\n".join(lines)
    return Question(text, tuple(choices), rules, too_long=len(text) > MAX_SHOWN)


def rules_for(call: Call, decision: Decision) -> tuple[Rule, ...]:
    """Return the narrowest rules that speak of `call`, of each part of a command that is asked about; () for none."""
    if call.tool == "Bash":
        asked = [part.text for part in decision.parts if part.verdict == "ask" and part.text]
        return _parsed(f"Bash({text})" for text in dict.fromkeys(asked or [call.subject]))
    if call.target is None:
        return _parsed([call.tool if call.tool.startswith("mcp__") else f"{call.tool}({call.subject})"])
    if not call.target.path or call.target.path != call.target.real:
        return ()
    return _parsed([f"{call.tool}(/{_GLOB.sub(_ESCAPED, call.target.path)})"])


def _parsed(texts: Iterable[str]) -> tuple[Rule, ...]:
    try:
        return tuple(parse_rule(text) for text in texts)
    except UserProblem:
        return ()


def _helpful(policy: Policy, asked: Sequence[tuple[Call, Decision]]) -> tuple[Rule, ...]:
    """Return the rules under which every call would be allowed, () where there are none."""
    rules = list[Rule]()
    for call, decision in asked:
        rules += rules_for(call, decision)
    then = policy
    for rule in rules:
        then = following(then, rule)
    allowed = all(decide(then, call).verdict == "allow" for call, _ in asked)
    return tuple(dict.fromkeys(rules)) if rules and allowed else ()


def _reason(decision: Decision) -> str:
    return f"{shown(decision.reason)} ({shown(decision.rule)})"
