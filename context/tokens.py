"""How many tokens a text costs, estimated without any model's vocabulary: a little too many rather than too
few.

The estimate of a text is the sum over its lines, so that a pack can be counted piece by piece.
"""

from __future__ import annotations

import re

_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]{1,3}|[^\S \n]+|  +|[^\sA-Za-z0-9]")
_LETTERS_PER_TOKEN = 7


def count(text: str) -> int:
    """Return the estimated tokens of `text`."""
    return sum(map(_cost, _PIECE.findall(text))) + text.count("\n")


def _cost(piece: str) -> int:
    if not piece.isascii():
        return len(piece.encode("utf-8", "surrogatepass"))
    return 1 + (len(piece) - 1) // _LETTERS_PER_TOKEN if piece.isalpha() else 1
