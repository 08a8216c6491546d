"""What thousands of findings cost: how long the door is held while they are shown, and what tracing adds to a verdict.

`python bench/shown.py [--smoke]`; exits 1 if a goal is missed. First 6,000 findings of three checks in 2,000 files, an
edit on top of it, on a real event loop without an editor behind it. Then one failing test in a copy of `examples/till`
under git: its verdict completed with log, origin and what it reaches.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

from lsprotocol import types as lsp

from bridle.harness.completing import keep_log
from bridle.harness.engine import Finding, Related, Verdict
from bridle.harness.tracing import Changes, past_of, traced
from bridle.indexer.index import Index
from bridle.lsp_server.board import Board
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.documents import Documents
from bridle.lsp_server.editor import Editor
from bridle.lsp_server.offers import Offers
from bridle.lsp_server.places import Places
from bridle.lsp_server.screen import Screen
from bridle.lsp_server.settings import ClientSettings

GOAL_HELD_MS = 50.0
GOAL_TRACED_MS = 60.0
SMOKE_SLACK = 4.0
CHECKS = ("ruff", "mypy", "pytest")
MONEY, TEST = "src/till/money.py", "tests/test_money.py"


class Quiet:
    """Takes what is shown, and shows it to nobody."""

    client = Client(related_information=True, code_description=True)

    def __init__(self) -> None:
        self.published = 0

    def publish(self, uri: str, version: int | None, diagnostics: list[lsp.Diagnostic]) -> None:
        """Count."""
        self.published += 1


async def held_ms(n_files: int, n_findings: int) -> tuple[float, int]:
    """Return the longest that the loop was held, and how often something was published."""
    places = Places("/work")
    documents = Documents("utf-16", places.path)
    opened = documents.open(lsp.TextDocumentItem("file:///srv/f0.py", lsp.LanguageKind.Python, 1, "x = 1\n" * 50_000))
    board, quiet = Board(documents), Quiet()
    settings = ClientSettings(lint="on", types="on")
    screen = Screen(cast("Editor", quiet), places, documents, board, Offers(), settings)
    for check in CHECKS:
        found = tuple(_finding(check, number, n_files) for number in range(n_findings))
        board.take(Verdict(check, "fail", 1.0, "t", "c", findings=found), {})
    longest = await _longest(screen)
    for version in (2, 3):
        start = lsp.Position(line=0, character=0)
        change = lsp.TextDocumentContentChangePartial(range=lsp.Range(start=start, end=start), text="#\n")
        identifier = lsp.VersionedTextDocumentIdentifier(version=version, uri=opened.uri)
        documents.change(lsp.DidChangeTextDocumentParams(identifier, [change]))
        longest = max(longest, await _longest(screen))
    return longest * 1000, quiet.published


async def _longest(screen: Screen) -> float:
    begun = time.thread_time()
    screen.refresh()
    longest = time.thread_time() - begun
    while screen.busy:
        begun = time.thread_time()
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - begun)
    return longest


def _finding(check: str, number: int, n_files: int) -> Finding:
    line = number // n_files * 3
    tested: dict[str, Any] = {}
    if check == "pytest":
        related = Related(f"f{(number + 1) % n_files}.py", 5, "f was changed since HEAD", changed=True)
        tested = {"test": f"f.py::test_{number}", "related": (related,)}
    message = f"message {number}\nmore"
    return Finding(check, f"f{number % n_files}.py", line, line + 1, message, fingerprint=f"{check}{number}", **tested)


def traced_ms(place: Path, n_times: int) -> list[float]:
    """Return the milliseconds that completing one failing test's verdict takes."""
    root = place / "till"
    example = Path(__file__).resolve().parent.parent / "examples" / "till"
    shutil.copytree(example, root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    money = root / MONEY
    money.write_text(money.read_text("utf-8").replace("rate // 100", "rate // 10"), "utf-8")
    line = (root / TEST).read_text("utf-8").split("\n").index("    assert Money(105).percent(19) == Money(20)")
    finding = Finding("pytest", TEST, line, line + 1, "m", test=f"{TEST}::test_half_a_cent_is_rounded_up")
    verdict = Verdict("pytest", "fail", 1.0, "t", "c", findings=(finding,), log="said\n" * 500)
    index = Index(root, None, workers=1)
    snapshot = index.refresh()
    times: list[float] = []
    for _ in range(n_times):
        begun = time.perf_counter()
        keep_log(place, verdict)
        told = traced(verdict, snapshot, Changes(lambda path: (root / path).read_bytes(), past_of(root, {})))
        times.append((time.perf_counter() - begun) * 1000)
        assert told.findings[0].origin is not None, "the change was found"
    index.close()
    return times


def main() -> int:
    """Print both; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a few only, wide goals")
    smoke = parser.parse_args().smoke
    slack = SMOKE_SLACK if smoke else 1.0
    gc.freeze()  # as the server does
    runs = [asyncio.run(held_ms(2_000, 2_000)) for _ in range(1 if smoke else 5)]
    held = statistics.median(longest for longest, _ in runs)
    words = f"the loop is held {held:.0f} ms of computing at most"
    print(f"6000 findings in 2000 files: {words}, goal {GOAL_HELD_MS * slack:.0f}")
    with tempfile.TemporaryDirectory() as folder:
        took = statistics.median(traced_ms(Path(folder), 5 if smoke else 40))
    print(f"a failing test's change, reach and log: {took:.1f} ms, goal {GOAL_TRACED_MS * slack:.0f}")
    return int(held > GOAL_HELD_MS * slack or took > GOAL_TRACED_MS * slack)


if __name__ == "__main__":
    sys.exit(main())
