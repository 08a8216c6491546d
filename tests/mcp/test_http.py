"""Servers on this machine by HTTP: answered as JSON or as events, cut to size, never led away."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridle.harness.mcp.definition import Server
from bridle.harness.mcp.problems import LinkProblem
from bridle.harness.nouns import UserProblem
from bridle.indexer.process import spawn
from tests.mcp.conftest import ODD, Desk

pytestmark = pytest.mark.slow


def served(folder: Path, *words: str) -> Iterator[int]:
    """Run our server over HTTP; yields its port."""
    told = folder / "port"
    told.unlink(missing_ok=True)
    child = spawn([sys.executable, str(ODD), "--http", str(told), *words], env={"PATH": "/usr/bin:/bin"})
    try:
        until = time.monotonic() + 20
        while not (told.exists() and told.read_text()):
            assert time.monotonic() < until, "the server did not start"
            assert child.wait(0.02) is None
        yield int(told.read_text())
    finally:
        child.kill()


@pytest.fixture(params=["json", "events"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    yield from served(tmp_path, *(["--sse"] if request.param == "events" else []))


def at(port: int, path: str = "/mcp", **more: object) -> Server:
    settings: dict[str, object] = {"start_timeout_s": 10.0, "call_timeout_s": 10.0, **more}
    return Server("odd", "user", url=f"http://127.0.0.1:{port}{path}", **settings)  # type: ignore[arg-type]


async def test_a_server_answers_and_its_tools_are_approved_like_all_others(desk: Desk, port: int) -> None:
    servers = desk.servers(at(port))
    assert (await servers.offered()).tools == ()
    servers = await desk.approved(at(port))
    assert "mcp__odd__echo" in [offer.name for offer in (await servers.offered()).tools]
    answered = await servers.call("mcp__odd__echo", {"text": "hello"})
    assert answered.result["content"][0]["text"] == "hello"
    assert answered.n_bytes > 0


async def test_a_result_of_50_megabytes_is_cut(desk: Desk, port: int) -> None:
    servers = await desk.approved(at(port))
    answered = await servers.call("mcp__odd__huge", {"start": "it begins"})
    text = answered.result["content"][0]["text"]
    assert text.startswith("it beginsxxx")
    assert text.endswith("the rest is left out ...]")
    assert len(text) < 200_000


async def test_a_call_that_takes_too_long_is_told(desk: Desk, port: int) -> None:
    servers = await desk.approved(at(port, call_timeout_s=0.5))
    with pytest.raises(LinkProblem) as caught:
        await servers.call("mcp__odd__slow", {"seconds": 5})
    assert caught.value.kind == "timed out"
    assert (await servers.call("mcp__odd__echo", {"text": "after"})).result["content"][0]["text"] == "after"


async def test_only_the_headers_declared_for_a_server_are_sent_to_it(
    desk: Desk, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://192.0.2.1:9")
    desk.ours |= {"TOKEN": "s3cr3t-token"}
    servers = await desk.approved(at(port, headers={"Authorization": "Bearer env:TOKEN"}))
    answered = await servers.call("mcp__odd__headers", {})
    sent = json.loads(answered.result["content"][0]["text"])
    assert sent["authorization"] == "Bearer s3cr3t-token"
    assert (sent["host"], sent["accept-encoding"]) == (f"127.0.0.1:{port}", "identity")
    assert not {"origin", "cookie", "x-api-key", "proxy-authorization"} & set(sent)
    assert servers.strike_out("odd", str(sent)).count("«secret:mcp»") == 1


@pytest.mark.parametrize("port", ["events"], indirect=True)
async def test_what_a_server_asks_for_is_refused_and_a_flood_ends_the_connection(desk: Desk, port: int) -> None:
    servers = await desk.approved(at(port))
    assert (await servers.call("mcp__odd__sample", {})).refused == ("sampling/createMessage",)
    with pytest.raises(LinkProblem) as caught:
        await servers.call("mcp__odd__flood", {"n": 100_000})
    assert caught.value.kind == "closed"
    assert (await servers.call("mcp__odd__echo", {"text": "after"})).result["content"][0]["text"] == "after"


async def test_a_server_that_was_started_anew_is_spoken_to_anew(desk: Desk, tmp_path: Path) -> None:
    first = served(tmp_path)
    port = next(first)
    servers = await desk.approved(at(port))
    first.close()  # type: ignore[attr-defined]  # it is a generator
    with pytest.raises(LinkProblem) as caught:
        await servers.call("mcp__odd__echo", {})
    assert (caught.value.kind, "nothing answers" in caught.value.message) == ("closed", True)
    again = served(tmp_path, "--port", str(port))
    assert next(again) == port
    assert (await servers.call("mcp__odd__echo", {"text": "after"})).result["content"][0]["text"] == "after"
    again.close()  # type: ignore[attr-defined]  # it is a generator


@pytest.mark.parametrize(("path", "said"), [("/away", "192.0.2.1"), ("/packed", "packed")])
async def test_a_server_does_not_lead_us_away_or_pack_its_answers(desk: Desk, port: int, path: str, said: str) -> None:
    server = at(port, path)
    servers = desk.servers(server)
    began = time.monotonic()
    with pytest.raises(UserProblem, match=said):
        await servers.look(server)
    assert time.monotonic() - began < 8


async def test_an_address_where_nobody_listens_is_told(desk: Desk) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = at(free.getsockname()[1])
    servers = desk.servers(server)
    with pytest.raises(UserProblem, match="nothing answers"):
        await servers.look(server)
