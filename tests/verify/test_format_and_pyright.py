"""What ruff's formatter and pyright prove, with the real tools."""

from __future__ import annotations

from pathlib import Path

import pytest
from check_bench import Bench

from bridle.harness.verify.finders.discover import discover
from bridle.indexer.text import apply_edits

FORMATTED = {"pyproject.toml": "[tool.ruff.format]\n"}
LOOSE = 'x = [1,2]\n\n\n\n\ny = "ä"\nz=1\n'


def test_format_is_green_with_the_number_of_files_that_were_formatted(bench: Bench) -> None:
    bench.put({**FORMATTED, "a.py": "A = 1\n", "pkg/b.py": "B = 1\n"})
    verdict = bench.one("ruff-format")
    assert (verdict.outcome, verdict.collected, verdict.exit_code, verdict.reason) == ("pass", 2, 0, "")
    assert "DEBUG" not in verdict.log


def test_what_would_stand_otherwise_is_a_finding_whose_fix_is_what_ruff_would_write(bench: Bench) -> None:
    bench.put({**FORMATTED, "a.py": LOOSE, "b.py": "B = 1\n"})
    verdict = bench.one("ruff-format")
    [finding] = verdict.findings
    assert (verdict.outcome, verdict.collected, finding.path, finding.start_line) == ("fail", 2, "a.py", 0)
    assert apply_edits(LOOSE, finding.fix) == 'x = [1, 2]\n\n\ny = "ä"\nz = 1\n'
    bench.shadow.write("a.py", apply_edits(LOOSE, finding.fix).encode())
    assert bench.one("ruff-format").outcome == "pass"


def test_what_cannot_be_parsed_is_no_matter_of_format(bench: Bench) -> None:
    bench.put({**FORMATTED, "a.py": "def f(:\n"})
    verdict = bench.one("ruff-format")
    assert (verdict.outcome, verdict.findings) == ("unknown", ())
    assert "a.py" in verdict.reason


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"ruff.toml": '[format]\nexclude = ["*.py"]\n'}, "examined no file"),
        ({"ruff.toml": '[format]\nindent-style = "sideways"\n'}, "exit code 2"),
    ],
)
def test_a_formatter_that_looks_at_nothing_is_not_green(bench: Bench, files: dict[str, str], reason: str) -> None:
    bench.put({**files, "a.py": "A = 1\n"})
    verdict = bench.one("ruff-format")
    assert verdict.outcome == "unknown"
    assert reason in verdict.reason


def test_a_changed_file_that_the_formatter_passes_by_is_not_green(bench: Bench) -> None:
    bench.put({"ruff.toml": '[format]\nexclude = ["old.py"]\n', "a.py": "A = 1\n", "old.py": "O = 1\n"})
    bench.shadow.write("old.py", b"O=1\n")
    verdict = bench.one("ruff-format")
    assert (verdict.outcome, "old.py" in verdict.reason) == ("unknown", True)
    [narrow] = bench.verify("ruff-format", paths=("a.py",))
    assert (narrow.outcome, narrow.collected) == ("pass", 1)


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"pyproject.toml": "[tool.ruff]\nline-length = 100\n"}, False),
        ({"pyproject.toml": "[tool.ruff.format]\n"}, True),
        ({"ruff.toml": "[format]\n"}, True),
        ({"ruff.toml": "", ".pre-commit-config.yaml": "  - repo: x\n    hooks:\n      - id: ruff-format\n"}, True),
        ({"ruff.toml": "", ".pre-commit-config.yaml": "      - id: ruff\n"}, False),
        ({"ruff.toml": "", "Makefile": "check:\n\truff format --check .\n"}, True),
        ({"ruff.toml": "", ".github/workflows/ci.yml": "      - run: uv run ruff format --diff\n"}, True),
        ({"ruff.toml": "", "scripts/check": "${PREFIX}ruff format $SOURCES --diff\n"}, True),
        ({"Makefile": "check:\n\truff format --check .\n"}, False),
    ],
)
def test_format_is_checked_only_where_the_project_says_that_ruff_formats_it(
    bench: Bench, files: dict[str, str], wanted: bool
) -> None:
    bench.put({**files, "a.py": "A = 1\n"})
    assert ("ruff-format" in [check.name for check in discover(bench.root, bench.python)]) == wanted


TYPED = {"pyproject.toml": "[tool.pyright]\n"}
COUNTED = '{{"generalDiagnostics": [], "summary": {{"filesAnalyzed": {}, "errorCount": {}}}}}'


@pytest.mark.slow
def test_pyright_is_green_with_the_number_of_files_and_red_on_the_very_characters(bench: Bench) -> None:
    bench.put({**TYPED, "a.py": "A: int = 1\n", "pkg/b.py": "import a\n"})
    verdict = bench.one("pyright")
    assert (verdict.outcome, verdict.collected, verdict.reason) == ("pass", 2, ""), verdict.log
    bench.shadow.write("a.py", 's = "\U0001f600"; n: int = s\n'.encode())
    red = bench.one("pyright")
    [finding] = red.findings
    assert (red.outcome, finding.path, finding.start_line, finding.code) == ("fail", "a.py", 0, "reportAssignmentType")
    assert (finding.start_character, finding.end_character) == (18, 19)
    assert finding.href.endswith("#reportAssignmentType")
    [narrow] = bench.verify("pyright", paths=("pkg/b.py",))
    assert (narrow.outcome, narrow.collected) == ("pass", 1)


@pytest.mark.slow
def test_pyright_that_leaves_out_what_changed_says_so_and_on_nothing_it_is_unknown(bench: Bench) -> None:
    bench.put({"pyrightconfig.json": '{"include": ["a.py"], /* all */ }\n', "a.py": "A = 1\n", "b.py": "B = 1\n"})
    bench.shadow.write("b.py", b"B: int = ''\n")
    verdict = bench.one("pyright")
    assert (verdict.outcome, verdict.collected, verdict.reason) == ("pass", 1, "not among pyright's files: b.py")
    bench.put({"pyrightconfig.json": '{"include": ["nowhere"]}\n'})
    assert bench.one("pyright").reason == "pyright analysed no file"


@pytest.mark.parametrize(
    ("script", "outcome", "reason"),
    [
        ("exit 0", "unknown", "cannot be read"),
        ("echo nodeenv: urlopen error >&2; exit 1", "unknown", "would download"),
        (f"echo '{COUNTED.format(0, 0)}'", "unknown", "no file"),
        (f"echo '{COUNTED.format(3, 2)}'", "unknown", "counts"),
        (f"echo '{COUNTED.format(3, 0)}'; exit 1", "unknown", "named nothing"),
        (f"echo '{COUNTED.format(3, 0)}'; exit 3", "unknown", "exit code 3"),
        (f"echo '{COUNTED.format(3, 0)[:50]}'", "unknown", "cannot be read"),
        ("kill -SEGV $$", "unknown", "exit code"),
        ("exec sleep 60", "timeout", "no end after"),
    ],
)
def test_a_pyright_that_proves_nothing_is_not_green(
    bench: Bench, tmp_path: Path, script: str, outcome: str, reason: str
) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("python", "pyright"):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    bench.python = str(tmp_path / "bin" / "python")
    bench.put({**TYPED, "a.py": "A = 1\n"})
    verdict = bench.one("pyright", timeout_s=0.5)
    assert verdict.outcome == outcome
    assert reason in verdict.reason
    assert verdict.next_step
