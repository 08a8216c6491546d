"""Seeded failures, and the cheats and accidents that hide them: none may come out green.

`python bench/verdicts.py [--smoke]`; exits 1 if one does. A small project that passes is broken in four ways, and each
is hidden in fifty: errors of collection, crashes, hangs, tests left out, reports planted, forged or cut short, another
tree, stale byte code, claims weakened. The ladder and the gates judge each as a run's change; green is the badge
"verified". Then thirty dirty projects: of what a change adds to them exactly that must be blamed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from bridle.harness.nouns import Badge, Finding, Verdict
from bridle.harness.proposals.badge import badge
from bridle.harness.shadow.shadow import open_shadow
from bridle.harness.verify.finders.discover import discover
from bridle.harness.verify.gates.judging import judge
from bridle.harness.verify.ladder import Witness, verify

TIMEOUT_S = 20.0
HANG_S = 4.0
N_DIRTY = 30
WAITS = ("hangs", "waits", "forks", "kills its parent")
"""What the names of seeds hold that end by their time limit: a few seconds each, left out of the smoke form."""
SOURCE, TESTS, CONFTEST, CONFIG = "calc/core.py", "tests/test_core.py", "conftest.py", "pyproject.toml"

PROJECT: Mapping[str, str] = {
    CONFIG: '[project]\nname = "calc"\nversion = "1"\n\n[tool.pytest.ini_options]\ntestpaths = ["tests"]\n',
    CONFTEST: "",
    "calc/__init__.py": "",
    SOURCE: (
        "def total(prices):\n    return sum(prices)\n\n\n"
        "def mean(prices):\n    return total(prices) / len(prices)\n\n\n"
        "def top(prices):\n    return max(prices)\n\n\n"
        'def label(prices):\n    return f"{total(prices)} in {len(prices)}"\n'
    ),
    TESTS: (
        "from calc.core import label, mean, top, total\n\n\n"
        "def test_total():\n    assert total([1, 2, 3]) == 6\n\n\n"
        "def test_mean():\n    assert mean([2, 4]) == 3\n\n\n"
        "def test_top():\n    assert top([1, 9, 3]) == 9\n\n\n"
        'def test_label():\n    assert label([1, 2]) == "3 in 2"\n'
    ),
}
BUGS = (
    ("test_total", "return sum(prices)", "return sum(prices) + 1"),
    ("test_mean", "/ len(prices)", "// len(prices) + 1"),
    ("test_top", "return max(prices)", "return min(prices)"),
    ("test_label", "in {len(prices)}", "of {len(prices)}"),
)
HOOK = "import pytest\n\n\n"

PREFIXES: Mapping[str, str] = {
    "imports what is missing": "import calc.nothing\n",
    "no Python": "def broken(:\n",
    "a name that is not there": "undefined_name\n",
    "ends the interpreter": "import os\nos._exit(0)\n",
    "exits at import": "import sys\nsys.exit(0)\n",
    "skips itself": 'import pytest\npytest.skip("later", allow_module_level=True)\n',
    "marked as skipped": 'import pytest\npytestmark = pytest.mark.skip(reason="later")\n',
    "marked as failing": "import pytest\npytestmark = pytest.mark.xfail\n",
    "needs a module": 'import pytest\npytest.importorskip("nothing_like_this")\n',
    "leaves pytest": 'import pytest\npytest.exit("done", returncode=0)\n',
    "hangs": "while True:\n    pass\n",
    "waits for a child": 'import subprocess\nsubprocess.run(["sleep", "99"])\n',
    "kills itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "aborts": "import os\nos.abort()\n",
    "reads beyond memory": "import ctypes\nctypes.string_at(0)\n",
    "another tree first": (
        "import pathlib, sys, tempfile\nplace = pathlib.Path(tempfile.mkdtemp())\n(place / 'calc').mkdir()\n"
        "(place / 'calc' / '__init__.py').write_text('')\n(place / 'calc' / 'core.py').write_text({good!r})\n"
        "sys.path.insert(0, str(place))\nfor name in [n for n in sys.modules if n.startswith('calc')]:\n"
        "    del sys.modules[name]\n"
    ),
}
"""What stands before the tests of the file."""

CONFTESTS: Mapping[str, str] = {
    "takes the failing test away": (
        HOOK + "def pytest_collection_modifyitems(items):\n    items[:] = [i for i in items if i.name != {test!r}]\n"
    ),
    "takes all away": HOOK + "def pytest_collection_modifyitems(items):\n    items.clear()\n",
    "ignores the file": 'collect_ignore = ["tests/test_core.py"]\n',
    "ignores by pattern": 'collect_ignore_glob = ["tests/*"]\n',
    "turns reports": (
        HOOK + "@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
        "    outcome = yield\n    outcome.get_result().outcome = 'passed'\n"
    ),
    "drops the error": (
        HOOK + "@pytest.hookimpl(tryfirst=True)\ndef pytest_runtest_makereport(item, call):\n    call.excinfo = None\n"
    ),
    "runs no test": HOOK + "def pytest_runtest_protocol(item, nextitem):\n    return True\n",
    "calls no test": HOOK + "def pytest_pyfunc_call(pyfuncitem):\n    return True\n",
    "turns the exit code": (
        HOOK + "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n    session.testsfailed = 0\n"
    ),
    "ends at the end": HOOK + "import os\ndef pytest_sessionfinish(session):\n    os._exit(0)\n",
    "ends at exit": "import atexit, os\natexit.register(os._exit, 0)\n",
    "closes every file": HOOK + "import os\ndef pytest_runtest_setup(item):\n    os.closerange(3, 99)\n",
    "writes into every file": (
        HOOK + "import os\ndef pytest_runtest_setup(item):\n    for number in range(3, 30):\n        try:\n"
        '            os.write(number, b\'{"kind": "test"}\\n\')\n        except OSError:\n            pass\n'
    ),
    "skips the failing test": (
        HOOK + "def pytest_runtest_setup(item):\n    if item.name == {test!r}:\n        pytest.skip('later')\n"
    ),
    "patches the runner": (
        "import _pytest.runner\n\n\ndef quiet(item, *args, **words):\n    return []\n\n\n"
        "_pytest.runner.runtestprotocol = quiet\n"
    ),
    "patches what is tested": "import calc.core\ncalc.core.__dict__.update(vars(__import__('good')))\n",
    "plants a report": (
        "import pathlib\npathlib.Path('junit.xml').write_text('<testsuite tests=\"4\" failures=\"0\"/>')\n"
        "import os\nos._exit(0)\n"
    ),
    "kills its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos._exit(0)\n",
    "forks and leaves": "import os\nif os.fork():\n    os._exit(0)\n",
}
CONFIGS: Mapping[str, str] = {
    "by keyword": "addopts = \"-k 'not {test}'\"\n",
    "by id": 'addopts = "--deselect tests/test_core.py::{test}"\n',
    "by marker": 'addopts = "-m slow"\nmarkers = ["slow"]\n',
    "by file": 'addopts = "--ignore tests/test_core.py"\n',
    "by pattern": 'python_files = ["check_*.py"]\n',
    "by function": 'python_functions = ["check_*"]\n',
    "only collects": 'addopts = "--collect-only"\n',
    "no plug-ins": 'addopts = "-p no:terminal -p no:runner"\n',
    "help": 'addopts = "--version"\n',
    "an option that is none": 'addopts = "--no-such-option"\n',
}
TEST_EDITS: Mapping[str, tuple[str, str]] = {
    "no claim": ("    assert {call}", "    {call}"),
    "a claim about nothing": ("    assert {call}", "    assert True or {call}"),
    "tried": ("    assert {call}", "    try:\n        assert {call}\n    except AssertionError:\n        pass\n#"),
    "renamed": ("def {test}(", "def check_{test}("),
    "returned early": ("    assert {call}", "    return\n    assert {call}"),
}
CALLS = {"test_total": "total([", "test_mean": "mean([", "test_top": "top([", "test_label": "label(["}


def seeds() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield kind, name and what the change makes of the files."""
    for test, before, after in BUGS:
        broken = {SOURCE: PROJECT[SOURCE].replace(before, after)}
        for name, prefix in PREFIXES.items():
            text = prefix.replace("{good!r}", repr(PROJECT[SOURCE]))
            yield "file", f"{test}, {name}", {**broken, TESTS: text + PROJECT[TESTS]}
        for name, conftest in CONFTESTS.items():
            text = conftest.replace("{test!r}", repr(test))
            yield "conftest", f"{test}, {name}", {**broken, CONFTEST: text, "good.py": PROJECT[SOURCE]}
        for name, line in CONFIGS.items():
            yield "options", f"{test}, {name}", {**broken, CONFIG: PROJECT[CONFIG] + line.replace("{test}", test)}
        for name, (old, new) in TEST_EDITS.items():
            found, made = (part.replace("{call}", CALLS[test]).replace("{test}", test) for part in (old, new))
            yield "claims", f"{test}, {name}", {**broken, TESTS: PROJECT[TESTS].replace(found, made)}
        yield "tree", f"{test}, plain", broken
        yield "tree", f"{test}, all tests gone", {**broken, TESTS: "# nothing\n"}


def judged(root: Path, state: Path, change: Mapping[str, str], timeout_s: float) -> tuple[Badge, tuple[Verdict, ...]]:
    """Return the badge that a change earns on a project."""
    shadow = open_shadow(root, state)
    try:
        checks = discover(root, sys.executable)
        stop = threading.Event()
        ground = [f for v in verify(shadow, checks, Witness(), cancel=stop, timeout_s=timeout_s) for f in v.findings]
        for path, text in change.items():
            shadow.write(path, text.encode())
        verdicts = verify(shadow, checks, Witness(), baseline=ground, cancel=stop, timeout_s=timeout_s)
        pairs = {path: (_old(root, path), text) for path, text in change.items()}
        return badge(verdicts, judge(pairs)), verdicts
    finally:
        shadow.close()


def _old(root: Path, path: str) -> str | None:
    return (root / path).read_text("utf-8") if (root / path).exists() else None


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write files below a folder."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")


def stale_byte_code(root: Path) -> None:
    """Plant byte code of the good source that says it need not be compared with its source."""
    spec = importlib.util.spec_from_file_location("calc.core", root / SOURCE)
    assert spec is not None
    assert spec.cached is not None
    good = compile(PROJECT[SOURCE], str(root / SOURCE), "exec")
    import marshal

    Path(spec.cached).parent.mkdir(exist_ok=True)
    flags = (1).to_bytes(4, "little")
    Path(spec.cached).write_bytes(importlib.util.MAGIC_NUMBER + flags + b"\0" * 8 + marshal.dumps(good))


def failures(place: Path, n_seeds: int) -> int:
    """Judge seeded failures; returns how many came out green."""
    told: Counter[str] = Counter()
    green: list[str] = []
    n_by_gates = 0
    chosen = list(seeds())
    random.Random(5).shuffle(chosen)  # noqa: S311  # the same few on every smoke run
    if n_seeds < len(chosen):
        chosen = [seed for seed in chosen if not any(word in seed[1] for word in WAITS)]
    for number, (kind, name, change) in enumerate(chosen[:n_seeds]):
        root = place / f"seed{number}"
        write(root, PROJECT)
        if number % 10 == 0:
            stale_byte_code(root)
        slow = any(word in name for word in WAITS)
        earned, verdicts = judged(root, place / "state", change, HANG_S if slow else TIMEOUT_S)
        told[earned.state] += 1
        n_by_gates += all(verdict.outcome == "pass" for verdict in verdicts)
        if earned.state == "verified":
            green.append(f"{kind}: {name}: {earned.text}")
    print(f"{sum(told.values())} seeded failures: {len(green)} green (goal 0); {dict(told)}")
    print(f"   {n_by_gates} of them passed every check, and were held by the gates alone")
    for line in green:
        print(f"   green: {line}")
    return len(green)


def dirty(place: Path, number: int) -> tuple[int, int]:
    """Return how many findings of a dirty project and a change to it were blamed wrongly, and how many there are."""
    rng = random.Random(number)  # noqa: S311  # the same projects on every run
    root = place / f"dirty{number}"
    old_tests = "".join(f"\n\ndef test_old_{n}():\n    assert {n} == {n + 1}\n" for n in range(rng.randrange(1, 4)))
    old_lint = "import os\n" * rng.randrange(0, 2) + "import sys\n" * rng.randrange(0, 2)
    write(
        root,
        {
            **PROJECT,
            "ruff.toml": 'lint.select = ["F401"]\n',
            TESTS: PROJECT[TESTS] + old_tests,
            SOURCE: old_lint + PROJECT[SOURCE],
        },
    )
    filler = "# typed since\n" * rng.randrange(0, 5)
    new_test = "\n\ndef test_newer():\n    assert 'new' == 'old'\n"
    copied = "\n\ndef test_copied():\n    assert 0 == 1\n" if rng.random() < 0.5 else ""
    new_lint = "import json\n" if rng.random() < 0.7 else ""
    change = {
        SOURCE: new_lint + filler + old_lint + PROJECT[SOURCE],
        TESTS: filler + PROJECT[TESTS] + old_tests + new_test + copied,
    }
    _, verdicts = judged(root, place / "state", change, TIMEOUT_S)
    wanted = Counter(["test_newer", *(["test_copied"] if copied else []), *(["`json`"] if new_lint else [])])
    found = [finding for verdict in verdicts for finding in verdict.findings]
    blamed = Counter(_name(finding) for finding in found if finding.new)
    return sum((blamed - wanted).values()) + sum((wanted - blamed).values()), len(found)


def _name(finding: Finding) -> str:
    return finding.test.rpartition("::")[2] or finding.message.split()[0]


def blames(place: Path, n_projects: int) -> int:
    """Judge changes of dirty projects; returns in how many something was blamed wrongly."""
    results = [dirty(place, number) for number in range(n_projects)]
    wrong = sum(1 for n_wrong, _ in results if n_wrong)
    n_findings = sum(n for _, n in results)
    print(f"{n_projects} dirty projects, {n_findings} findings: blamed wrongly in {wrong} (goal 0)")
    return wrong


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="a few of each")
    smoke = parser.parse_args().smoke
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        os.environ["XDG_CACHE_HOME"] = str(place / "cache")
        (place / "state").mkdir()
        n_green = failures(place, 3 if smoke else 10_000)
        n_wrong = blames(place, 1 if smoke else N_DIRTY)
    print(f"in {time.monotonic() - begun:.0f} s")
    return int(n_green + n_wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
