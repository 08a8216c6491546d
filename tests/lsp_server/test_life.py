"""How the door lives and ends as a program: exit codes, gone clients, a clean stream, and what it never imports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bridle.indexer import stdio
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import EditorClient

pytestmark = pytest.mark.slow

GONE_S = 2.0


def test_shutdown_and_exit_end_it_with_0(editors: Start) -> None:
    assert editors(own=True).start().close() == 0


def test_exit_without_shutdown_is_1(editors: Start) -> None:
    editor = editors(own=True).start()
    editor.notify("exit", None)
    assert editor.wire.wait(GONE_S) == 1
    editor.drain()
    editor.wire.sink.close()


@pytest.mark.parametrize("how", ["input ends", "terminated", "editor dies"])
def test_a_gone_client_leaves_no_process_behind(editors: Start, how: str) -> None:
    editor = editors(own=True)
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    editor.start({"endless": True}, processId=parent.pid)
    editor.open("a.py")
    editor.command("edit", uri=editor.uri("a.py"), range=place(4), instruction="go on for ever")
    begun = time.monotonic()
    if how == "input ends":
        editor.wire.sink.close()
    elif how == "terminated":
        os.kill(editor.wire.pid, signal.SIGTERM)  # type: ignore[attr-defined] # a program has one
    else:
        parent.kill()
        parent.wait()
    assert editor.wire.wait(GONE_S) == 1
    assert time.monotonic() - begun < GONE_S
    editor.wire.sink.close()
    parent.kill()
    parent.communicate()


@pytest.mark.parametrize("how", ["closed", "never read"])
def test_output_that_nobody_takes_counts_as_a_gone_client(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stdio, "MAX_UNREAD_BYTES", 1_000_000)
    monkeypatch.setattr(stdio, "FLUSH_S", 0.1)
    gone = threading.Event()
    source, sink = os.pipe()
    if how == "closed":
        os.close(source)
    outlet = stdio.Outlet(sink, gone.set)
    for _ in range(20):
        outlet.write(b"x" * 100_000)
    assert gone.wait(GONE_S)
    outlet.close()
    if how == "never read":
        os.close(source)


def test_an_editor_that_cannot_be_seen_from_here_is_not_watched(editors: Start) -> None:
    editor = editors().start(processId=2**22 + 12345)
    time_to_notice = 0.7
    editor.command("status")
    assert editor.wire.wait(time_to_notice) is None
    editor.settle()


def test_stray_prints_and_children_never_reach_the_stream(editors: Start) -> None:
    editor = editors(own=True).start({"print": True})
    editor.command("status")
    assert editor.close() == 0


def test_nothing_heavy_is_imported(editors: Start, tmp_path: Path) -> None:
    """The engine is made after `initialize`: what is loaded by then is what the door itself needs."""
    listed = tmp_path / "modules.json"
    editor = editors(own=True).start({"modules": str(listed)})
    editor.open("a.py")
    editor.command("status")
    heavy = {"anthropic", "chromadb", "mcp", "numpy", "networkx", "tree_sitter", "sqlite3"}
    assert heavy & set(json.loads(listed.read_text())) == set()


def test_an_engine_that_does_not_start_is_told_and_the_door_stays(editors: Start) -> None:
    editor = editors("vscode").start({"fail_start": "its state cannot be kept"})
    editor.wait_shown("its state cannot be kept. Next: mend it")
    editor.open("a.py")
    assert "did not start" in editor.actions("a.py", 0)[0]["disabled"]["reason"]
    assert "its state cannot be kept" in editor.refused("status")


@pytest.mark.parametrize("again", [True, False])
def test_an_engine_that_dies_is_said_with_what_to_do(editors: Start, again: bool) -> None:
    editor = editors("vscode").start({"again": again, "endless": True})
    editor.open("a.py")
    editor.command("edit", uri=editor.uri("a.py"), range=place(4), instruction="go on for ever")
    arguments = {"command": "bridle.discard", "arguments": [{"run": "r1"}]}
    reply = editor.reply(editor.begin("workspace/executeCommand", arguments))
    assert again or "did not answer (the engine is not running)" in reply["error"]["message"]
    editor.wait_shown("started again (it was killed)" if again else "Restart the language server")
    found = editor.actions("a.py", 0)
    assert found[0].get("disabled", {}).get("reason") == (None if again else "the engine ended: it was killed")


def test_without_a_folder_the_nearest_project_is_the_root(project: Path, editors: Start) -> None:
    (project / "pyproject.toml").write_text("")
    editor = editors().start(rootUri=None)
    assert "no folder is open" in editor.refused("status")
    editor.open("a.py")
    editor.command("verify")
    editor.wait_for_diagnostic("a.py", "assert 1 == 2")


def test_a_file_of_no_project_has_no_actions(editors: Start) -> None:
    editor = editors().start(rootUri=None)
    editor.open("a.py")
    assert editor.actions("a.py", 0) == []


def place(line: int) -> dict[str, object]:
    return {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 0}}


def test_a_start_that_takes_long_delays_no_answer(editors: Start) -> None:
    editor: EditorClient = editors("vscode").start({"slow_start": 0.4})
    editor.open("a.py")
    assert "starting" in editor.actions("a.py", 0)[0]["disabled"]["reason"], "answered before there was an engine"
    assert editor.command("status")["trusted"] is True
