"""Rules about who may import whom: what they find, what they say to do, and what is said of rules that are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from check_bench import Bench

from bridle.harness.nouns import Finding
from bridle.harness.verify.architecture.imports import imports_of, said_in
from bridle.harness.verify.architecture.judging import judge
from bridle.harness.verify.architecture.rules import BadRules, Rules, lies_in, read_rules
from bridle.indexer.files import FolderLink
from bridle.indexer.modules import Modules

ROOT = Path(__file__).resolve().parents[2]
LAYERS = '[architecture]\nlayers = ["app", "core"]\n'


def found(rules: str, files: Mapping[str, str], links: Sequence[FolderLink] = ()) -> list[Finding]:
    read = read_rules(rules)
    assert read is not None
    modules = Modules((path for path in files if path.endswith(".py")), links)
    said = {path: said_in(path, text) for path, text in files.items()}
    imports = imports_of(said, modules, frozenset(files))
    return judge(read, imports, {path: len(text.splitlines()) for path, text in files.items()})


def places(findings: Sequence[Finding]) -> list[tuple[str, int, str]]:
    return [(finding.path, finding.start_line, finding.code) for finding in findings]


@pytest.mark.parametrize(
    "statement",
    ["import app.view", "from app import view", "from app.view import f", "from ..app import view"],
)
def test_a_layer_that_imports_from_above_is_told_of_on_its_line(statement: str) -> None:
    files = {
        "top/__init__.py": "",
        "top/app/__init__.py": "",
        "top/app/view.py": "f = 1\n",
        "top/core/__init__.py": "",
        "top/core/a.py": f"import os\n{statement}\n",
    }
    rules = '[architecture]\nlayers = ["top/app", "top/core"]\n'
    [finding] = found(rules, files, [FolderLink("app", "top/app")])
    assert (finding.path, finding.start_line, finding.code) == ("top/core/a.py", 1, "layers")
    first, _, rest = finding.message.partition("\n")
    assert first == "top/core must not import from top/app, which lies above it"
    assert "hand it in as an argument" in rest


def test_a_layer_imports_from_itself_and_from_below() -> None:
    files = {
        "app/a.py": "import app.b\nimport core.c\n",
        "app/b.py": "",
        "core/c.py": "import core.d\nimport os\n",
        "core/d.py": "",
    }
    assert found(LAYERS, files) == []


def test_an_import_inside_a_function_counts_too() -> None:
    files = {"app/a.py": "", "core/c.py": "def f():\n    from app.a import x\n    return x\n"}
    assert places(found(LAYERS, files)) == [("core/c.py", 1, "layers")]


def test_a_forbidden_package_from_outside_is_found_unless_the_file_is_excepted() -> None:
    rules = """
[[architecture.forbid]]
from = ["."]
to = ["sqlite3"]
except = ["core/store.py"]
because = "one module stores"
instead = "ask core/store.py"
"""
    files = {
        "core/store.py": "import sqlite3\n",
        "core/a.py": "import sqlite3.dbapi2\n",
        "core/b.py": "import sqlite3x\n",
    }
    [finding] = found(rules, files)
    assert (finding.path, finding.code) == ("core/a.py", "forbidden")
    assert finding.message.startswith(". must not import sqlite3: one module stores\n")
    assert "Instead: ask core/store.py." in finding.message


def test_a_module_of_the_standard_library_is_not_taken_for_one_of_the_same_name_in_a_package() -> None:
    files = {"app/__init__.py": "", "app/a.py": "", "core/__init__.py": "", "core/b.py": "import secrets\n"}
    files |= {"app/deep/__init__.py": "", "app/deep/secrets.py": "", "src/top/__init__.py": ""}
    assert found(LAYERS, files, [FolderLink("src/top/app", "app"), FolderLink("src/top/core", "core")]) == []


def test_a_protected_module_is_imported_by_those_named_alone() -> None:
    rules = '[[architecture.protect]]\nwhat = ["core/engine.py"]\nby = ["app/main.py"]\n'
    files = {"core/engine.py": "", "app/main.py": "import core.engine\n", "app/other.py": "import core.engine\n"}
    assert places(found(rules, files)) == [("app/other.py", 0, "protected")]


@pytest.mark.parametrize(
    ("files", "circle"),
    [
        ({"a.py": "import b\n", "b.py": "import a\n"}, "b and a import each other"),
        ({"a.py": "import b\n", "b.py": "import c\n", "c.py": "import a\n"}, "a circle of imports: a → b → c → a"),
        ({"a/x.py": "import b.y\n", "b/y.py": "", "b/z.py": "import a.x\n"}, "b and a import each other"),
    ],
    ids=["two", "three", "folders"],
)
def test_a_circle_is_told_once_with_its_other_imports_beside_it(files: Mapping[str, str], circle: str) -> None:
    [finding] = found('[architecture]\nacyclic = ["."]\n', files)
    assert finding.message.partition("\n")[0] == circle
    assert finding.code == "cycle"
    assert finding.related
    assert all(related.message.startswith("imports ") for related in finding.related)


def test_no_circle_is_seen_where_imports_only_go_down() -> None:
    files = {"a.py": "import b\nimport c\n", "b.py": "import c\n", "c.py": ""}
    assert found('[architecture]\nacyclic = ["."]\n', files) == []


def test_a_file_that_is_too_long_is_told_where_it_begins_to_be() -> None:
    rules = '[architecture]\nmax_lines = 2\nlong = ["data"]\n'
    assert places(found(rules, {"a.py": "1\n2\n3\n", "b.py": "1\n2\n", "data/c.py": "1\n2\n3\n"})) == [
        ("a.py", 2, "size")
    ]


def test_scripts_are_followed_by_their_relative_paths() -> None:
    files = {
        "app/view.ts": "export const a = 1\n",
        "core/a.ts": "import { a } from '../app/view'\n",
        "core/b.js": "const {\n  a\n} = require('../app/view.js')\n",
        "core/c.ts": "import {\n  a,\n} from '../app/view'\nimport 'left-pad'\n",
        "core/d.ts": "// import { a } from '../app/view'\n",
    }
    assert places(found(LAYERS, files)) == [
        ("core/a.ts", 0, "layers"),
        ("core/b.js", 2, "layers"),
        ("core/c.ts", 0, "layers"),
    ]


@pytest.mark.parametrize(
    ("path", "place", "lies"),
    [
        ("core/a.py", "core", True),
        ("core/a.py", "core/", True),
        ("corep/a.py", "core", False),
        ("core/a.py", "core/a.py", True),
        ("x/core/a.py", "**/core", True),
        ("x/core/deep/a.py", "*/core", True),
        ("x/y/core/a.py", "*/core", False),
        ("core/a_gen.py", "core/*_gen.py", True),
        ("a.py", ".", True),
    ],
)
def test_a_place_is_a_folder_or_a_pattern(path: str, place: str, lies: bool) -> None:
    assert lies_in(path, place) is lies


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[architecture\n", 1, "no TOML"),
        ('mode = "ask"\n\n[architecture]\nlayers = "core"\n', 4, "Expected `array`"),
        ("[architecture]\nlayer = []\n", 2, "unknown field `layer`"),
        ('[architecture]\nmax_lines = 9\n\n[[architecture.forbid]]\nfrom = ["a"]\n', 4, "missing required field `to`"),
        ("[architecture]\nmax_lines = 0\n", 2, "Expected `int` >= 1"),
        ("[architecture]\n", 1, "holds no rule"),
    ],
)
def test_rules_that_cannot_be_taken_say_where_and_why(text: str, line: int, reason: str) -> None:
    with pytest.raises(BadRules, match=reason) as caught:
        read_rules(text)
    assert caught.value.line == line


def test_a_file_without_the_table_has_no_rules() -> None:
    assert read_rules('mode = "ask"\n') is None


def test_the_check_reads_what_would_land_and_starts_nothing(bench: Bench) -> None:
    bench.put({"bridle.toml": LAYERS, "app/a.py": "import core.c\n", "core/c.py": ""})
    [check] = bench.checks("architecture")
    assert check.starts_nothing
    assert bench.one("architecture").outcome == "pass"
    bench.shadow.write("core/c.py", b"import app.a\n")
    judged = bench.one("architecture")
    assert (judged.outcome, judged.collected) == ("fail", 2)
    assert places(judged.findings) == [("core/c.py", 0, "layers")]


def test_wrong_rules_are_unknown_with_their_line_and_what_to_do(bench: Bench) -> None:
    bench.put({"bridle.toml": "[architecture]\nlayer = 1\n", "a.py": ""})
    judged = bench.one("architecture")
    assert (judged.outcome, judged.reason.partition(": ")[0]) == ("unknown", "bridle.toml:2")
    assert "docs/architecture-rules.md" in judged.next_step


def test_no_rules_are_no_check(bench: Bench) -> None:
    bench.put({"bridle.toml": 'mode = "ask"\n', "a.py": ""})
    assert bench.checks("architecture") == []


@pytest.mark.slow
def test_this_project_keeps_its_own_rules_and_a_planted_import_is_found(bench: Bench) -> None:
    own = Bench(ROOT, bench.root.parent / "state")
    assert own.one("architecture").outcome == "pass"
    door = ROOT / "lsp_server" / "board.py"
    own.shadow.write("lsp_server/board.py", door.read_bytes() + b"\nfrom bridle.harness.verify import job\n")
    own.shadow.write("indexer/text.py", (ROOT / "indexer/text.py").read_bytes() + b"\nimport bridle.context.task\n")
    own.shadow.write("harness/planted.py", b"import pygls\nfrom bridle.harness import workspace\n")
    codes = [(finding.path, finding.code) for finding in own.one("architecture").findings]
    assert ("lsp_server/board.py", "forbidden") in codes
    assert ("indexer/text.py", "layers") in codes
    assert {code for path, code in codes if path == "harness/planted.py"} == {"forbidden", "protected"}


def test_the_rules_of_this_project_are_read(tmp_path: Path) -> None:
    assert isinstance(read_rules((ROOT / "bridle.toml").read_text("utf-8")), Rules)
