"""The tables of the weak model's runs. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from intervals import bootstrap, wilson
from result import Result


def tables(results: Sequence[Result], base: str = "ours") -> Iterator[str]:
    """Yield the lines that tell what became of each loop, and of it beside `base` on the tasks that both had."""
    loops = list(dict.fromkeys(one.loop for one in results))
    yield "loop             tasks  landed (of those that can be)    false green          uncovered            published"
    for loop in loops:
        rows = [one for one in results if one.loop == loop]
        can = [one for one in rows if not one.hopeless]
        yield (
            f"  {loop:14} {len(rows):5}  {_share(sum(one.landed for one in can), len(can)):>28}"
            f"  {_share(sum(one.is_false for one in rows), len(rows)):>18}"
            f"  {_share(sum(one.uncovered for one in rows), len(rows)):>18}  {sum(one.published for one in rows):5}"
        )
    yield "loop             tokens a task (95 %)        said   turns  sessions   seconds"
    for loop in loops:
        rows = [one for one in results if one.loop == loop]
        tokens = [float(one.tokens.all) for one in rows]
        low, high = bootstrap(tokens)
        said, turns, sessions, seconds = (
            statistics.mean(values)
            for values in zip(*((one.tokens.said, one.turns, one.sessions, one.seconds) for one in rows), strict=True)
        )
        spent = f"{statistics.mean(tokens):8.0f} ({low:.0f} - {high:.0f})"
        yield f"  {loop:14} {spent:26} {said:6.0f}  {turns:6.1f}  {sessions:8.1f}  {seconds:8.1f}"
    yield f"beside {base!r}, on the tasks that both had: landed, false green, uncovered more or less (95 %)"
    for loop in loops:
        if loop != base:
            yield from _beside(results, loop, base)


def _beside(results: Sequence[Result], loop: str, base: str) -> Iterator[str]:
    mine = {one.task: one for one in results if one.loop == loop}
    pairs = [(mine[one.task], one) for one in results if one.loop == base and one.task in mine]
    if not pairs:
        return
    told: list[str] = []
    for name in ("landed", "is_false", "uncovered"):
        differences = [float(getattr(one, name)) - float(getattr(other, name)) for one, other in pairs]
        low, high = bootstrap(differences)
        told.append(f"{statistics.mean(differences) * 100:+6.1f} ({low * 100:+.1f} to {high * 100:+.1f})")
    yield f"  {loop:14} {len(pairs):5} tasks: " + ", ".join(told)


def _share(hits: int, n: int) -> str:
    low, high = wilson(hits, n)
    return f"{hits}/{n} {hits / max(1, n):.1%} ({low * 100:.1f}-{high * 100:.1f})"
