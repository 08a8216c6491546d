"""The truth of Ruby: what was called and taken in while a project's own tests ran (`tellers/ruby_calls.rb`).

No checker of Ruby can be had that knows what names mean without running them. So calls are those that happened: from
the definition around the line that called to the one that ran, where the line has its name. What Ruby calls by itself
(`to_s` in a string, `each` behind `map`) and operators stand on no line by name. An edge of ours is wrong where a line
of its source ran, called that name, and never came to its target; where no such line ran, it is untold.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import msgspec
from comparing import Comparison, Named, compare, plain
from pinned import absent, each, own

from bridle.indexer.facts import Symbol
from bridle.indexer.index import Index
from bridle.indexer.navigation import name_of
from bridle.indexer.resolve import is_test_file
from bridle.indexer.snapshot import Snapshot

PINNED = (
    ("mustache", "lib", "34eb94559c7d22d85a66f393f6c78b4bde27bdbd"),
    ("rake", "lib", "474500ab2eec41ef28068e18e30f84fa412a098f"),
    ("optparse", "lib", "a95819f9a07b613709f6dda28551750db32348a2"),
    ("rack", "lib", "8bf4eb078498edc9105fb04add80d89c5340e60b"),
    ("thor", "lib", "d89dd720c8774e6ba354d9df195ef003c3bbd465"),
)
"""Name, where its code is, commit."""

MINITEST = "Dir[%r].sort.each { |one| require File.expand_path(one) }"
TESTS: dict[str, Sequence[str]] = {
    "mustache": ("-I", "lib", "-I", "test", "-e", MINITEST % "test/*_test.rb"),
    "rake": ("-I", "lib", "-I", "test", "-e", MINITEST % "test/test_*.rb"),
    "optparse": ("-I", "lib", "-I", "test/lib", "-e", f"require 'test/unit'; {MINITEST % 'test/optparse/test_*.rb'}"),
    "rack": ("-I", "lib", "-I", "test", "-e", MINITEST % "test/spec_*.rb"),
    "thor": ("-I", "lib", "-S", "rspec", "spec"),
    "shop": ("-I", "lib", "-e", MINITEST % "test/test_*.rb"),
}
"""How the tests of a project are run."""

OPTIONAL = "ruby, with minitest, its global expectations, test-unit, rspec and webmock"
TELLER = Path(__file__).with_name("tellers") / "ruby_calls.rb"
RUN_S = 600
TAKES_IN = re.compile(r"\b(?:require|require_relative|load)\b")
MADE = re.compile(r"^(?:[A-Z]\w* = )?(?:Struct\.new|Data\.define)|^def_(?:instance_)?delegator|:\w+, [\":]")

OWN = {
    "lib/shop/rate.rb": "module Shop\n  class Rate\n    attr_reader :share\n\n    def initialize(share)\n"
    "      @share = share\n    end\n\n    def of(price)\n      price * share\n    end\n  end\nend\n",
    "lib/shop/named.rb": "module Shop\n  module Named\n    def title\n      label.upcase\n    end\n  end\nend\n",
    "lib/shop.rb": 'require "shop/named"\nrequire_relative "shop/rate"\n\n'
    "module Shop\n  class Cart\n    include Named\n\n"
    "    def self.of(*prices) = new(prices)\n\n    def initialize(prices)\n      @prices = prices\n"
    "      @rate = Rate.new(2)\n    end\n\n    def total\n      @prices.sum { |price| @rate.of(price) }\n    end\n\n"
    '    def label\n      "cart of #{total}"\n    end\n  end\nend\n',
    "test/test_shop.rb": 'require "minitest/autorun"\nrequire "shop"\n\nclass TestShop < Minitest::Test\n'
    "  def test_total\n    cart = Shop::Cart.of(1, 2)\n    assert_equal 6, cart.total\n"
    '    assert_equal "CART OF 6", cart.title\n  end\nend\n',
}


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and of the programs."""
    return absent(where, PINNED, OPTIONAL, is_here=shutil.which("ruby") is not None)


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of all its definitions."""
    del n_symbols
    return each(where, PINNED, only, _compared)


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a small tree of our own; nothing where a program is not installed."""
    asked = ["ruby", "-e", 'require "minitest"']
    is_here = shutil.which("ruby") is not None and subprocess.run(asked, check=False).returncode == 0
    return own(OWN, _compared, is_here=is_here)


def _compared(root: Path, name: str) -> Comparison:
    told = _told(root, TESTS[name])
    index = Index(root, None, workers=1)
    try:
        return _Project(index.refresh(), told).compared(name)
    finally:
        index.close()


def _told(root: Path, tests: Sequence[str]) -> list[list[object]]:
    """Return what the tests of a project told while they ran."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "told"
        argv = ["ruby", "-r", str(TELLER), *tests]
        environ = {**os.environ, "BRIDLE_ROOT": str(root), "BRIDLE_OUT": str(out)}
        ran = subprocess.run(argv, cwd=root, env=environ, capture_output=True, text=True, timeout=RUN_S, check=False)
        print("\n".join(re.findall(r"^\d+ (?:runs|tests|examples), .*", ran.stdout, re.MULTILINE)), file=sys.stderr)
        return [msgspec.json.decode(line, type=list[object]) for line in out.read_text("utf-8").splitlines()]


class _Project:
    def __init__(self, snapshot: Snapshot, told: Sequence[Sequence[object]]) -> None:
        self._snapshot = snapshot
        self._told = [one for one in told if str(one[1]) in snapshot.digests]
        self._ran = {str(one[1]): set(_numbers(one[2])) for one in self._told if one[0] == "lines"}
        self._symbols = {path: snapshot.in_file(path) for path in snapshot.digests}
        self._ids = {plain(one.id) for known in self._symbols.values() for one in known}
        self._called: dict[tuple[str, int], set[str]] = {}
        for one in self._told:
            if one[0] in ("call", "outside"):
                self._called.setdefault((str(one[1]), _number(one[2])), set()).add(str(one[3]))

    def compared(self, name: str) -> Comparison:
        ours: set[Named] = set()
        for edge in self._snapshot.edges:
            target = self._snapshot.symbols[edge.target]
            is_call = edge.kind == "calls" and target.kind in ("method", "function")
            if (is_call or edge.kind == "imports") and edge.source.partition("::")[0] in self._ran:
                ours.add((plain(edge.source), plain(edge.target), edge.kind))
        truth = {self._alike(edges, ours) for one in self._told if (edges := self._edges(one))}
        code = [one for path in self._ran for one in self._symbols[path][1:]]
        return Comparison(name, len(code), compare(ours, truth, self._judge))

    def _alike(self, edges: Sequence[Named], ours: set[Named]) -> Named:
        """Return the edge of ours among those to a method and to those that it replaces, else the one that was run."""
        return next((edge for edge in edges if edge in ours), edges[0])

    @cached_property
    def _doubled(self) -> set[tuple[str, int, str]]:
        """Where code came to what stands in for code in a test: path, line, name."""
        calls = [one for one in self._told if one[0] == "call"]
        found = [one for one in calls if is_test_file(str(one[5])) and not is_test_file(str(one[1]))]
        return {(str(one[1]), _number(one[2]), str(one[3])) for one in found}

    @cached_property
    def _lines(self) -> dict[str, list[str]]:
        root = self._snapshot.root
        return {path: (root / path).read_text("utf-8", "replace").split("\n") for path in self._symbols}

    def _edges(self, told: Sequence[object]) -> list[Named]:
        """Return the edge that was seen to be used, and those to what its target replaces."""
        path = str(told[1])
        if told[0] == "import":
            to, line = str(told[3]), self._line(path, _number(told[2]))
            is_written = to.rpartition("/")[2].removesuffix(".rb") in line and TAKES_IN.search(line)
            is_known = to in self._snapshot.digests and to != path and is_written
            return [(f"{path}::", f"{to}::", "imports")] if is_known else []
        if told[0] != "call":
            return []
        called, name, to, line = str(told[3]), str(told[4]), str(told[5]), _number(told[6])
        if is_test_file(to) and not is_test_file(path):
            return []  # what stands in for code in a test
        if not self._is_written(path, _number(told[2]), called) or not self._is_said(to, line, name):
            return []
        source = plain(self._around(path, _number(told[2]) - 1).id)
        places = [(to, line), *((str(one[0]), _number(one[1])) for one in _pairs(told[7]))]
        targets = [self._defined(where, at, name, called) for where, at in places]
        return [(source, target, "calls") for target in targets if source != target]

    def _is_said(self, path: str, line: int, name: str) -> bool:
        """Whether a definition has its name where it stands: it is not put together while the program runs."""
        return any(name.removesuffix("=") in self._line(path, at) for at in range(line, line + 12))

    def _line(self, path: str, line: int) -> str:
        lines = self._lines.get(path, [])
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def _is_written(self, path: str, line: int, called: str) -> bool:
        return _written(called).search(self._line(path, line)) is not None

    def _around(self, path: str, line: int) -> Symbol:
        around = [one for one in self._symbols[path] if one.span.start_line <= line < one.span.end_line]
        wide = [one for one in around if not one.signature.startswith("attr_")]
        return min(wide or around, key=lambda one: one.span.end_byte - one.span.start_byte)

    def _defined(self, path: str, line: int, name: str, called: str) -> str:
        """Return the definition that begins on a line; under the name that it was called by, where it has that too."""
        alike = [one for one in self._symbols.get(path, ()) if one.name in (name, name.removesuffix("="))]
        found = [
            one for one in alike if 0 <= self._name_line(one) - (line - 1) <= 12 * one.signature.startswith("attr")
        ]
        if not found:
            return f"{path}::{name}:{line} (not ours)"
        known = plain(min(found, key=self._name_line).id)
        other = f"{known.rpartition('.')[0]}.{called}" if "." in known.partition("::")[2] else f"{path}::{called}"
        return other if called != name and other in self._ids else known

    def _name_line(self, symbol: Symbol) -> int:
        at, _ = name_of(self._snapshot, symbol)
        return self._starts(symbol.span.path, at)

    def _starts(self, path: str, byte: int) -> int:
        return (self._snapshot.root / path).read_bytes()[:byte].count(b"\n")

    def _judge(self, edge: Named) -> str:
        source, target, kind = edge
        path = source.partition("::")[0]
        if kind == "imports":
            return self._judged_import(path, target.partition("::")[0])
        found = [one for one in self._symbols[target.partition("::")[0]] if plain(one.id) == target]
        if any(MADE.search(one.signature) for one in found):
            return "untold"
        name = target.rpartition(".")[2].rpartition("::")[2]
        if any((path, line, name) in self._doubled for line in self._lines_of(path, source)):
            return "untold"
        words = (name, f"{name}=") if name != "initialize" else ("new", "initialize")
        for line in self._lines_of(path, source):
            if line - 1 in self._ran[path] and self._called.get((path, line), set()).intersection(words):
                return "wrong"
        return "untold"

    def _lines_of(self, path: str, source: str) -> Iterator[int]:
        for symbol in self._symbols[path]:
            if plain(symbol.id) == source:
                yield from range(symbol.span.start_line + 1, symbol.span.end_line + 1)

    def _judged_import(self, path: str, target: str) -> str:
        stem = target.rpartition("/")[2].removesuffix(".rb")
        for number, line in enumerate(self._lines[path]):
            if stem in line and TAKES_IN.search(line) and number in self._ran[path] and "autoload" not in line:
                return "wrong"
        return "untold"


def _written(called: str) -> re.Pattern[str]:
    """Return what a call of a name looks like."""
    if called == "initialize":
        return re.compile(r"\bnew\b|\bsuper\b")
    if re.fullmatch(r"\w+=", called):
        return re.compile(rf"\b{called[:-1]}\s*(?:\|\||&&|[-+*/|])?=(?![=~])")
    if re.fullmatch(r"\w+[?!]?", called):
        return re.compile(rf"(?<![\w@:$]){re.escape(called)}(?![\w?!=]|\s*=(?![=~>]))|\bsuper\b")
    return re.compile(r"(?!)")


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def _pairs(value: object) -> Iterator[Sequence[object]]:
    assert isinstance(value, list)
    return (one for one in value if isinstance(one, list))


def _numbers(value: object) -> Iterator[int]:
    assert isinstance(value, list)
    return (one for one in value if isinstance(one, int))
