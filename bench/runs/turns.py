"""What the harness itself costs in a run of twenty turns: cache hits, its own time, the wait for the first hunk.

The real engine and the real SDK against the local Messages server, which keeps a model's pace and its own account. The
run reads, searches and edits its way through a copy of `examples/till` and is proved by its checks. *Own* is the run's
wall time without what the server took from the first byte of a request to the last of its reply, and without what the
checks say that their programs took. *First hunk* is from the last byte of a build to the proposal at the door.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from door import Followed, follow, home, opened

from bridle.harness.engine import CheckFinished, ProposalChanged, RunProgress, StartRun

HERE = Path(__file__).resolve().parent
TILL = HERE.parents[1] / "examples" / "till"
N_TURNS = 20
FIRST_BYTE_S = 0.8
"""With 50 ms for each dozen characters after it: about two seconds a turn, the pace of a quick model of today."""
GOAL_HITS, GOAL_SHARE, GOAL_TURN_S, GOAL_HUNK_S = 0.85, 0.05, 0.050, 0.300
SMOKE_HITS, SMOKE_TURN_CPU_S = 0.5, 0.5

PLACES = (
    ("src/till/money.py", "    def times(self, quantity: int) -> Money:"),
    ("src/till/money.py", "    def percent(self, rate: int) -> Money:"),
    ("src/till/cart.py", "    def net(self) -> Money:"),
    ("src/till/cart.py", "    def tax(self) -> dict[Rate, Money]:"),
    ("src/till/cart.py", "    def total(self) -> Money:"),
    ("src/till/receipt.py", "def receipt(cart: Cart) -> str:"),
    ("src/till/catalogue.py", "    def find(self, code: str) -> Article:"),
)


class Measured(NamedTuple):
    """One run's figures, in seconds; `hits` is the share of input tokens that the cache had."""

    turns: int
    hits: float
    wall_s: float
    model_s: float
    checks_s: float
    cpu_s: float
    hunk_s: float
    refused: list[Any]
    outcome: str

    @property
    def own_s(self) -> float:
        """What is neither the model's time nor the checks'."""
        return self.wall_s - self.model_s - self.checks_s


def plan(n_turns: int) -> list[dict[str, Any]]:
    """Return the tool calls of all turns but the last, in which the model is done."""
    turns: list[dict[str, Any]] = []
    for path, line in PLACES:
        turns += [
            {"tool": "read", "text": f"First {path} as it stands.", "input": {"path": path}},
            {"tool": "symbols", "text": "Who uses it?", "input": {"name": line.split("def ")[1].split("(")[0]}},
            {"tool": "hashline_edit", "text": "Its units go above it.", "input": _edit(path, line)},
        ]
    return turns[: n_turns - 1]


def _edit(path: str, line: str) -> dict[str, Any]:
    indent = line[: len(line) - len(line.lstrip())]
    anchor, rev = (f'{{{slot} path="{path}" line="{line.strip()}"}}' for slot in ("anchor", "rev"))
    text = f"{indent}# In whole cents; what is less than a cent is settled where it arises.\n{line}\n"
    return {"files": [{"path": path, "rev": rev, "edits": [{"at": anchor, "text": text, "was": line}]}]}


def measure(place: Path, *, n_turns: int, first_byte_s: float) -> Measured:
    """Run once with the server in a process of its own."""
    root = place / "till"
    shutil.copytree(TILL, root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    (place / "plan.json").write_text(json.dumps(plan(n_turns)), "utf-8")
    command = [sys.executable, str(HERE / "paced.py"), str(place / "plan.json"), str(first_byte_s)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            with home(place, json.loads(server.stdout.readline())["url"]):
                followed, cpu_s = asyncio.run(_run(root))
            server.stdin.close()
            counted = json.loads(server.stdout.readline())
        finally:
            server.kill()
    return measured(followed, counted, cpu_s)


async def _run(root: Path) -> tuple[Followed, float]:
    engine = await opened(root)
    try:
        began = time.process_time()
        followed = await follow(engine, StartRun("edit", "Say of every amount in the till that it is in whole cents."))
        return followed, time.process_time() - began
    finally:
        await engine.close()


def measured(followed: Followed, counted: dict[str, Any], cpu_s: float) -> Measured:
    """Put together what the door heard and what the server counted."""
    spans: list[tuple[float, float]] = counted["spans"]
    read = counted["cache_read_input_tokens"]
    n_in = read + counted["input_tokens"] + counted["cache_creation_input_tokens"]
    last_byte = max(end for _, end in spans)
    shown = [at for at, event in followed.heard if isinstance(event, ProposalChanged) and at >= last_byte]
    return Measured(
        turns=len(spans),
        hits=read / n_in,
        wall_s=followed.wall_s,
        model_s=sum(end - began for began, end in spans),
        checks_s=_checks_s(followed),
        cpu_s=cpu_s,
        hunk_s=shown[0] - last_byte if shown else float("inf"),
        refused=counted["refused"],
        outcome=f"{followed.ended.outcome}: {followed.ended.reason}",
    )


def _checks_s(followed: Followed) -> float:
    """Return what the checks' programs took by their own word, and the linters' fixes on the whole."""
    took = sum(event.verdict.seconds for _, event in followed.heard if isinstance(event, CheckFinished))
    said = [(at, event) for at, event in followed.heard if isinstance(event, RunProgress | ProposalChanged)]
    for (shown, event), (at, after) in pairwise(said):
        if isinstance(event, ProposalChanged) and isinstance(after, RunProgress) and after.phase == "verify":
            took += at - shown
            break
    return took


def told(place: Path, *, smoke: bool) -> bool:
    """Measure and print; returns whether the goals are met."""
    runs = []
    for name, n_turns in (("first", 6),) if smoke else [(one, N_TURNS) for one in ("first", "second", "third")]:
        (place / name).mkdir()
        runs.append((name, measure(place / name, n_turns=n_turns, first_byte_s=0.0 if smoke else FIRST_BYTE_S)))
    print("run     turns  cache hits   wall   model  checks     own    share  own a turn  CPU a turn  first hunk")
    for name, one in runs:
        print(
            f"  {name:5} {one.turns:5} {one.hits:10.1%} {one.wall_s:7.1f} {one.model_s:7.1f} {one.checks_s:7.2f} "
            f"{one.own_s:7.2f} {one.own_s / one.wall_s:8.1%} {one.own_s / one.turns * 1000:8.0f} ms "
            f"{one.cpu_s / one.turns * 1000:8.0f} ms {one.hunk_s * 1000:8.0f} ms"
        )
        if one.refused or not one.outcome.startswith("succeeded"):
            print(f"  {name}: {one.outcome}; refused: {one.refused}")
            return False
    if smoke:
        return all(one.hits >= SMOKE_HITS and one.cpu_s / one.turns <= SMOKE_TURN_CPU_S for _, one in runs)
    warm = [one for _, one in runs[1:]]
    own, turns = statistics.median(one.own_s for one in warm), N_TURNS
    print(f"goals: hits >= {GOAL_HITS:.0%}, own <= {GOAL_SHARE:.0%} and {GOAL_TURN_S * 1000:.0f} ms a turn, ", end="")
    print(f"first hunk <= {GOAL_HUNK_S * 1000:.0f} ms")
    return (
        min(one.hits for _, one in runs) >= GOAL_HITS
        and own / statistics.median(one.wall_s for one in warm) <= GOAL_SHARE
        and own / turns <= GOAL_TURN_S
        and statistics.median(one.hunk_s for one in warm) <= GOAL_HUNK_S
    )
