"""An open buffer is parsed again only where it differs, and its facts are those of the same text read afresh."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Parser, Tree

from bridle.indexer.languages.grammars import grammar_of, parser_of
from bridle.indexer.languages.readers import reader_of
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.trees import walk

TEXTS = {
    "a.py": b'"""A shop."""\n\nimport os\nfrom shop import tax\n\n\nclass Cart(Base):\n    """What is bought."""\n\n'
    b"    rate: int = 3\n\n    @property\n    def total(self) -> int:\n"
    b"        return sum(one.price for one in self.items)\n\n"
    b"    def add(self, item):\n        with open(os.path) as file:\n"
    b"            self.items = [item, *tax.of(f'{item} {file}')]\n"
    b"\n\ndef make(n):\n    if n > 1:\n        return Cart()\n    return make(n - 1)\n",
    "a.ts": b"import { one } from './one';\n\n"
    b"export class Box<T> {\n  got = 1;\n  get(n: number): T {\n    return one(n);\n"
    b"  }\n}\n\nexport const made = (x: string) => {\n  return `${x} ${new Box()}`;\n};\n",
    "a.go": b"package a\n\nimport \"fmt\"\n\ntype Box struct{ n int }\n\nfunc (b *Box) Get() int {\n\treturn b.n\n}\n\n"
    b"func Make() *Box {\n\tfmt.Println(1)\n\treturn &Box{2}\n}\n",
    "a.rs": b"use std::fmt::{self, Debug};\n\n/// A box.\n#[derive(Debug)]\npub struct Box<T> { n: Vec<T> }\n\n"
    b"impl<T> Box<T> {\n    fn get(&self) -> Option<&T> { self.n.get(0) }\n}\n\n"
    b"#[test]\nfn make() {\n    assert_eq!(Box::of(vec![1]).get().unwrap(), 1, \"{}\", one());\n}\n",
}  # fmt: skip
PIECES = '|\n|\n\n| |    |x|é|(|)|{|}|"|"""|#|//|:|\r\n|\r|def f():\n|return 1\n'


def edits() -> st.SearchStrategy[list[tuple[float, int, str]]]:
    place = st.floats(0, 1)
    return st.lists(st.tuples(place, st.integers(0, 40), st.sampled_from(PIECES.split("|"))), min_size=1, max_size=8)


def after(text: str, place: float, gone: int, come: str) -> str:
    at = int(place * len(text))
    return text[:at] + come + text[at + gone :]


@pytest.mark.slow
@pytest.mark.parametrize("path", TEXTS)
@settings(max_examples=40)
@given(changes=edits())
def test_what_is_read_from_what_was_is_what_is_read_afresh(path: str, changes: list[tuple[float, int, str]]) -> None:
    reader, trees, text = reader_of(path), Trees(), TEXTS[path].decode()
    assert reader is not None
    reader.facts(path, text.encode(), trees)
    assert trees.paths == (path,)
    for change in changes:
        text = after(text, *change)
        assert reader.facts(path, text.encode(), trees) == reader.facts(path, text.encode())


def inner(tree: Tree) -> set[int]:
    """Return what stands below the definitions of a file; what is taken over from another tree has its id."""
    return {node.id for definition in tree.root_node.children for child in definition.children for node in walk(child)}


def many(n: int) -> bytes:
    return b"\n\n".join(b"def f%d():\n    return [%d, %d]\n" % (at, at, at) for at in range(n))


@pytest.fixture(name="parser")
def python_parser() -> Parser:
    grammar = grammar_of("a.py")
    assert grammar is not None
    return parser_of(grammar)


def test_definitions_that_did_not_change_are_not_parsed_again(parser: Parser) -> None:
    trees, source = Trees(), many(20)
    before = trees.parse("a.py", parser, source)
    edited = source.replace(b"f7", b"other")
    again = trees.parse("a.py", parser, edited)
    assert len(inner(before) & inner(again)) > len(inner(before)) / 2
    assert not inner(before) & inner(parser.parse(edited))


def test_a_text_with_errors_does_not_cost_the_tree_of_the_last_good_one(parser: Parser) -> None:
    trees, source = Trees(), many(9)
    before = trees.parse("a.py", parser, source)
    assert trees.parse("a.py", parser, source.replace(b"[2", b"[2 + (")).root_node.has_error
    again = trees.parse("a.py", parser, source.replace(b"[2", b"[23"))
    assert inner(before) & inner(again)


def test_so_many_trees_are_kept_and_no_more(parser: Parser) -> None:
    trees, source = Trees(limit=2), many(9)
    kept = [trees.parse(f"{n}.py", parser, source) for n in range(3)]
    again = [trees.parse(f"{n}.py", parser, source + b"x = 1\n") for n in (2, 0)]
    assert inner(kept[2]) & inner(again[0])
    assert not inner(kept[0]) & inner(again[1])
