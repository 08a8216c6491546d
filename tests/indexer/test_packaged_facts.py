"""What is read out of source in the languages of packages."""

from __future__ import annotations

import pytest

from bridle.indexer.facts import FileFacts, Import, Typed
from bridle.indexer.languages.readers import reader_of

GO_SOURCE = b"""// Package shop sells.
package shop

import (
	t "acme.org/tax"
	. "acme.org/all"
	_ "acme.org/none"
	"gopkg.in/yaml.v3"
)

// Cart holds what
// is wanted.
type Cart[T any] struct {
	items map[string][]*Item // by name
	tax.Rate
}

type (
	// Item is one.
	Item interface{ Price() (p int, err error) }
	Same = Item
)

const (
	One, Two = 1, 2
)

var limit, other = t.New(), 3

// Sum adds.
func (c *Cart[T]) Sum(of ...string) (*Item, []Same) {
	type local struct{}
	return nil, nil
}
"""


def facts_of(path: str, source: bytes) -> FileFacts:
    reader = reader_of(path)
    assert reader is not None
    return reader.facts(path, source)


def shown(known: FileFacts) -> list[tuple[str, str, int, int, str]]:
    return [(s.id.partition("::")[2], s.kind, s.span.start_line, s.span.end_line, s.doc) for s in known.symbols[1:]]


def test_go_has_definitions_with_the_comments_that_stand_right_above() -> None:
    known = facts_of("shop/cart.go", GO_SOURCE)
    assert known.package == "shop"
    assert shown(known) == [
        ("Cart", "class", 10, 16, "Cart holds what"),
        ("Item", "interface", 18, 20, "Item is one."),
        ("Item.Price", "method", 19, 20, ""),
        ("Same", "type", 20, 21, ""),
        ("One", "variable", 24, 25, ""),
        ("Two", "variable", 24, 25, ""),
        ("limit", "variable", 27, 28, ""),
        ("other", "variable", 27, 28, ""),
        ("Cart.Sum", "method", 29, 34, "Sum adds."),
        ("Cart.Sum.local", "class", 31, 32, ""),
    ]


def test_go_says_what_imports_bind_and_what_values_are() -> None:
    known = facts_of("shop/cart.go", GO_SOURCE)
    assert known.imports == (
        Import("t", "acme.org/tax", ""),
        Import("*", "acme.org/all", "*"),
        Import("", "acme.org/none", ""),
        Import("yaml?", "gopkg.in/yaml.v3", ""),
    )
    assert known.types == (
        Typed("Same", "Item()"),
        Typed("limit", "t.New()"),
        Typed("Cart.().Sum", "Item(),*Same()"),
        Typed("Cart.items", "**Item()"),
        Typed("Cart.Rate", "tax.Rate()"),
    )


JAVA_SOURCE = b"""package org.acme;

import org.acme.tax.Rate;
import static org.acme.tax.Rates.*;

/** What is wanted. */
@Deprecated
public class Cart<T extends Rate> extends Base {
  private final Map<String, List<Rate>> rates, others[];
  T one;

  /** Makes it.
   * @param x so many
   */
  public Cart(int x) { super(x); }

  // no documentation
  @Override public <K> List<Rate> sum(final int of, String... more) { return null; }
  enum Color { RED { void f() {} }; abstract void f(); }
  record Pair(Rate left, int right) {}
  @interface Mark { String value() default ""; }
}
"""


def test_java_has_definitions_with_their_documentation_and_annotations() -> None:
    known = facts_of("Cart.java", JAVA_SOURCE)
    assert known.package == "org.acme"
    assert shown(known) == [
        ("Cart", "class", 5, 22, "What is wanted."),
        ("Cart.Cart", "method", 11, 15, "Makes it."),
        ("Cart.sum", "method", 17, 18, ""),
        ("Cart.Color", "enum", 18, 19, ""),
        ("Cart.Color.f", "method", 18, 19, ""),
        ("Cart.Color.f#2", "method", 18, 19, ""),
        ("Cart.Pair", "class", 19, 20, ""),
        ("Cart.Mark", "interface", 20, 21, ""),
        ("Cart.Mark.value", "method", 20, 21, ""),
    ]
    assert known.imports == (Import("Rate", "org.acme.tax", "Rate"), Import("*", "org.acme.tax.Rates", "*"))
    assert known.types == (
        Typed("Cart.().sum", "*Rate()"),
        Typed("Cart.rates", "**Rate()"),
        Typed("Cart.others", "***Rate()"),
        Typed("Cart.one", "Rate()"),
        Typed("Cart.Pair.left", "Rate()"),
    )


C_SOURCE = b"""#include "shop.h"
#include <tax/rate.h>
#define LIMIT 3
#define GUARD
#define OF(x) ((x) * LIMIT)

/* What is wanted. */
typedef struct cart {
  struct rate *rate; int sums[3];
} cart;
typedef struct { int x; } plain;
enum color { RED, GREEN };
static cart *first, *second = 0;
extern int outside;

// Makes one.
cart *cart_new(int total);
int (*hook)(int);

cart *cart_new(int total) {
  int local = total;
  return first;
}
"""


def test_c_has_definitions_prototypes_and_macros() -> None:
    known = facts_of("shop.c", C_SOURCE)
    assert shown(known) == [
        ("LIMIT", "variable", 2, 3, ""),
        ("OF", "function", 4, 5, ""),
        ("cart", "class", 6, 10, "What is wanted."),
        ("plain", "class", 10, 11, ""),
        ("color", "enum", 11, 12, ""),
        ("first", "variable", 12, 13, ""),
        ("second", "variable", 12, 13, ""),
        ("outside", "variable", 13, 14, ""),
        ("cart_new", "function", 15, 17, "Makes one."),
        ("hook", "variable", 17, 18, ""),
        ("cart_new#2", "function", 19, 23, ""),
    ]
    assert known.imports == (Import("*", "shop.h", "*", 1), Import("*", "tax/rate.h", "*", 0))
    heads = [s.signature for s in known.symbols if s.name == "cart_new"]
    assert heads == ["cart *cart_new(int total);", "cart *cart_new(int total)"]


CPP_SOURCE = b"""#include "shop.h"
#include <tax/rate.h>
#define SHOP_API __attribute__((visibility("default")))
namespace shop::deep {
namespace {
// Held apart.
template <typename T>
class SHOP_API Cart final : public Base<T>, other::Named {
 public:
  explicit Cart(int x) : Base<T>(x) {}
  ~Cart() override;
  friend class Friend;
  class Inner;
  static std::unique_ptr<Cart> make();
  virtual Rate* of(int x = 3) const = 0;
  bool operator==(const Cart& other) const { return true; }
  std::map<int, std::vector<Rate>> rates;
  int (*hook)(int), size = 1;
  auto end() -> Rate&;
};
}
enum class Color { RED };
inline namespace v1 { using Held = std::shared_ptr<Rate>; }
}
template <typename T>
Rate* shop::deep::Cart<T>::of(int x) const { int local = 1; return nullptr; }
int shop::deep::limit = 3;
static Rate first, second[2];
TEST_F(CartTest, Sums) {}
"""


def test_cpp_has_definitions_by_namespace_and_class_wherever_they_are_written() -> None:
    known = facts_of("shop.cpp", CPP_SOURCE)
    assert shown(known) == [
        ("SHOP_API", "variable", 2, 3, ""),
        ("shop.deep", "namespace", 3, 24, ""),
        ("shop.deep.Cart", "class", 5, 20, "Held apart."),
        ("shop.deep.Cart.Cart", "method", 9, 10, ""),
        ("shop.deep.Cart.~Cart", "method", 10, 11, ""),
        ("shop.deep.Cart.Inner", "class", 12, 13, ""),
        ("shop.deep.Cart.make", "method", 13, 14, ""),
        ("shop.deep.Cart.of", "method", 14, 15, ""),
        ("shop.deep.Cart.operator==", "method", 15, 16, ""),
        ("shop.deep.Cart.end", "method", 18, 19, ""),
        ("shop.deep.Color", "enum", 21, 22, ""),
        ("shop.deep.Held", "type", 22, 23, ""),
        ("shop.deep.Cart.of#2", "method", 24, 26, ""),
        ("first", "variable", 27, 28, ""),
        ("second", "variable", 27, 28, ""),
        ("CartTest.Sums", "test", 28, 29, ""),
    ]
    heads = {s.id.partition("::")[2]: s.signature for s in known.symbols}
    assert heads["shop.deep.Cart"] == ("template <typename T> class SHOP_API Cart final : public Base<T>, other::Named")
    assert heads["shop.deep.Cart.Inner"] == "class Inner;"
    assert heads["shop.deep.Cart.of"] == "virtual Rate* of(int x = 3) const = 0;"


def test_cpp_says_what_values_are_and_what_a_class_is_built_on() -> None:
    known = facts_of("shop.cpp", CPP_SOURCE)
    assert known.types == (
        Typed("shop.deep.Cart.().make", "Cart()"),
        Typed("shop.deep.Cart.().of", "Rate()"),
        Typed("shop.deep.Cart.().end", "Rate()"),
        Typed("shop.deep.Held", "Rate()"),
        Typed("first", "Rate()"),
        Typed("second", "*Rate()"),
        Typed("shop.deep.Cart.rates", "**Rate()"),
    )
    bases = [(use.qualifier, use.name) for use in known.references if use.kind == "inherit"]
    assert bases == [("", "Base"), ("other", "Named")]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (b"using a::b::c;", [Import("c", "a.b", "c")]),
        (b"using namespace a::b;", [Import("*", "a.b", "")]),
        (b"namespace k = a::b;", [Import("k", "a", "b")]),
        (b"namespace k = a;", [Import("k", "", "a")]),
        (b"class A { using B::c; };", []),
        (b"using ::c;", []),
        (b"#include <a/b.h>", [Import("*", "a/b.h", "*")]),
    ],
)
def test_cpp_says_what_it_takes_from_elsewhere(source: bytes, found: list[Import]) -> None:
    assert facts_of("a.cpp", source + b"\n").imports == tuple(found)


@pytest.mark.parametrize(
    "source",
    [
        b"class LIB_API Cart { int x; };", b"struct LIB_ALIGN(8) Cart : Base { int x; };",
        b"LIB_API std::vector<int> Cart(int x) {}", b"LIB_INLINE Base::Cart(int x) {}",
        b"LIB_BEGIN_NAMESPACE\nnamespace a { class Cart {}; }\nLIB_END_NAMESPACE\n",
        b"class A { Lock lock; int x GUARDED_BY(lock); void Cart() LOCKS_EXCLUDED(lock) LIB_NOEXCEPT; };",
        b"template <typename T> LIB_CONSTEXPR static T Cart(T x) { return x; }", b"class CART final {}; class Cart {};",
    ],
)  # fmt: skip
def test_cpp_is_read_past_macros_that_no_grammar_knows(source: bytes) -> None:
    assert "Cart" in {symbol.name for symbol in facts_of("a.h", source).symbols}


def test_a_macro_is_a_definition_unless_it_guards_its_header() -> None:
    source = b"#ifndef A_H\n#define A_H\nnamespace a {\n#define LIB_API\n#define OF(x) x\n}\n#endif\n"
    assert [s.qualname for s in facts_of("a.h", source).symbols] == ["", "a", "LIB_API", "OF"]


def test_a_condition_inside_of_a_statement_is_read_as_its_first_branch() -> None:
    source = (
        b"struct A {\n  A() :\n#if defined(X)\n    x(first()),\n#else\n    x(second()),\n#endif\n    y(third()) {}\n"
        b"#if X\n  int z();\n#else\n  int w();\n#endif\n};\n"
    )
    known = facts_of("a.h", source)
    assert [s.name for s in known.symbols] == ["a", "A", "A", "z", "w"]
    assert {use.name for use in known.references if use.kind == "call"} >= {"first", "third"}
    assert "second" not in {use.name for use in known.references}


def test_a_veiled_macro_is_a_use_of_it_and_every_byte_keeps_its_place() -> None:
    from bridle.indexer.languages.cpp_macros import veiled

    source = b"class LIB_API Cart {};\nLIB_LINE(x)\nint f();\nLIB_TAG(1,\n2)\nint g = A_B +\nC_D\n;\n"
    seen, marks = veiled(source)
    assert seen == source.replace(b"LIB_API", b" " * 7).replace(b"LIB_LINE(x)", b" " * 11)
    assert marks == ((6, "LIB_API", False), (source.index(b"LIB_LINE"), "LIB_LINE", True))


BASH_SOURCE = b"""#!/usr/bin/env bash
. "$(dirname "$0")/lib/a.sh"
source "${ROOT}"/b.bash
source ./c.sh; source $file; source <(x)

# Adds what
# is given.
function cart-total() {
  inner() { :; }
}
shop::log ()
{ echo; }
"""


def test_bash_has_functions_and_what_is_taken_in() -> None:
    known = facts_of("bin/run", BASH_SOURCE)
    assert shown(known) == [
        ("cart-total", "function", 5, 10, "Adds what"),
        ("cart-total.inner", "function", 8, 9, ""),
        ("shop::log", "function", 10, 12, ""),
    ]
    assert known.imports == (
        Import("*", "lib/a.sh", "*"),
        Import("*", "b.bash", "*"),
        Import("*", "./c.sh", "*", 1),
    )


@pytest.mark.parametrize(
    ("path", "source", "is_one"),
    [
        ("bin/run", b"#!/bin/sh\n", True),
        ("bin/run", b"#!/usr/bin/env -S bash -e\n", True),
        ("bin/run", b"#!/usr/bin/python3\n", False),
        ("bin/run", b"echo\n", False),
        ("a.b/run", b"#!/bin/dash\n", True),
        ("LICENSE", b"#!/bin/sh\n", False),
        ("a.sh", b"echo\n", True),
        (".profile", b"#!/bin/sh\n", False),
    ],
)
def test_a_script_without_an_ending_is_one_by_its_first_line(path: str, source: bytes, is_one: bool) -> None:
    from bridle.indexer.languages.readers import is_read

    assert (reader_of(path) is not None and is_read(path, source)) == is_one


RUBY_SOURCE = b"""#!/usr/bin/env ruby
# Not the class's.

require "json"

# Sells.
# And more.
class Shop::Cart < Base
  extend Forwardable
  attr_reader :rates, "size" # those
  LIMIT = 3
  Point = Struct.new(:x)

  # Makes one.
  def self.make(*all, k: 1, &block) = new(all)

  class << self
    def all?; end
  end

  def initialize(rates)
    @rates = rates.map { |rate| Rate.new(rate) }
    @first = Rate.new(1)
    @last ||= nil
  end

  def first
    @first
  end

  def size=(n)
    self.limit = n
  end

  alias_method :old, :first
  def_delegators :@first, :of, :to
end

Shop::Late = Class.new(Shop::Cart) do
  def late!; end
end

describe Shop::Cart do
  let(:cart) { Shop::Cart.make }
  it "is. small" do
    cart.size = 1
  end
end
"""


def test_ruby_has_what_is_written_and_what_calls_make_of_symbols() -> None:
    known = facts_of("lib/shop/cart.rb", RUBY_SOURCE)
    assert shown(known) == [
        ("Shop.Cart", "class", 5, 37, "Sells."),
        ("Shop.Cart.rates", "method", 9, 10, ""),
        ("Shop.Cart.size", "method", 9, 10, ""),
        ("Shop.Cart.LIMIT", "variable", 10, 11, ""),
        ("Shop.Cart.Point", "class", 11, 12, ""),
        ("Shop.Cart.Point.x", "method", 11, 12, ""),
        ("Shop.Cart.self.make", "method", 13, 15, "Makes one."),
        ("Shop.Cart.self.all?", "method", 17, 18, ""),
        ("Shop.Cart.initialize", "method", 20, 25, ""),
        ("Shop.Cart.first", "method", 26, 29, ""),
        ("Shop.Cart.size=", "method", 30, 33, ""),
        ("Shop.Cart.old", "method", 34, 35, ""),
        ("Shop.Cart.of", "method", 35, 36, ""),
        ("Shop.Cart.to", "method", 35, 36, ""),
        ("Shop.Late", "class", 38, 41, ""),
        ("Shop.Late.late!", "method", 39, 40, ""),
        ("Shop::Cart", "suite", 42, 48, ""),
        ("Shop::Cart.cart", "method", 43, 44, ""),
        ("Shop::Cart.is· small", "test", 44, 47, ""),
    ]
    assert known.imports == (Import("", "json", ""),)
    assert Typed("Shop.Cart.$first", "Rate.new()") in known.types
    assert Typed("Shop.Cart.().first", "$first") in known.types
    assert Typed("Shop.Cart.().rates", "$rates") in known.types
    assert Typed("Shop.Cart.+extend", "Forwardable") in known.types
    uses = {(use.kind, use.qualifier, use.name) for use in known.references}
    assert {("write", "self", "limit"), ("write", "cart", "size"), ("call", "Shop.Cart", "make")} <= uses


@pytest.mark.parametrize(("path", "language"), [("Rakefile", "ruby"), ("a/Gemfile", "ruby"), ("x.rake", "ruby")])
def test_ruby_is_known_by_the_names_of_its_files(path: str, language: str) -> None:
    reader = reader_of(path)
    assert reader is not None
    assert reader.name == language
    assert [one.name for one in reader.facts(path, b"def made; end\n").symbols[1:]] == ["made"]


PHP_SOURCE = rb"""<?php
namespace Acme\Shop;

use Acme\Tax\{Rate, Deep\Other as O, function find};
use function Acme\run;
use Foo;

const LIMIT = 3;

/** What is wanted. */
#[Mark(1)]
abstract class Cart extends \Base\Thing implements I
{
    use Named;
    const A = 1;
    /** @var Foo[] */
    private $held, $two;
    public static self $one;

    /**
     * Makes it.
     *
     * @param list<\Base\Thing> $list
     */
    public function __construct(private readonly O $o, array $list) { $this->made = $list[0]; }

    // no documentation
    abstract public function go(Rate|null $r, ?self &...$more): static;
}
trait Named {}
enum Suit: string { case H = 'h'; function label(): self {} }
function make(): ?namespace\Cart { function inner() {} }
"""


def test_php_has_definitions_with_their_documentation_and_attributes() -> None:
    known = facts_of("src/Cart.php", PHP_SOURCE)
    assert known.package == r"Acme\Shop"
    assert shown(known) == [
        ("LIMIT", "variable", 7, 8, ""),
        ("Cart", "class", 9, 29, "What is wanted."),
        ("Cart.__construct", "method", 19, 25, "Makes it."),
        ("Cart.go", "method", 27, 28, ""),
        ("Named", "interface", 29, 30, ""),
        ("Suit", "enum", 30, 31, ""),
        ("Suit.label", "method", 30, 31, ""),
        ("make", "function", 31, 32, ""),
        ("make.inner", "function", 31, 32, ""),
    ]


def test_php_tells_classes_in_full() -> None:
    known = facts_of("src/Cart.php", PHP_SOURCE)
    assert known.imports == (
        Import("Rate", r"Acme\Tax", "Rate"),
        Import("O", r"Acme\Tax\Deep", "Other"),
        Import("find", r"Acme\Tax", "find"),
        Import("run", "Acme", "run"),
        Import("Foo", "", "Foo"),
    )
    assert known.types == (
        Typed("Cart.().go", "static()"),
        Typed("Suit.().label", "self()"),
        Typed("().make", r"\Acme\Shop.Cart()"),
        Typed("Cart.$held", r"\.*Foo()"),
        Typed("Cart.$two", r"\.*Foo()"),
        Typed("Cart.$one", "self()"),
        Typed("Cart.$o", r"\Acme\Tax\Deep.Other()"),
        Typed("Cart.$made", r"\Base.*Thing()[]"),
    )
    bases = [(use.qualifier, use.name) for use in known.references if use.kind == "inherit"]
    assert bases == [(r"\Acme\Shop", "I"), (r"\Base", "Thing"), (r"\Acme\Shop", "Named")]


RUST_SOURCE = b"""//! A shop.
#[path = "y.rs"]
pub mod x;
use a::{self, b::{C as D, *}, super::E};
extern crate alloc as heap;

/// What is
/// wanted.
#[derive(Clone)]
pub struct Cart<T: Rated>(pub T, Vec<Box<Rate>>);

// no documentation
pub enum Kind { Plain, Other(Rate), More { one: Option<&'static Rate> } } // behind

impl<T: Rated + Clone> fmt::Display for Cart<T> {
    /* nor this */
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { Ok(()) }
}
impl a::Far { const K: u8 = 1; fn pair(self) -> (Self, io::Result<Rate>) { todo!() } }
trait Rated: Base { type Unit: Base; fn of(&self) -> Self::Unit; }
macro_rules! add { ($x:expr) => { $x } }
#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn it() {}
}
"""


def test_rust_has_definitions_with_their_documentation_and_attributes() -> None:
    known = facts_of("src/cart.rs", RUST_SOURCE)
    assert shown(known) == [
        ("Cart", "class", 6, 10, "What is"),
        ("Kind", "enum", 12, 13, ""),
        ("Kind.Plain", "variable", 12, 13, ""),
        ("Kind.Other", "variable", 12, 13, ""),
        ("Kind.More", "variable", 12, 13, ""),
        ("Cart.fmt", "method", 16, 17, ""),
        ("Far.K", "variable", 18, 19, ""),
        ("Far.pair", "method", 18, 19, ""),
        ("Rated", "interface", 19, 20, ""),
        ("Rated.Unit", "type", 19, 20, ""),
        ("Rated.of", "method", 19, 20, ""),
        ("add", "function", 20, 21, ""),
        ("tests", "namespace", 21, 27, ""),
        ("tests.it", "function", 24, 26, ""),
    ]
    heads = {symbol.qualname: symbol.signature for symbol in known.symbols}
    assert heads["Cart"] == "pub struct Cart<T: Rated>"
    assert heads["add"] == "macro_rules! add"
    assert heads["tests.it"] == "#[test] fn it()"


def test_rust_says_what_imports_bind_and_where_and_what_values_are() -> None:
    known = facts_of("src/cart.rs", RUST_SOURCE)
    assert set(known.imports) == {
        Import("x", "y.rs", "x", 1),
        Import("a", "", "a"),
        Import("D", "a.b", "C"),
        Import("*", "a.b", "*"),
        Import("E", "a.super", "E"),
        Import("heap", "", "alloc"),
        Import("*", "super", "*", 0, "tests"),
    }
    assert known.types == (
        Typed("Cart.().fmt", "fmt.Result()"),
        Typed("Far.K", "u8()"),
        Typed("Far.().pair", "Self(),*Rate()"),
        Typed("Rated.Unit", "Base()"),
        Typed("Rated.().of", "Self.Unit()"),
        Typed("Cart.0", "Rated()"),
        Typed("Cart.1", "*Rate()"),
        Typed("Kind.Other.0", "Rate()"),
        Typed("Kind.More.one", "*Rate()"),
        Typed("impl.Cart", "fmt.Display"),
        Typed("self.Far", "a.Far"),
    )


@pytest.mark.parametrize(
    ("handed", "uses"),
    [
        (b"assert_eq!(of(1), x.go())", {"of", "go"}),
        (b"vec![of(1); 2]", {"of"}),
        (b'println!("{} {}", of(1), k = go(), )', {"of", "go"}),
        (b"outer!(inner![of(1)], go())", {"of", "go"}),
        (b"matches!(of(1), K::A | K::B if go())", {"of", "go"}),
        (b"select! { a = of(1) => go() }", set[str]()),
        (b"odd!(a => of(1))", set[str]()),
    ],
)
def test_what_a_macro_is_handed_is_read_where_it_reads_as_expressions(handed: bytes, uses: set[str]) -> None:
    known = facts_of("a.rs", b"fn f(x: T) { " + handed + b"; }\nfn after() { last() }\n")
    called = {use.name for use in known.references if use.kind == "call" and not use.qualifier.startswith("!")}
    assert called == {*uses, "last"}
    assert [symbol.name for symbol in known.symbols[1:]] == ["f", "after"]


CSHARP_SOURCE = b"""using System;
using static System.Math;
using Far = Acme.Tax.Far<int>;
global using Acme.Deep;

namespace Acme.Shop;

/// What is wanted.
[Obsolete("not any more, and never again"), Mark]
public partial class Cart<T> : Base<T>, IList<Rate> where T : Rate
{
    private readonly Dictionary<string, List<Rate>> rates = new(), others;
    public T One { get; set; }
    public event EventHandler Changed, Gone;

    /// Makes it.
    public Cart(int x) : base(x) { }

    // no documentation
    public async Task<Rate?> Sum<K>(params Rate[] of) { int Local() => 1; return null; }
    public Rate this[int i] => null;
    public static Cart<T> operator +(Cart<T> left, Cart<T> right) => left;
    public static implicit operator int(Cart<T> it) => 1;
    int IRate.Do() => 1;
    enum Color { Red }
    delegate Rate Go(int x);
}
record Pair(Rate Left, int Right);
"""


def test_csharp_has_definitions_with_their_namespace_documentation_and_attributes() -> None:
    known = facts_of("Shop/Cart.cs", CSHARP_SOURCE)
    assert known.package == ""
    assert shown(known) == [
        ("Acme.Shop", "namespace", 5, 28, ""),
        ("Acme.Shop.Cart", "class", 7, 27, "What is wanted."),
        ("Acme.Shop.Cart.One", "variable", 12, 13, ""),
        ("Acme.Shop.Cart.Changed", "variable", 13, 14, ""),
        ("Acme.Shop.Cart.Gone", "variable", 13, 14, ""),
        ("Acme.Shop.Cart.Cart", "method", 15, 17, "Makes it."),
        ("Acme.Shop.Cart.Sum", "method", 19, 20, ""),
        ("Acme.Shop.Cart.Sum.Local", "function", 19, 20, ""),
        ("Acme.Shop.Cart.this", "method", 20, 21, ""),
        ("Acme.Shop.Cart.+", "method", 21, 22, ""),
        ("Acme.Shop.Cart.implicit", "method", 22, 23, ""),
        ("Acme.Shop.Cart.Do", "method", 23, 24, ""),
        ("Acme.Shop.Cart.Color", "enum", 24, 25, ""),
        ("Acme.Shop.Cart.Go", "type", 25, 26, ""),
        ("Acme.Shop.Pair", "class", 27, 28, ""),
    ]
    heads = {symbol.qualname: symbol.signature for symbol in known.symbols}
    assert (
        heads["Acme.Shop.Cart"]
        == "[Obsolete] [Mark] public partial class Cart<T> : Base<T>, IList<Rate> where T : Rate"
    )
    assert heads["Acme.Shop.Cart.Sum"] == "public async Task<Rate?> Sum<K>(params Rate[] of)"


def test_csharp_says_what_is_taken_in_and_what_values_are() -> None:
    known = facts_of("Shop/Cart.cs", CSHARP_SOURCE)
    assert known.imports == (
        Import("*", "System", "*"),
        Import("*", "System.Math", "*"),
        Import("Far", "Acme.Tax", "Far"),
        Import("*", "Acme.Deep", "*", 1),
    )
    assert {one.qualname.removeprefix("Acme.Shop."): one.type for one in known.types} == {
        "Cart": "*Rate()",
        "Cart.One": "Rate()",
        "Cart.Changed": "EventHandler()",
        "Cart.Gone": "EventHandler()",
        "Cart.().Sum": "Rate()",
        "Cart.Sum.().Local": "int()",
        "Cart.().this": "Rate()",
        "Cart.().Do": "int()",
        "Cart.Go": "Rate()",
        "Cart.rates": "**Rate()",
        "Cart.others": "**Rate()",
        "Pair.Left": "Rate()",
        "Pair.Right": "int()",
    }


KOTLIN_SOURCE = b"""package acme.shop

import acme.tax.Rate
import acme.tax.Rates.find as look
import acme.deep.*

/** What is wanted. */
@Deprecated("not any more, and never again")
open class Cart<T : Rate>(private val one: Rate, other: Int = 1) : Base<T>(1), Held by one {
  constructor(x: Int) : this(Rate(), x)

  /** All of them. */
  val items: Map<String, List<Rate>> = mapOf()
  val late by lazy { Rate() }
  val two get() = one

  companion object {
    const val MAX = 1
  }

  // no documentation
  override suspend fun <K> sum(of: K, vararg more: Rate): Rate? {
    fun local() = 1
    val nothing = 2
    return null
  }

  enum class Color { RED }
}

fun interface Go {
  fun go()
}
object Single
typealias Names = List<Rate>
internal fun <K> List<K>.each(block: (K) -> Unit): Rate = look()
val String.size2: Int get() = length
"""


def test_kotlin_has_definitions_with_their_package_documentation_and_annotations() -> None:
    known = facts_of("Cart.kt", KOTLIN_SOURCE)
    assert known.package == ""
    assert shown(known) == [
        ("acme.shop", "namespace", 0, 37, ""),
        ("acme.shop.Cart", "class", 6, 29, "What is wanted."),
        ("acme.shop.Cart.one", "variable", 8, 9, ""),
        ("acme.shop.Cart.constructor", "method", 9, 10, ""),
        ("acme.shop.Cart.items", "variable", 11, 13, "All of them."),
        ("acme.shop.Cart.late", "variable", 13, 14, ""),
        ("acme.shop.Cart.two", "variable", 14, 15, ""),
        ("acme.shop.Cart.MAX", "variable", 17, 18, ""),
        ("acme.shop.Cart.sum", "method", 21, 26, ""),
        ("acme.shop.Cart.sum.local", "function", 22, 23, ""),
        ("acme.shop.Cart.Color", "enum", 27, 28, ""),
        ("acme.shop.Go", "interface", 30, 33, ""),
        ("acme.shop.Go.go", "method", 31, 32, ""),
        ("acme.shop.Single", "class", 33, 34, ""),
        ("acme.shop.Names", "type", 34, 35, ""),
        ("acme.shop.each", "function", 35, 36, ""),
        ("acme.shop.size2", "variable", 36, 37, ""),
    ]
    heads = {symbol.qualname: symbol.signature for symbol in known.symbols}
    assert heads["acme.shop.Cart.sum"] == "override suspend fun <K> sum(of: K, vararg more: Rate): Rate?"
    assert heads["acme.shop.each"] == "internal fun <K> List<K>.each(block: (K) -> Unit): Rate"


def test_kotlin_says_what_is_imported_and_what_values_are() -> None:
    known = facts_of("Cart.kt", KOTLIN_SOURCE)
    assert known.imports == (
        Import("Rate", "acme.tax", "Rate"),
        Import("look", "acme.tax.Rates", "find"),
        Import("*", "acme.deep", "*"),
    )
    assert {one.qualname.removeprefix("acme.shop."): one.type for one in known.types} == {
        "Cart.one": "Rate()",
        "Cart.items": "**Rate()",
        "Cart.late": "Rate()",
        "Cart.two": "one",
        "Cart.MAX": "Int()",
        "Cart.().sum": "Rate()",
        "Cart.sum.().local": "Int()",
        "Names": "*Rate()",
        "().each": "Rate()",
        "size2": "Int()",
        "Cart.Color.RED": "Color()",
    }


def test_a_signature_is_the_head_on_one_line() -> None:
    signatures = {s.qualname: s.signature for s in facts_of("a.go", GO_SOURCE).symbols}
    assert signatures["Cart.Sum"] == "func (c *Cart[T]) Sum(of ...string) (*Item, []Same)"
    assert signatures["Cart"] == "type Cart[T any] struct"


BROKEN = {
    "go": [b"package", b"package a\nfunc (", b"package a\nfunc good() {}\ntype T struct {{{\n", b"func f() { x.y. }"],
    "java": [
        b"package",
        b"class torn { void f( }",
        b"class good {}\nclass {{{",
        b"class A { void f() { a. } }",
        b"import ;",
    ],
    "php": [
        b"<?php namespace",
        b"<?php class good { function f( }",
        b"<?php class good {}\nclass {{{",
        b"<?php function f() { $a-> }",
        b"<?php use A\\{",
        b"<?php new ; $this->; A::; foreach ($x) {}",
        b"only text <? and ?> marks",
    ],
    "cpp": [
        b"#include",
        b"namespace",
        b"class torn { void f( }",
        b"class good {};\nnamespace {{{",
        b"void good() { a->; b::; }",
        b"using ; using namespace ; namespace x = ;",
        b"template <",
        b"void A::",
        b"TEST_F(",
    ],
    "csharp": [
        b"namespace",
        b"namespace A.",
        b"class torn { void F( }",
        b"class good {}\nclass {{{",
        b"class good { void F() { a. ; b?. ; new ; } }",
        b"using ; using static ; using X = ; global using",
        b"[",
        b"class good { int this[ ; operator ; event ; }",
        b"#if X\nclass good {}\n#else",
    ],
    "kotlin": [
        b"package",
        b"package a.",
        b"class torn { fun f(",
        b"class good\nclass {{{",
        b"class good {\n  fun f() {\n    a.\n    ::\n    it\n  }\n}",
        b"import ; import a. ; import *",
        b"fun good() = ",
        b"fun .f() {}\nobject : {",
    ],
    "bash": [b"f(", b"good() { :; }\nf() {", b"source", b'. "$(', b"good() { :; }\nif then ) <<E", b"case x in"],
    "ruby": [
        b"class",
        b"def good; end\nclass A <",
        b"def good; end\ndef f(",
        b"def good; end\nmodule A\n  include\nend\nalias",
        b"def good; x. ; A:: ; @; end",
        b"def good; end\nx do |",
        b"attr_reader :\ndef good; end\nStruct.new(:",
        b"<<~A\n#{",
    ],
    "rust": [
        b"use",
        b"use a::{b::{",
        b"fn good() { f( }",
        b"fn good() {}\nimpl {{{",
        b"impl T for { fn f() {} }",
        b"fn f() { a. ; b:: ; m!( ; }",
        b"fn good() { m!(a => b); n![; }",
        b"#[path] mod x; mod ; enum { A( }",
    ],
    "c": [b"#include", b"int f( {", b"int good(void) {}\nstruct {{{", b"#define", b"typedef struct {", b"x.y->"],
}
DEEP = {
    "go": [b"package a\nvar x = " + b"f(" * 3_000 + b")" * 3_000, b"package a\nfunc f() { x" + b".f(1)" * 4_000 + b" }",
           b"package a\nfunc f() " + b"{" * 2_000 + b"}" * 2_000, b"package a\nvar x " + b"[]" * 5_000 + b"int"],
    "java": [b"class A { int x = " + b"f(" * 3_000 + b")" * 3_000 + b"; }",
             b"class A { void f() { x" + b".f()" * 4_000 + b"; } }",
             b"class A {" * 1_000 + b"}" * 1_000, b"class A { " + b"List<" * 2_000 + b"A" + b">" * 2_000 + b" x; }"],
    "c": [b"int x = " + b"f(" * 3_000 + b")" * 3_000 + b";", b"int " + b"*" * 5_000 + b"x;",
          b"#if 1\n" * 2_000 + b"int x;",
          b"void f() " + b"{" * 2_000 + b"}" * 2_000],
    "bash": [b"echo " + b"$(" * 2_000 + b")" * 2_000, b"{ " * 2_000 + b"}; " * 2_000, b"source " + b"a" * 50_000],
    "cpp": [b"int x = " + b"f(" * 3_000 + b")" * 3_000 + b";", b"void f() { x" + b".f()" * 4_000 + b"; }",
            b"class A {" * 1_000 + b"};" * 1_000, b"A" + b"::A" * 5_000 + b" x;", b"vector<" * 2_000 + b" x;",
            b"namespace a {" * 1_000 + b"}" * 1_000, b"LIB_API " * 5_000 + b"int f(", b"LIB_A\n" * 5_000,
            b"LIB_API a" + b" a" * 20_000, b"class LIB_API A" + b"<" * 20_000, b"LIB_A(" * 5_000],
    "rust": [b"fn f() { " + b"f(" * 3_000 + b")" * 3_000 + b" }", b"fn f() { x" + b".f()" * 4_000 + b" }",
             b"fn f() " + b"{" * 2_000 + b"}" * 2_000, b"fn f(x: " + b"Vec<" * 2_000 + b"A" + b">" * 2_000 + b") {}",
             b"use " + b"a::{" * 1_000 + b"b" + b"}" * 1_000 + b";",
             b"fn f() { " + b"m!(" * 1_000 + b")" * 1_000 + b" }", b"fn f() { " + b"m!(a);" * 3_000 + b" }"],
    "csharp": [b"class A { int x = " + b"f(" * 3_000 + b")" * 3_000 + b"; }",
               b"class A { void f() { x" + b".f()" * 4_000 + b"; } }", b"class A {" * 1_000 + b"}" * 1_000,
               b"class A { " + b"List<" * 2_000 + b"A" + b">" * 2_000 + b" x; }", b"using A" + b".A" * 5_000 + b";",
               b"class A { void f() { x" + b"?.f" * 4_000 + b"; } }", b"[A]" * 5_000 + b"class A {}"],
    "kotlin": [b"val x = " + b"f(" * 3_000 + b")" * 3_000, b"fun f() { x" + b".f()" * 4_000 + b" }",
               b"class A {\n" * 1_000 + b"}\n" * 1_000, b"val x: " + b"List<" * 2_000 + b"A" + b">" * 2_000,
               b"val x = " + b"f { " * 2_000 + b"it" + b" }" * 2_000, b"import a" + b".a" * 5_000,
               b"@A " * 5_000 + b"fun f() {}"],
    "ruby": [b"x = " + b"f(" * 1_000 + b")" * 1_000, b"x" + b".f(1)" * 1_000,
             b"x do\n" * 1_000 + b"y\n" + b"end\n" * 1_000,
             b"class A\n" * 1_000 + b"def f; x; end\n" + b"end\n" * 1_000, b"[" * 3_000 + b"x" + b"]" * 3_000,
             b"def f\n" * 500 + b"x\n" + b"end\n" * 500, b"A" + b"::A" * 5_000, b"x = " * 2_000 + b"1",
             b"A.new do\n" * 500 + b"y 1\n" * 500 + b"end\n" * 500],
    "php": [b"<?php $x = " + b"f(" * 3_000 + b")" * 3_000 + b";", b"<?php $x" + b"->f()" * 4_000 + b";",
            b"<?php function f() " + b"{" * 2_000 + b"}" * 2_000, b"<?php /** @var A" + b"[]" * 5_000 + b" */ $x = 1;",
            b"<?php class A { /** @var " + b"array<" * 2_000 + b" */ public $x; }",
            b"<?php class A { /** @param " + b"|A" * 5_000 + b" $x */ function f($x) {} }"],
}  # fmt: skip
ENDINGS = {
    "bash": "a.sh",
    "c": "a.c",
    "cpp": "a.cpp",
    "csharp": "a.cs",
    "go": "a.go",
    "java": "A.java",
    "kotlin": "a.kt",
    "php": "a.php",
    "ruby": "a.rb",
    "rust": "a.rs",
}


@pytest.mark.parametrize(("language", "source"), [(name, one) for name, known in BROKEN.items() for one in known])
def test_source_that_is_broken_gives_what_can_be_read(language: str, source: bytes) -> None:
    known = facts_of(ENDINGS[language], source)
    assert known.symbols[0].kind == "module"
    assert b"good" not in source or "good" in {symbol.name for symbol in known.symbols}


@pytest.mark.slow
@pytest.mark.parametrize(("language", "source"), [(name, one) for name, known in DEEP.items() for one in known])
def test_deep_and_long_source_costs_time_in_its_length_only(language: str, source: bytes) -> None:
    assert facts_of(ENDINGS[language], source + b"\n").n_lines == source.count(b"\n") + 2


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_are_the_protocols_whatever_ends_them(end: bytes) -> None:
    known = facts_of("a.go", b"package a\n\nfunc f() {\n}\n".replace(b"\n", end))
    assert {s.name: (s.span.start_line, s.span.end_line) for s in known.symbols[1:]} == {"f": (2, 4)}


@pytest.mark.parametrize("text", ["", "module", "module\n", "// module x", 'module "', "\x00", "module a b c"])
def test_a_broken_go_mod_names_no_folder(text: str) -> None:
    from bridle.indexer.package_roots import roots_of

    assert [root.prefix for root in roots_of({"go.mod": text})] in ([], ["a"])
