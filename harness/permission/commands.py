"""What is decided about each part of a command. Pure: paths were looked at before.

A part is denied for what it may come to, however it is spelled. It is allowed only by a rule that says its first words,
one by one, and only if nothing behind them is known or feared to do more than they say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bridle.harness.permission.command import Part, Place, Reading
from bridle.harness.permission.decision import Decision
from bridle.harness.permission.rules import ORIGINS, Effect, Policy, PolicyRule
from bridle.harness.permission.words import may_be, may_hide, spells

OnPlace = Callable[[Place], Decision]
"""What is decided about a path that a part touches."""

OUTSIDE = "built in: outside"
FOLDER = "built in: folder"
HARMLESS = "built in: harmless"

_LOOSENING = tuple(origin for origin in ORIGINS if not origin.startswith("project"))


def decide_parts(policy: Policy, reading: Reading, on_place: OnPlace) -> tuple[Decision, ...]:
    """Return what is decided about each part, and about what is more than plain commands."""
    contained = policy.mode == "auto" and policy.contained
    decided = [_decided(policy, part, on_place, contained=contained) for part in reading.parts]
    if not contained:
        decided += [
            Decision("ask", "built in: not plain words", f"it has {what}", text=text) for what, text in reading.oddities
        ]
    return tuple(decided)


def _decided(policy: Policy, part: Part, on_place: OnPlace, *, contained: bool) -> Decision:
    spelled, rule = _spelled(policy, part)
    restricted = _denied(policy, part, on_place) or _asked(policy, part, on_place, spelled, contained=contained)
    if restricted is not None:
        return restricted
    if not part.argv or part.enters is not None:
        return Decision("allow", HARMLESS, "it does nothing of its own", text=part.text)
    if rule is not None:
        return Decision("allow", str(rule), "it is allowed by a rule", rule.origin, part.text)
    mode = f"mode {policy.mode}"
    if contained:
        return Decision("allow", mode, "it runs where it reaches nothing outside", "mode", part.text)
    return Decision("ask", mode, f"no rule allows {part.argv[0]!r}", "mode", part.text)


def _spelled(policy: Policy, part: Part) -> tuple[int, PolicyRule | None]:
    """Return how many words of a part its rule spells out, and that rule: the one that says most."""
    best: tuple[int, PolicyRule | None] = (-1, None)
    for rule in _rules(policy, "allow"):
        n_words = spells(rule.rule.pattern, part.argv) if part.argv and rule.origin in _LOOSENING else -1
        if n_words > best[0]:
            best = n_words, rule
    return best


def _denied(policy: Policy, part: Part, on_place: OnPlace) -> Decision | None:
    for hazard in part.hazards:
        if hazard.effect == "deny":
            return Decision("deny", hazard.name, hazard.reason, text=part.text)
    said = _said(policy, part, "deny")
    if said is not None:
        return said
    for place, decision in _places(part, on_place):
        asks = decision.rule == FOLDER or (place.mild and decision.rule == OUTSIDE)
        if decision.verdict == "deny" and not asks:
            return Decision("deny", decision.rule, decision.reason, decision.origin, part.text)
    return None


def _asked(policy: Policy, part: Part, on_place: OnPlace, spelled: int, *, contained: bool) -> Decision | None:
    said = _said(policy, part, "ask")
    if said is not None:
        return said
    for hazard in part.hazards:
        if hazard.at >= spelled and not contained:
            return Decision("ask", hazard.name, hazard.reason, text=part.text)
    for place, decision in _places(part, on_place):
        if place.at >= spelled and decision.verdict != "allow" and (not place.mild or decision.verdict == "deny"):
            return Decision("ask", decision.rule, decision.reason, decision.origin, part.text)
    if contained and part.network and spelled < 0:
        return Decision("ask", f"mode {policy.mode}", "it speaks with other machines", "mode", part.text)
    return None


def _places(part: Part, on_place: OnPlace) -> Iterator[tuple[Place, Decision]]:
    return ((place, on_place(place)) for place in part.places)


def _said(policy: Policy, part: Part, effect: Effect) -> Decision | None:
    """Return the decision of the rule from highest up that forbids what the part may come to."""
    for rule in _rules(policy, effect):
        pattern = rule.rule.pattern
        spoken = next((argv for argv in part.suspects if may_be(pattern, argv)), None)
        word = "denied" if effect == "deny" else "asked about"
        if spoken is not None:
            name = "it" if spoken == part.argv else repr(" ".join(spoken)[:80])
            reason = f"{name} is {word} by a rule"
        elif any(may_hide(pattern, text) for text in part.hidden):
            reason = f"{rule.rule.pattern!r} may stand in it, and is {word} by a rule"
        else:
            continue
        return Decision(effect, str(rule), reason, rule.origin, part.text)
    return None


def _rules(policy: Policy, effect: Effect) -> list[PolicyRule]:
    found = [each for each in policy.rules if each.effect == effect and each.rule.tool == "Bash"]
    return sorted(found, key=lambda rule: ORIGINS.index(rule.origin))
