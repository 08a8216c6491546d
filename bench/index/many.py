"""100,000 small files: the index of the real server is made while an editor goes on asking for code actions."""

from __future__ import annotations

import contextlib
import os
import re
import statistics
import sys
import time
from pathlib import Path

import psutil
from measure import Figures
from trees import small_files

from bridle.cli.lsp_client import LspClient
from bridle.cli.tour_stages import CAPABILITIES

N_FILES = 100_000
MAX_S = 1_200.0
_WHOLE = re.compile(r"(\d+) files")
"""What the server says once all files are read and linked."""
GOAL_P95_MS = 50.0
GOAL_RSS_MB = 1_500.0


def run(scratch: Path) -> bool:
    """Print what it took; returns whether the goals are met."""
    root = small_files(scratch / "many", N_FILES)
    state = {"XDG_STATE_HOME": str(scratch / "state"), "XDG_CONFIG_HOME": str(scratch / "config")}
    command = [sys.executable, "-P", "-m", "bridle.cli.main", "serve"]
    client = LspClient(command, {**os.environ, **state}, root, scratch / "many.log")
    began = time.perf_counter()
    answers: list[float] = []
    known: list[int] = []
    rss, looked = 0.0, 0.0

    def heard(line: str) -> None:
        if whole := _WHOLE.fullmatch(line):
            known.append(int(whole[1]))

    client.on_progress = heard
    try:
        client.request("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": CAPABILITIES})
        client.notify("initialized", {})
        path = "pack0/mod1.py"
        client.open(path)
        document = {"uri": client.uri(path)}
        place = {"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": 10}}
        asked = {"textDocument": document, "range": place, "context": {"diagnostics": []}}
        while not known and time.perf_counter() - began < MAX_S:
            sent = time.perf_counter()
            client.request("textDocument/codeAction", asked)
            answers.append(time.perf_counter() - sent)
            time.sleep(0.02)
            if time.perf_counter() - looked > 2.0:
                looked = time.perf_counter()
                rss = max(rss, _largest())
        seconds = time.perf_counter() - began
    finally:
        client.close()
    n_files = known[0] if known else 0
    p95 = statistics.quantiles(answers, n=20)[-1] * 1e3
    print(f"{n_files:,} files in {seconds:.0f} s; {len(answers):,} code actions meanwhile")
    figures = Figures()
    return all(
        [
            figures.goal("files known", n_files, N_FILES, least=True),
            figures.goal("code action p95, ms", p95, GOAL_P95_MS),
            figures.goal("memory of the largest process, MB", rss / (1 << 20), GOAL_RSS_MB),
        ]
    )


def _largest() -> float:
    """Return the memory of the largest process that was started here."""
    found = [0.0]
    for one in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(one.memory_info().rss)
    return max(found)
