"""What a model sends and is shown: whether all edits of a commit land after one read, and what that costs in tokens."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from corpus import Hunk, Story
from oracle import lines_of
from rivals import unique_context

from bridle.context.anchors import anchor_at, check_word
from bridle.context.readform import render
from bridle.harness.edits.hashline import parse, plan
from bridle.harness.edits.problems import ToolProblems
from bridle.harness.edits.readview import read
from bridle.harness.edits.revisions import Revisions
from bridle.harness.edits.writes import WriteLog

SLIPS = (-3, -2, -1, 1, 2, 3)


@cache
def _tokenizer() -> Any:
    import bpe_openai

    return bpe_openai.get_encoding("o200k_base")


def n_tokens(text: str) -> int:
    """Return how many tokens of o200k a text is."""
    return len(_tokenizer().encode(text))


class Session:
    """One file that was read once, edited since by calls alone."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.data = path, text.encode()
        self.revisions, self.log = Revisions(), WriteLog()
        read(self.revisions, path, self.data)
        self._moved = self.log.moved(self.revisions, lambda _: self.data)

    def send(self, call: Any, doubled: Any) -> str:
        """Make one call; returns "landed" or the code of the refusal.

        A text that repeats its neighbour, and means it, is sent once more as the refusal says: that line taken into the
        range, which is `doubled`. Nothing is read again.
        """
        try:
            self._land(call)
        except ToolProblems as problem:
            if problem.code != "E_ECHO":
                return problem.code
            try:
                self._land(doubled)
            except ToolProblems as again:
                return again.code
            return "landed at the second call"
        return "landed"

    def _land(self, call: Any) -> None:
        (file,) = plan(parse(call), self.revisions, lambda _: self.data, self._moved).files
        assert file.after is not None
        self.log.record(file.path, file.before, file.after, file.edits)
        self.data = file.after


def sessions(story: Story, rng: random.Random) -> Counter[str]:
    """Send the edits of a story after one read: in one call, and in one call each, in any order.

    The tool keeps the line ends of a file, so that texts are compared without them. Sessions that meet the guard of
    syntax are counted apart: a part of a commit need not parse, nor an old commit with the parsers of today.
    """
    edits, doubled = list(edits_of(story)), list(edits_of(story, doubled=True))
    if not edits:
        return Counter()
    calls = [
        (call_of(story.path, [one]), call_of(story.path, [other])) for one, other in zip(edits, doubled, strict=True)
    ]
    rng.shuffle(calls)
    found: Counter[str] = Counter()
    for sent in ([(call_of(story.path, edits), call_of(story.path, doubled))], calls):
        session = Session(story.path, story.between)
        said = [session.send(*call) for call in sent]
        if "E_SYNTAX" in said:
            found["syntax"] += 1
            continue
        found["sessions"] += 1
        whole = all(one.startswith("landed") for one in said)
        found["landed"] += whole and _bodies(session.data.decode()) == _bodies(story.after)
        found.update({f"why {one}" for one in said if one != "landed"})
    return found


def slips(story: Story) -> Counter[str]:
    """Point at each line by a number that is off by a few, with the check word of the line that was meant."""
    lines = [line.rstrip("\r\n") for line in lines_of(story.between)]
    edged = ["", *lines, ""]
    words = [check_word(*edged[n : n + 3]) for n in range(len(lines))]
    found: Counter[str] = Counter()
    for n, word in enumerate(words):
        there = [words[n + slip] for slip in SLIPS if 0 <= n + slip < len(words)]
        found["slips"] += len(there)
        found["unnoticed"] += there.count(word)
    return found


def tokens(story: Story) -> Counter[str]:
    """Return the tokens of the story's edits by us and by str_replace, and of its text as it is and as it is read."""
    lines = lines_of(story.between)
    edits = list(edits_of(story))
    if not edits:
        return Counter()
    everything = [(0, len(lines))]
    return Counter(
        {
            "ours": n_tokens(_written(call_of(story.path, edits))),
            "str_replace": sum(n_tokens(_written(call)) for call in _replacements(story)),
            "file": n_tokens(story.between),
            "check": n_tokens(render(story.path, 1, lines, everything)),
            "plain": n_tokens(render(story.path, 1, lines, everything, mode="plain")),
        }
    )


def edits_of(story: Story, *, doubled: bool = False) -> Iterator[dict[str, str]]:
    """Yield the edits of a story as the tool takes them, anchored in the text between.

    `doubled` takes a neighbour that the text repeats at its edge into the range.
    """
    there = lines_of(story.between)
    lines = [line.rstrip("\r\n") for line in there]
    for hunk in story.edit:
        start, end, text = hunk.old_start, hunk.old_end, _came(story, hunk)
        came = _bodies(text)
        if doubled and came and start > 0 and lines[start - 1] == came[0]:
            start, text = start - 1, there[start - 1] + text
        if doubled and came and end < len(lines) and lines[end] == came[-1]:
            end, text = end + 1, text + there[end]
        if start == end:
            yield {"after": str(anchor_at(lines, start - 1)) if start else "0", "text": text}
            continue
        first, last = anchor_at(lines, start), anchor_at(lines, end - 1)
        yield {"at": str(first) if first == last else f"{first}-{last}", **({"text": text} if text else {})}


def call_of(path: str, edits: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Return a call of the tool."""
    return {"files": [{"path": path, "rev": 1, "edits": list(edits)}]}


def _replacements(story: Story) -> Iterator[dict[str, str]]:
    """Yield the same edits as str_replace takes them: whole lines, with as many neighbours as make them unique."""
    lines = lines_of(story.between)
    for hunk in story.edit:
        start, end = hunk.old_start, hunk.old_end
        if start == end:
            start, end = (start - 1, end) if start else (start, end + 1)
        start, end = unique_context(lines, start, end)
        before, behind = "".join(lines[start : hunk.old_start]), "".join(lines[hunk.old_end : end])
        yield {
            "command": "str_replace",
            "path": story.path,
            "old_str": "".join(lines[start:end]),
            "new_str": f"{before}{_came(story, hunk)}{behind}",
        }


def _came(story: Story, hunk: Hunk) -> str:
    return "".join(lines_of(story.after)[hunk.new_start : hunk.new_end])


def _bodies(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in lines_of(text)]


def _written(call: dict[str, Any]) -> str:
    return json.dumps(call, ensure_ascii=False, separators=(",", ":"))
