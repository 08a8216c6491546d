"""A state that was reached by changes is the state that a look at everything would find, and costs less."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridle.indexer.facts import FileFacts
from bridle.indexer.languages.readers import PYTHON
from bridle.indexer.linked import Linked

PATHS = (
    "pkg/__init__.py",
    "pkg/a.py",
    "pkg/sub/__init__.py",
    "pkg/sub/b.py",
    "top.py",
    "tests/conftest.py",
    "tests/test_top.py",
)
PIECES = (
    "import pkg",
    "import pkg as p",
    "import pkg.a",
    "import pkg.sub.b",
    "from pkg import a",
    "from pkg import sub",
    "from pkg import sub as s",
    "from pkg.a import f",
    "from pkg.a import C as K",
    "from pkg.sub.b import D",
    "from pkg.sub import *",
    "from pkg.a import *",
    "from . import b",
    "def f():\n    return g()",
    "def g():\n    pass",
    "g = 1",
    "a = 2",
    "class C:\n    def m(self):\n        return self.n()\n\n    def n(self):\n        pass",
    "class C:\n    def n(self):\n        pass",
    "class D(C):\n    pass",
    "class D(K):\n    def m(self):\n        return super().m()",
    "class Lone:\n    def only(self):\n        pass",
    "def make() -> C:\n    return C()",
    "held = C()",
    "def use(x):\n    f()\n    g()\n    x.only()\n    make().m()\n    held.n()",
    "def dotted():\n    pkg.a.f()\n    pkg.sub.b.D().m()\n    p.sub.b.g()\n    a.held.m()",
    "def aliased():\n    s.b.D()\n    K().m()\n    b.D().n()\n    sub.b.make().n()",
    "import pytest\n\n\n@pytest.fixture\ndef thing():\n    return D()",
    "def test_thing(thing):\n    thing.m()",
)
Files = Mapping[str, tuple[int, ...]]

edits = st.tuples(st.sampled_from(PATHS), st.none() | st.lists(st.integers(0, len(PIECES) - 1), max_size=5).map(tuple))


def read(path: str, pieces: tuple[int, ...]) -> FileFacts:
    return PYTHON.facts(path, ("\n\n\n".join(PIECES[n] for n in pieces) + "\n").encode())


def found(facts: Mapping[str, FileFacts]) -> Linked:
    return Linked.of(facts)


@settings(max_examples=150, deadline=None)
@given(st.lists(edits, min_size=1, max_size=12))
@example([("pkg/__init__.py", ()), ("top.py", (0, 25)), ("pkg/a.py", (13,)), ("pkg/a.py", ())])
@example([("pkg/sub/b.py", (19,)), ("top.py", (1, 25)), ("pkg/sub/b.py", (13, 14))])
@example([("pkg/__init__.py", (16,)), ("pkg/a.py", (2, 25)), ("pkg/__init__.py", ())])
@example([("pkg/__init__.py", (17,)), ("pkg/a.py", (24,)), ("pkg/__init__.py", (17, 17))])
def test_changes_lead_where_a_look_at_everything_does(changes: list[tuple[str, tuple[int, ...] | None]]) -> None:
    facts = {path: read(path, ()) for path in PATHS}
    linked = Linked.of(facts)
    for path, pieces in changes:
        fresh = None if pieces is None else read(path, pieces)
        if fresh is None:
            facts.pop(path, None)
        else:
            facts[path] = fresh
        linked = linked.changed({path: fresh})
        anew = Linked.of(facts)
        assert {one: linked.edges[one] for one in sorted(linked.edges)} == dict(anew.edges)
        for symbol in (symbol for known in facts.values() for symbol in known.symbols):
            assert linked.into(symbol.id) == anew.into(symbol.id)


def test_a_name_of_a_module_is_looked_for_only_where_the_module_is_seen() -> None:
    facts = {
        "lone.py": PYTHON.facts("lone.py", b"x = 1\n"),
        "user.py": PYTHON.facts("user.py", b"import lone\n\n\ndef f():\n    return lone.number\n"),
        **{
            f"other{n}.py": PYTHON.facts(f"other{n}.py", b"def f(a):\n    number = a\n    return a.number, number\n")
            for n in range(20)
        },
    }
    changed = Linked.of(facts).changed({"lone.py": PYTHON.facts("lone.py", b"x = 1\nnumber = 2\n")})
    assert changed.n_resolved == 2
    assert [edge.target for edge in changed.edges["user.py"] if edge.kind == "references"][-1] == "lone.py::number"


def test_a_method_is_looked_for_wherever_its_name_is_called() -> None:
    caller = b"def f(a):\n    a.uncommon_name()\n"
    facts = {"a.py": PYTHON.facts("a.py", b""), "b.py": PYTHON.facts("b.py", caller)}
    changed = Linked.of(facts).changed(
        {"a.py": PYTHON.facts("a.py", b"class A:\n    def uncommon_name(self):\n        pass\n")}
    )
    assert [edge.target for edge in changed.edges["b.py"] if edge.kind == "calls"] == ["a.py::A.uncommon_name"]
