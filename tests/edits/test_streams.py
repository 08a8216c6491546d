"""What real editors sent, replayed: the text is the editor's own, and no edit is carried to a wrong place.

The streams of tests/cases/streams were recorded in VS Code, Neovim and Emacs. Whether a line still stands is judged by
sentinels that share nothing with the product: they sit before and behind each line's characters, move with what is
typed around them, and know a line as standing only while nothing came between them and it, and it has its line end.

    python tests/edits/test_streams.py      prints what was replayed, and why edits were refused
"""

from __future__ import annotations

import gzip
import json
import random
import re
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet
from lsprotocol import types as lsp

from bridle.indexer.history import DiffedMap, LineMap, rebase
from bridle.indexer.text import LineEdit, split_lines
from bridle.lsp_server.documents import Document, Documents

FOLDER = Path(__file__).resolve().parent.parent / "cases" / "streams"
STREAMS = sorted(FOLDER.glob("*.jsonl.gz"))
EDITORS = ("emacs", "neovim", "vscode")
URI = "file:///till/till.py"
FAST = "everything"
"""The scenario that is replayed by the fast tests too; it has a little of all others."""
CHECK_EVERY, BASE_EVERY, N_BASES, N_EDITS = 30, 60, 2, 20
FROM_THE_START_EVERY = 240
BREAK = re.compile(r"\r\n|\n|\r")
UNITS: Mapping[str, tuple[str, int]] = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


@dataclass
class Tally:
    """What one stream, or many, showed."""

    messages: int = 0
    changes: int = 0
    lines: int = 0
    edits: int = 0
    carried: int = 0
    same_text: int = 0
    wrong: list[str] = field(default_factory=list[str])
    refused: Counter[str] = field(default_factory=Counter[str])
    reopened: Counter[str] = field(default_factory=Counter[str])
    refused_falsely: list[str] = field(default_factory=list[str])

    def add(self, other: Tally) -> None:
        self.messages += other.messages
        self.changes += other.changes
        self.lines += other.lines
        self.edits += other.edits
        self.carried += other.carried
        self.same_text += other.same_text
        self.wrong += other.wrong
        self.refused += other.refused
        self.reopened += other.reopened
        self.refused_falsely += other.refused_falsely


class Page:
    """A text as one string, and where its lines begin."""

    def __init__(self, text: str, encoding: str) -> None:
        self._codec, self._unit = UNITS[encoding]
        self.take(text)

    def take(self, text: str) -> None:
        self.text = text
        breaks = [match.span() for match in BREAK.finditer(text)]
        self.starts = [0, *(end for _, end in breaks)]
        self.ends = [*(start for start, _ in breaks), len(text)]

    def body(self, line: int) -> str | None:
        """A line's characters; None where there is no such line."""
        return self.text[self.starts[line] : self.ends[line]] if 0 <= line < len(self.starts) else None

    def end_at(self, offset: int) -> str:
        """The line end that stands there, "" at the end of the text."""
        found = BREAK.match(self.text, offset)
        return found[0] if found else ""

    def offset(self, position: Mapping[str, int]) -> int:
        body = self.body(position["line"])
        if body is None:
            return len(self.text)
        start = self.starts[position["line"]]
        if body.isascii():
            return start + min(position["character"], len(body))
        kept = body.encode(self._codec)[: position["character"] * self._unit]
        return start + len(kept.decode(self._codec, "ignore"))

    def apply(self, change: Mapping[str, Any]) -> tuple[int, int, int]:
        """Take a change; returns what it replaced, as offsets of before, and the length of what it put there."""
        first, last = 0, len(self.text)
        if "range" in change:
            first, last = (self.offset(change["range"][edge]) for edge in ("start", "end"))
        self.take(self.text[:first] + change["text"] + self.text[last:])
        return first, last, len(change["text"])


@dataclass
class Sentinels:
    """A pair for each line of a text: offsets of before its first and behind its last character, while it stands."""

    revision: int
    lines: Sequence[str]
    ends: Sequence[str]
    pairs: list[tuple[int, int] | None]
    causes: dict[int, str] = field(default_factory=dict[int, str])

    @classmethod
    def set(cls, page: Page, revision: int) -> Sentinels:
        bounds = list(zip(page.starts, page.ends, strict=True))
        bodies, ends = [page.text[start:end] for start, end in bounds], [page.end_at(end) for _, end in bounds]
        return cls(revision, bodies, ends, [*bounds])

    def follow(self, page: Page, first: int, last: int, length: int, cause: str) -> None:
        """Move with a change that `page` has taken already."""
        shift = length - (last - first)
        for line, pair in enumerate(self.pairs):
            if pair is None or first > pair[1]:
                continue
            start, end = pair
            if start > last + 1:
                self.pairs[line] = (start + shift, end + shift)
                continue
            behind = last <= start and not first == start == end  # an empty line has no side of its own
            before = first >= end > start
            moved = (start + shift, end + shift) if behind else pair if before else None
            if moved is None or not self._bounded(page.text, *moved):
                self.causes[line], moved = cause, None
            elif page.end_at(moved[1]) != self.ends[line]:
                self.causes[line], moved = f"{cause}, its end", None
            self.pairs[line] = moved

    @staticmethod
    def _bounded(text: str, start: int, end: int) -> bool:
        before, behind = text[start - 1 : start] if start else "\n", text[end : end + 1] or "\n"
        return before in "\r\n" and behind in "\r\n" and not (before == "\r" and text[start : start + 1] == "\n")

    def place(self, line: int, page: Page) -> int | None:
        """Where a line that stood all the time stands now."""
        pair = self.pairs[line]
        return None if pair is None else bisect_left(page.starts, pair[0])


class Replay:
    """One stream, through the real documents and past the sentinels."""

    def __init__(self, file: Path) -> None:
        with gzip.open(file, "rt", encoding="utf-8", newline="\n") as stream:
            head, *self.steps, last = map(json.loads, stream)
        self.name = file.name.removesuffix(".jsonl.gz")
        self.final: str = last["final"]
        self.tally = Tally(messages=len(self.steps))
        self._chosen = random.Random(self.name)  # noqa: S311  # repeatable, no secret
        self._documents = Documents(head["encoding"], lambda _: "till.py")
        self.encoding: str = head["encoding"]
        self._version = 0
        self._open(head["text"])

    def run(self) -> Tally:
        """Replay all, and judge the log on the way."""
        for number, step in enumerate(self.steps, start=1):
            if "open" in step:
                self._judge_all()
                self._judge_hole(step["kind"], step["open"])
                self._open(step["open"])
                continue
            self._take(step)
            if number % CHECK_EVERY == 0:
                for base in self._bases:
                    self._judge(base)
            if number % FROM_THE_START_EVERY == 0:
                self._judge(self._first)
            if number % BASE_EVERY == 0:
                self._bases.append(Sentinels.set(self._page, self.document.revision))
        self._judge_all()
        return self.tally

    def _open(self, text: str) -> None:
        self.document: Document = self._documents.open(lsp.TextDocumentItem(URI, "python", 0, text))
        self._page = Page(text, self.encoding)
        self._first = Sentinels.set(self._page, self.document.revision)
        self._bases: deque[Sentinels] = deque(maxlen=N_BASES)

    def _take(self, step: Mapping[str, Any]) -> None:
        self._version += 1  # eglot counts from 0 again where it opens anew; the order is what is recorded
        identifier = lsp.VersionedTextDocumentIdentifier(self._version, URI)
        changes = [_change(change) for change in step["changes"]]
        assert self._documents.change(lsp.DidChangeTextDocumentParams(identifier, changes)) is self.document
        for change in step["changes"]:
            whole = "range" not in change or _is_coarse(change)
            cause = f"{step['kind']}, {'many lines at once' if whole else 'the line itself'}"
            done = self._page.apply(change)
            for base in (self._first, *self._bases):
                base.follow(self._page, *done, cause)
        self.tally.changes += len(changes)
        assert str(self.document.text) == self._page.text, f"{self.name}, version {step['version']}"

    def _judge_hole(self, kind: str, text: str) -> None:
        """A document opened anew has no log to before: its lines are found by a diff, or not at all."""
        fresh = Page(text, self.encoding)
        old, new = split_lines(self._page.text), split_lines(text)
        moved = DiffedMap(old, new)
        for _ in range(N_EDITS):
            edit = self._any_edit(len(old))
            carried = rebase([edit], moved, len(old), len(new)).edits
            self.tally.reopened["carried by the diff" if carried else f"{kind}: refused by the diff"] += 1
            for now in carried:
                same = [fresh.body(now.start + k) for k in range(edit.end - edit.start)]
                if same != [self._page.body(line) for line in range(edit.start, edit.end)]:
                    self.tally.wrong.append(f"{self.name}: {edit} went to {now.start} by the diff")

    def _judge_all(self) -> None:
        for base in (self._first, *self._bases):
            self._judge(base)

    def _judge(self, base: Sentinels) -> None:
        moved = self.document.log.since(base.revision)
        assert moved is not None
        for line in range(len(base.lines)):
            self._judge_line(base, line, moved.line(line))
        for _ in range(N_EDITS):
            self._judge_edit(base, moved)

    def _judge_line(self, base: Sentinels, line: int, said: int | None) -> None:
        self.tally.lines += 1
        place = base.place(line, self._page)
        if place is not None and said is None:
            self.tally.refused_falsely.append(f"{self.name}: line {line} stands at {place}")
        elif place is not None and said != place:
            self.tally.wrong.append(f"{self.name}: line {line} stands at {place}, not {said}")
        elif place is None and said is not None and self._page.body(said) != base.lines[line]:
            self.tally.wrong.append(f"{self.name}: line {line} was changed, and is not at {said}")

    def _judge_edit(self, base: Sentinels, moved: LineMap) -> None:
        edit = self._any_edit(len(base.lines))
        carried = rebase([edit], moved, len(base.lines), len(self._page.starts)).edits
        self.tally.edits += 1
        touched = range(edit.start, edit.end) if edit.end > edit.start else _neighbours(edit.start, len(base.lines))
        places = [base.place(line, self._page) for line in touched]
        if carried:
            self._judge_carried(base, edit, touched, places, carried[0])
        elif _stands(edit, places):
            self.tally.refused_falsely.append(f"{self.name}: {edit} stands at {places}")
        else:
            causes = [base.causes[line] for line, place in zip(touched, places, strict=True) if place is None]
            self.tally.refused[causes[0] if causes else "its lines stand apart now"] += 1

    def _judge_carried(
        self, base: Sentinels, edit: LineEdit, touched: Sequence[int], places: Sequence[int | None], now: LineEdit
    ) -> None:
        self.tally.carried += 1
        if edit.end > edit.start:
            expected = [now.start + k for k in range(len(touched))]
            right = all(place in (None, at) for place, at in zip(places, expected, strict=True))
            right &= [self._page.body(at) for at in expected] == [base.lines[line] for line in touched]
            self.tally.same_text += None in places
        else:
            right = self._inserts_well(base, edit.start, now.start)
            self.tally.same_text += all(place is None for place in places)
        if not right:
            self.tally.wrong.append(f"{self.name}: {edit} went to {now.start}, its lines are at {places}")

    def _inserts_well(self, base: Sentinels, line: int, now: int) -> bool:
        """Below the line that was above, else above the line that was below; at the start of the file always."""
        above = base.place(line - 1, self._page) if line else None
        below = base.place(line, self._page) if line < len(base.lines) else len(self._page.starts)
        if above is not None:
            return now == above + 1
        if below is not None and (line == 0 or now == below):
            return now == below
        return (
            (line == 0 and now == 0)
            or self._page.body(now - 1) == base.lines[line - 1]
            or (line < len(base.lines) and self._page.body(now) == base.lines[line])
        )

    def _any_edit(self, n_lines: int) -> LineEdit:
        start = self._chosen.randrange(n_lines)
        size = self._chosen.choice((0, 1, 1, 1, 2, 4))
        return LineEdit(start, min(start + size, n_lines), "carried\n")


def _change(change: Mapping[str, Any]) -> lsp.TextDocumentContentChangeEvent:
    if "range" not in change:
        return lsp.TextDocumentContentChangeWholeDocument(change["text"])
    start, end = (lsp.Position(**change["range"][edge]) for edge in ("start", "end"))
    return lsp.TextDocumentContentChangePartial(range=lsp.Range(start, end), text=change["text"])


def _is_coarse(change: Mapping[str, Any]) -> bool:
    """Whether lines were replaced by lines: which of them is which, the editor does not say."""
    across = change["range"]["end"]["line"] - change["range"]["start"]["line"]
    return across > 1 and bool(BREAK.search(change["text"]))


def _neighbours(line: int, n_lines: int) -> range:
    return range(max(0, line - 1), min(line + 1, n_lines))


def _stands(edit: LineEdit, places: Sequence[int | None]) -> bool:
    if edit.end == edit.start:
        return any(place is not None for place in places)
    return places[0] is not None and all(place == places[0] + k for k, place in enumerate(places))


def each_stream(file: Path) -> ParameterSet:
    name = file.name.removesuffix(".jsonl.gz")
    return pytest.param(file, id=name, marks=() if name.endswith(FAST) else pytest.mark.slow)


@pytest.mark.slow
@pytest.mark.parametrize("file", [each_stream(file) for file in STREAMS])
def test_a_recorded_stream_gives_the_editors_text_and_carries_no_edit_to_a_wrong_place(file: Path) -> None:
    replay = Replay(file)
    tally = replay.run()
    assert str(replay.document.text) == replay.final
    assert tally.wrong == []
    assert tally.refused_falsely == []
    assert tally.carried > 0


def test_the_streams_come_from_three_editors_and_hold_ten_thousand_messages() -> None:
    n_messages: Counter[str] = Counter()
    for file in STREAMS:
        with gzip.open(file) as stream:
            n_messages[file.name.partition("-")[0]] += sum(b'"changes":' in line for line in stream)
    assert set(n_messages) == set(EDITORS)
    assert n_messages.total() >= 10_000


def main() -> None:
    """Print what was replayed."""
    whole = Tally()
    for editor in EDITORS:
        of_editor = Tally()
        for file in STREAMS:
            if file.name.startswith(f"{editor}-"):
                of_editor.add(Replay(file).run())
        print(_line(editor, of_editor))
        whole.add(of_editor)
    print(_line("all", whole))
    print(f"\nrefused {whole.refused.total()}, by what was done to the lines:")
    for cause, n in whole.refused.most_common():
        print(f"{n:8} {cause}")
    print("\nof edits that waited while a document was opened anew, which leaves no log:")
    for cause, n in whole.reopened.most_common():
        print(f"{n:8} {cause}")


def _line(name: str, tally: Tally) -> str:
    return (
        f"{name:8} {tally.messages:6} messages {tally.changes:6} changes {tally.lines:8} lines looked up "
        f"{tally.edits:6} edits: {tally.carried} carried ({tally.same_text} over a touched line of the same text), "
        f"{len(tally.wrong)} wrong, {len(tally.refused_falsely)} refused falsely"
    )


if __name__ == "__main__":
    main()
