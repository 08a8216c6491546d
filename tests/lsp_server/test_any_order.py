"""Whatever is done in whatever order, and whatever messages look like: each request has one answer, no fault is ours,
and the engine hears the text that the editor has.
"""

from __future__ import annotations

import copy
import json
import random
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bridle.indexer.text import Place
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import EditorClient

Json = dict[str, Any]
PATHS = ("shop/a.py", "shop/b.py", "web/a.py", "notes.ipynb", "alone.py")
COMMANDS = ("verify", "edit", "accept", "reject", "undo", "show", "status", "cancel", "resume", "fix", "run")
PIECES = ("x", "WRONG", "import os  # UNUSED", "é", "\U0001d4b3", "😀", " ", "\n", "\r\n", "\r", "# bridle: do", "\0")
WORDS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
AT = st.tuples(st.integers(0, 12), st.integers(0, 20))
_END = re.compile(r"\r\n|\n|\r")


def offset(text: str, line: int, character: int) -> int:
    """Where a UTF-16 position is in a text, as the protocol says; behind the end of a line, its end."""
    starts = [0, *(found.end() for found in _END.finditer(text))]
    if line >= len(starts):
        return len(text)
    at, units = starts[line], 0
    end = next((found.start() for found in _END.finditer(text, at)), len(text))
    while at < end and units < character:
        units += 2 if ord(text[at]) > 0xFFFF else 1
        at += 1
    return at


class Typist(EditorClient):
    """An editor that keeps the text of each document by means of its own."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, "vscode")
        self.mine: dict[str, str] = {}

    def open(self, path: str, text: str | None = None, version: int = 1, language: str = "python") -> None:
        super().open(path, text, version, language)
        self.mine[self.uri(path)] = text or ""

    def change(self, uri: str, *edits: tuple[Place, Place, str]) -> None:
        for start, end, new in edits:
            text = self.mine[uri]
            first, last = offset(text, start.line, start.character), offset(text, end.line, end.character)
            self.mine[uri] = text[:first] + new + text[last:]
        super().change(uri, *edits)


class AnyOrder(RuleBasedStateMachine):
    """A person, their editor and other programs, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        place = Path(self.folder.name)
        self.root = place / "work"
        for name in ("shop", "web"):
            (self.root / name).mkdir(parents=True)
            (self.root / name / "a.py").write_text("return 'WRONG'\n")
        self.heard = place / "heard.jsonl"
        self.editor = Typist(self.root)
        self.open: set[str] = set()

    @initialize(indexing=st.booleans(), trusted=st.booleans())
    def begin(self, indexing: bool, trusted: bool) -> None:
        folders = [{"uri": (self.root / "shop").as_uri(), "name": "shop"}]
        self.script = {"heard": str(self.heard), "named": True, "indexing": indexing, "trusted": trusted}
        self.editor.start(self.script, workspaceFolders=folders, rootUri=None)

    @rule(path=st.sampled_from(PATHS), text=WORDS)
    def opens(self, path: str, text: str) -> None:
        self.editor.open(path, text, version=self.editor.documents.get(self.editor.uri(path), (0,))[0] + 1)
        self.open.add(path)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), edits=st.lists(st.tuples(AT, AT, WORDS), min_size=1, max_size=3))
    def types(self, data: st.DataObject, edits: list[tuple[tuple[int, int], tuple[int, int], str]]) -> None:
        uri = self.editor.uri(data.draw(st.sampled_from(sorted(self.open))))
        for first, second, new in edits:
            start, end = sorted((self._real(uri, first), self._real(uri, second)))
            self.editor.change(uri, (Place(*start), Place(*end), new))

    def _real(self, uri: str, at: tuple[int, int]) -> tuple[int, int]:
        """The nearest place that is between characters."""
        lines = _END.split(self.editor.mine[uri])
        line = min(at[0], len(lines) - 1)
        units = [0]
        for character in lines[line]:
            units.append(units[-1] + (2 if ord(character) > 0xFFFF else 1))
        return line, min((unit for unit in units if unit >= at[1]), default=units[-1])

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def closes(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.open)))
        self.editor.shut(path)
        self.open.discard(path)

    @rule(path=st.sampled_from(PATHS))
    def saves(self, path: str) -> None:
        self.editor.notify("textDocument/didSave", {"textDocument": {"uri": self.editor.uri(path)}})

    @rule(path=st.sampled_from(PATHS), version=st.integers(-3, 0), text=WORDS)
    def changes_what_is_not_open_or_long_ago(self, path: str, version: int, text: str) -> None:
        document = {"uri": self.editor.uri(path), "version": version}
        self.editor.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    @rule(
        path=st.sampled_from(PATHS), at=AT, method=st.sampled_from(["codeAction", "hover", "definition", "references"])
    )
    def asks(self, path: str, at: tuple[int, int], method: str) -> None:
        place = {"line": at[0], "character": at[1]}
        params: Json = {"textDocument": {"uri": self.editor.uri(path)}, "position": place}
        if method == "codeAction":
            params |= {"range": {"start": place, "end": place}, "context": {"diagnostics": []}}
        if method == "references":
            params["context"] = {"includeDeclaration": True}
        self._answered(self.editor.begin(f"textDocument/{method}", params))

    @rule(
        name=st.sampled_from(COMMANDS),
        path=st.sampled_from(PATHS), at=AT, run=st.sampled_from(["", "shop-r1", "web-r1", "none"]),
    )  # fmt: skip
    def commands(self, name: str, path: str, at: tuple[int, int], run: str) -> None:
        place = {"line": at[0], "character": at[1]}
        argument = {
            "uri": self.editor.uri(path), "range": {"start": place, "end": place}, "instruction": "mend it",
            "proposal": run, "run": run, "workflow": "edit",
        }  # fmt: skip
        params = {"command": f"bridle.{name}", "arguments": [argument]}
        self._answered(self.editor.begin("workspace/executeCommand", params))

    @rule(number=st.integers(1, 40))
    def cancels(self, number: int) -> None:
        self.editor.notify("$/cancelRequest", {"id": number})

    @rule(name=st.sampled_from(["shop", "web", "none"]), comes=st.booleans())
    def folders_come_and_go(self, name: str, comes: bool) -> None:
        entry = [{"uri": (self.root / name).as_uri(), "name": name}]
        event = {"added": entry if comes else [], "removed": [] if comes else entry}
        self.editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})

    @rule(lint=st.sampled_from([None, "on", 7]))
    def sets(self, lint: object) -> None:
        settings = {"bridle": {"diagnostics": {"lint": lint}, "fake": self.script}} if lint is not None else None
        self.editor.notify("workspace/didChangeConfiguration", {"settings": settings})

    def _answered(self, number: int) -> None:
        reply = self.editor.reply(number)
        assert reply.get("error", {}).get("code") != -32603, reply

    @invariant()
    def nothing_of_ours_is_at_fault(self) -> None:
        assert not [m for m in self.editor.received if m.get("error", {}).get("code") == -32603]
        assert not any("a fault in Bridle" in message for message in self.editor.shown)

    def teardown(self) -> None:
        try:
            if self.editor.received:
                self._compare()
                assert self.editor.close() == 0
        finally:
            if not self.editor.wire.sink.closed:
                self.editor.wire.sink.close()
            self.folder.cleanup()

    def _compare(self) -> None:
        """The engine's text of each open document of a folder that is there is the editor's."""
        for name in ("shop", "web"):
            entry = [{"uri": (self.root / name).as_uri(), "name": name}]
            self.editor.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": entry, "removed": []}})
        for path in self.open & {"shop/a.py", "shop/b.py", "web/a.py"}:
            uri = self.editor.uri(path)
            self.editor.change(uri, (Place(0, 0), Place(0, 0), f"# {path} "))
            number = self.editor.begin("workspace/executeCommand", {"command": "bridle.context", "arguments": [
                {"uri": uri, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}}
            ]})  # fmt: skip
            self._answered(number)
            self._await_text(path, uri)

    def _await_text(self, path: str, uri: str) -> None:
        self.editor.until(lambda: self._told(path) == self.editor.mine[uri], f"the text of {path}")

    def _told(self, path: str) -> str | None:
        self.editor.settle()
        found: str | None = None
        for line in self.heard.read_text().splitlines():
            for buffer in json.loads(line).get("SyncBuffers", {}).get("changed", ()):
                if buffer["text"].startswith(f"# {path} "):
                    found = buffer["text"]
        return found


@pytest.mark.slow
@pytest.mark.parametrize("n_examples", [12, pytest.param(60, marks=pytest.mark.long)])
def test_in_any_order_every_request_is_answered_and_the_texts_are_the_editors(n_examples: int) -> None:
    """Some 35 steps each: 2,000 in the long form."""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    wanted = settings(
        max_examples=n_examples,
        stateful_step_count=35,
        deadline=None,
        suppress_health_check=checks,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a wait takes minutes
    )
    run_state_machine_as_test(AnyOrder, settings=wanted)


# --- messages ---------------------------------------------------------------------------------------------------


def messages(root: Path) -> list[Json]:
    """What clients send, each with all that belongs to it."""
    document = {"uri": (root / "a.py").as_uri(), "version": 2}
    place = {"line": 0, "character": 1}
    span = {"start": place, "end": place}
    at = {"textDocument": document, "position": place}
    item = {"name": "f", "kind": 12, "uri": document["uri"], "range": span, "selectionRange": span, "data": "a.py::f"}
    return [
        {"method": "textDocument/didOpen", "params": {"textDocument": {
            **document, "languageId": "python", "text": "x\n"}}},
        {"method": "textDocument/didChange", "params": {"textDocument": document, "contentChanges": [
            {"range": span, "text": "y", "rangeLength": 0}, {"text": "z"}]}},
        {"method": "textDocument/didSave", "params": {"textDocument": document, "text": "z"}},
        {"method": "textDocument/didClose", "params": {"textDocument": document}},
        {"method": "textDocument/codeAction", "id": 0, "params": {
            "textDocument": document, "range": span, "context": {"diagnostics": [
                {"range": span, "message": "m", "source": "Ruff", "code": 7, "severity": 1}], "only": ["quickfix"]}}},
        {"method": "textDocument/hover", "id": 0, "params": at},
        {"method": "textDocument/codeLens", "id": 0, "params": {"textDocument": document}},
        {"method": "textDocument/definition", "id": 0, "params": at},
        {"method": "textDocument/references", "id": 0, "params": {**at, "context": {"includeDeclaration": True}}},
        {"method": "textDocument/documentSymbol", "id": 0, "params": {"textDocument": document}},
        {"method": "callHierarchy/incomingCalls", "id": 0, "params": {"item": item}},
        {"method": "workspace/symbol", "id": 0, "params": {"query": "f", "workDoneToken": "t"}},
        {"method": "workspace/executeCommand", "id": 0, "params": {"command": "bridle.verify", "arguments": [
            {"uri": document["uri"], "range": span, "tests": ["a::b"], "hunks": ["1"], "to": 1, "only": "files"}]}},
        {"method": "workspace/executeCommand", "id": 0, "params": {"command": "bridle.edit", "arguments": [
            {"uri": document["uri"], "range": span, "instruction": "mend it"}]}},
        {"method": "workspace/didChangeWorkspaceFolders", "params": {"event": {
            "added": [{"uri": root.as_uri(), "name": "n"}], "removed": []}}},
        {"method": "workspace/didChangeConfiguration", "params": {"settings": {"bridle": {"lens": {"tests": True}}}}},
        {"method": "workspace/didRenameFiles", "params": {"files": [{"oldUri": document["uri"], "newUri": "file:///b"}]}},
        {"method": "window/workDoneProgress/cancel", "params": {"token": "t"}},
        {"method": "$/cancelRequest", "params": {"id": 3}},
        {"method": "bridle/neighbours", "params": {"servers": {"python": ["pyright"]}}},
        {"id": "bridle-1", "result": {"applied": True}},
    ]  # fmt: skip


ODD: tuple[Any, ...] = (
    None, True, -1, 2**31, 2**53, 1e308, 0.5, "", "x", "\ud800", "\0", "file:///", "file://%ff", "a" * 5_000, [], {},
    [[]], {"a": 1}, [None], {"line": -1, "character": -1},
)  # fmt: skip


def mutated(message: Json, chance: random.Random) -> Json:
    """The message with one place or a few of it something else, gone, doubled or moved."""
    made = copy.deepcopy(message)
    for _ in range(chance.choice((1, 1, 2, 3))):
        holder: Any = made.get("params", made)
        while True:
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not keys:
                break
            key = chance.choice(keys)
            inner = holder[key]
            if isinstance(inner, dict | list) and inner and chance.random() < 0.7:
                holder = inner
                continue
            act = chance.random()
            if act < 0.2:
                del holder[key]
            elif act < 0.3 and isinstance(holder, list):
                holder.append(copy.deepcopy(inner))
            elif act < 0.4 and isinstance(holder, dict):
                holder[f"{key}x"] = holder.pop(key)
            else:
                holder[key] = copy.deepcopy(chance.choice(ODD))
            break
    return made


@pytest.mark.slow
@pytest.mark.parametrize("n_messages", [1_500, pytest.param(10_000, marks=pytest.mark.long)])
def test_messages_of_any_shape_are_answered_and_no_answer_is_a_fault(
    editors: Start, project: Path, n_messages: int
) -> None:
    chance = random.Random(n_messages)  # noqa: S311  # the same messages on every run
    editor = editors("vscode").start({"named": True})
    editor.apply = lambda edit: {"applied": False}
    known = messages(project)
    asked = 0
    for n in range(n_messages):
        message = {"jsonrpc": "2.0", **mutated(chance.choice(known), chance)}
        if "id" in message and "method" in message:
            message["id"] = f"fuzz {n}"
            asked += 1
        elif "id" in message:
            message["id"] = f"answer {n}"
        editor.send(message)
        if n % 100 == 99:
            editor.settle()
    editor.until(lambda: sum(str(one).startswith("fuzz") for one in editor.replies) == asked, "every answer", 60)
    assert asked > n_messages // 3
    faults = [m["error"]["message"] for m in editor.received if m.get("error", {}).get("code") == -32603]
    assert faults == []
    codes = {reply["error"]["code"] for reply in editor.replies.values() if "error" in reply}
    assert codes <= {-32602, -32803, -32800, -32801, -32601, -32600}
    assert -32602 in codes
    editor.replies.clear()
    editor.open("b.py")
    assert editor.actions("b.py", 0, only=["", 7])
    assert editor.actions("b.py", 0, only=[7]) == []
