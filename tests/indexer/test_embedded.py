"""Script blocks of HTML and of Vue's components: what is left of a file, and where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.indexer.digest import digest
from bridle.indexer.facts import SymbolId
from bridle.indexer.index import Index
from bridle.indexer.languages.embedded import script_in
from bridle.indexer.languages.readers import reader_of

PAGE = """<!-- <script>no()</script> -->
<script src="x.js"></script>
<script data-of='a > b'>
  one();
</script>
<style>two { }</style>
<SCRIPT type="text/template">three()</SCRIPT>
<script type=module>four()</script >
<p>five()</p>
"""


def left(path: str, text: str) -> list[str]:
    return script_in(path, text.encode()).decode().split()


def test_of_a_page_its_scripts_are_left_where_they_stood() -> None:
    assert left("a.html", PAGE) == ["one();", "four()"]
    at = PAGE.index("one();")
    assert script_in("a.html", PAGE.encode())[at : at + 6] == b"one();"


def test_of_a_component_the_expressions_of_its_template_are_left_as_statements() -> None:
    tag = """<Box :n='one' @a="two(); three()" v-for="x in xs" title="no">"""
    text = f"<template>\n{tag}{{{{ four | five }}}} six</Box>\n</template>"
    assert " ".join(left("a.vue", text)) == ";Box ;(one) ;{two(); three()} ;($ in xs) ;( four | five )"


@pytest.mark.parametrize("path", ["a.vue", "a.html"])
@given(st.text(st.sampled_from("<>/!-{}\"'=:@# \n\réx") | st.sampled_from(list("scriptemlay")), max_size=200))
def test_whatever_a_file_holds_its_bytes_stay_where_they_stand(path: str, text: str) -> None:
    source = text.encode()
    kept = script_in(path, source)
    assert len(kept) == len(source)
    assert [n for n, byte in enumerate(kept) if byte in b"\r\n"] == [n for n, b in enumerate(source) if b in b"\r\n"]


@pytest.mark.parametrize("piece", ["<!--", "<script>", "{{", "<template>", '<a :b="', "<script a='"])
def test_long_broken_markup_costs_time_in_its_length_only(piece: str) -> None:
    text = f"<template>{piece * 40_000}"
    assert len(script_in("a.vue", text.encode())) == len(text)


def test_definitions_stand_in_their_lines_and_the_digest_is_the_files() -> None:
    reader, source = reader_of("a/Box.vue"), b"<p>\n</p>\n<script>\n// doc\nfunction made() {}\n</script>\n"
    assert reader is not None
    known = reader.facts("a/Box.vue", source)
    assert [(one.name, one.kind, one.span.start_line) for one in known.symbols] == [
        ("Box", "module", 0),
        ("made", "function", 4),
    ]
    assert known.digest == digest(source)


def test_markup_alone_answers_no_question_about_code(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>unusual words</p>")
    (tmp_path / "other.html").write_text("<p>unusual words</p><script>function unusual() {}</script>")
    index = Index(tmp_path, None)
    try:
        found = index.refresh().search("unusual words", 9)
        assert [hit.symbol for hit in found] == [SymbolId("other.html::unusual")]
    finally:
        index.close()
