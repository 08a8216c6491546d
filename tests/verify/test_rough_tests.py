"""Tests that behave badly, in the sandbox: what they do is held, and each ends in a verdict with its next step."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from check_bench import Bench

from bridle.harness.nouns import Verdict
from bridle.harness.shadow.contract import SANDBOXES
from bridle.harness.shadow.shadow import open_shadow

pytestmark = pytest.mark.slow

GOOD = "\n\ndef test_good():\n    assert 1\n"
Judged = Callable[..., Verdict]


@pytest.fixture
def judged(bench: Bench, tmp_path: Path) -> Iterator[Judged]:
    """Judges a test file on the best rung of this machine."""

    def judge(text: str, timeout_s: float = 60) -> Verdict:
        bench.put({"test_a.py": text + GOOD})
        bench.shadow = open_shadow(bench.root, tmp_path / "shadows")
        if bench.shadow.rung not in SANDBOXES:
            bench.shadow.close()
            pytest.skip("no sandbox works here")
        return bench.one("pytest", timeout_s=timeout_s)

    yield judge
    bench.shadow.close()


@pytest.mark.parametrize(("n_megabytes", "outcomes"), [(20, ["pass"]), (2000, ["unknown", "timeout"])])
def test_a_test_that_prints_without_end_is_held_and_its_log_is_cut(
    judged: Judged, n_megabytes: int, outcomes: list[str]
) -> None:
    verdict = judged(
        "import os\n\n\ndef test_loud():\n    line = b'x' * (1 << 20)\n"
        f"    for _ in range({n_megabytes}):\n        os.write(1, line)\n",
        timeout_s=8,
    )
    assert verdict.outcome in outcomes
    assert verdict.outcome == "pass" or verdict.next_step
    assert len(verdict.log) <= 70_000


def test_a_test_that_kills_its_parent_ends_nothing(judged: Judged) -> None:
    verdict = judged("import os\n\n\ndef test_rude():\n    os.kill(os.getppid(), 9)\n    os.kill(1, 9)\n")
    assert (verdict.outcome, verdict.passed) == ("pass", 2), "its parent is the first process, which no signal ends"


def test_what_a_test_leaves_running_is_dead_when_the_verdict_is_there(judged: Judged, tmp_path: Path) -> None:
    mark = f"bridle-left-{os.getpid()}-{time.monotonic_ns()}"
    verdict = judged(
        "import os\nimport sys\n\n\ndef test_daemon():\n    if os.fork() == 0:\n        os.setsid()\n"
        f"        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(99)', {mark!r}])\n"
    )
    assert verdict.outcome == "pass"
    processes = [path for path in Path("/proc").glob("[0-9]*/cmdline") if mark.encode() in _read(path)]
    assert processes == []


def test_a_test_may_serve_itself_on_the_loopback(judged: Judged) -> None:
    verdict = judged(
        "import socket\n\n\ndef test_serve():\n    with socket.create_server(('127.0.0.1', 0)) as served:\n"
        "        with socket.create_connection(served.getsockname(), 5) as client:\n"
        "            served.accept()[0].sendall(b'hello')\n            assert client.recv(5) == b'hello'\n"
    )
    assert (verdict.outcome, verdict.passed) == ("pass", 2)


def test_a_test_that_writes_into_the_tree_and_empties_it_changes_nothing(judged: Judged, bench: Bench) -> None:
    verdict = judged(
        "import pathlib\nimport shutil\n\n\ndef test_vandal():\n    pathlib.Path('made.txt').write_text('x')\n"
        "    for path in pathlib.Path('.').iterdir():\n"
        "        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()\n"
    )
    assert verdict.outcome == "unknown"
    assert "'test_a.py', whose content is not the one that is judged" in verdict.reason
    assert "leave the project's own files alone" in verdict.next_step
    assert sorted(path.name for path in bench.root.iterdir()) == ["test_a.py"]


def test_a_run_in_another_language_and_in_colours_is_read_as_any_other(
    judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("PY_COLORS", "1")
    verdict = judged("def test_bad():\n    assert 'größe' == '大小'\n")
    (finding,) = verdict.findings
    assert (verdict.outcome, finding.test, finding.start_line) == ("fail", "test_a.py::test_bad", 1)
    assert "\x1b" not in verdict.log + finding.message + finding.detail


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
