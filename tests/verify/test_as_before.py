"""The old proof on the new code: what a patch has to be green by besides its own tests and configuration."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest
from check_bench import Bench
from plain_shadow import PlainShadow

from bridle.harness.nouns import Verdict
from bridle.harness.verify.as_before import prove_as_before
from bridle.harness.verify.gates.undone import Undone, undone

CODE = "def double(n: int) -> int:\n    return n + n\n"
WRONG = "def double(n: int) -> int:\n    return n + 1\n"
TEST = "from calc import double\n\n\ndef test_double() -> None:\n    assert double(2) == 4\n"
PYPROJECT = '[tool.pytest.ini_options]\npythonpath = ["."]\n\n[tool.ruff.lint]\nselect = ["F"]\n'
GROUND = {"pyproject.toml": PYPROJECT, "calc.py": CODE, "tests/test_calc.py": TEST}

Patch = Mapping[str, str | None]


def undoing(patch: Patch) -> Undone:
    return undone({path: (GROUND.get(path), after) for path, after in patch.items()})


def prove(bench: Bench, patch: Patch, only: str) -> tuple[Verdict, tuple[Verdict, ...]]:
    """Return what a check says of the patch, and what it says with the old proof."""
    bench.put(GROUND)
    for path, text in patch.items():
        bench.shadow.write(path, None if text is None else text.encode())
    now = bench.one(only)
    sides = {path: (_bytes(GROUND.get(path)), _bytes(text)) for path, text in patch.items()}
    second = bench.root.parent / "second"
    second.mkdir()

    def opened() -> PlainShadow:
        return PlainShadow(bench.root, second)

    return now, prove_as_before(opened, sides, bench.checks(only), (now,), cancel=bench.cancel, timeout_s=60)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    "patch",
    [
        {"calc.py": WRONG, "tests/test_calc.py": TEST.replace("== 4", "== 3")},
        {"calc.py": WRONG, "tests/test_calc.py": None, "tests/test_new.py": "def test_one() -> None:\n    assert 1\n"},
    ],
    ids=["the expected value is fitted", "the test is replaced"],
)
def test_a_change_that_is_green_by_its_own_tests_is_red_by_those_that_were_there(bench: Bench, patch: Patch) -> None:
    now, [before] = prove(bench, patch, "pytest")
    assert now.outcome == "pass"
    assert before.outcome == "fail"
    assert [finding.test for finding in before.findings if finding.new] == ["tests/test_calc.py::test_double"]


@pytest.mark.slow
def test_a_deselected_test_is_run_by_the_configuration_as_it_was(bench: Bench) -> None:
    options = '["."]\naddopts = "--deselect tests/test_calc.py::test_double"'
    patch = {
        "calc.py": WRONG,
        "pyproject.toml": PYPROJECT.replace('["."]', options),
        "tests/test_new.py": "def test_one() -> None:\n    assert 1\n",
    }
    now, [before] = prove(bench, patch, "pytest")
    assert now.outcome == "pass"
    assert before.outcome == "fail"


@pytest.mark.slow
def test_an_honest_change_of_a_test_is_green_by_both(bench: Bench) -> None:
    reworded = TEST.replace("assert double(2) == 4", "four = double(2)\n    assert four == 4")
    now, [before] = prove(bench, {"tests/test_calc.py": reworded}, "pytest")
    assert (now.outcome, before.outcome) == ("pass", "pass")


@pytest.mark.slow
def test_what_is_silenced_on_a_new_line_is_complained_of_without_the_suppression(bench: Bench) -> None:
    now, [before] = prove(bench, {"calc.py": CODE + "more = undefined  # noqa: F821\n"}, "ruff")
    assert now.outcome == "pass"
    assert [(finding.code, finding.new) for finding in before.findings] == [("F821", True)]


@pytest.mark.parametrize(
    "patch",
    [{"calc.py": WRONG}, {"tests/test_new.py": TEST}, {"README.md": "# noqa\n"}, {}],
    ids=["code alone", "a new test file", "a document", "nothing"],
)
def test_a_change_that_leaves_the_proof_alone_needs_no_second_run(patch: Patch) -> None:
    assert undoing(patch) == Undone()


def test_a_new_conftest_is_undone() -> None:
    assert undoing({"conftest.py": "import pytest\n"}) == Undone(("conftest.py",), {}, ("tests",))


def test_tests_and_configuration_are_restored_and_code_is_not() -> None:
    patch = {"calc.py": WRONG, "tests/test_calc.py": None, "pyproject.toml": "[tool.pytest.ini_options]\n"}
    back = undoing(patch)
    assert back.restored == ("pyproject.toml", "tests/test_calc.py")
    assert back.stages == ("style", "types", "tests")


@pytest.mark.parametrize(
    ("path", "line", "bare"),
    [
        ("calc.py", "x = y()  # type: ignore[name-defined]  # why", "x = y()  # -  # why"),
        ("a.ts", "f(x) // eslint-disable-line no-undef", "f(x) // -"),
        ("a.rs", "#[allow(unused_must_use)]", "#[warn(unused_must_use)]"),
        ("a.go", "f() //nolint:errcheck", "f() //-"),
    ],
)
def test_a_new_suppression_says_nothing_in_the_second_run(path: str, line: str, bare: str) -> None:
    back = undone({path: ("first\n", f"first\n{line}\n")})
    assert back.texts == {path: f"first\n{bare}\n"}
    assert back.stages == ("style", "types")


def test_no_shadow_is_opened_where_nothing_is_to_be_run() -> None:
    sides = {"calc.py": (b"a = 1\n", b"a = 2\n")}
    assert prove_as_before(_never, sides, (), (), cancel=threading.Event(), timeout_s=1) == ()


def _never() -> PlainShadow:
    raise AssertionError("no shadow is opened where nothing is to be run")
