"""An engine with scripted answers that keeps the protocol's promises, and the server that serves with it.

As a program it is the door under test: ``python fake_engine.py``. What the test wants of it comes as client settings
under "fake"; what it was asked is written to the file "heard", one JSON line a request.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from bridle.harness import engine as e
from bridle.indexer.digest import digest
from bridle.indexer.facts import SymbolId
from bridle.indexer.text import LineEdit, apply_edits, split_lines

TREE = "0" * 32


REACH = e.ReachRow("f", 0, 2, 7, 0, 12.0, same_text=True, tests=("test_a.py::test_f",))


class Plan(NamedTuple):
    proposal: str
    undo: bool
    files: tuple[e.FilePatch, ...]
    hunks: tuple[str, ...]


class FakeEngine:
    """Scripted by `script`: trusted, model, stall, refuse, flags, fail_start, ask, crash_run, named."""

    def __init__(self, root: Path, script: dict[str, Any]) -> None:
        self.root = root
        self.script = script
        self.trusted = bool(script.get("trusted", True))
        self.buffers: dict[str, e.Buffer] = {}
        self.proposals: dict[str, e.Proposal] = {}
        self.plans: dict[str, Plan] = {}
        self.landed: dict[str, dict[str, e.FilePatch]] = {}
        self.granted: set[str] = set()
        self.accepted: dict[tuple[str, str], int] = {}
        self.answers: dict[str, asyncio.Future[str]] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.runs = 0
        self.gone = False
        self.emit: Callable[[e.EngineEvent], None] = lambda event: None

    def listen(self, listener: Callable[[e.EngineEvent], None]) -> None:
        self.emit = listener
        listener(e.IndexProgress(1, 2, done=False, per_second=7))
        if not self.script.get("indexing"):
            listener(e.IndexProgress(2, 2, done=True))

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()

    async def call(self, request: e.EngineRequest, timeout_s: float = 30.0) -> e.EngineReply:
        async with asyncio.timeout(timeout_s):
            self._hear(request)
            if self.gone:
                raise e.Closed("the engine is not running")
            if type(request).__name__ in self.script.get("stall", ()):
                await self._stall(request)
            return await self._answer(request)

    async def _stall(self, request: e.EngineRequest) -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            self._hear(e.Note("information", f"{type(request).__name__} was left"))
            raise

    def _hear(self, request: e.EngineRequest | e.Note) -> None:
        if heard := self.script.get("heard"):
            with Path(heard).open("a") as file:
                file.write(json.dumps({type(request).__name__: msgspec.to_builtins(request)}) + "\n")

    async def _answer(self, request: e.EngineRequest) -> e.EngineReply:
        match request:
            case e.GetStatus():
                return self.status()
            case e.SetTrust():
                self.trusted = request.trusted
                return self.status()
            case e.SyncBuffers():
                self.buffers |= {buffer.path: buffer for buffer in request.changed}
                for path in request.closed:
                    self.buffers.pop(path, None)
            case e.Verify():
                return self.verify(request)
            case e.GrantNeeds():
                self.granted |= set(request.needs)
            case e.AcceptFinding():
                self.accepted[request.finding.check, request.finding.fingerprint] = request.count
                return self.kept(f"accepted: {request.finding.message}")
            case e.TakeBackFinding():
                known = [key for key in self.accepted if request.fingerprint in ("", key[1])]
                if not known:
                    raise e.UserProblem("no finding is accepted", "accept one")
                del self.accepted[known[-1]]
                return self.kept(f"taken back: {known[-1][1]}")
            case e.GetReversal():
                return self.reversal(request.origin)
            case e.StartRun():
                return self.start(request)
            case e.ResumeRun():
                return e.RunAccepted(request.run)
            case e.CancelRun():
                self.emit(e.RunEnded(request.run, "cancelled", "stopped; no file was changed", 0, e.Usage()))
            case e.ReplyTo():
                self.answers[request.ask].set_result(request.choice)
            case e.GetProposals():
                return e.Proposals(tuple(reversed(self.proposals.values())))
            case e.Reject():
                taken = self.proposals[request.proposal].taking(request.hunks)
                self.decide(request.proposal, [hunk.id for hunk in taken], "rejected")
            case e.Refresh():
                self.decide(request.proposal, [h.id for h in self.proposals[request.proposal].hunks], "rejected")
                return self.start(e.StartRun("edit", "again", request.at))
            case e.PrepareLanding():
                return self.prepare(request)
            case e.PrepareUndo():
                return self.prepare_undo(request)
            case e.PrepareRewind():
                return self.prepare_undo(e.PrepareUndo(request.run))
            case e.ForkRun():
                return e.RunAccepted(e.RunId(f"{request.run}-{request.to}"))
            case e.FinishLanding():
                return self.finish(request)
            case e.ProveLanded():
                said = e.Badge(*self.script.get("chosen", ("verified", "verified: 3 tests, as chosen")))
                shown = msgspec.structs.replace(self.proposals[request.proposal], badge=said)
                return e.LandingPlan("", (), (), proposal=shown, title=f"{shown.title} {', '.join(request.hunks)}")
            case e.DiscardRun() if "again" in self.script:
                self.gone = not self.script["again"]
                self.emit(e.Lost("it was killed", again=not self.gone))
            case e.GetContext():
                piece = e.PackPiece("a.py", 0, 1, "body", 7, "the selection", 1.0)
                why = f"Nothing leads to {request.why_not}" if request.why_not else ""
                left = (("b.py", "over budget"),)
                return e.PackView(7, request.n_tokens, (piece,), left, "a.py\n", why, notes=("as it was",))
            case e.GetWorkflows():
                row = e.WorkflowRow("review", "Review code", "nothing", changes=False)
                return e.Workflows((row,), (("mine.toml:3: what?", "mend it"),))
            case e.GetSessions():
                return e.Sessions(msgspec.convert(self.script.get("sessions", ()), tuple[e.SessionRow, ...]))
            case e.GetStory():
                rows = {row["id"]: row for row in self.script.get("sessions", ())}
                if request.run not in rows:
                    raise e.UserProblem(f"there is no run {request.run!r}", "'bridle sessions' lists them")
                steps = (e.StepRow(1, 1000.0, "began"), e.StepRow(2, 1001.0, "mended", stands=False))
                known = msgspec.convert(rows[request.run], e.SessionRow)
                return e.RunStory(known, ("asked: mend", "    1  began"), steps)
            case e.PauseIndexing():
                self.emit(e.IndexProgress(1, 1, done=True, paused=request.paused))
            case e.GetReach():
                return e.Reach((REACH,))
            case e.GetAbout():
                lines = split_lines(self.text(request.at.path))[request.at.line :]
                return e.About("f", reach=REACH) if lines and lines[0].startswith("def f") else e.About()
            case e.FindSymbols() | e.GetDefinitions() | e.GetOutline():
                return e.Symbols((self.symbol(),), self.known())
            case e.GetUses():
                return e.Uses((("a.py", (0, 0, 0, 1)),), self.known())
            case e.GetRelated():
                return e.RelatedSymbols(((self.symbol(), ()),), self.known())
            case _:
                pass
        return e.Done()

    def symbol(self) -> e.SymbolRow:
        return e.SymbolRow(SymbolId("a.py::f"), "function", "f", "f", "def f()", "a.py", (0, 0, 1, 0), (0, 4, 0, 5))

    def known(self) -> e.Known:
        """What an answer is of: of the text before the last change where `behind` is scripted."""
        behind = int(self.script.get("behind", 0))
        versions = {path: buffer.version - behind for path, buffer in self.buffers.items()}
        return e.Known(not self.script.get("indexing"), bool(self.script.get("cut")), versions)

    def kept(self, changed: str) -> e.Kept:
        return e.Kept(tuple((*key, count) for key, count in self.accepted.items()), changed)

    def reversal(self, origin: e.Origin) -> e.Reversal:
        """What stands on the lines was RIGHT before."""
        text = self.text(origin.path)
        lines = split_lines(text)[origin.start_line : origin.end_line]
        edit = LineEdit(origin.start_line, origin.end_line, "".join(lines).replace("WRONG", "RIGHT"))
        return e.Reversal(origin.path, (edit,), origin.since, digest(text.encode()))

    def status(self) -> e.Status:
        model = self.script.get("model", "replay")
        return e.Status(
            root=str(self.root), trusted=self.trusted, rung="scratch copy", model=model, checks=("ruff", "pytest"),
            n_files=2, n_symbols=3, role="owner", resumable=tuple(self.script.get("resumable", ())),
            next_step="" if model else "set up a model: 'bridle key set'", lint=self.script.get("lint", "auto"),
            navigation=self.script.get("navigation", "fallback"),
        )  # fmt: skip

    def text(self, path: str) -> str:
        return self.buffers[path].text if path in self.buffers else (self.root / path).read_bytes().decode()

    # --- checks -----------------------------------------------------------------------------------------------

    def verify(self, request: e.Verify) -> e.Verified:
        if not self.trusted:
            raise e.UserProblem("this folder is not trusted, so nothing of it is run", "trust it")
        versions = {path: buffer.version for path, buffer in self.buffers.items()}
        known = [check for check in ("ruff", "pytest") if not (self.root / f"no {check}").exists()]
        checks = [check for check in (*known, *self.script.get("checks", ())) if request.checks in ((), (check,))]
        verdicts = tuple(self.judge(check) for check in checks)
        for verdict in verdicts:
            self.emit(e.CheckStarted(verdict.check))
            self.emit(e.CheckFinished(verdict, "", versions))
        outcome: Literal["pass", "fail"] = "fail" if any(v.findings for v in verdicts) else "pass"
        gone = tuple(path for path in ("a.py", "b.py") if not (self.root / path).exists())
        return e.Verified(outcome, TREE, verdicts, versions, gone)

    def judge(self, check: str) -> e.Verdict:
        """A pytest finding stands on each line that says WRONG, a ruff finding with a fix on each UNUSED import."""
        if (needs := self.script.get("needs", {}).get(check)) and needs not in self.granted:
            reason = f"needs {needs}"
            return e.Verdict(check, "unknown", 0.0, TREE, "scratch copy", reason=reason, needs=(needs,))
        if (
            check == "missing"
            or (self.root / f"broken {check}").exists()
            or any(f"BREAK {check}" in buffer.text for buffer in self.buffers.values())
        ):
            return e.Verdict(
                check, "unknown", 0.0, TREE, "scratch copy", reason="not installed", next_step="install it"
            )
        word = {"pytest": "WRONG", "ruff": "UNUSED", "mypy": "UNTYPED"}[check]
        found: list[e.Finding] = []
        for path in sorted(p.relative_to(self.root).as_posix() for p in self.root.rglob("*.py")):
            for number, line in enumerate(split_lines(self.text(path))):
                if word in line:
                    found.append(self.finding(check, path, number, line))
        found = self.marked([*found, *self.scripted(check)])
        unit: Literal["test", "file"] = "test" if check == "pytest" else "file"
        return e.Verdict(
            check,
            "fail" if found else "pass",
            0.1,
            TREE,
            "scratch copy",
            3,
            3,
            tuple(found),
            unit=unit,
            log_file=self.script.get("log", ""),
            command=("python", "-m", check),
            exit_code=1,
        )

    def scripted(self, check: str) -> list[e.Finding]:
        """Findings that the test wrote down itself, in the file that `findings` names."""
        if not (file := self.script.get("findings")):
            return []
        return [one for one in msgspec.json.decode(Path(file).read_bytes(), type=list[e.Finding]) if one.check == check]

    def marked(self, found: list[e.Finding]) -> list[e.Finding]:
        left = dict(self.accepted)
        marked: list[e.Finding] = []
        for finding in found:
            key = (finding.check, finding.fingerprint)
            known = left.get(key, 0) > 0
            left[key] = left.get(key, 0) - known
            marked.append(msgspec.structs.replace(finding, new=not known, accepted=known))
        return marked

    def finding(self, check: str, path: str, number: int, line: str) -> e.Finding:
        return e.Finding(
            check=check, path=path, start_line=number, end_line=number + 1,
            message="assert 1 == 2\nwhere 1 = f()" if check == "pytest" else f"{line.strip()} imported but unused",
            code="" if check == "pytest" else "F401",
            fingerprint=f"{check}:{path}:{line.strip()}",
            start_character=line.index(line.strip()) if check == "ruff" else 0,
            end_character=len(line.rstrip()) if check == "ruff" else 0,
            related=(e.Related(path, 0, "defined here"),) if check == "pytest" else (),
            fix=(LineEdit(number, number + 1, ""),) if check == "ruff" else (),
        )  # fmt: skip

    # --- runs -------------------------------------------------------------------------------------------------

    def start(self, request: e.StartRun) -> e.RunAccepted:
        if not self.script.get("model", "replay"):
            raise e.UserProblem("no model is set up", "set up a model: 'bridle key set'")
        self.runs += 1
        run = e.RunId(f"{self.root.name}-r{self.runs}" if self.script.get("named") else f"r{self.runs}")
        if self.script.get("instant"):
            self.emit(e.RunEnded(run, "refused", "nothing to do", 0, e.Usage()))
            return e.RunAccepted(run)
        task = asyncio.ensure_future(self.work(run, request))
        self.tasks.add(task)
        return e.RunAccepted(run)

    async def work(self, run: e.RunId, request: e.StartRun) -> None:
        """Replace WRONG by RIGHT everywhere; the proposal appears first unverified, then with its badge."""
        self.emit(e.RunProgress(run, "build", "thinking"))
        if request.workflow in ("explain", "review"):
            self.emit(e.Paper(run, "explanation.md", "/nowhere/explanation.md", "It is so.\n"))
            self.emit(e.RunEnded(run, "succeeded", "It is so.", 0, e.Usage()))
            return
        if ask := self.script.get("ask"):
            self.answers[run] = asyncio.get_running_loop().create_future()
            self.emit(e.Ask(run, ask, ("Send", "Do not send"), "Do not send", 5.0))
            if await self.answers[run] != "Send":
                self.emit(e.RunEnded(run, "needs a person", "nothing was sent", 0, e.Usage()))
                return
        if self.script.get("endless"):
            await asyncio.sleep(3600)
        self.emit(e.CheckFinished(self.judge("pytest"), run))
        patches = tuple(self.patch(path) for path in self.script.get("files", ["a.py"]))
        edits = [(patch.path, number) for patch in patches for number in range(len(patch.edits))]
        hunks = tuple(e.Hunk(str(n + 1), path, number, str(n + 1)) for n, (path, number) in enumerate(edits))
        proposal = e.Proposal(
            id=e.ProposalId(run), run=run, title=request.instruction or "fix it", files=patches, hunks=hunks,
            badge=e.Badge("unverified", "not verified yet"), diff="--- a/a.py\n+++ b/a.py\n", added=1, removed=1,
            outside=dict.fromkeys(self.script.get("outside", ()), "the run was not started on this file"),
        )  # fmt: skip
        self.put(proposal)
        badge = e.Badge(*self.script.get("badge", ("verified", "verified: 3 tests; sandbox: scratch copy")))
        self.change(proposal.id, badge=badge)
        used = e.Usage(input_tokens=300, output_tokens=20, cost_usd_micros=4_000)
        self.emit(e.RunEnded(run, "succeeded", badge.text, 1, used, proposal.id))

    def patch(self, path: str) -> e.FilePatch:
        before = self.text(path)
        edits: list[LineEdit] = []
        for number, line in enumerate(split_lines(before)):
            if "WRONG" in line:
                edits.append(LineEdit(number, number + 1, line.replace("WRONG", "RIGHT")))
        return self.file_patch(path, before, tuple(edits))

    def file_patch(self, path: str, before: str, edits: tuple[LineEdit, ...]) -> e.FilePatch:
        after = apply_edits(before, edits)
        old, inverse, shift = split_lines(before), [], 0
        for edit in edits:
            size = len(split_lines(edit.text)) - (edit.text.endswith("\n") or not edit.text)
            inverse.append(LineEdit(edit.start + shift, edit.start + shift + size, "".join(old[edit.start : edit.end])))
            shift += size - (edit.end - edit.start)
        version = self.buffers[path].version if path in self.buffers else None
        digests = digest(before.encode("utf-8", "replace")), digest(after.encode("utf-8", "replace"))
        return e.FilePatch(path, *digests, edits, tuple(inverse), version)

    def put(self, proposal: e.Proposal) -> None:
        self.proposals[proposal.id] = proposal
        self.emit(e.ProposalChanged(proposal))

    def change(self, proposal: str, **changes: Any) -> None:
        self.put(msgspec.structs.replace(self.proposals[proposal], **changes))

    def decide(self, proposal: str, ids: Collection[str], state: Any) -> None:
        hunks = tuple(
            msgspec.structs.replace(hunk, state=state) if hunk.id in ids or state == "undone" else hunk
            for hunk in self.proposals[proposal].hunks
        )
        whole = "open" if any(hunk.state == "open" for hunk in hunks) else state
        self.change(proposal, hunks=hunks, state=whole)

    # --- landing ----------------------------------------------------------------------------------------------

    def prepare(self, request: e.PrepareLanding) -> e.LandingPlan:
        proposal = self.proposals[request.proposal]
        if (refused := self.script.get("refuse")) and not request.force:
            return e.LandingPlan("", (), (), refused=refused, proposal=proposal)
        rebased = {patch.path: patch for patch in request.rebased}
        taken = proposal.taking(request.hunks)
        wanted = {hunk.path for hunk in taken} - set(request.confirmed)
        confirm = {path: why for path, why in proposal.outside.items() if path in wanted}
        if confirm:
            return e.LandingPlan("", (), (), refused="outside", proposal=proposal, confirm=confirm)
        files: list[e.FilePatch] = []
        for patch in proposal.files:
            edits = tuple(patch.edits[hunk.edit] for hunk in taken if hunk.path == patch.path and hunk.edit is not None)
            if edits:
                files.append(rebased.get(patch.path, msgspec.structs.replace(patch, edits=edits)))
        return self.plan(proposal, tuple(files), undo=False, hunks=tuple(hunk.id for hunk in taken))

    def prepare_undo(self, request: e.PrepareUndo) -> e.LandingPlan:
        done = [
            p
            for p in self.proposals.values()
            if request.run in ("", p.run) and any(hunk.state == "accepted" for hunk in p.hunks)
        ]
        if not done:
            raise e.UserProblem("there is no landed change to take back", "")
        files = tuple(self.landed[done[-1].id].values())
        return self.plan(done[-1], files, undo=True)

    def plan(
        self, proposal: e.Proposal, files: tuple[e.FilePatch, ...], *, undo: bool, hunks: tuple[str, ...] = ()
    ) -> e.LandingPlan:
        plan = f"plan{len(self.plans)}"
        self.plans[plan] = Plan(proposal.id, undo, files, hunks)
        open_files = tuple(patch for patch in files if patch.path in self.buffers)
        closed = tuple(patch.path for patch in files if patch.path not in self.buffers)
        return e.LandingPlan(plan, open_files, closed, proposal=proposal, title=proposal.title)

    def finish(self, request: e.FinishLanding) -> e.LandingResult:
        proposal, undo, files, hunks = self.plans[request.plan]
        if request.hunks:
            hunks = request.hunks
            paths = {hunk.path for hunk in self.proposals[proposal].hunks if hunk.id in hunks}
            files = tuple(file for file in files if file.path in paths)
        if request.failed:
            outcome: Literal["partial", "rolled back"] = "partial" if request.landed else "rolled back"
            changed = tuple(buffer.path for buffer in request.landed)
            return e.LandingResult(outcome, (), changed, request.failed, request.reason)
        written: list[str] = []
        inverse: dict[str, e.FilePatch] = {}
        confirmed = {buffer.path: buffer for buffer in request.landed}
        for patch in files:
            if patch.path in confirmed:
                version = confirmed[patch.path].version
            else:
                file, version = self.root / patch.path, None
                file.write_text(apply_edits(file.read_text(), patch.edits))
                written.append(patch.path)
            moved = self._moved_inverse(patch, confirmed)
            inverse[patch.path] = e.FilePatch(patch.path, patch.after, patch.before, moved, (), version)
        self.landed[proposal] = inverse
        self.decide(proposal, hunks, "undone" if undo else "accepted")
        return e.LandingResult("applied", tuple(written), tuple(confirmed))

    def _moved_inverse(self, patch: e.FilePatch, confirmed: dict[str, e.Buffer]) -> tuple[LineEdit, ...]:
        if patch.path not in confirmed:
            return patch.inverse
        now = split_lines(confirmed[patch.path].text)
        return tuple(
            LineEdit(n, n + 1, line.replace("RIGHT", "WRONG")) for n, line in enumerate(now) if "RIGHT" in line
        )


async def make_engine(root: Path, settings: dict[str, object]) -> FakeEngine:
    script: Any = settings.get("fake", {})
    if script.get("print"):
        print("a stray print")
        os.write(1, b"a stray write\n")
    if reason := script.get("fail_start"):
        raise e.UserProblem(reason, "mend it")
    if seconds := script.get("slow_start"):
        await asyncio.sleep(seconds)
    if modules := script.get("modules"):
        Path(modules).write_text(json.dumps(sorted(sys.modules)))
    return FakeEngine(root, script)


if __name__ == "__main__":
    sys.path.pop(0)  # this folder, where nothing is to be imported from
    from bridle.lsp_server.server import serve

    raise SystemExit(serve(make_engine, log=Path(os.environ["BRIDLE_LOG"]) if "BRIDLE_LOG" in os.environ else None))
