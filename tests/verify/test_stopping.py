"""A run by impact ends when enough more fail than before; what did not run is neither fixed nor known."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from check_bench import Bench

from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.job import IMPACT

pytestmark = pytest.mark.slow

CODE = "def double(n):\n    return n * 2\n\n\ndef old(n):\n    return n\n"
TESTS = "\n".join(
    [
        "import pytest",
        "from calc import double, old",
        "",
        "@pytest.mark.parametrize('n', range(5))",
        "def test_old(n):",
        "    assert old(n) < 0",
        "",
        "@pytest.mark.parametrize('n', range(1, 16))",
        "def test_new(n):",
        "    assert double(n) == 2 * n",
        "",
    ]
)
BROKEN = CODE.replace("n * 2", "n * 3")


@pytest.fixture
def seen(bench: Bench, tmp_path: Path) -> Bench:
    """A workspace whose tests were recorded: 15 pass and 5 fail."""
    bench.memory, bench.which = Memory(tmp_path / "memory"), msgspec.structs.replace(IMPACT, enough=3)
    bench.put({"calc.py": CODE, "test_calc.py": TESTS, "pytest.ini": "[pytest]\n"})
    verdict = bench.one("pytest")
    assert (verdict.collected, verdict.passed, verdict.extent) == (20, 15, "")
    return bench


def new_ones(bench: Bench) -> tuple[int, str]:
    """Break the code; return how many findings are new, and what of the tests ran."""
    ground = bench.one("pytest").findings
    bench.put({"calc.py": BROKEN})
    verdict = bench.one("pytest", baseline=ground)
    assert verdict.outcome == "fail"
    assert verdict.extent in verdict.reason
    return sum(finding.new for finding in verdict.findings), verdict.extent


def test_it_ends_after_so_many_more_failures_than_before(seen: Bench) -> None:
    n_new, extent = new_ones(seen)
    assert n_new == 3
    assert extent == "stopped after 8 failures, 12 of 20 tests did not run"


def test_with_no_number_all_of_them_run(seen: Bench) -> None:
    seen.which = IMPACT
    n_new, extent = new_ones(seen)
    assert (n_new, extent) == (15, "")


def test_what_did_not_run_runs_next_time_whatever_changes_then(seen: Bench) -> None:
    assert new_ones(seen)[1].startswith("stopped")
    seen.which = IMPACT
    seen.put({"calc.py": BROKEN + "\n\ndef more():\n    return 1\n"})
    verdict = seen.one("pytest")
    assert {finding.test for finding in verdict.findings} >= {f"test_calc.py::test_new[{n}]" for n in range(1, 16)}


def test_what_did_not_run_is_not_told_as_fixed(seen: Bench) -> None:
    seen.put({"calc.py": BROKEN})
    seen.which = IMPACT
    ground = seen.one("pytest").findings
    assert {finding.test for finding in ground} >= {"test_calc.py::test_new[15]"}
    seen.which = msgspec.structs.replace(IMPACT, enough=1)
    seen.put({"test_calc.py": "def test_a():\n    assert 0\n\n\ndef test_b():\n    assert 0\n" + TESTS})
    verdict = seen.one("pytest", baseline=[f for f in ground if f.test.endswith("[15]")])
    assert "did not run" in verdict.extent
    assert verdict.fixed == ()


LONE = """import pytest
from calc import double


@pytest.mark.parametrize('n', range({before}))
def test_before(n):
    assert double(0) == 0


def test_lone():
    assert double(1) == 2


@pytest.mark.parametrize('n', range({after}))
def test_after(n):
    assert double(0) == 0
"""


@pytest.mark.parametrize(
    ("options", "before", "after", "n_unrun"),
    [("", 3, 60, 30), ("", 40, 60, 19), ("", 3, 30, 0), ("addopts = -p xdist -n 1\n", 3, 60, 25)],
)
def test_after_a_first_failure_so_many_more_tests_run_and_as_many_again_as_led_to_it(
    bench: Bench, tmp_path: Path, options: str, before: int, after: int, n_unrun: int
) -> None:
    bench.memory, bench.which = Memory(tmp_path / "memory"), msgspec.structs.replace(IMPACT, enough=3)
    text = LONE.format(before=before, after=after)
    bench.put({"calc.py": CODE, "test_calc.py": text, "pytest.ini": f"[pytest]\n{options}"})
    assert bench.one("pytest").outcome == "pass"
    bench.put({"calc.py": BROKEN})
    verdict = bench.one("pytest")
    assert verdict.outcome == "fail"
    assert [finding.test for finding in verdict.findings] == ["test_calc.py::test_lone"]
    if not options:
        told = f"stopped after a failure, {n_unrun} of {before + after + 1} tests did not run"
        assert verdict.extent == (told if n_unrun else "")
    else:  # a worker has begun some when it is told to stop
        assert verdict.extent.startswith("stopped after a failure, ")
