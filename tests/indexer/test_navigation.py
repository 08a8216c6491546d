"""What stands at a place and where it is used: by meaning, in every language, at the very bytes of the name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bridle.indexer.facts import SymbolId
from bridle.indexer.languages.readers import READERS, Reader, reader_of
from bridle.indexer.linked import Linked
from bridle.indexer.navigation import (
    definitions_at,
    name_of,
    outgoing,
    outline,
    subtypes,
    supertypes,
)
from bridle.indexer.script_projects import is_config, projects_of
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.usages import Usages
from bridle.indexer.words import Words

SHOP = {
    "shop/__init__.py": "from .till import Till\n",
    "shop/till.py": (
        "class Base:\n    def open(self):\n        pass\n\n\n"
        "class Till(Base):\n    def __init__(self, größe='😀'):\n        self.size = größe; self.open()\n\n"
        "    def count(self, deep=False):\n        return self.count(deep) if deep else rate()\n\n\n"
        "def rate():\n    return 1\n\n\nTAX = rate()\n"
    ),
    "main.py": (
        "from shop import Till as Desk\nimport shop.till\n\n\n"
        "def main():\n    desk = Desk()\n    desk.count()\n    desk.count(); shop.till.rate()\n\n\n"
        "def other(count):\n    return count  # count\n"
    ),
    "test_main.py": "from main import main\n\n\ndef test_main():\n    main()\n",
}


def snapshot_of(files: Mapping[str, str]) -> Snapshot:
    found = ((path, reader_of(path), text.encode()) for path, text in files.items())
    facts = {path: reader.facts(path, text) for path, reader, text in found if reader is not None}
    projects = projects_of({path: text for path, text in files.items() if is_config(path)})
    return Snapshot(Path("/"), Linked.of(facts, projects=projects), Words.of({}))


class Asked:
    """Files of a test, asked by words in them."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.snapshot = snapshot_of(files)
        self.usages = Usages()

    def texts(self, path: str) -> bytes | None:
        return self.files[path].encode() if path in self.files else None

    def meant(self, path: str, before: str, inside: str = "") -> list[str]:
        """Return what the word means that begins behind the first `before`, looked at from inside of it."""
        text = self.files[path]
        byte = len(text[: text.index(before) + len(before)].encode()) + len(inside.encode())
        return [symbol.id for symbol in definitions_at(self.snapshot, path, byte, self.texts)]

    def uses(self, *targets: str, stop: Callable[[], bool] = lambda: False) -> list[str]:
        """Return where definitions are used, as ``path:line:column word``, 1-based, columns in characters."""
        ids = [SymbolId(target) for target in targets]
        return [self.told(use.path, use.at, use.size) for use in self.usages.of(self.snapshot, ids, self.texts, stop)]

    def told(self, path: str, at: int, size: int) -> str:
        data = self.files[path].encode()
        before = data[:at].decode().split("\n")
        return f"{path}:{len(before)}:{len(before[-1]) + 1} {data[at : at + size].decode()}"


@pytest.fixture(scope="module")
def shop() -> Asked:
    return Asked(SHOP)


@pytest.mark.parametrize(
    ("before", "inside", "meant"),
    [
        ("desk = ", "De", ["shop/till.py::Till"]),
        ("    desk.", "", ["shop/till.py::Till.count"]),
        ("    desk.", "count", ["shop/till.py::Till.count"]),
        ("shop.till.", "ra", ["shop/till.py::rate"]),
        ("def ", "", ["main.py::main"]),
        ("import ", "T", ["shop/till.py::Till"]),
        ("Till as ", "D", ["shop/till.py::Till"]),
        ("from ", "s", ["shop/__init__.py::"]),
        ("import shop.", "t", ["shop/till.py::"]),
        ("    return ", "c", []),
        ("# ", "c", []),
    ],
)
def test_a_name_means_its_definition_wherever_the_cursor_stands_in_it(
    shop: Asked, before: str, inside: str, meant: list[str]
) -> None:
    assert shop.meant("main.py", before, inside) == meant


def test_every_use_is_told_at_the_bytes_of_its_name_imports_and_recursion_included(shop: Asked) -> None:
    assert shop.uses("shop/till.py::Till.count") == [
        "main.py:7:10 count",
        "main.py:8:10 count",
        "shop/till.py:11:21 count",
    ]
    assert shop.uses("shop/till.py::Till") == ["main.py:1:18 Till", "main.py:6:12 Desk", "shop/__init__.py:1:19 Till"]
    assert shop.uses("shop/till.py::Base.open") == ["shop/till.py:8:33 open"]
    assert shop.uses("shop/till.py::rate") == ["main.py:8:29 rate", "shop/till.py:11:46 rate", "shop/till.py:18:7 rate"]
    assert shop.uses("shop/till.py::") == [
        "main.py:2:13 till", "main.py:8:24 till", "shop/__init__.py:1:7 till",
    ]  # fmt: skip


def test_nobody_is_searched_for_once_nobody_waits(shop: Asked) -> None:
    assert shop.uses("shop/till.py::Till.count", stop=lambda: True) == []


def test_calls_are_told_with_who_makes_them_and_where(shop: Asked) -> None:
    found = shop.usages.incoming(shop.snapshot, SymbolId("shop/till.py::Till.count"), shop.texts, lambda: False)
    assert [(symbol.id, len(uses)) for symbol, uses in found] == [("main.py::main", 2), ("shop/till.py::Till.count", 1)]
    found = outgoing(shop.snapshot, SymbolId("main.py::main"))
    assert [(symbol.id, [shop.told(*use[:3]) for use in uses]) for symbol, uses in found] == [
        ("shop/till.py::Till", ["main.py:6:12 Desk"]),
        ("shop/till.py::Till.count", ["main.py:7:10 count", "main.py:8:10 count"]),
        ("shop/till.py::rate", ["main.py:8:29 rate"]),
    ]
    [(caller, _)] = shop.usages.incoming(shop.snapshot, SymbolId("main.py::main"), shop.texts, lambda: False)
    assert caller.id == "test_main.py::test_main"


def test_what_a_class_is_built_on_and_what_is_built_on_it(shop: Asked) -> None:
    assert [one.id for one in supertypes(shop.snapshot, SymbolId("shop/till.py::Till"))] == ["shop/till.py::Base"]
    assert [one.id for one in subtypes(shop.snapshot, SymbolId("shop/till.py::Base"))] == ["shop/till.py::Till"]


def test_an_outline_is_in_source_order_and_knows_what_is_in_what(shop: Asked) -> None:
    found = outline(shop.snapshot, "shop/till.py")
    assert [(symbol.name, parent) for symbol, parent in found] == [
        ("Base", -1), ("open", 0), ("Till", -1), ("__init__", 2), ("count", 2), ("rate", -1), ("TAX", -1),
    ]  # fmt: skip
    names = [name_of(shop.snapshot, symbol) for symbol, _ in found]
    text = SHOP["shop/till.py"].encode()
    assert [text[start:end].decode() for start, end in names] == [symbol.name for symbol, _ in found]
    assert outline(shop.snapshot, "nothing.py") == []


LANGUAGES: Mapping[str, tuple[Mapping[str, str], str, str, list[str]]] = {
    "typescript": (
        {
            "src/desk.ts": "export class Desk {\n  open(): void {}\n}\nexport default Desk\n",
            "src/main.ts": 'import { Desk } from "./desk"\nconst desk = new Desk()\ndesk.open()\n'
            'export { Desk } from "./desk"\n',
            "src/old.js": 'const { Desk } = require("./desk")\nnew Desk()\n',
        },
        "src/main.ts",
        "src/desk.ts::Desk",
        [
            "src/desk.ts:4:16 Desk",
            "src/main.ts:1:10 Desk", "src/main.ts:2:18 Desk", "src/main.ts:4:10 Desk",
            "src/old.js:1:9 Desk", "src/old.js:2:5 Desk",
        ],
    ),
    "go": (
        {
            "go.mod": "module example.com/shop\n",
            "desk/desk.go": "package desk\n\nfunc Open() int { return Open() }\n",
            "main.go": 'package main\n\nimport "example.com/shop/desk"\n\nfunc main() { desk.Open() }\n',
        },
        "main.go",
        "desk/desk.go::Open",
        ["desk/desk.go:3:26 Open", "main.go:5:20 Open"],
    ),
    "java": (
        {
            "src/shop/Desk.java": "package shop;\npublic class Desk {\n  public int open() { return 1; }\n}\n",
            "src/app/Main.java": "package app;\nimport shop.Desk;\nclass Main {\n"
            "  int run() { Desk d = new Desk(); return d.open(); }\n}\n",
        },
        "src/app/Main.java",
        "src/shop/Desk.java::Desk",
        ["src/app/Main.java:2:13 Desk", "src/app/Main.java:4:15 Desk", "src/app/Main.java:4:28 Desk"],
    ),
    "c": (
        {
            "desk.h": "int desk_open(int n);\n",
            "main.c": '#include "desk.h"\n\nint main(void) { return desk_open(desk_open(1)); }\n',
        },
        "main.c",
        "desk.h::desk_open",
        ["main.c:3:25 desk_open", "main.c:3:35 desk_open"],
    ),
    "rust": (
        {
            "Cargo.toml": '[package]\nname = "shop"\n',
            "src/desk.rs": "pub fn open() -> i32 { 1 }\n",
            "src/main.rs": "mod desk;\nuse crate::desk::open;\n\nfn main() { open(); desk::open(); }\n",
        },
        "src/main.rs",
        "src/desk.rs::open",
        ["src/main.rs:2:18 open", "src/main.rs:4:13 open", "src/main.rs:4:27 open"],
    ),
    "csharp": (
        {
            "Desk.cs": "namespace Shop { public class Desk { public void Open() { } } }\n",
            "Main.cs": "using Shop;\nclass Main { void Go(Desk desk) { desk.Open(); new Desk().Open(); } }\n",
        },
        "Main.cs",
        "Desk.cs::Shop.Desk.Open",
        ["Main.cs:2:40 Open", "Main.cs:2:59 Open"],
    ),
    "kotlin": (
        {
            "desk/Desk.kt": "package desk\n\nfun unlock(n: Int): Int = n\n",
            "main.kt": "import desk.unlock\n\nfun main() {\n  unlock(unlock(1))\n}\n",
        },
        "main.kt",
        "desk/Desk.kt::desk.unlock",
        ["main.kt:1:13 unlock", "main.kt:4:3 unlock", "main.kt:4:10 unlock"],
    ),
    "php": (
        {
            "src/Desk.php": "<?php\nnamespace Shop;\nclass Desk { public function open() { return 1; } }\n",
            "main.php": "<?php\nuse Shop\\Desk;\n$desk = new Desk();\n",
        },
        "main.php",
        "src/Desk.php::Desk",
        ["main.php:2:10 Desk", "main.php:3:13 Desk"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_uses_and_definitions_are_told_in_every_language(language: str) -> None:
    files, path, target, uses = LANGUAGES[language]
    asked = Asked(files)
    assert asked.uses(target) == uses
    for told in (one for one in uses if one.startswith(f"{path}:")):
        place, _, word = told.partition(" ")
        line, column = (int(part) for part in place.split(":")[1:])
        at = len("\n".join(files[path].split("\n")[: line - 1])) + (line > 1) + column - 1
        found = definitions_at(asked.snapshot, path, at + 1, asked.texts)
        assert target in [symbol.id for symbol in found], (told, word, found)


@pytest.mark.parametrize("reader", READERS, ids=[reader.name for reader in READERS])
def test_a_language_that_joins_the_index_leads_around(reader: Reader) -> None:
    path, text = reader.probe
    asked = Asked({path: text.decode()})
    [target] = [one.id for one in asked.snapshot.in_file(path) if one.name == "probe" and one.kind != "module"]
    [used] = asked.uses(target)
    assert used.endswith(" probe")
    [caller] = outgoing(asked.snapshot, target)
    assert caller[0].id == target


def test_an_import_of_a_file_by_its_path_means_the_file() -> None:
    files = LANGUAGES["typescript"][0]
    assert Asked(files).meant("src/main.ts", 'from "./', "de") == ["src/desk.ts::"]
    assert Asked(LANGUAGES["c"][0]).meant("main.c", '#include "', "de") == ["desk.h::"]
    assert Asked(LANGUAGES["go"][0]).meant("main.go", "shop/", "de") == ["desk/desk.go::"]


def test_a_long_import_with_aliases_and_a_relative_one() -> None:
    asked = Asked(
        {
            "p/__init__.py": "",
            "p/a.py": "def f(): pass\n\n\ndef g(): pass\n",
            "p/b.py": "from .a import (\n    f as ff,  # f\n    g,\n)\nfrom . import a\nimport p.a as q\nff(); q.g()\n",
        }
    )
    assert asked.uses("p/a.py::f") == ["p/b.py:2:5 f", "p/b.py:7:1 ff"]
    assert asked.meant("p/b.py", "from .", "a") == ["p/a.py::"]
    assert asked.meant("p/b.py", "from . import ", "a") == ["p/a.py::"]
    assert asked.meant("p/b.py", "import p.a as ", "q") == ["p/a.py::"]
