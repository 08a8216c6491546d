"""Looks through a tool's whole declaration for what has no honest reason to be there: pure.

Names of parameters, titles, defaults, enums and every other string count, wherever they stand. A flag decides nothing
by itself: it is shown to the person, who approves or does not. Nobody can tell every lie by its words, so what is not
flagged is not thereby good; the wording of a tool is pinned, and its calls go through `decide` like all others.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import cast
from urllib.parse import unquote

import msgspec

from bridle.harness.permission.showing import is_unseen

MAX_DEPTH = 24
MAX_STRINGS = 4_000
MAX_TEXT_CHARS = 4_000
MAX_FLAGS = 50
EXCERPT_CHARS = 160

_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_LEET = re.compile(r"[A-Za-z][013457]+[A-Za-z]")
_DIGITS = str.maketrans("013457", "oieast")
_ESCAPES = re.compile(r"%[0-9a-fA-F]{2}|&#?\w+;|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}")
_LETTERS = str.maketrans(
    "аеорсухіјѕԁһӏкмтнвгпԛԝαεορτυικνηωγѵցոսց",
    "aeopcyxijsdhlkmthbrnqwaeoptuiknnwyvgnug",
)
"""Letters of other alphabets by those that they look like."""


class Flagged(msgspec.Struct, frozen=True):
    """One thing found: where (a path into the declaration), what, why it matters, and the words as they stand."""

    where: str
    name: str
    reason: str
    text: str


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    reason: str
    patterns: tuple[str, ...]
    at: str = ""


def look_through(declaration: object, strangers: Iterable[str] = ()) -> tuple[Flagged, ...]:
    """Return what is odd about a tool's declaration; `strangers` are names of other servers and their tools."""
    foreign = _names(strangers)
    found: dict[tuple[str, str], Flagged] = {}
    for number, (where, text) in enumerate(_strings(declaration, "")):
        if number >= MAX_STRINGS or len(found) >= MAX_FLAGS:
            found["", "too much"] = Flagged("", "too much", "nobody can read all of it", f"over {number} strings")
            break
        for flag in _of_text(where, text, foreign):
            found.setdefault((flag.where, flag.name), flag)
    return tuple(found.values())


def orders_in(text: str) -> bool:
    """Whether a text that came from a server, as a result, gives orders to the model."""
    plain = _plain(text)
    return any(rule.name in ("talks to the model", "hides from the person") and p.search(plain) for rule, p in _rules())


def visible(text: str) -> str:
    """Return `text` with every character that is not seen, or that moves a terminal's cursor, spelled out."""
    return "".join(c if c in "\n\t" or not _is_hidden(c) else f"\\u{{{ord(c):x}}}" for c in text)


def _of_text(where: str, text: str, foreign: re.Pattern[str] | None) -> Iterator[Flagged]:
    if len(text) > MAX_TEXT_CHARS:
        yield Flagged(where, "long", "nobody reads that much before they say yes", f"{len(text)} characters")
    odd = sorted({c for c in text if c not in "\n\t\r" and _is_hidden(c)})
    if odd:
        shown = " ".join(f"U+{ord(c):04X}" for c in odd[:8])
        yield Flagged(where, "hidden text", "it has characters that are not seen", shown)
    for layer in _layers(text):
        plain = _plain(layer)
        for rule, pattern in _rules():
            hit = pattern.search(plain) if re.search(rule.at, where) else None
            if hit is not None:
                yield Flagged(where, rule.name, rule.reason, _excerpt(plain, hit))
        hit = foreign.search(plain) if foreign else None
        if hit is not None:
            yield Flagged(
                where, "reaches for other tools", "it names a server or tool of another", _excerpt(plain, hit)
            )


def _layers(text: str) -> Iterator[str]:
    """Yield a text as it stands and as it reads once its escapes, its tag characters and its base64 are undone."""
    text = text[: 2 * MAX_TEXT_CHARS]
    yield text
    tags = "".join(chr(ord(c) - 0xE0000) for c in text if 0xE0020 <= ord(c) <= 0xE007E)
    if tags:
        yield tags
    if _ESCAPES.search(text):
        spelled = re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1] or m[2], 16)), text)
        yield html.unescape(unquote(spelled))
    if _LEET.search(text):
        yield text.translate(_DIGITS)
    for run in _ENCODED.findall(text):
        try:
            decoded = base64.b64decode(run.translate(str.maketrans("-_", "+/")).rstrip("=") + "==", validate=False)
            words = decoded.decode("utf-8")
        except (binascii.Error, ValueError):
            continue
        if words.isprintable():
            yield words


def _plain(text: str) -> str:
    """Return a text as a careless reader sees it: in lower case, nothing hidden, look-alike letters replaced."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if not _is_hidden(c) or c in "\n\t")
    return re.sub(r"\s+", " ", seen.casefold().translate(_LETTERS))


def _is_hidden(character: str) -> bool:
    return (character < " " or character == "\x7f") if character.isascii() else is_unseen(character)


def _strings(value: object, where: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield every string with its place, keys of objects too; what lies too deep is told as a text of its own."""
    if depth > MAX_DEPTH:
        yield where, "<system> nested deeper than anybody looks"
    elif isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, inner in cast("dict[object, object]", value).items():
            name = str(key)
            here = f"{where}/{name[:40]}"
            yield f"{here} (name)", name.replace("_", " ")
            yield from _strings(inner, here, depth + 1)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(cast("list[object]", value)):
            yield from _strings(inner, f"{where}/{number}", depth + 1)


def _names(strangers: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds a name of another; an everyday word counts only where it is used as a name."""
    names = {name.casefold() for name in strangers if name}
    coined = "|".join(sorted(re.escape(name) for name in names if not name.isalpha()))
    words = "|".join(sorted(re.escape(name) for name in names if name.isalpha()))
    shapes: list[str] = []
    if coined:
        shapes.append(rf"(?<![\w-])(?:{coined})(?![\w-])")
    if words:
        shapes.append(rf"\b(?:call|invoke|tool|server|function)\s+['\"`]?(?:{words})(?![\w-])")
        used = r"['\"`]?\s+(?:tool|server|is (?:used|called|invoked))|[./:]\w|['\"`]?\(\)"
        shapes.append(rf"(?<![\w-])(?:{words})(?:{used})")
    return re.compile("|".join(shapes)) if shapes else None


def _excerpt(text: str, hit: re.Match[str]) -> str:
    start = max(0, hit.start() - 40)
    return visible(text[start : start + EXCERPT_CHARS].strip())


@cache
def _rules() -> tuple[tuple[_Rule, re.Pattern[str]], ...]:
    data = (files("bridle.harness.mcp") / "poison.toml").read_bytes()
    rows = msgspec.toml.decode(data, type=dict[str, tuple[_Rule, ...]])["rule"]
    return tuple((row, re.compile(pattern)) for row in rows for pattern in row.patterns)
