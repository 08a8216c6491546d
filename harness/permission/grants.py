"""What one engine may do: the policy it was opened with, and what the person said yes to since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from bridle.harness.permission.decide import Call
from bridle.harness.permission.rules import Policy, PolicyRule, Rule


class Grants:
    """A policy that a person's answers widen, as long as the engine lives."""

    def __init__(self, policy: Policy, needs: Mapping[str, tuple[str, ...]] = {}) -> None:
        self._policy = policy
        self._needs = dict(needs)

    @property
    def policy(self) -> Policy:
        """The policy as it is now."""
        return self._policy

    @property
    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """What each check is granted beyond the sandbox."""
        return self._needs

    def meet(self, check: str, needs: Sequence[str]) -> None:
        """Grant a check what the person has just written into their own settings."""
        self._needs[check] = tuple(dict.fromkeys((*self._needs.get(check, ()), *needs)))

    def for_session(self, call: Call) -> None:
        """Allow this very call until the engine ends; of an MCP server's tool, that tool with any arguments."""
        if call.tool.startswith("mcp__"):
            rule = PolicyRule("allow", Rule(call.tool), "session")
            self._policy = msgspec.structs.replace(self._policy, rules=(*self._policy.rules, rule))
            return
        granted = self._policy.granted | {(call.tool, place_of(call))}
        self._policy = msgspec.structs.replace(self._policy, granted=granted)

    def follow(self, rule: Rule) -> None:
        """Follow a rule that the person has just written into their own settings."""
        self._policy = following(self._policy, rule)


def following(policy: Policy, rule: Rule) -> Policy:
    """Return the policy with one more rule of the person that allows."""
    return msgspec.structs.replace(policy, rules=(*policy.rules, PolicyRule("allow", rule, "user")))


def place_of(call: Call) -> str:
    """Return what a grant of `call` is bound to: the place with its links resolved, else the subject."""
    return call.target.real if call.target is not None else call.subject
