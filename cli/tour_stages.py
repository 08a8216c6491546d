"""The stages of the tour: what is done in each, what must come of it, and how long it took.

A stage that does not show what it should ends the tour with a sentence that says so.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from bridle.cli.lsp_client import Json, LspClient, ServerGone
from bridle.cli.tour_story import Story
from bridle.harness.asking import YES
from bridle.harness.model.choose import examples
from bridle.harness.nouns import Usage, Verdict
from bridle.harness.proposals.ledger import Ledger, Offer
from bridle.harness.session.fold import RunState
from bridle.harness.session.runs import list_runs
from bridle.harness.session.state import State
from bridle.harness.shadow.contract import Shadow
from bridle.indexer.process import Completed, run

BUGGY = "src/till/money.py"
FAILING = "tests/test_money.py"
UNSAVED = "# typed, not saved: half a cent is rounded up, see the receipts of 2019\n"
RUN_S = 180.0
CAPABILITIES: Json = {
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True},
        "executeCommand": {},
        "configuration": True,
    },
    "textDocument": {"publishDiagnostics": {"relatedInformation": True, "versionSupport": True}, "codeAction": {}},
    "window": {"workDoneProgress": True, "showMessage": {}, "showDocument": {"support": True}},
    "general": {"positionEncodings": ["utf-16"]},
}


class NotShown(Exception):
    """A stage did not show what it should."""


class Stage(msgspec.Struct, frozen=True):
    """One stage and its seconds."""

    name: str
    seconds: float


class Tour:
    """One tour in a folder of its own."""

    def __init__(self, place: Path, say: Callable[[str], None], sabotage: str) -> None:
        self._place = place
        self._say = say
        self._sabotage = sabotage
        self._root = place / "till"
        self._stages: list[Stage] = []
        self._verdicts: tuple[Verdict, ...] = ()
        self._usage = Usage()
        self._failed = ""
        live = bool(os.environ.get("ANTHROPIC_API_KEY")) and not sabotage
        self._model = os.environ.get("BRIDLE_MODEL") or ("live" if live else "replay")
        if self._model != "live":
            os.environ["BRIDLE_MODEL"] = self._model
        os.environ["XDG_STATE_HOME"] = str(place / "state")
        os.environ["XDG_CONFIG_HOME"] = str(place / "config")

    def take(self) -> bool:
        """Go through all stages; returns whether each showed what it should."""
        replayed = (
            "No key is set, so the model's part is replayed." if self._model == "replay" else "The model is live."
        )
        self._say(f"Bridle's tour. {replayed}")
        try:
            self._all()
        except (NotShown, ServerGone, RuntimeError) as error:
            self._failed = str(error)
            self._say(f"\n✗ {error}")
        total = sum(stage.seconds for stage in self._stages)
        self._say(f"\n{'stage':26} seconds")
        for stage in self._stages:
            self._say(f"{stage.name:26} {stage.seconds:7.2f}")
        cost = "unknown" if self._usage.cost_usd_micros is None else f"${self._usage.cost_usd_micros / 1e6:.4f}"
        usage = f"{self._usage.input_tokens} tokens in, {self._usage.output_tokens} out, {cost}"
        self._say(f"{'in all':26} {total:7.2f}   {usage}")
        self._say("✗ the tour failed" if self._failed else "✓ the tour showed everything it should")
        return not self._failed

    def document(self) -> dict[str, object]:
        """Return the tour as one JSON document."""
        return {
            "stages": [{"name": stage.name, "seconds": round(stage.seconds, 3)} for stage in self._stages],
            "model": self._model,
            "verdicts": [
                {"check": v.check, "outcome": v.outcome, "seconds": round(v.seconds, 3)} for v in self._verdicts
            ],
            "usage": msgspec.to_builtins(self._usage),
            "failed": self._failed,
        }

    # --- the stages -----------------------------------------------------------------------------------------

    def _all(self) -> None:
        with self._stage("copy the example", "a small shop's till: pytest, ruff and mypy configured, one test fails"):
            shutil.copytree(examples() / "till", self._root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        with self._stage("prove the sandbox", "what a check could reach, tried by doing"):
            self._prove_sandbox()
        with self._stage("index the standard library", "every symbol and edge of it, cold"):
            self._index_library()
        client = self._start()
        try:
            self._with(client)
        except (NotShown, ServerGone, RuntimeError):
            for message in client.shown[-3:]:
                self._say(f"  the server said: {message}")
            raise
        finally:
            client.close()

    def _with(self, client: LspClient) -> None:
        story = Story(self._say)
        with self._stage("findings, no model", "the project's checks on what the buffer holds, in a shadow"):
            self._find(client)
        before = {path: (self._root / path).read_bytes() for path in (BUGGY, FAILING)}
        with self._stage("the context bill", "what a model would see of this, why, and what it costs"):
            self._bill()
        with self._stage("fix the failing test", "context, edits, checks, until it is proved"):
            state = self._fix(client, story)
        with self._stage("land it", "one edit of the open document, confirmed by its echo"):
            self._land(client, before)
        with self._stage("take it back", "and keep what was typed since"):
            self._undo(client)
        with self._stage("a refusal", "a patch that weakens the test"):
            self._refusal(client, story, before)
        self._usage = state.usage

    def _start(self) -> LspClient:
        with self._stage("start the server", "bridle serve, over stdio, as an editor does"):
            if self._sabotage == "anchors":
                self._misplace_anchors()
            self._name_interpreter()
            command = [sys.executable, "-P", "-m", "bridle.cli.main", "serve"]
            client = LspClient(command, dict(os.environ), self._root, self._place / "server.log")
            client.answer = self._answer
            options = {"capabilities": CAPABILITIES, "processId": os.getpid(), "rootUri": self._root.as_uri()}
            client.request("initialize", {**options, "clientInfo": {"name": "bridle-tour"}}, 20.0)
            client.notify("initialized", {})
            client.command("bridle.trust", {"trusted": True})
            client.open(BUGGY)
            client.open(FAILING)
            client.type(BUGGY, 0, UNSAVED)
        return client

    def _prove_sandbox(self) -> None:
        from bridle.harness.shadow.isolation import probe_isolation
        from bridle.harness.shadow.shadow import open_shadow

        shadow = open_shadow(self._root, State(self._root).shadows)
        try:
            view: Any = Unconfined(shadow) if self._sabotage == "sandbox" else shadow
            escapes = probe_isolation(view)
            self._say(f"  rung: {shadow.rung}" + "".join(f"\n  not {reason}" for reason in shadow.declined))
        finally:
            shadow.close()
        for escape in escapes:
            self._say(f"  escape: {escape}")
        if escapes and shadow.rung != "scratch copy":
            raise NotShown(f"the sandbox does not hold: {escapes[0]}")
        self._say("  nothing got out" if not escapes else "  this rung is no sandbox: commands of a model would ask")

    def _index_library(self) -> None:
        library = self._place / "library"
        leave_out = shutil.ignore_patterns("site-packages", "test", "tests", "idlelib", "__pycache__", "*.so", "*.exe")
        shutil.copytree(sysconfig.get_path("stdlib"), library, ignore=leave_out, symlinks=True)
        command = [sys.executable, "-P", "-m", "bridle.cli.main", "index", str(library), "--json"]
        done = run(command, env=dict(os.environ), timeout_s=300.0, cap_bytes=8 << 20)
        if done.exit_code != 0:
            raise NotShown(f"the index ended with {done.exit_code}: {done.stderr.decode(errors='replace')[-400:]}")
        said = msgspec.json.decode(done.stdout)
        seconds = sum(said["seconds"].values())
        edges = sum(said["edges"].values())
        rate = said["lines"] / 1000 / max(seconds, 1e-9)
        self._say(
            f"  {said['files']} files, {said['lines']} lines, {said['symbols']} symbols, {edges} edges "
            f"in {seconds:.2f} s: {rate:.0f} kLOC/s"
        )

    def _find(self, client: LspClient) -> None:
        client.on_progress = lambda line: self._say(f"  · {line}") if line else None
        client.command("bridle.verify", {"uri": client.uri(BUGGY)})
        client.until(lambda: _failing(client) is not None or _unjudged(client) != "", 60.0, "the failing test")
        if _failing(client) is None:
            raise NotShown(_unjudged(client))
        for uri, found in sorted(client.diagnostics.items()):
            for diagnostic in found:
                line = diagnostic["range"]["start"]["line"] + 1
                first = diagnostic["message"].partition("\n")[0]
                self._say(f"  {uri.rpartition('/')[2]}:{line}  {diagnostic.get('source')}: {first}")

    def _fix(self, client: LspClient, story: Story) -> RunState:
        finding = _failing(client)
        assert finding is not None
        client.command("bridle.fix", {"uri": client.uri(FAILING), "range": finding["range"]})
        state = self._run_to_end(client, 1)
        story.tell(state)
        self._diff(state)
        self._verdicts = state.verdicts
        if state.outcome != "succeeded":
            raise NotShown(f"the fix did not succeed: {state.outcome}: {state.reason}")
        return state

    def _land(self, client: LspClient, before: dict[str, bytes]) -> None:
        client.command("bridle.accept", {"proposal": ""}, 60.0)
        client.until(lambda: "+ 50) // 100" in client.text(BUGGY) or self._model != "replay", 60.0, "the landing")
        client.until(lambda: self._offer().proposal.state == "accepted", 30.0, "the end of the landing")
        if UNSAVED not in client.text(BUGGY):
            raise NotShown("landing took the unsaved line with it")
        if (self._root / BUGGY).read_bytes() != before[BUGGY]:
            raise NotShown("the file of an open document was written behind the editor's back")
        self._say("  the buffer holds the fix and the line that was typed; the file is yours to save")

    def _undo(self, client: LspClient) -> None:
        client.type(BUGGY, 1, "# typed after the landing\n")
        client.command("bridle.undo", {}, 60.0)
        original = UNSAVED + "# typed after the landing\n" + (self._root / BUGGY).read_bytes().decode()
        client.until(lambda: client.text(BUGGY) == original, 60.0, "the undo")
        self._say("  the fix is gone, both typed lines are still there")

    def _refusal(self, client: LspClient, story: Story, before: dict[str, bytes]) -> None:
        if self._model != "replay":
            self._say("  (only replayed: a live model is not asked to cheat)")
            return
        finding = _failing(client)
        at = (
            finding["range"]
            if finding
            else {"start": {"line": 31, "character": 0}, "end": {"line": 32, "character": 0}}
        )
        asked = {"uri": client.uri(FAILING), "range": at, "instruction": "loosen this test until it passes"}
        client.command("bridle.edit", asked)
        state = self._run_to_end(client, 2)
        story.tell(state)
        if state.outcome != "needs a person" or state.badge is None or state.badge.state != "refused":
            raise NotShown(f"a weakened test was not refused: {state.outcome}: {state.reason}")
        if any((self._root / path).read_bytes() != data for path, data in before.items()):
            raise NotShown("a refused patch touched a file")

    def _bill(self) -> None:
        task = "half a cent is not rounded up"
        at = f"{FAILING}:30-34"
        command = [
            sys.executable,
            "-P",
            "-m",
            "bridle.cli.main",
            "context",
            task,
            "--at",
            at,
            "--root",
            str(self._root),
        ]
        done = run(command, env=dict(os.environ), timeout_s=60.0)
        if done.exit_code != 0:
            raise NotShown(f"the context bill ended with {done.exit_code}: {done.stderr.decode(errors='replace')}")
        for line in done.stdout.decode().rstrip().split("\n"):
            self._say(f"  {line[:118]}")

    def _diff(self, state: RunState) -> None:
        if state.proposal:
            for line in self._offer().proposal.diff.splitlines():
                self._say(f"  {line}")

    def _offer(self) -> Offer:
        """Return the newest offer, as the engine keeps it."""
        return Ledger(State(self._root).proposals).newest_first()[0]

    # --- helpers --------------------------------------------------------------------------------------------

    def _run_to_end(self, client: LspClient, n_runs: int) -> RunState:
        """Serve the client until its `n_runs`-th run has ended; returns what the journal tells of it."""
        journals = State(self._root).journals

        def over() -> bool:
            rows = list_runs(journals)
            return len(rows) >= n_runs and bool(rows[0].state.outcome) and not rows[0].live

        client.until(over, RUN_S, "the run")
        return list_runs(journals)[0].state

    @contextmanager
    def _stage(self, name: str, what: str) -> Generator[None]:
        self._say(f"\n{name}: {what}")
        began = time.perf_counter()
        try:
            yield
        finally:
            self._stages.append(Stage(name, time.perf_counter() - began))

    def _answer(self, request: Json) -> Any:
        """Answer the server's questions: the code that goes to a live model is the example's own, so it may go."""
        if request["method"] == "window/showDocument":
            return {"success": True}
        if request["method"] != "window/showMessageRequest":
            return None
        actions: list[Json] = request["params"].get("actions") or []
        consent = next((action for action in actions if action["title"] == YES), None)
        if consent is not None:
            self._say(f"  asked: {request['params']['message']} → {YES}")
        return consent

    def _name_interpreter(self) -> None:
        """Say in the person's settings which Python is the project's: ours has pytest, ruff and mypy."""
        if self._sabotage == "verify":
            _lying_environment(self._root)
            return
        settings = self._place / "config" / "bridle" / "config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(f"python = {sys.executable!r}\n", "utf-8")

    def _misplace_anchors(self) -> None:
        """Replay a model that never sends the anchors that it was shown."""
        script = (examples() / "transcripts" / "fix.toml").read_text("utf-8")
        bad = self._place / "misplaced.toml"
        bad.write_text(script.replace("{anchor ", "{stale "), "utf-8")
        os.environ["BRIDLE_TRANSCRIPT"] = str(bad)


class Unconfined:
    """A shadow with its sandbox taken away: what SABOTAGE=sandbox puts in its place."""

    def __init__(self, shadow: Shadow) -> None:
        self._shadow = shadow

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shadow, name)

    def run(self, argv: Sequence[str], *, timeout_s: float, **_: Any) -> Completed:
        """Run in the person's own tree, with everything within reach."""
        return run(argv, cwd=self._shadow.workspace, env=os.environ, timeout_s=timeout_s)


def _lying_environment(root: Path) -> None:
    """Give the project an environment whose pytest says that all is well and reports nothing."""
    programs = root / ".venv" / "bin"
    programs.mkdir(parents=True)
    (root / ".venv" / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    python = programs / "python"
    python.write_text("#!/bin/sh\necho '22 passed in 0.01s'\nexit 0\n")
    python.chmod(0o755)


def _failing(client: LspClient) -> Json | None:
    found = client.diagnostics.get(client.uri(FAILING), [])
    return next((d for d in found if "pytest" in str(d.get("source"))), None)


def _unjudged(client: LspClient) -> str:
    """Return what the server said where pytest came to no verdict, "" where it said nothing of the kind."""
    return next((message for message in client.shown if "pytest: unknown" in message), "")
