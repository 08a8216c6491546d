"""The model's place in a run: for each phase exactly the words, the tools, the rights and the budget that it needs.

A phase has one talk. A builder works in the run's shadow, an evaluator in a copy that is thrown away, a planner reads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec

from bridle.context.pack import packed
from bridle.context.rank import rank
from bridle.context.readform import ReadMode
from bridle.context.redact import hidden, is_credential_file
from bridle.context.task import Task
from bridle.harness.edits.readview import view
from bridle.harness.edits.revisions import Revisions
from bridle.harness.edits.writes import WriteLog
from bridle.harness.ground import Ground
from bridle.harness.heads import at_head
from bridle.harness.model.asking import HERE, first_call
from bridle.harness.model.budget import Allowance, Meter
from bridle.harness.nouns import Budget, UserProblem, Verdict
from bridle.harness.order import Order
from bridle.harness.phases.definition import Phase, Spend
from bridle.harness.phases.validity import named_in
from bridle.harness.proposals.patches import Changed, diff_text
from bridle.harness.reranking import Account, reranked
from bridle.harness.rulefiles import rule_files
from bridle.harness.session.events import Assumed
from bridle.harness.session.journal import Journal
from bridle.harness.settings import Settings
from bridle.harness.settingsfiles import EditTool
from bridle.harness.shadow.shadow import Shadow
from bridle.harness.tools.asking import ask_tool, note_tool, symbols_tool
from bridle.harness.tools.command import Bench, command_tool, programs_of
from bridle.harness.tools.kit import Kit, tools_of
from bridle.harness.tools.known_secrets import Striking, secrets_below
from bridle.harness.tools.toolbox import Tool, Toolbox
from bridle.harness.verify.python_version import is_newer_than_ours
from bridle.harness.verify.rewinding import differing
from bridle.harness.withholding import pointed_at, withheld
from bridle.harness.workflow.conversation import Conversation, Sitting
from bridle.harness.workflow.ending import Ended
from bridle.harness.workflow.fetching import Doors, Fetching
from bridle.harness.workflow.prompt import describe, filled, findings_text, place_of, system_prompt
from bridle.harness.workflow.submitting import Submitted, name_of, submit_tool
from bridle.harness.workflow.workbench import Workbench

NOTES = "notes.md"
SOURCE = "source."
MAX_DIFF_CHARS = 120_000


class Desk:
    """Where the model sits. `more` are tools of other programs."""

    def __init__(
        self, ground: Ground, order: Order, journal: Journal, meter: Meter, bench: Workbench, more: Sequence[Tool]
    ) -> None:
        self._ground = ground
        self._order = order
        self._journal = journal
        self._meter = meter
        self._bench = bench
        self._more = tuple(more)
        self._edit_tool: EditTool = edit_tool_of(ground.settings, ground.client().model)
        self._mode: ReadMode = ground.settings.read_mode if self._edit_tool == "hashline" else "plain"
        self._folder = ground.state.revisions / journal.run
        self._revisions = Revisions(self._folder, self._mode)
        self._copies: list[Shadow] = []
        self._striking = Striking()
        self.artefacts: dict[str, str] = {}
        self.assumed: list[Assumed] = []
        self.verdicts: tuple[Verdict, ...] = ()
        self.sources = Fetching(
            ground.settings.source,
            order.sources,
            Doors(bench.shadow, bench.permits, self._more, bench.stop),
            journal,
            ground.blobs,
        )

    def close(self) -> None:
        """Throw the evaluators' copies away."""
        while self._copies:
            self._copies.pop().close()

    def write(self, name: str, text: str, by: str) -> None:
        """Keep an artefact of the run as it stands from now on."""
        self.artefacts[name] = text
        self._journal.append("written", {"name": name, "text": text, "by": by})

    async def question(self, question: str, choices: tuple[str, ...], default: str) -> str:
        """Ask the person about the task; what holds is kept, whoever said it."""
        answer, told = await self._ground.question(question, choices, default)
        assumed = Assumed(question, answer, "person" if told else "default")
        self.assumed.append(assumed)
        self._journal.append("assumed", assumed)
        return answer

    # --- talks ----------------------------------------------------------------------------------------------

    async def talk(self, phase: Phase, take: Callable[[Submitted], None]) -> Conversation:
        """Return the talk of a phase, with nothing said yet; `take` gets what is handed in."""
        self._striking = Striking(await asyncio.to_thread(secrets_below, self._ground.root))
        kit = await self._kit(phase)
        tools = list(tools_of(kit, phase.allowed))
        if phase.answer:
            tools.append(submit_tool(phase.answer, self._bench.checks, self._n_lines, take))
        system = system_prompt(self._mode, self._edit_tool, phase.role, self._handing(phase))
        model = self._ground.settings.models.get(phase.model, "")
        meter = self._meter_of(phase)
        client = self._ground.client()
        sitting = Sitting(client, system, phase.name, model if client.endpoint != HERE else "", phase.effort)
        fallback = "" if client.endpoint == HERE else self._ground.settings.models.get("small", "")
        sitting = msgspec.structs.replace(
            sitting,
            most_tokens=self._ground.settings.compact_tokens,
            fallback=fallback,
            profiles=self._ground.settings.profiles,
            pulse=self._ground.pulse,
            tool_s=self._ground.settings.timeout_s,
            striking=self._striking,
        )
        return Conversation(sitting, Toolbox(tools), self._journal, meter)

    async def opening(self, phase: Phase) -> str:
        """Return the words that open a phase's talk, with what they name. Asks before any of it leaves the machine."""
        wanted = named_in(phase.say)
        values: dict[str, str] = {"kind": self._order.workflow, "instruction": self._order.instruction.strip()}
        values["place"] = place_of(self._order.at)
        finding = self._order.finding
        values["finding"] = f"<finding>\n{describe(finding)}\n</finding>\n\n" if finding else ""
        values["assumptions"] = self._assumptions()
        values |= {name.removesuffix(".md"): text.strip() for name, text in self.artefacts.items()}
        if "pack" in wanted:
            values["pack"] = await self._pack(phase)
        if "diff" in wanted:
            values["diff"] = await asyncio.to_thread(lambda: _shown(self._bench.changed()))
        if "verdicts" in wanted:
            values["verdicts"] = findings_text(self.verdicts, (), self._order.finding)
        if "changes" in wanted:
            root, shadow, base = self._ground.root, self._bench.shadow, self._bench.base
            selected = self._order.at is not None
            values["changes"] = await asyncio.to_thread(lambda: since_commit(root, shadow, base, selected=selected))
        for name in wanted:
            if name.startswith(SOURCE):
                values[name] = await self.sources.text(name.removeprefix(SOURCE), self._order.at)
        if "pack" not in wanted:
            await self._consent((), 0)
        return filled(phase.say, values)

    def _meter_of(self, phase: Phase) -> Meter | Allowance:
        if phase.budget == Spend():
            return self._meter
        own, whole = phase.budget, self._ground.settings.budget
        micros = None if own.cost_usd is None else round(own.cost_usd * 1_000_000)
        limits = Budget(
            own.tokens or whole.tokens,
            whole.cost_usd_micros if micros is None else micros,
            own.seconds or whole.seconds,
            own.turns or whole.turns,
        )
        return Allowance(self._meter, limits, phase.name, time.monotonic)

    def _handing(self, phase: Phase) -> str:
        return f": hand your answer in with `{name_of(phase.answer)}`" if phase.answer else " and answer in words"

    # --- tools ----------------------------------------------------------------------------------------------

    async def _kit(self, phase: Phase) -> Kit:
        ground, bench = self._ground, self._bench
        shadow, revisions, log = bench.shadow, self._revisions, bench.log
        if phase.role == "evaluator":
            shadow = await asyncio.to_thread(bench.copy, bench.changed())
            self._copies.append(shadow)
            revisions, log = Revisions(self._folder / phase.name, "plain"), WriteLog()
        more: Mapping[str, tuple[Tool, ...]] = {
            "symbols": (symbols_tool(ground.snapshot),),
            "ask": (ask_tool(self.question),),
            "note": (note_tool(lambda: self.artefacts.get(NOTES, ""), partial(self.write, NOTES, by=phase.name)),),
            "mcp": self._more,
        }
        kit = Kit(ground, self._order, shadow, revisions, self._journal, self._check_in(shadow), log, bench.permits)
        return replace(
            kit,
            run_command=self._command(phase, shadow, log),
            edit_tool=self._edit_tool,
            newer_python=is_newer_than_ours(ground.root, ground.settings.python or None),
            writes=phase.writes if phase.may_write else "nothing",
            more=more,
        )

    def _check_in(self, shadow: Shadow) -> Callable[[str | None], Awaitable[str]]:
        async def check(name: str | None) -> str:
            return findings_text(await self._bench.check(name, shadow), (), self._order.finding)

        return check

    def _command(self, phase: Phase, shadow: Shadow, log: WriteLog) -> Tool | None:
        ground = self._ground
        if ground.settings.mode == "plan":
            return None
        bench = Bench(
            shadow,
            self._bench.permits,
            self._journal,
            ground.blobs,
            log,
            self._bench.stop,
            ground.settings.timeout_s,
            programs_of(ground.root, ground.settings.python),
            phase.writes if phase.may_write else "nothing",
        )
        return command_tool(bench)

    def _n_lines(self, path: str) -> int | None:
        text = self._bench.read_text(path)
        return None if text is None else len(text.splitlines())

    # --- what is shown --------------------------------------------------------------------------------------

    async def _pack(self, phase: Phase) -> str:
        """Gather the context, and ask once before any of it leaves the machine."""
        snapshot, beside = await self._ground.snapshot(), await self._ground.beside()
        order = self._order
        task = Task(
            instruction=order.instruction,
            at=None if order.at is None else (order.at.path, order.at.start_line, order.at.end_line),
            findings=() if order.finding is None else ((order.finding.path, order.finding.start_line),),
            open_files=tuple(sorted(order.versions)),
            n_tokens=self._ground.settings.context_tokens,
            rules=await asyncio.to_thread(rule_files, self._ground.root),
            pinned=tuple((pin.path, pin.start_line, pin.end_line) for pin in order.pinned),
            excluded=order.excluded,
        )
        account = Account(self._meter_of(phase), self._journal, self._ground.consent)
        ranked = await asyncio.to_thread(rank, task, snapshot, beside)
        ordered, _ = await reranked(self._ground, task, ranked, account)
        kept_out = withheld(self._ground, pointed_at(task))
        chosen = await asyncio.to_thread(packed, task, snapshot, self._bench.read_text, ordered, withheld=kept_out)
        text = chosen.text(self._anchored if phase.role == "builder" else None)
        await self._consent(tuple(sorted({piece.span.path for piece in chosen.pieces})), chosen.n_tokens)
        return text

    async def _consent(self, paths: tuple[str, ...], n_tokens: int) -> None:
        client = self._ground.client()
        if client.endpoint != HERE:
            asked = first_call(client, self._ground.settings.budget, paths, n_tokens, self._ground.settings.profiles)
            await self._ground.consent(client.endpoint, asked.question)

    def _anchored(self, path: str, ranges: tuple[tuple[int, int], ...]) -> str:
        """Show lines of a file with anchors, and record them as shown."""
        data = self._bench.shadow.read(path)
        if data is None:
            return ""
        return view(self._revisions, self._revisions.note(path, data), ranges).text

    def _assumptions(self) -> str:
        if not self.assumed:
            return ""
        lines = "\n".join(f"- {one.question} {one.answer}" for one in self.assumed)
        return f"<assumed>\n{lines}\n</assumed>\n\n"


def edit_tool_of(settings: Settings, model: str) -> EditTool:
    """Return what the person chose for the model to edit with, else what suits it."""
    return settings.edit_tool or settings.profiles.of(model).edit_format


def _shown(changes: Sequence[Changed]) -> str:
    """Return a diff as the model may see it: no file of credentials, no secret, bounded."""
    text = hidden(diff_text([one for one in changes if not is_credential_file(one.path)]))
    if len(text) <= MAX_DIFF_CHARS:
        return text
    return f"{text[:MAX_DIFF_CHARS]}\n… {len(text) - MAX_DIFF_CHARS} characters left out: read the files"


def since_commit(root: Path, shadow: Shadow, base: Callable[[str], bytes | None], *, selected: bool) -> str:
    """Return what the person changed since the last commit, as a diff.

    Raises Ended where there is nothing to look at: no change, or no commit, and no lines that are `selected` either.
    """
    try:
        paths = differing(shadow)
    except UserProblem as problem:
        if not selected:
            why = problem.message.rpartition(": ")[2]
            raise Ended("refused", f"there is no last commit to compare with ({why}); select lines") from problem
        return ""
    before = at_head(root, paths)
    found = [Changed(path, before[path], base(path)) for path in paths if path in before]
    diff = _shown([one for one in found if one.before != one.after])
    if not diff and not selected:
        raise Ended("refused", "nothing was changed since the last commit, and no lines are selected")
    return f'<change since="the last commit">\n{diff}\n</change>\n\n' if diff else ""
