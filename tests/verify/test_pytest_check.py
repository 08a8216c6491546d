"""What pytest's run proves, and all that it does not, on real sessions."""

from __future__ import annotations

import os
import threading
import time
import venv
from pathlib import Path

import pytest
from check_bench import Bench
from plain_shadow import PlainShadow

from bridle.harness.nouns import Verdict

pytestmark = pytest.mark.slow

CODE = "def f(n):\n    return n + 1\n"
GREEN = "from calc import f\n\n\ndef test_f():\n    assert f(2) == 3\n"
RED = "from calc import f\n\n\ndef test_f():\n    assert f(2) == 4\n"
ROOTED = '[tool.pytest.ini_options]\npythonpath = ["."]\n'


def run_tests(bench: Bench, *, timeout_s: float = 60, **files: str) -> Verdict:
    bench.put({path.replace("__", "/") + ".py": text for path, text in files.items()})
    return bench.one("pytest", timeout_s=timeout_s)


def test_tests_that_pass_are_green_with_their_evidence(bench: Bench) -> None:
    verdict = run_tests(bench, calc=CODE, test_calc=GREEN)
    assert (verdict.outcome, verdict.collected, verdict.passed, verdict.exit_code) == ("pass", 1, 1, 0)
    assert verdict.tree == bench.shadow.tree().digest
    assert verdict.rung == "plain copy"
    assert verdict.command[1].endswith("/bridle_pytest.py")
    assert "1 passed" in verdict.log
    assert (verdict.reason, verdict.findings) == ("", ())


def test_a_failure_is_a_finding_on_the_line_of_its_assertion_with_what_the_values_were(bench: Bench) -> None:
    verdict = run_tests(bench, calc=CODE, test_calc=RED)
    [finding] = verdict.findings
    assert verdict.outcome == "fail"
    assert (finding.path, finding.start_line, finding.end_line) == ("test_calc.py", 4, 5)
    assert finding.message.splitlines() == ["f(2) == 4, not 3", "assert 3 == 4", " +  where 3 = f(2)"]
    assert (finding.code, finding.test, finding.new) == ("AssertionError", "test_calc.py::test_f", True)
    assert "in test_f" in finding.detail
    assert finding.fingerprint


def test_a_failure_inside_the_code_stands_in_the_test_and_names_the_way_there(bench: Bench) -> None:
    verdict = run_tests(
        bench,
        calc="def g(n):\n    return 1 // n\n\n\ndef f(n):\n    return g(n)\n",
        test_calc=("from calc import f\n\n\ndef test_f():\n    print('on the way')\n    f(0)\n"),
    )
    [finding] = verdict.findings
    assert (finding.path, finding.start_line, finding.code) == ("test_calc.py", 5, "ZeroDivisionError")
    assert [(one.path, one.start_line, one.message) for one in finding.related] == [
        ("calc.py", 5, "in f"),
        ("calc.py", 1, "in g"),
    ]
    assert "on the way" in finding.detail


def test_pytest_that_is_not_installed_is_unknown_and_says_how_to_install_it(bench: Bench) -> None:
    venv.create(bench.root / ".venv", symlinks=True)
    bench.python = None
    verdict = run_tests(bench, calc=CODE, test_calc=GREEN)
    assert verdict.outcome == "unknown"
    assert "pytest is not installed" in verdict.reason
    assert verdict.next_step.endswith("-m pip install pytest")


def test_no_tests_are_not_green(bench: Bench) -> None:
    verdict = run_tests(bench, calc=CODE, test_calc="from calc import f\n")
    assert (verdict.outcome, verdict.reason) == ("unknown", "no tests were collected")


def test_a_file_that_cannot_be_imported_is_a_finding_on_its_import(bench: Bench) -> None:
    verdict = run_tests(bench, calc=CODE, test_calc="import os\nimport nothing_of_the_kind\n", test_b=GREEN)
    [finding] = verdict.findings
    assert verdict.outcome == "fail"
    assert (finding.path, finding.start_line, finding.code) == ("test_calc.py", 1, "ModuleNotFoundError")
    assert "nothing_of_the_kind" in finding.message


def test_a_file_that_is_no_python_is_a_finding_on_the_line_that_breaks(bench: Bench) -> None:
    verdict = run_tests(bench, test_calc="x = 1\n\ndef test_f(:\n    pass\n")
    [finding] = verdict.findings
    assert (finding.path, finding.start_line, finding.code) == ("test_calc.py", 2, "SyntaxError")


def test_a_fixture_that_fails_is_a_finding(bench: Bench) -> None:
    verdict = run_tests(
        bench,
        test_calc=(
            "import pytest\n\n\n@pytest.fixture\ndef two():\n    raise OSError('no two')\n"
            "\n\ndef test_f(two):\n    pass\n"
        ),
    )
    [finding] = verdict.findings
    assert (verdict.outcome, finding.start_line, finding.message) == ("fail", 5, "OSError: no two")


def test_a_run_that_ends_in_a_test_proves_nothing_whatever_its_exit_code(bench: Bench) -> None:
    verdict = run_tests(bench, test_calc="import os\n\n\ndef test_a():\n    pass\n\n\ndef test_b():\n    os._exit(0)\n")
    assert (verdict.outcome, verdict.exit_code, verdict.passed) == ("unknown", 0, 0)
    assert "in test_calc.py::test_b" in verdict.reason


def test_a_conftest_that_ends_the_run_proves_nothing(bench: Bench) -> None:
    verdict = run_tests(bench, conftest="import sys\n\nsys.exit(0)\n", test_calc="def test_a():\n    pass\n")
    assert (verdict.outcome, verdict.exit_code) == ("unknown", 0)
    assert "without a whole report" in verdict.reason


def test_a_run_that_hangs_is_a_timeout_that_names_the_test_and_leaves_no_process(bench: Bench, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    verdict = run_tests(
        bench,
        timeout_s=4,
        test_calc=(
            "import subprocess\n\n\ndef test_hang():\n"
            f"    child = subprocess.Popen(['sleep', '600'])\n    open({str(pid)!r}, 'w').write(str(child.pid))\n"
            "    child.wait()\n"
        ),
    )
    assert verdict.outcome == "timeout"
    assert verdict.reason == "no end after 4 s, in test_calc.py::test_hang"
    assert not is_alive(int(pid.read_text()))


def test_options_that_leave_every_test_out_are_not_green(bench: Bench) -> None:
    bench.put({"pytest.ini": "[pytest]\naddopts = -k nothing\n"})
    verdict = run_tests(bench, calc=CODE, test_calc=GREEN)
    assert verdict.outcome == "unknown"
    assert verdict.reason == "no tests were collected (1 deselected by the project's options)"


def test_options_that_leave_some_tests_out_are_told(bench: Bench) -> None:
    bench.put({"pytest.ini": "[pytest]\naddopts = --deselect test_calc.py::test_bad\n"})
    verdict = run_tests(bench, test_calc="def test_good():\n    pass\n\n\ndef test_bad():\n    assert False\n")
    assert (verdict.outcome, verdict.collected, verdict.passed) == ("pass", 1, 1)
    assert verdict.reason == "1 deselected by the project's options"


def test_tests_that_a_conftest_takes_away_in_silence_are_told(bench: Bench) -> None:
    verdict = run_tests(
        bench,
        conftest="def pytest_collection_modifyitems(items):\n    del items[1:]\n",
        test_calc="def test_good():\n    pass\n\n\ndef test_bad():\n    assert False\n",
    )
    assert (verdict.outcome, verdict.reason) == ("pass", "1 deselected by the project's options")


def test_tests_that_are_collected_and_never_run_are_not_green(bench: Bench) -> None:
    bench.put({"pytest.ini": "[pytest]\naddopts = --collect-only\n"})
    verdict = run_tests(bench, calc=CODE, test_calc=GREEN)
    assert (verdict.outcome, verdict.reason) == ("unknown", "1 of 1 collected tests never ran")


def test_an_older_runs_memory_of_failures_leaves_no_test_out(bench: Bench) -> None:
    bench.put(
        {
            "pytest.ini": "[pytest]\naddopts = --lf\n",
            ".pytest_cache/v/cache/lastfailed": '{"test_calc.py::test_good": true}',
        }
    )
    verdict = run_tests(bench, test_calc="def test_good():\n    pass\n\n\ndef test_bad():\n    assert False\n")
    assert (verdict.outcome, verdict.collected) == ("fail", 2)


def test_options_that_pytest_does_not_know_are_told(bench: Bench) -> None:
    bench.put({"pytest.ini": "[pytest]\naddopts = --no-such-option\n"})
    verdict = run_tests(bench, calc=CODE, test_calc=GREEN)
    assert verdict.outcome == "unknown"
    assert "does not take its configuration" in verdict.reason


def test_a_report_that_lies_in_the_tree_is_not_looked_at(bench: Bench) -> None:
    bench.put({"junit.xml": "<testsuite tests='9' failures='0'/>", "report.jsonl": '{"kind": "end"}\n'})
    verdict = run_tests(bench, calc=CODE, test_calc=RED)
    assert (verdict.outcome, verdict.collected) == ("fail", 1)


def test_options_of_the_project_cannot_take_our_plugin_away(bench: Bench) -> None:
    bench.put({"pytest.ini": "[pytest]\naddopts = -p no:bridle_proof\n"})
    assert run_tests(bench, calc=CODE, test_calc=GREEN).outcome == "pass"


def test_in_a_project_whose_warnings_are_errors_our_plugin_causes_none(bench: Bench) -> None:
    bench.put({"pytest.ini": "[pytest]\nfilterwarnings = error\n"})
    verdict = run_tests(bench, calc=CODE, test_calc=GREEN)
    assert (verdict.outcome, "arning" in verdict.log) == ("pass", False), verdict.log


def test_a_module_in_the_tree_that_is_called_pytest_is_not_what_runs(bench: Bench) -> None:
    verdict = run_tests(bench, pytest="print('1 passed')\n", calc=CODE, test_calc=RED)
    assert (verdict.outcome, len(verdict.findings)) == ("fail", 1)


FORGER = """\
import hashlib, json, os
def of(path):
    return hashlib.blake2b(open(path, "rb").read(), digest_size=16).hexdigest()
def write(name):
    order = json.loads(os.environ["BRIDLE_PROOF"])
    root = os.stat(os.getcwd())
    lines = [
        {"kind": "begin", "nonce": order["nonce"], "device": root.st_dev, "inode": root.st_ino, "versions": "x"},
        {"kind": "collected", "ids": ["t::a"]},
        {"kind": "test", "id": "t::a", "when": "call", "outcome": "passed"},
        {"kind": "modules", "loaded": [["test_calc", "test_calc.py", of("test_calc.py")]]},
    ]
    lines.append({"kind": "end", "nonce": order["nonce"], "n_lines": 4, "n_deselected": 0, "exit_code": 0})
    open(order["path"], "w").write("".join(json.dumps(line) + "\\n" for line in lines))
    os._exit(0)
def pytest_sessionfinish():
    write("plug-in")
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [("bridle_proof", FORGER), ("traceback", FORGER + "write('module')\n"), ("bridle_values", FORGER)],
)
def test_a_file_of_the_tree_cannot_stand_in_for_the_plugin_nor_for_what_it_imports(
    bench: Bench, name: str, text: str
) -> None:
    bench.put({f"{name}.py": text, "test_calc.py": "def test_a():\n    assert False\n"})
    verdict = bench.one("pytest")
    assert verdict.outcome in ("fail", "unknown"), verdict.reason


def test_the_tests_cannot_learn_where_the_report_is(bench: Bench) -> None:
    verdict = run_tests(
        bench,
        test_calc=(
            "import os\n\n\ndef test_a():\n    assert not any('BRIDLE' in name for name in os.environ)\n"
            "    assert 'PYTHONPATH' not in os.environ\n"
        ),
    )
    assert verdict.outcome == "pass"


def test_what_is_skipped_or_expected_to_fail_is_counted_apart(bench: Bench) -> None:
    verdict = run_tests(
        bench,
        test_calc=(
            "import pytest\n\n\ndef test_a():\n    pass\n\n\n@pytest.mark.skip\ndef test_b():\n    pass\n\n\n"
            "@pytest.mark.xfail\ndef test_c():\n    assert False\n\n\n@pytest.mark.xfail\ndef test_d():\n    pass\n"
        ),
    )
    assert (verdict.outcome, verdict.collected, verdict.passed) == ("pass", 4, 1)
    assert verdict.reason == "1 skipped, 1 failed as expected, 1 passed although expected to fail"


def test_tests_that_are_all_skipped_are_not_green(bench: Bench) -> None:
    verdict = run_tests(bench, test_calc="import pytest\n\n\n@pytest.mark.skip\ndef test_a():\n    pass\n")
    assert (verdict.outcome, verdict.reason) == ("unknown", "no test passed (1 skipped)")


def test_an_exit_code_that_no_failure_explains_is_not_green(bench: Bench) -> None:
    verdict = run_tests(
        bench,
        conftest="def pytest_sessionfinish(session):\n    session.exitstatus = 1\n",
        test_calc="def test_a():\n    pass\n",
    )
    assert (verdict.outcome, verdict.exit_code) == ("unknown", 1)


def test_an_exit_code_that_hides_a_failure_is_not_green(bench: Bench) -> None:
    verdict = run_tests(
        bench,
        conftest="def pytest_sessionfinish(session):\n    session.exitstatus = 0\n",
        test_calc="def test_a():\n    assert False\n",
    )
    assert (verdict.outcome, verdict.exit_code) == ("fail", 0)


def test_colours_reach_neither_the_log_nor_a_finding(bench: Bench) -> None:
    bench.put({"pytest.ini": "[pytest]\naddopts = --color=yes\n"})
    verdict = run_tests(bench, test_calc="def test_a():\n    print('\\x1b[31mred')\n    assert 'x' == '\\x1b[32my'\n")
    [finding] = verdict.findings
    assert "\x1b" not in verdict.log + finding.message + finding.detail


def test_a_thousand_failures_are_a_thousand_findings(bench: Bench) -> None:
    verdict = run_tests(
        bench,
        test_calc=(
            "import pytest\n\n\n@pytest.mark.parametrize('n', range(1000))\ndef test_a(n):\n    assert n == -1\n"
        ),
    )
    assert (verdict.outcome, len(verdict.findings), verdict.collected) == ("fail", 1000, 1000)
    assert len(verdict.log.encode()) <= 64 * 1024


def test_what_a_test_writes_into_the_tree_is_not_kept(bench: Bench) -> None:
    before = bench.shadow.tree().digest
    verdict = run_tests(
        bench,
        calc=CODE,
        test_calc=("def test_a():\n    open('made.txt', 'w').write('x')\n    open('calc.py', 'a').write('# more')\n"),
    )
    assert verdict.outcome == "pass"
    assert bench.shadow.changes() == ()
    assert not (bench.root / "made.txt").exists()
    assert before != verdict.tree == bench.shadow.tree().digest


def test_the_unsaved_text_is_what_is_tested(bench: Bench) -> None:
    bench.put({"calc.py": CODE, "test_calc.py": RED})
    bench.shadow.write("calc.py", b"def f(n):\n    return n + 2\n")
    assert bench.one("pytest").outcome == "pass"


def test_an_edit_of_the_same_size_within_a_second_is_seen(bench: Bench) -> None:
    bench.put({"calc.py": CODE, "test_calc.py": RED})
    outcomes = []
    for text in (CODE, CODE.replace("+ 1", "+ 2"), CODE):
        bench.shadow.write("calc.py", text.encode())
        outcomes.append(bench.one("pytest").outcome)
    assert outcomes == ["fail", "pass", "fail"]


def test_a_failure_that_was_there_before_is_not_new_even_when_its_line_moved(bench: Bench) -> None:
    bench.put({"calc.py": CODE, "test_calc.py": RED})
    before = bench.one("pytest").findings
    bench.shadow.write("test_calc.py", ("\n\n" + RED + "\n\ndef test_g():\n    assert f(3) == 5\n").encode())
    after = bench.one("pytest", baseline=before).findings
    assert [(one.test.partition("::")[2], one.new) for one in after] == [("test_f", False), ("test_g", True)]


def test_only_the_given_test_files_run(bench: Bench) -> None:
    bench.put({"calc.py": CODE, "test_calc.py": GREEN, "test_other.py": RED})
    [verdict] = bench.verify("pytest", paths=("test_calc.py",))
    assert (verdict.outcome, verdict.collected) == ("pass", 1)
    [verdict] = bench.verify("pytest", paths=("test_calc.py", "calc.py"))
    assert (verdict.outcome, verdict.collected) == ("fail", 2)


def test_tests_that_run_in_workers_are_counted_and_placed_as_any_other(bench: Bench) -> None:
    bench.put({"pytest.ini": "[pytest]\naddopts = -p xdist -n 2\n"})
    verdict = run_tests(bench, calc=CODE, test_calc=RED, test_b=GREEN)
    assert (verdict.outcome, verdict.collected, verdict.passed) == ("fail", 2, 1)
    [finding] = verdict.findings
    assert (finding.path, finding.start_line, finding.message.splitlines()[0]) == (
        "test_calc.py",
        4,
        "f(2) == 4, not 3",
    )


def test_tests_of_unittest_are_tests(bench: Bench) -> None:
    verdict = run_tests(
        bench,
        calc=CODE,
        test_calc=(
            "import unittest\nfrom calc import f\n\n\nclass CalcTest(unittest.TestCase):\n    def test_f(self):\n"
            "        self.assertEqual(f(2), 4)\n"
        ),
    )
    [finding] = verdict.findings
    assert (finding.start_line, finding.message) == (6, "f(2) == 4, not 3\nAssertionError: 3 != 4")


def test_a_copy_whose_environment_imports_the_original_tree_is_the_wrong_tree(bench: Bench) -> None:
    venv.create(bench.root / ".venv", symlinks=True)
    [packages] = (bench.root / ".venv").glob("lib/python3*/site-packages")
    (packages / "project.pth").write_text(f"{Path(pytest.__file__).parent.parent}\n{bench.root / 'src'}\n")
    bench.python = None
    verdict = run_tests(bench, src__calc=CODE, tests__test_calc=GREEN)
    assert verdict.outcome == "unknown"
    assert verdict.reason.startswith("wrong tree: calc was loaded from")


def test_a_session_that_ran_elsewhere_proves_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.put({"calc.py": CODE, "test_calc.py": GREEN})
    monkeypatch.setattr(bench.shadow, "is_view", lambda device, inode: False)
    assert bench.one("pytest").reason == "wrong tree: the tests did not run in the shadow"


def test_a_tree_that_moves_once_is_checked_again(bench: Bench) -> None:
    verdict = run_tests(bench, calc=CODE, test_calc=moving(bench.root / "notes.txt", "x"))
    assert (verdict.outcome, bench.started) == ("pass", ["pytest"])


def test_a_tree_that_keeps_moving_is_unknown(bench: Bench) -> None:
    verdict = run_tests(bench, calc=CODE, test_calc=moving(bench.root / "notes.txt", "{time.time_ns()}"))
    assert verdict.outcome == "unknown"
    assert verdict.reason == "tree moved: notes.txt changed while pytest ran"


def test_a_run_that_is_cancelled_ends_at_once_and_proves_nothing(bench: Bench) -> None:
    begun = bench.root.parent / "begun"
    bench.put({"test_calc.py": f"import time\n\n\ndef test_a():\n    open({str(begun)!r}, 'w')\n    time.sleep(600)\n"})

    def cancel_when_begun() -> None:
        while not begun.exists():
            time.sleep(0.01)
        bench.cancel.set()

    threading.Thread(target=cancel_when_begun, daemon=True).start()
    verdicts = bench.verify()
    assert {(verdict.outcome, verdict.reason) for verdict in verdicts if verdict.check == "pytest"} == {
        ("unknown", "cancelled")
    }


def moving(path: Path, text: str) -> str:
    """Return a test that changes a file of the person's own tree while it runs."""
    return f"import time\n\n\ndef test_a():\n    open({str(path)!r}, 'w').write(f'{text}')\n"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


COUNTED = """\
import pathlib
import tempfile

SEEN = pathlib.Path(tempfile.gettempdir(), "{name}")


def times():
    n_times = int(SEEN.read_text()) if SEEN.exists() else 0
    SEEN.write_text(str(n_times + 1))
    return n_times
"""


def test_a_test_that_fails_and_passes_when_it_is_run_again_is_flaky_and_not_green(bench: Bench) -> None:
    name = f"bridle-flaky-{os.getpid()}-{id(bench)}"
    flaky = "\n\ndef test_sometimes():\n    assert times() % 2 == 1\n"
    bench.put({"test_a.py": COUNTED.format(name=name) + flaky + "\n\ndef test_always():\n    assert 1\n"})
    verdict = bench.one("pytest")
    assert (verdict.outcome, verdict.collected, verdict.passed) == ("flaky", 2, 1)
    assert "test_a.py::test_sometimes failed, and passed when run again" in verdict.reason
    assert [(f.code, f.severity, f.test) for f in verdict.findings] == [
        ("flaky", "warning", "test_a.py::test_sometimes")
    ]


def test_beside_a_steady_failure_a_flaky_one_is_told_apart(bench: Bench) -> None:
    name = f"bridle-flaky-{os.getpid()}-{id(bench)}"
    flaky = "\n\ndef test_sometimes():\n    assert times() % 2 == 1\n"
    bench.put({"test_a.py": COUNTED.format(name=name) + flaky + "\n\ndef test_never():\n    assert 1 == 2\n"})
    verdict = bench.one("pytest")
    assert verdict.outcome == "fail"
    assert {f.test: f.code for f in verdict.findings} == {
        "test_a.py::test_sometimes": "flaky",
        "test_a.py::test_never": "AssertionError",
    }


def test_many_failures_are_not_run_again(bench: Bench) -> None:
    bench.put({"test_a.py": "".join(f"def test_{n}():\n    assert 0\n\n" for n in range(11))})
    assert len(bench.one("pytest").findings) == 11
    assert bench.n_runs == 1
    bench.put({"test_a.py": "def test_0():\n    assert 0\n"})
    assert bench.one("pytest").outcome == "fail"
    assert bench.n_runs == 2


def test_what_failed_twice_on_the_ground_is_not_run_again_and_what_fails_beside_it_is(bench: Bench) -> None:
    old = "def test_old():\n    assert 0\n\n"
    bench.put({"test_a.py": old})
    ground = bench.one("pytest")
    assert bench.n_runs == 2
    bench.put({"test_a.py": old})
    assert [f.new for f in bench.one("pytest", baseline=ground.findings).findings] == [False]
    assert bench.n_runs == 1
    bench.put({"test_a.py": f"{old}\n\ndef test_new():\n    assert 0\n"})
    assert {f.test[-3:]: f.new for f in bench.one("pytest", baseline=ground.findings).findings} == {
        "old": False,
        "new": True,
    }
    assert bench.n_runs == 2


def test_what_was_flaky_on_the_ground_is_asked_again(bench: Bench) -> None:
    name = f"bridle-flaky-{os.getpid()}-{id(bench)}"
    files = {"test_a.py": COUNTED.format(name=name) + "\n\ndef test_sometimes():\n    assert times() % 2 == 1\n"}
    bench.put(files)
    ground = bench.one("pytest")
    bench.put(files)
    assert (bench.one("pytest", baseline=ground.findings).outcome, bench.n_runs) == ("flaky", 2)


def test_a_verdict_took_as_long_as_all_of_its_sessions(bench: Bench) -> None:
    verdict = run_tests(bench, calc=CODE, test_calc=RED)
    assert isinstance(bench.shadow, PlainShadow)
    assert len(bench.shadow.seconds) == 2
    assert verdict.seconds == pytest.approx(sum(bench.shadow.seconds))


def test_what_a_program_leaves_at_home_stays_below_the_folder_of_the_tests(bench: Bench, tmp_path: Path) -> None:
    leaves = "import pathlib\n\n\ndef test_a():\n    (pathlib.Path.home() / 'left').mkdir(parents=True)\n"
    assert run_tests(bench, test_a=leaves).outcome == "pass"
    assert [path.parent.name for path in tmp_path.rglob("left")] == ["home"]
