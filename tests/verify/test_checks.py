"""Which checks a project has, and which Python is its own, without anything being started."""

from __future__ import annotations

import os
import sys
import time
import venv
from pathlib import Path

import pytest

from bridle.harness.verify.finders.discover import discover
from bridle.harness.verify.interpreter import find_interpreter


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def planted(folder: Path, *programs: str) -> Path:
    """Return a virtual environment whose programs leave a trace when they are started."""
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = {folder / 'bin'}\n")
    for name in ("python", "python3", *programs):
        (folder / "bin" / name).write_text(f"#!/bin/sh\ntouch {folder / 'started'}\n")
        (folder / "bin" / name).chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({}, []),
        ({"readme.md": ""}, []),
        ({"a.py": ""}, ["ruff"]),
        ({"tests/test_a.py": ""}, ["ruff", "pytest"]),
        ({"deep/down/a_test.py": ""}, ["ruff", "pytest"]),
        ({"node_modules/x/test_a.py": "", "readme.md": ""}, []),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"}, ["pytest"]),
        ({"pyproject.toml": "[tool.mypy]\n[tool.ruff]\n"}, ["ruff", "mypy"]),
        ({"pyproject.toml": "[[tool.mypy.overrides]]\n"}, ["mypy"]),
        ({"pyproject.toml": "[project]\nname = 'tool.mypy'\n"}, []),
        ({"setup.cfg": "[mypy]\n[tool:pytest]\n"}, ["mypy", "pytest"]),
        ({"tox.ini": "[pytest]\n"}, ["pytest"]),
        ({"mypy.ini": "", ".ruff.toml": ""}, ["ruff", "mypy"]),
        ({"pyproject.toml": "[tool.mypy\nbroken = [\n[tool.ruff]\n"}, ["ruff", "mypy"]),
    ],
)
def test_checks_are_read_off_configuration_and_files(root: Path, files: dict[str, str], names: list[str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    environment = planted(root / ".venv", "ruff", "mypy")
    assert [check.name for check in discover(root, None)] == names
    assert not (environment / "started").exists()


def test_a_tool_that_is_missing_is_a_check_with_a_problem(root: Path) -> None:
    (root / "pyproject.toml").write_text("[tool.mypy]\n[tool.ruff]\n[tool.pytest.ini_options]\n")
    assert [(check.name, bool(check.problem), bool(check.next_step)) for check in discover(root, None)] == [
        ("ruff", True, True),
        ("mypy", True, True),
        ("pytest", True, True),
    ]


def test_the_setting_comes_before_the_environments_of_the_root(root: Path, tmp_path: Path) -> None:
    planted(root / ".venv")
    other = planted(tmp_path / "other")
    assert find_interpreter(root, str(other)).path == str(other / "bin" / "python")
    assert find_interpreter(root, str(other / "bin" / "python3")).path == str(other / "bin" / "python3")


def test_a_setting_that_names_nothing_is_a_problem_and_nothing_else_is_taken(root: Path) -> None:
    planted(root / ".venv")
    found = find_interpreter(root, "/nowhere/python")
    assert (found.path, bool(found.problem)) == ("", True)


def test_environments_are_tried_in_order(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    on_path = planted(tmp_path / "on_path")
    (on_path / "bin" / "python3").unlink()
    (on_path / "bin" / "python3").symlink_to(os.path.realpath(sys.executable))
    monkeypatch.setenv("PATH", str(on_path / "bin"))
    found.append(find_interpreter(root, None).path)
    monkeypatch.setenv("VIRTUAL_ENV", str(planted(tmp_path / "active")))
    found.append(find_interpreter(root, None).path)
    planted(root / "venv")
    found.append(find_interpreter(root, "").path)
    planted(root / ".venv")
    found.append(find_interpreter(root, None).path)
    assert found == [
        str(on_path / "bin" / "python3"),
        str(tmp_path / "active" / "bin" / "python"),
        str(root / "venv" / "bin" / "python"),
        str(root / ".venv" / "bin" / "python"),
    ]


def test_our_own_environment_is_never_taken_for_the_projects(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.prefix == sys.base_prefix:
        pytest.skip("the tests do not run in an environment")
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    monkeypatch.setenv("PATH", f"{sys.prefix}/bin")
    assert find_interpreter(root, None).path == ""


def test_an_environment_whose_python_is_gone_is_a_problem(root: Path) -> None:
    venv.create(root / ".venv", symlinks=True)
    assert not find_interpreter(root, None).problem
    config = root / ".venv" / "pyvenv.cfg"
    config.write_text(config.read_text().replace("home = ", "home = /gone"))
    assert "broken" in find_interpreter(root, None).problem


def test_a_shim_that_only_chooses_among_pythons_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shims, real = tmp_path / "shims", tmp_path / "real" / "bin"
    for folder in (shims, real):
        folder.mkdir(parents=True)
    (shims / "python3").write_text("#!/bin/sh\nexec /opt/version-manager python3\n")
    (shims / "python3").chmod(0o755)
    (real / "python3").symlink_to(os.path.realpath(sys.executable))
    monkeypatch.setenv("PATH", f"{shims}:{real}")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert find_interpreter(tmp_path, None).path == str(real / "python3")


def test_a_package_with_an_environment_of_its_own_is_checked_by_it_and_left_out_of_the_roots(root: Path) -> None:
    for path in ("pyproject.toml", "test_a.py", "api/pyproject.toml", "api/test_b.py", "cases/pyproject.toml"):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text("[tool.pytest.ini_options]\n")
    planted(root / ".venv")
    planted(root / "api" / ".venv")
    found = {check.name: check for check in discover(root, None)}
    assert list(found) == ["pytest", "pytest:api"]
    assert found["pytest"].python == str(root / ".venv/bin/python")
    assert found["pytest:api"].python == str(root / "api/.venv/bin/python")
    assert found["pytest"].without == ("api",)


def test_members_that_a_workspace_names_are_packages_and_a_manifest_in_the_data_of_tests_is_none(root: Path) -> None:
    (root / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["libs/*"]\n')
    for path in ("libs/one/pyproject.toml", "tests/data/pyproject.toml"):
        (root / path).parent.mkdir(parents=True)
        (root / path).write_text("[tool.mypy]\n[tool.pytest.ini_options]\n")
    planted(root / ".venv", "mypy")
    assert [check.name for check in discover(root, None)] == ["mypy:libs/one", "pytest:libs/one"]


def test_where_the_root_is_no_package_the_outermost_manifests_are(root: Path) -> None:
    for path in ("one/pyproject.toml", "two/pyproject.toml", "two/inner/pyproject.toml"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("[tool.pytest.ini_options]\n")
    planted(root / ".venv")
    assert [check.name for check in discover(root, None)] == ["pytest:one", "pytest:two"]


def test_what_is_granted_to_a_tool_is_granted_to_it_in_every_package_unless_one_is_named(root: Path) -> None:
    for path in ("one/pyproject.toml", "two/pyproject.toml"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("[tool.pytest.ini_options]\n")
    planted(root / ".venv")
    needs = {"pytest": ("env:A",), "pytest:two": ("env:B",)}
    assert [check.needs for check in discover(root, None, needs)] == [("env:A",), ("env:B",)]


def test_a_configuration_of_a_million_blank_lines_keeps_nobody_waiting(root: Path) -> None:
    planted(root / ".venv", "ruff", "mypy")
    for name in ("pyproject.toml", "setup.cfg", "tox.ini"):
        (root / name).write_text("\n" * 900_000 + "[tool.mypy]\n")
    begun = time.monotonic()
    assert [check.name for check in discover(root, None)] == ["mypy"]
    assert time.monotonic() - begun < 10, "blank lines are read once, not once for each of them"
