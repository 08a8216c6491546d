"""Bad messages are answered with their codes, and the next good one as if nothing had been."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import EditorClient

CASES = [json.loads(line) for line in (Path(__file__).parent / "bad_messages.jsonl").read_text().splitlines()]


def send(editor: EditorClient, what: Any) -> None:
    if what == "x*200000":
        editor.raw(b"x" * 200_000 + b"\r\n")
    elif isinstance(what, str):
        editor.raw(what.encode("latin-1"))
    else:
        editor.send(what)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_bad_message_is_answered_and_the_next_good_one_too(editors: Start, case: Any) -> None:
    editor = editors()
    if case["phase"] == "running":
        editor.start()
    send(editor, case["send"])
    if case["answer"] is not None:
        reply = editor.reply(case["answer"]["id"])
        assert reply["error"]["code"] == case["answer"]["code"]
    if case["phase"] == "new":
        editor.start()
    before = len(editor.received)
    editor.settle()
    assert [m for m in editor.received[before:] if "error" in m] == []


def test_a_message_in_single_bytes_is_one_message(editors: Start) -> None:
    editor = editors().start()
    body = b'{"jsonrpc":"2.0","id":"slow","method":"no/such"}'
    for byte in b"Content-Length: %d\r\n\r\n" % len(body) + body:
        editor.raw(bytes([byte]))
    assert editor.reply("slow")["error"]["code"] == -32601


@pytest.mark.parametrize("where", ["params", "body"])
def test_ten_thousand_levels_are_refused(editors: Start, where: str) -> None:
    editor = editors().start()
    deep = b"[" * 10_000 + b"]" * 10_000
    body = b'{"jsonrpc":"2.0","id":9000,"method":"textDocument/codeAction","params":%s}' % deep
    body = deep if where == "body" else body
    editor.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    editor.until(lambda: None in editor.replies or 9000 in editor.replies, "a refusal")
    reply = editor.replies.get(None) or editor.replies[9000]
    assert reply["error"]["code"] in (-32700, -32602)
    editor.settle()


def test_an_id_in_use_is_refused_and_its_first_request_goes_on(editors: Start) -> None:
    editor = editors().start({"stall": ["CancelRun"]})
    params = {"command": "bridle.cancel", "arguments": [{"run": "r1"}]}
    for _ in range(2):
        editor.send({"jsonrpc": "2.0", "id": 7, "method": "workspace/executeCommand", "params": params})
    assert editor.reply(7)["error"]["code"] == -32600
    editor.notify("$/cancelRequest", {"id": 7})
    assert editor.reply(7)["error"]["code"] == -32800


def test_a_request_under_way_is_cancelled_at_once(editors: Start) -> None:
    editor = editors().start({"stall": ["CancelRun"]})
    number = editor.begin("workspace/executeCommand", {"command": "bridle.cancel", "arguments": [{"run": "r1"}]})
    editor.settle()
    begun = time.monotonic()
    editor.notify("$/cancelRequest", {"id": number})
    assert editor.reply(number)["error"]["code"] == -32800
    assert time.monotonic() - begun < 0.1


def test_after_shutdown_only_exit_is_served(editors: Start) -> None:
    editor = editors().start()
    editor.request("shutdown", None)
    assert editor.error("textDocument/codeAction", {})[0] == -32600
    editor.notify("exit", None)
    assert editor.wire.wait(2.0) == 0
    editor.wire.sink.close()


def test_a_fuzzed_stream_never_ends_the_door(editors: Start) -> None:
    """Every truncation and every flipped byte of a message: answered or skipped, never fatal."""
    editor = editors().start()
    body = b'{"jsonrpc":"2.0","id":"f","method":"textDocument/codeAction","params":{"range":[1,{"a":null}]}}'
    for at in range(len(body)):
        flipped = body[:at] + bytes([body[at] ^ 0x15]) + body[at + 1 :]
        editor.raw(b"Content-Length: %d\r\n\r\n" % len(flipped) + flipped)
        cut = body[:at]
        editor.raw(b"Content-Length: %d\r\n\r\n" % len(cut) + cut)
    editor.replies.clear()
    number = editor.begin("textDocument/codeAction", None)

    def take(message: dict[str, Any]) -> bool:
        return message.get("id") == number

    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        message = editor._inbox.get(timeout=5)
        assert message is not None
        if take(message):
            assert message["error"]["code"] == -32602
            return
    pytest.fail("no answer after the fuzzed stream")
