"""Edits under drift: `BENCH_REPOS=DIR python bench/edits [--smoke] [--seed N]` prints a table; 1 on a missed goal.

DIR holds clones of the repositories of `commits.tsv`, as OWNER+NAME/repo or NAME; where one is missing, the bench ends
with 2 and names it. The short form does drifts to this repository's own files and needs no clones. Read `wrong %` as:
of all edits, so many landed on lines that they were not meant for; `refused %`: so many were refused though their
lines stood, unchanged.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

import goals
from corpus import Missing, Story, own_texts, stories
from landing import BY_DIFF, BY_LOG, LOGGED_KINDS, SAME_DRIFTS, Count, Job, judged
from ours import CURVE
from rivals import RIVALS
from sending import sessions, slips, tokens
from speed import lines_tagged_a_second, milliseconds_to_map_and_apply
from streams import recorded, replayed

REPEATS = {"far": 8, "near": 10, "duplicate": 9, "move": 5}
SMOKE_REPEATS = {"far": 1, "near": 2, "duplicate": 1, "move": 1}
SMOKE_FILES = 40


def main() -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a few drifts of this repository's own files")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311  # the same table on every run
    try:
        told = [] if options.smoke else stories(os.environ.get("BENCH_REPOS"), rng, None)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    texts = own_texts()
    jobs = _own_jobs(texts, options.seed) if options.smoke else _jobs(told, options.seed)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found: Count = sum(pool.map(judged, jobs, chunksize=4), Counter())
        streams = sum(pool.map(replayed, recorded(), [options.seed] * len(recorded())), Counter[str]())
        sent = _summed(pool.map(_sent, told, range(len(told)), chunksize=8))
    _print_table(found, streams)
    missed = [*goals.of_landing(found, long_form=not options.smoke), *goals.of_streams(streams)]
    missed += _print_rest(sent, [story.between for story in told] or list(texts.values()), rng, smoke=options.smoke)
    for goal in missed:
        print(f"missed: {goal}")
    print("all goals met" if not missed else f"{len(missed)} goals missed")
    return int(bool(missed))


def _jobs(told: Sequence[Story], seed: int) -> list[Job]:
    return [Job(n, seed, story.path, story, story.between, REPEATS) for n, story in enumerate(told)]


def _own_jobs(texts: dict[str, str], seed: int) -> list[Job]:
    some = list(texts.items())[:: max(1, len(texts) // SMOKE_FILES)]
    return [Job(n, seed, path, None, text, SMOKE_REPEATS) for n, (path, text) in enumerate(some)]


def _sent(story: Story, number: int) -> Counter[str]:
    return sessions(story, random.Random(number)) + slips(story) + tokens(story)  # noqa: S311 — an order, no secret


def _summed(counts: Iterable[Counter[str]]) -> Counter[str]:
    return sum(counts, Counter[str]())


def _print_table(found: Count, streams: Counter[str]) -> None:
    print(f"{'wrong % / refused %':42}" + "".join(f"{kind:>14}" for kind in LOGGED_KINDS) + f"{'drifts':>10}")
    for name in (*RIVALS, SAME_DRIFTS, BY_DIFF, BY_LOG):
        print(_row(name, found, LOGGED_KINDS))
    print("the map by comparing, under guards from weak to strong:")
    for name in CURVE:
        print(_row(f"  {name}", found, LOGGED_KINDS, name))
    lost = sum(n for (name, _, what), n in found.items() if name == BY_LOG and what == "unlogged")
    print(f"by the log: {lost} of the refusals, where many lines came as one change (reload, formatter)")
    if streams:
        n, wrong, refused, unlogged, compared = (
            streams[key] for key in ("n", "wrong", "refused", "unlogged", "compared")
        )
        print(f"recorded streams: {n} edits, {wrong} wrong, {refused} refused falsely; apart from them {unlogged}")
        print(f"  refused and {compared} carried where many lines came as one change")
    else:
        print("recorded streams: no fixtures in tests/cases/streams")


def _row(title: str, found: Count, kinds: Sequence[str], name: str = "") -> str:
    name = name or title
    cells = [_cell(found, name, kind) for kind in kinds]
    total = sum(found[name, kind, "n"] for kind in kinds)
    return f"{title:42}" + "".join(f"{cell:>14}" for cell in cells) + f"{total:>10}"


def _cell(found: Count, name: str, kind: str) -> str:
    if not found[name, kind, "n"]:
        return "-"
    wrong, refused = goals.percent(found, name, kind)
    return f"{wrong:.2f} / {refused:.2f}"


def _print_rest(sent: Counter[str], texts: Sequence[str], rng: random.Random, *, smoke: bool) -> Iterator[str]:
    figures = dict(_figures(sent, texts, rng, smoke=smoke))
    for title, (value, told) in figures.items():
        print(f"{title}: {told}")
        if not goals.holds(title, value, smoke=smoke):
            yield title
    if sent["syntax"]:
        print(f"  apart from them: {sent['syntax']} sessions that the guard of syntax stopped")
    refused = [f"{n} x {why[4:]}" for why, n in sorted(sent.items()) if why.startswith("why ")]
    if refused:
        print(f"  calls that did not land at once: {', '.join(refused)}")


def _figures(
    sent: Counter[str], texts: Sequence[str], rng: random.Random, *, smoke: bool
) -> Iterator[tuple[str, tuple[float, str]]]:
    if sent:
        yield goals.SESSIONS, _share(sent, "landed", "sessions", "sessions")
        yield goals.SLIPS, _share(sent, "unnoticed", "slips", "slips")
        yield goals.OUTPUT, _share(sent, "ours", "str_replace", "o200k tokens")
        for goal, mode in ((goals.READ_CHECK, "check"), (goals.READ_PLAIN, "plain")):
            over = 100 * (sent[mode] / sent["file"] - 1)
            yield goal, (over, f"+{over:.1f} %")
    by_log, by_diff = milliseconds_to_map_and_apply(texts, 40 if smoke else 400, rng)
    yield goals.LOG_MS, (by_log, f"{by_log:.2f} ms")
    yield goals.DIFF_MS, (by_diff, f"{by_diff:.2f} ms")
    tagged = lines_tagged_a_second(texts, 50_000 if smoke else 500_000)
    yield goals.TAGGING, (tagged / 1e6, f"{tagged / 1e6:.2f} M lines/s")


def _share(sent: Counter[str], part: str, whole: str, unit: str) -> tuple[float, str]:
    value = 100 * sent[part] / sent[whole]
    return value, f"{value:.2f} % ({sent[part]} of {sent[whole]} {unit})"


if __name__ == "__main__":
    sys.exit(main())
