"""May this be done? One decision for every tool of a run, journaled with its rule; where it is "ask", a person says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bridle.harness.edits.problems import ToolProblem
from bridle.harness.nouns import UserProblem
from bridle.harness.permission.decide import Call, Decision, decide
from bridle.harness.permission.grants import Grants
from bridle.harness.permission.paths import locate
from bridle.harness.permission.question import ALWAYS, NO, ONCE, SESSION, Question, question
from bridle.harness.permission.remember import allow_always
from bridle.harness.session.journal import Journal

AskPerson = Callable[[str, tuple[str, ...], str], Awaitable[str]]
MAX_AT_ONCE = 20
MAX_KEPT_CHARS = 4_000
MCP = "mcp__"
UNBOXED = Decision("ask", "built in: no sandbox", "nothing keeps a command from the rest of this machine here")


class Permits:
    """The permissions of one run. `settings` is the person's own file; without a sandbox every command is asked about.

    A yes for once holds for the call that was asked about, in this run, and for no other.
    """

    def __init__(
        self, grants: Grants, journal: Journal, ask: AskPerson, settings: Path, *, sandboxed: bool = True
    ) -> None:
        self._grants = grants
        self._journal = journal
        self._ask = ask
        self._settings = settings
        self._sandboxed = sandboxed

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
            call, decision = self._decided(tool, subject)
            told[subject] = decision
            if decision.verdict == "ask":
                asked.append((call, decision))
        return told | (await self._answers(asked) if asked else {})

    def deny(self, tool: str, subject: str, rule: str, reason: str) -> ToolProblem:
        """Journal that something is refused whatever the rules say; returns the problem for the model."""
        self._tell(Call(tool, subject), Decision("deny", rule, reason))
        return ToolProblem("E_PERMISSION", tool, f"{reason}. Work without it.")

    def _decided(self, tool: str, subject: str) -> tuple[Call, Decision]:
        policy = self._grants.policy
        target = locate(policy.root, subject, policy.private) if tool in ("Edit", "Read") else None
        call = Call(tool, subject, target)
        decision = decide(policy, call)
        if tool == "Bash" and not self._sandboxed and decision.verdict == "allow" and decision.rule != "granted":
            decision = UNBOXED
        self._tell(call, decision)
        return call, decision

    async def _answers(self, asked: Sequence[tuple[Call, Decision]]) -> dict[str, Decision]:
        """Ask the person; a standing yes is kept as they said."""
        put = question(self._grants.policy, asked, str(self._settings))
        if put.too_long or len(asked) > MAX_AT_ONCE:
            rule, why = "built in: too much to ask", "it is too long for a person to judge it"
            return self._answered(asked, lambda was: Decision("deny", rule, f"{was.reason}, and {why}"))
        answer = await self._ask(put.text, put.choices, NO)
        rule = f"the person: {answer.lower()}"
        if answer not in (ONCE, SESSION, ALWAYS):
            return self._answered(
                asked, lambda was: Decision("deny", rule, f"{was.reason}, and the person did not agree")
            )
        self._keep(answer, put, asked)
        return self._answered(asked, lambda was: Decision("allow", rule, "the person said yes"))

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
                allow_always(self._settings, put.rules)
            except UserProblem as problem:
                raise ToolProblem("E_PERMISSION", "", f"{problem.message}; {problem.next_step}") from problem
            for rule in put.rules:
                self._grants.follow(rule)

    def _tell(self, call: Call, decision: Decision) -> None:
        self._journal.append(
            "decided",
            {
                "tool": call.tool,
                "subject": call.subject[:MAX_KEPT_CHARS],
                "verdict": decision.verdict,
                "rule": decision.rule,
                "reason": decision.reason[:MAX_KEPT_CHARS],
            },
        )
