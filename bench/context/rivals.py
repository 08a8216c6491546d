"""What others do: BM25 over plain words, and searching for the keywords of a question as with ripgrep."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from bridle.context.signals import idle_words
from bridle.indexer.facts import FileFacts, Symbol

MAX_LISTED = 400
MAX_KEYWORDS = 12
_WORD = re.compile(rb"[A-Za-z_]\w*")
K1, B = 1.2, 0.75


def by_plain_words(query: str, facts: Mapping[str, FileFacts], texts: Mapping[str, bytes]) -> list[str]:
    """Return definitions by BM25 over the words of their lines as they stand, in small letters."""
    counts: list[Counter[bytes]] = []
    names: list[str] = []
    for path, known in sorted(facts.items()):
        for symbol in known.symbols[1:]:
            words = _WORD.findall(texts[path], symbol.span.start_byte, symbol.span.end_byte)
            counts.append(Counter(word.lower() for word in words))
            names.append(symbol.id)
    lengths = [sum(one.values()) for one in counts]
    mean = max(1.0, sum(lengths) / max(1, len(lengths)))
    scores = [0.0] * len(counts)
    for term in dict.fromkeys(word.lower() for word in _WORD.findall(query.encode())):
        holding = [n for n, one in enumerate(counts) if term in one]
        rarity = math.log(1 + (len(counts) - len(holding) + 0.5) / (len(holding) + 0.5))
        for n in holding:
            count = counts[n][term]
            scores[n] += rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * lengths[n] / mean))
    best = sorted((n for n in range(len(scores)) if scores[n]), key=lambda n: (-scores[n], names[n]))
    return [names[n] for n in best[:MAX_LISTED]]


def by_keywords(query: str, facts: Mapping[str, FileFacts], texts: Mapping[str, bytes]) -> list[str]:
    """Return definitions by how many of the question's telling words stand on their lines, as `rg -iw` finds them."""
    words = [word for word in _WORD.findall(query.encode()) if word.lower().decode() not in idle_words()]
    kept = list(dict.fromkeys(word.lower() for word in words if len(word) > 2))[:MAX_KEYWORDS]
    found: dict[str, tuple[set[bytes], int]] = {}
    pattern = re.compile(rb"(?i)\b(?:" + b"|".join(map(re.escape, kept)) + rb")\b") if kept else None
    for path, known in sorted(facts.items()) if pattern else ():
        for hit in pattern.finditer(texts[path]) if pattern else ():
            symbol = _around(known.symbols, hit.start())
            if symbol is not None:
                distinct, number = found.get(symbol.id, (set[bytes](), 0))
                found[symbol.id] = (distinct | {hit[0].lower()}, number + 1)
    return sorted(found, key=lambda one: (-len(found[one][0]), -found[one][1], one))[:MAX_LISTED]


def _around(symbols: Sequence[Symbol], at: int) -> Symbol | None:
    inner = None
    for symbol in symbols[1:]:
        if symbol.span.start_byte > at:
            break
        if at < symbol.span.end_byte:
            inner = symbol
    return inner
