"""The one decision that every door and every tool goes through: deny beats ask beats allow, however specific.

`decide` is pure. It does not know who asks, it asks nobody, and nothing that the project says can loosen it. A command
is decided part by part in `commands`; the strictest part is the answer.
"""

from __future__ import annotations

import msgspec

from bridle.harness.permission.command import Reading
from bridle.harness.permission.commands import HARMLESS, decide_parts
from bridle.harness.permission.decision import Decision, strictest
from bridle.harness.permission.looking import look
from bridle.harness.permission.paths import Target, locate
from bridle.harness.permission.protected import Ruling, protection
from bridle.harness.permission.rules import ORIGINS, Effect, Mode, Policy, PolicyRule, is_of, matches
from bridle.harness.permission.unfolding import read_command

_FREE: dict[Mode, tuple[str, ...]] = {
    "plan": ("Read",),
    "ask": ("Read", "Check"),
    "edit": ("Read", "Check", "Edit"),
    "auto": ("Read", "Check", "Edit"),
}


class Call(msgspec.Struct, frozen=True):
    """What a tool is about to do.

    `subject` is the path, the check's name or the command. Edit and Read need their `target`, found by
    `locate`; Bash needs its `reading`, with every path in it looked at. An edit tells the `lines` ``[start, end)``
    that it touches, None for the whole file.
    """

    tool: str
    subject: str
    target: Target | None = None
    lines: tuple[int, int] | None = None
    reading: Reading | None = None


def judge(policy: Policy, tool: str, subject: str, lines: tuple[int, int] | None = None) -> Decision:
    """Look where `subject` leads, then decide."""
    return decide(policy, looked(policy, tool, subject, lines))


def looked(policy: Policy, tool: str, subject: str, lines: tuple[int, int] | None = None) -> Call:
    """Return the call with all that has to be looked at before it can be decided."""
    target = locate(policy.root, subject, policy.private) if tool in ("Edit", "Read") else None
    reading = look(policy, read_command(subject)) if tool == "Bash" else None
    return Call(tool, subject, target, lines, reading)


def decide(policy: Policy, call: Call) -> Decision:
    """Return what the policy says to a call; "ask" is "deny" where nobody can be asked."""
    decision = _command(policy, call) if call.tool == "Bash" else _single(policy, call)
    if decision.verdict == "ask" and policy.headless:
        reason = f"{decision.reason}, and nobody can be asked"
        return msgspec.structs.replace(decision, verdict="deny", reason=reason)
    return decision


def _command(policy: Policy, call: Call) -> Decision:
    """Decide about a command: what its strictest part earns."""
    if call.reading is None:
        return Decision("deny", "built in: not read", f"nobody read what {call.subject!r} would do")
    if policy.mode == "plan":
        return Decision("deny", "mode plan", f"Bash {call.subject!r}: only reading is allowed in mode plan", "mode")
    parts = decide_parts(
        policy, call.reading, lambda place: _single(policy, Call(place.tool, place.path, place.target))
    )
    if not parts:
        return Decision("ask", "built in: not plain words", "there is no command in it")
    worst = strictest(parts)
    parts = tuple(part for part in parts if part.rule != HARMLESS) or parts[:1]
    if worst.verdict == "ask" and ("Bash", call.subject) in policy.granted:
        return Decision("allow", "granted", "the person said yes", "person", parts=parts)
    reason = worst.reason if worst.text in ("", call.subject) else f"{worst.text!r}: {worst.reason}"
    return msgspec.structs.replace(worst, reason=reason, text="", parts=parts)


def _single(policy: Policy, call: Call) -> Decision:
    return _denied(policy, call) or _asked(policy, call) or _allowed(policy, call)


def _denied(policy: Policy, call: Call) -> Decision | None:
    if call.tool in ("Edit", "Read") and call.target is None:
        return Decision("deny", "built in: not located", f"nobody looked where {call.subject!r} leads")
    ruling = _ruling(call, "deny")
    if ruling is not None:
        return _built_in(call, ruling)
    if policy.mode == "plan" and call.tool == "Edit":
        return Decision("deny", "mode plan", f"Edit {call.subject!r}: only reading is allowed in mode plan", "mode")
    return _said(policy, call, "deny")


def _asked(policy: Policy, call: Call) -> Decision | None:
    if (call.tool, _place(call)) in policy.granted:
        return None
    ruling = _ruling(call, "ask")
    if ruling is not None:
        return _built_in(call, ruling)
    if call.tool == "Edit" and policy.scope is not None and not policy.scope.holds(_place(call), call.lines):
        return Decision("ask", "scope", f"{call.subject!r} is outside of what this run was started on", "scope")
    return _said(policy, call, "ask")


def _allowed(policy: Policy, call: Call) -> Decision:
    if (call.tool, _place(call)) in policy.granted:
        return Decision("allow", "granted", "the person said yes", "person")
    said = _said(policy, call, "allow")
    if said is not None:
        return said
    mode = f"mode {policy.mode}"
    if call.tool in _FREE[policy.mode]:
        return Decision("allow", mode, f"{call.tool} is free in {mode}", "mode")
    return Decision("ask", mode, f"{call.tool} {call.subject!r} is asked about in {mode}", "mode")


def _ruling(call: Call, effect: Effect) -> Ruling | None:
    """Return the built-in ruling with this effect, whether it is the spelling, the kind or the name that
    earns it.
    """
    if call.target is None:
        return None
    target = call.target
    for ruling in (*target.rulings, protection(target.path, call.tool), protection(target.real, call.tool)):
        if ruling is not None and ruling.effect == effect and call.tool in ruling.tools:
            return ruling
    return None


def _built_in(call: Call, ruling: Ruling) -> Decision:
    return Decision(ruling.effect, f"built in: {ruling.name}", f"{call.tool} {call.subject!r}: {ruling.reason}")


def _said(policy: Policy, call: Call, effect: Effect) -> Decision | None:
    """Return the decision of the rule with this effect that comes from highest up.

    A place may have two names, as it was spelled and with links resolved. One that is denied or asked about
    is enough; to be allowed, each needs a rule.
    """
    speaking = [_speaking(policy, call.tool, name, effect) for name in _names(call)]
    if effect == "allow" and not all(speaking):
        return None
    rules = sorted((rule for some in speaking for rule in some), key=lambda rule: ORIGINS.index(rule.origin))
    if not rules:
        return None
    word = {"deny": "denied", "ask": "asked about", "allow": "allowed"}[effect]
    return Decision(effect, str(rules[0]), f"{call.tool} {call.subject!r} is {word} by a rule", rules[0].origin)


def _speaking(policy: Policy, tool: str, name: str, effect: Effect) -> list[PolicyRule]:
    """Return the rules with this effect on `name`; the project allows nothing, whoever of it speaks."""
    loosens = effect == "allow"
    return [
        each
        for each in policy.rules
        if each.effect == effect
        and is_of(tool, each.rule)
        and not (loosens and each.origin.startswith("project"))
        and matches(each.rule, name, fold=not loosens)
    ]


def _names(call: Call) -> tuple[str, ...]:
    if call.target is None:
        return (call.subject,)
    return (call.target.path, call.target.real) if call.target.path else (call.target.absolute,)


def _place(call: Call) -> str:
    return call.target.real if call.target is not None else call.subject
