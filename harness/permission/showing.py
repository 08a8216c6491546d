"""A command or a path as a person can judge it: all of it, and nothing in it that hides the rest.

What cannot be seen is spelled out, and a stretch of blanks that would push the end out of sight is told by its length.
"""

from __future__ import annotations

import re
import unicodedata

MAX_BLANKS = 8

_BLANKS = re.compile(rf"[ \t]{{{MAX_BLANKS + 1},}}")
_UNSEEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
_IGNORABLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks that a font may leave out: Unicode's Default_Ignorable_Code_Point outside of the classes above."""
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def shown(text: str) -> str:
    """Return `text` on one line, every character of it visible."""
    short = _BLANKS.sub(lambda found: f" ⟨{len(found[0])} blanks⟩ ", text)
    return "".join(map(_visible, short))


def is_unseen(character: str) -> bool:
    """Tell whether a character steers a screen, or a font may show nothing of it."""
    return unicodedata.category(character) in _UNSEEN or _IGNORABLE.match(character) is not None


def _visible(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    blank = character != " " and unicodedata.category(character) == "Zs"
    return f"⟨U+{ord(character):04X}⟩" if blank or is_unseen(character) else character
