"""What a prompt showed: every line that the messages printed in the read form, by path and revision. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from bridle.harness.model.client import Message

_HEAD = re.compile(r"\[(?P<path>[^\n\t]+) v(?P<rev>\d+) (?:\d+(?:-\d+)?)(?:,\d+-\d+)*/\d+\]\Z")
_LINE = re.compile(r"(?P<number>\d+)(?P<word>(?:[a-z]{2})?)\t(?P<text>.*)\Z", re.DOTALL)
_ELIDED = "…"


class ShownLine(msgspec.Struct, frozen=True):
    """One line as it was shown: 1-based number, check word ("" where lines are named by number), text."""

    number: int
    word: str
    text: str

    @property
    def anchor(self) -> str:
        """The anchor as it stands in the read form."""
        return f"{self.number}{self.word}"


class ShownFile(msgspec.Struct, frozen=True):
    """All lines shown of one revision, by number."""

    path: str
    rev: int
    lines: dict[int, ShownLine]

    def matching(self, text: str) -> list[ShownLine]:
        """Return the lines whose text is `text`, blanks at the ends aside; else those that hold it."""
        wanted = text.strip()
        lines = [self.lines[number] for number in sorted(self.lines)]
        return [line for line in lines if line.text.strip() == wanted] or [line for line in lines if text in line.text]


def shown_files(messages: Sequence[Message]) -> list[ShownFile]:
    """Return what our side of the conversation showed, revision by revision, the last shown last."""
    found: dict[tuple[str, int], ShownFile] = {}
    for message in messages:
        if message["role"] == "user":
            for text in texts_of(message["content"]):
                _read(text, found)
    return list(found.values())


def texts_of(content: Any) -> Iterator[str]:
    """Yield the text of a message's content, that of tool results included."""
    if isinstance(content, str):
        yield content
        return
    for block in content or ():
        if block.get("type") == "text":
            yield block["text"]
        elif block.get("type") == "tool_result":
            yield from texts_of(block.get("content"))


def _read(text: str, found: dict[tuple[str, int], ShownFile]) -> None:
    current: ShownFile | None = None
    for raw in _lines(text):
        head = _HEAD.match(raw)
        line = _LINE.match(raw)
        if head is not None:
            key = (head["path"], int(head["rev"]))
            current = found.pop(key, None) or ShownFile(*key, lines={})
            found[key] = current
        elif line is not None and current is not None:
            number = int(line["number"])
            current.lines[number] = ShownLine(number, line["word"], line["text"])
        elif raw != _ELIDED:
            current = None


def _lines(text: str) -> Iterable[str]:
    return (line.removesuffix("\r") for line in text.split("\n"))
