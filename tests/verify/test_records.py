"""What a verdict leaves behind: its receipt, and what is known again of a tree that stands as it stood."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from check_bench import Bench

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.verify.checks import Check
from bridle.harness.verify.fingerprints import blame, fixed
from bridle.harness.verify.ladder import known
from bridle.harness.verify.records import KNOWN_FOR_S, MAX_KNOWN, MAX_RECEIPTS, Extent, Records, receipt_of
from bridle.harness.verify.toolchain import toolchain

CHECK = Check("pytest", "pytest", "tests", ("python", "-m", "pytest"))


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def kept(records: Records, verdict: Verdict, extent: Extent = "all", tools: str = "tools") -> str:
    receipt = receipt_of(CHECK, verdict, tools, extent, 5.0)
    records.keep(receipt, verdict)
    return receipt.id


def a_verdict(outcome: str = "pass", tree: str = "tree", log: str = "said") -> Verdict:
    finding = Finding("pytest", "a.py", 0, 1, "wrong", fingerprint="f" * 32)
    found = (finding,) if outcome == "fail" else ()
    plain = {"check": "pytest", "outcome": outcome, "seconds": 1.5, "tree": tree, "rung": "rung", "log": log}
    return msgspec.structs.replace(msgspec.convert(plain, Verdict), findings=found)


@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_a_verdict_on_the_same_tree_tools_and_rung_is_known_again(tmp_path: Path, outcome: str) -> None:
    records = Records(tmp_path)
    kept(records, a_verdict(outcome))
    again = records.known(CHECK, "tree", "tools", "rung")
    assert again is not None
    assert (again.outcome, len(again.findings)) == (outcome, int(outcome == "fail"))
    assert records.known(CHECK, "other", "tools", "rung") is None
    assert records.known(CHECK, "tree", "others", "rung") is None
    assert records.known(CHECK, "tree", "tools", "another") is None
    assert records.known(msgspec.structs.replace(CHECK, name="pytest:api"), "tree", "tools", "rung") is None


@pytest.mark.parametrize("outcome", ["unknown", "timeout", "flaky"])
def test_what_proves_nothing_is_never_known_again(tmp_path: Path, outcome: str) -> None:
    records = Records(tmp_path)
    kept(records, a_verdict(outcome))
    assert records.known(CHECK, "tree", "tools", "rung") is None


@pytest.mark.parametrize("extent", ["files", "tests"])
def test_what_looked_at_a_part_is_never_taken_for_the_whole(tmp_path: Path, extent: Extent) -> None:
    records = Records(tmp_path)
    kept(records, a_verdict(), extent)
    assert records.known(CHECK, "tree", "tools", "rung") is None


def test_what_was_known_is_forgotten_after_a_while(tmp_path: Path) -> None:
    clock = Clock()
    records = Records(tmp_path, clock)
    kept(records, a_verdict())
    (record,) = (tmp_path / "known").iterdir()
    os.utime(record, (clock.now - KNOWN_FOR_S + 60, clock.now - KNOWN_FOR_S + 60))
    assert records.known(CHECK, "tree", "tools", "rung") is not None
    clock.now += 120
    assert records.known(CHECK, "tree", "tools", "rung") is None


@pytest.mark.parametrize("garbage", [b"", b"{}", b"\xff\x00", b'{"check": "pytest"}', b"[" * 100_000])
def test_garbage_on_the_disk_is_nothing_known(tmp_path: Path, garbage: bytes) -> None:
    records = Records(tmp_path)
    name = kept(records, a_verdict())
    for record in (*(tmp_path / "known").iterdir(), *(tmp_path / "receipts").iterdir()):
        record.write_bytes(garbage)
    assert records.known(CHECK, "tree", "tools", "rung") is None
    assert records.receipt(name) is None


def test_a_receipt_says_what_its_id_is_the_digest_of(tmp_path: Path) -> None:
    records = Records(tmp_path)
    name = kept(records, a_verdict("fail"))
    receipt = records.receipt(name)
    assert receipt is not None
    assert (receipt.outcome, receipt.tree, receipt.log_text, receipt.started) == ("fail", "tree", "said", 3.5)
    path = tmp_path / "receipts" / f"{name}.json"
    path.write_bytes(path.read_bytes().replace(b'"fail"', b'"pass"'))
    assert records.receipt(name) is None


@pytest.mark.parametrize("name", ["", "../known/x", "f" * 31, "F" * 32, "/etc/passwd"])
def test_what_is_no_id_is_no_receipt(tmp_path: Path, name: str) -> None:
    assert Records(tmp_path).receipt(name) is None


def test_records_are_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    records = Records(tmp_path)
    for folder in ("known", "receipts"):
        (tmp_path / folder).mkdir(0o700)
        for number in range(MAX_RECEIPTS + 5):
            (tmp_path / folder / f"{number}.json").write_text("{}")
            os.utime(tmp_path / folder / f"{number}.json", (number, number))
    name = kept(records, a_verdict())
    assert len(list((tmp_path / "known").iterdir())) == MAX_KNOWN
    assert len(list((tmp_path / "receipts").iterdir())) == MAX_RECEIPTS
    assert records.receipt(name) is not None
    assert not (tmp_path / "receipts" / "0.json").exists()


def test_a_disk_that_takes_nothing_costs_the_records_and_not_the_verdict(tmp_path: Path) -> None:
    (tmp_path / "receipts").write_text("a file is in the way")
    assert Records(tmp_path).receipt(kept(Records(tmp_path), a_verdict())) is None


def test_what_is_gone_of_the_ground_is_told_apart_from_what_is_old_and_new() -> None:
    def one(print_: str) -> Finding:
        return Finding("ruff", "a.py", 0, 1, print_, fingerprint=print_)

    ground, now = [one("a"), one("a"), one("b"), one("c")], [one("a"), one("c"), one("d")]
    assert [(finding.message, finding.new) for finding in blame(now, ground)] == [
        ("a", False),
        ("c", False),
        ("d", True),
    ]
    assert [finding.message for finding in fixed(now, ground)] == ["a", "b"]


@pytest.mark.slow
def test_the_ladder_keeps_a_receipt_and_knows_the_tree_again_until_it_changes(bench: Bench) -> None:
    bench.put({"test_a.py": "def test_a():\n    assert 1 == 2\n"})
    first = bench.one("pytest")
    receipt = bench.records.receipt(first.receipt)
    assert receipt is not None
    assert (receipt.check, receipt.exit_code, receipt.collected, receipt.tree) == ("pytest", 1, 1, first.tree)
    assert receipt.report == first.report != ""
    checks = bench.checks("pytest")
    again = known(bench.shadow, checks, bench.records)
    assert again is not None
    assert (again[0].outcome, again[0].findings) == ("fail", first.findings)
    bench.shadow.write("test_a.py", b"def test_a():\n    assert 1 == 1\n")
    assert known(bench.shadow, checks, bench.records) is None


@pytest.mark.slow
def test_a_finding_that_is_gone_since_the_ground_is_told_as_fixed(bench: Bench) -> None:
    bench.put({"test_a.py": "def test_a():\n    assert 1 == 2\n\n\ndef test_b():\n    assert 1 == 3\n"})
    ground = bench.one("pytest").findings
    bench.shadow.write("test_a.py", b"def test_a():\n    assert 1 == 1\n\n\ndef test_b():\n    assert 1 == 3\n")
    verdict = bench.one("pytest", baseline=ground)
    assert [finding.test for finding in verdict.fixed] == ["test_a.py::test_a"]
    assert [(finding.test, finding.new) for finding in verdict.findings] == [("test_a.py::test_b", False)]


def test_what_is_installed_in_the_environment_is_part_of_the_toolchain(tmp_path: Path) -> None:
    packages = tmp_path / "venv" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    (tmp_path / "venv" / "bin").mkdir()
    python = tmp_path / "venv" / "bin" / "python"
    python.write_text("")
    check = msgspec.structs.replace(CHECK, python=str(python), command=(str(python), "-m", "pytest"))
    seen = [toolchain(check, tmp_path)]
    assert toolchain(check, tmp_path) == seen[0]
    (packages / "pytest-9.0.dist-info").mkdir()
    seen.append(toolchain(check, tmp_path))
    python.write_text("another")
    seen.append(toolchain(check, tmp_path))
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / ".package-lock.json").write_text("{}")
    seen.append(toolchain(check, tmp_path))
    seen.append(toolchain(msgspec.structs.replace(check, needs=("env:A",)), tmp_path))
    assert len(set(seen)) == len(seen)
