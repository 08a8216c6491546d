"""`bridle mcp` with a real client, with hostile ones, with a second server beside it, and when its client is gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import psutil
import pytest
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp_types import Implementation

from bridle.cli.main import main
from bridle.harness.permission.trust import Trust

pytestmark = pytest.mark.slow

BRIDLE = Path(sys.executable).with_name("bridle")
TILL = "def total(prices):\n    return sum(prices)\n\n\ndef bill(prices):\n    return f'{total(prices)}'\n"
WAIT_S = 60.0
GONE_S = 2.0


def checks(**commands: list[str]) -> str:
    rows = (
        f'[[check]]\nname = "{name}"\ncommand = {json.dumps(command)}\nreport = "tap"\n'
        for name, command in commands.items()
    )
    return "".join(rows)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    root = tmp_path / "shop"
    (root / "src").mkdir(parents=True)
    (root / "till.py").write_text(TILL)
    (root / "bridle.toml").write_text(checks(tap=["sh", "-c", "echo 1..1; echo ok 1"]))
    return root


@asynccontextmanager
async def agent(root: Path, here: Path | None = None) -> AsyncIterator[ClientSession]:
    """Speak with a server as a client of the official SDK does."""
    server = StdioServerParameters(command=str(BRIDLE), args=["mcp"], env=dict(os.environ), cwd=str(here or root))
    async with (
        stdio_client(server) as streams,
        ClientSession(
            *streams, client_info=Implementation(name="tester", version="1"), read_timeout_seconds=WAIT_S
        ) as it,
    ):
        await it.initialize()
        yield it


async def said(session: ClientSession, tool: str, **given: Any) -> dict[str, Any]:
    result = await session.call_tool(tool, given)
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    return found


async def refused(session: ClientSession, tool: str, **given: Any) -> str:
    result = await session.call_tool(tool, given)
    assert result.is_error, result.content
    return str(result.content[0].text)  # type: ignore[union-attr]  # all of ours is text


async def edit(session: ClientSession, text: str) -> dict[str, Any]:
    shown = await said(session, "read", path="till.py")
    (anchor,) = re.findall(r"^(2[a-z]+)\t", shown["text"], re.MULTILINE)
    change = {"path": "till.py", "rev": shown["rev"], "edits": [{"at": anchor, "text": text}]}
    return await said(session, "apply", files=[change])


async def test_an_agent_finds_reads_edits_and_proves_and_the_person_takes_it_back(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with agent(shop, shop / "src") as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert sorted(tools) == ["apply", "context", "impact", "read", "symbols", "verify"]
        writing = [name for name, tool in tools.items() if tool.annotations and not tool.annotations.read_only_hint]
        assert writing == ["apply"]
        found = await said(session, "symbols", query="total")
        assert [(row["id"], row["start_line"], row["end_line"]) for row in found["symbols"]] == [
            ("till.py::total", 1, 2)
        ]
        reach = await said(session, "impact", symbol="till.py:2")
        assert [row["id"] for row in reach["reached"]] == ["till.py::bill"]
        pack = await said(session, "context", task="round the totals", path="till.py")
        assert "return sum(prices)" in pack["text"]
        assert 0 < pack["n_tokens"] <= pack["budget"] == 4000
        landed = await edit(session, "    return round(sum(prices), 2)")
        assert landed["outcome"] == "landed"
        assert "round(sum(prices), 2)" in (shop / "till.py").read_text()
        assert "bridle trust" in await refused(session, "verify")
        Trust(shop).say(trusted=True)
        told: list[str] = []

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            told.append(message or "")

        given: dict[str, Any] = {"checks": ["tap"]}
        result = await session.call_tool("verify", given, progress_callback=on_progress)
        assert not result.is_error, result.content
        assert [verdict["check"] for verdict in result.structured_content["verdicts"]] == ["tap"]
        assert any("tap" in message for message in told)
    assert await asyncio.to_thread(main, ["undo", landed["proposal"], "--root", str(shop)]) == 0
    assert (shop / "till.py").read_text() == TILL
    capsys.readouterr()
    assert await asyncio.to_thread(main, ["sessions", "list", "--json", "--root", str(shop)]) == 0
    (row,) = json.loads(capsys.readouterr().out)["sessions"]
    assert (row["workflow"], row["outcome"]) == ("agent edits", "succeeded")


def engines(root: Path) -> list[psutil.Process]:
    running = psutil.process_iter(["cmdline"])
    return [
        process
        for process in running
        if "bridle.harness.child" in (found := process.info["cmdline"] or []) and str(root) in found
    ]


async def test_what_an_agent_gets_wrong_is_told_so_that_it_can_go_on(shop: Path) -> None:
    async with agent(shop) as session:
        with pytest.raises(MCPError, match="there is no tool 'write'"):
            await session.call_tool("write", {})
        assert "pth" in await refused(session, "read", pth="till.py")
        assert "Expected `int`" in await refused(session, "read", path="till.py", start_line="one")
        assert "E_PERMISSION" in await refused(session, "read", path="../secrets")
        assert "E_REV_UNKNOWN" in await refused(
            session, "apply", files=[{"path": "till.py", "rev": 9, "edits": [{"at": "2ab"}]}]
        )
        assert "Alike" in await refused(session, "impact", symbol="totals of prices")
        async with agent(shop) as second:
            assert (await said(second, "symbols", query="bill"))["symbols"]
            assert (await edit(second, "    return 1"))["outcome"] == "landed"
        assert "return 1" in (await said(session, "read", path="till.py"))["text"]
        for engine in engines(shop):
            engine.kill()
        again = [await session.call_tool("symbols", {"query": "bill"}) for _ in range(2)]
        assert not again[1].is_error, "one that died is there again"


class Raw:
    """A client that may say anything."""

    def __init__(self, root: Path) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [str(BRIDLE), "mcp", "serve", "--root", str(root)], stdin=pipe, stdout=pipe, cwd="/"
        )
        self._messages: Queue[dict[str, Any]] = Queue()
        self._seen: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._messages.put(json.loads(line))

    def send(self, *messages: object) -> None:
        assert self.process.stdin is not None
        for message in messages:
            data = message if isinstance(message, bytes) else json.dumps({"jsonrpc": "2.0", **message}).encode()  # type: ignore[dict-item]
            self.process.stdin.write(data + b"\n")
        self.process.stdin.flush()

    def until(self, **wanted: object) -> dict[str, Any]:
        """Return the first message that has these members, waiting for it."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            for message in self._seen:
                if all(message.get(key) == value for key, value in wanted.items()):
                    self._seen.remove(message)
                    return message
            with contextlib.suppress(Empty):
                self._seen.append(self._messages.get(timeout=1.0))
        raise AssertionError(f"no message with {wanted} came: {self._seen}")

    def begin(self) -> None:
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "0"}}
        self.send({"id": 0, "method": "initialize", "params": hello})
        self.until(id=0)
        self.send({"method": "notifications/initialized"})

    def call(self, number: int, tool: str, given: dict[str, Any], **meta: Any) -> None:
        self.send({"id": number, "method": "tools/call", "params": {"name": tool, "arguments": given, "_meta": meta}})


@pytest.fixture
def raw(shop: Path) -> Iterator[Raw]:
    (shop / "bridle.toml").write_text(checks(slow=["sleep", SLEEP]))
    Trust(shop).say(trusted=True)
    client = Raw(shop)
    yield client
    client.process.kill()
    client.process.wait()
    for pipe in (client.process.stdin, client.process.stdout):
        assert pipe is not None
        with contextlib.suppress(OSError):
            pipe.close()


SLEEP = f"9{os.getpid()}"
"""Of seconds that no other program waits for."""


def sleeping() -> list[int]:
    running = psutil.process_iter(["cmdline"])
    return [process.pid for process in running if (process.info["cmdline"] or [])[-1:] == [SLEEP]]


def test_a_hostile_client_costs_a_line_and_a_gone_one_leaves_nothing(raw: Raw) -> None:
    raw.send(b"not JSON", b"\xff\xfe\x00", b"[" * 50_000, b"[]", b'{"id": 41}')
    raw.begin()
    raw.send(b'{"jsonrpc":"2.0","id":42,"method":"tools/call","params":{"name":"' + b"x" * 9_000_000 + b'"}}')
    assert raw.until(id=42)["error"]["code"] == -32600
    raw.send({"id": 43, "method": "no/such"}, {"id": 44, "method": "tools/call", "params": {}})
    assert raw.until(id=43)["error"]["code"] == -32601
    assert raw.until(id=44)["error"]["code"] == -32602
    for number in range(100, 160):
        raw.call(number, "impact", {"symbol": "total"})
    answers = [raw.until(id=number)["result"] for number in range(100, 160)]
    busy = [answer for answer in answers if "under way" in answer["content"][0]["text"]]
    assert len(busy) < 60
    assert all(answer in busy or answer["structuredContent"]["total"] == 1 for answer in answers)

    raw.call(200, "verify", {"checks": ["slow"]}, progressToken="p")
    raw.until(method="notifications/progress")
    until(sleeping)
    raw.send({"method": "notifications/cancelled", "params": {"requestId": 200}})
    until(lambda: not sleeping())
    raw.call(201, "read", {"path": "till.py"})
    assert "return sum" in raw.until(id=201)["result"]["content"][0]["text"]

    raw.call(202, "verify", {"checks": ["slow"]})
    until(sleeping)
    family = psutil.Process(raw.process.pid).children(recursive=True)
    assert family
    begun = time.monotonic()
    assert raw.process.stdin is not None
    raw.process.stdin.close()
    assert raw.process.wait(WAIT_S) == 0
    assert time.monotonic() - begun < GONE_S
    psutil.wait_procs(family, timeout=GONE_S)
    assert [process for process in family if process.is_running()] == []
    assert sleeping() == []


def until(holds: Any) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_at_a_terminal_it_says_how_a_client_is_set_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    assert main(["mcp"]) == 2
    said = capsys.readouterr()
    assert (said.out, "claude mcp add bridle" in said.err) == ("", True)
