"""A workspace of several folders: each has its own engine, documents and findings, and they come and go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridle.lsp_server.folders import MAX_AT_WORK
from tests.lsp_server.editor_client import EditorClient, in_thread
from tests.lsp_server.fake_engine import make_engine

Json = dict[str, Any]
WRONG = "def total():\n    return 'WRONG'\n"


class Workspace:
    """An editor over folders, and the roots of the engines that were started and closed."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.started: list[str] = []
        self.closed: list[str] = []
        self.editor = EditorClient(place, "vscode", in_thread(self._make))
        self.editor.profile["capabilities"]["experimental"] = {"bridleStatus": True}

    async def _make(self, root: Path, settings: dict[str, object]) -> Any:
        engine = await make_engine(root, settings)
        self.started.append(root.name)
        close = engine.close

        async def closing() -> None:
            self.closed.append(root.name)
            await close()

        engine.close = closing  # type: ignore[method-assign]
        return engine

    def start(self, *names: str, **script: object) -> EditorClient:
        for name in names:
            self.folder(name)
        folders = [self.entry(name) for name in names] or None
        return self.editor.start({"named": True, **script}, workspaceFolders=folders, rootUri=None)

    def folder(self, name: str) -> None:
        (self.place / name).mkdir(parents=True, exist_ok=True)
        (self.place / name / "a.py").write_text(WRONG)
        (self.place / name / "pyproject.toml").write_text("")

    def entry(self, name: str) -> Json:
        return {"uri": (self.place / name).as_uri(), "name": name}

    def change(self, *, added: tuple[str, ...] = (), removed: tuple[str, ...] = ()) -> None:
        event = {"added": list(map(self.entry, added)), "removed": list(map(self.entry, removed))}
        self.editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})

    def until(self, done: Callable[[], object], what: str) -> None:
        """Wait for what no message tells of."""

        def asked() -> object:
            self.editor.settle()
            return done()

        self.editor.until(asked, what)

    def lines(self, path: str) -> list[int]:
        return [one["range"]["start"]["line"] for one in self.editor.diagnostics[self.editor.uri(path)]]

    def statuses(self) -> list[Json]:
        return [m["params"] for m in self.editor.received if m.get("method") == "bridle/status"]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(tmp_path)
    yield made
    assert made.editor.close() == 0


def test_each_folder_has_an_engine_once_a_document_of_it_is_opened(workspace: Workspace, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    editor = workspace.start("shop", "web", heard=str(heard))
    editor.open("shop/a.py")
    editor.command("verify")
    editor.wait_for_diagnostic("shop/a.py", "assert 1 == 2")
    assert workspace.started == ["shop"]
    editor.open("web/a.py", WRONG.replace("WRONG", "fine"))
    editor.command("verify", uri=editor.uri("web/a.py"))
    editor.settle()
    assert workspace.started == ["shop", "web"]
    editor.type("web/a.py", 0, "# WRONG\n")
    editor.command("verify", uri=editor.uri("web/a.py"))
    assert editor.wait_for_diagnostic("web/a.py", "assert 1 == 2")["range"]["start"]["line"] == 0
    assert editor.messages("shop/a.py", "bridle·pytest")
    sent = [json.loads(line) for line in heard.read_text().splitlines()]
    buffers = [one["text"] for line in sent if "SyncBuffers" in line for one in line["SyncBuffers"]["changed"]]
    assert any("WRONG" in text for text in buffers)
    assert {one["path"] for line in sent if "SyncBuffers" in line for one in line["SyncBuffers"]["changed"]} == {"a.py"}


def test_a_command_goes_to_the_folder_of_what_it_names_else_to_where_the_person_was_last(workspace: Workspace) -> None:
    editor = workspace.start("shop", "web")
    editor.open("shop/a.py")
    editor.open("web/a.py")
    at = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
    assert editor.command("edit", uri=editor.uri("shop/a.py"), range=at, instruction="mend it") == {"run": "shop-r1"}
    editor.wait_for_diagnostic("shop/a.py", "mend it")
    assert editor.command("run", workflow="edit", instruction="as well") == {"run": "shop-r2"}
    assert editor.actions("web/a.py", 0)
    assert editor.command("run", workflow="edit", instruction="here") == {"run": "web-r1"}
    editor.wait_for_diagnostic("web/a.py", "here")
    editor.command("accept", proposal="shop-r1")
    editor.until(lambda: "RIGHT" in editor.text("shop/a.py"), "the change in its own folder")
    assert "WRONG" in editor.text("web/a.py")


def test_the_state_shown_is_that_of_the_folder_the_person_is_in_and_messages_name_theirs(workspace: Workspace) -> None:
    editor = workspace.start("shop", "web", trusted=False)
    editor.open("shop/a.py")
    editor.open("web/a.py")
    editor.command("trust", uri=editor.uri("web/a.py"), trusted=True)
    editor.until(lambda: workspace.statuses()[-1]["text"] == "ready", "the state of web")
    editor.actions("shop/a.py", 0)
    editor.until(lambda: workspace.statuses()[-1]["text"] == "not trusted", "the state of shop")
    editor.command("status", show=True)
    assert editor.wait_shown("sandbox").startswith("Bridle (shop): ")


def test_a_folder_that_is_removed_takes_its_findings_and_its_engine_with_it(workspace: Workspace) -> None:
    editor = workspace.start("shop", "web")
    for name in ("shop", "web"):
        editor.open(f"{name}/a.py")
        editor.command("verify", uri=editor.uri(f"{name}/a.py"))
        editor.wait_for_diagnostic(f"{name}/a.py", "assert 1 == 2")
    workspace.change(removed=("web",))
    editor.until(lambda: not editor.messages("web/a.py"), "an empty list for the file of the folder that is gone")
    workspace.until(lambda: workspace.closed == ["web"], "the end of its engine")
    assert editor.messages("shop/a.py")
    at = {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
    said = editor.refused("edit", uri=editor.uri("web/a.py"), range=at, instruction="mend it")
    assert "not a file of the opened folder" in said
    workspace.change(added=("web",))
    assert editor.command("edit", uri=editor.uri("web/a.py"), range=at, instruction="mend it") == {"run": "web-r1"}
    assert workspace.started == ["shop", "web", "web"]


def test_the_first_folder_may_go_and_a_window_without_folders_may_get_one(workspace: Workspace) -> None:
    editor = workspace.start("shop")
    editor.open("shop/a.py")
    workspace.change(removed=("shop",))
    editor.settle()
    code, said = editor.error("workspace/executeCommand", {"command": "bridle.verify", "arguments": []})
    assert (code, said) == (-32803, "no folder is open: open the project's folder")
    workspace.change(added=("shop",))
    editor.command("verify")
    editor.wait_for_diagnostic("shop/a.py", "assert 1 == 2")


def test_a_document_is_the_innermost_folders_and_changes_hands_with_what_was_typed(workspace: Workspace) -> None:
    editor = workspace.start("shop")
    workspace.folder("shop/inner")
    editor.open("shop/inner/a.py")
    editor.type("shop/inner/a.py", 0, "# typed, WRONG\n")
    workspace.change(added=("shop/inner",))
    editor.command("verify", uri=editor.uri("shop/inner/a.py"))
    editor.until(
        lambda: len(editor.messages("shop/inner/a.py", "bridle·pytest")) == 2, "both findings, the typed one too"
    )
    assert workspace.started == ["shop", "inner"]
    editor.type("shop/inner/a.py", 0, "# again\n")
    workspace.change(removed=("shop/inner",))
    editor.command("verify", uri=editor.uri("shop/inner/a.py"))
    editor.until(
        lambda: workspace.lines("shop/inner/a.py") == [1, 3],
        "the findings of the outer folder, on the lines as they are",
    )


def test_files_that_are_opened_alone_are_each_of_their_own_project(workspace: Workspace) -> None:
    workspace.folder("shop")
    workspace.folder("web")
    editor = workspace.start()
    for name in ("shop", "web"):
        editor.open(f"{name}/a.py")
        editor.command("verify", uri=editor.uri(f"{name}/a.py"))
        editor.wait_for_diagnostic(f"{name}/a.py", "assert 1 == 2")
    assert workspace.started == ["shop", "web"]


def test_so_many_folders_have_an_engine_and_the_next_is_told_to_wait(workspace: Workspace) -> None:
    names = [f"part{n}" for n in range(MAX_AT_WORK + 2)]
    editor = workspace.start(*names)
    for name in names:
        editor.open(f"{name}/a.py")
    assert f"part{MAX_AT_WORK} waits" in editor.wait_shown("folders are at work already")
    assert editor.actions(f"{names[-1]}/a.py", 0) == []
    assert len(workspace.started) == MAX_AT_WORK
    assert sum("at work already" in message for message in editor.shown) == 1
    workspace.change(removed=(names[0],))
    waiting = names[MAX_AT_WORK]
    workspace.until(lambda: workspace.started[-1] == waiting, "the engine of the one that waited first")
    editor.type(f"{waiting}/a.py", 0, "# WRONG\n")
    editor.command("verify", uri=editor.uri(f"{waiting}/a.py"))
    editor.until(lambda: len(editor.messages(f"{waiting}/a.py", "bridle·pytest")) == 2, "its text as it was typed")


def test_what_the_client_says_of_other_tools_holds_in_folders_that_begin_later(workspace: Workspace) -> None:
    editor = workspace.start("shop", "web")
    (workspace.place / "web" / "a.py").write_text("import os  # UNUSED\n")
    editor.open("shop/a.py")
    editor.command("seen", sources=[])
    editor.open("web/a.py")
    editor.command("verify", uri=editor.uri("web/a.py"))
    editor.wait_for_diagnostic("web/a.py", "imported but unused")
    editor.command("seen", sources=["Ruff"])
    editor.until(lambda: not editor.messages("web/a.py"), "Ruff's own server to be left to it")


def test_a_folder_that_begins_later_has_the_settings_as_they_are_now(workspace: Workspace) -> None:
    editor = workspace.start("shop", "web")
    (workspace.place / "web" / "a.py").write_text("import os  # UNUSED\n")
    workspace.change(removed=("shop",))
    editor.notify("workspace/didChangeConfiguration", {"settings": None})  # "ask me", with nobody at work yet
    editor.settings = {"diagnostics": {"lint": "on"}, "fake": {"named": True}}
    editor.open("web/a.py")
    asked = [m for m in editor.asked if m["method"] == "workspace/configuration"]
    assert all(one["params"]["items"][0]["section"] == "bridle" for one in asked)
    editor.command("verify", uri=editor.uri("web/a.py"))
    editor.wait_for_diagnostic("web/a.py", "imported but unused")
    editor.command("seen", sources=["Ruff"])
    editor.settle()
    assert editor.messages("web/a.py"), "the person wants them beside Ruff's own"


def test_names_are_looked_for_in_every_folder(workspace: Workspace) -> None:
    editor = workspace.start("shop", "web", navigation="on")
    editor.open("shop/a.py")
    editor.open("web/a.py")
    workspace.until(lambda: editor.registered, "what is offered")
    found = editor.request("workspace/symbol", {"query": "f"})
    assert [one["location"]["uri"] for one in found] == [editor.uri("shop/a.py"), editor.uri("web/a.py")]


def test_odd_folders_disturb_nobody(workspace: Workspace, tmp_path: Path) -> None:
    editor = workspace.start("shop", "web")
    (tmp_path / "alias").symlink_to(tmp_path / "shop")
    event: Json = {"added": [{"uri": "untitled:x", "name": ""}, {"uri": "file://", "name": ""}], "removed": []}
    editor.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    workspace.change(added=("alias", "shop", "none"), removed=("never", "none"))
    editor.open("shop/a.py")
    editor.open("alias/a.py")
    editor.command("verify")
    editor.wait_for_diagnostic("shop/a.py", "assert 1 == 2")
    assert workspace.started == ["shop"]
    assert editor.error("workspace/executeCommand", {"command": "bridle.nothing", "arguments": []})[0] == -32602
