"""What is read out of Python source."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridle.indexer.facts import FileFacts, Import
from bridle.indexer.languages.python import facts
from bridle.indexer.places import each_use

SOURCE = b'''"""Head.

More.
"""
import os.path as osp, sys
from ..pkg import (thing as other, plain)
from . import *

LIMIT: int = 3


@register("x")
@plain
async def load(path, *, n: Limit = LIMIT) -> Result:
    """Load it."""
    return await other.open(osp.join(path), key=sys)


class Box(Base, mod.Mixin, Generic[T]):
    \'\'\'A box.\'\'\'

    def get(self, key):  # why
        def inner(): return self.find(key)
        return super().get(inner) or Box().get(1)

    @property
    def x(self): ...

    @x.setter
    def x(self, value): ...
'''


@pytest.fixture(scope="module")
def known() -> FileFacts:
    return facts("a/box.py", SOURCE)


def test_definitions_have_kind_place_and_head(known: FileFacts) -> None:
    assert [(s.id.partition("::")[2], s.kind, s.span.start_line, s.span.end_line, s.doc) for s in known.symbols] == [
        ("", "module", 0, 30, "Head."),
        ("LIMIT", "variable", 8, 9, ""),
        ("load", "function", 11, 16, "Load it."),
        ("Box", "class", 18, 30, "A box."),
        ("Box.get", "method", 21, 24, ""),
        ("Box.get.inner", "function", 22, 23, ""),
        ("Box.x", "method", 25, 27, ""),
        ("Box.x#2", "method", 28, 30, ""),
    ]
    assert known.symbols[2].signature == "async def load(path, *, n: Limit = LIMIT) -> Result"
    assert known.symbols[3].signature == "class Box(Base, mod.Mixin, Generic[T])"


def test_uses_belong_to_the_definition_around_them(known: FileFacts) -> None:
    uses = {
        (use.source.partition("::")[2], use.kind, f"{use.qualifier}.{use.name}".lstrip(".")) for use in known.references
    }
    assert {
        ("load", "call", "register"),
        ("load", "read", "plain"),
        ("load", "read", "Limit"),
        ("load", "read", "Result"),
        ("load", "call", "other.open"),
        ("load", "call", "osp.join"),
        ("Box", "inherit", "Base"),
        ("Box", "inherit", "mod.Mixin"),
        ("Box", "inherit", "Generic"),
        ("Box.get", "call", "super().get"),
        ("Box.get", "call", "Box().get"),
        ("Box.get.inner", "call", "self.find"),
    } <= uses
    assert not [use for use in uses if use[1:] == ("read", "Base")]


def test_imports_tell_level_alias_and_star(known: FileFacts) -> None:
    assert known.imports == (
        Import("osp", "os.path", ""),
        Import("sys", "sys", ""),
        Import("other", "pkg", "thing", 2),
        Import("plain", "pkg", "plain", 2),
        Import("*", "", "*", 1),
    )


def test_a_decorated_last_method_does_not_lend_its_start_to_its_class() -> None:
    known = facts("a.py", b"@one\nclass A:\n    x = 1\n\n    @two\n    def f(self): ...\n")
    assert {s.name: s.span.start_line for s in known.symbols[1:]} == {"A": 0, "f": 4}


def test_the_same_source_gives_the_same_facts_in_the_same_order() -> None:
    text = b"".join(b"def f%d(): g(); g(); a.g()\nimport m%d\n" % (n, n) for n in range(50))
    first = facts("a.py", text)
    assert all(facts("a.py", text) == first for _ in range(5))
    assert [binding.module for binding in first.imports] == [f"m{n}" for n in range(50)]


def test_what_far_locals_hold_depends_on_the_text_alone() -> None:
    steps = [f"    n{i + 1} = n{i}.step{i}()\n" for i in range(12)]
    ends = [f"    n{i}.end{i}()\n" for i in range(13)]
    source = "".join(["def chain(first):\n    n0 = []\n", *steps, *ends]).encode()
    memory: list[list[bytearray]] = []
    seen = set()
    for i in range(20):
        memory.append([bytearray(64 * size) for size in range(i * 7 % 90)])  # each time nodes stand elsewhere
        seen.add(facts("a.py", source).references)
    assert len(seen) == 1


def test_a_use_that_stands_often_in_two_definitions_is_told_once_for_each_with_all_its_places() -> None:
    source = b"import box\n\ndef one():\n    box.a()\n    box.a()\n\ndef two():\n    return box.a() or box.a\n"
    known = facts("a.py", source)
    places = [
        (use.source, use.line, [source[at:][:1] for at in found]) for use, found in each_use(known) if use.name == "a"
    ]
    assert places == [("a.py::one", 3, [b"a", b"a"]), ("a.py::two", 7, [b"a"]), ("a.py::two", 7, [b"a"])]


@pytest.mark.parametrize("name", ["Size", "Größe"])
def test_a_class_that_is_called_on_the_way_is_no_read_of_it(name: str) -> None:
    known = facts("a.py", f"class {name}:\n    def m(self): ...\n\ndef f():\n    {name}().m()\n".encode())
    assert [use.kind for use in known.references if use.name == name] == ["call"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_are_the_protocols_whatever_ends_them(end: bytes) -> None:
    known = facts("a.py", b"x = 1\x0c\n\xe2\x80\xa8\n\ndef f():\n    pass\n".replace(b"\n", end))
    found = {s.name: (s.span.start_line, s.span.end_line) for s in known.symbols}
    assert found["f"] == (3, 5)


def test_what_can_be_read_of_broken_source_is_read() -> None:
    known = facts("a.py", b"def good():\n    return 1\n\n\ndef bad(:\n    x = (\n")
    assert "good" in {s.name for s in known.symbols}


@pytest.mark.slow
def test_a_long_chain_of_calls_costs_time_in_its_length_only() -> None:
    known = facts("a.py", b"import x\nx" + b".f(1)" * 4_000 + b"\n")
    assert {(use.qualifier, use.name) for use in known.references} >= {("x", "f"), ("x.f()", "f"), ("?", "f")}


PIECES = (
    *("x = ", "a if b else c", " if ", " else ", "(", ")", "[", "]", ":=", "lambda q: ", "isinstance(a, ", "cast(T, "),
    *("'", '"""', "@fixture\n", "def f(a: B = c, *d) -> E:\n    ", "class C(D[e], f()):\n    ", "return ", "yield "),
    *("for i in ", "with a as ", "except E as ", "import a.b as c\n", "from . import *\n", "# c\n", "\n", "    "),
    *("await ", "*", "é", "TypeVar('T', bound=", ".", ","),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@example("def f():\n    x = a if b else c a\n    x.y()\n")
def test_no_text_stops_the_reader(text: str) -> None:
    found = facts("a.py", text.encode())
    assert found == facts("a.py", text.encode())
    assert {use.source for use in found.references} <= {symbol.id for symbol in found.symbols}
