"""The truth of Rust: what rustc, the compiler of Rust itself, says that every name means.

A method of a trait that is asked of a type of the project is that type's own, where an ``impl`` has it: rustc names the
trait's. Calls of macros are told by nobody: rustc prints what became of them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from comparing import Comparison
from pinned import absent, each, own
from rust_dumps import Hir, Method, Name, Texts, Used, name_at, read_hir, read_thir
from uses import Told, compared


class Crate(NamedTuple):
    """A crate as rustc is asked for it: its first file, its name, its features, and whether with its tests.

    Tests that need a crate of somebody else's are left out.
    """

    file: str
    name: str
    features: tuple[str, ...] = ()
    is_library: bool = True
    is_tested: bool = True


_AUTOMATA = (
    "std", "alloc", "syntax", "meta", "nfa", "nfa-thompson", "nfa-pikevm", "nfa-backtrack", "dfa", "dfa-build",
    "dfa-search", "dfa-onepass", "hybrid",
)  # fmt: skip
CRATES = {
    "shop": (Crate("src/lib.rs", "shop"), Crate("tests/all.rs", "all", is_library=False)),
    "semver": (
        Crate("src/lib.rs", "semver", ("std",)),
        *(
            Crate(f"tests/test_{of}.rs", f"test_{of}", is_library=False)
            for of in ("version", "version_req", "identifier")
        ),
    ),
    "log": (Crate("src/lib.rs", "log", ("std",)),),
    "memchr": (Crate("src/lib.rs", "memchr", ("std", "alloc"), is_tested=False),),
    "aho-corasick": (Crate("src/lib.rs", "aho_corasick", ("std",)),),
    "regex": (
        Crate("regex-syntax/src/lib.rs", "regex_syntax", ("std",)),
        Crate("regex-automata/src/lib.rs", "regex_automata", _AUTOMATA, is_tested=False),
        Crate("src/lib.rs", "regex", ("std",), is_tested=False),
    ),
}
"""What is built of each project, what others need first."""

PINNED = (
    ("semver", "src/lib.rs", "8591f2344b52b31d85b538de58b76a676fe9ff90"),
    ("memchr", "src/lib.rs", "bce7df7140acff420478a358cde5587904000cb1"),
    ("regex", "regex-syntax/src/lib.rs", "2b527599eb9eea0dcc288c704584f242f26a5c61"),
    ("aho-corasick", "src/lib.rs", "948d2e1f8e4b6b0aff13075176922e158c8bed46"),
    ("log", "src/lib.rs", "037d7a58f6ad184abb3afc4db81d37c43a5696ec"),
)
"""Name, where its code is, commit. None of them needs another crate for what is built here."""

OPTIONAL = "Rust (rustc)"
_CALLED = re.compile(r"(?:::<[^;{}]*?>)?\s*\(")
_CODE = frozenset(("Fn", "AssocFn"))
OWN = {
    "Cargo.toml": '[package]\nname = "shop"\n',
    "src/lib.rs": """mod cart;
pub mod tax;

pub use cart::{Cart, Kind};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals() {
        assert_eq!(Cart::new().total(), tax::find("x").of(1));
    }
}
""",
    "src/cart.rs": """use crate::tax::{self, Rate, Rated as _};

pub enum Kind { Plain, Other(Rate) }

#[derive(Default)]
pub struct Cart { rates: Vec<Rate>, one: Option<Box<Rate>> }

impl Cart {
    pub fn new() -> Self { Self { rates: vec![tax::find("all")], one: None } }

    pub fn total(&self) -> u32 {
        let mut sum = 0;
        for rate in self.rates.iter() { sum += rate.of(2); }
        if let Some(one) = &self.one { sum += one.of(3) + one.twice(); }
        sum + self.rates[0].of(4) + count(&self.kind())
    }

    fn kind(&self) -> Kind { Kind::Other(Rate::first()) }
}

fn count(kind: &Kind) -> u32 {
    match kind { Kind::Plain => 0, Kind::Other(rate) => rate.of(5) }
}
""",
    "src/tax/mod.rs": """mod rates;

pub use self::rates::Rate;

pub trait Rated { fn of(&self, price: u32) -> u32; fn twice(&self) -> u32 { self.of(1) + self.of(2) } }

impl Rate { pub fn first() -> Rate { find("x") } }

pub fn find(_name: &str) -> Rate { Rate { percent: 1 } }
""",
    "src/tax/rates.rs": "use super::Rated;\n\npub struct Rate { pub percent: u32 }\n\n"
    "impl Rate { pub fn of(&self, price: u32) -> u32 { self.percent * price } }\n\n"
    "impl Rated for Rate { fn of(&self, price: u32) -> u32 { price } }\n",
    "tests/all.rs": "use shop::tax::Rated;\nuse shop::Cart;\n\n#[test]\nfn all() {\n"
    '    let rate = shop::tax::find("x");\n    assert!(Cart::new().total() > rate.twice());\n}\n',
}


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and of the programs."""
    return absent(where, PINNED, OPTIONAL, is_here=_rustc() is not None)


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of all its definitions: the compiler tells them at once."""
    del n_symbols
    return each(where, PINNED, only, _compared)


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a small crate of our own; nothing where a program is not installed."""
    return own(OWN, _compared, is_here=_rustc() is not None)


def _rustc() -> str | None:
    return shutil.which("rustc")


def _compared(root: Path, name: str) -> Comparison:
    with tempfile.TemporaryDirectory() as folder:
        told = list(dict.fromkeys(_Project(root, Path(folder), CRATES[name]).told()))
    return compared(root, told, name)


class _Project:
    """The crates of a project while they are asked for."""

    def __init__(self, root: Path, built: Path, crates: Sequence[Crate]) -> None:
        self._root, self._built, self._crates = root, built, crates
        self._texts = Texts(root)
        self._libraries = [one.name for one in crates if one.is_library]
        self._places: dict[str, tuple[str, int]] = {}
        self._modules: dict[str, str] = {}
        self._own: dict[tuple[str, str], dict[str, str]] = {}

    def told(self) -> Iterator[Told]:
        """Yield what each name of the crates means."""
        for crate in self._crates:
            if crate.is_library:
                self._rustc(crate, "--emit=metadata", "--crate-type=lib", "--out-dir", str(self._built))
                self._learn(read_hir(self._printed(crate, "hir-tree", is_test=False)), crate)
        for crate in self._crates:
            hir = read_hir(self._printed(crate, "hir-tree", is_test=True))
            self._learn(hir, crate)
            yield from self._defined(hir)
            for used in hir.used:
                yield from self._imported(used) if used.kind == "import" else self._named(used)
            yield from self._built_on(hir)
            for method in read_thir(self._printed(crate, "thir-flat", is_test=True)):
                yield from self._called(method, crate)

    def _rustc(self, crate: Crate, *options: str) -> str:
        argv = [
            "rustc",
            "--edition=2021",
            "--crate-name",
            crate.name,
            "--cap-lints=allow",
            f"-L{self._built}",
            *options,
        ]
        for feature in crate.features:
            argv += ["--cfg", f'feature="{feature}"']
        for library in self._libraries:
            if library != crate.name and (self._built / f"lib{library}.rmeta").exists():
                argv += ["--extern", f"{library}={self._built}/lib{library}.rmeta"]
        env = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
        return subprocess.run(
            [*argv, crate.file], cwd=self._root, env=env, check=True, capture_output=True, text=True
        ).stdout

    def _printed(self, crate: Crate, what: str, *, is_test: bool) -> Iterator[str]:
        built = ("--test",) if is_test and crate.is_tested else ("--crate-type=lib",)
        yield from self._rustc(crate, f"-Zunpretty={what}", *built).splitlines()

    def _learn(self, hir: Hir, crate: Crate) -> None:
        """Take in where definitions stand, where modules are, and which items are a type's own."""
        for key, span in hir.places.items():
            if self._texts.has(span) and (offset := name_at(self._texts.text(span), key)) >= 0:
                self._places[key] = span.path, self._texts.at(span, offset)
        self._modules[crate.name] = crate.file
        for key, span in hir.inner.items():
            if key in hir.places and span.path != hir.places[key].path:
                self._modules[key] = span.path
        for one in hir.implemented:
            own = self._own.setdefault((one.trait, one.type), {})
            own.update((item.rpartition("::")[2], item) for item in one.items)

    def _defined(self, hir: Hir) -> Iterator[Told]:
        for key, span in hir.places.items():
            if key in self._modules and self._texts.has(span):
                place = self._texts.at(span, 0)
                yield Told(span.path, place, key.rpartition("::")[2], "import", self._modules[key])
            elif key in self._places:
                path, at = self._places[key]
                yield Told(path, at, key.rpartition("::")[2], "define")

    def _goal(self, key: str) -> tuple[str, int]:
        return self._places.get(key, ("", -1)) if key not in self._modules else ("", -1)

    def _positions(self, used: Used) -> Iterator[tuple[Name, int]]:
        """Yield the names of a path that are written there, with where in its text."""
        text, at = self._texts.text(used.span), 0
        for name in used.names:
            found = re.compile(rf"\b{re.escape(name.ident)}\b").search(text, at) if name.ident.isidentifier() else None
            if found:
                at = found.end()
                yield name, found.start()

    def _named(self, used: Used) -> Iterator[Told]:
        if not self._texts.has(used.span):
            return
        for name, at in self._positions(used):
            if name.kind in ("Mod", "Local") or name.ident in ("self", "Self", "crate", "super"):
                continue
            is_called = name.kind in _CODE and _CALLED.match(self._texts.behind(used.span, at + len(name.ident)))
            is_base = used.kind == "bound" and name is used.names[-1]
            kind = "inherit" if is_base else "call" if is_called else "read"
            yield Told(used.span.path, self._texts.at(used.span, at), name.ident, kind, *self._goal(name.key))

    def _imported(self, used: Used) -> Iterator[Told]:
        if not self._texts.has(used.span) or not used.names:
            return
        path, at, name = used.span.path, self._texts.at(used.span, 0), used.names[-1].ident
        keys = [one.key for one in used.means if one.key]
        behind = used.names[-2:-1] if len(used.names) > 1 else ()
        for key in (*keys, *(one.key for one in behind if one.key)):
            file = self._modules.get(key, "")
            if file:
                yield Told(path, at, name, "import", file)
            elif key in self._places:
                if key in keys or not self._is_module(key):
                    yield Told(path, at, name, "import", *self._places[key])
                yield Told(path, at, name, "import", self._places[key][0])

    def _is_module(self, key: str) -> bool:
        path, at = self._places[key]
        before = (self._root / path).read_bytes()[max(0, at - 8) : at]
        return before.split()[-1:] == [b"mod"]

    def _built_on(self, hir: Hir) -> Iterator[Told]:
        for one in hir.implemented:
            trait, of = self._places.get(one.trait), self._places.get(one.type)
            if trait is not None and of is not None:
                yield Told(*of, one.trait.rpartition("::")[2], "inherit", *trait)
            for item in one.items:
                name = item.rpartition("::")[2]
                there, here = self._places.get(f"{one.trait}::{name}"), self._places.get(item)
                if there is not None and here is not None:
                    yield Told(*here, name, "override", *there)

    def _called(self, method: Method, crate: Crate) -> Iterator[Told]:
        span, name = method.span, method.key.rpartition("::")[2]
        if not self._texts.has(span):
            return
        found = re.search(rf"\b({re.escape(name)})\b(?:::<.*>)?$", self._texts.text(span), re.DOTALL)
        if not found:
            return
        trait = method.key.rpartition("::")[0]
        own = self._own.get((trait, f"{crate.name}::{method.of}")) or self._own.get((trait, method.of)) or {}
        kind = "call" if _CALLED.match(self._texts.behind(span, found.end(1))) else "read"
        yield Told(span.path, self._texts.at(span, found.start(1)), name, kind, *self._goal(own.get(name, method.key)))
