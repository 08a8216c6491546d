"""Tools of MCP servers as tools of a run: each call decided, told to the journal, answered as data.

A server's tool is asked about unless a rule of the person's allows it; where nobody can be asked, it is refused. An
argument that names a file of secrets refuses the call, whatever the rules say.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

import msgspec

from bridle.context.redact import is_credential_file
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.ground import Ground
from bridle.harness.mcp.names import parted
from bridle.harness.mcp.offers import Offer
from bridle.harness.mcp.poison import visible
from bridle.harness.mcp.problems import LinkProblem
from bridle.harness.mcp.resources import refusal_of
from bridle.harness.mcp.results import told
from bridle.harness.mcp.servers import Servers
from bridle.harness.nouns import UserProblem
from bridle.harness.permission.decide import Decision, judge
from bridle.harness.permission.protected import protection
from bridle.harness.session.journal import Journal
from bridle.harness.tools.toolbox import Input, Tool

ONCE, RUN, NO = "Once", "In this run", "No"
MAX_ASKED_CHARS = 4_000
MAX_INPUT_BYTES = 256 * 1024
MAX_PATH_CHARS = 4_096


class Foreign:
    """The servers' tools in one run; remembers what the person allowed for all of it."""

    def __init__(self, ground: Ground, servers: Servers, journal: Journal) -> None:
        self._ground = ground
        self._servers = servers
        self._journal = journal
        self._granted: set[str] = set()

    def tools(self, offered: tuple[Offer, ...]) -> tuple[Tool, ...]:
        """Return the tools in the order of the offers."""
        return tuple(Tool(offer.name, offer.spec, partial(self._call, offer.name)) for offer in offered)

    async def _call(self, name: str, given: Input) -> str:
        subject = _plain(given)
        decision = await self._decide(name, subject, given)
        began = time.monotonic()
        try:
            answered = await self._servers.call(name, given)
        except UserProblem as problem:
            self._note(name, "unavailable", decision.rule, began)
            raise ToolProblem("E_MCP", name, f"{problem.message}. Work without this tool.") from problem
        except LinkProblem as problem:
            self._note(name, problem.kind, decision.rule, began)
            raise ToolProblem("E_MCP", name, _said(problem)) from problem
        both = parted(name)
        strike_out = partial(self._servers.strike_out, both[0] if both else "")
        result = told(name, answered.result, partial(refusal_of, policy=self._ground.policy), strike_out)
        outcome = "failed" if result.failed else "truncated" if result.truncated else "answered"
        self._note(name, outcome, decision.rule, began, answered.n_bytes, answered.refused)
        if result.failed:
            raise ToolProblem("E_MCP", name, result.text)
        return result.text

    async def _decide(self, name: str, subject: str, given: Input) -> Decision:
        """Return the decision that lets a call through. Raises ToolProblem E_PERMISSION for any other."""
        policy = self._ground.policy
        if name in self._granted:
            policy = msgspec.structs.replace(policy, granted=policy.granted | {(name, subject)})
        secret = next((text for text in _strings(given) if _is_secret(text)), None)
        if secret is not None:
            reason = f"{name} {secret!r}: it names a file of secrets"
            decision = Decision("deny", "built in: credentials", reason)
        else:
            decision = judge(policy, name, subject)
        if decision.verdict == "ask" and self._ground.ask is not None:
            decision = await self._asked(name, subject, decision, self._ground.ask)
        told_of = {"tool": name, "subject": subject[:MAX_ASKED_CHARS]}
        verdict = {"verdict": decision.verdict, "rule": decision.rule, "reason": decision.reason[:MAX_ASKED_CHARS]}
        self._journal.append("decided", {**told_of, **verdict})
        if decision.verdict != "allow":
            raise ToolProblem("E_PERMISSION", name, f"{decision.reason[:MAX_ASKED_CHARS]}. Work without this tool.")
        return decision

    async def _asked(self, name: str, subject: str, decision: Decision, ask: Any) -> Decision:
        if len(subject) > MAX_ASKED_CHARS:
            return Decision("deny", decision.rule, f"{name}: its arguments are too long to be shown to the person")
        question = f"Bridle: may the model call {name}?\n{visible(subject)}\nAsked because of: {decision.rule}"
        answer = await ask(question, (ONCE, RUN, NO), NO)
        if answer == RUN:
            self._granted.add(name)
        if answer in (ONCE, RUN):
            return Decision("allow", "granted", f"the person said: {answer.lower()}")
        return Decision("deny", decision.rule, f"{name}: the person did not say yes")

    def _note(
        self, name: str, outcome: str, rule: str, began: float, n_bytes: int = 0, refused: tuple[str, ...] = ()
    ) -> None:
        seconds = round(time.monotonic() - began, 3)
        said = {"name": name, "outcome": outcome, "rule": rule, "n_bytes": n_bytes, "seconds": seconds}
        self._journal.append("mcp_called", {**said, "refused": refused})


def _plain(given: Input) -> str:
    """Return a call's arguments as they are decided on and shown. Raises ToolProblem."""
    whole = msgspec.json.encode(given, order="deterministic")
    if len(whole) > MAX_INPUT_BYTES:
        raise ToolProblem("E_MCP", "", f"the arguments have {len(whole)} bytes; {MAX_INPUT_BYTES} are taken")
    return whole.decode()


def _said(problem: LinkProblem) -> str:
    if problem.kind == "refused":
        return f"the server refused the call: {visible(problem.message)}"
    ended = "The call may have had an effect. The server was ended; the next call starts it anew."
    return f"{visible(problem.message)}. {ended}"


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in cast("dict[str, object]", value).values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from _strings(each)


def _is_secret(text: str) -> bool:
    """Whether a string of the arguments is the path of a file of secrets."""
    path = text.strip().removeprefix("file://").replace("\\", "/")
    if not path or len(path) > MAX_PATH_CHARS or "\n" in path:
        return False
    ruling = protection(path.lstrip("/"), "Read")
    return is_credential_file(path) or (ruling is not None and ruling.effect == "deny" and ruling.name != "git")
