"""`bridle init`: what is found, shown first, written once, and nothing of a person's replaced."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridle.cli.main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("sys.stdin", io.StringIO())
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


@pytest.fixture
def run(root: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*words: str, at: Path = root) -> tuple[int, str, str]:
        code = main(["init", "--root", str(at), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


def put(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def json_of(run: Run, *words: str) -> tuple[int, Any]:
    code, out, _ = run("--json", *words)
    return code, json.loads(out)


def test_it_shows_what_it_would_write_and_writes_it_on_a_yes_alone(root: Path, run: Run) -> None:
    code, out, _ = run()
    assert code == 1
    assert "+# mode = " in out
    assert "bridle init --profile light --yes" in out
    assert not (root / "bridle.toml").exists()
    assert run("--yes")[0] == 0
    first = (root / "bridle.toml").read_bytes()
    code, out, _ = run("--yes")
    assert (code, out.partition("\n")[0]) == (0, f"{root / 'bridle.toml'} has all of it already: nothing to write")
    assert (root / "bridle.toml").read_bytes() == first
    assert (root / "bridle.toml").stat().st_mode & 0o077 == 0o666 & ~umask() & 0o077


def umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found


def test_at_a_terminal_two_questions_are_asked_and_no_more(
    root: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    answers = Terminal("team\ny\nnever read\n")
    monkeypatch.setattr("sys.stdin", answers)
    assert run()[0] == 0
    assert answers.read() == "never read\n"
    assert "\nrequired = true\n" in (root / "bridle.toml").read_text()


def test_the_packages_checks_and_rules_of_a_monorepo_are_told(root: Path, run: Run) -> None:
    python = "[project]\nname = 'a'\nversion = '1'\n[tool.ruff]\n"
    web = '{"name": "web", "scripts": {"test": "node --test"}}'
    put(root, pyproject_toml=python, web__package_json=web, api__go_mod="module x\n", AGENTS_md="# Rules\n")
    code, said = json_of(run)
    assert code == 1
    assert said["packages"] == [
        {"path": ".", "manifest": "pyproject.toml"},
        {"path": "api", "manifest": "go.mod"},
        {"path": "web", "manifest": "package.json"},
    ]
    assert "ruff" in [check["name"] for check in said["checks"]]
    assert said["rules"] == ["AGENTS.md"]
    assert not said["written"]


def test_in_a_package_of_a_repository_the_whole_is_named(root: Path, run: Run) -> None:
    put(root, web__package_json="{}")
    (root / ".git").mkdir()
    assert f"bridle init --root {root}" in run(at=root / "web")[2]


@pytest.mark.parametrize("broken", ["[project\n", "\0", "[tool.ruff]\nline-length = {}\n"], ids=repr)
def test_a_broken_manifest_hinders_nothing(root: Path, run: Run, broken: str) -> None:
    put(root, pyproject_toml=broken, package_json="{nonsense")
    assert run("--yes")[0] == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [("mode = \n", "is not TOML"), ("mood = 'ask'\n", "mood"), ("base_url = 'http://x'\n", "may not be set here")],
)
def test_a_file_that_is_wrong_is_left_alone_and_its_line_named(root: Path, run: Run, text: str, words: str) -> None:
    put(root, bridle_toml=text)
    code, _, error = run("--yes", "--profile", "team")
    assert (code, words in error, "next:" in error) == (1, True, True)
    assert (root / "bridle.toml").read_text() == text


def test_a_file_that_is_there_is_added_to_byte_order_mark_and_all(root: Path, run: Run) -> None:
    (root / "bridle.toml").write_bytes(b'\xef\xbb\xbf# mine\r\nmode = "ask"\r\n')
    assert run("--yes", "--profile", "team")[0] == 0
    data = (root / "bridle.toml").read_bytes()
    assert data.startswith(b'\xef\xbb\xbf# mine\r\nmode = "ask"\r\n')
    assert data.count(b"\xef\xbb\xbf") == 1
    assert b"required = true" in data


def test_a_link_that_leads_nowhere_and_a_folder_in_its_place_are_refused(root: Path, run: Run) -> None:
    (root / "bridle.toml").symlink_to(root / "gone.toml")
    assert run("--yes")[0] == 1
    assert not (root / "gone.toml").exists()
    (root / "bridle.toml").unlink()
    (root / "bridle.toml").mkdir()
    code, _, error = run("--yes")
    assert (code, "next:" in error) == (1, True)


@pytest.mark.skipif(not Path("/proc/tty").is_dir(), reason="there is no folder here that not even root may write to")
def test_where_the_folder_cannot_be_written_nothing_is_and_that_is_said(run: Run) -> None:
    code, _, error = run("--yes", at=Path("/proc/tty"))
    assert code == 1
    assert "cannot be written" in error
    assert "write access" in error
