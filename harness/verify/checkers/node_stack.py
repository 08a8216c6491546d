"""Reads JavaScript errors: the frames of their stacks, and the one line that says what is wrong. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import unquote

import msgspec

MAX_HEADLINE = 100
MAX_FRAMES = 30
MAX_LINE = 400
"""A longer line of a stack is none: what is thrown is a stranger's."""
_FRAME = re.compile(
    r"^[ \t]*at (?:(?P<function>.+?) \()?(?P<file>(?:file://)?/[^\n]+?):(?P<line>\d+)(?::(?P<column>\d+))?\)?\s*$"
)
_PLACED = re.compile(r"^(?P<file>(?:file://)?/[^\n]+?):(?P<line>\d+)$")
"""How Node tells where a file cannot be read as a program: alone on a line, above the source."""
_COMPARED = re.compile(
    r"^[ \t]*Expected(?: \w+)?: *(?P<expected>.+)\n\s*Received(?: \w+)?: *(?P<actual>.+)$", re.MULTILINE
)
_NAMED = re.compile(r"^(?:\w*Error|Error): ")


class Frame(msgspec.Struct, frozen=True):
    """One frame in a file of the tree: its path and 0-based line."""

    path: str
    line: int
    function: str = ""


def frames_of(stack: str, inside: Callable[[str], str]) -> list[Frame]:
    """Return the frames in files of the tree, innermost first; `inside` makes a path relative, "" for one elsewhere."""
    found: list[Frame] = []
    lines = [line for line in stack.splitlines() if len(line) <= MAX_LINE]
    for place in filter(None, (pattern.match(line) for pattern in (_PLACED, _FRAME) for line in lines)):
        whole = place["file"].removeprefix("file://") if place["file"].startswith("file://") else place["file"]
        path = inside(unquote(whole) if whole != place["file"] else whole)
        if path and "node_modules/" not in path:
            function = place.groupdict().get("function") or ""
            found.append(Frame(path, max(0, int(place["line"]) - 1), function))
    return found[:MAX_FRAMES]


def headline(name: str, message: str, expected: str = "", actual: str = "") -> str:
    """Return what is wrong in one line of at most 100 characters."""
    lines = [line.strip() for line in _before_stack(message).splitlines() if line.strip()]
    first = _NAMED.sub("", lines[0]) if lines else ""
    compared = _COMPARED.search(message)
    if compared is not None:
        expected, actual = compared["expected"], compared["actual"]
    if expected and actual and "\n" not in expected + actual and len(expected) + len(actual) < MAX_HEADLINE - 20:
        first = f"expected {expected.strip()}, received {actual.strip()}"
    elif name and name not in ("Error", "AssertionError") and name not in first:
        first = f"{name}: {first}"
    return first if len(first) <= MAX_HEADLINE else first[: MAX_HEADLINE - 1] + "…"


def detail_of(message: str, stack: str, diff: str = "") -> str:
    """Return the whole of what an error says, its message once."""
    first = stack if message.split("\n", 1)[0] in stack else f"{message}\n{stack}"
    return f"{first.strip()}\n\n{diff}".strip() if diff and diff not in first else first.strip()


def place_of(frames: Sequence[Frame], home: str) -> tuple[str, int]:
    """Return where a failure is shown: its innermost frame in the test's own file, else in the tree, else the file."""
    own = next((frame for frame in frames if frame.path == home), frames[0] if frames else None)
    return (own.path, own.line) if own else (home, 0)


def _before_stack(message: str) -> str:
    kept: list[str] = []
    for line in message.splitlines():
        if len(line) <= MAX_LINE and _FRAME.match(line):
            break
        kept.append(line)
    return "\n".join(kept)
