"""Time to judge an edit's syntax and to find a block, through the process that does it: `python bench/syntax.py`.

Prints the first answer (the process starts), a comparison and a lookup in a file of 1,505 lines, and how long each
grammar takes over a hostile text before it is ended. Exits 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

from bridle.harness.edits.syntax import TIMEOUT_S, SyntaxReader
from bridle.indexer.syntax import Compare, Locate

GOAL_MS = 100.0
SMOKE_SLACK = 4.0
N_RUNS = 9
SOURCE = b"".join(
    b"function f%d(a, b) {\n  if (a) {\n    return b + %d;\n  }\n  return null;\n}\n\n" % (n, n) for n in range(215)
)
HOSTILE = b"<a>" * 20_000


def milliseconds(call: Callable[[], object]) -> float:
    """Return how long `call` took."""
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def main() -> int:
    """Print the times; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="the hostile texts for half a second only")
    smoke = parser.parse_args().smoke
    reader = SyntaxReader()
    first = milliseconds(lambda: reader.ask(Locate("a.js", b"f();\n", 0)))
    change = Compare("a.js", SOURCE, SOURCE + b"x;\n")
    compared = statistics.median(milliseconds(lambda: reader.ask(change)) for _ in range(N_RUNS))
    located = statistics.median(milliseconds(lambda: reader.ask(Locate("a.js", SOURCE, 700))) for _ in range(N_RUNS))
    reader.close()
    print(f"first answer {first:.0f} ms; 1,505 lines: compare {compared:.1f} ms, locate {located:.1f} ms")
    timeout_s = 0.5 if smoke else TIMEOUT_S
    hostile = SyntaxReader(timeout_s)
    for suffix in ("c", "cpp", "cs", "go", "java", "js", "php", "py", "rb", "rs", "sh", "ts"):
        took = milliseconds(lambda name=f"a.{suffix}": hostile.ask(Locate(name, HOSTILE, 0)))
        print(f"{len(HOSTILE):,} bytes of {HOSTILE[:3].decode()} as .{suffix}: {took:.0f} ms")
        if took > (timeout_s + 1.5) * 1000:
            print("goal: ended in time: missed")
            return 1
    hostile.close()
    goal_ms = GOAL_MS * (SMOKE_SLACK if smoke else 1.0)
    missed = compared > goal_ms
    print(f"goal: compare at 1,505 lines <= {goal_ms:.0f} ms, all ended in time: {'missed' if missed else 'met'}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
