"""The way around the code over the protocol, from the door to the real index and back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.workspace import open_engine
from bridle.indexer.text import Place
from tests.lsp_server.editor_client import EditorClient, Json, in_thread

pytestmark = pytest.mark.slow

FILES = {
    "shop/__init__.py": "",
    "shop/till.py": (
        "class Base:\n    def open(self):\n        pass\n\n\n"
        "class Till(Base):\n    def __init__(self, size='😀'):\n        '😀'; self.open()\n\n"
        "    def count(self):\n        return rate()\n\n\ndef rate():\n    return 1\n\n\nTAX = rate()\n"
    ),
    "main.py": "from shop.till import Till\n\n\ndef main():\n    desk = Till()\n    '😀'; desk.count()\n",
    "latin.py": "# coding: latin-1\nfrom shop.till import rate\nWORDS = 'größe'; rate()\n",
    "view.js": "import { render } from './render'\nrender()\n",
    "render.js": "export function render() {}\n",
}
START_S = 60.0
Open = Callable[..., EditorClient]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("STATE", "CONFIG", "CACHE", "DATA"):
            patch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
        patch.setenv("BRIDLE_MODEL", "")
        yield folder


@pytest.fixture(scope="module")
def root(home: Path) -> Path:
    folder = home / "project"
    for path, text in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode("latin-1" if path == "latin.py" else "utf-8"))
    return folder


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[EditorClient]:
    """One editor over one real engine, its index complete; nothing that a test types is saved."""
    editor = EditorClient(root, "vscode", in_thread(open_engine))
    capabilities = editor.profile["capabilities"]
    capabilities["textDocument"]["documentSymbol"]["hierarchicalDocumentSymbolSupport"] = True
    capabilities["general"] = {"positionEncodings": ["utf-16"]}
    editor.start(initializationOptions={"settings": {"navigation": "on"}})
    for path in ("main.py", "shop/till.py", "latin.py"):
        text = FILES[path]
        editor.open(path, text)
    editor.open("view.js", language="javascript")
    wait_for_index(editor, "TAX")
    yield editor
    assert editor.close() == 0


def wait_for_index(editor: EditorClient, name: str) -> None:
    """Ask until the index knows a name of the last file; an engine that is still starting refuses meanwhile."""

    def is_there() -> bool:
        return all(known(asked) for asked in (name, "render"))

    def known(asked: str) -> bool:
        reply = editor.reply(editor.begin("workspace/symbol", {"query": asked}), START_S)
        return bool(reply.get("result"))

    editor.until(is_there, f"{name} in the index", START_S)


def symbols(editor: EditorClient, query: str) -> list[Json]:
    return editor.request("workspace/symbol", {"query": query}) or []


def at(editor: EditorClient, path: str, line: int, character: int, **more: object) -> Json:
    position = {"line": line, "character": character}
    return {"textDocument": {"uri": editor.uri(path)}, "position": position, **more}


def places(editor: EditorClient, found: list[Json]) -> list[str]:
    """Return locations as ``path:line:start-end``, 0-based."""
    told: list[str] = []
    for one in found:
        start, end = one["range"]["start"], one["range"]["end"]
        path = Path(one["uri"].removeprefix("file://")).relative_to(editor.root).as_posix()
        told.append(f"{path}:{start['line']}:{start['character']}-{end['character']}")
    return told


def test_a_definition_is_told_at_its_name_from_a_use_and_from_an_import(client: EditorClient) -> None:
    ask = "textDocument/definition"
    assert places(client, client.request(ask, at(client, "main.py", 5, 16))) == ["shop/till.py:9:8-13"]
    assert places(client, client.request(ask, at(client, "main.py", 0, 23))) == ["shop/till.py:5:6-10"]
    assert places(client, client.request(ask, at(client, "main.py", 0, 12))) == ["shop/till.py:0:0-0"]
    assert places(client, client.request(ask, at(client, "view.js", 1, 2))) == ["render.js:0:16-22"]
    assert client.request(ask, at(client, "main.py", 1, 0)) == []


def test_uses_are_told_in_the_clients_own_units_whatever_a_file_is_encoded_as(client: EditorClient) -> None:
    ask = "textDocument/references"
    told = client.request(ask, at(client, "shop/till.py", 9, 9, context={"includeDeclaration": True}))
    assert places(client, told) == ["shop/till.py:9:8-13", "main.py:5:15-20"]
    told = client.request(ask, at(client, "shop/till.py", 13, 5, context={"includeDeclaration": False}))
    assert places(client, told) == [
        "latin.py:1:22-26", "latin.py:2:17-21", "shop/till.py:10:15-19", "shop/till.py:17:6-10",
    ]  # fmt: skip
    told = client.request(ask, at(client, "shop/till.py", 1, 9, context={"includeDeclaration": False}))
    assert places(client, told) == ["shop/till.py:7:19-23"], "an astral character counts two units"


@pytest.mark.parametrize(("encoding", "start"), [("utf-8", 17), pytest.param("utf-32", 14, marks=pytest.mark.long)])
def test_other_position_encodings_are_kept_on_the_way_there_and_back(
    root: Path, home: Path, encoding: str, start: int
) -> None:
    editor = EditorClient(root, "bare", in_thread(open_engine))
    editor.profile = {"capabilities": {"general": {"positionEncodings": [encoding]}}}
    editor.start(initializationOptions={"settings": {"navigation": "on"}})
    assert editor.encoding == encoding
    editor.open("main.py")
    wait_for_index(editor, "TAX")
    told = editor.request(
        "textDocument/references", at(editor, "main.py", 5, start + 1, context={"includeDeclaration": False})
    )
    assert places(editor, told) == [f"main.py:5:{start}-{start + 5}"]
    assert editor.close() == 0


def test_an_unsaved_buffer_counts_at_once_in_outline_definition_and_uses(client: EditorClient) -> None:
    client.change(client.uri("main.py"), (Place(0, 0), Place(0, 0), "class Fresh:\n    def new(self): pass\n\n\n"))
    try:
        outline = client.request("textDocument/documentSymbol", {"textDocument": {"uri": client.uri("main.py")}})
        assert [(one["name"], [inner["name"] for inner in one["children"]]) for one in outline] == [
            ("Fresh", ["new"]), ("main", []),
        ]  # fmt: skip
        assert outline[0]["selectionRange"]["start"] == {"line": 0, "character": 6}
        told = client.request("textDocument/definition", at(client, "main.py", 9, 16))
        assert places(client, told) == ["shop/till.py:9:8-13"]
        told = client.request(
            "textDocument/references", at(client, "shop/till.py", 5, 7, context={"includeDeclaration": False})
        )
        assert places(client, told) == ["main.py:4:22-26", "main.py:8:11-15"]
        assert [one["name"] for one in symbols(client, "Fresh")] == ["Fresh"]
    finally:
        client.change(client.uri("main.py"), (Place(0, 0), Place(4, 0), ""))
    assert symbols(client, "Fresh") == []


def test_a_file_that_changed_on_disk_is_read_again_before_its_places_are_told(client: EditorClient) -> None:
    path = client.root / "late.py"
    path.write_text("from shop.till import TAX\n")
    client.until(lambda: len(symbols(client, "late")) > 0, "late.py in the index")
    path.write_text("# one line more\nfrom shop.till import TAX\n")
    told = client.request(
        "textDocument/references", at(client, "shop/till.py", 17, 1, context={"includeDeclaration": False})
    )
    assert places(client, told) == ["late.py:1:22-25"]
    path.unlink()


def test_symbols_are_found_with_their_container_and_kind(client: EditorClient) -> None:
    [found] = symbols(client, "till.count")
    assert (found["name"], found["kind"], found["containerName"]) == ("count", 6, "Till · shop/till.py")
    kinds = {one["name"]: one["kind"] for one in symbols(client, "") if "till" in one["location"]["uri"]}
    assert (kinds["Till"], kinds["__init__"], kinds["rate"], kinds["TAX"]) == (5, 9, 12, 14)


def test_calls_in_and_out_are_told_with_their_places(client: EditorClient) -> None:
    [item] = client.request("textDocument/prepareCallHierarchy", at(client, "shop/till.py", 9, 9))
    assert (item["name"], item["detail"]) == ("count", "Till · shop/till.py")
    [call] = client.request("callHierarchy/incomingCalls", {"item": item})
    assert (call["from"]["name"], call["fromRanges"][0]["start"]) == ("main", {"line": 5, "character": 15})
    [item] = client.request("textDocument/prepareCallHierarchy", at(client, "main.py", 3, 5))
    out = client.request("callHierarchy/outgoingCalls", {"item": item})
    assert [(one["to"]["name"], one["fromRanges"][0]["start"]["line"]) for one in out] == [("Till", 4), ("count", 5)]
    assert client.request("callHierarchy/incomingCalls", {"item": {**item, "data": "gone.py::x"}}) == []


def test_types_above_and_below_are_told(client: EditorClient) -> None:
    [item] = client.request("textDocument/prepareTypeHierarchy", at(client, "shop/till.py", 5, 7))
    assert [one["name"] for one in client.request("typeHierarchy/supertypes", {"item": item})] == ["Base"]
    [base] = client.request("textDocument/prepareTypeHierarchy", at(client, "shop/till.py", 0, 7))
    assert [one["name"] for one in client.request("typeHierarchy/subtypes", {"item": base})] == ["Till"]
    assert client.request("textDocument/prepareTypeHierarchy", at(client, "shop/till.py", 13, 5)) is None


def test_a_client_without_trees_gets_the_outline_as_a_list(root: Path, home: Path) -> None:
    editor = EditorClient(root, "bare", in_thread(open_engine))
    editor.start(initializationOptions={"settings": {"navigation": "on"}})
    editor.open("shop/till.py")
    asked = {"textDocument": {"uri": editor.uri("shop/till.py")}}
    reply: Any = {}
    deadline = time.monotonic() + START_S
    while "result" not in reply:  # a question is given up sooner than a start on a busy machine
        assert time.monotonic() < deadline, reply
        reply = editor.reply(editor.begin("textDocument/documentSymbol", asked), START_S)
    found = reply["result"]
    assert [(one["name"], one["containerName"]) for one in found][:4] == [
        ("Base", ""), ("open", "Base"), ("Till", ""), ("__init__", "Till"),
    ]  # fmt: skip
    assert editor.close() == 0


def test_documents_that_are_no_file_of_the_root_are_answered_with_nothing(client: EditorClient) -> None:
    for uri in ("untitled:Untitled-1", "file:///elsewhere/a.py", client.uri("notes.ipynb"), client.uri("closed.py")):
        params = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}
        assert client.request("textDocument/definition", params) is None
        assert client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}}) is None
    far = client.request("textDocument/definition", at(client, "main.py", 9_999, 9_999))
    assert far == []
