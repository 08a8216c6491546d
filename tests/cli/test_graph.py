"""`bridle symbols` and `bridle graph`: what is where, and what depends on what, for people and for scripts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bridle.cli.main import main

pytestmark = pytest.mark.slow

FILES = {
    "pyproject.toml": "[project]\nname = 'shop'\n",
    "shop/__init__.py": "",
    "shop/tax.py": """RATE = 3


def with_tax(price):
    return rounded(price * RATE)


def rounded(x):
    return x
""",
    "shop/cart.py": "from shop import tax\n\n\nclass Cart:\n    def total(self):\n        return tax.with_tax(1)\n",
    "tests/test_cart.py": "from shop.cart import Cart\n\n\ndef test_total():\n    assert Cart().total() == 3\n",
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "shop"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(root)
    return root


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True, timeout=30)


def test_what_past_commits_changed_along_with_a_definition(
    shop: Path, ask: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["graph", "with_tax", "--together"]) == 0
    assert "no commit of this folder's history can be read" in capsys.readouterr().err
    git(shop, "init", "-q")
    git(shop, "add", ".")
    git(shop, "commit", "-qm", "begin")
    for n in range(2):
        for path, old in (("shop/tax.py", "price * RATE"), ("shop/cart.py", "with_tax(1)")):
            file = shop / path
            file.write_text(file.read_text().replace(old, f"{old} + {n}"))
        git(shop, "commit", "-qam", f"round {n}")
    told = ask("graph", "with_tax", "--together")
    assert told["edges"] == [
        {
            "source": "shop/tax.py::with_tax",
            "target": "shop/cart.py::Cart.total",
            "kind": "co-change",
            "confidence": 1.0,
        }
    ]
    assert [row["name"] for row in told["symbols"]] == ["with_tax", "total"]
    assert ask("graph", "rounded", "--together")["edges"] == []


def test_a_test_that_only_bears_the_name_is_told_apart(
    shop: Path, ask: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "tests/test_tax.py").write_text("def test_by_other_means():\n    pass\n")
    told = ask("graph", "rounded", "--tests")
    assert ["tests/test_cart.py::test_total" in row["path"] for row in told["reached"]] == [True]
    assert told["named"] == ["tests/test_tax.py"]
    assert main(["graph", "rounded", "--tests"]) == 0
    assert "tests/test_tax.py  by its name alone" in capsys.readouterr().out


@pytest.fixture
def ask(shop: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def asked(*words: str, code: int = 0) -> Any:
        assert main([*words, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return asked


def test_a_symbol_is_told_with_its_lines_as_editors_count_them(ask: Any) -> None:
    (row,) = ask("symbols", "with_tax")["symbols"]
    assert row == {
        "id": "shop/tax.py::with_tax",
        "kind": "function",
        "name": "with_tax",
        "qualname": "with_tax",
        "path": "shop/tax.py",
        "start_line": 4,
        "end_line": 5,
    }
    assert [row["qualname"] for row in ask("symbols", "Cart.total")["symbols"]] == ["Cart.total"]


def test_a_part_of_a_name_is_enough_and_nothing_is_code_1(ask: Any) -> None:
    assert [row["name"] for row in ask("symbols", "ROUND")["symbols"]] == ["rounded"]
    some = ask("symbols", "t", "--limit", "2")
    assert (len(some["symbols"]), some["total"] > 2) == (2, True)
    assert ask("symbols", "nowhere", code=1) == {"symbols": [], "total": 0}


def test_the_graph_around_a_definition_has_both_directions_and_depth(ask: Any) -> None:
    near = ask("graph", "with_tax")
    ends = {(edge["source"], edge["target"], edge["kind"]) for edge in near["edges"]}
    assert ("shop/cart.py::Cart.total", "shop/tax.py::with_tax", "calls") in ends
    assert ("shop/tax.py::with_tax", "shop/tax.py::rounded", "calls") in ends
    assert {row["id"] for row in near["symbols"]} >= {end for one in ends for end in one[:2]}
    assert all(0 < edge["confidence"] <= 1 for edge in near["edges"])
    far = ask("graph", "rounded", "--depth", "3")
    assert "tests/test_cart.py::test_total" in {row["id"] for row in far["symbols"]}
    assert [edge["kind"] for edge in ask("graph", "Cart", "--kind", "contains")["edges"]] == ["contains", "contains"]


@pytest.mark.parametrize("written", ["shop/tax.py::rounded", "rounded", "shop/tax.py:9"])
def test_a_definition_is_named_by_id_by_name_or_by_place(ask: Any, written: str) -> None:
    (edge,) = ask("graph", written, "--callers")["edges"]
    assert (edge["source"], edge["target"]) == ("shop/tax.py::with_tax", "shop/tax.py::rounded")
    assert ask("graph", written, "--callees")["edges"] == []


def test_impact_and_tests_come_with_the_way(ask: Any) -> None:
    way = [
        "tests/test_cart.py::test_total",
        "shop/cart.py::Cart.total",
        "shop/tax.py::with_tax",
        "shop/tax.py::rounded",
    ]
    (test,) = ask("graph", "rounded", "--tests")["reached"]
    assert (test["id"], test["path"]) == (way[0], way)
    assert [one["id"] for one in ask("graph", "rounded", "--impact")["reached"]] == way[2::-1]


def test_circles_and_layers_of_files(ask: Any, shop: Path) -> None:
    assert ask("graph", "--cycles") == {"cycles": []}
    (shop / "shop/tax.py").write_text("from shop import cart\n" + FILES["shop/tax.py"])
    assert ask("graph", "--cycles") == {"cycles": [["shop/cart.py", "shop/tax.py", "shop/cart.py"]]}
    assert ask("graph", "--layers")["layers"][-1] == ["tests/test_cart.py"]


def test_dot_is_what_graphviz_reads(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "rounded", "--callers", "--dot"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0], lines[-1]) == ("digraph bridle {", "}")
    assert '  "shop/tax.py::with_tax" -> "shop/tax.py::rounded" [label="calls"];' in lines
    assert main(["graph", "--cycles", "--dot"]) == 0
    assert '  "tests/test_cart.py" -> "shop/cart.py";' in capsys.readouterr().out.splitlines()


def test_a_person_reads_places_and_ways(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["symbols", "Cart"]) == 0
    assert capsys.readouterr().out == "shop/cart.py:4  class Cart  class Cart\n"
    assert main(["graph", "rounded", "--tests"]) == 0
    assert "tests/test_cart.py:4  test_total → Cart.total → with_tax → rounded" in capsys.readouterr().out
    assert main(["graph", "--layers"]) == 0
    assert "  0  " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["graph", "nowhere_at_all"], "nothing here is named 'nowhere_at_all'"),
        (["graph"], "which definition?"),
        (["graph", "rounded", "--layers"], "are of all files"),
        (["graph", "rounded", "--depth", "99"], "--depth 99 is not from 1 to 8"),
        (["symbols", "x", "--limit", "0"], "--limit 0 shows nothing"),
    ],
)
def test_what_cannot_be_answered_says_what_can(
    shop: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(words) == 1
    assert told in capsys.readouterr().err
