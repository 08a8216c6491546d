"""The pack: what the model sees of a repository for one task, under a budget of tokens, each piece with its
reason.

Rules files come first and verbatim; then bodies with anchors, grouped by file in source order, the best file
first and the second best last; signatures of what else may matter in between. Pure: the same input gives the
same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from bridle.context.filling import ONE_BODY_SHARE, Filling, Offer, Prices, worth
from bridle.context.outline import HEAD, cost_of, outline
from bridle.context.pieces import (
    EXCLUDED,
    GAP_TOKENS,
    HEAD_TOKENS,
    UNREADABLE,
    Detail,
    Piece,
    Read,
    Show,
    Source,
    Sources,
)
from bridle.context.rank import Ranked, rank
from bridle.context.readform import Range, render
from bridle.context.rules import dead_links, matches, places_of, reaches, rules_paths
from bridle.context.shapes import least_bytes
from bridle.context.task import NOTHING_BESIDE, Beside, Task
from bridle.context.tokens import count
from bridle.context.vocabulary import Leading, Lean, leaned_on
from bridle.indexer.facts import Span, Symbol
from bridle.indexer.snapshot import Snapshot

MAX_LEFT_OUT = 50
MAX_CANDIDATES = 300
_BODIES_SHARE = 0.7
_RULES_SHARE = 0.75
_BYTES_PER_TOKEN = 8
"""Source has never more than that."""
_MARGIN = 8
_LEANING = 2
"""In the outline, what the code leans on takes so many times what else may be touched takes."""
_FADED = 20
_DETAILS: tuple[Detail, ...] = ("rules", "body", "skeleton", "signature")


class Block(msgspec.Struct, frozen=True):
    """The lines of one file that are shown with anchors, as they read without a revision."""

    path: str
    ranges: tuple[Range, ...]
    text: str


class Pack(msgspec.Struct, frozen=True):
    """What was chosen. `pieces` are in the order of their scores, `blocks` in the order of the text.

    `left_out` says of what was not taken why, best first.
    """

    pieces: tuple[Piece, ...]
    left_out: tuple[tuple[str, str], ...]
    n_tokens: int
    budget: int
    rules: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    outline: str = ""

    def text(self, show: Show | None) -> str:
        """Return the pack as the model reads it.

        `show` gives the read form of lines of a path under a revision, and records them as shown; without it
        the lines stand under version 0 and cannot be edited.
        """
        blocks = [show(block.path, block.ranges) if show else block.text for block in self.blocks]
        outline = [self.outline] if self.outline else []
        parts = [*self.rules, *blocks[:-1], *outline, *blocks[-1:]]
        if len(blocks) == 1:
            parts = [*self.rules, *blocks, *outline]
        return "\n\n".join(parts)


def pack(task: Task, snapshot: Snapshot, read: Read, beside: Beside = NOTHING_BESIDE) -> Pack:
    """Choose what to show for `task`. `read` gives the text of a path as it is now, None where there is none."""
    return packed(task, snapshot, read, rank(task, snapshot, beside))


def packed(
    task: Task,
    snapshot: Snapshot,
    read: Read,
    ranked: Sequence[Ranked],
    lean: Lean = leaned_on,
    withheld: Callable[[str], str] = lambda _: "",
) -> Pack:
    """Show of what is `ranked` what fits, best first; `lean` tells what the code that is shown leans on.

    `withheld` tells of a path why it must not be shown, "" where it may be.
    """

    def kept_out(path: str) -> str:
        return EXCLUDED if any(matches(glob, path) for glob in task.excluded) else withheld(path)

    sources = Sources(read, kept_out)
    packing = _Packing(task, snapshot, sources)
    ranked = ranked[:MAX_CANDIDATES]
    packing.add_rules(rules_paths(task))
    packing.add_bodies(ranked)
    packing.add_outline(ranked, lean)
    return packing.done()


class _Packing:
    """A pack as it fills up."""

    def __init__(self, task: Task, snapshot: Snapshot, sources: Sources) -> None:
        self._task = task
        self._snapshot = snapshot
        self._sources = sources
        self._left = task.n_tokens
        self._pieces: list[Piece] = []
        self._left_out: dict[str, str] = {}
        self._rules: list[str] = []
        self._filling = Filling(Prices(lambda path: count(path) + HEAD_TOKENS, GAP_TOKENS))
        self._best: dict[str, float] = {}
        self._outlined: dict[str, list[Symbol]] = {}

    def add_rules(self, paths: Iterable[str]) -> None:
        """Take the rules files that exist and reach the task, verbatim; of links in them that lead nowhere is told."""
        most = int(self._left * _RULES_SHARE)
        for path in paths:
            source = self._sources.get(path)
            if isinstance(source, str):
                continue
            whole = "".join(source.shown)
            if not reaches(path, whole, places_of(self._task)):
                self._left_out[path] = "its front matter says that it is about other paths"
                continue
            for line, target in dead_links(path, whole, self._exists):
                self._left_out[f"{path}:{line + 1}"] = f"its link to {target} leads nowhere: mend it or take it out"
            text = f'<rules path="{path}">\n{"".join(source.shown)}\n</rules>'
            cost = count(text) + 2
            if cost > most:
                self._left_out[path] = f"rules of {cost} tokens do not fit into {most}"
                continue
            most -= cost
            self._left -= cost
            self._rules.append(text)
            span = Span(path, 0, len(source.lines), 0, 0)
            self._pieces.append(Piece(span, "rules", cost, "rules of the project", 1.0))

    def add_bodies(self, ranked: Iterable[Ranked]) -> None:
        """Take bodies, best first, while they fit: whole, of a large class its shell, else the part in question."""
        budget = int(self._left * _BODIES_SHARE)
        most = int(self._left * ONE_BODY_SHARE)
        for one in sorted(ranked, key=self._worth, reverse=True):
            if self._surely_beyond(one, budget):
                self._left_out[one.symbol.id] = f"it does not fit into the {budget} tokens left"
                continue
            offer = self._offer(one, most)
            if isinstance(offer, str):
                self._left_out[one.symbol.id] = offer
                continue
            cost = math.ceil(offer.cost)
            if cost > budget:
                self._left_out[one.symbol.id] = f"{cost} tokens do not fit into the {budget} left"
            elif cost:
                budget -= cost
                self._left -= cost
                self._filling.take(offer)
                self._add_pieces(one, offer.lines, cost)

    def add_outline(self, ranked: Sequence[Ranked], lean: Lean) -> None:
        """Name by its signature what else may be touched, and what the code that is shown leans on, in turn."""
        self._left -= count(HEAD) + 4
        leading = Leading(tuple(self._in_order_of_score()), {one.symbol.id: n for n, one in _places(ranked)})
        likely = iter([(one.symbol, one.reason, one.score) for one in ranked])
        leaned = iter([(one.symbol, one.why, 0.0) for one in lean(leading, self._snapshot)])
        spent = [0, 0]
        lists = [likely, leaned]
        while lists:
            turn = 0 if len(lists) == 1 or _LEANING * spent[0] <= spent[1] else 1
            entry = next(lists[turn], None)
            if entry is None:
                del lists[turn], spent[turn]
            else:
                spent[turn] += self._outline_one(*entry)

    def _outline_one(self, symbol: Symbol, why: str, score: float) -> int:
        """Name one definition, if it fits and is not shown; returns what that took."""
        path = symbol.span.path
        named = self._outlined.get(path, [])
        if symbol.kind == "module" or symbol in named or self._covers(symbol) or not self._may_show(symbol):
            return 0
        cost = cost_of(symbol) + (0 if named else count(path) + 1)
        if cost > self._left:
            return 0
        self._left -= cost
        self._left_out.pop(symbol.id, None)
        self._outlined.setdefault(path, []).append(symbol)
        self._pieces.append(Piece(symbol.span, "signature", cost, why, score))
        return cost

    def done(self) -> Pack:
        """Return the pack."""
        self._pieces.sort(key=lambda piece: (_DETAILS.index(piece.detail), -piece.score))
        blocks = [self._block(path) for path in self._in_order()]
        made = Pack(
            tuple(self._pieces),
            tuple(self._left_out.items())[:MAX_LEFT_OUT],
            0,
            self._task.n_tokens,
            tuple(self._rules),
            tuple(blocks),
            outline(self._outlined),
        )
        return msgspec.structs.replace(made, n_tokens=count(made.text(None)) + 2 * len(blocks))

    # --- bodies -------------------------------------------------------------------------------------------------

    def _worth(self, one: Ranked) -> float:
        return worth(one.score, one.symbol, self._snapshot.in_file(one.symbol.span.path))

    def _surely_beyond(self, one: Ranked, budget: int) -> bool:
        """Tell, without opening its file, of a body whether it is too large by far."""
        path = one.symbol.span.path
        is_large = least_bytes(one.symbol, self._snapshot.in_file(path)) > budget * _BYTES_PER_TOKEN
        return is_large and not one.seed and not self._focus(path)

    def _offer(self, one: Ranked, most: int) -> Offer | str:
        """Return the lines to show of a definition, or why none."""
        symbol = one.symbol
        path = symbol.span.path
        source = self._sources.get(path)
        if isinstance(source, str):
            return source
        if not source.holds(symbol):
            return "changed since it was indexed"
        offer = self._filling.fitting(symbol, self._snapshot.in_file(path), source, most, whole=one.seed)
        if offer is not None:
            return offer
        whole = (symbol.span.start_line, min(symbol.span.end_line, source.n_lines))
        focus = [n for n in self._focus(path) if whole[0] <= n < whole[1]]
        if focus:
            return self._filling.offer(path, source, [_window(focus, whole, source, most)])
        return "too large to show whole; its parts are looked at one by one"

    def _focus(self, path: str) -> list[int]:
        """Return the lines of `path` that the task points at."""
        lines = [line for where, line in self._task.findings if where == path]
        if self._task.at is not None and self._task.at[0] == path:
            lines += range(self._task.at[1], max(self._task.at[2], self._task.at[1] + 1))
        return sorted(lines)

    def _add_pieces(self, one: Ranked, lines: tuple[Range, ...], cost: int) -> None:
        """Put a body on the bill, one piece for each range of its lines; they share the cost by their lines."""
        path = one.symbol.span.path
        self._best[path] = max(self._best.get(path, 0.0), one.score)
        n_lines = sum(end - start for start, end in lines)
        left = cost
        for start, end in reversed(lines):
            part = left if (start, end) == lines[0] else min(left, max(1, cost * (end - start) // n_lines))
            left -= part
            span = msgspec.structs.replace(one.symbol.span, start_line=start, end_line=end)
            self._pieces.append(Piece(span, "body", part, one.reason, one.score))

    def _exists(self, path: str) -> bool:
        return path in self._snapshot.linked.files or self._sources.get(path) != UNREADABLE

    def _covers(self, symbol: Symbol) -> bool:
        """Whether the head of a definition is shown already."""
        span = symbol.span
        return any(
            start <= span.start_line and span.end_line <= end for start, end in self._filling.ranges.get(span.path, ())
        )

    def _may_show(self, symbol: Symbol) -> bool:
        source = self._sources.get(symbol.span.path)
        return isinstance(source, Source) and source.holds(symbol)

    # --- the order of the text ------------------------------------------------------------------------------------

    def _in_order(self) -> list[str]:
        """Return the paths: the best first, the second best last."""
        best = self._in_order_of_score()
        return [*best[:1], *best[2:], *best[1:2]]

    def _in_order_of_score(self) -> list[str]:
        return sorted(self._filling.ranges, key=lambda path: (-self._best[path], path))

    def _block(self, path: str) -> Block:
        source = self._sources.get(path)
        ranges = self._filling.ranges[path]
        lines, shown = ((), ()) if isinstance(source, str) else (source.lines, source.shown)
        return Block(path, ranges, render(path, 0, lines, ranges, shown))


def _places(ranked: Sequence[Ranked]) -> Iterator[tuple[float, Ranked]]:
    """Yield how likely each is what the task is about, by its place: 1 for the first, half for that at FADED."""
    return ((_FADED / (_FADED + n), one) for n, one in enumerate(ranked))


def _window(focus: list[int], whole: Range, source: Source, most: int) -> Range:
    """Return as much around the first line in focus as fits, at most a margin beyond the last."""
    start = end = focus[0]
    left = most - GAP_TOKENS * 2
    first, last = max(whole[0], focus[0] - _MARGIN), min(whole[1], focus[-1] + 1 + _MARGIN)
    while left > 0 and (start > first or end < last):
        if end < last:
            left -= source.cost(end)
            end += left >= 0
        if start > first and left > 0:
            left -= source.cost(start - 1)
            start -= left >= 0
    return start, max(end, start + 1)
