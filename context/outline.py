"""Signatures as they stand in the outline: one short line a definition, grouped by file. Pure.

What a reader knows without being told is left out, so that more of them fit: the words that begin every function, the
receiver that every method has, and the end of a line that is very long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bridle.context.redact import redact
from bridle.context.tokens import count
from bridle.indexer.facts import Symbol

HEAD = "Signatures of what else may matter (read a file before you edit it):"
MOST_CHARS, MOST_CHARS_OF_A_VALUE = 120, 48
CUT = "…"
_BEGINNING = re.compile(r"^(?:export |default |public |static |def |func |function )+(?=\S)")
_RECEIVER = re.compile(r"\((?:self|cls)(?:, |(?=\)))")


def brief(signature: str, kind: str = "") -> str:
    """Return a signature without what goes without saying. Secrets are hidden first."""
    hidden = "".join(redact(signature).lines)
    text = _RECEIVER.sub("(", _BEGINNING.sub("", " ".join(hidden.split())), count=1)
    most = MOST_CHARS_OF_A_VALUE if kind == "variable" else MOST_CHARS
    return text if len(text) <= most else text[: most - 1] + CUT


def line_of(symbol: Symbol) -> str:
    """Return the line of a definition: the number of its own line, and its signature."""
    return f" {symbol.span.start_line + 1} {brief(symbol.signature, symbol.kind)}"


def cost_of(symbol: Symbol) -> int:
    """Return the tokens of a definition's line."""
    return count(line_of(symbol)) + 1


def outline(named: Mapping[str, Sequence[Symbol]]) -> str:
    """Return the text for definitions by file, those of a file in source order; "" for none."""
    lines = [HEAD] if named else []
    for path, symbols in named.items():
        lines.append(path)
        lines += [line_of(symbol) for symbol in sorted(symbols, key=lambda symbol: symbol.span)]
    return "\n".join(lines)
