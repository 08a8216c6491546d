"""Sections of pages and keys of data: what of them is known, where their links lead, and what is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.indexer.facts import FileFacts, SymbolId
from bridle.indexer.index import Index
from bridle.indexer.languages.readers import READERS, TEXTS, reader_of, suffixes
from bridle.indexer.languages.structure import MAX_PARTS
from bridle.indexer.languages.tables import MAX_ENTRIES
from bridle.indexer.linked import Linked
from bridle.indexer.parse import MAX_TEXT_BYTES, Job, Parsed, Unread, parse
from bridle.indexer.vectors.chunks import chunks_of

GUIDE = """---
title: no section
---
# Getting `started`

See [the cart](../src/cart.py), [below](#two-words), `[not](this.md)` and [more](more.md#all-of-it "title").

Two words
---------

- # in a list

> # in a quotation

```
# in code
```

### v1.2 (old)

| a | [b](more.md) |
|---|---|

[there]: /README.md

# Last
"""

WORKFLOW = """on: {push: {branches: [main]}}
jobs:
  test: &test
    runs-on: ubuntu
    steps:
      - name: not a key
  'quoted key':
    needs: test
"""

PROJECT = """requires.python = ">=3.11"

[project]
name = "shop"

[tool."a.b".lint]
select = {all = true}

[[tool.steps]]
run = "make"
"""


def facts_of(path: str, text: str) -> FileFacts:
    reader = reader_of(path)
    assert reader is not None
    return reader.facts(path, text.encode())


def shown(path: str, text: str) -> list[tuple[str, int, int]]:
    symbols = facts_of(path, text).symbols[1:]
    return [(one.id.partition("::")[2], one.span.start_line + 1, one.span.end_line) for one in symbols]


def test_a_page_has_its_sections_nested_by_their_levels() -> None:
    assert shown("docs/guide.md", GUIDE) == [
        ("getting-started", 4, 25),
        ("getting-started.two-words", 8, 25),
        ("getting-started.two-words.v12-old", 19, 25),
        ("last", 26, 26),
    ]
    first = facts_of("docs/guide.md", GUIDE).symbols[1]
    assert (first.name, first.kind, first.signature) == ("Getting `started`", "section", "# Getting `started`")


def test_data_has_the_keys_of_its_tables_and_none_of_its_lists() -> None:
    assert shown("ci.yml", WORKFLOW) == [
        ("on", 1, 1),
        ("on.push", 1, 1),
        ("on.push.branches", 1, 1),
        ("jobs", 2, 8),
        ("jobs.test", 3, 6),
        ("jobs.test.runs-on", 4, 4),
        ("jobs.test.steps", 5, 6),
        ("jobs.quoted key", 7, 8),
        ("jobs.quoted key.needs", 8, 8),
    ]
    assert shown("pyproject.toml", PROJECT) == [
        ("requires.python", 1, 1),
        ("project", 3, 4),
        ("project.name", 4, 4),
        ("tool.a·b.lint", 6, 7),
        ("tool.a·b.lint.select", 7, 7),
        ("tool.a·b.lint.select.all", 7, 7),
        ("tool.steps", 9, 10),
        ("tool.steps.run", 10, 10),
    ]
    package = (
        '{\n  "scripts": {\n    "build:all": "tsc"\n  },\n  "files": [{"no": 1}],\n  "a": {"b": {"c": {"d": 1}}}\n}\n'
    )
    assert [name for name, *_ in shown("package.json", package)] == [
        "scripts", "scripts.build:all", "files", "a", "a.b", "a.b.c",
    ]  # fmt: skip


def linked_of(files: Mapping[str, str]) -> Linked:
    return Linked.of({path: facts_of(path, text) for path, text in files.items()})


FILES = {
    "README.md": "# Shop\n",
    "src/cart.py": "class Cart: ...\n",
    "docs/guide.md": GUIDE,
    "docs/more.md": "# More\n\n## All of it\n",
}


def links(linked: Linked) -> set[tuple[str, str]]:
    edges = linked.edges["docs/guide.md"]
    return {(edge.source.partition("::")[2], edge.target) for edge in edges if edge.kind == "references"}


def test_a_link_leads_from_its_section_to_the_file_or_the_section_it_names() -> None:
    start, version = "getting-started", "getting-started.two-words.v12-old"
    assert links(linked_of(FILES)) == {
        (start, "src/cart.py::"),
        (start, "docs/guide.md::getting-started.two-words"),
        (start, "docs/more.md::more.all-of-it"),
        (version, "docs/more.md::"),
        (version, "README.md::"),
    }
    kinds = {edge.kind for known in linked_of(FILES).edges.values() for edge in known}
    assert kinds == {"contains", "references"}


@pytest.mark.parametrize("path", ["docs/more.md", "src/cart.py", "README.md"], ids=["a section", "code", "a page"])
def test_links_follow_files_that_come_and_go(path: str) -> None:
    whole = linked_of(FILES)
    without = whole.changed({path: None})
    assert links(without) == links(linked_of({one: text for one, text in FILES.items() if one != path}))
    assert links(without.changed({path: facts_of(path, FILES[path])})) == links(whole)


def test_a_link_follows_the_section_that_it_names() -> None:
    other = linked_of(FILES).changed({"docs/more.md": facts_of("docs/more.md", "# All of it\n")})
    assert ("getting-started", "docs/more.md::all-of-it") in links(other)


def test_a_key_of_data_touches_no_code() -> None:
    code = {"a.py": "def name(): ...\n", "b.py": "from a import name\n\nname()\n", "c.json": '{"name": 1}\n'}
    after = linked_of(code).changed({"c.json": facts_of("c.json", '{"named": 1}\n')})
    assert after.n_resolved == 1
    assert linked_of(code).changed({"index.md": facts_of("index.md", "# name\n")}).n_resolved == 1


def test_of_data_a_bounded_part_is_known_and_the_file_says_what_is_left_out(tmp_path: Path) -> None:
    many = json.dumps({"top": {f"k{n}": n for n in range(MAX_ENTRIES + 1)}, "few": {"a": 1}}, indent=1)
    known = facts_of("data.json", many)
    assert [one.qualname for one in known.symbols[1:]] == ["top", "few", "few.a"]
    assert known.symbols[0].doc == f"{MAX_ENTRIES + 1} of its parts are left out"
    nested = json.dumps({f"k{n}": {f"in{m}": m for m in range(9)} for n in range(90)}, indent=1)
    deep = facts_of("data.json", nested)
    assert len(deep.symbols) == MAX_PARTS + 1
    assert sum("." not in one.qualname for one in deep.symbols[1:]) == 90
    assert deep.symbols[0].doc == f"{90 + 810 - MAX_PARTS} of its parts are left out"
    large = parse(tmp_path, Job("large.json", text=json.dumps(list(range(MAX_TEXT_BYTES // 4)), indent=1)))
    assert isinstance(large, Unread)
    assert large.skipped.reason.startswith("data: more than")


def test_the_words_of_data_are_bounded_as_its_keys_are(tmp_path: Path) -> None:
    text = json.dumps({"rows": [f"word{n}" for n in range(10_000)]}, indent=1)
    read = parse(tmp_path, Job("rows.json", text=text))
    assert isinstance(read, Parsed)
    assert len(read.words.terms) < 500
    assert chunks_of(read.facts, text.encode()) == []


def test_past_commits_are_asked_for_code_alone() -> None:
    assert not {one for reader in TEXTS for one in reader.suffixes} & set(suffixes())
    assert {one for reader in READERS for one in reader.suffixes} == set(suffixes())


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    root = tmp_path_factory.mktemp("shop")
    for path, text in {**FILES, "package.json": '{"scripts": {"cart": "x"}}\n'}.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, "utf-8")
    made = Index(root, None, workers=1)
    made.refresh()
    yield made
    made.close()


@pytest.mark.slow
def test_the_words_of_texts_are_kept_apart_from_those_of_code(index: Index) -> None:
    assert set(index.snapshot.words.files) == {"src/cart.py"}
    assert set(index.snapshot.texts.files) == {"README.md", "docs/guide.md", "docs/more.md", "package.json"}
    index.set_buffer("docs/more.md", "# Fresh\n")
    assert index.snapshot.named("Fresh")[0].id == SymbolId("docs/more.md::fresh")
    assert index.snapshot.texts.search("fresh", 1)[0].path == "docs/more.md"
    assert set(index.snapshot.words.files) == {"src/cart.py"}
    index.set_buffer("docs/more.md", None)
    assert index.snapshot.named("Fresh") == ()


@pytest.mark.parametrize("path", ["a.md", "a.json", "a.toml", "a.yaml"])
@given(st.text(st.sampled_from("#[](){}\"':=-,>`.\n\r\t é12ab"), max_size=200))
def test_whatever_a_text_holds_its_parts_lie_in_it_nested_and_named_where_they_say(path: str, text: str) -> None:
    known = facts_of(path, text)
    assert len({one.id for one in known.symbols}) == len(known.symbols)
    for symbol in known.symbols[1:]:
        assert 0 <= symbol.span.start_byte < symbol.span.end_byte <= known.n_bytes
        assert symbol.name in text
