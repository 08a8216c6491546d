"""Hover: who calls it, its tests, its last change and the run that wrote it, in each client's form.

From the door to the real engine and real git; what is said of runs in words is pure.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridle.harness.engine import About, Author, Caller, Change, RunId
from bridle.harness.workspace import open_engine
from bridle.lsp_server.about import told
from bridle.lsp_server.capabilities import Client
from tests.lsp_server.editor_client import EditorClient, Json, in_thread

TILL = "def rate():\n    return 1\n\n\ndef price(n):\n    return n * rate()\n"
CALLERS = "".join(f"def use{n}():\n    return rate()\n\n\n" for n in range(6))
CLIENTS = ("vscode", "neovim", "neovim_0.12", "helix", "zed", "sublime", "kate", "lsp4ij", "eglot", "bare")
HOSTILE = "fix [here](command:evil) <b>`x`</b> **loud** \x1b[31m"
START_S = 60.0
Opened = Callable[[str], EditorClient]


# --- in words ---------------------------------------------------------------------------------------------------

MARKED = Client(name="Visual Studio Code", hover_markdown=True)
PLAIN = Client()
AUTHOR = Author(RunId("20261127-1"), "edit", "make `it` [quick](x)", 130.0, "person", "verified: 7 tests", "claude")


def uri(path: str) -> str:
    return f"file:///w/{path}"


def test_all_that_is_known_is_told_in_four_parts() -> None:
    about = About(
        "f", (Caller("g", "a.py", 4, 1.0),), 7, 2, change=Change("abc", "Mend", "Ada", 7_200.0), author=AUTHOR
    )
    assert told(about, uri, PLAIN) == (
        "7 callers, 2 of them in tests\n\n- g (a.py:5)\n- and 6 more\n\n"
        "last change: abc Mend by Ada, 2 h ago\n\n"
        "this line was written by run 20261127-1 (edit, claude) for make `it` [quick](x) · "
        "accepted by you 2 min ago, offered as verified: 7 tests"
    )
    assert told(About(), uri, MARKED) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(open="all"), "last change: not committed"),
        (
            Change("abc", "Mend", "Ada", 60.0, "some"),
            "last change: abc Mend by Ada, 1 min ago; changed since, not committed",
        ),
        (Change("abc", "", "", 60.0), "last change: abc, 1 min ago"),
    ],
)
def test_the_last_change_says_what_is_not_committed(change: Change, words: str) -> None:
    assert told(About("f", change=change), uri, PLAIN) == words


@pytest.mark.parametrize(
    ("author", "words"),
    [
        (
            Author(RunId("r"), "", "", 5.0, "", "verified", edited=True),
            "edited since run r wrote what stood here · landed 5 s ago",
        ),
        (
            Author(RunId("r"), "edit", "t", 5.0, "unproved", lines=3, of=9),
            "3 of its 9 lines written by run r (edit) for t · accepted by you without proof 5 s ago",
        ),
        (
            Author(RunId("r"), "agent", "Visitor: a.py", 5.0, "rules"),
            "this line was written by run r (agent) for Visitor: a.py · let in by your rules, unasked 5 s ago",
        ),
    ],
)
def test_it_is_said_whose_a_line_is_and_who_let_it_in(author: Author, words: str) -> None:
    assert told(About(author=author), uri, PLAIN) == words


def test_what_comes_from_elsewhere_is_quoted_and_only_our_links_lead_anywhere() -> None:
    caller = Caller("g`](command:evil)", "a [b](c)\n.py", 4, 0.35)
    about = About("f", (caller,), 1, complete=False, change=Change("abc", HOSTILE, "`Eve`", 1.0), author=AUTHOR)
    said = told(about, uri, MARKED)
    assert "``g`](command:evil)``" in said
    assert "``fix [here](command:evil) <b>`x`</b> **loud**  [31m``" in said
    assert "by `` `Eve` ``" in said
    assert "``make `it` [quick](x)``" in said
    assert "[`a [b](c) .py:5`](file:///w/" in said
    assert "\x1b" not in told(about, uri, PLAIN)
    assert said.startswith("1 caller (files are still being read)\n")
    assert ", perhaps" in said
    assert "](file" not in told(about, uri, Client(name="Neovim", hover_markdown=True))


# --- in clients -------------------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STATE", "CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("BRIDLE_MODEL", "")
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "till.py").write_text(TILL)
    (folder / "many.py").write_text("from till import rate\n\n\n" + CALLERS)
    (folder / "test_till.py").write_text("from till import rate\n\n\ndef test_rate():\n    assert rate() == 1\n")
    identity = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_CONFIG_GLOBAL": "/dev/null"}
    identity |= {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "a@b.c", "GIT_CONFIG_SYSTEM": "/dev/null"}
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", HOSTILE]):
        subprocess.run(["git", *words], cwd=folder, check=True, env={**os.environ, **identity})
    return folder


@pytest.fixture
def opened(root: Path) -> Iterator[Opened]:
    made: list[EditorClient] = []

    def open_one(client: str) -> EditorClient:
        editor = EditorClient(root, client, in_thread(open_engine))
        made.append(editor)
        editor.start(initializationOptions={"settings": {"navigation": "on"}})
        editor.open("till.py")
        return editor

    yield open_one
    for editor in made:
        assert editor.close() == 0
        editor.wire.sink.close()


def hover(editor: EditorClient, uri: str, line: int, character: int = 0) -> Json | None:
    where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
    found: Json | None = editor.request("textDocument/hover", where)
    return found


def hover_with(editor: EditorClient, line: int, character: int, *wanted: str) -> Json:
    """Hover until all of `wanted` is told: the index and git may still be at it."""
    until = time.monotonic() + START_S
    while True:
        found = hover(editor, editor.uri("till.py"), line, character)
        if found is not None and all(one in found["contents"]["value"] for one in wanted):
            return found
        assert time.monotonic() < until, found
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("client", CLIENTS)
def test_a_hover_tells_of_callers_and_the_last_change_in_the_clients_form(opened: Opened, client: str) -> None:
    editor = opened(client)
    contents = hover_with(editor, 5, 16, "8 callers, 1 of them in tests\n", "last change: ")["contents"]
    said = contents["value"]
    assert "- and 3 more" in said
    assert "use0" in said
    assert "test_rate" not in said, "code comes before tests"
    assert "\x1b" not in said
    document = editor.profile["capabilities"].get("textDocument", {})
    declared = document.get("hover", {}).get("contentFormat", ["plaintext"])
    assert contents["kind"] == declared[0]
    if contents["kind"] == "markdown":
        assert "``fix [here](command:evil) <b>`x`</b> **loud** [31m`` by `Ada`" in said
    else:
        assert "fix [here](command:evil) <b>`x`</b> **loud** [31m by Ada" in said
    assert ("](file://" in said) == (client == "vscode")
    if client == "vscode":
        assert f"[`many.py:4`]({editor.uri('many.py')}#L4)" in said


@pytest.mark.slow
def test_unsaved_text_is_told_of_and_places_elsewhere_are_not(opened: Opened, root: Path, tmp_path: Path) -> None:
    editor = opened("neovim")
    hover_with(editor, 0, 5, "8 callers", "last change: ")
    editor.type("till.py", 0, "# one more line\n")
    editor.type("till.py", 2, "    # changed\n")
    assert "; changed since, not committed" in hover_with(editor, 1, 5, "changed since")["contents"]["value"]
    assert hover(editor, editor.uri("till.py"), 0) is None
    assert hover(editor, editor.uri("till.py"), 9_000) is None
    outside = tmp_path / "outside.py"
    outside.write_text(TILL)
    for uri in (outside.as_uri(), "untitled:Untitled-1", (root / "book.ipynb").as_uri()):
        item = {"uri": uri, "languageId": "python", "version": 1, "text": TILL}
        editor.notify("textDocument/didOpen", {"textDocument": item})
        assert hover(editor, uri, 0, 5) is None
