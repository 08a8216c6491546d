"""The whole definition or statement that a line names, as a range of lines, in every language with a grammar.

What belongs to a block and by which lines it may be named is told in `indexer/languages/blocks.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridle.context.readform import Range
from bridle.harness.edits.syntax import reader
from bridle.indexer.languages.blocks import NoBlockError
from bridle.indexer.languages.grammars import GRAMMARS, grammar_of
from bridle.indexer.syntax import Locate, Located

__all__ = ["MAX_CHARS", "NoBlockError", "block_range"]

MAX_CHARS = 2_000_000
_INSTEAD = "use 'at' with the first and last line"


def block_range(path: str, lines: Sequence[str], line: int) -> Range:
    """Return the lines of the block that 0-based `line` of `lines` (with their ends) names. Raises NoBlockError."""
    if grammar_of(path) is None:
        known = ", ".join(grammar.name for grammar in GRAMMARS)
        raise NoBlockError(f"'block' knows {known}; {_INSTEAD}")
    text = "".join(lines)
    if len(text) > MAX_CHARS:
        raise NoBlockError(f"the file is too large for 'block'; {_INSTEAD}")
    told = reader().ask(Locate(path, text.encode("utf-8", "replace"), line))
    if not isinstance(told, Located):
        reason = getattr(told, "reason", "its syntax cannot be read")
        raise NoBlockError(f"{reason}; {_INSTEAD}")
    return told.start, told.end
