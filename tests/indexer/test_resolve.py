"""From uses to edges: small workspaces, and what depends on what in them."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from bridle.indexer.facts import FileFacts, SymbolId
from bridle.indexer.files import FolderLink
from bridle.indexer.languages.python import facts
from bridle.indexer.linked import Linked
from bridle.indexer.modules import Modules, declared_roots


def read(files: Mapping[str, str]) -> dict[str, FileFacts]:
    return {path: facts(path, text.encode()) for path, text in files.items()}


def targets(
    files: Mapping[str, str], source: str, kind: str = "calls", links: tuple[FolderLink, ...] = ()
) -> dict[str, float]:
    linked = Linked.of(read(files), links)
    return {edge.target: edge.confidence for edge in linked.out_of(SymbolId(source)) if edge.kind == kind}


def cases() -> Iterator[ParameterSet]:
    """Read ``cases/resolve.txt``: the workspace, the definition asked about, and what it leads to."""
    _, *blocks = (Path(__file__).parent.parent / "cases" / "resolve.txt").read_text("utf-8").split("\n== ")
    for block in blocks:
        head, *parts = block.split("\n-- ")
        name, source, *lines = head.strip().split("\n")
        expected = {target: float(confidence) for target, confidence in (line.split() for line in lines)}
        files = {path: text for path, _, text in (part.partition("\n") for part in parts)}
        yield pytest.param(files, source, expected, id=name)


@pytest.mark.parametrize(("files", "source", "expected"), list(cases()))
def test_a_use_means(files: dict[str, str], source: str, expected: dict[str, float]) -> None:
    asked, _, kind = source.partition(" ")
    assert targets(files, asked, kind or "calls") == expected


def test_inheritance_decorators_and_annotations_are_dependencies() -> None:
    files = {"a.py": "class B: pass\ndef deco(f): return f\n@deco\ndef f(x: B) -> B: pass\nclass C(B): pass\n"}
    assert targets(files, "a.py::C", "inherits") == {"a.py::B": 1.0}
    assert targets(files, "a.py::f", "references") == {"a.py::deco": 1.0, "a.py::B": 1.0}


def test_modules_that_take_all_of_each_other_are_walked_through_once() -> None:
    """Each of eight takes all of the seven others: in every order that would be seven to the twelfth steps."""
    paths = [f"m{n}.py" for n in range(8)]
    stars = {path: "".join(f"from {one[:-3]} import *\n" for one in paths if one != path) for path in paths}
    files = {
        **stars,
        "m7.py": f"{stars['m7.py']}def far(): ...\n",
        "use.py": "from m0 import *\ndef f(): absent(far())\n",
    }
    n_calls = 0

    def count(_frame: object, event: str, _what: object) -> None:
        nonlocal n_calls
        n_calls += event == "call"

    known = read(files)
    sys.setprofile(count)
    try:
        found = Linked.of(known).out_of(SymbolId("use.py::f"))
    finally:
        sys.setprofile(None)
    assert [(edge.target, edge.confidence) for edge in found] == [("m7.py::far", 0.8)]
    assert n_calls < 20_000


def test_a_folder_seen_through_a_link_is_the_package_it_is_linked_as() -> None:
    files = {"floor/a.py": "def g(): pass\n", "t.py": "from house.floor.a import g\ndef f(): g()\n"}
    assert targets(files, "t.py::f") == {}
    assert targets(files, "t.py::f", links=(FolderLink("src/house/floor", "floor"),)) == {"floor/a.py::g": 0.95}


def test_tests_lead_to_the_code_that_they_use() -> None:
    files = {
        "calc.py": "def add(): pass\n",
        "tests/test_calc.py": "from calc import add\ndef helper(): add()\ndef test_add(): add(); helper()\n",
    }
    assert targets(files, "tests/test_calc.py::test_add", "tests") == {"calc.py::add": 0.95}
    assert targets(files, "tests/test_calc.py::helper", "tests") == {}


@pytest.mark.parametrize(
    ("text", "roots"),
    [
        ('[tool.pytest.ini_options]\npythonpath = ["lib", "."]\n', ("lib",)),
        ('[tool.setuptools.package-dir]\n"" = "./python"\n', ("python",)),
        ('[tool.setuptools.packages.find]\nwhere = ["code"]\n', ("code",)),
        ('[tool.mypy]\nmypy_path = "stubs:code"\n', ("stubs", "code")),
        ('[tool.pytest]\nini_options = 3\n', ()),
        ("not toml [", ()),
        ('[tool.pyright]\nextraPaths = ["../out", 3]\n', ()),
    ],
)  # fmt: skip
def test_source_roots_are_what_the_project_says(text: str, roots: tuple[str, ...]) -> None:
    assert declared_roots(text) == roots


def test_of_two_modules_of_one_name_the_nearer_is_meant() -> None:
    modules = Modules(["a/util.py", "b/util.py"])
    assert modules.find("util", "b/main.py") == "b/util.py"
    assert modules.find("util", "a/main.py") == "a/util.py"


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"class C{n}(C{n + 1}): pass\n" for n in range(800)) + "def f(): C0().go()\n",
        "".join(f"def g{n}(): return g{n + 1}()\n" for n in range(800)) + "def f(): g0().go()\n",
        "class A:\n    def go(self): return self.go().go\n    a = go\ndef f(): A().go().go().a().go()\n",
        f"def f(x: {'list[' * 300}int{']' * 300}): x.go()\n",
        f"def f():\n    {'[' * 300}x{']' * 300} = 1\n    x.go()\n",
        f"def f(x):\n    y = {'(' * 300}x{')' * 300}.go()\n    y.go()\n",
        "".join(f"class D{n}:\n    a: D0 | D1 | D2 | D3\n" for n in range(4)) + f"def f(x: D0): x{'.a' * 30}.go()\n",
    ],
    ids=["bases", "calls", "circles", "annotation", "targets", "brackets", "wide"],
)
def test_what_leads_far_is_given_up_not_followed_to_the_end(text: str) -> None:
    assert targets({"a.py": text}, "a.py::f").keys() <= {"a.py::C0", "a.py::g0", "a.py::A", "a.py::A.go"}


PIECES = [
    "from .b import g\n", "from .b import *\n", "from . import c\n", "from p import g as k\n", "import p.c\n",
    "from .a import A, B\n", "def g(): h()\n", "def h(): g(); k()\n", "class A:\n    def m(self): self.n()\n",
    "class B(A):\n    def n(self): g()\n", "class C(B):\n    def z(self): self.m(); self.n(); c.g()\n",
    "def w(x): x.m(); p.c.g(); A().m()\n", "def make() -> A: ...\n", "def make() -> B: ...\n",
    "def use(): make().m(); make().n()\n", "class D:\n    a: A\n    def q(self): return self.a\n",
    "class D:\n    def __init__(self): self.a = make()\n", "def deep(d: D): d.a.m(); d.q().n()\n", "a = make()\n",
    "def low(): a.m(); a.n()\n", "class E(D):\n    def q(self): return super().q()\n", "from .c import make, D, a\n",
    "class B:\n    def n(self): ...\n", "def loop(e: 'E'):\n    with e.q() as f: f.__enter__().m()\n",
    "class A(B):\n    def __enter__(self): return self\n    def n(self): ...\n    def m(self): ...\n",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_a_change_gives_the_edges_that_a_fresh_start_gives(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # the same changes on every run
    paths = ["p/__init__.py", "p/a.py", "p/b.py", "p/c.py", "d.py"]

    def invent() -> str:
        return "".join(rng.sample(PIECES, rng.randint(0, 9)))

    state = {path: invent() for path in paths if rng.random() < 0.8}
    linked = Linked.of(read(state))
    for _ in range(8):
        path = rng.choice(paths)
        if path in state and rng.random() < 0.3:
            del state[path]
            linked = linked.changed({path: None})
        else:
            state[path] = invent()
            linked = linked.changed(read({path: state[path]}))
        fresh = Linked.of(read(state))
        assert {p: set(e) for p, e in linked.edges.items()} == {p: set(e) for p, e in fresh.edges.items()}
        for target in {edge.target for edges in fresh.edges.values() for edge in edges}:
            assert linked.into(target) == fresh.into(target)
