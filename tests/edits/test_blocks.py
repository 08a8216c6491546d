"""Whole blocks by one of their lines, in every language: `tests/cases/blocks.txt` says which line names which."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from edit_desk import Desk, Lines

from bridle.harness.edits.blocks import NoBlockError, block_range
from bridle.harness.edits.syntax import SyntaxReader
from bridle.harness.edits.syntax import reader as reader_of_this_process
from bridle.indexer.languages.grammars import GRAMMARS, Grammar, MissingGrammarError, grammar_of, parser_of
from bridle.indexer.syntax import Locate, Located, Unanswered

CASES = Path(__file__).resolve().parents[1] / "cases" / "blocks.txt"


def cases() -> dict[str, list[tuple[str, str]]]:
    """Return file → (the block that the line names, "-" for none; the line)."""
    found: dict[str, list[tuple[str, str]]] = {}
    lines: list[tuple[str, str]] = []
    for row in CASES.read_text("utf-8").split("\n")[:-1]:
        if row.startswith("=== "):
            lines = found.setdefault(row[4:], [])
        else:
            named, _, line = row.partition("|")
            lines.append((named.strip(), line))
    return found


def named(path: str, lines: list[str], line: int) -> str:
    try:
        start, end = block_range(path, lines, line)
    except NoBlockError:
        return "-"
    return f"{start + 1}-{end}"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("path", sorted(cases()))
def test_a_line_names_the_block_that_begins_there_or_none(path: str, end: str) -> None:
    rows = cases()[path]
    lines = [line + end for _, line in rows]
    assert [named(path, lines, n) for n in range(len(rows))] == [wanted for wanted, _ in rows]


def test_every_language_of_the_table_has_a_case() -> None:
    told = {grammar.name for path in cases() if (grammar := grammar_of(path))}
    assert {grammar.name for grammar in GRAMMARS} <= told


@pytest.mark.parametrize(("line", "shown"), [(5, (5, 9)), (3, (1, 9)), (4, (3, 9))])
def test_every_line_of_a_block_must_have_been_shown_its_comment_and_attributes_too(
    line: int, shown: tuple[int, int]
) -> None:
    source = "use a;\n\n/// Doc.\n#[x]\npub struct A {\n    a: u8,\n}\n\nfn g() {}\n"
    at = Desk({"a.rs": source})
    anchor = Lines(Desk({"a.rs": source}).read("a.rs"))[line]
    at.read("a.rs", shown)
    call = {"files": [{"path": "a.rs", "rev": 1, "edits": [{"block": anchor, "text": "struct A;"}]}]}
    if shown[0] > 3:
        problem = at.refusal(call)
        assert problem.code == "E_UNSEEN"
        assert "/// Doc." in str(problem)
        at.resend(problem)
    else:
        at.land(call)
    assert at.text("a.rs") == "use a;\n\nstruct A;\n\nfn g() {}\n"


def test_a_line_in_the_middle_of_a_comment_says_which_line_would_do() -> None:
    at = Desk({"a.go": "package a\n\n// F does\n// this.\nfunc F() {}\n"})
    line = Lines(at.read("a.go"))
    problem = at.refusal({"files": [{"path": "a.go", "rev": 1, "edits": [{"block": line[4]}]}]})
    assert (problem.code, "begins on line 3" in str(problem)) == ("E_RANGE", True)


def test_a_block_of_a_language_without_a_grammar_is_refused_with_those_there_are() -> None:
    with pytest.raises(NoBlockError, match=r"knows Python, JavaScript.* use 'at'"):
        block_range("a.txt", ["a\n"], 0)


def test_a_grammar_that_is_not_installed_is_told_by_its_wheel() -> None:
    with pytest.raises(MissingGrammarError, match=r"the grammar of Nix is not installed \(tree-sitter-nowhere\)"):
        parser_of(Grammar("Nix", (".nix",), "tree_sitter_nowhere", frozenset()))


@pytest.fixture
def reader() -> Generator[SyntaxReader]:
    made = SyntaxReader(timeout_s=0.5)
    yield made
    made.close()


@pytest.mark.slow
def test_a_question_that_takes_too_long_ends_its_process_and_the_next_is_answered(reader: SyntaxReader) -> None:
    assert reader.ask(Locate("a.cpp", b"<a>" * 20_000, 0)) == Unanswered("reading its syntax took longer than 0.5 s")
    assert reader.ask(Locate("a.cpp", b"f();\n", 0)) == Located(0, 1)


def test_a_process_that_dies_costs_one_question(reader: SyntaxReader) -> None:
    assert reader.ask(Locate("a.go", b"package a\n", 0)) == Located(0, 1)
    assert reader.pid
    os.kill(reader.pid, signal.SIGKILL)
    assert isinstance(reader.ask(Locate("a.go", b"package a\n", 0)), Unanswered)
    assert reader.ask(Locate("a.go", b"package a\n", 0)) == Located(0, 1)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"(" * 50_000, b"{" * 50_000, b"\x00" * 999, b"<a>" * 300])
@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_no_text_ends_the_process(grammar: Grammar, text: bytes) -> None:
    told = reader_of_this_process().ask(Locate(f"a{grammar.suffixes[0]}", text, 0))
    assert isinstance(told, (Located, Unanswered))
    assert not (isinstance(told, Unanswered) and "stream ended" in told.reason)
