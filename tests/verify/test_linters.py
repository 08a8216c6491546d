"""What ruff's and mypy's runs prove, and all that they do not, with the real tools."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest
from check_bench import Bench

from bridle.indexer.text import apply_edits

RULES = '[tool.ruff.lint]\nselect = ["E4", "E7", "E9", "F", "B"]\n'
TYPED = "[tool.mypy]\nstrict = true\n"


def test_ruff_is_green_with_the_number_of_files_that_it_examined(bench: Bench) -> None:
    bench.put({"pyproject.toml": RULES, "a.py": "A = 1\n", "pkg/b.py": "B = 1\n", "readme.md": "# read\n"})
    verdict = bench.one("ruff")
    assert (verdict.outcome, verdict.collected, verdict.exit_code, verdict.reason) == ("pass", 2, 0, "")
    assert verdict.command[1] == "check"


def test_a_complaint_of_ruff_has_place_code_link_and_a_fix_in_whole_lines(bench: Bench) -> None:
    text = "import sys, re\n\n\ndef g(a=[]):\n    return re, a\n"
    bench.put({"pyproject.toml": RULES, "a.py": text})
    verdict = bench.one("ruff")
    assert verdict.outcome == "fail"
    found = {finding.code: finding for finding in verdict.findings}
    assert set(found) == {"E401", "F401", "B006"}
    unused = found["F401"]
    assert (unused.path, unused.start_line, unused.end_line) == ("a.py", 0, 1)
    assert text[unused.start_character : unused.end_character] == "sys"
    assert unused.href.startswith("https://docs.astral.sh/ruff/rules/")
    assert apply_edits(text, unused.fix).startswith("import re\n\n")
    assert found["B006"].fix == ()


def test_ruff_sees_the_unsaved_text(bench: Bench) -> None:
    bench.put({"pyproject.toml": RULES, "a.py": "import os\n"})
    bench.shadow.write("a.py", b"A = 1\n")
    assert bench.one("ruff").outcome == "pass"


def test_text_that_is_no_python_is_an_error_of_ruff(bench: Bench) -> None:
    bench.put({"pyproject.toml": RULES, "a.py": "def f(:\n    pass\n"})
    verdict = bench.one("ruff")
    assert verdict.outcome == "fail"
    assert {(finding.code, finding.severity, finding.start_line) for finding in verdict.findings} == {
        ("invalid-syntax", "error", 0)
    }


def test_ruff_that_is_told_to_examine_nothing_is_not_green(bench: Bench) -> None:
    bench.put({"ruff.toml": 'exclude = ["*.py"]\n', "a.py": "import os\n"})
    verdict = bench.one("ruff")
    assert (verdict.outcome, verdict.reason) == ("unknown", "ruff examined no file")


def test_a_changed_file_that_ruff_passes_by_is_not_green(bench: Bench) -> None:
    bench.put({"ruff.toml": 'exclude = ["old.py"]\n', "a.py": "A = 1\n", "old.py": "O = 1\n"})
    assert bench.one("ruff").outcome == "pass"
    bench.shadow.write("old.py", b"import os\n")
    verdict = bench.one("ruff")
    assert verdict.outcome == "unknown"
    assert "old.py" in verdict.reason


def test_ruff_with_a_broken_configuration_is_unknown(bench: Bench) -> None:
    bench.put({"ruff.toml": "select = 3\n", "a.py": "A = 1\n"})
    verdict = bench.one("ruff")
    assert (verdict.outcome, verdict.exit_code) == ("unknown", 2)
    assert verdict.next_step


def test_a_configuration_that_fixes_and_hides_changes_nothing(bench: Bench) -> None:
    bench.put({"ruff.toml": 'fix = true\nshow-fixes = true\noutput-format = "github"\n', "a.py": "import os\n"})
    verdict = bench.one("ruff")
    assert [finding.code for finding in verdict.findings] == ["F401"]


def test_ruff_narrowed_to_a_file_says_nothing_of_others(bench: Bench) -> None:
    bench.put({"pyproject.toml": RULES, "a.py": "import os\n", "-b.py": "B = 1\n"})
    [verdict] = bench.verify("ruff", paths=("-b.py",))
    assert (verdict.outcome, verdict.collected) == ("pass", 1)


def test_a_saved_file_that_ruff_is_told_to_leave_out_is_not_green(bench: Bench) -> None:
    bench.put({"ruff.toml": 'exclude = ["a.py"]\n', "a.py": "import os\n", "b.py": "B = 1\n"})
    [verdict] = bench.verify("ruff", paths=("a.py",))
    assert (verdict.outcome, verdict.reason) == ("unknown", "ruff examined no file")


@pytest.mark.parametrize("saying", ["everything", "nothing", "too few"])
def test_what_ruff_looked_at_is_told_by_one_process_or_by_a_second_where_it_does_not_add_up(
    bench: Bench, saying: str
) -> None:
    calls = bench.root.parent / "calls"
    lines = {"everything": "cat", "nothing": "grep -v DEBUG", "too few": "sed s/Checked.1/Checked.0/"}[saying]
    real = Path(sys.executable).parent / "ruff"
    program = (
        f'#!/bin/sh\necho "$*" >> {calls}\n{real} "$@" 2>{calls}.said; code=$?; {lines} <{calls}.said >&2; exit $code\n'
    )
    folder = bench.root / ".venv" / "bin"
    venv.create(bench.root / ".venv", symlinks=True)
    (folder / "ruff").write_text(program)
    (folder / "ruff").chmod(0o755)
    bench.python = None
    bench.put({"pyproject.toml": RULES, "a.py": "import os\n"})
    [verdict] = bench.verify("ruff", paths=("a.py",))
    assert (verdict.outcome, verdict.collected, len(verdict.findings)) == ("fail", 1, 1)
    assert "DEBUG" not in verdict.log
    assert len(calls.read_text().splitlines()) == (1 if saying == "everything" else 3)


def test_a_thousand_complaints_are_a_thousand_findings(bench: Bench) -> None:
    bench.put({"pyproject.toml": RULES, "a.py": "".join(f"print(undefined_{n})\n" for n in range(1000))})
    verdict = bench.one("ruff")
    assert (verdict.outcome, len(verdict.findings)) == ("fail", 1000)
    assert len({finding.fingerprint for finding in verdict.findings}) == 1000


def test_complaints_that_were_there_before_are_not_new_and_a_second_one_of_the_kind_is(bench: Bench) -> None:
    bench.put({"pyproject.toml": RULES, "a.py": "print(gone)\n"})
    before = bench.one("ruff").findings
    bench.shadow.write("a.py", b"A = 1\nprint(gone)\nprint(gone)\n")
    after = bench.one("ruff", baseline=before).findings
    assert [(finding.code, finding.new) for finding in after] == [("F821", False), ("F821", True)]


def test_a_configured_tool_that_is_not_installed_is_unknown_and_says_how_to_install_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(bench.root / ".venv", symlinks=True)
    bench.put({"pyproject.toml": RULES + TYPED, "a.py": "A = 1\n"})
    bench.python = None
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    verdicts = bench.verify()
    assert [(verdict.check, verdict.outcome) for verdict in verdicts] == [("ruff", "unknown"), ("mypy", "unknown")]
    assert all(f"-m pip install {verdict.check}" in verdict.next_step for verdict in verdicts)
    assert bench.told == list(verdicts)


@pytest.mark.slow
def test_mypy_is_green_with_the_number_of_files_that_it_examined(bench: Bench) -> None:
    bench.put({"pyproject.toml": TYPED, "a.py": "A: int = 1\n", "pkg/__init__.py": "", "pkg/b.py": "import a\n"})
    verdict = bench.one("mypy")
    assert (verdict.outcome, verdict.collected, verdict.reason) == ("pass", 3, "")
    assert "LOG:" not in verdict.log
    assert not (bench.root / ".mypy_cache").exists()


@pytest.mark.slow
def test_what_mypy_says_follows_the_text_and_not_its_cache(bench: Bench) -> None:
    bench.put({"pyproject.toml": TYPED, "a.py": "def f(n: int) -> int:\n    return n + 1\n\n\nreveal_type(f)\n"})
    outcomes = [bench.one("mypy").outcome]
    for text in (b"def f(n: int) -> int:\n    return str(n)\n", b"def f(n: int) -> int:\n    return int(n)\n"):
        bench.shadow.write("a.py", text)
        outcomes.append(bench.one("mypy").outcome)
    assert outcomes == ["pass", "fail", "pass"]
    [finding] = bench.told[1].findings
    assert (finding.path, finding.start_line, finding.end_line, finding.code) == ("a.py", 1, 2, "return-value")
    assert (finding.start_character, finding.end_character) == (11, 17)
    assert finding.href.endswith("#code-return-value")


@pytest.mark.slow
def test_a_changed_file_that_mypy_is_not_given_is_told(bench: Bench) -> None:
    bench.put({"mypy.ini": "[mypy]\nfiles = a.py\n", "a.py": "A = 1\n", "b.py": "B = 1\n"})
    bench.shadow.write("b.py", b"B: int = 'x'\n")
    verdict = bench.one("mypy")
    assert (verdict.outcome, verdict.collected, verdict.reason) == ("pass", 1, "not among mypy's files: b.py")


@pytest.mark.slow
def test_text_that_is_no_python_is_an_error_of_mypy(bench: Bench) -> None:
    bench.put({"mypy.ini": "[mypy]\n", "a.py": "def f(:\n    pass\n"})
    verdict = bench.one("mypy")
    assert (verdict.outcome, verdict.exit_code, verdict.findings[0].code) == ("fail", 2, "syntax")


@pytest.mark.slow
def test_mypy_that_does_not_take_its_files_is_unknown(bench: Bench) -> None:
    bench.put({"mypy.ini": "[mypy]\nfiles = nowhere.py\n", "a.py": "A = 1\n"})
    verdict = bench.one("mypy")
    assert (verdict.outcome, verdict.findings) == ("unknown", ())
    assert "nowhere.py" in verdict.reason


def test_a_tool_that_lies_about_its_report_proves_nothing(bench: Bench, tmp_path: Path) -> None:
    """Programs that end well and say nothing, or something else."""
    bench.put({"pyproject.toml": RULES + TYPED, "a.py": "A = 1\n"})
    bench.python = str(fake_tools(tmp_path / "bin", "exit 0"))
    assert [verdict.outcome for verdict in bench.verify()] == ["unknown", "unknown"]
    bench.python = str(fake_tools(tmp_path / "bin2", "echo 'All checks passed!'"))
    assert [verdict.outcome for verdict in bench.verify()] == ["unknown", "unknown"]


def test_a_tool_that_cannot_be_started_is_unknown_and_says_so(bench: Bench, tmp_path: Path) -> None:
    bench.put({"pyproject.toml": RULES, "a.py": "A = 1\n"})
    bench.python = str(fake_tools(tmp_path / "bin", "exec /nowhere/ruff"))
    verdict = bench.one("ruff")
    assert verdict.outcome == "unknown"
    assert "cannot be started in the sandbox" in verdict.reason
    assert "install ruff" in verdict.next_step


def test_a_tool_that_hangs_is_a_timeout(bench: Bench, tmp_path: Path) -> None:
    bench.put({"pyproject.toml": RULES + TYPED, "a.py": "A = 1\n"})
    bench.python = str(fake_tools(tmp_path / "bin", "exec sleep 600"))
    assert [verdict.outcome for verdict in bench.verify(timeout_s=0.2)] == ["timeout", "timeout"]


def test_what_is_cancelled_before_it_begins_is_unknown_check_by_check(bench: Bench) -> None:
    bench.put({"pyproject.toml": RULES + TYPED, "test_a.py": "def test_a():\n    pass\n"})
    bench.cancel.set()
    verdicts = bench.verify()
    assert [(verdict.check, verdict.outcome, verdict.reason) for verdict in verdicts] == [
        ("ruff", "unknown", "cancelled"),
        ("mypy", "unknown", "cancelled"),
        ("pytest", "unknown", "cancelled"),
    ]
    assert bench.started == ["ruff", "mypy", "pytest"]


def fake_tools(folder: Path, script: str) -> Path:
    """Return an interpreter beside which `ruff` and `mypy` are shell scripts."""
    folder.mkdir()
    for name in ("python", "ruff", "mypy"):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder / "python"
