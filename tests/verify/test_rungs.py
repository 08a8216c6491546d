"""The ladder on every rung that works on this machine, and on the plain copy that the other tests use: one contract."""

from __future__ import annotations

import os
import secrets
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from check_bench import Bench

from bridle.harness.shadow.shadow import RUNGS, open_shadow, probe

FILES = {
    "pyproject.toml": (
        "[tool.ruff.lint]\nselect = ['F']\n[tool.mypy]\nstrict = true\nmypy_path = 'src'\n"
        "[tool.pytest.ini_options]\npythonpath = ['src']\n"
    ),
    "src/calc.py": "import os\n\n\ndef f(n: int) -> int:\n    return str(n + 1)\n",
    "tests/test_calc.py": "from calc import f\n\n\ndef test_f() -> None:\n    assert f(2) == 4\n",
}
MENDED = b"def f(n: int) -> int:\n    return n + 2\n"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def working(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    return {tried.name for tried in probe(tmp_path_factory.mktemp("probe")) if tried.works}


@pytest.fixture(params=[*RUNGS, "plain copy"])
def on_rung(request: pytest.FixtureRequest, bench: Bench, working: set[str], tmp_path: Path) -> Iterator[Bench]:
    """The bench with a shadow of this rung, opened by `bench.reopen` once its files are there."""
    if request.param not in {*working, "plain copy"}:
        pytest.skip(f"{request.param} does not work here")
    bench.put(FILES)
    if request.param != "plain copy":
        bench.shadow = open_shadow(bench.root, tmp_path / "shadows", rung=request.param)
    yield bench
    bench.shadow.close()


def test_what_is_red_becomes_green_when_the_shadow_is_mended_and_the_tree_stays_as_it_was(on_rung: Bench) -> None:
    red = on_rung.verify()
    assert [(verdict.check, verdict.outcome) for verdict in red] == [
        ("ruff", "fail"),
        ("mypy", "fail"),
        ("pytest", "fail"),
    ]
    assert [[(one.path, one.start_line) for one in verdict.findings] for verdict in red] == [
        [("src/calc.py", 0)],
        [("src/calc.py", 4)],
        [("tests/test_calc.py", 4)],
    ]
    on_rung.shadow.write("src/calc.py", MENDED)
    green = on_rung.verify()
    assert [(verdict.outcome, verdict.reason) for verdict in green] == [("pass", "")] * 3
    assert {verdict.tree for verdict in green} == {on_rung.shadow.tree().digest}
    assert {verdict.rung for verdict in green} == {on_rung.shadow.rung}
    assert (on_rung.root / "src/calc.py").read_text() == FILES["src/calc.py"]


def test_what_a_test_writes_is_neither_kept_nor_seen_by_the_next_check(on_rung: Bench) -> None:
    on_rung.shadow.write("src/calc.py", MENDED)
    on_rung.shadow.write("tests/test_calc.py", b"def test_a():\n    open('made.py', 'x').write('import os')\n")
    outcomes = [on_rung.one("pytest").outcome for _ in range(2)]
    assert outcomes == ["pass", "pass"]
    assert on_rung.one("ruff").outcome == "pass"
    assert {change.path for change in on_rung.shadow.changes()} == {"src/calc.py", "tests/test_calc.py"}
    assert not (on_rung.root / "made.py").exists()


def test_an_editable_install_is_judged_only_where_it_shows_the_shadow(on_rung: Bench, tmp_path: Path) -> None:
    """An overlay stands at the workspace's own path; a copy does not, and must say so."""
    venv.create(on_rung.root / ".venv", symlinks=True)
    [packages] = (on_rung.root / ".venv").glob("lib/python3*/site-packages")
    (packages / "project.pth").write_text(f"{Path(pytest.__file__).parent.parent}\n{on_rung.root / 'src'}\n")
    on_rung.python = None
    on_rung.shadow.write("pyproject.toml", b"")
    on_rung.shadow.write("src/calc.py", MENDED)
    verdict = on_rung.one("pytest")
    if on_rung.shadow.root == on_rung.root.resolve():
        assert verdict.outcome == "pass", verdict.log
    else:
        assert (verdict.outcome, verdict.reason[:10]) == ("unknown", "wrong tree")


def test_a_run_that_hangs_is_dead_when_its_time_is_over(on_rung: Bench) -> None:
    mark = f"{10_000_000 + secrets.randbelow(10_000_000)}"
    text = f"import subprocess\n\n\ndef test_hang():\n    subprocess.run(['sleep', '{mark}'])\n"
    on_rung.shadow.write("tests/test_calc.py", text.encode())
    verdict = on_rung.one("pytest", timeout_s=5)
    assert (verdict.outcome, verdict.reason[:20]) == ("timeout", "no end after 5 s, in")
    assert not any(mark.encode() in arguments for arguments in running())


def running() -> Iterator[bytes]:
    """Yield the command lines of all processes."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                yield Path(entry.path, "cmdline").read_bytes()
            except OSError:
                continue
