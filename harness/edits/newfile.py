"""A file that a call creates: its bytes, or why they cannot be."""

from __future__ import annotations

from bridle.context.anchors import lines_of
from bridle.context.redact import SecretElsewhereError, restore
from bridle.harness.edits.draft import unparsed
from bridle.harness.edits.guards import conflict_markers, pasted_anchors
from bridle.harness.edits.patch import encode_fresh
from bridle.harness.edits.placing import as_lines
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.request import FileWish
from bridle.harness.edits.syntax_guard import syntax_broken
from bridle.indexer.encoding import UndecodableError, decode

_FORM = 'A new file takes edits: [{"after": "0", "text": …}] and nothing else.'


def new_file(wish: FileWish) -> bytes:
    """Return the bytes of the file that `wish` creates. Raises ToolProblem."""
    if any(edit.kind != "after" or str(edit.place).strip() not in {"0", "$"} or edit.was for edit in wish.edits):
        raise ToolProblem("E_RANGE", wish.path, _FORM)
    text = "".join(_closed(edit.text or "") for edit in wish.edits)
    _guard(wish.path, text)
    try:
        data = encode_fresh(text)
        same = decode(data).text == text.removeprefix("\ufeff")
    except (UnicodeEncodeError, UndecodableError) as error:
        raise ToolProblem("E_ENCODING", wish.path, f"The text cannot be written: {error}.") from error
    if not same:
        raise ToolProblem("E_ENCODING", wish.path, "The text cannot be written in the encoding that it declares.")
    return data


def _guard(path: str, text: str) -> None:
    lines = as_lines(text)
    if pasted_anchors(lines, []) is not None:
        raise ToolProblem("E_ECHO", path, "The text holds anchors of the read form; leave them out.")
    if marker := conflict_markers(lines, []):
        raise ToolProblem("E_SYNTAX", path, f"The text holds a merge conflict marker, {marker[:40]!r}.")
    try:
        restore(text, [])
    except SecretElsewhereError as error:
        raise ToolProblem("E_SECRET", path, f"{error.placeholder} may only stand where that secret stood.") from error
    broken = syntax_broken(path, None, text)
    if broken and not broken.only_warns:
        raise ToolProblem("E_SYNTAX", path, unparsed("The file would not parse", broken, text))


def _closed(text: str) -> str:
    """A text is whole lines: the last one gets its end where it was left out."""
    lines = lines_of(text)
    return text if not lines or lines[-1].endswith(("\n", "\r")) else f"{text}\n"
