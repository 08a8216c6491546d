"""`bridle cost`: what the model's answers cost in this workspace, by run, phase, model or day."""

from __future__ import annotations

import argparse
import re

import msgspec

from bridle.cli.common import add_root, find_root, note, print_json
from bridle.harness.audit.spending import WAYS, Sum, let_go, spending, summed, total
from bridle.harness.audit.wholeness import readings
from bridle.harness.model.budget import dollars
from bridle.harness.nouns import UserProblem
from bridle.harness.session.journal import entered
from bridle.harness.session.state import State

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("--by", choices=WAYS, default="day", help="what is summed up (default: day)")
    parser.add_argument("--since", metavar="DAY", default="", help="answers from this day on, as 2026-11-26")


def main(options: argparse.Namespace) -> int:
    """Print the sums."""
    if options.since and not _DAY.fullmatch(options.since):
        raise UserProblem(f"{options.since!r} is not a day", "write it as 2026-11-26")
    journals = State(find_root(options.root)).journals
    known = list(readings(journals))
    for reading in known:
        if reading.damage:
            note(f"{reading.run}: {reading.damage}; what stands before is counted")
    told = [one for reading in known for one in spending(reading)]
    told += let_go(entered(journals), {reading.run for reading in known})
    spent = [one for one in told if one.day >= options.since]
    rows, whole = summed(spent, options.by), total("all", spent)
    if options.json:
        print_json({"by": options.by, "rows": [_plain(row) for row in rows], "total": _plain(whole)})
        return 0
    if not spent:
        print("no model was asked here" + (f" since {options.since}" if options.since else "") + " yet")
        return 0
    width = max(len(row.key) for row in (*rows, whole))
    for row in (*rows, whole):
        print(f"{row.key:{width}}  {_told(row)}")
    return 0


def _told(row: Sum) -> str:
    used = row.usage
    money = dollars(row.cost_usd_micros) if row.known else f"at least {dollars(row.cost_usd_micros)}, not all is known"
    tokens = f"{used.input_tokens:>9} in  {used.output_tokens:>8} out  {used.cache_read_tokens:>9} from the cache"
    return f"{row.calls:>4} answers  {tokens} ({row.cached:.0%})  {money}"


def _plain(row: Sum) -> dict[str, object]:
    used = msgspec.to_builtins(row.usage)
    counts = {name.removesuffix("_tokens"): value for name, value in used.items() if name.endswith("_tokens")}
    money = row.cost_usd_micros if row.known else None
    return {"key": row.key, "calls": row.calls, **counts, "cached": row.cached, "cost_usd_micros": money}
