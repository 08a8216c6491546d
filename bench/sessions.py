"""What a long run's memory costs: `python bench/sessions.py [--smoke]`.

A journal of 10,000 events whose last landing a crash cut short is recovered, read and folded; a landing of 200 files is
taken back by going back to the run's beginning, and its files are compared. Prints CPU seconds; exits 1 where recovery
takes 2 s or more, or a file is not as it was.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from rewinds import After, Lab

from bridle.harness.nouns import RunId
from bridle.harness.recovery import recover
from bridle.harness.session.events import FileChange
from bridle.harness.session.fold import fold
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.session.state import State

GOAL_S = 2.0
N_EVENTS, N_FILES = 10_000, 200
WORDS = "x" * 2_000


def main() -> int:
    """Measure; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a fifth of the files")
    smoke = parser.parse_args().smoke
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"XDG_STATE_HOME": f"{folder}/state", "XDG_CONFIG_HOME": f"{folder}/config"}
        return int(not (long_run(Path(folder)) and way_back(Path(folder), N_FILES // 5 if smoke else N_FILES)))


def long_run(folder: Path) -> bool:
    """Recover a journal of `N_EVENTS`, and tell whether that was fast enough."""
    (folder / "long").mkdir()
    state = State(folder / "long")
    write(state)
    recovery = timed(lambda: recover(state.root, state, time.time, lambda event: None))
    again = timed(lambda: recover(state.root, state, time.time, lambda event: None))
    reading = read_journal(state.journals, RunId("r"))
    reads = timed(lambda: read_journal(state.journals, RunId("r")))
    folds = timed(lambda: fold(reading.records))
    size_mb = (state.journals / "r.jsonl").stat().st_size / 1e6
    print(f"{len(reading.records)} events, {size_mb:.1f} MB: recovery {recovery:.2f} s (goal < {GOAL_S:g})")
    print(f"the same again {again:.2f} s; reading {reads:.2f} s, folding {folds:.2f} s")
    return recovery < GOAL_S and not fold(reading.records).unfinished


def write(state: State) -> None:
    """Write the journal of a run that talked and edited, killed while it landed; what is measured is not its syncs."""
    journal = Journal(state.journals, RunId("r"), time.time)
    journal.append("started", {"workflow": "edit", "instruction": "long"})
    said: dict[str, Any] = {"role": "user", "content": [{"type": "text", "text": WORDS}]}
    for n in range((N_EVENTS - 3) // 4):
        journal.append("told", {"message": said, "talk": "build"})
        journal.append("model_called", {"turn": n})
        journal.append("model_replied", {"message": {**said, "role": "assistant"}, "talk": "build"})
        journal.append("tool_called", {"id": str(n), "name": "read"})
    journal.append("edited", {"files": [FileChange("a.py", None, "0" * 32)]})
    journal.append("prepared", {"plan": "p", "files": []})
    journal.close()


def way_back(folder: Path, n_files: int) -> bool:
    """Land a change of many files and go back to before it, and tell whether all of them are as they were."""
    root = folder / "wide"
    root.mkdir()
    for n in range(n_files):
        (root / f"f{n}.py").write_text("".join(f"line {line}\n" for line in range(400)))
    lab = Lab(root)
    lab.run(
        "r",
        {f"f{n}.py": After((root / f"f{n}.py").read_bytes().replace(b"line 7\n", b"seven\n")) for n in range(n_files)},
    )
    before = lab.stands()
    landing = timed(lambda: asyncio.run(lab.accept("r", force=True)))
    back = timed(lambda: asyncio.run(lab.rewind("r", 2)))
    print(f"{n_files} files: landed {landing:.2f} s, taken back {back:.2f} s")
    return lab.stands() == before


def timed(work: Callable[[], object]) -> float:
    """Return the CPU seconds that `work` took."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
