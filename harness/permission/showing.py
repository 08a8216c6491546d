"""A command or a path as a person can judge it: all of it, and nothing in it that hides the rest.

What cannot be seen is spelled out, and a stretch of blanks that would push the end out of sight is told by its length.
"""

from __future__ import annotations

import re
import unicodedata

MAX_BLANKS = 8

_BLANKS = re.compile(rf"[ \t]{{{MAX_BLANKS + 1},}}")
_UNSEEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def shown(text: str) -> str:
    """Return `text` on one line, every character of it visible."""
    short = _BLANKS.sub(lambda found: f" ⟨{len(found[0])} blanks⟩ ", text)
    return "".join(map(_visible, short))


def _visible(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    category = unicodedata.category(character)
    if category in _UNSEEN or (category == "Zs" and character != " "):
        return f"⟨U+{ord(character):04X}⟩"
    return character
