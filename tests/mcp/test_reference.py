"""The reference servers of the protocol's own makers, as the registries have them, in the product's sandbox.

`make tools` installs them by their lock files.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.mcp.definition import Server
from bridle.harness.mcp.servers import Servers
from bridle.indexer.process import spawn
from tests.mcp.conftest import Desk
from tests.mcp.install import PYTHON_SERVERS, node, reference

REFERENCE, NODE = reference(), node()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
needs_python = pytest.mark.skipif(REFERENCE.all_python() is None, reason="the servers in Python are not installed")
needs_node = pytest.mark.skipif(
    REFERENCE.filesystem() is None or NODE is None, reason="the servers in JavaScript are not installed"
)


def python(name: str, *words: str) -> Server:
    """Return a server in Python; what it is made of is found by its virtual environment."""
    program = REFERENCE.python(f"mcp-server-{name}")
    return Server(name, "user", command=(str(program), *words), start_timeout_s=60.0)


def javascript(name: str, script: Path | None, *words: str) -> Server:
    """Return a server in JavaScript; Node is found, and the folder of the script is shown."""
    assert NODE is not None
    read = (str(REFERENCE.folder), str(Path(NODE).resolve().parent.parent))
    return Server(name, "user", command=(NODE, str(script), *words), read=read, start_timeout_s=60.0)


async def text(servers: Servers, name: str, **given: Any) -> str:
    answered = await servers.call(name, given)
    assert answered.result.get("isError") is not True, answered.result
    return str(answered.result["content"][0]["text"])


async def error(servers: Servers, name: str, **given: Any) -> str:
    answered = await servers.call(name, given)
    assert answered.result["isError"] is True
    return str(answered.result["content"][0]["text"])


async def unflagged(servers: Servers, server: Server) -> set[str]:
    """Look at a server; returns the tools with nothing against them."""
    return {offer.tool for offer in await servers.look(server) if not offer.flags and not offer.problem}


@pytest.fixture
def repository(desk: Desk) -> Path:
    (desk.root / "a.txt").write_text("hello\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(desk.root)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    return desk.root


@needs_python
async def test_time(desk: Desk) -> None:
    server = python("time")
    servers = await desk.approved(server)
    assert await unflagged(servers, server) == {"get_current_time", "convert_time"}
    told = json.loads(await text(servers, "mcp__time__get_current_time", timezone="Europe/Vienna"))
    assert told["timezone"] == "Europe/Vienna"


@needs_python
async def test_git_reads_the_repository_and_cannot_change_it(desk: Desk, repository: Path) -> None:
    server = python("git", "--repository", str(repository))
    servers = await desk.approved(server)
    assert len(await unflagged(servers, server)) == 12
    assert "Message: first" in await text(servers, "mcp__git__git_log", repo_path=str(repository))
    before = sorted(path.relative_to(repository) for path in repository.rglob("*"))
    await error(servers, "mcp__git__git_create_branch", repo_path=str(repository), branch_name="mine")
    assert sorted(path.relative_to(repository) for path in repository.rglob("*")) == before


@needs_python
async def test_fetch_has_no_network(desk: Desk) -> None:
    server = python("fetch", "--allow-private-ips", "--ignore-robots-txt")
    servers = await desk.approved(server)
    assert await unflagged(servers, server) == {"fetch"}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        assert "All connection attempts failed" in await error(servers, "mcp__fetch__fetch", url=url)


@needs_node
async def test_filesystem_reads_the_workspace_and_cannot_write(desk: Desk) -> None:
    (desk.root / "a.txt").write_text("hello\n")
    server = javascript("filesystem", REFERENCE.filesystem(), str(desk.root))
    servers = await desk.approved(server)
    assert len(await unflagged(servers, server)) == 14
    name = "mcp__filesystem__"
    assert await text(servers, f"{name}read_text_file", path=str(desk.root / "a.txt")) == "hello\n"
    written = await error(servers, f"{name}write_file", path=str(desk.root / "b.txt"), content="x")
    assert "read-only" in written
    assert "outside allowed directories" in await error(servers, f"{name}read_text_file", path="/etc/passwd")
    assert str(desk.root) in await text(servers, f"{name}list_allowed_directories")


@needs_node
async def test_everything(desk: Desk) -> None:
    server = javascript("everything", REFERENCE.everything())
    servers = await desk.approved(server)
    found = await servers.look(server)
    assert {offer.tool for offer in found if offer.flags} == {"get-env", "gzip-file-as-resource"}
    assert await text(servers, "mcp__everything__echo", message="hello") == "Echo: hello"
    assert "3" in await text(servers, "mcp__everything__get-sum", a=1, b=2)
    slow = await text(servers, "mcp__everything__trigger-long-running-operation", duration=1, steps=20)
    assert "completed" in slow
    names = {offer.tool for offer in found}
    assert not names & {"trigger-sampling-request", "trigger-elicitation-request"}, "they are for clients that grant it"
    assert desk.root.as_uri() in await text(servers, "mcp__everything__get-roots-list")
    found_environment = json.loads(await text(servers, "mcp__everything__get-env"))
    assert "ANTHROPIC_API_KEY" not in found_environment
    contents = await servers.read("everything", "demo://resource/dynamic/text/1")
    assert contents.result["contents"][0]["uri"] == "demo://resource/dynamic/text/1"


@needs_node
async def test_everything_by_http(desk: Desk, tmp_path: Path) -> None:
    assert NODE is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [NODE, str(REFERENCE.everything()), "streamableHttp"]
    child = spawn(command, env={"PATH": "/usr/bin:/bin", "PORT": str(port)}, log=tmp_path / "log")
    try:
        until = time.monotonic() + 30
        while "listening" not in (tmp_path / "log").read_text():
            assert time.monotonic() < until
            assert child.wait(0.05) is None, (tmp_path / "log").read_text()
        server = Server("everything", "user", url=f"http://127.0.0.1:{port}/mcp")
        servers = await desk.approved(server)
        assert await text(servers, "mcp__everything__echo", message="hello") == "Echo: hello"
        told = await text(servers, "mcp__everything__trigger-long-running-operation", duration=1, steps=5)
        assert "completed" in told
        assert desk.root.as_uri() in await text(servers, "mcp__everything__get-roots-list")
        contents = await servers.read("everything", "demo://resource/dynamic/text/1")
        assert contents.result["contents"][0]["uri"] == "demo://resource/dynamic/text/1"
        await servers.close()
    finally:
        child.kill()


@needs_python
@needs_node
async def test_all_of_them_at_once_are_offered_in_one_order_and_leave_nothing_behind(
    desk: Desk, repository: Path
) -> None:
    everything = javascript("everything", REFERENCE.everything())
    several = [python(name.removeprefix("mcp-server-")) for name in PYTHON_SERVERS]
    servers = await desk.approved(everything, *several)
    first = [offer.name for offer in (await servers.offered()).tools]
    assert first == sorted(first, key=lambda name: name.split("__")[1])
    assert first == [offer.name for offer in (await servers.offered()).tools]
    pids = [host.pid for host in servers._hosts.values()]
    assert len([pid for pid in pids if pid and Path(f"/proc/{pid}").exists()]) == 4
    await servers.close()
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
