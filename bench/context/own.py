"""The smoke form: this project's own code is asked for definitions by what their documentation says of them."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / "index"))
from trees import own  # of the other bench

from bridle.context.rank import rank
from bridle.context.task import Task
from bridle.indexer.index import Index

EVERY = 40
GOAL = 80.0


def asked() -> bool:
    """Ask, tell how often the answer was among the first ten, and whether that is often enough."""
    with tempfile.TemporaryDirectory() as folder:
        index = Index(own(Path(folder).resolve() / "own"), None)
        snapshot = index.refresh()
        index.close()
    known = [symbol for symbol in snapshot.symbols.values() if len(re.findall(r"[a-z]{3,}", symbol.doc)) >= 6]
    known = [symbol for symbol in known if symbol.kind in {"function", "method"}][::EVERY]
    found = [symbol.id in [one.symbol.id for one in rank(Task(symbol.doc), snapshot)[:10]] for symbol in known]
    share = 100.0 * float(np.mean(found))
    print(f"{len(known)} definitions by their documentation: {share:.0f} % among the first ten, goal {GOAL:.0f}")
    return share >= GOAL
