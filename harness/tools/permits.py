"""May this be done? One decision for every tool of a run, journaled with its rule; where it is "ask", a person says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from bridle.harness.edits.problems import ToolProblem
from bridle.harness.nouns import UserProblem
from bridle.harness.permission.consulting import consult
from bridle.harness.permission.decide import Call, decide, looked
from bridle.harness.permission.decision import Decision, as_event
from bridle.harness.permission.grants import Grants
from bridle.harness.permission.hooks import Hook, hears
from bridle.harness.permission.question import ALWAYS, NO, ONCE, SESSION, Question, question
from bridle.harness.permission.remember import allow_always
from bridle.harness.permission.rules import Policy
from bridle.harness.session.journal import Journal

AskPerson = Callable[[str, tuple[str, ...], str], Awaitable[str]]
MAX_AT_ONCE = 20
MAX_KEPT_CHARS = 4_000
MCP = "mcp__"
UNBOXED = Decision("ask", "built in: no sandbox", "nothing keeps a command from the rest of this machine here")


class Terms(msgspec.Struct, frozen=True):
    """What a run's permissions hang on besides the policy.

    `settings` is the person's own file, where a rule that they choose to keep goes. `trusted` tells whether the
    project's own hooks may run. Without a sandbox (`contained`) every command is asked about.
    """

    settings: Path
    hooks: tuple[Hook, ...] = ()
    trusted: Callable[[], bool] = lambda: False
    contained: bool = True


class Permits:
    """The permissions of one run. A yes for once holds for the call that was asked about, and for no other."""

    def __init__(self, grants: Grants, journal: Journal, ask: AskPerson, terms: Terms) -> None:
        self._grants = grants
        self._journal = journal
        self._ask = ask
        self._terms = terms

    async def expect(self, tool: str, subject: str, otherwise: str = "Nothing was written. Work without it.") -> str:
        """Return the rule that lets this be done; `otherwise` tells the model what holds when none does.

        Raises ToolProblem E_PERMISSION.
        """
        decisions = await self.decisions(tool, (subject,))
        decision = decisions[subject]
        if decision.verdict != "allow":
            named = tool if tool.startswith(MCP) else subject
            raise ToolProblem("E_PERMISSION", named, f"{decision.reason}. {otherwise}")
        return decision.rule

    async def decisions(self, tool: str, subjects: Sequence[str]) -> dict[str, Decision]:
        """Return what holds for each of `subjects`, allow or deny; the person is asked once about all that need it."""
        told: dict[str, Decision] = {}
        asked: list[tuple[Call, Decision]] = []
        for subject in subjects:
            call, decision = await self._decided(tool, subject)
            told[subject] = decision
            if decision.verdict == "ask":
                asked.append((call, decision))
        return told | (await self._answers(asked) if asked else {})

    def deny(self, tool: str, subject: str, rule: str, reason: str) -> ToolProblem:
        """Journal that something is refused whatever the rules say; returns the problem for the model."""
        self._tell(Call(tool, subject), Decision("deny", rule, reason))
        return ToolProblem("E_PERMISSION", tool, f"{reason}. Work without it.")

    @property
    def _policy(self) -> Policy:
        return msgspec.structs.replace(self._grants.policy, contained=self._terms.contained)

    async def _decided(self, tool: str, subject: str) -> tuple[Call, Decision]:
        """Decide by the rules, then by the hooks; what a command would do is read, and hooks run, off the loop."""
        if tool == "Bash" or any(hears(hook, tool) for hook in self._terms.hooks):
            call, decision = await asyncio.to_thread(self._decide, tool, subject)
        else:
            call, decision = self._decide(tool, subject)
        self._tell(call, decision)
        return call, decision

    def _decide(self, tool: str, subject: str) -> tuple[Call, Decision]:
        policy = self._policy
        call = looked(policy, tool, subject)
        decision = decide(policy, call)
        if tool == "Bash" and not policy.contained and decision.verdict == "allow" and decision.rule != "granted":
            decision = msgspec.structs.replace(UNBOXED, parts=decision.parts)
        return call, consult(policy, self._terms.hooks, self._terms.trusted, tool, subject, decision)

    async def _answers(self, asked: Sequence[tuple[Call, Decision]]) -> dict[str, Decision]:
        """Ask the person; a standing yes is kept as they said."""
        put = question(self._policy, asked, str(self._terms.settings))
        if put.too_long or len(asked) > MAX_AT_ONCE:
            rule, why = "built in: too much to ask", "it is too long for a person to judge it"
            return self._answered(asked, lambda was: Decision("deny", rule, f"{was.reason}, and {why}"))
        answer = await self._ask(put.text, put.choices, NO)
        rule = f"the person: {answer.lower()}"
        if answer not in (ONCE, SESSION, ALWAYS):
            return self._answered(
                asked, lambda was: Decision("deny", rule, f"{was.reason}, and the person did not agree", "person")
            )
        self._keep(answer, put, asked)
        return self._answered(asked, lambda was: Decision("allow", rule, "the person said yes", "person"))

    def _answered(
        self, asked: Sequence[tuple[Call, Decision]], become: Callable[[Decision], Decision]
    ) -> dict[str, Decision]:
        told = {call.subject: become(decision) for call, decision in asked}
        for call, _ in asked:
            self._tell(call, told[call.subject])
        return told

    def _keep(self, answer: str, put: Question, asked: Sequence[tuple[Call, Decision]]) -> None:
        """Keep a yes for as long as the person said. Raises ToolProblem where their settings cannot be written."""
        if answer == SESSION:
            for call, _ in asked:
                self._grants.for_session(call)
        elif answer == ALWAYS:
            try:
                allow_always(self._terms.settings, put.rules)
            except UserProblem as problem:
                raise ToolProblem("E_PERMISSION", "", f"{problem.message}; {problem.next_step}") from problem
            for rule in put.rules:
                self._grants.follow(rule)

    def _tell(self, call: Call, decision: Decision) -> None:
        kept = msgspec.structs.replace(decision, reason=decision.reason[:MAX_KEPT_CHARS])
        self._journal.append("decided", as_event(call.tool, call.subject[:MAX_KEPT_CHARS], kept))
