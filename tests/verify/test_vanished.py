"""Tests that ran before a change and do not run any more."""

from __future__ import annotations

import pytest
from check_bench import Bench

from bridle.harness.verify.gates.vanished import vanished

BEFORE = ["a.py::one", "a.py::two", "a.py::many[1]", "a.py::many[2]", "b.py::one"]


def told(after: list[str], package: str = "") -> list[tuple[str, str]]:
    return [(flag.path, flag.reason.partition(": ")[2]) for flag in vanished(BEFORE, after, package)]


@pytest.mark.parametrize(
    ("after", "lost"),
    [
        (BEFORE, []),
        ([*BEFORE, "c.py::one"], []),
        (BEFORE[1:], [("a.py", "one")]),
        (["a.py::uno", *BEFORE[1:]], []),
        (["c.py::one", *BEFORE[1:]], [("a.py", "one")]),
        ([one for one in BEFORE if "many" not in one] + ["a.py::many[3]"], [("a.py", "many[1], many[2]")]),
        (BEFORE[:-1], [("b.py", "one")]),
        ([], [("a.py", "many[1], many[2], one and 1 more"), ("b.py", "one")]),
    ],
)
def test_a_file_that_lost_more_tests_than_it_won_is_told(after: list[str], lost: list[tuple[str, str]]) -> None:
    assert told(after) == lost


def test_the_file_of_a_package_is_named_by_its_place_in_the_tree_and_the_objection_blocks() -> None:
    assert told(BEFORE[:-1], "libs/one") == [("libs/one/b.py", "one")]
    assert all(flag.blocks and flag.remedy for flag in vanished(BEFORE, []))


@pytest.mark.slow
def test_tests_that_are_taken_away_or_skipped_behind_the_scenes_are_missed(bench: Bench) -> None:
    bench.put({"test_a.py": "def test_one():\n    assert 1\n\n\ndef test_two():\n    assert 1\n", "conftest.py": ""})
    before = bench.records.ran(bench.one("pytest").receipt) or frozenset()
    assert before == {"test_a.py::test_one", "test_a.py::test_two"}
    hook = "def pytest_collection_modifyitems(items):\n    items[:] = items[:1]\n"
    skip = (
        "import pytest\n\n\ndef pytest_runtest_setup(item):\n    if 'two' in item.name:\n        pytest.skip('later')\n"
    )
    for text in (hook, skip):
        bench.shadow.write("conftest.py", text.encode())
        verdict = bench.one("pytest")
        after = bench.records.ran(verdict.receipt) or frozenset()
        assert (verdict.outcome, sorted(after)) == ("pass", ["test_a.py::test_one"])
        assert [flag.path for flag in vanished(before, after)] == ["test_a.py"]
