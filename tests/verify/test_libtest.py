"""What is believed of the accounts of Rust's test programs: as cargo 1.95 printed them, cut and written into."""

from __future__ import annotations

import pytest

from bridle.harness.verify.checkers.cargo_report import read_build
from bridle.harness.verify.checkers.libtest import read_blocks
from bridle.harness.verify.checkers.results import UnreadableError

BLOCK = """\

running 4 tests
test tests::good ... ok
test tests::left_out ... ignored, later
test tests::panics - should panic ... FAILED
test tests::bad ... FAILED

failures:

---- tests::panics stdout ----
note: test did not panic as expected at alpha/src/lib.rs:25:8
---- tests::bad stdout ----
running 9 tests
test result: nothing of the kind

thread 'tests::bad' (21354) panicked at alpha/src/lib.rs:19:40:
assertion `left == right` failed: sum
  left: 3
 right: 4
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace


failures:
    tests::bad
    tests::panics

test result: FAILED. 1 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.23s
"""
DOC = """
running 1 test
test alpha/src/lib.rs - add (line 6) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.26s
"""


def test_an_account_is_read_with_the_place_and_the_words_of_each_failure() -> None:
    first, second = read_blocks(BLOCK + DOC)
    assert [(case.name, case.ending) for case in first.cases] == [
        ("tests::good", "passed"),
        ("tests::left_out", "skipped"),
        ("tests::panics", "failed"),
        ("tests::bad", "failed"),
    ]
    panics, bad = first.cases[2:]
    assert (panics.path, panics.line, panics.message) == (
        "alpha/src/lib.rs",
        25,
        "the test did not panic, as it should",
    )
    assert (bad.path, bad.line, bad.error) == ("alpha/src/lib.rs", 19, "panic")
    assert bad.message.splitlines() == ["assertion `left == right` failed: sum", "  left: 3", " right: 4"]
    assert (first.n_out, len(second.cases)) == (3, 1)


def test_the_words_of_older_compilers_are_read_too() -> None:
    old = BLOCK.replace(
        "panicked at alpha/src/lib.rs:19:40:\nassertion", "panicked at 'no sum', alpha/src/lib.rs:19:40\nassertion"
    )
    bad = read_blocks(old)[0].cases[3]
    assert (bad.path, bad.line, bad.message) == ("alpha/src/lib.rs", 19, "no sum")


@pytest.mark.parametrize("n_lines", range(3, len(BLOCK.splitlines())))
def test_an_account_that_is_cut_short_anywhere_is_not_believed(n_lines: int) -> None:
    with pytest.raises(UnreadableError):
        read_blocks("\n".join(BLOCK.splitlines()[:n_lines]))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("running 4", "running 3"),
        ("running 4", "running 5"),
        ("1 passed", "2 passed"),
        ("2 failed", "0 failed"),
        ("result: FAILED", "result: ok"),
        ("test tests::bad ... FAILED\n", ""),
        ("test tests::bad ... FAILED", "test tests::bad ... ok"),
        ("test tests::bad ... FAILED", "test tests::bad ... okay"),
        ("test tests::left_out", "running 2 tests\ntest tests::left_out"),
    ],
)
def test_an_account_that_does_not_add_up_is_not_believed(before: str, after: str) -> None:
    with pytest.raises(UnreadableError):
        read_blocks(BLOCK.replace(before, after, 1))


@pytest.mark.parametrize(
    ("data", "finished", "success"),
    [
        (b"", False, False),
        (b"noise\n", False, False),
        (b'{"reason":"build-finished","success":true}\nrunning 0 tests\n', True, True),
        (b'{"reason":"compiler-artifact"}\n', False, False),
        (b'{"reason":"build-finished"}\n', True, False),
    ],
)
def test_a_build_that_does_not_say_that_it_succeeded_did_not(data: bytes, finished: bool, success: bool) -> None:
    built = read_build(data)
    assert (built.finished, built.success) == (finished, success)


@pytest.mark.parametrize("data", [b'{"reason":"compiler-mess', b'{"reason":"x","filenames":3}\n'])
def test_a_build_report_that_is_garbled_is_not_believed(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_build(data)
