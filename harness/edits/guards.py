"""What the text of an edit must not hold, judged before it lands.

Each guard names what it saw and refuses; none repairs. They are about slips of the model's hand: whether the
change is wanted is not their question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bridle.context.anchors import anchor_at, check_words

_PASTED = re.compile(r"([1-9][0-9]{0,8})([a-z]{2})\t")
_NUMBERED = re.compile(r"([1-9][0-9]{0,8})\t")
_MARKERS = ("<<<<<<< ", ">>>>>>> ", "||||||| ")


def pasted_anchors(text: Sequence[str], seen: Sequence[str]) -> list[str] | None:
    """Return the lines of `text` without the anchors that they were pasted with; None where there are none.

    `seen` are the lines of the revision. One anchor of it is enough; other lookalikes count when every line
    has one.
    """
    found = [_PASTED.match(line) for line in text]
    words = set(check_words())
    true = any(
        match and int(match[1]) <= len(seen) and anchor_at(seen, int(match[1]) - 1).word == match[2] for match in found
    )
    alike = len(text) > 1 and all(match and match[2] in words for match in found)
    if not (true or alike):
        return None
    return [line[match.end() :] if match else line for line, match in zip(text, found, strict=True)]


def pasted_numbers(text: Sequence[str], seen: Sequence[str]) -> list[str] | None:
    """Return the lines of `text` without the bare numbers that they were pasted with; None where there are none.

    One number before what stands on its line of the revision is enough; else every line has one and they count up.
    A file whose own lines begin with a number and a tab is not judged.
    """
    found = [_NUMBERED.match(line) for line in text]
    if not any(found) or any(_NUMBERED.match(line) for line in seen):
        return None
    true = any(match and _stands(seen, int(match[1]), match.string[match.end() :]) for match in found)
    numbers = [int(match[1]) if match else 0 for match in found]
    alike = len(text) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] > 0
    if not (true or alike):
        return None
    return [line[match.end() :] if match else line for line, match in zip(text, found, strict=True)]


def conflict_markers(text: Sequence[str], replaced: Sequence[str]) -> str | None:
    """Return the first merge conflict marker that `text` brings in."""
    there = {line for line in replaced if line.startswith(_MARKERS)}
    return next((line for line in text if line.startswith(_MARKERS) and line not in there), None)


def echo(text: Sequence[str], replaced: Sequence[str], above: str | None, below: str | None) -> tuple[int, int]:
    """Return how many lines (0 or 1) at the head and the tail of `text` repeat the line beside them.

    Lines without a letter or digit do not count, nor does a line that stood twice before.
    """
    if not text:
        return 0, 0
    head = _telling(text[0]) and text[0] == above and list(replaced[:1]) != [above]
    tail = _telling(text[-1]) and text[-1] == below and list(replaced[-1:]) != [below]
    if len(text) == 1 and head:
        tail = False
    return int(head), int(tail)


def _stands(seen: Sequence[str], number: int, body: str) -> bool:
    return number <= len(seen) and bool(body.strip()) and seen[number - 1].rstrip() == body.rstrip()


def _telling(line: str) -> bool:
    return any(character.isalnum() for character in line)
