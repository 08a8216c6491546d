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
from bridle.harness.permission.rules import Effect
from bridle.harness.session.journal import Journal

AskPerson = Callable[[str, tuple[str, ...], str], Awaitable[str]]
MAX_AT_ONCE = 20
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

    async def expect(self, tool: str, subject: str, otherwise: str = "Nothing was written. Work without it.") -> None:
        """Raise ToolProblem E_PERMISSION unless this may be done; `otherwise` tells the model what holds then."""
        refused = await self.refused(tool, (subject,))
        if refused:
            raise ToolProblem("E_PERMISSION", subject, f"{refused[subject]}. {otherwise}")

    async def refused(self, tool: str, subjects: Sequence[str]) -> dict[str, str]:
        """Return those of `subjects` that may not be done, each with the reason; the person is asked once about all."""
        refused: dict[str, str] = {}
        asked: list[tuple[Call, Decision]] = []
        for subject in subjects:
            call, decision = self._decided(tool, subject)
            if decision.verdict == "deny":
                refused[subject] = decision.reason
            elif decision.verdict == "ask":
                asked.append((call, decision))
        if asked and not await self._agreed(asked):
            refused |= {call.subject: f"{decision.reason}, and the person did not agree" for call, decision in asked}
        return refused

    def _decided(self, tool: str, subject: str) -> tuple[Call, Decision]:
        policy = self._grants.policy
        target = locate(policy.root, subject, policy.private) if tool in ("Edit", "Read") else None
        call = Call(tool, subject, target)
        decision = decide(policy, call)
        if tool == "Bash" and not self._sandboxed and decision.verdict == "allow" and decision.rule != "granted":
            decision = UNBOXED
        self._tell(call, decision)
        return call, decision

    async def _agreed(self, asked: Sequence[tuple[Call, Decision]]) -> bool:
        """Ask the person; a standing yes is kept as they said."""
        put = question(self._grants.policy, asked, str(self._settings))
        if put.too_long or len(asked) > MAX_AT_ONCE:
            self._answered(asked, "deny", "built in: too much to ask", "no person could judge all of it at a glance")
            return False
        answer = await self._ask(put.text, put.choices, NO)
        agreed = answer in (ONCE, SESSION, ALWAYS)
        if agreed:
            self._keep(answer, put, asked)
        self._answered(asked, "allow" if agreed else "deny", f"the person: {answer.lower()}", "they were asked")
        return agreed

    def _answered(self, asked: Sequence[tuple[Call, Decision]], verdict: Effect, rule: str, reason: str) -> None:
        for call, _ in asked:
            self._tell(call, Decision(verdict, rule, reason))

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
                "subject": call.subject,
                "verdict": decision.verdict,
                "rule": decision.rule,
                "reason": decision.reason,
            },
        )
