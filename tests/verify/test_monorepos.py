"""One tree, several packages, each with an interpreter of its own: what is checked, what a save runs, what is wrong."""

from __future__ import annotations

import venv
from pathlib import Path

import pytest
from check_bench import Bench

pytestmark = pytest.mark.slow

FILES = {
    "api/pyproject.toml": "[tool.pytest.ini_options]\n",
    "api/app.py": "def port():\n    return 80\n",
    "api/tests/test_app.py": "from app import port\n\n\ndef test_port():\n    assert port() == 80\n",
    "web/pyproject.toml": "[tool.pytest.ini_options]\n",
    "web/app.py": "def title():\n    return 'home'\n",
    "web/test_app.py": "from app import title\n\n\ndef test_title():\n    assert title() == 'start'\n",
    "shared/units.py": "def twice(n):\n    return 2 * n\n",
}
SITE = Path(pytest.__file__).parent.parent


def environment(folder: Path, *paths: Path) -> None:
    """Make a virtual environment that has pytest, and these folders as an editable install would have them."""
    venv.create(folder, symlinks=True)
    [packages] = folder.glob("lib/python3*/site-packages")
    (packages / "project.pth").write_text("".join(f"{path}\n" for path in (SITE, *paths)))


@pytest.fixture
def mono(bench: Bench) -> Bench:
    bench.python = None
    bench.put({**FILES, "api/pytest.ini": "[pytest]\npythonpath = .\n", "web/pytest.ini": "[pytest]\npythonpath = .\n"})
    for name in ("api", "web"):
        environment(bench.root / name / ".venv")
    bench.put({})
    return bench


def test_each_package_is_tested_by_its_own_interpreter_and_findings_are_of_the_whole_tree(mono: Bench) -> None:
    api, web = [verdict for verdict in mono.verify() if verdict.check.startswith("pytest")]
    assert [(one.check, one.outcome, one.collected) for one in (api, web)] == [
        ("pytest:api", "pass", 1),
        ("pytest:web", "fail", 1),
    ], (api.log, web.log)
    assert api.command[0] == str(mono.root / "api/.venv/bin/python")
    assert web.command[0] == str(mono.root / "web/.venv/bin/python")
    [finding] = web.findings
    assert (finding.path, finding.start_line, finding.test) == ("web/test_app.py", 4, "test_app.py::test_title")


def test_a_save_runs_the_tests_of_the_package_that_the_file_is_in(mono: Bench) -> None:
    mono.shadow.write("web/app.py", b"def title():\n    return 'start'\n")
    verdicts = [one for one in mono.verify(paths=("web/app.py",)) if one.check.startswith("pytest")]
    assert [(one.check, one.outcome) for one in verdicts] == [("pytest:web", "pass")]


def test_a_package_that_takes_its_neighbour_from_elsewhere_proves_nothing(mono: Bench) -> None:
    """An editable install of `shared` shows the person's own tree, while what is judged is the copy beside it."""
    [packages] = (mono.root / "api/.venv").glob("lib/python3*/site-packages")
    (packages / "shared.pth").write_text(f"{mono.root / 'shared'}\n")
    mono.put({"api/tests/test_app.py": "from units import twice\n\n\ndef test_twice():\n    assert twice(2) == 4\n"})
    mono.shadow.write("shared/units.py", b"def twice(n):\n    return n\n")
    verdict = mono.one("pytest:api")
    assert (verdict.outcome, verdict.reason[:10]) == ("unknown", "wrong tree"), verdict.reason
    assert "units" in verdict.reason
