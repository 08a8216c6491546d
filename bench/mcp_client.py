"""The MCP client: what it costs to load, to start a server, to call it, and what a 50 MB result does to our memory.

`python bench/mcp_client.py [--smoke]`; exits 1 if a goal is missed. Each figure of memory is of a process of its own.
Where the official SDK has a transport of its own, that is measured beside ours.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bridle.harness.mcp.definition import Server
from bridle.harness.mcp.servers import Servers

SUPPORT = Path(__file__).resolve().parents[1] / "tests" / "support"
ODD = SUPPORT / "odd_server.py"
HUGE_BYTES = 50_000_000
GOAL_GROWTH_MB = 16.0
GOAL_CALL_MS = 10.0
GOAL_SANDBOX_MS = 100.0
SMOKE_SLACK = 3.0

LOADED = """
import json, resource, sys, time
import bridle.harness.workspace
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
early = "mcp" in sys.modules
if {with_model}:
    import anthropic
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
import bridle.harness.mcp.link
took = time.perf_counter() - began
print(json.dumps([early, took, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""

OURS = """
import asyncio, json, resource, sys, tempfile, time
sys.path.insert(0, "bench")
from mcp_client import opened
async def main():
    with tempfile.TemporaryDirectory() as folder:
        servers = await opened(folder, sandbox=False)
        await servers.call("mcp__odd__huge", {"bytes": 1_000_000})
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        await servers.call("mcp__odd__huge", {"bytes": %d})
        took = time.perf_counter() - began
        print(json.dumps([(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, took]))
        await servers.close()
asyncio.run(main())
"""

THEIRS = """
import asyncio, json, resource, sys, time
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
async def main():
    async with stdio_client(StdioServerParameters(command=sys.executable, args=[%r])) as streams:
        async with ClientSession(*streams) as session:
            await session.initialize()
            await session.call_tool("huge", {"bytes": 1_000_000})
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            began = time.perf_counter()
            await session.call_tool("huge", {"bytes": %d}, read_timeout_seconds=100)
            took = time.perf_counter() - began
            print(json.dumps([(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, took]))
asyncio.run(main())
"""


async def opened(folder: str, *, sandbox: bool) -> Servers:
    """Return our own server, started and approved."""
    root = Path(folder)
    server = Server("odd", "user", (sys.executable, str(ODD)), read=(str(SUPPORT),), sandbox=sandbox)
    servers = Servers(root, [server], root, lambda: True, home=root / "state")
    servers.approve(server, await servers.look(server))
    return servers


async def seconds_to_start(*, sandbox: bool) -> float:
    """Start a server, see its tools, end it; returns the seconds of the first two."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        servers = await opened(folder, sandbox=sandbox)
        took = time.perf_counter() - began
        await servers.close()
    return took


async def milliseconds_of_calls(n_calls: int) -> list[float]:
    """Call a tool, decided on and told to nobody."""
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        servers = await opened(folder, sandbox=shutil.which("bwrap") is not None)
        for _ in range(n_calls):
            began = time.perf_counter()
            await servers.call("mcp__odd__echo", {"text": "hello"})
            took.append((time.perf_counter() - began) * 1000)
        await servers.close()
    return took


async def left_behind(n_servers: int) -> int:
    """Start servers that leave children behind, in their group and out of it; returns how many live on."""
    mark = f"bridle-bench-{os.getpid()}"
    for number in range(n_servers):
        with tempfile.TemporaryDirectory() as folder:
            servers = await opened(folder, sandbox=number % 2 == 0 and shutil.which("bwrap") is not None)
            await servers.call("mcp__odd__daemon", {"mark": mark})
            await servers.close()
    return n_living(mark)


def n_living(mark: str) -> int:
    """Count the processes that have `mark` in their command line."""
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return sum(mark.encode() in command for command in commands)


def printed(code: str) -> str:
    """Run a program of its own from the checkout; returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SUPPORT.parents[1], check=True, capture_output=True, text=True, timeout=120
    )
    return done.stdout.strip().splitlines()[-1]


def main() -> int:
    """Measure; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    smoke = parser.parse_args().smoke
    slack, n_starts, n_calls = (SMOKE_SLACK, 3, 50) if smoke else (1.0, 15, 500)

    early, took, grown = json.loads(printed(LOADED.format(with_model=False)))
    _, after_model, grown_after = json.loads(printed(LOADED.format(with_model=True)))
    after = f"after the model's library {after_model:.2f} s, {grown_after:.0f} MB"
    print(f"loading the SDK: {took:.2f} s, {grown:.0f} MB; {after}")
    print(f"an engine loads it before a server is started: {'yes' if early else 'no'}")

    ours, our_s = json.loads(printed(OURS % HUGE_BYTES))
    print(f"a result of {HUGE_BYTES // 1_000_000} MB: our memory grows by {ours:.1f} MB in {our_s:.1f} s")
    if not smoke:
        theirs, their_s = json.loads(printed(THEIRS % (str(ODD), HUGE_BYTES)))
        print(f"the same by the SDK's own pipe: {theirs:.1f} MB in {their_s:.1f} s")

    asyncio.run(seconds_to_start(sandbox=False))
    bare: list[float] = []
    boxed: list[float] = []
    for _ in range(n_starts):  # in turn, so that both see the same machine
        bare.append(asyncio.run(seconds_to_start(sandbox=False)))
        boxed.append(asyncio.run(seconds_to_start(sandbox=shutil.which("bwrap") is not None)))
    cost_ms = (statistics.median(boxed) - statistics.median(bare)) * 1000
    print(f"a start: {statistics.median(bare) * 1000:.0f} ms, in the sandbox {cost_ms:+.0f} ms (median of {n_starts})")

    calls = asyncio.run(milliseconds_of_calls(n_calls))
    call_ms = statistics.median(calls)
    print(f"a call: {call_ms:.1f} ms (median of {n_calls})")

    n_left = asyncio.run(left_behind(n_starts * 4))
    print(f"{n_left} processes left behind by {n_starts * 4} servers that left two children each")
    met = (
        not early
        and n_left == 0
        and ours <= GOAL_GROWTH_MB
        and call_ms <= GOAL_CALL_MS * slack
        and cost_ms <= GOAL_SANDBOX_MS * slack
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
