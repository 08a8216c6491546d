"""The tree of modules that files of Rust make, and what Cargo.toml says about where crates begin."""

from __future__ import annotations

import pytest

from bridle.indexer.facts import SymbolId
from bridle.indexer.languages.readers import reader_of
from bridle.indexer.linked import Linked
from bridle.indexer.package_roots import Root, roots_of
from bridle.indexer.rust_modules import Home, Tree, moved
from bridle.indexer.scopes import Scopes


def scopes_of(files: dict[str, str]) -> dict[str, Scopes]:
    reader = reader_of("a.rs")
    assert reader is not None
    return {path: Scopes(reader.facts(path, text.encode())) for path, text in files.items()}


def tree_of(files: dict[str, str], *roots: Root) -> Tree:
    return Tree(scopes_of(files), roots)


def test_a_module_is_beside_its_file_or_in_the_folder_of_that_name() -> None:
    tree = tree_of({
        "src/lib.rs": "mod a; pub mod b; mod gone;",
        "src/a.rs": "mod deep;",
        "src/a/deep.rs": "",
        "src/b/mod.rs": "mod deep;",
        "src/b/deep.rs": "",
        "src/alone.rs": "",
    })  # fmt: skip
    assert {path: home.path for path, home in tree.homes.items()} == {
        "src/a.rs": "src/lib.rs",
        "src/a/deep.rs": "src/a.rs",
        "src/b/mod.rs": "src/lib.rs",
        "src/b/deep.rs": "src/b/mod.rs",
    }
    assert tree.root("src/a/deep.rs") == "src/lib.rs"
    assert tree.root("src/alone.rs") == "src/alone.rs"


def test_a_module_inside_of_a_file_has_a_folder_of_its_own_and_a_path_says_another() -> None:
    tree = tree_of({
        "src/lib.rs": 'mod inner { mod a; #[path = "x.rs"] mod b; } #[cfg(unix)] #[path = "os/unix.rs"] mod os;',
        "src/inner/a.rs": "",
        "src/inner/x.rs": "",
        "src/os/unix.rs": "",
    })  # fmt: skip
    assert tree.homes == {
        "src/inner/a.rs": Home("src/lib.rs", "inner", "a"),
        "src/inner/x.rs": Home("src/lib.rs", "inner", "b"),
        "src/os/unix.rs": Home("src/lib.rs", "", "os"),
    }


def test_a_crate_may_begin_where_cargo_toml_says() -> None:
    text = '[package]\nname = "long-name"\n[lib]\npath = "code/own.rs"\n[[bin]]\nname = "x"\npath = "go.rs"\n'
    roots = roots_of({"one/Cargo.toml": text})
    assert roots == (Root("rust", "long_name", "one/code/own.rs"), Root("rust", "", "one/go.rs"))
    tree = tree_of({"one/code/own.rs": "mod a;", "one/code/a.rs": "", "one/code/own/a.rs": ""}, *roots)
    assert tree.homes == {"one/code/a.rs": Home("one/code/own.rs", "", "a")}
    assert tree.libraries == {"long_name": "one/code/own.rs"}


@pytest.mark.parametrize(
    "text",
    ["", "[package", "package = 1", "[package]\nname = 3", "[[bin]]\npath = 1", "bin = [1]", "lib = 2",
     "[dependencies]\na = { path = 1, package = 2 }", "dependencies = []"],
)  # fmt: skip
def test_a_cargo_toml_that_is_broken_or_odd_names_nothing(text: str) -> None:
    assert roots_of({"Cargo.toml": text}) == ()


def test_files_that_declare_each_other_end_nowhere() -> None:
    files = {"a.rs": '#[path = "b.rs"] mod b; fn f() { super::super::g(); }', "b.rs": '#[path = "a.rs"] mod a;'}
    assert tree_of(files).root("a.rs") in files
    assert Linked.of({path: one.facts for path, one in scopes_of(files).items()}).out_of(SymbolId("a.rs::f")) == ()


def test_what_hangs_elsewhere_moves_with_all_below_it() -> None:
    before = scopes_of({"src/lib.rs": "mod a;", "src/a.rs": "mod b;", "src/a/b.rs": "", "src/c.rs": ""})
    change = scopes_of({"src/lib.rs": "mod c;"})
    after = {**before, **change}
    assert moved({"src/lib.rs": before["src/lib.rs"]}, change, after, ()) == set(after)
    same = scopes_of({"src/a.rs": "mod b; fn f() {}"})
    assert moved({"src/a.rs": before["src/a.rs"]}, same, {**before, **same}, ()) == set()
