"""A cold start's own time: from starting `bridle serve` to the first finding of pytest, on a copy of `examples/till`.

`python bench/first.py [--smoke]`; exits 1 if the goal is missed. Every start has fresh state and cache folders; trust
was given before, and one `bridle.verify` is asked for as soon as the server has answered `initialize`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bridle.cli.lsp_client import LspClient
from bridle.cli.tour_stages import CAPABILITIES
from bridle.harness.model.choose import examples
from bridle.indexer.process import run

GOAL_S = 3.0
GOAL_SMOKE_S = 12.0
N_STARTS = 5
GIVE_UP_S = 60.0
FAILING = "tests/test_money.py"
BRIDLE = (sys.executable, "-P", "-m", "bridle.cli.main")


def seconds_to_finding(place: Path) -> float:
    """Start a server on a fresh copy in `place` and wait for what pytest finds; returns the seconds."""
    root, environment = place / "till", _environment(place)
    shutil.copytree(examples() / "till", root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    trusted = run([*BRIDLE, "trust", "--root", str(root)], env=environment, timeout_s=GIVE_UP_S)
    if trusted.exit_code != 0:
        raise SystemExit(trusted.stderr.decode(errors="replace"))
    begun = time.perf_counter()
    client = LspClient([*BRIDLE, "serve"], environment, root, place / "server.log")
    try:
        options = {"capabilities": CAPABILITIES, "processId": os.getpid(), "rootUri": root.as_uri()}
        client.request("initialize", options, GIVE_UP_S)
        client.notify("initialized", {})
        client.open(FAILING)
        client.command("bridle.verify", {"uri": client.uri(FAILING)}, GIVE_UP_S)
        client.until(lambda: _found(client), GIVE_UP_S, "the first finding")
        return time.perf_counter() - begun
    finally:
        client.close()


def _environment(place: Path) -> dict[str, str]:
    """Return an environment in which nothing was ever kept, and our Python is named as the project's."""
    folders = {f"XDG_{name.upper()}_HOME": str(place / name) for name in ("state", "cache", "config")}
    settings = place / "config" / "bridle" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"python = {sys.executable!r}\n", "utf-8")
    return {**os.environ, **folders, "BRIDLE_MODEL": "replay"}


def _found(client: LspClient) -> bool:
    published = client.diagnostics.get(client.uri(FAILING), [])
    return any("pytest" in str(diagnostic.get("source")) for diagnostic in published)


def main() -> int:
    """Print the figure; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="one start, a wide goal")
    smoke = parser.parse_args().smoke
    times: list[float] = []
    for _ in range(1 if smoke else N_STARTS):
        with tempfile.TemporaryDirectory() as folder:
            times.append(seconds_to_finding(Path(folder)))
    median, goal = statistics.median(times), GOAL_SMOKE_S if smoke else GOAL_S
    print(
        f"cold start to the first finding: median {median:.2f} s of {len(times)}, "
        f"{min(times):.2f} to {max(times):.2f} (goal {goal})"
    )
    return int(median > goal)


if __name__ == "__main__":
    sys.exit(main())
