"""The door's own time: start to the answer of `initialize` against a raw pygls server, one change, one code action.

`python bench/door.py [--smoke]`; exits 1 if a goal is missed. Servers are started in turn, so that both see the same
machine; the figure is the ratio of medians.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bridle.harness.engine import CheckFinished, Finding, Verdict
from bridle.lsp_server.protocol import Server
from bridle.lsp_server.server import Door

GOAL_START_RATIO = 1.15
GOAL_CHANGE_P95_MS = 5.0
GOAL_ACTION_P95_MS = 50.0
SMOKE_SLACK = 2.0

RAW = """
from pygls.lsp.server import LanguageServer
LanguageServer("raw", "1").start_io()
"""
DOOR = """
import asyncio
from bridle.lsp_server.server import serve
async def make_engine(root, settings):
    await asyncio.sleep(3600)
raise SystemExit(serve(make_engine))
"""


def seconds_to_initialize(code: str, root: Path) -> float:
    """Start a server and wait for its first answer."""
    begun = time.perf_counter()
    params: dict[str, Any] = {"processId": None, "rootUri": root.as_uri(), "capabilities": {}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}).encode()
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        server.stdin.flush()
        assert server.stdout.readline().startswith(b"Content-Length")
        took = time.perf_counter() - begun
        server.kill()
    return took


class NoEngine:
    """Answers nothing, at once."""

    async def call(self, request: Any, timeout_s: float = 30.0) -> Any:
        raise TimeoutError

    def listen(self, listener: Any) -> None:
        """Tell nothing."""

    async def close(self) -> None:
        """Nothing to end."""


class Nowhere:
    """A writer that keeps nothing."""

    def write(self, data: bytes) -> None:
        """Forget `data`."""

    def close(self) -> None:
        """Nothing to close."""


class Bench:
    """A door in this process, fed with the bytes that a client would send."""

    def __init__(self, root: Path, n_lines: int, n_findings: int) -> None:
        async def make_engine(_root: Path, _settings: Any) -> Any:
            return NoEngine()

        self.protocol = Server().conversation()
        self.protocol.set_writer(Nowhere())
        self.door = Door(self.protocol, make_engine)
        self.uri = (root / "a.py").as_uri()
        self.version = 1
        self._root = root
        self._n_lines = n_lines
        self._n_findings = n_findings

    def begin(self) -> None:
        """Open a document that has findings all over."""
        self.feed("initialize", {"capabilities": {}, "rootUri": self._root.as_uri()}, 1)
        self.feed("initialized", {})
        text = "".join(f"    value_{n} = compute({n})  # größe 😀\n" for n in range(self._n_lines))
        item = {"uri": self.uri, "languageId": "python", "version": 1, "text": text}
        self.feed("textDocument/didOpen", {"textDocument": item})
        work = self.door.current
        assert work is not None
        step = self._n_lines // self._n_findings
        found = tuple(
            Finding("pytest", "a.py", n, n + 1, "assert 1 == 2", fingerprint=str(n))
            for n in range(0, self._n_lines, step)
        )
        verdict = Verdict("pytest", "fail", 1.0, "", "", findings=found)
        work.session.board.take(CheckFinished(verdict).verdict, {})

    def feed(self, method: str, params: Any, message_id: int | None = None) -> float:
        """Hand one message over; returns milliseconds."""
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        body = json.dumps(message if message_id is None else {**message, "id": message_id}).encode()
        begun = time.perf_counter()
        self.protocol.take(body)
        return (time.perf_counter() - begun) * 1000

    def change(self, rng: random.Random) -> float:
        """Type, delete or paste somewhere; returns milliseconds."""
        line, character = rng.randrange(self._n_lines), rng.randrange(30)
        start = {"line": line, "character": character}
        end, text = rng.choice([(start, "x"), ({"line": line, "character": character + 1}, ""), (start, "\n")])
        self.version += 1
        document = {"uri": self.uri, "version": self.version}
        changes = [{"range": {"start": start, "end": end}, "text": text}]
        return self.feed("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def action(self, rng: random.Random, message_id: int) -> float:
        """Ask for the actions on a line; returns milliseconds."""
        place = {"line": rng.randrange(self._n_lines), "character": 0}
        params = {"textDocument": {"uri": self.uri}, "range": {"start": place, "end": place}}
        return self.feed("textDocument/codeAction", {**params, "context": {"diagnostics": []}}, message_id)


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=100)[94]


async def in_process(root: Path, n_changes: int) -> tuple[float, float]:
    """Return p95 of a change at 10,000 lines and of a code action at 50,000, both with 100 findings."""
    rng = random.Random(1)  # noqa: S311  # the same changes on every run
    typed, asked = Bench(root, 10_000, 100), Bench(root, 50_000, 100)
    typed.begin()
    changes = [typed.change(rng) for _ in range(n_changes)]
    asked.begin()
    asked.change(rng)
    actions = [asked.action(rng, 10 + n) for n in range(n_changes // 10)]
    await asyncio.sleep(0)  # what was begun gets its turn before it is ended
    for bench in (typed, asked):
        await bench.door.close()
    return p95(changes), p95(actions)


def start_ratio(root: Path, n_starts: int) -> tuple[float, float]:
    """Return the door's and the raw server's median start in seconds, after one of each that does not count."""
    times: dict[str, list[float]] = {RAW: [], DOOR: []}
    for _ in range(n_starts + 1):
        for code, found in times.items():
            found.append(seconds_to_initialize(code, root))
    return statistics.median(times[DOOR][1:]), statistics.median(times[RAW][1:])


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="few repetitions, and wide goals")
    smoke = parser.parse_args().smoke
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        changed, asked = asyncio.run(in_process(root, 500 if smoke else 10_000))
        door, raw = start_ratio(root, 3 if smoke else 15)
    goals = (GOAL_CHANGE_P95_MS, GOAL_ACTION_P95_MS, GOAL_START_RATIO)
    wide = tuple(goal * (SMOKE_SLACK if smoke else 1.0) for goal in goals)
    print(f"one change at 10,000 lines, 100 findings: p95 {changed:.3f} ms (goal {wide[0]})")
    print(f"code actions at 50,000 lines, 100 findings: p95 {asked:.3f} ms (goal {wide[1]})")
    print(f"start to initialize: {door:.3f} s, raw pygls {raw:.3f} s: {door / raw:.2f} (goal {wide[2]})")
    return int(changed > wide[0] or asked > wide[1] or door / raw > wide[2])


if __name__ == "__main__":
    sys.exit(main())
