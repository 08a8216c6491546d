"""What the editor types is what the engine hears, whatever the client sends."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp

from bridle.lsp_server.capabilities import read_client
from bridle.lsp_server.places import Places, file_of, uri_of
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import EditorClient


class Heard:
    """What the engine was asked, as its file tells."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self, kind: str) -> list[Any]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        found = [row[kind] for row in map(json.loads, lines) if kind in row]
        return [{name: value for name, value in asked.items() if name != "type"} for asked in found]

    def text(self, path: str) -> str:
        """The text that the engine was told last."""
        told = [buffer for sync in self.all("SyncBuffers") for buffer in sync["changed"] if buffer["path"] == path]
        found: str = told[-1]["text"]
        return found


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    return Heard(tmp_path / "heard.jsonl")


def begin(editors: Start, heard: Heard, client: str = "bare") -> EditorClient:
    return editors(client).start({"heard": str(heard.path)})


def flush(editor: EditorClient) -> None:
    """Have the engine told of everything, without waiting for a quiet moment."""
    number = len(editor.shown)
    editor.command("verify")
    editor.until(lambda: any("pytest on" in message for message in editor.shown[number:]), "the checks")


def change(editor: EditorClient, path: str, version: int | None, *changes: Any) -> None:
    document = {"uri": editor.uri(path), "version": version}
    editor.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})


def span(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, object]:
    at = [{"line": line, "character": character} for line, character in (start, end)]
    return {"range": {"start": at[0], "end": at[1]}, "text": text}


def test_an_older_version_is_refused(editors: Start, heard: Heard) -> None:
    editor = begin(editors, heard)
    editor.open("a.py", "one\n")
    change(editor, "a.py", 9, {"text": "nine\n"})
    change(editor, "a.py", 7, {"text": "seven\n"})
    change(editor, "a.py", 9, {"text": "nine again\n"})
    flush(editor)
    assert heard.text("a.py") == "nine\n"


@pytest.mark.parametrize("order", [(4, 5, 2, 3), (3, 2, 5, 4), (5, 4, 3, 2)])
def test_changes_that_helix_sends_out_of_order_are_taken_in_the_order_they_were_made(
    editors: Start, heard: Heard, order: tuple[int, ...]
) -> None:
    editor = begin(editors, heard, "helix")
    editor.open("a.py", "one\n")
    typed = {
        2: span((0, 0), (0, 0), "\n"),
        3: span((0, 0), (0, 0), "#"),
        4: span((0, 1), (0, 1), " a"),
        5: span((0, 3), (0, 3), "b"),
    }
    for version in order:
        change(editor, "a.py", version, typed[version])
    flush(editor)
    assert heard.text("a.py") == "# ab\none\n"


@pytest.mark.parametrize(
    ("name", "asks", "shuffles"),
    [("helix", False, True), ("helix", True, False), ("Neovim", False, False), ("", False, False)],
)
def test_only_a_helix_from_before_it_had_questions_is_waited_for(name: str, asks: bool, shuffles: bool) -> None:
    window = lsp.WindowClientCapabilities(show_message=lsp.ShowMessageRequestClientCapabilities() if asks else None)
    info = lsp.ClientInfo(name=name)
    client = read_client(lsp.InitializeParams(capabilities=lsp.ClientCapabilities(window=window), client_info=info))
    assert client.shuffles_changes == shuffles


def test_a_change_that_helix_counted_and_never_sent_is_not_waited_for_long(editors: Start, heard: Heard) -> None:
    editor = begin(editors, heard, "helix")
    editor.open("a.py", "one\n")
    change(editor, "a.py", 5, span((0, 0), (0, 3), "five"))
    change(editor, "a.py", 6, span((0, 4), (0, 4), " and six"))
    editor.until(lambda: heard.all("SyncBuffers") and heard.text("a.py") == "five and six\n", "both")
    change(editor, "a.py", 3, span((0, 0), (0, 0), "three "))
    change(editor, "a.py", 9, span((0, 0), (0, 0), "nine, "))
    editor.save("a.py")
    flush(editor)
    assert heard.text("a.py") == "nine, five and six\n", "a save waits for nothing, and what is older is refused"


def test_a_reversed_range_is_the_same_range(editors: Start, heard: Heard) -> None:
    editor = begin(editors, heard)
    editor.open("a.py", "abcdef\n")
    change(editor, "a.py", 2, span((0, 4), (0, 2), "X"))
    flush(editor)
    assert heard.text("a.py") == "abXef\n"


def test_places_beyond_the_end_are_clamped(editors: Start, heard: Heard) -> None:
    editor = begin(editors, heard)
    editor.open("a.py", "ab\ncd")
    change(editor, "a.py", 2, span((0, 99), (0, 99), "!"), span((50, 0), (60, 0), "?"))
    flush(editor)
    assert heard.text("a.py") == "ab!\ncd?"


def test_a_document_that_was_never_opened_stays_unknown(editors: Start, heard: Heard) -> None:
    editor = begin(editors, heard)
    change(editor, "a.py", 2, {"text": "phantom\n"})
    editor.notify("textDocument/didClose", {"textDocument": {"uri": editor.uri("b.py")}})
    editor.notify("textDocument/didSave", {"textDocument": {"uri": editor.uri("b.py")}})
    assert editor.actions("a.py", 0) == []
    flush(editor)
    assert heard.all("SyncBuffers") == []


def test_a_lone_half_of_a_character_is_kept_out_of_files_and_pipes(editors: Start, heard: Heard) -> None:
    editor = begin(editors, heard)
    editor.open("a.py", "a\ud83d b\n")
    change(editor, "a.py", 2, span((0, 0), (0, 0), "\ud83d"), span((0, 1), (0, 1), "\ude00"))
    flush(editor)
    assert heard.text("a.py") == "😀a\ufffd b\n"


def test_lines_end_as_the_protocol_has_it(editors: Start, heard: Heard) -> None:
    editor = begin(editors, heard)
    editor.open("a.py", "one\r\ntwo\rthree\u2028still three\nfour")
    change(editor, "a.py", 2, span((3, 0), (3, 4), "FOUR"))
    flush(editor)
    assert heard.text("a.py") == "one\r\ntwo\rthree\u2028still three\nFOUR"


def test_columns_count_as_was_agreed(editors: Start, heard: Heard) -> None:
    editor = editors()
    capabilities = {"general": {"positionEncodings": ["utf-16", "utf-8"]}}
    editor.start({"heard": str(heard.path)}, capabilities=capabilities)
    assert editor.encoding == "utf-8"
    editor.open("a.py", "größe 😀 x\n")
    change(editor, "a.py", 2, span((0, 13), (0, 14), "y"))
    flush(editor)
    assert heard.text("a.py") == "größe 😀 y\n"


@pytest.mark.parametrize(
    ("name", "offered", "chosen"),
    [
        ("Visual Studio Code", ["utf-16"], "utf-16"),
        ("Neovim", ["utf-8", "utf-16", "utf-32"], "utf-16"),
        ("Neovim", ["utf-8"], "utf-8"),
        ("helix", ["utf-8", "utf-32", "utf-16"], "utf-8"),
        ("Emacs", ["utf-32", "utf-8", "utf-16"], "utf-8"),
        ("", None, "utf-16"),
        ("", ["utf-7"], "utf-16"),
    ],
)
def test_the_position_encoding_suits_the_client(name: str, offered: list[str] | None, chosen: str) -> None:
    general = lsp.GeneralClientCapabilities(position_encodings=offered)
    info = lsp.ClientInfo(name=name)
    client = read_client(lsp.InitializeParams(capabilities=lsp.ClientCapabilities(general=general), client_info=info))
    assert client.encoding == chosen


@pytest.mark.slow
def test_two_thousand_large_changes_are_one_message_to_the_engine(editors: Start, heard: Heard) -> None:
    editor = begin(editors, heard)
    editor.open("a.py", "")
    begun = time.monotonic()
    line = "x" * 8_000 + "\n"
    for version in range(2, 2_002):
        change(editor, "a.py", version, span((0, 0), (1, 0), line))
    editor.settle()
    assert time.monotonic() - begun < 5.0
    flush(editor)
    assert heard.text("a.py") == line
    assert len(heard.all("SyncBuffers")) < 20


def test_a_closed_document_is_the_disks_again(editors: Start, heard: Heard) -> None:
    editor = begin(editors, heard)
    editor.open("a.py")
    editor.command("verify")
    editor.wait_for_diagnostic("a.py", "assert")
    editor.type("a.py", 4, "# not saved\n")
    editor.shut("a.py")
    editor.until(lambda: not editor.messages("a.py"), "what was said of an unsaved text to go")
    flush(editor)
    assert heard.all("SyncBuffers")[-1]["closed"] == ["a.py"]
    assert editor.messages("a.py") == ["assert 1 == 2\nwhere 1 = f()\na.py:1: defined here"]


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1", "vscode-notebook-cell:/w/n.ipynb#c1", "git:/a.py?ref", "output:x",
        "file:///elsewhere/a.py", "ROOT/n.ipynb", "file://host/share/a.py", "file:relative", "", "::", "file:///%FF.py",
    ],
)  # fmt: skip
def test_what_is_no_file_of_the_folder_is_never_touched(editors: Start, heard: Heard, uri: str) -> None:
    editor = begin(editors, heard)
    uri = uri.replace("ROOT", editor.root.as_uri())
    item = {"uri": uri, "languageId": "python", "version": 1, "text": "x = 1  # bridle: do it\n"}
    editor.notify("textDocument/didOpen", {"textDocument": item})
    document = {"uri": uri, "version": 2}
    editor.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": "y\n"}]})
    params = {"textDocument": {"uri": uri}, "range": RANGE, "context": {"diagnostics": []}}
    assert editor.request("textDocument/codeAction", params) == []
    arguments = [{"uri": uri, "range": RANGE, "instruction": "x"}]
    code, _ = editor.error("workspace/executeCommand", {"command": "bridle.edit", "arguments": arguments})
    assert code in (-32803, -32602)
    flush(editor)
    assert heard.all("SyncBuffers") == []


RANGE = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}


def test_a_file_has_one_path_whatever_its_uri(tmp_path: Path) -> None:
    root = tmp_path / "a folder"
    root.mkdir()
    link = tmp_path / "link"
    link.symlink_to(root)
    places = Places(str(root))
    for name in ("größe.py", "per%cent.py", "ha#sh.py", "c:x.py", "que?stion.py", "sub/../plain.py"):
        path = name.rpartition("../")[2]
        assert places.path(uri_of(f"{root}/{name}")) == path
        assert places.path(f"file://localhost{uri_of(f'{root}/{name}')[7:]}") == path
        assert places.path(uri_of(f"{link}/{name}")) == path
        assert file_of(places.uri(path)) == f"{root}/{path}"
    assert places.path(f"file://{root}/c%3Ax.py") == places.path(f"file://{root}/c:x.py")
    assert places.path(root.as_uri()) is None
    assert places.path(uri_of(f"{root}x/a.py")) is None
    assert places.path(uri_of(f"{root}/../other/a.py")) is None
    assert Places("/").path("file:///etc/x.py") == "etc/x.py"


def test_opened_again_it_is_another_text(editors: Start, heard: Heard) -> None:
    editor = begin(editors, heard)
    editor.open("a.py", "first\n", version=5)
    editor.open("a.py", "second\n", version=1)
    editor.type("a.py", 0, "third\n")
    flush(editor)
    assert heard.text("a.py") == "third\nsecond\n"
