"""From patches to the client's edits: where lines of a patch stand now, what to send, what must come of it. Pure.

Lines are carried by the document's own log; where the log has a hole, by comparing with a remembered text. A line that
changed since is a conflict, never guessed. What is sent are whole lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from lsprotocol import types as lsp

from bridle.harness.engine import FilePatch
from bridle.indexer.digest import digest
from bridle.indexer.history import DiffedMap, LineMap, LoggedMap, Rebased, rebase
from bridle.indexer.text import LineEdit, Text, apply_edits, line_body, split_lines, unit_length
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.documents import Document

MAX_WAYS = 64
"""How many ways to read a text as chosen edits are followed at once."""


def line_map(document: Document, patch: FilePatch, remembered: str | None = None) -> LineMap | None:
    """Return where the lines that `patch` was made for stand in `document`; None when nothing tells.

    `remembered` is the text at the patch's revision, for when the log does not reach back to it.
    """
    if patch.base_version is not None and (logged := document.log.since(patch.base_version)) is not None:
        return logged
    if remembered is not None:
        return DiffedMap(list(map(line_body, split_lines(remembered))), list(map(line_body, document.text.lines)))
    if patch.before == text_digest(str(document.text)):
        return LoggedMap(())
    if patch.before == text_digest(document.opened_text):
        return document.log.since(document.opened_at)
    return None


def carry(edits: Sequence[LineEdit], moved: LineMap, document: Document) -> Rebased:
    """Carry line edits of an older text onto the document's lines."""
    old_count = 1 + max((edit.end for edit in edits), default=0)
    return rebase(edits, moved, old_count, len(document.text.lines))


def rebased_patch(patch: FilePatch, edits: tuple[LineEdit, ...], document: Document) -> FilePatch:
    """Return `patch` as it is against the document now."""
    before = str(document.text)
    after = apply_edits(before, edits)
    return FilePatch(
        path=patch.path,
        before=text_digest(before),
        after=text_digest(after),
        edits=edits,
        inverse=inverse_edits(before, edits),
        base_version=document.revision,
    )


def inverse_edits(before: str, edits: Sequence[LineEdit]) -> tuple[LineEdit, ...]:
    """Return the edits that take `edits` back from the text after them, byte for byte."""
    old = split_lines(before)
    inverse: list[LineEdit] = []
    shift = 0
    for edit in edits:
        if old[-1] and edit.end == len(old):  # what follows a last line without an end changes that line as well
            first = min(edit.start, len(old) - 1)
            n_after = _count(apply_edits(before, edits))
            return (*inverse, LineEdit(first + shift, n_after, "".join(old[first:])))
        size = _count(edit.text)
        inverse.append(LineEdit(edit.start + shift, edit.start + shift + size, "".join(old[edit.start : edit.end])))
        shift += size - (edit.end - edit.start)
    return tuple(inverse)


class Ready(msgspec.Struct, frozen=True):
    """One document's part of a landing: what is sent, and the text that must come of it."""

    uri: str
    version: int
    edits: tuple[lsp.TextEdit, ...]
    expected: str


def ready(document: Document, edits: Sequence[LineEdit]) -> Ready:
    """Return what to send for `edits`, which are in lines of the document as it is."""
    text = str(document.text)
    return Ready(document.uri, document.version, text_edits(document.text, edits), apply_edits(text, edits))


def text_edits(text: Text, edits: Sequence[LineEdit]) -> tuple[lsp.TextEdit, ...]:
    """Return `edits` as the protocol has them: from line start to line start.

    Only an edit that reaches the end of a last line without an end stops behind its last character.
    """
    lines = text.lines
    count = len(lines) if lines[-1] else len(lines) - 1
    whole = [edit for edit in edits if not lines[-1] or edit.end < count]
    tail = edits[len(whole) :]
    found = [lsp.TextEdit(range=_lines(edit.start, edit.end), new_text=edit.text) for edit in whole]
    if tail:
        start = tail[0].start
        head = apply_edits("".join(lines[:start]), whole)
        end = lsp.Position(line=count - 1, character=unit_length(line_body(lines[-1]), text.encoding))
        begin = lsp.Position(line=start, character=0) if start < count else end
        fresh = apply_edits(str(text), edits)[len(head) :]
        found.append(lsp.TextEdit(range=lsp.Range(start=begin, end=end), new_text=fresh))
    return tuple(found)


def workspace_edit(parts: Sequence[Ready], client: Client) -> lsp.WorkspaceEdit:
    """Return one edit of the parts' documents, versioned where the client understands it."""
    if not client.document_changes:
        return lsp.WorkspaceEdit(changes={part.uri: list(part.edits) for part in parts})
    changes = [
        lsp.TextDocumentEdit(
            text_document=lsp.OptionalVersionedTextDocumentIdentifier(uri=part.uri, version=part.version),
            edits=list(part.edits),
        )
        for part in parts
    ]
    return lsp.WorkspaceEdit(document_changes=changes)


def annotated_edit(
    parts: Sequence[tuple[Document, Sequence[LineEdit], Sequence[str]]], notes: Mapping[str, tuple[str, str]]
) -> lsp.WorkspaceEdit:
    """Return one edit that the person confirms part by part: each edit carries the mark of its part.

    `notes` are the label and the description of each mark.
    """
    changes: list[lsp.TextDocumentEdit] = []
    for document, edits, marks in parts:
        sent = zip(text_edits(document.text, edits), marks, strict=False)  # the last ones may have become one
        name = lsp.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
        annotated = [lsp.AnnotatedTextEdit(range=e.range, new_text=e.new_text, annotation_id=mark) for e, mark in sent]
        changes.append(lsp.TextDocumentEdit(text_document=name, edits=list(annotated)))
    told = {
        mark: lsp.ChangeAnnotation(label=label, needs_confirmation=True, description=description)
        for mark, (label, description) in notes.items()
    }
    return lsp.WorkspaceEdit(document_changes=list(changes), change_annotations=told)


def which_stand(before: str, edits: Sequence[LineEdit], after: str) -> frozenset[int] | None:
    """Return which of `edits`, by number, make `after` of `before`; None where no choice of them does.

    Where several choices do, the largest. Line ends count for nothing.
    """
    lines = split_lines(_plain(before))
    after = _plain(after)
    ways: dict[int, tuple[int, ...]] = {0: ()}
    """How far into `after` each choice among the edits so far reaches."""
    done = 0
    for number, edit in enumerate(edits):
        between, old = "".join(lines[done : edit.start]), "".join(lines[edit.start : edit.end])
        fresh, done = _plain(edit.text), edit.end
        found: dict[int, tuple[int, ...]] = {}
        for reached, chosen in ways.items():
            at = reached + len(between)
            if after[reached:at] != between:
                continue
            end = "\n" if fresh and at and after[at - 1] != "\n" else ""
            for text, taken in ((old, chosen), (end + fresh, (*chosen, number))):
                if after.startswith(text, at):
                    found[at + len(text)] = _longest(found.get(at + len(text), ()), taken)
        ways = dict(sorted(found.items(), key=lambda way: -len(way[1]))[:MAX_WAYS])
    rest = "".join(lines[done:])
    whole = [taken for at, taken in ways.items() if after[at:] == rest]
    return frozenset(_longest(*whole, ())) if whole else None


def same_text(one: str, other: str) -> bool:
    """Tell whether two texts are equal but for their line ends, which editors choose themselves."""
    return one == other or _plain(one) == _plain(other)


def text_digest(text: str) -> str:
    """Return the digest that a file in UTF-8 with this text has."""
    return digest(text.encode("utf-8", "surrogatepass"))


def _lines(start: int, end: int) -> lsp.Range:
    return lsp.Range(start=lsp.Position(line=start, character=0), end=lsp.Position(line=end, character=0))


def _count(text: str) -> int:
    lines = split_lines(text)
    return len(lines) if lines[-1] else len(lines) - 1


def _longest(*ways: tuple[int, ...]) -> tuple[int, ...]:
    return max(ways, key=len)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
