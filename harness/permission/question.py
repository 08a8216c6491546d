"""The question that an "ask" becomes: whole, readable, and saying what each answer would do. Pure.

"Always" is offered only where the rule that it would write makes the difference; deny and ask rules still beat it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.permission.decide import Call, Decision, decide
from bridle.harness.permission.grants import following
from bridle.harness.permission.rules import Policy, Rule, parse_rule

ONCE = "Once"
SESSION = "This session"
ALWAYS = "Always"
NO = "No"
MAX_SHOWN = 4_000

_UNSEEN = ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks that Unicode lets a font leave out (Default_Ignorable_Code_Point, outside of the classes above)."""
_GLOB = re.compile(r"([\\*?\[\]])")
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
    rules = _helpful(policy, [call for call, _ in asked])
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


def shown(text: str) -> str:
    """Return `text` with every character that steers a screen, or is not seen on it, spelled out."""
    return "".join(_spelled(c) if unicodedata.category(c) in _UNSEEN or _BLANK.match(c) else c for c in text)


def rule_for(call: Call) -> Rule | None:
    """Return the narrowest rule that speaks of `call`, None where the grammar has none."""
    pattern = call.subject
    if call.target is not None:
        if not call.target.path or call.target.path != call.target.real:
            return None
        pattern = "/" + _GLOB.sub(r"\\\1", call.target.path)
    try:
        return parse_rule(call.tool if call.tool.startswith("mcp__") else f"{call.tool}({pattern})")
    except UserProblem:
        return None


def _helpful(policy: Policy, calls: Sequence[Call]) -> tuple[Rule, ...]:
    """Return the rules under which every call would be allowed, () where there are none."""
    rules = [rule_for(call) for call in calls]
    then = policy
    for rule in rules:
        if rule is None:
            return ()
        then = following(then, rule)
    allowed = all(decide(then, call).verdict == "allow" for call in calls)
    return tuple(rule for rule in rules if rule is not None) if allowed else ()


def _reason(decision: Decision) -> str:
    return f"{shown(decision.reason)} ({shown(decision.rule)})"


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
