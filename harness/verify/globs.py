"""Whether a path matches a pattern as JavaScript's tools write them: `*`, `**`, `?`, `{a,b}`. Pure."""

from __future__ import annotations

import functools
import re

MAX_PATTERN = 500
_PARTS = re.compile(r"(/?\*\*/?|\*|\?|\{[^{}/]*\}|\[[^\[\]/]+\])")


def matches(path: str, pattern: str) -> bool:
    """Tell whether a whole path, "/" separated, matches; a pattern that is too long matches nothing."""
    return len(pattern) <= MAX_PATTERN and _compiled(pattern).fullmatch(path) is not None


def is_pattern(text: str) -> bool:
    """Tell whether a word names more than one path."""
    return _PARTS.search(text) is not None


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_translated(part) for part in _PARTS.split(pattern)))


def _translated(part: str) -> str:
    if part.strip("/") == "**":
        return {"/**/": "/(?:.*/)?", "**/": "(?:.*/)?", "/**": "(?:/.*)?"}.get(part, ".*")
    if part in ("*", "?"):
        return f"[^/]{'*' if part == '*' else ''}"
    if part.startswith("{") and part.endswith("}"):
        return f"(?:{'|'.join(_translated_alternative(one) for one in part[1:-1].split(','))})"
    if part.startswith("[") and part.endswith("]"):
        inside = re.sub(r"([\\\[\]^])", r"\\\1", part[1:-1].removeprefix("!"))
        return f"[{'^/' if part[1] == '!' else ''}{inside}]"
    return re.escape(part)


def _translated_alternative(text: str) -> str:
    return re.escape(text).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
