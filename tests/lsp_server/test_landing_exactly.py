"""What is sent, what must come of it, and what takes it back: against a client that only knows the protocol."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types as lsp

from bridle.harness.engine import FilePatch
from bridle.indexer.text import LineEdit, Place, PositionEncoding, Text, apply_edits, split_lines
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.documents import Document, Documents
from bridle.lsp_server.echo import Echo
from bridle.lsp_server.instructions import instruction_at
from bridle.lsp_server.landing import (
    carry,
    inverse_edits,
    line_map,
    ready,
    rebased_patch,
    same_text,
    text_digest,
    text_edits,
    workspace_edit,
)
from bridle.lsp_server.offers import Offers

URI = "file:///w/a.py"
words = st.sampled_from(["a", "b", "größe", "😀x", ""])
ends = st.sampled_from(["\n", "\r\n"])
texts = st.tuples(st.lists(st.tuples(words, ends), max_size=8), words).map(
    lambda parts: "".join(word + end for word, end in parts[0]) + parts[1]
)
encodings: st.SearchStrategy[PositionEncoding] = st.sampled_from(["utf-8", "utf-16", "utf-32"])


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, tuple[LineEdit, ...]]:
    """A text and edits of it, sorted and apart; only the last may leave the text without a final line end."""
    text = draw(texts)
    lines = split_lines(text)
    count = len(lines) if lines[-1] else len(lines) - 1
    cuts = sorted(draw(st.lists(st.integers(0, count), max_size=6)))
    edits: list[LineEdit] = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        if edits and start == edits[-1].end:
            continue
        fresh = "".join(word + "\n" for word in draw(st.lists(words, max_size=3)))
        edits.append(LineEdit(start, end, fresh + draw(words) if end == count else fresh))
    return text, tuple(edits)


def reference_client(text: str, edits: Sequence[lsp.TextEdit], encoding: PositionEncoding) -> str:
    """Apply edits as the protocol says: all places mean the text before, later ones first."""
    document = Text(text, encoding)
    for edit in reversed(edits):
        start, end = edit.range.start, edit.range.end
        document.replace(Place(start.line, start.character), Place(end.line, end.character), edit.new_text)
    return str(document)


@pytest.mark.slow
@settings(max_examples=200)
@given(edited(), encodings)
def test_a_client_that_applies_what_is_sent_has_the_expected_text(
    case: tuple[str, tuple[LineEdit, ...]], encoding: PositionEncoding
) -> None:
    text, edits = case
    sent = text_edits(Text(text, encoding), edits)
    assert reference_client(text, sent, encoding) == apply_edits(text, edits)


@pytest.mark.slow
@settings(max_examples=200)
@given(edited())
def test_the_inverse_takes_an_edit_back_to_the_byte(case: tuple[str, tuple[LineEdit, ...]]) -> None:
    text, edits = case
    assert apply_edits(apply_edits(text, edits), inverse_edits(text, edits)) == text


def open_document(text: str) -> tuple[Documents, Document]:
    documents = Documents("utf-16", lambda uri: "a.py")
    return documents, documents.open(lsp.TextDocumentItem(URI, "python", 1, text))


def type_in(documents: Documents, document: Document, *changes: tuple[Place, Place, str]) -> None:
    documents.change(
        lsp.DidChangeTextDocumentParams(
            lsp.VersionedTextDocumentIdentifier(document.version + 1, URI),
            [lsp.TextDocumentContentChangePartial(_range(start, end), text) for start, end, text in changes],
        )
    )


def _range(start: Place, end: Place) -> lsp.Range:
    return lsp.Range(lsp.Position(start.line, start.character), lsp.Position(end.line, end.character))


LINES = "".join(f"line {n}\n" for n in range(12))
typing = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["typed\n", "x", "y\nz\n"])), max_size=5)
targets = st.sets(st.integers(0, 11), min_size=1, max_size=3)


@pytest.mark.slow
@settings(max_examples=150)
@given(targets, typing, typing)
async def test_typing_before_and_behind_an_edit_never_hides_that_it_landed(
    lines: set[int], before: list[tuple[int, str]], behind: list[tuple[int, str]]
) -> None:
    """Whatever the person types around it, an edit that stood where it was meant is seen, and taken back alone."""
    documents, document = open_document(LINES)
    edits = tuple(LineEdit(n, n + 1, f"LANDED {n}\n") for n in sorted(lines))
    echo = Echo(documents, {"a.py": (document, edits)})
    since = document.revision
    for line, text in before:
        type_in(documents, document, (Place(line, 0), Place(line, 0), text))
    moved = document.log.since(since)
    assert moved is not None
    carried = carry(edits, moved, document)
    if carried.conflicts:
        assert await echo.wait(0) == {}
        return
    clean = str(document.text)
    type_in(
        documents,
        document,
        *((Place(e.start, 0), Place(e.end, 0), e.text) for e in reversed(carried.edits)),
        *((Place(line, 0), Place(line, 0), text) for line, text in behind),
    )
    landed = (await echo.wait(0))["a.py"]
    assert landed.buffer.text == apply_edits(clean, carried.edits)
    assert apply_edits(landed.buffer.text, landed.inverse) == clean


async def test_an_edit_that_landed_elsewhere_did_not_land() -> None:
    documents, document = open_document(LINES)
    echo = Echo(documents, {"a.py": (document, (LineEdit(3, 4, "LANDED\n"),))})
    type_in(documents, document, (Place(5, 0), Place(6, 0), "LANDED\n"))
    assert await echo.wait(0) == {}


async def test_an_edit_that_changes_nothing_has_landed_already() -> None:
    documents, document = open_document(LINES)
    echo = Echo(documents, {"a.py": (document, (LineEdit(3, 4, "line 3\n"),))})
    assert (await echo.wait(0))["a.py"].buffer.text == LINES


async def test_line_ends_are_the_editors_to_choose() -> None:
    documents, document = open_document("a\r\nb\r\n")
    echo = Echo(documents, {"a.py": (document, (LineEdit(1, 2, "c\n"),))})
    type_in(documents, document, (Place(1, 0), Place(2, 0), "c\r\n"))
    assert (await echo.wait(0))["a.py"].buffer.text == "a\r\nc\r\n"
    assert not same_text("a\nb", "a\n\nb")


def patch_of(document: Document, *edits: LineEdit) -> FilePatch:
    before = str(document.text)
    return FilePatch("a.py", text_digest(before), "", edits, (), document.revision)


@pytest.mark.parametrize("known_by", ["the log", "a remembered text", "its content now", "its content when opened"])
def test_a_hunk_is_found_by_whatever_tells_for_sure(known_by: str) -> None:
    documents, document = open_document(LINES)
    patch = patch_of(document, LineEdit(5, 6, "new\n"))
    offers, remembered = Offers(), None
    if known_by != "the log":
        documents, document = open_document(LINES if "content" in known_by else "# elsewhere\n" + LINES)
    if known_by == "a remembered text":
        remembered = LINES
    if known_by != "its content now":
        type_in(documents, document, (Place(0, 0), Place(0, 0), "# above\n"))
    moved = line_map(document, patch, remembered)
    assert moved is not None
    (edit,) = carry(patch.edits, moved, document).edits
    assert document.text.lines[edit.start] == "line 5\n"
    assert offers.open() == []


def test_without_anything_that_tells_nothing_is_guessed() -> None:
    _, document = open_document(LINES)
    patch = patch_of(document, LineEdit(5, 6, "new\n"))
    _, other = open_document("# other\n" + LINES)
    assert line_map(other, patch) is None


def test_a_carried_patch_is_exact_against_the_document_as_it_is() -> None:
    documents, document = open_document(LINES)
    patch = patch_of(document, LineEdit(5, 6, "new\n"))
    type_in(documents, document, (Place(0, 0), Place(0, 0), "# above\n"))
    moved = line_map(document, patch)
    assert moved is not None
    carried = rebased_patch(patch, carry(patch.edits, moved, document).edits, document)
    assert carried.base_version == document.revision
    assert carried.before == text_digest(str(document.text))
    after = apply_edits(str(document.text), carried.edits)
    assert carried.after == text_digest(after)
    assert apply_edits(after, carried.inverse) == str(document.text)


@pytest.mark.parametrize("versioned", [True, False])
def test_versions_are_sent_only_to_clients_that_understand_them(versioned: bool) -> None:
    _, document = open_document(LINES)
    edit = workspace_edit([ready(document, [LineEdit(0, 1, "x\n")])], Client(document_changes=versioned))
    assert (edit.document_changes is not None) is versioned
    assert (edit.changes is not None) is not versioned


@pytest.mark.parametrize(
    ("line", "instruction"),
    [
        ("# bridle: make this retry", "make this retry"),
        ("x = 1  # bridle:  add types  ", "add types"),
        ("// bridle: ünïcode 😀", "ünïcode 😀"),
        ("/* bridle: and so on */", "and so on"),
        ("# bridle:", ""),
        ("bridle: no comment", ""),
        ("'x#bridle: inside a word'", ""),
    ],
)
def test_an_instruction_is_a_comment_that_names_us(line: str, instruction: str) -> None:
    assert instruction_at([f"{line}\n"], 0, 1) == instruction
