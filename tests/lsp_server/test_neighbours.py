"""Where the way around the code is told: by the setting, and by what clients say of other servers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bridle.indexer.languages.readers import READERS, TEXTS
from bridle.lsp_server.neighbours import LANGUAGES, METHODS, read_neighbours
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import EditorClient, Json

IDS = {one for ids in LANGUAGES.values() for one in ids}
STATIC = {
    "definitionProvider", "referencesProvider", "documentSymbolProvider", "callHierarchyProvider",
    "typeHierarchyProvider", "workspaceSymbolProvider",
}  # fmt: skip


@pytest.mark.parametrize("place", ["vscode/package.json", "nvim/lsp/bridle.lua"])
def test_each_language_that_is_indexed_starts_our_plug_ins_under_a_name_of_theirs(place: str) -> None:
    text = (Path(__file__).resolve().parents[2] / "editors" / place).read_text("utf-8")
    for reader in READERS:
        ids = LANGUAGES[reader.name]
        assert any(re.search(rf'"(?:onLanguage:)?{one}"', text) for one in ids), ids
    for reader in TEXTS:  # these are served, and start nothing by themselves
        assert all(re.search(rf'[|("]{one}[|)"]', text) for one in LANGUAGES[reader.name])


def started(
    editors: Start, client: str, navigation: str | None, script: Json | None = None, **more: Any
) -> EditorClient:
    """Return an editor of which the engine's status is known."""
    editor = editors(client)
    settings: Json = {"fake": script or {}} | ({"navigation": navigation} if navigation else {})
    editor.start(initializationOptions={"settings": settings}, **more)
    editor.open("a.py")
    editor.command("status")
    editor.settle()
    return editor


def declaring(editor: EditorClient, *, neighbours: bool = True) -> None:
    """Have an editor declare what our plug-ins do."""
    capabilities = editor.profile["capabilities"]
    for name in ("definition", "references", "documentSymbol", "callHierarchy", "typeHierarchy"):
        capabilities["textDocument"].setdefault(name, {})["dynamicRegistration"] = True
    capabilities["workspace"].setdefault("symbol", {})["dynamicRegistration"] = True
    if neighbours:
        capabilities["experimental"] = {"bridleNeighbours": True, "bridleStatus": True}


def languages(editor: EditorClient) -> set[str]:
    """Return the languages in which an editor was offered definitions."""
    found = [one for one in editor.registered.values() if one["method"] == "textDocument/definition"]
    return {each["language"] for one in found for each in one["registerOptions"]["documentSelector"]}


def ask(editor: EditorClient) -> Any:
    params = {"textDocument": {"uri": editor.uri("a.py")}, "position": {"line": 0, "character": 4}}
    return editor.request("textDocument/definition", params)


@pytest.fixture
def plugged(editors: Start) -> EditorClient:
    """An editor with our plug-in, which said nothing of its neighbours yet."""
    editor = editors("vscode")
    declaring(editor)
    editor.start({})
    editor.open("a.py")
    editor.until(lambda: any(one.get("method") == "bridle/status" for one in editor.received), "the status")
    return editor


def test_a_plug_in_that_sees_no_other_server_is_offered_all_languages(plugged: EditorClient) -> None:
    assert plugged.registered == {}
    plugged.notify("bridle/neighbours", {"languages": {}})
    plugged.until(lambda: languages(plugged) == IDS, "offers of all languages")
    assert {one["method"] for one in plugged.registered.values()} == set(METHODS)
    assert ask(plugged)[0]["range"]["start"] == {"line": 0, "character": 4}


def test_a_neighbour_that_comes_takes_its_language_and_gives_it_back_when_it_goes(plugged: EditorClient) -> None:
    plugged.notify("bridle/neighbours", {"languages": {"python": ["pyright"]}})
    plugged.until(lambda: languages(plugged) == IDS - {"python"}, "offers of the other languages")
    assert ask(plugged) is None, "whoever asks all the same hears nothing twice"
    plugged.notify("bridle/neighbours", {"languages": {}})
    plugged.until(lambda: languages(plugged) == IDS, "offers of all languages")
    assert ask(plugged) is not None


def test_symbols_of_a_language_that_a_neighbour_tells_are_left_out(plugged: EditorClient, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    settings = {"fake": {"heard": str(heard)}}
    editor = EditorClient(plugged.root, "vscode")
    declaring(editor)
    editor.start(initializationOptions={"settings": settings})
    editor.notify("bridle/neighbours", {"languages": {"go": ["gopls"], "javascript": ["tsserver"]}})
    editor.until(lambda: languages(editor) == IDS - {"go", "javascript"}, "offers of the other languages")
    editor.request("workspace/symbol", {"query": "f"})
    [request] = [json.loads(line) for line in heard.read_text().splitlines() if "FindSymbols" in line]
    assert request["FindSymbols"]["without"] == ["go"], "TypeScript's are not told by that neighbour"
    assert editor.close() == 0


def test_on_is_offered_beside_neighbours_and_off_to_nobody(plugged: EditorClient) -> None:
    plugged.notify("bridle/neighbours", {"languages": {"python": ["pyright"]}})
    plugged.notify("workspace/didChangeConfiguration", {"settings": {"bridle": {"navigation": "on"}}})
    plugged.until(lambda: languages(plugged) == IDS, "offers of all languages")
    assert ask(plugged) is not None
    plugged.notify("workspace/didChangeConfiguration", {"settings": {"bridle": {"navigation": "off"}}})
    plugged.until(lambda: not plugged.registered, "no offers")
    assert ask(plugged) is None


def test_the_persons_own_file_counts_where_the_editor_says_nothing(editors: Start) -> None:
    editor = editors("vscode")
    declaring(editor, neighbours=False)
    editor.start({"navigation": "on"})
    editor.until(lambda: languages(editor) == IDS, "offers of all languages")


@pytest.mark.parametrize("navigation", [None, "fallback", "off"])
def test_a_client_that_says_nothing_of_others_is_offered_nothing_by_itself(
    editors: Start, navigation: str | None
) -> None:
    editor = editors("vscode")
    declaring(editor, neighbours=False)
    settings: Json = {"fake": {}} | ({"navigation": navigation} if navigation else {})
    offered = editor.initialize(initializationOptions={"settings": settings})["capabilities"]
    assert not STATIC & {name for name, value in offered.items() if value}
    editor.notify("initialized", {})
    editor.open("a.py")
    editor.command("status")
    assert editor.registered == {}
    assert ask(editor) is None


@pytest.mark.parametrize(("name", "offered"), [("Eglot", STATIC), ("helix", set[str]()), ("", set[str]())])
def test_a_client_with_one_server_a_document_is_offered_all_at_once(
    editors: Start, name: str, offered: set[str]
) -> None:
    editor = editors("bare")
    told = editor.initialize(clientInfo={"name": name})["capabilities"]
    assert STATIC & {key for key, value in told.items() if value} == offered
    editor.notify("initialized", {})
    editor.open("a.py")
    if offered:
        editor.until(lambda: ask(editor) is not None, "an answer")
    else:
        assert ask(editor) is None


def test_on_is_offered_at_once_to_clients_that_take_no_offers_later(editors: Start) -> None:
    editor = editors("bare")
    told = editor.initialize(initializationOptions={"settings": {"navigation": "on"}})["capabilities"]
    assert {key for key, value in told.items() if value} >= STATIC
    editor.notify("initialized", {})
    editor.open("a.py")
    assert ask(editor) is not None
    assert editor.registered == {}


def test_an_answer_for_a_text_that_moved_on_is_refused_as_modified(editors: Start) -> None:
    editor = started(editors, "vscode", "on", {"behind": 1})
    params = {"textDocument": {"uri": editor.uri("a.py")}, "position": {"line": 0, "character": 4}}
    for method in ("definition", "prepareCallHierarchy", "documentSymbol"):
        assert editor.error(f"textDocument/{method}", params)[0] == -32801
    assert editor.error("textDocument/references", {**params, "context": {"includeDeclaration": True}})[0] == -32801


def test_cancelling_stops_the_work_in_the_engine(editors: Start, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    editor = started(editors, "vscode", "on", {"stall": ["GetUses"], "heard": str(heard)})

    def heard_of(words: str) -> bool:
        return words in heard.read_text()

    params = {"textDocument": {"uri": editor.uri("a.py")}, "position": {"line": 0, "character": 4}}
    number = editor.begin("textDocument/references", {**params, "context": {"includeDeclaration": True}})
    editor.until(lambda: heard_of("GetUses"), "the question")
    editor.notify("$/cancelRequest", {"id": number})
    assert editor.reply(number)["error"]["code"] == -32800
    editor.until(lambda: heard_of("GetUses was left"), "the end of the work")


def test_an_answer_that_is_not_all_says_so(editors: Start) -> None:
    editor = started(editors, "vscode", "on", {"cut": True, "indexing": True})
    params = {"textDocument": {"uri": editor.uri("a.py")}, "position": {"line": 0, "character": 4}}
    for _ in range(2):
        editor.request("textDocument/references", {**params, "context": {"includeDeclaration": True}})
    assert [said for said in editor.shown if "still being read" in said] == [
        "Bridle: files are still being read: this is what is known by now"
    ]
    assert len([said for said in editor.shown if "only the first 1 are shown" in said]) == 2
    editor.request("workspace/symbol", {"query": "f", "workDoneToken": "t"})
    told = [one["params"]["value"] for one in editor.received if one.get("method") == "$/progress"]
    told = [one["kind"] for one in told if "still being read" in (one.get("message") or "")]
    assert told == ["begin", "end"]


@pytest.mark.parametrize(
    "sent", [None, [], "x", {"languages": None}, {"languages": {"python": "pyright", "go": [], "c": 3}}, {"other": {}}]
)
def test_what_a_stranger_says_of_neighbours_is_no_fault(sent: object) -> None:
    assert read_neighbours(sent) == {}


def test_neighbours_are_read_as_they_are_sent_and_capped() -> None:
    assert read_neighbours({"languages": {"python": ["pyright"]}}) == {"python": ("pyright",)}
    assert len(read_neighbours({"languages": {str(n): ["x"] for n in range(10_000)}})) == 500
