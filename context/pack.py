"""The pack: what the model sees of a repository for one task, under a budget of tokens, each piece with its
reason.

Rules files come first and verbatim; then bodies with anchors, grouped by file in source order, the best file
first and the second best last; signatures of what else may matter in between. Pure: the same input gives the
same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from bridle.context.pieces import GAP_TOKENS, Detail, Piece, Read, Show, Source, Sources
from bridle.context.rank import Ranked, rank
from bridle.context.readform import Range, joined, render
from bridle.context.redact import redact
from bridle.context.task import NOTHING_BESIDE, Beside, Task
from bridle.context.tokens import count
from bridle.indexer.facts import Span, Symbol
from bridle.indexer.snapshot import Snapshot

RULES = ("AGENTS.md", "CLAUDE.md")
MAX_LEFT_OUT = 50
MAX_CANDIDATES = 300
_BODIES_SHARE = 0.7
_RULES_SHARE = 0.75
_ONE_BODY_SHARE = 0.6
_THRIFT = 0.15
"""How much a body's size counts against it: of two that are as likely, the smaller leaves room for more."""
_BYTES_PER_TOKEN = 8
"""Source has never more than that."""
_WIDE = ("class", "interface", "namespace", "suite", "section", "key")  # what is shown by its parts, rather than whole
_CLASS_SHARE = 0.2
_MARGIN = 8
_SMALL_GAP = 2
_DETAILS: tuple[Detail, ...] = ("rules", "body", "skeleton", "signature")
_OUTLINE_HEAD = "Signatures of what else may matter (read a file before you edit it):"


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
    packing = _Packing(task, snapshot, Sources(read))
    ranked = rank(task, snapshot, beside)[:MAX_CANDIDATES]
    packing.add_rules(_rules_paths(task))
    packing.add_bodies(ranked)
    packing.add_outline(ranked)
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
        self._ranges: dict[str, tuple[Range, ...]] = {}
        self._best: dict[str, float] = {}
        self._outlined: dict[str, list[Symbol]] = {}

    def add_rules(self, paths: Iterable[str]) -> None:
        """Take the rules files that exist, verbatim."""
        most = int(self._left * _RULES_SHARE)
        for path in paths:
            source = self._sources.get(path)
            if isinstance(source, str):
                continue
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
        """Take whole bodies, best first, while they fit; of what is too large only the part in question."""
        budget = int(self._left * _BODIES_SHARE)
        most = int(self._left * _ONE_BODY_SHARE)
        for one in sorted(ranked, key=_worth, reverse=True):
            if self._surely_beyond(one, budget):
                self._left_out[one.symbol.id] = f"it does not fit into the {budget} tokens left"
                continue
            lines = self._lines_of(one, most)
            if isinstance(lines, str):
                self._left_out[one.symbol.id] = lines
                continue
            cost = self._cost(one.symbol.span.path, lines)
            if cost > budget:
                self._left_out[one.symbol.id] = f"{cost} tokens do not fit into the {budget} left"
            elif cost:
                budget -= cost
                self._take(one, lines, cost)

    def add_outline(self, ranked: Iterable[Ranked]) -> None:
        """Name what else may matter by its signature."""
        self._left -= count(_OUTLINE_HEAD) + 4
        for one in ranked:
            symbol = one.symbol
            if symbol.kind == "module" or self._covers(symbol) or not self._may_show(symbol):
                continue
            cost = count(_signature(symbol)) + 1
            if symbol.span.path not in self._outlined:
                cost += count(symbol.span.path) + 1
            if cost > self._left:
                continue
            self._left -= cost
            self._left_out.pop(symbol.id, None)
            self._outlined.setdefault(symbol.span.path, []).append(symbol)
            self._pieces.append(Piece(symbol.span, "signature", cost, one.reason, one.score))

    def done(self) -> Pack:
        """Return the pack."""
        self._pieces.sort(key=lambda piece: (_DETAILS.index(piece.detail), -piece.score))
        blocks = [self._block(path) for path in self._in_order()]
        outline = [_OUTLINE_HEAD] if self._outlined else []
        for path, symbols in self._outlined.items():
            outline.append(path)
            outline += [_signature(symbol) for symbol in sorted(symbols, key=lambda symbol: symbol.span)]
        made = Pack(
            tuple(self._pieces),
            tuple(self._left_out.items())[:MAX_LEFT_OUT],
            0,
            self._task.n_tokens,
            tuple(self._rules),
            tuple(blocks),
            "\n".join(outline),
        )
        return msgspec.structs.replace(made, n_tokens=count(made.text(None)) + 2 * len(blocks))

    # --- bodies -------------------------------------------------------------------------------------------------

    def _surely_beyond(self, one: Ranked, budget: int) -> bool:
        """Tell, without opening its file, of a body that can only be shown whole whether it is too large by far."""
        span = one.symbol.span
        n_bytes = span.end_byte - span.start_byte
        return n_bytes > budget * _BYTES_PER_TOKEN and not one.seed and not self._focus(span.path)

    def _lines_of(self, one: Ranked, most: int) -> Range | str:
        """Return the lines to show of a definition, or why none."""
        symbol = one.symbol
        source = self._sources.get(symbol.span.path)
        if isinstance(source, str):
            return source
        if not source.holds(symbol):
            return "changed since it was indexed"
        whole = (symbol.span.start_line, min(symbol.span.end_line, len(source.lines)))
        too_large = symbol.kind == "module" or self._cost(symbol.span.path, whole) > most
        wide_class = symbol.kind in _WIDE and self._cost(symbol.span.path, whole) > most * _CLASS_SHARE
        if not too_large and (one.seed or not wide_class):
            return whole
        focus = [n for n in self._focus(symbol.span.path) if whole[0] <= n < whole[1]]
        if focus:
            return _window(focus, whole, source, most)
        return "too large to show whole; its parts are looked at one by one"

    def _focus(self, path: str) -> list[int]:
        """Return the lines of `path` that the task points at."""
        lines = [line for where, line in self._task.findings if where == path]
        if self._task.at is not None and self._task.at[0] == path:
            lines += range(self._task.at[1], max(self._task.at[2], self._task.at[1] + 1))
        return sorted(lines)

    def _cost(self, path: str, lines: Range) -> int:
        source = self._sources.get(path)
        shown = self._ranges.get(path, ())
        if isinstance(source, str):
            return 0
        fresh = [n for n in range(*lines) if not any(start <= n < end for start, end in shown)]
        head = 0 if shown else count(path) + GAP_TOKENS
        return head + GAP_TOKENS + sum(map(source.cost, fresh)) if fresh else 0

    def _take(self, one: Ranked, lines: Range, cost: int) -> None:
        path = one.symbol.span.path
        source = self._sources.get(path)
        self._left -= cost
        if isinstance(source, Source):
            self._ranges[path] = _closed(joined([*self._ranges.get(path, ()), lines], len(source.lines)), source)
        self._best[path] = max(self._best.get(path, 0.0), one.score)
        span = msgspec.structs.replace(one.symbol.span, start_line=lines[0], end_line=lines[1])
        self._pieces.append(Piece(span, "body", cost, one.reason, one.score))

    def _covers(self, symbol: Symbol) -> bool:
        span = symbol.span
        return any(start <= span.start_line and span.end_line <= end for start, end in self._ranges.get(span.path, ()))

    def _may_show(self, symbol: Symbol) -> bool:
        source = self._sources.get(symbol.span.path)
        return isinstance(source, Source) and source.holds(symbol)

    # --- the order of the text ------------------------------------------------------------------------------------

    def _in_order(self) -> list[str]:
        """Return the paths: the best first, the second best last."""
        best = sorted(self._ranges, key=lambda path: (-self._best[path], path))
        return [*best[:1], *best[2:], *best[1:2]]

    def _block(self, path: str) -> Block:
        source = self._sources.get(path)
        ranges = self._ranges[path]
        lines, shown = ((), ()) if isinstance(source, str) else (source.lines, source.shown)
        return Block(path, ranges, render(path, 0, lines, ranges, shown))


def _closed(ranges: tuple[Range, ...], source: Source) -> tuple[Range, ...]:
    """Join ranges that only blank lines part: they cost less than the mark of a gap."""
    gaps = [(end, start) for (_, end), (start, _) in pairwise(ranges) if start - end <= _SMALL_GAP]
    blank = [gap for gap in gaps if not any(source.lines[n].strip() for n in range(*gap))]
    return joined([*ranges, *blank], len(source.lines))


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


def _worth(one: Ranked) -> float:
    """Return how much a body is worth for what it takes."""
    n_tokens = GAP_TOKENS + (one.symbol.span.end_byte - one.symbol.span.start_byte) / 4
    return one.score * math.exp(-_THRIFT * math.log(n_tokens))


def _signature(symbol: Symbol) -> str:
    return f"  {symbol.span.start_line + 1}  {''.join(redact(symbol.signature).lines)}"


def _rules_paths(task: Task) -> list[str]:
    """Return where rules may stand: at the root, and in every folder above the places of the task."""
    places = [task.at[0]] if task.at else []
    places += [path for path, _ in task.findings]
    folders = {""}
    for place in places:
        parts = place.split("/")[:-1]
        folders |= {"/".join(parts[: n + 1]) + "/" for n in range(len(parts))}
    return [f"{folder}{name}" for folder in sorted(folders) for name in RULES]
