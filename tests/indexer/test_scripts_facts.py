"""What is read out of JavaScript and TypeScript source."""

from __future__ import annotations

import pytest

from bridle.indexer.facts import Export, FileFacts, Import
from bridle.indexer.languages.scripts import facts

SOURCE = b"""/** Head. */
import type { A } from './a';

/**
 * What may be asked for.
 * More.
 */
export interface Shape<T> extends A {
  area(): number;
  scale: (by: number) => T;
  size: number;
}

export type Key = string | number;
export const enum Color { Red, Green }
export const LIMIT = 3, other = (a) => a;
export const { left, right: east } = pair;

/** Loads it. */
export default async function load(path: string, { n = LIMIT } = {}): Promise<A> {
  const inner = () => path;
  const plain = 3;
  return inner(plain);
}

@register()
export abstract class Box<T> extends Base<T> implements Shape<T> {
  static made = () => new Box();
  #secret = 1;
  /** The area. */
  @cached
  area(): number { return 0; }
  get x() { return this.#secret; }
  set x(value) {}
  async *['computed.name']() {}
  abstract draw(): void;
}

declare function ambient(x: string): void;
namespace Deep.Inner { export const q = 1; }
"""


@pytest.fixture(scope="module")
def known() -> FileFacts:
    return facts("a/box.ts", SOURCE)


def shown(known: FileFacts) -> list[tuple[str, str, int, int, str]]:
    return [(s.id.partition("::")[2], s.kind, s.span.start_line, s.span.end_line, s.doc) for s in known.symbols]


def test_definitions_have_kind_place_and_the_comment_that_documents_them(known: FileFacts) -> None:
    assert shown(known) == [
        ("", "module", 0, 40, "Head."),
        ("Shape", "interface", 3, 12, "What may be asked for."),
        ("Shape.area", "method", 8, 9, ""),
        ("Shape.scale", "method", 9, 10, ""),
        ("Key", "type", 13, 14, ""),
        ("Color", "enum", 14, 15, ""),
        ("LIMIT", "variable", 15, 16, ""),
        ("other", "function", 15, 16, ""),
        ("left", "variable", 16, 17, ""),
        ("east", "variable", 16, 17, ""),
        ("load", "function", 18, 24, "Loads it."),
        ("load.inner", "function", 20, 21, ""),
        ("Box", "class", 25, 37, ""),
        ("Box.made", "method", 27, 28, ""),
        ("Box.area", "method", 29, 32, "The area."),
        ("Box.x", "method", 32, 33, ""),
        ("Box.x#2", "method", 33, 34, ""),
        ("Box.['computed·name']", "method", 34, 35, ""),
        ("Box.draw", "method", 35, 36, ""),
        ("ambient", "function", 38, 39, ""),
        ("Deep.Inner", "namespace", 39, 40, ""),
        ("Deep.Inner.q", "variable", 39, 40, ""),
    ]


def test_a_signature_is_the_head_on_one_line(known: FileFacts) -> None:
    signatures = {s.qualname: s.signature for s in known.symbols}
    assert signatures["load"] == ("export default async function load(path: string, { n = LIMIT } = {}): Promise<A>")
    assert signatures["load.inner"] == "const inner = ()"
    assert signatures["Box"] == "@register() export abstract class Box<T> extends Base<T> implements Shape<T>"
    assert signatures["LIMIT"] == "LIMIT = 3"


def test_uses_belong_to_the_definition_around_them(known: FileFacts) -> None:
    uses = {
        (use.source.partition("::")[2], use.kind, f"{use.qualifier}.{use.name}".lstrip(".")) for use in known.references
    }
    assert {
        ("Shape", "inherit", "A"),
        ("load", "read", "LIMIT"),
        ("load", "read", "A"),
        ("load", "call", "inner"),
        ("Box", "call", "register"),
        ("Box", "inherit", "Base"),
        ("Box", "inherit", "Shape"),
        ("Box.made", "call", "Box"),
        ("Box.area", "call", "cached"),
    } <= uses
    assert not {name for _, _, name in uses} & {"path", "plain", "T", "n", "value"}


def test_exports_tell_what_others_may_import(known: FileFacts) -> None:
    names = ["Shape", "Key", "Color", "LIMIT", "other", "left", "east", "load", "Box"]
    assert known.exports == tuple(Export("default" if name == "load" else name, name) for name in names)


@pytest.mark.parametrize(
    ("text", "imports", "exports"),
    [
        ("import a, * as b from './m';", [Import("a", "./m", "default"), Import("b", "./m", "")], []),
        ("import { a as b, default as c } from \"m\";", [Import("b", "m", "a"), Import("c", "m", "default")], []),
        ("import { 'odd name' as a } from 'm'; import 'n';", [Import("a", "m", "odd name"), Import("", "n", "")], []),
        ("import a = require('./m'); export = a;", [Import("a", "./m", "=")], [Export("=", "a")]),
        ("export * from 'm'; export * as n from 'm';", [], [Export("*", "*", "m"), Export("n", "", "m")]),
        ("export { a, b as default } from 'm';", [], [Export("a", "a", "m"), Export("default", "b", "m")]),
        ("const { a, b: c } = require('m');", [Import("a", "m", "a"), Import("c", "m", "b")], []),
        ("const a = require('m').b, d = (await import('n')).e;", [Import("a", "m", "b"), Import("d", "n", "e")], []),
        ("export default f(x);", [], [Export("default", "default")]),
        ("exports.a = b; module.exports.c = () => 1;", [], [Export("a", "b"), Export("c", "c")]),
        ("module.exports = require('m'); exports.x = require('n');",
         [Import("", "m", "="), Import("", "n", "=")], [Export("=", "=", "m"), Export("x", "=", "n")]),
        ("import(`./m`).then(run); import(path); require(`./${x}`);", [Import("", "./m", "")], []),
    ],
)  # fmt: skip
def test_imports_and_exports_in_every_form(text: str, imports: list[Import], exports: list[Export]) -> None:
    known = facts("a.ts", text.encode())
    assert list(known.imports) == imports
    assert list(known.exports) == exports


def test_blocks_of_tests_are_named_by_their_titles_in_files_of_tests_alone() -> None:
    source = (
        b"describe('a.b', () => { it('adds\\n two', () => {}); "
        b"test.each`x`(\"t $x\", function () {}); bench('c', f); });"
    )
    blocks = [(s.qualname, s.kind) for s in facts("a.test.js", source).symbols[1:]]
    assert blocks == [("a·b", "suite"), ("a·b.adds\\n two", "test"), ("a·b.t $x", "test")]
    assert len(facts("a.js", source).symbols) == 1


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_are_the_protocols_whatever_ends_them(end: bytes) -> None:
    known = facts("a.js", b"x = 1;\x0c // \xe2\x80\xa8 no end\n\nfunction f() {\n}\n".replace(b"\n", end))
    assert {s.name: (s.span.start_line, s.span.end_line) for s in known.symbols[1:]} == {"f": (2, 4)}
    assert known.n_lines == 5


@pytest.mark.parametrize(
    ("path", "source", "names"),
    [
        ("a.ts", "export function good() {}\nclass {{{ bad(\n", {"good"}),
        ("a.ts", "export default function (", set()),
        ("a.tsx", "const A = () => <div><B</div>;\nfunction after() {}\n", {"A"}),
        ("a.js", "#!/usr/bin/env node\nfunction f(){}", {"f"}),
        ("a.js", "!function(){function a(){}var b=()=>a();b()}();", {"a", "b"}),
        ("a.ts", "", set()),
        ("a.js", "x.y.z = function(){}; a[0] = () => 1; a['b'] = () => 2;", {"z"}),
        ("a.ts", "type T = [; interface I { m(: void }\nconst ok = 1;", {"T"}),
    ],
)  # fmt: skip
def test_what_can_be_read_of_odd_source_is_read(path: str, source: str, names: set[str]) -> None:
    assert names <= {symbol.name for symbol in facts(path, source.encode()).symbols[1:]}


def test_the_same_source_gives_the_same_facts_in_the_same_order() -> None:
    text = b"".join(
        b"export const f%d = () => { g(); a.g(); g(); };\nimport { m%d } from './m';\n" % (n, n) for n in range(50)
    )
    first = facts("a.ts", text)
    assert all(facts("a.ts", text) == first for _ in range(5))
    assert [binding.name for binding in first.imports] == [f"m{n}" for n in range(50)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        b"x" + b".f(1)" * 4_000,
        b"f(" * 3_000 + b")" * 3_000,
        b"function f(){" * 1_000 + b"}" * 1_000,
        b"[" * 10_000 + b"]" * 10_000,
        b"const a = " + b"b = " * 5_000 + b"1;",
        b"export * from './x';" * 3_000,
        b"(a => " * 1_000 + b"a" + b")" * 1_000,
    ],
    ids=["chain", "calls", "functions", "brackets", "assignments", "barrels", "arrows"],
)
def test_deep_and_long_source_costs_time_in_its_length_only(source: bytes) -> None:
    known = facts("a.ts", source + b"\nexport function last() {}\n")
    assert known.n_lines == 3


def test_a_name_stands_as_it_is_in_the_lines_of_its_definition() -> None:
    source = (
        b"describe('v1.2', () => {\n  it(`first\n second`, () => {});\n});\nmodule.exports = () => 1;\n"
        b"export default class { [Symbol.iterator]() {} }\nexports.b = class {};\n"
    )
    lines = source.decode().splitlines()
    symbols = facts("a.test.js", source).symbols[1:]
    assert [s.name for s in symbols] == ["v1.2", "first", "exports", "default", "[Symbol.iterator]", "b"]
    assert all(s.name in "\n".join(lines[s.span.start_line : s.span.end_line]) for s in symbols)
