"""Serving on a port of this machine, and keeping what is said."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bridle.harness.engine import UserProblem
from bridle.lsp_server import wiretrace
from bridle.lsp_server.loopback import address_of, take_client
from bridle.lsp_server.wiretrace import WireTrace
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import EditorClient, Wire

HEAD = b"Content-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("127.0.0.1:7998", ("127.0.0.1", 7998)),
        ("localhost:0", ("127.0.0.1", 0)),
        ("7998", ("127.0.0.1", 7998)),
        (":7998", ("127.0.0.1", 7998)),
        ("[::1]:80", ("::1", 80)),
        ("127.8.8.8:1", ("127.8.8.8", 1)),
    ],
)
def test_an_address_of_this_machine_is_taken(words: str, found: tuple[str, int]) -> None:
    assert address_of(words) == found


@pytest.mark.parametrize(
    "words", ["0.0.0.0:1", "[::]:1", "192.168.0.1:1", "example.com:1", "127.0.0.1", "x", "", "127.0.0.1:x", "::1:65536"]
)
def test_any_other_is_refused_with_the_next_step(words: str) -> None:
    with pytest.raises(UserProblem) as caught:
        address_of(words)
    assert "127.0.0.1" in caught.value.next_step


def is_left(client: socket.socket) -> bool:
    """Tell whether the other side lets a client go without a word."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


class Listening:
    """A listener in a thread, and what it said."""

    def __init__(self, wait_s: float = 10.0) -> None:
        self.said: list[str] = []
        self.taken: list[tuple[int, int]] = []
        self.problem: UserProblem | None = None
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(wait_s,))
        self._thread.start()
        assert self._is_up.wait(10)

    def _run(self, wait_s: float) -> None:
        try:
            self.taken.append(take_client("127.0.0.1:0", self._say, wait_s))
        except UserProblem as problem:
            self.problem = problem

    def _say(self, words: str) -> None:
        self.said.append(words)
        self._is_up.set()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", int(self.said[0].rpartition(":")[2])), timeout=10)

    def ended(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()


def test_what_a_page_in_a_browser_sends_is_never_taken_for_a_client() -> None:
    listening = Listening()
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}'
    for first in (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body, b"\r\n" + HEAD, b"Co", b""):
        with listening.connect() as stranger:
            stranger.sendall(first)
            stranger.shutdown(socket.SHUT_WR)
            assert is_left(stranger)
    with listening.connect() as client:
        client.sendall(b"CONTENT-")
        listening.ended()
        [(source, sink)] = listening.taken
        client.sendall(HEAD.removeprefix(b"Content-"))
        assert os.read(source, 8) == b"CONTENT-"
        os.write(sink, b"answer")
        assert client.recv(6) == b"answer"
        os.close(source)
        os.close(sink)
    refused = "refused a client that does not begin with a header of the protocol"
    assert listening.said[1:] == [refused] * 4


def test_a_client_of_another_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_242)
    listening = Listening(wait_s=1.0)
    with listening.connect() as stranger:
        stranger.sendall(HEAD)
        assert is_left(stranger)
    listening.ended()
    assert listening.said[1:] == ["refused a client of another user"]


def test_nobody_is_waited_for_without_end() -> None:
    listening = Listening(wait_s=0.05)
    listening.ended()
    assert listening.problem is not None
    assert listening.problem.message == "no client came within 0 s"


def test_a_port_that_is_taken_is_a_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        with pytest.raises(UserProblem, match="cannot listen") as caught:
            take_client(f"127.0.0.1:{other.getsockname()[1]}", print)
        assert caught.value.next_step == "name another port, or 0 for any"


@pytest.mark.slow
def test_the_program_serves_one_client_on_a_port_and_keeps_what_was_said(project: Path, tmp_path: Path) -> None:
    trace = tmp_path / "wire.jsonl"
    command = [sys.executable, "-P", "-m", "bridle.cli.main", "serve", "--tcp", "127.0.0.1:0", "--trace", str(trace)]
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    server = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env
    )
    assert server.stderr is not None
    told = re.match(rb"bridle: listening on 127\.0\.0\.1:(\d+)\n", server.stderr.readline())
    assert told is not None
    client = socket.create_connection(("127.0.0.1", int(told[1])), timeout=30)
    editor = EditorClient(project, "bare", Wire(client.makefile("rb"), client.makefile("wb", 0), server.wait))
    editor.start()
    editor.open("a.py")
    editor.settle()
    assert editor.close() == 0
    client.close()
    assert server.stdout is not None
    assert server.stdout.read() == b""
    server.stderr.close()
    server.stdout.close()
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    assert lines[0]["type"] == "send-request"
    assert lines[0]["message"]["method"] == "initialize"
    assert lines[1]["type"] == "receive-response"
    assert [one["message"]["method"] for one in lines if one["type"] == "send-notification"][:2] == [
        "initialized", "textDocument/didOpen",
    ]  # fmt: skip
    assert trace.stat().st_mode & 0o777 == 0o600


def test_a_trace_that_cannot_go_on_ends_and_the_conversation_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "wire.jsonl"
    path.write_text("from before\n")
    path.chmod(0o644)
    trace = WireTrace(path)
    assert path.stat().st_mode & 0o777 == 0o600
    trace.keep("send", b"\xff not JSON")
    trace.keep("receive", b"[" * 100_000)
    monkeypatch.setattr(wiretrace, "MOST_BYTES", 100)
    small = WireTrace(tmp_path / "small.jsonl")
    small.keep("send", b'{"method": "x"}')
    small.keep("send", json.dumps({"method": "y" * 200}).encode())
    small.keep("send", b'{"method": "z"}')
    assert "the trace of the wire ends here: more than 100 bytes" in caplog.text
    assert [json.loads(line)["message"] for line in (tmp_path / "small.jsonl").read_text().splitlines()] == [
        {"method": "x"}
    ]
    trace.close()
    trace.close()
    trace.keep("send", b"{}")
    assert path.read_text().startswith("from before\n")
    assert len(path.read_text().splitlines()) == 3


def test_without_a_trace_nothing_of_the_wire_is_kept(editors: Start, tmp_path: Path) -> None:
    editor = editors().start()
    editor.open("a.py")
    editor.settle()
    assert [path.name for path in tmp_path.iterdir()] == ["project"]
