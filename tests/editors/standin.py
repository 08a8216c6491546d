"""A stand-in for `bridle serve` that speaks its commands without an engine: it proves the plug-ins and the
drivers by themselves, and can wait on order (see `STANDIN`).

Its one finding and its one fix come from the scene file that `BRIDLE_SCENE` names. What it was asked is
appended to the scene's `heard` file, one JSON line a command.

`STANDIN=slow` holds a run until the source document has changed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

SCENE: dict[str, Any] = json.loads(Path(os.environ["BRIDLE_SCENE"]).read_text())
SLOW = os.environ.get("STANDIN") == "slow"
PATIENCE_S = 20.0


class Standin(LanguageServer):
    """One finding, one run, one proposal."""

    def __init__(self) -> None:
        super().__init__("bridle", "0.1.0")
        self.trusted = False
        self.proposed = False
        self.landed = False
        self.changed = asyncio.Event()
        self.run: asyncio.Task[None] | None = None

    def uri(self, name: str) -> str:
        return Path(SCENE["root"], SCENE[name]).as_uri()

    def status(self, text: str, state: str, detail: str = "") -> None:
        declared = self.client_capabilities.experimental
        if isinstance(declared, Mapping) and declared.get("bridleStatus"):
            self.protocol.notify("bridle/status", {"text": text, "state": state, "detail": detail})

    def publish(self) -> None:
        """Show the finding on its test, and the proposal where it would land."""
        show_finding = self.trusted and not self.landed
        finding = diagnostic(
            SCENE["finding_line"], "assert Money(cents=19) == Money(cents=20)", SCENE["finding_source"]
        )
        self._publish("test_file", [finding] if show_finding else [])
        offer = diagnostic(self.place() or 0, "verified: 1 test (1 file, +1 -1)", "bridle", "verified")
        self._publish("source_file", [offer] if self.proposed else [])

    def _publish(self, name: str, diagnostics: list[lsp.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri=self.uri(name), diagnostics=diagnostics)
        )

    def place(self, wanted: str = "wrong") -> int | None:
        """The line of the source document that the fix is about."""
        lines = self.workspace.get_text_document(self.uri("source_file")).source.splitlines()
        return next((number for number, line in enumerate(lines) if line == SCENE[wanted]), None)

    async def replace(self, old: str, new: str) -> bool:
        """Put the scene's line `new` where `old` is, in the open document."""
        line = self.place(old)
        if line is None:
            return False
        document = self.workspace.get_text_document(self.uri("source_file"))
        edit = lsp.TextEdit(range=whole_line(line), new_text=SCENE[new] + "\n")
        versioned = lsp.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
        change = lsp.TextDocumentEdit(text_document=versioned, edits=[edit])
        answer = await self.workspace_apply_edit_async(
            lsp.ApplyWorkspaceEditParams(edit=lsp.WorkspaceEdit(document_changes=[change]), label="Bridle")
        )
        return answer.applied


server = Standin()


def diagnostic(line: int, message: str, source: str, code: str | None = None) -> lsp.Diagnostic:
    severity = lsp.DiagnosticSeverity.Information if source == "bridle" else lsp.DiagnosticSeverity.Error
    return lsp.Diagnostic(range=whole_line(line), message=message, source=source, code=code, severity=severity)


def whole_line(line: int) -> lsp.Range:
    return lsp.Range(start=lsp.Position(line=line, character=0), end=lsp.Position(line=line + 1, character=0))


def hear(command: str, argument: dict[str, Any]) -> None:
    with Path(SCENE["heard"]).open("a") as heard:
        heard.write(json.dumps({"command": command, **argument}) + "\n")


@server.feature(lsp.INITIALIZED)
def initialized(ls: Standin, _params: lsp.InitializedParams) -> None:
    ls.status("not trusted", "warning", "run :Bridle trust")


@server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
def opened(ls: Standin, _params: lsp.DidOpenTextDocumentParams) -> None:
    ls.publish()


@server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
def changed(ls: Standin, params: lsp.DidChangeTextDocumentParams) -> None:
    if params.text_document.uri == ls.uri("source_file"):
        ls.changed.set()


@server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION)
def actions(ls: Standin, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    uri, place = params.text_document.uri, {"start": {"line": params.range.start.line, "character": 0}}
    place["end"] = place["start"]
    offered: list[tuple[str, str, dict[str, Any]]] = [("Bridle: edit…", "bridle.edit", {"uri": uri, "range": place})]
    if ls.trusted and uri == ls.uri("test_file") and params.range.start.line == SCENE["finding_line"]:
        offered.append(("Bridle: fix this test", "bridle.fix", {"uri": uri, "range": place}))
    if ls.proposed and uri == ls.uri("source_file"):
        offered.append(("Bridle: accept", "bridle.accept", {"proposal": "p1"}))
        offered.append(("Bridle: reject", "bridle.reject", {"proposal": "p1"}))
    return [
        lsp.CodeAction(
            title=title,
            kind=lsp.CodeActionKind.QuickFix,
            command=lsp.Command(title=title, command=command, arguments=[argument]),
        )
        for title, command, argument in offered
    ]


@server.command("bridle.trust")
async def trust(ls: Standin, argument: dict[str, Any]) -> None:
    hear("bridle.trust", argument)
    if "trusted" in argument:
        ls.trusted = bool(argument["trusted"])
    else:
        choices = [lsp.MessageActionItem(title="Trust"), lsp.MessageActionItem(title="Not now")]
        question = lsp.ShowMessageRequestParams(
            type=lsp.MessageType.Warning, message="Let this folder's checks run?", actions=choices
        )
        answer = await asyncio.wait_for(ls.window_show_message_request_async(question), PATIENCE_S)
        ls.trusted = answer is not None and answer.title == "Trust"
    ls.status("1 finding" if ls.trusted else "not trusted", "ready" if ls.trusted else "warning")
    ls.publish()


@server.command("bridle.fix")
def fix(ls: Standin, argument: dict[str, Any]) -> dict[str, Any]:
    hear("bridle.fix", argument)
    return begin(ls)


@server.command("bridle.edit")
def edit(ls: Standin, argument: dict[str, Any]) -> dict[str, Any]:
    hear("bridle.edit", argument)
    return begin(ls)


def begin(ls: Standin) -> dict[str, Any]:
    if not ls.trusted:
        ls.window_show_message(lsp.ShowMessageParams(type=lsp.MessageType.Warning, message="not trusted yet"))
        return {}
    ls.changed.clear()
    ls.run = asyncio.get_running_loop().create_task(work(ls))
    return {"run": "r1"}


async def work(ls: Standin) -> None:
    """The run: progress until the proposal stands."""
    await ls.work_done_progress.create_async("r1")
    ls.work_done_progress.begin("r1", lsp.WorkDoneProgressBegin(title="Bridle: fix", cancellable=True))
    ls.status("fixing", "busy")
    if SLOW:
        await asyncio.wait_for(ls.changed.wait(), PATIENCE_S)
    ls.proposed = True
    ls.work_done_progress.end("r1", lsp.WorkDoneProgressEnd(message="verified: 1 test"))
    ls.status("1 proposal", "ready", "verified: 1 test")
    ls.publish()


@server.command("bridle.accept")
async def accept(ls: Standin, argument: dict[str, Any]) -> None:
    hear("bridle.accept", argument)
    ls.landed = await ls.replace("wrong", "right")
    ls.proposed = not ls.landed
    ls.publish()


@server.command("bridle.reject")
def reject(ls: Standin, argument: dict[str, Any]) -> None:
    hear("bridle.reject", argument)
    ls.proposed = False
    ls.publish()


@server.command("bridle.undo")
async def undo(ls: Standin, argument: dict[str, Any]) -> None:
    hear("bridle.undo", argument)
    ls.landed = not await ls.replace("right", "wrong")
    ls.publish()


@server.command("bridle.verify")
def verify(ls: Standin, argument: dict[str, Any]) -> None:
    hear("bridle.verify", argument)
    ls.publish()


@server.command("bridle.seen")
def seen(_ls: Standin, argument: dict[str, Any]) -> None:
    hear("bridle.seen", argument)


if __name__ == "__main__":
    if "--version" in sys.argv:
        print("bridle 0.1.0")
    else:
        server.start_io()
