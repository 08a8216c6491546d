"""From uses to edges in JavaScript and TypeScript: small workspaces, and what depends on what in them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from bridle.indexer.facts import FileFacts, SymbolId
from bridle.indexer.index import Index
from bridle.indexer.languages.readers import reader_of
from bridle.indexer.linked import Linked
from bridle.indexer.script_projects import is_config, projects_of


def read(files: Mapping[str, str]) -> dict[str, FileFacts]:
    return {path: reader.facts(path, text.encode()) for path, text in files.items() if (reader := reader_of(path))}


def linked_of(files: Mapping[str, str]) -> Linked:
    projects = projects_of({path: text for path, text in files.items() if is_config(path)})
    return Linked.of(read(files), projects=projects)


def cases() -> Iterator[ParameterSet]:
    """Read ``cases/scripts.txt``: the workspace, the definition asked about, and what leads from it to where."""
    _, *blocks = (Path(__file__).parent.parent / "cases" / "scripts.txt").read_text("utf-8").split("\n== ")
    for block in blocks:
        head, *parts = block.split("\n-- ")
        name, source, *lines = head.strip().split("\n")
        expected = {(kind, target): float(sure) for kind, target, sure in (line.split() for line in lines)}
        files = {path: text for path, _, text in (part.partition("\n") for part in parts)}
        yield pytest.param(files, source, expected, id=name)


@pytest.mark.parametrize(("files", "source", "expected"), list(cases()))
def test_a_use_means(files: dict[str, str], source: str, expected: dict[tuple[str, str], float]) -> None:
    linked = linked_of(files)
    assert linked.symbol(SymbolId(source)) is not None
    found = {(edge.kind, edge.target): edge.confidence for edge in linked.out_of(SymbolId(source))}
    assert found == expected


def test_an_import_leads_to_the_module_and_to_what_is_taken_from_it() -> None:
    files = {
        "a.ts": "import d, { g as h } from './b'; import './c';\nexport { k } from './b'; lazy(() => import('./d'));\n",
        "b.ts": "export default class D {}\nexport const g = 1, k = 2;\n",
        "c.ts": "",
        "d.ts": "",
    }
    edges = {edge.target for edge in linked_of(files).out_of(SymbolId("a.ts::")) if edge.kind == "imports"}
    assert edges == {"b.ts::", "b.ts::D", "b.ts::g", "b.ts::k", "c.ts::", "d.ts::"}


PIECES = [
    "import { g } from './b';\n", "import { g as k } from '.';\n", "export * from './b';\n",
    "export { g as z } from './c';\n",
    "import d, { A } from './a';\n", "import * as c from './c';\n", "import { z, B } from './index';\n",
    "export function g() { h(); }\n", "export const h = () => { g(); k(); z(); };\n", "export { h as z };\n",
    "export class A { m(): A { return this.n(); } }\n", "export class B extends A { n() { g(); } }\n",
    "export default function () { c.g(); d(); }\n", "export const s = new B();\n", "export default s;\n",
    "function w(x, y: B) { x.m(); y.m().n(); new A().m(); d.n(); }\n", "export interface A { n(): B }\n",
    "module.exports = { g, m() { s.m(); } };\n", "const q = require('./b'); q.g(); q(); q.s.m();\n",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_a_change_gives_the_edges_that_a_fresh_start_gives(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # the same changes on every run
    paths = ["p/index.ts", "p/a.ts", "p/b.ts", "p/c.js", "p/b/index.ts", "p/d.py"]

    def invent(path: str) -> str:
        return "def g(): h()\n" if path.endswith(".py") else "".join(rng.sample(PIECES, rng.randint(0, 7)))

    state = {path: invent(path) for path in paths if rng.random() < 0.8}
    linked = Linked.of(read(state))
    for _ in range(8):
        path = rng.choice(paths)
        if path in state and rng.random() < 0.3:
            del state[path]
            linked = linked.changed({path: None})
        else:
            state[path] = invent(path)
            linked = linked.changed(read({path: state[path]}))
        fresh = Linked.of(read(state))
        assert {p: set(e) for p, e in linked.edges.items()} == {p: set(e) for p, e in fresh.edges.items()}
        for target in {edge.target for edges in fresh.edges.values() for edge in edges}:
            assert linked.into(target) == fresh.into(target)


SHOP = {
    "package.json": '{"name": "shop"}\n',
    "tsconfig.json": '{"compilerOptions": {"paths": {"~/*": ["./src/*"]}}}\n',
    "src/cart.ts": "import { withTax } from '~/tax';\nexport class Cart {\n  total() { return withTax(1); }\n}\n",
    "src/tax.ts": "export function withTax(price: number) { return price * 3; }\n",
    "src/cart.test.ts": "import { Cart } from './cart';\ntest('sums', () => {\n  new Cart().total();\n});\n",
}


@pytest.mark.slow
def test_an_index_knows_scripts_and_their_tests_from_disk_and_follows_their_configuration(tmp_path: Path) -> None:
    for path, text in SHOP.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    index = Index(tmp_path, None, workers=1)
    try:
        snapshot = index.refresh()
        (reach,) = snapshot.tests_reaching([SymbolId("src/tax.ts::withTax")])
        assert reach.path == ("src/cart.test.ts::sums", "src/cart.ts::Cart.total", "src/tax.ts::withTax")
        assert snapshot.search("price with tax", 1)[0].symbol == "src/tax.ts::withTax"
        (tmp_path / "tsconfig.json").write_text("{}", encoding="utf-8")
        assert index.refresh().callers(SymbolId("src/tax.ts::withTax")) == ()
        (tmp_path / "tsconfig.json").write_text(SHOP["tsconfig.json"], encoding="utf-8")
        assert len(index.refresh().callers(SymbolId("src/tax.ts::withTax"))) == 1
        index.set_buffer("src/cart.ts", "export class Cart { total() {} }\n")
        assert index.snapshot.callers(SymbolId("src/tax.ts::withTax")) == ()
    finally:
        index.close()
