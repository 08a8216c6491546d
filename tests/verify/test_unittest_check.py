"""What a run of unittest proves, and all that it does not, in a project whose Python has no pytest."""

from __future__ import annotations

import venv
from pathlib import Path

import pytest
from check_bench import Bench

from bridle.harness.nouns import Verdict

pytestmark = pytest.mark.slow

CODE = "def f(n):\n    return n + 1\n"
HEAD = "import unittest\n\nfrom calc import f\n\n\nclass CalcTest(unittest.TestCase):\n"
GREEN = HEAD + "    def test_f(self):\n        self.assertEqual(f(2), 3)\n"
RED = HEAD + "    def test_f(self):\n        self.assertEqual(f(2), 4)\n"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment without pytest."""
    folder = tmp_path_factory.mktemp("bare") / ".venv"
    venv.create(folder, symlinks=True)
    return folder


def run_tests(bench: Bench, bare: Path, *, timeout_s: float = 60, **files: str) -> Verdict:
    bench.python = str(bare)
    bench.put({path.replace("__", "/", 1) + ".py": text for path, text in files.items()})
    return bench.one("unittest", timeout_s=timeout_s)


def test_tests_that_pass_are_green_with_their_evidence(bench: Bench, bare: Path) -> None:
    verdict = run_tests(bench, bare, calc=CODE, test_calc=GREEN)
    assert (verdict.outcome, verdict.collected, verdict.passed, verdict.exit_code) == ("pass", 1, 1, 0), verdict.log
    assert (verdict.reason, verdict.findings, verdict.unit) == ("", (), "test")
    assert "ran 1 tests" in verdict.log


def test_a_failure_is_a_finding_on_the_line_of_its_assertion(bench: Bench, bare: Path) -> None:
    verdict = run_tests(bench, bare, calc=CODE, test_calc=RED)
    [finding] = verdict.findings
    assert (verdict.outcome, finding.path, finding.start_line, finding.code) == (
        "fail", "test_calc.py", 7, "AssertionError",
    )  # fmt: skip
    assert finding.message.splitlines() == ["f(2) == 4, not 3", "AssertionError: 3 != 4"]
    assert finding.test == "test_calc.CalcTest.test_f"


def test_tests_in_folders_are_imported_as_unittest_imports_them(bench: Bench, bare: Path) -> None:
    inner = GREEN.replace("from calc", "from pkg.tests.helper")
    bench.python = str(bare)
    bench.put({"pkg/__init__.py": "", "pkg/tests/__init__.py": "", "plain/test_b.py": GREEN, "calc.py": CODE})
    bench.put({"pkg/tests/helper.py": CODE, "pkg/tests/test_c.py": inner})
    verdict = bench.one("unittest")
    assert (verdict.outcome, verdict.collected, verdict.passed) == ("pass", 2, 2), verdict.log


def test_a_file_that_cannot_be_imported_is_a_finding_on_its_import(bench: Bench, bare: Path) -> None:
    verdict = run_tests(bench, bare, calc=CODE, test_a=GREEN, test_b="import unittest\nimport nothing_of_the_kind\n")
    [finding] = verdict.findings
    assert (verdict.outcome, finding.path, finding.start_line, finding.code) == (
        "fail", "test_b.py", 1, "ModuleNotFoundError",
    )  # fmt: skip


def test_what_is_skipped_or_expected_to_fail_is_counted_apart(bench: Bench, bare: Path) -> None:
    body = (
        "    def test_a(self):\n        self.assertEqual(f(1), 2)\n\n"
        "    @unittest.skip('later')\n    def test_b(self):\n        pass\n\n"
        "    @unittest.expectedFailure\n    def test_c(self):\n        self.fail()\n\n\n"
        "@unittest.skip('all of it')\nclass Other(unittest.TestCase):\n    def test_d(self):\n        pass\n\n\n"
        "class Third(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls):\n"
        "        raise unittest.SkipTest('no')\n\n    def test_e(self):\n        pass\n"
    )
    verdict = run_tests(bench, bare, calc=CODE, test_calc=HEAD + body)
    assert (verdict.outcome, verdict.collected, verdict.passed) == ("pass", 5, 1), verdict.log
    assert verdict.reason == "3 skipped, 1 failed as expected"


@pytest.mark.parametrize(
    ("body", "outcome", "reason"),
    [
        ("    def test_a(self):\n        import os\n        os._exit(0)\n", "unknown", "test_a"),
        ("    def test_a(self):\n        raise SystemExit(0)\n", "fail", ""),
        ("    def helper(self):\n        pass\n", "unknown", "no tests were collected"),
        ("    @unittest.skip('x')\n    def test_a(self):\n        pass\n", "unknown", "no test passed (1 skipped)"),
        ("    @unittest.expectedFailure\n    def test_a(self):\n        pass\n", "fail", ""),
        ("    def test_a(self):\n        with self.subTest(n=1):\n            self.assertEqual(1, 2)\n", "fail", ""),
        ("    def setUp(self):\n        raise OSError('no')\n\n    def test_a(self):\n        pass\n", "fail", ""),
    ],
)  # fmt: skip
def test_what_is_not_plainly_well_is_not_green(bench: Bench, bare: Path, body: str, outcome: str, reason: str) -> None:
    verdict = run_tests(bench, bare, calc=CODE, test_calc=HEAD + body)
    assert verdict.outcome == outcome, verdict.log
    assert reason in verdict.reason


def test_a_test_that_passes_when_it_is_run_again_is_flaky(bench: Bench, bare: Path, tmp_path: Path) -> None:
    body = f"    def test_a(self):\n        import os\n        mark = {str(tmp_path / 'seen')!r}\n"
    body += "        was = os.path.exists(mark)\n        open(mark, 'w').close()\n        self.assertTrue(was)\n\n"
    body += "    def test_b(self):\n        pass\n"
    verdict = run_tests(bench, bare, calc=CODE, test_calc=HEAD + body)
    assert (verdict.outcome, verdict.collected, verdict.passed) == ("flaky", 2, 1), verdict.log
    assert "test_calc.CalcTest.test_a" in verdict.reason


def test_a_run_that_hangs_is_a_timeout_that_names_the_test(bench: Bench, bare: Path) -> None:
    body = "    def test_hang(self):\n        import time\n        time.sleep(600)\n"
    verdict = run_tests(bench, bare, timeout_s=2, calc=CODE, test_calc=HEAD + body)
    assert (verdict.outcome, verdict.reason) == ("timeout", "no end after 2 s, in test_calc.CalcTest.test_hang")


def test_files_of_the_project_cannot_stand_in_for_the_runner(bench: Bench, bare: Path) -> None:
    forged = "print('ran 9 tests, 0 failed, 0 skipped')\nraise SystemExit(0)\n"
    verdict = run_tests(bench, bare, calc=CODE, test_calc=RED, bridle_unittest=forged, bridle_report=forged)
    assert (verdict.outcome, verdict.collected) == ("fail", 1)


def test_the_tests_cannot_learn_where_the_report_is(bench: Bench, bare: Path) -> None:
    body = "    def test_a(self):\n        import os\n        assert not any('BRIDLE_P' in n for n in os.environ)\n"
    assert run_tests(bench, bare, calc=CODE, test_calc=HEAD + body).outcome == "pass"


def test_a_module_of_another_tree_is_the_wrong_tree(bench: Bench, tmp_path: Path) -> None:
    venv.create(tmp_path / "other", symlinks=True)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "calc.py").write_text(CODE)
    [packages] = (tmp_path / "other").glob("lib/python3*/site-packages")
    (packages / "project.pth").write_text(f"{tmp_path / 'old'}\n")
    verdict = run_tests(bench, tmp_path / "other", src__calc=CODE, tests__test_calc=GREEN)
    assert (verdict.outcome, verdict.reason[:10]) == ("unknown", "wrong tree")


def test_unsaved_text_is_what_is_tested_and_only_the_given_files_run(bench: Bench, bare: Path) -> None:
    bench.python = str(bare)
    bench.put({"calc.py": CODE, "test_calc.py": RED, "test_other.py": RED})
    bench.shadow.write("test_calc.py", GREEN.encode())
    [verdict] = bench.verify("unittest", paths=("test_calc.py",))
    assert (verdict.outcome, verdict.collected) == ("pass", 1)
