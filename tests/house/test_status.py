"""The one page that claims coverage claims nothing that is not there."""

from __future__ import annotations

import ast
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def status() -> ModuleType:
    """The program that writes the page, as a module."""
    spec = importlib.util.spec_from_file_location("bridle_status", ROOT / "docs" / "status.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def functions_of(path: Path) -> frozenset[str]:
    body = ast.parse(path.read_text("utf-8")).body
    functions = [node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def test_every_test_that_a_capability_names_exists(status: ModuleType) -> None:
    missing: list[str] = []
    for capability in status.read_capabilities():
        for named in capability.tests:
            file, _, name = named.partition("::")
            known = functions_of(ROOT / file) if (ROOT / file).is_file() else frozenset[str]()
            if not known or (name and name not in known):
                missing.append(named)
    assert missing == []


def test_the_page_has_the_capabilities_of_the_file_in_their_order(status: ModuleType) -> None:
    written = (ROOT / "docs" / "status.md").read_text("utf-8").split("\n")
    wanted = [status.left_cells(capability) for capability in status.read_capabilities()]
    assert len(set(wanted)) == len(wanted)
    rows = [line for line in written if line.startswith("| ") and not line.startswith("| capability |")]
    assert [row for row, left in zip(rows, wanted, strict=True) if not row.startswith(left)] == []


def write_report(folder: Path, name: str, *cases: str) -> Path:
    report = folder / name
    suite = f"<testsuite timestamp='2026-11-01T10:00:00'>{''.join(cases)}</testsuite>"
    report.write_text(f"<testsuites>{suite}</testsuites>")
    return report


def case(name: str, inside: str = "", file: str = "tests.room.test_a") -> str:
    return f"<testcase classname='{file}' name='{name}'>{inside}</testcase>"


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ((), "no test yet"),
        (("tests/room/test_a.py::test_one",), "2 passed"),
        (("tests/room/test_a.py::test_on",), "not run"),
        (("tests/room/test_a.py",), "**2 failed**, 2 passed, 1 skipped (no Neovim)"),
        (("tests/room/test_a.py::test_one", "tests/room/test_b.py"), "2 passed, 1 not run"),
        (("tests/room/test_a.py::test_skipped",), "1 skipped (no Neovim)"),
    ],
)
def test_a_result_is_what_the_report_says_and_nothing_better(
    status: ModuleType, tmp_path: Path, tests: tuple[str, ...], said: str
) -> None:
    written = write_report(
        tmp_path,
        "junit.xml",
        case("test_one[a]"),
        case("test_one[b]"),
        case("test_two", "<failure/>"),
        case("test_three", "<error/>"),
        case("test_skipped", "<skipped message='no Neovim'/>"),
    )
    assert status.result(status.Capability("p", "n", "c", tests), status.read_reports([written]).cases) == said


def test_of_two_reports_the_last_one_tells_and_no_test_counts_twice(status: ModuleType, tmp_path: Path) -> None:
    first = write_report(tmp_path, "first.xml", case("test_one"), case("test_two", "<failure/>"))
    second = write_report(tmp_path, "second.xml", case("test_two"))
    capability = status.Capability("p", "n", "c", ("tests/room/test_a.py",))
    assert status.result(capability, status.read_reports([first, second]).cases) == "2 passed"
    assert status.result(capability, status.read_reports([second, first]).cases) == "**1 failed**, 1 passed"


def test_without_a_report_the_page_says_that_nothing_was_run(status: ModuleType, tmp_path: Path) -> None:
    nothing = status.read_reports([tmp_path / "none.xml"])
    page = status.page([status.Capability("p", "n", "c", ("tests/a.py",))], nothing, "today")
    assert "nothing was run" in page
    assert page.rstrip().endswith("| not run |")
