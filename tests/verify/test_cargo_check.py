"""What cargo's runs prove on a workspace of two packages, with the real compiler where it is installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from check_bench import Bench

from bridle.harness.nouns import Verdict
from bridle.indexer.text import apply_edits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not installed"),
]

MEMBER = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n'
ALPHA = """\
/// Adds.
///
/// ```
/// assert_eq!(alpha::add(1, 2), 3);
/// ```
pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds() {
        assert_eq!(add(1, 2), 3);
    }
}
"""
WORKSPACE = {
    "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nresolver = "2"\n',
    "crates/alpha/Cargo.toml": MEMBER.format("alpha"),
    "crates/alpha/src/lib.rs": ALPHA,
    "crates/beta/Cargo.toml": MEMBER.format("beta") + '\n[dependencies]\nalpha = { path = "../alpha" }\n',
    "crates/beta/src/lib.rs": "pub fn two() -> i32 {\n    alpha::add(1, 1)\n}\n",
    "crates/beta/tests/two.rs": "#[test]\nfn two() {\n    assert_eq!(beta::two(), 2);\n}\n",
}


@pytest.fixture
def cargo(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    home = Path.home()
    monkeypatch.setenv("RUSTUP_HOME", os.environ.get("RUSTUP_HOME", str(home / ".rustup")))
    monkeypatch.setenv("CARGO_HOME", os.environ.get("CARGO_HOME", str(home / ".cargo")))
    bench.put(WORKSPACE)
    return bench


def outcomes(verdicts: tuple[Verdict, ...]) -> list[tuple[str, str]]:
    return [(verdict.check, verdict.outcome) for verdict in verdicts]


def test_each_package_of_a_workspace_has_checks_of_its_own_and_they_are_green_with_their_evidence(cargo: Bench) -> None:
    verdicts = cargo.verify()
    assert outcomes(verdicts) == [
        ("cargo-check:crates/alpha", "pass"),
        ("cargo-check:crates/beta", "pass"),
        ("cargo-test:crates/alpha", "pass"),
        ("cargo-test:crates/beta", "pass"),
    ], [verdict.log for verdict in verdicts]
    assert [(verdict.collected, verdict.passed) for verdict in verdicts] == [(1, 1), (2, 2), (2, 2), (1, 1)]


def test_a_text_is_judged_and_never_what_was_built_of_another(cargo: Bench) -> None:
    """What is judged in the end is older than what was built before: cargo alone would take it for unchanged."""
    cargo.put({"crates/alpha/src/lib.rs": ALPHA.replace("a + b", "a - b")})
    cargo.shadow.write("crates/alpha/src/lib.rs", ALPHA.encode())
    seen = [cargo.one("cargo-test:crates/alpha")]
    cargo.put({})
    cargo.shadow.write("crates/beta/src/lib.rs", b"// something else is changed\n")
    seen.append(cargo.one("cargo-test:crates/alpha"))
    assert [verdict.outcome for verdict in seen] == ["pass", "fail"], seen[-1].log
    found = {finding.test: finding for finding in seen[1].findings}
    inner = found["tests::adds"]
    assert (inner.path, inner.start_line, inner.code) == ("crates/alpha/src/lib.rs", 15, "panic")
    assert inner.message.splitlines()[0] == "assertion `left == right` failed"
    assert [finding.start_line for name, finding in found.items() if "add" in name and name != "tests::adds"] == [2]


def test_what_does_not_compile_is_told_where_it_stands_and_a_warning_is_no_failure(cargo: Bench) -> None:
    cargo.shadow.write("crates/beta/src/lib.rs", b"use std::fmt;\npub fn two() -> i32 {\n    let x = 1;\n    2\n}\n")
    cargo.shadow.write("crates/beta/src/orphan.rs", b"fn nobody() {}\n")
    warned = cargo.one("cargo-check:crates/beta")
    assert (warned.outcome, warned.reason) == ("pass", "2 warnings; part of no target: crates/beta/src/orphan.rs")
    unused = next(finding for finding in warned.findings if finding.code == "unused_imports")
    assert (unused.path, unused.start_line, unused.severity) == ("crates/beta/src/lib.rs", 0, "warning")
    text = "use std::fmt;\npub fn two() -> i32 {\n    let x = 1;\n    2\n}\n"
    assert apply_edits(text, unused.fix) == text.partition("\n")[2]
    cargo.shadow.write("crates/alpha/src/lib.rs", b'pub fn add(a: i32, b: i32) -> i32 { "x" }\n')
    broken = cargo.one("cargo-check:crates/beta")
    assert broken.outcome == "fail"
    assert {(one.path, one.start_line, one.code) for one in broken.findings if one.severity == "error"} == {
        ("crates/alpha/src/lib.rs", 0, "E0308")
    }
    assert cargo.one("cargo-test:crates/alpha").outcome == "fail"


def test_a_save_runs_the_checks_of_the_package_that_the_file_is_in(cargo: Bench) -> None:
    cargo.shadow.write("crates/beta/src/lib.rs", b"pub fn two() -> i32 {\n    3\n}\n")
    verdicts = cargo.verify(paths=("crates/beta/src/lib.rs",))
    assert outcomes(verdicts) == [("cargo-check:crates/beta", "pass"), ("cargo-test:crates/beta", "fail")]
    [finding] = verdicts[1].findings
    assert (finding.path, finding.start_line) == ("crates/beta/tests/two.rs", 2)


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("crates/beta/tests/two.rs", "#[test]\nfn a() {}\n#[test]\nfn z() { std::process::exit(0) }\n", "ended after"),
        ("crates/beta/tests/two.rs", "#[test]\n#[ignore]\nfn a() {}\n", "no test passed (1 skipped)"),
        ("crates/beta/Cargo.toml", MEMBER.format("beta") + "[dependencies\n", "without a whole report"),
        ("crates/beta/Cargo.toml", MEMBER.format("beta") + '[dependencies]\nserde = "1"\n', "crates are missing"),
    ],
)
def test_what_proves_nothing_is_not_green(cargo: Bench, path: str, text: str, reason: str) -> None:
    cargo.put({"crates/beta/src/lib.rs": "pub fn two() {}\n", path: text})
    verdict = cargo.one("cargo-test:crates/beta")
    assert verdict.outcome == "unknown", verdict.log
    assert reason in verdict.reason
    assert verdict.next_step


def test_clippy_is_asked_where_the_project_names_it_and_says_what_the_compiler_does_not(cargo: Bench) -> None:
    if shutil.which("cargo-clippy") is None:
        pytest.skip("clippy is not installed")
    text = "use std::fmt;\npub fn two() -> i32 {\n    return 2;\n}\n"
    cargo.put({"clippy.toml": "", "crates/beta/src/lib.rs": text})
    verdict = cargo.one("cargo-clippy:crates/beta")
    [finding] = verdict.findings
    assert (verdict.outcome, finding.code, finding.start_line) == ("fail", "clippy::needless_return", 2), verdict.log
    assert finding.href.endswith("#needless_return")
    assert apply_edits(text, finding.fix).splitlines()[2] == "    2"
