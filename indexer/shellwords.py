"""What the writing of one word of shell stands for: backslashes, quoting by number, braces. Plain text functions."""

from __future__ import annotations

import re
from itertools import islice

MAX_SPREAD = 64

_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|c(.)|(.))", re.DOTALL
)
_LETTERS = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
_RANGE = re.compile(r"\{[^{},]*\.\.[^{},]*\}")
_QUOTED = re.compile(r"\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)


def unescaped(text: str) -> str:
    """Return what stands outside of quotes, its backslashes taken off; one before a line's end joins the lines."""
    return re.sub(r"\\(\n|.)?", lambda found: "" if found[1] in (None, "\n") else found[1], text, flags=re.DOTALL)


def unescaped_in_quotes(text: str) -> str:
    """Return what stands in double quotes: a backslash is taken off only where the shell does."""
    return re.sub(r"\\([$`\"\\\n])", lambda found: "" if found[1] == "\n" else found[1], text)


def ansi_c(text: str) -> str:
    r"""Return what stands in ``$'…'``."""

    def letter(found: re.Match[str]) -> str:
        for digits, base in ((found[1], 16), (found[2], 16), (found[3], 16), (found[4], 8)):
            if digits:
                number = int(digits, base)
                return chr(number) if number <= 0x10FFFF and not 0xD800 <= number < 0xE000 else ""
        if found[5]:
            return chr(ord(found[5]) & 0x1F)
        return _LETTERS.get(found[6], found[6])

    return _ESCAPE.sub(letter, text)


def outside_quotes(raw: str) -> str:
    """Return what of a word as written stands outside of quotes and without a backslash before it."""
    return _QUOTED.sub("", raw)


def has_braces(raw: str) -> bool:
    """Whether a word as written becomes several by its braces."""
    bare = outside_quotes(raw)
    return bool(_BRACES.search(bare) or _RANGE.search(bare))


def spread(text: str) -> tuple[str, ...]:
    """Return the words that the braces of `text` make of it, as many as are looked at; at least one."""
    words = [text]
    for _ in range(MAX_SPREAD):
        found = [_BRACES.search(word) for word in words]
        if not any(found) or len(words) >= MAX_SPREAD:
            break
        words = list(islice(_once(words), MAX_SPREAD))
    return tuple(words)


def _once(words: list[str]) -> list[str]:
    after: list[str] = []
    for word in words:
        found = _BRACES.search(word)
        if found is None:
            after.append(word)
        else:
            after += [word[: found.start()] + choice + word[found.end() :] for choice in found[1].split(",")]
    return after
