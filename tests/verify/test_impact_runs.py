"""Which tests a change runs, on real sessions: recorded, chosen, run, and learnt from again."""

from __future__ import annotations

import shutil
import sys
import threading
from pathlib import Path

import pytest
from check_bench import Bench

from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.job import IMPACT, Which
from bridle.harness.verify.mutants.strength import strength

pytestmark = pytest.mark.slow

CODE = '''"""Two functions."""

RATE = 3


def double(n):
    return n * 2


def triple(n):
    return n * RATE


def unused(n):
    if n > 3:
        return 1
    return 2
'''
TESTS = """import pytest
from calc import double, triple


@pytest.fixture(scope="module")
def six():
    return triple(2)


def test_double():
    assert double(2) == 4


def test_triple():
    assert triple(1) == 3


def test_six(six):
    assert six == 6


def test_again(six):
    assert six > 5


def test_data():
    assert open("data.txt").read() == "1"
"""
OTHER = "def test_nothing():\n    assert True\n"
FILES = {"calc.py": CODE, "test_calc.py": TESTS, "test_other.py": OTHER, "data.txt": "1", "pytest.ini": "[pytest]\n"}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is remembered of a workspace whose tests were all recorded once."""
    place = tmp_path_factory.mktemp("recorded")
    for name in ("workspace", "state"):
        (place / name).mkdir()
    bench = Bench(place / "workspace", place / "state")
    bench.memory, bench.which = Memory(place / "memory"), IMPACT
    bench.put(FILES)
    assert bench.one("pytest").outcome == "pass"
    return place / "memory"


@pytest.fixture
def seen(bench: Bench, recorded: Path, tmp_path: Path) -> Bench:
    """A workspace whose tests were all recorded."""
    shutil.copytree(recorded, tmp_path / "memory")
    bench.memory, bench.which = Memory(tmp_path / "memory"), IMPACT
    bench.put(FILES)
    return bench


def ran(bench: Bench) -> set[str]:
    """Return the tests that run by themselves now, by name."""
    verdict = bench.one("pytest")
    assert bench.memory is not None
    known = bench.memory.known("pytest")
    assert known is not None
    newest = max(known.record.when.values())
    assert verdict.outcome in ("pass", "fail"), verdict.reason
    return {one.partition("::")[2] for one, at in known.record.when.items() if at == newest}


def test_the_tests_that_execute_a_changed_line_run_and_no_others(seen: Bench) -> None:
    seen.put({"calc.py": CODE.replace("n * 2", "n + n")})
    verdict = seen.one("pytest")
    assert (verdict.outcome, verdict.collected, verdict.passed) == ("pass", 1, 1)
    assert verdict.extent == "1 of 6 tests reach the change"
    assert verdict.looked_at == ("test_calc.py",)


def test_a_fixture_of_a_module_belongs_to_every_test_that_uses_it(seen: Bench) -> None:
    seen.put({"calc.py": CODE.replace("n * RATE", "RATE * n")})
    assert ran(seen) == {"test_triple", "test_six", "test_again"}


def test_what_an_impact_run_saw_is_the_ground_of_the_next(seen: Bench) -> None:
    seen.put({"calc.py": CODE.replace("n * 2", "n + n")})
    assert ran(seen) == {"test_double"}
    seen.put({"calc.py": CODE.replace("n * 2", "n + n").replace("n * RATE", "RATE * n")})
    assert ran(seen) == {"test_triple", "test_six", "test_again"}


def test_a_constant_reaches_who_reads_it(seen: Bench) -> None:
    seen.put({"calc.py": CODE.replace("RATE = 3", "RATE = 4")})
    verdict = seen.one("pytest")
    assert verdict.outcome == "fail"
    assert {finding.test.partition("::")[2] for finding in verdict.findings} == {"test_triple", "test_six"}
    assert verdict.collected == 3


def test_a_data_file_reaches_who_opened_it(seen: Bench) -> None:
    seen.put({"data.txt": "2"})
    assert ran(seen) == {"test_data"}


def test_a_file_that_nobody_opened_and_configuration_run_all(seen: Bench) -> None:
    seen.put({"notes.txt": "new"})
    verdict = seen.one("pytest")
    assert (verdict.collected, verdict.extent) == (6, "")
    assert "nobody was seen to open notes.txt" in verdict.reason


def test_a_test_that_nobody_has_seen_runs(seen: Bench) -> None:
    seen.put({"test_new.py": "from calc import double\n\n\ndef test_new():\n    assert double(1) == 3\n"})
    verdict = seen.one("pytest")
    assert verdict.outcome == "fail"
    assert [finding.test for finding in verdict.findings] == ["test_new.py::test_new"]


def test_a_test_that_was_renamed_runs_under_its_new_name(seen: Bench) -> None:
    seen.put({"test_other.py": OTHER.replace("test_nothing", "test_something")})
    verdict = seen.one("pytest")
    assert (verdict.outcome, verdict.collected) == ("pass", 1)


def test_a_test_that_failed_last_time_runs_again_whatever_changed(seen: Bench) -> None:
    seen.put({"test_other.py": OTHER.replace("True", "False")})
    assert seen.one("pytest").outcome == "fail"
    seen.put({"calc.py": CODE.replace("n * 2", "n + n")})
    assert ran(seen) == {"test_double", "test_nothing"}


def test_code_that_nobody_executes_widens_to_its_file(seen: Bench) -> None:
    seen.put({"calc.py": CODE.replace("n > 3", "n > 4")})
    assert ran(seen) == {"test_double", "test_triple", "test_six", "test_again"}


STRANGE = """import subprocess
import sys


def test_process():
    subprocess.run([sys.executable, "-c", "pass"])


def test_tracer():
    sys.settrace(lambda *args: None)
    sys.settrace(None)


def test_lazy():
    import helper

    assert helper.ONE == 1


def test_folder():
    import os

    assert os.listdir("cases")


def test_plain():
    assert True
"""


def test_what_a_test_hides_from_the_recorder_is_told(bench: Bench, tmp_path: Path) -> None:
    bench.memory, bench.which = Memory(tmp_path / "memory"), IMPACT
    bench.put({"test_strange.py": STRANGE, "helper.py": "ONE = 1\n", "cases/a.txt": "", "pytest.ini": "[pytest]\n"})
    assert bench.one("pytest").outcome == "pass"
    known = bench.memory.known("pytest")
    assert known is not None
    tests = {one.partition("::")[2]: test for one, test in known.evidence.tests.items()}
    assert tests["test_process"].partial == "it starts other processes"
    assert ("tracer" in tests["test_tracer"].partial) == (not hasattr(sys, "monitoring"))
    assert tests["test_folder"].opened == {"cases/"}
    assert (tests["test_plain"].partial, tests["test_plain"].opened) == ("", frozenset())
    assert any(one.path == "helper.py" for one in known.evidence.importing)


def test_workers_of_xdist_record_and_leave_out_as_well(bench: Bench, tmp_path: Path) -> None:
    bench.memory, bench.which = Memory(tmp_path / "memory"), IMPACT
    bench.put({**FILES, "pytest.ini": "[pytest]\naddopts = -p xdist -n 2\n"})
    assert bench.one("pytest").outcome == "pass"
    bench.put({"calc.py": CODE.replace("n * RATE", "RATE * n")})
    verdict = bench.one("pytest")
    told = (verdict.outcome, verdict.collected, verdict.extent)
    assert told == ("pass", 3, "3 of 6 tests reach the change"), verdict.reason


def test_faults_on_changed_lines_are_killed_or_survive(seen: Bench) -> None:
    assert seen.memory is not None
    seen.put({"calc.py": CODE.replace("n > 3", "n > 4").replace("n * 2", "2 * n")})
    assert seen.one("pytest").outcome == "pass"
    [check] = seen.checks("pytest")
    changes = {"calc.py": (CODE, CODE.replace("n > 3", "n > 4").replace("n * 2", "2 * n"))}
    trial = strength(seen.shadow, check, seen.memory, changes, cancel=threading.Event(), seconds=60)
    assert (trial.n_sites, trial.killed) == (5, 3)
    assert {mutant.line for mutant in trial.survivors} == {14}
    assert seen.shadow.read("calc.py") == changes["calc.py"][1].encode()


def test_tests_that_are_asked_for_run_alone(seen: Bench) -> None:
    seen.which = Which(only=("test_calc.py::test_double",))
    verdict = seen.one("pytest")
    assert (verdict.outcome, verdict.collected, verdict.looked_at) == ("pass", 1, ("test_calc.py",))


def test_a_project_that_takes_every_warning_for_an_error_is_recorded_too(bench: Bench, tmp_path: Path) -> None:
    bench.memory, bench.which = Memory(tmp_path / "memory"), IMPACT
    shadowing = {"bridle_reach.py": "raise SystemExit(3)\n", "bridle_proof.py": "raise SystemExit(3)\n"}
    bench.put(
        {"test_a.py": "def test_a():\n    pass\n", "pytest.ini": "[pytest]\nfilterwarnings = error\n", **shadowing}
    )
    verdict = bench.one("pytest")
    assert verdict.outcome == "pass", verdict.reason
    known = bench.memory.known("pytest")
    assert known is not None
    assert list(known.evidence.tests) == ["test_a.py::test_a"]
