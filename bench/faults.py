"""Talks with an endpoint that fails in every way that is known: `python bench/faults.py [--smoke] [--seed N]`.

Each kind of fault twenty times over the real SDK, cut at other places, with budgets of several sizes; in the smoke
form every second kind once. Exits 1 where a partial call was run, a permanent fault was tried again, or a budget was
passed by more than one call.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.model.faults import KINDS, Outcome, strike, wrong

TIMES = 20


def main() -> int:
    """Strike; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    kinds, times = (KINDS[1::2], 1) if options.smoke else (KINDS, TIMES)
    dice = random.Random(options.seed)  # noqa: S311  # the same cuts on every run
    outcomes = asyncio.run(struck(kinds, times, dice))
    broken = [(outcome, found) for outcome in outcomes for found in wrong(outcome)]
    for kind in kinds:
        of_it = [one for one in outcomes if one.kind == kind]
        ends = Counter(one.ended.partition(":")[0] for one in of_it)
        asked = max(one.asked for one in of_it)
        told = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
        print(f"{kind:24} asked {asked} times at most; ended as {told}")
    over = [one.spent - one.limit for one in outcomes if one.spent > one.limit]
    print(f"{len(kinds)} kinds x {times}: {len(broken)} promises broken (goal 0)")
    print(f"{len(over)} budgets were passed, by {max(over, default=0)} tokens at most")
    for outcome, found in broken:
        print(f"BROKEN {outcome.kind}: {found}")
    return int(bool(broken))


async def struck(kinds: Sequence[str], times: int, dice: random.Random) -> list[Outcome]:
    """Return how each talk went."""
    found: list[Outcome] = []
    with tempfile.TemporaryDirectory() as name:
        for kind in kinds:
            for number in range(times):
                folder = Path(name) / f"{kind}-{number}"
                folder.mkdir()
                found.append(await strike(kind, dice, folder))
    return found


if __name__ == "__main__":
    sys.exit(main())
