"""From text to edges in the languages of packages: small workspaces, and what depends on what in them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from bridle.indexer.facts import FileFacts, SymbolId
from bridle.indexer.index import Index
from bridle.indexer.languages.readers import READERS, reader_of
from bridle.indexer.linked import Linked
from bridle.indexer.package_rules import RULES
from bridle.indexer.script_projects import is_config, projects_of

CASES = Path(__file__).parent.parent / "cases"
KINS = {rules.language for rules in RULES}
LANGUAGES = [reader.name for reader in READERS if (reader.kin or reader.name) in KINS]


def read(files: Mapping[str, str]) -> dict[str, FileFacts]:
    return {path: reader.facts(path, text.encode()) for path, text in files.items() if (reader := reader_of(path))}


def linked_of(files: Mapping[str, str]) -> Linked:
    projects = projects_of({path: text for path, text in files.items() if is_config(path)})
    return Linked.of(read(files), projects=projects)


def cases() -> Iterator[ParameterSet]:
    """Read ``cases/LANGUAGE.txt``: the workspace, the definition asked about, and what leads from it to where."""
    for language in LANGUAGES:
        _, *blocks = (CASES / f"{language}.txt").read_text("utf-8").split("\n== ")
        for block in blocks:
            head, *parts = block.split("\n-- ")
            name, source, *lines = head.strip().split("\n")
            expected = {(kind, target): float(sure) for kind, target, sure in (line.split() for line in lines)}
            files = {path: text for path, _, text in (part.partition("\n") for part in parts)}
            yield pytest.param(files, source, expected, id=f"{language}: {name}")


@pytest.mark.parametrize(("files", "source", "expected"), list(cases()))
def test_a_use_means(files: dict[str, str], source: str, expected: dict[tuple[str, str], float]) -> None:
    linked = linked_of(files)
    assert linked.symbol(SymbolId(source)) is not None
    found = {(edge.kind, edge.target): edge.confidence for edge in linked.out_of(SymbolId(source))}
    assert found == expected


def test_each_language_of_packages_has_a_reader_and_cases() -> None:
    assert {reader.name for reader in READERS} >= KINS
    assert all((CASES / f"{language}.txt").is_file() for language in LANGUAGES)


@pytest.mark.slow
def test_an_index_follows_the_go_mod_on_disk(tmp_path: Path) -> None:
    files = {
        "go.mod": "module acme.org/shop\n",
        "tax/tax.go": "package tax\n\nfunc Of() {}\n",
        "main.go": 'package main\n\nimport "acme.org/shop/tax"\n\nfunc main() { tax.Of() }\n',
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    index = Index(tmp_path, None, workers=1)
    try:
        assert [edge.source for edge in index.refresh().callers(SymbolId("tax/tax.go::Of"))] == ["main.go::main"]
        (tmp_path / "go.mod").write_text("module acme.org/other\n", encoding="utf-8")
        assert index.refresh().callers(SymbolId("tax/tax.go::Of")) == ()
    finally:
        index.close()


@pytest.mark.slow
def test_an_index_has_scripts_without_an_ending_and_tells_nobody_of_other_files_without_one(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("#!/usr/bin/env bash\n. ./lib.sh\nshop_total\n", encoding="utf-8")
    (tmp_path / "lib.sh").write_text("shop_total() { echo 1; }\n", encoding="utf-8")
    (tmp_path / "notes").write_text("shop_total\n", encoding="utf-8")
    index = Index(tmp_path, None, workers=1)
    try:
        snapshot = index.refresh()
        assert [edge.source for edge in snapshot.callers(SymbolId("lib.sh::shop_total"))] == ["run::"]
        assert set(snapshot.digests) == {"run", "lib.sh"}
        assert snapshot.skipped == ()
    finally:
        index.close()


PIECES: Mapping[str, tuple[list[str], list[str]]] = {
    "go": (
        ["p/a.go", "p/b.go", "p/q/c.go", "r/d.go", "r/d_test.go"],
        [
            'import "m/p"\n', 'import k "m/p/q"\n', 'import . "m/r"\n', "func G() { H(); p.G(); k.H() }\n",
            "func H() *A { G(); return nil }\n", "type A struct { B; b *B }\n", "func (a *A) M() { a.N(); a.b.N() }\n",
            "type B struct { k.A }\n", "func (b B) N() *A { return nil }\n", "func (b B) M() { b.A.M() }\n",
            "func W(a A, b *B) { a.M(); a.N().M(); b.N(); p.W(a, b) }\n", "var V = H()\n",
            "func Z() { V.M(); x.M() }\n",
            "type C = p.A\n", "type D []B\n", "func Q(d D, c C) { d[0].N(); c.M() }\n", "type A interface { N() B }\n",
            "func TestX(t *testing.T) { W(); p.W(); H().M() }\n",
        ],
    ),
    "java": (
        ["p/A.java", "p/B.java", "q/C.java", "r/D.java", "r/E.java"],
        [
            "import q.*;\n", "import p.A;\n", "import static p.A.g;\n", "import r.B.In;\n",
            "class A extends B { B b; void m() { n(); b.n(); g(); } static A g() { return null; } }\n",
            "class B implements I { A n() { return A.g(); } class In extends A { void k() { n(); m(); } } }\n",
            "interface I { void m(); default A z() { return null; } }\n",
            "class A implements I { B m(int x) { return z(); } }\n",
            "class W { void w(A a, In in) { a.m(); a.b.n().m(); in.k(); g(); new B().n(); p.A.g(); x.z(); } }\n",
            "class C extends B.In { void q() { super.k(); k(); this.n(); } }\n",
            "class B extends C { class In { void k() {} } }\n",
        ],
    ),
    "c": (
        ["a.c", "b.c", "inc/a.h", "inc/b.h", "src/d.c"],
        [
            '#include "a.h"\n', '#include "inc/b.h"\n', "#include <a.h>\n", '#include "../inc/a.h"\n',
            "int g(void);\n",
            "int g(void) { return h(1) + M(2); }\n", "static int h(int x) { return g(); }\n", "int h(int x);\n",
            "#define M(x) (x)\n", "typedef struct s { int x; } s;\n", "s *k(s *x) { g(); return k(x); }\n",
            "s *k(s *x);\n",
            "int M(int x) { return L; }\n", "extern int L;\n", "int L = 3;\n",
            "int w(struct s x) { return L + g() + h(1); }\n",
        ],
    ),
    "cpp": (
        ["a.cpp", "b.cpp", "inc/a.h", "inc/b.hpp", "src/d.c"],
        [
            '#include "a.h"\n', '#include "inc/b.hpp"\n', "#include <a.h>\n", "using namespace n;\n",
            "using n::g;\n", "namespace k = n;\n", "class A;\n",
            "namespace n { class A : public B { B* b; A(); void m() { h(); b->h(); g(); } static A* g(); }; }\n",
            "class A : n::B { void m() override; void h(int x); std::vector<B> all; };\n", "void A::m() { h(1); }\n",
            "namespace n { struct B { virtual void m(); A* h() { return k::g(); } }; A* g(); }\n",
            "n::A* n::g() { return new A(); }\n", "namespace n { void A::m(int x) { this->b->m(); B::m(); } }\n",
            "void w(n::A& a, A* b) { a.m(); b->all[0].h()->m(); auto c = n::g(); c->m(); x.h(); k::g(); }\n",
            "int g(void);\n", "int g(void) { return 1; }\n", "using B = n::A;\n",
            "template <class T> struct B { T* m(); void h() { m()->h(); } };\n",
        ],
    ),
    "bash": (
        ["a.sh", "b.sh", "lib/a.sh", "lib/c.bash", "bin/run"],
        [
            ". ./a.sh\n", 'source "$X/lib/a.sh"\n', 'source "$X/c.bash"\n', ". b.sh\n", "f() { g; h_x; }\n",
            "g() { f | h_x; trap k EXIT; }\n", "h_x() (\n  k\n)\n", "function k { g; }\n", "f\n", "h_x a; g b\n",
        ],
    ),
    "php": (
        ["p/A.php", "p/B.php", "q/C.php", "r/D.php", "E.php"],
        [
            "use P\\A;\n", "use Q\\{B as K, A};\n", "use function P\\g;\n", "use Q;\n",
            "class A extends B { private B $b; function m() { $this->n(); $this->b->n(); g(); parent::m(); } }\n",
            "class B implements I { use T; function n(): A { return g(); } function k() { $this->t()->m(); } }\n",
            "trait T { function t(): K { return new K(); } }\n", "interface I { function m(); }\n",
            "function g(): A { return new A(); }\n", "class K { function m() { Q\\g()->m(); $x->z(); } }\n",
            "class A { function __construct(private K $k) {} function m() { $this->k->m(); new self(); } }\n",
            "function w(A $a, ?K $k) { $a->m(); $k->m(); foreach ($a->all() as $x) { $x->n(); } g()->n(); }\n",
            "class W { /** @return A[] */ function all() {} function z($o) { $this->all()[0]->m(); $o->n(); } }\n",
        ],
    ),
    "ruby": (
        ["lib/a.rb", "lib/b.rb", "lib/a/c.rb", "app/d.rb", "test/test_a.rb"],
        [
            'require "a/c"\n', 'require_relative "b"\n', 'autoload :A, "a"\n',
            "class A < B\n  include M\n  def m; n; self.o; @b.n; end\nend\n",
            "class B\n  extend N\n  attr_reader :b\n  def initialize; @b = A.new; end\n  def n = b\nend\n",
            "module M\n  def o; m; p2; K.g; end\n  module C\n    def g; end\n  end\nend\n",
            "module N\n  def g; new.m; end\n  def p2; end\nend\n",
            "module M\n  def self.included(base)\n    base.extend C\n    base.include N\n  end\nend\n",
            "class A\n  def self.g; end\n  def m; super; end\n  K = A\nend\n",
            "class A\n  class K < A\n    def p2; o; end\n  end\nend\n", "module M\n  K = 1\nend\n",
            "def w(a, b_k, x)\n  a.m.n; b_k.p2; x.o; A::K.new.m; A.g\n  xs.each { |b| b.n }\nend\n", "w\n",
            "class B < A\n  def n; K; A.new { |it| it.b.m = 1 }; end\n  def m=(x); end\nend\n",
            "class TestA < B\n  def test_a; m; w; A.new.o; K.g; end\nend\n",
            "describe A do\n  before { @x = B.new }\n  let(:k) { A.new }\n  it('is') { k.m; @x.n }\nend\n",
        ],
    ),
    "rust": (
        ["src/lib.rs", "src/a.rs", "src/a/b.rs", "src/c/mod.rs", "src/main.rs", "tests/all.rs"],
        [
            "mod a;\n", "pub mod b;\n", "mod c;\n", '#[path = "c/mod.rs"] mod b;\n', "use crate::a::b::*;\n",
            "pub use self::b::{A, g as G};\n", "use super::{A, K as T};\n", "use m::a::{self, K::*};\n",
            "pub use c::A;\n",
            "pub struct A { b: Vec<B>, k: K }\n", "impl A { pub fn m(&self) -> B { self.n(); self.b[0].o(); g() } }\n",
            "impl T for A { fn n(&self) {} }\n", "pub trait T: U { fn n(&self); fn p(&self) { self.n(); self.q() } }\n",
            "trait U { fn q(&self) -> A { r!(g()) } }\n",
            "pub struct B; impl B { fn o(&self) -> &A { G(); A::m() } }\n",
            "impl Deref for B { type Target = A; fn deref(&self) -> &A { x } }\n",
            "pub fn g() -> B { b::g().o().m() }\n",
            "pub enum K { X, Y(A) }\n",
            "fn w(k: K, a: &A) { match k { K::Y(z) => z.p(), X => a.q() } a.k.o(); u(|i| i.o()) }\n",
            "macro_rules! r { ($x:expr) => { $x } }\n", "type T = A;\n",
            "impl K { fn o(self) -> Self { r![w(self)] } }\n",
            "mod d { use super::*; pub fn h(a: A) { a.m().m(); g(); super::w() } }\n", "pub use d::h;\n",
            "#[test]\nfn it() { h(); m::g(); crate::w(); a::b::g(); }\n", "impl super::B { fn m(&self) -> u8 { 1 } }\n",
        ],
    ),
    "csharp": (
        ["p/A.cs", "p/B.cs", "q/C.cs", "q/Properties/U.cs", "r/D.cs", "E.cs"],
        [
            "using P;\n", "using K = P.A;\n", "using Q;\n", "using static P.B;\n", "global using P.Q;\n",
            "using R = Q;\n",
            "namespace P { partial class A : B { B b; void M() { N(); b.N(); X.G(); base.M(); } } }\n",
            "namespace P { partial class A { A One { get; } B[] All { get; } void O() { One.M(); All[0].N(); } } }\n",
            "namespace P { class B : I { public A N() { return Q.X.G(); } public virtual void M() { this.T(); } } }\n",
            "namespace P.Q { interface I { void M(); } static class X { public static A G() => null; } }\n",
            "namespace P.Q { class B<T> : A { class In { void K() { M(); } } public override void M() {} } }\n",
            "namespace Q { static class E { public static P.B T(this P.I i) { return i.U(); } } }\n",
            "namespace Q { static class F { static A U<T>(this T t, A a) { a.U().M(); return t; } } class A {} }\n",
            "namespace Q { class W { void Z(A a, K k, B<A> b, I i) { a.M(); k.One.N(); b.M(); i.T().N(); } } }\n",
            "namespace P { class W { I i; object A { get; } void Z() { i.T(); i.M(); var a = new A(); a.T(); } } }\n",
            "class W : P.A { [X] void Z() { M(); b.T(); new Q.B<int>().M(); R.E.T(i); q.U(); } }\n",
            "class XAttribute : P.B {}\n",
            "namespace P.Q { class All : List<B> { void Z(All x) { x[0].N(); foreach (var y in x) y.T(); } } }\n",
        ],
    ),
    "kotlin": (
        ["p/A.kt", "p/B.kt", "q/C.kt", "r/D.kt", "E.kts"],
        [
            "import p.A\n", "import q.*\n", "import p.B as K\n", "import q.t\n", "import p.*\n",
            "open class A(val b: B) : B(), I {\n  override fun m() { n(); b.n(); super.m() }\n  val o get() = n()\n}\n",
            "open class B : I {\n  fun n(): A = g()\n  open fun m() { t(); u() }\n}\n",
            "open class B {\n  companion object {\n    fun h() = A(B())\n  }\n}\n",
            "interface I {\n  fun m()\n}\n", "fun g(): A = A(B())\n", "fun I.t() = A(this).n()\n",
            "fun <T> T.u(a: A): T { a.m(); t(); return this }\n", "fun List<B>.t() = first()\n",
            "fun w(a: A, k: K, l: List<A>) { a.o.m(); k.n(); l[0].t(); l.t().m(); l.forEach { it.u(a) } }\n",
            "class W(val a: A) : A(a.b) {\n  fun z() { m(); b.t(); o.u(a); h(); q.t(); p.g().m() }\n}\n",
            "typealias K = B\n", "val top by lazy { g() }\n", "fun y() { top.o.t(); if (top is W) top.z() }\n",
            "enum class K(val a: A) {\n  X, Y;\n  fun n() { a.m(); X.n() }\n}\n",
            "@Test fun v() { g().m(); a t b; B.h().b.m(); x.n() }\n",
        ],
    ),
}  # fmt: skip
HEADS: Mapping[str, tuple[str, ...]] = {
    "c": ("",),
    "cpp": ("",),
    "csharp": ("", "namespace P;\n"),
    "kotlin": ("package p\n", "package q\n", "package p\n", "package p.q\n", ""),
    "bash": ("", "#!/bin/sh\n"),
    "go": ("package p\n", "package other\n"),
    "java": ("package p;\n", "package q;\n", "package r;\n", "package p;\n"),
    "ruby": ("", "# x\n"),
    "rust": ("",),
    "php": ("<?php\nnamespace P;\n", "<?php\nnamespace Q;\n", "<?php\nnamespace P\\A;\n", "<?php\n"),
}
ROOTS = {"go.mod": "module m\n", "Cargo.toml": '[package]\nname = "m"\n'}


@pytest.mark.parametrize("language", sorted(PIECES))
@pytest.mark.parametrize("seed", range(25))
def test_a_change_gives_the_edges_that_a_fresh_start_gives(seed: int, language: str) -> None:
    rng = random.Random(seed)  # noqa: S311  # the same changes on every run
    paths, pieces = PIECES[language]
    projects = projects_of(ROOTS)

    def invent() -> str:
        return rng.choice(HEADS[language]) + "".join(rng.sample(pieces, rng.randint(0, 8)))

    state = {path: invent() for path in paths if rng.random() < 0.8}
    linked = Linked.of(read(state), projects=projects)
    for _ in range(8):
        path = rng.choice(paths)
        if path in state and rng.random() < 0.3:
            del state[path]
            linked = linked.changed({path: None})
        else:
            state[path] = invent()
            linked = linked.changed(read({path: state[path]}))
        fresh = Linked.of(read(state), projects=projects)
        assert {p: set(e) for p, e in linked.edges.items()} == {p: set(e) for p, e in fresh.edges.items()}
        for target in {edge.target for edges in fresh.edges.values() for edge in edges}:
            assert linked.into(target) == fresh.into(target)
