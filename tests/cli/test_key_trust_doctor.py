from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from bridle.cli.main import main
from bridle.harness.session.state import State

SECRET = "sk-ant-do-not-print-me"


class Drawer(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawer]:
    before, drawer = keyring.get_keyring(), Drawer()
    keyring.set_keyring(drawer)
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "BRIDLE_MODEL"):
        monkeypatch.delenv(name, raising=False)
    yield drawer
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    return folder


def pipe(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_key_is_set_by_pipe_found_and_removed_and_never_printed(
    drawer: Drawer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe(monkeypatch, SECRET + "\n")
    assert main(["key", "set"]) == 0
    assert drawer.kept == {("bridle", "https://api.anthropic.com"): SECRET}
    assert main(["key", "remove", "--json"]) == 0
    assert drawer.kept == {}
    assert main(["key", "remove"]) == 1
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err


def test_a_key_is_kept_for_the_endpoint_in_the_persons_settings(
    drawer: Drawer, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    (home / "config" / "bridle").mkdir(parents=True)
    (home / "config" / "bridle" / "config.toml").write_text('base_url = "https://models.example/v1"\n')
    pipe(monkeypatch, SECRET)
    assert main(["key", "set"]) == 0
    assert [endpoint for _, endpoint in drawer.kept] == ["https://models.example/v1"]


@pytest.mark.parametrize("text", ["", "\n", "two words\n", "x" * 2000])
def test_what_is_no_key_is_refused(drawer: Drawer, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    pipe(monkeypatch, text)
    assert main(["key", "set"]) == 1
    assert drawer.kept == {}


def test_testing_without_a_key_says_how_to_set_one(drawer: Drawer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "test"]) == 1
    assert "bridle key set" in capsys.readouterr().err


def test_testing_a_key_at_a_dead_endpoint_fails_without_showing_it(
    drawer: Drawer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ANTHROPIC_API_KEY", SECRET)
    assert main(["key", "test"]) == 1
    said = capsys.readouterr()
    assert "next:" in said.err
    assert SECRET not in said.out + said.err


def test_trust_is_given_told_and_taken_back(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "bridle.toml").write_text("")
    assert main(["trust", "--root", str(root), "--json"]) == 0
    given = json.loads(capsys.readouterr().out)
    programs = given.pop("programs")
    assert given == {"root": str(root), "trusted": True, "before": "unknown", "files": ["bridle.toml"], "changed": []}
    assert any("pytest" in program for program in programs)
    assert main(["trust", "--root", str(root), "--remove", "--json"]) == 0
    taken = json.loads(capsys.readouterr().out)
    assert (taken["trusted"], taken["before"]) == (False, "trusted")


def test_what_is_trusted_is_shown_and_looking_changes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hook = '[[hook]]\nname = "guard"\nargv = ["tools/guard", "--all"]\n'
    (root / "bridle.toml").write_text(hook)
    assert main(["trust", "--root", str(root), "--status"]) == 0
    assert "is not trusted" in capsys.readouterr().out
    assert main(["trust", "--root", str(root)]) == 0
    told = capsys.readouterr().out
    assert "is trusted" in told
    assert "hook guard: tools/guard --all" in told
    assert "a change of these asks again: bridle.toml" in told
    (root / "bridle.toml").write_text(hook.replace("--all", "--none"))
    assert main(["trust", "--root", str(root), "--status", "--json"]) == 0
    looked = json.loads(capsys.readouterr().out)
    assert (looked["trusted"], looked["before"], looked["changed"]) == (False, "changed", ["bridle.toml"])
    assert main(["trust", "--root", str(root)]) == 0
    assert "changed since the last yes: bridle.toml" in capsys.readouterr().out


def look(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, str]]]:
    code = main(["doctor", "--root", str(root), "--json"])
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert all(set(check) == {"name", "outcome", "detail", "next_step"} for check in checks)
    return code, {check["name"]: check for check in checks}


def test_the_doctor_looks_at_everything_and_says_the_next_step(
    root: Path, drawer: Drawer, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = look(root, capsys)
    assert [*found] == [
        *(
            "python",
            "git",
            "settings",
            "state",
            "sessions",
            "trust",
            "sandbox",
            "grammars",
            "index",
            "vectors",
            "checks",
            "key",
            "editors",
        ),
        "mcp",
    ]
    assert code == (1 if any(check["outcome"] == "fail" for check in found.values()) else 0)
    assert all(check["next_step"] for check in found.values() if check["outcome"] != "pass")
    assert [found[name]["outcome"] for name in ("python", "settings", "state", "grammars")] == ["pass"] * 4
    assert "pytest" in found["checks"]["detail"]
    assert found["sessions"]["detail"] == "0 runs, 0.0 MB; kept 30 days, 512 MB at most"
    assert (found["vectors"]["outcome"], found["vectors"]["detail"]) == ("pass", "by lsa, kept here; none made yet")
    assert found["trust"]["outcome"] == found["key"]["outcome"] == "warn"
    assert found["sandbox"]["outcome"] in ("pass", "warn")


@pytest.mark.slow
def test_the_doctor_tells_that_a_key_is_there_and_not_what_it_is(
    root: Path, drawer: Drawer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawer.kept["bridle", "https://api.anthropic.com"] = SECRET
    assert main(["doctor", "--root", str(root)]) in (0, 1)
    text = capsys.readouterr().out
    monkeypatch.setenv("ANTHROPIC_API_KEY", SECRET)
    _, found = look(root, capsys)
    assert "in the keyring" in text
    assert found["key"]["outcome"] == "pass"
    assert SECRET not in text + json.dumps(found)


def test_what_is_broken_fails_alone(root: Path, drawer: Drawer, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "bridle.toml").write_text("modle = 1\n")
    code, found = look(root, capsys)
    assert code == 1
    assert found["settings"]["outcome"] == "fail"
    assert "bridle.toml:1" in found["settings"]["detail"]
    assert found["state"]["outcome"] == "pass"


@pytest.mark.slow
def test_the_doctor_tells_how_the_index_stands(root: Path, drawer: Drawer, capsys: pytest.CaptureFixture[str]) -> None:
    def line() -> tuple[str, str]:
        found = {check["name"]: check for check in json.loads(told())["checks"]}
        return found["index"]["outcome"], found["index"]["detail"]

    def told() -> str:
        main(["doctor", "--json", "--root", str(root)])
        return capsys.readouterr().out

    assert line() == ("pass", "none made yet")
    (root / "a.py").write_text("x = 1\n")
    (root / "nul.py").write_bytes(b"x = 1\n\0")
    assert main(["index", "--root", str(root)]) == 0
    capsys.readouterr()
    state, detail = line()
    assert state == "pass"
    assert detail.startswith("2 files are known; 1 not read: ")
    State(root).index.write_bytes(b"garbage" * 999)
    state, detail = line()
    assert state == "warn"
    assert detail.startswith("what is kept cannot be used: ")


def bridle(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bridle.cli.main", *words]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}, check=False
    )


def test_a_command_that_is_not_there_is_usage() -> None:
    done = bridle("dance")
    assert (done.returncode, done.stdout) == (2, "")
    assert "dance" in done.stderr


def test_a_problem_of_the_person_is_two_lines_and_code_1(tmp_path: Path) -> None:
    done = bridle("trust", "--root", str(tmp_path / "nowhere"))
    assert (done.returncode, done.stdout) == (1, "")
    first, second = done.stderr.splitlines()
    assert "nowhere" in first
    assert second.startswith("  next: ")


def test_a_fault_of_ours_is_code_3_and_shows_its_trace_only_when_asked(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_options: object) -> int:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr("bridle.cli.trust.main", broken)
    assert main(["trust"]) == 3
    plain = capsys.readouterr()
    monkeypatch.setenv("BRIDLE_DEBUG", "1")
    assert main(["trust"]) == 3
    debug = capsys.readouterr()
    assert "by nought" in plain.err
    assert "Traceback" not in plain.err
    assert "Traceback" in debug.err
    assert plain.out == debug.out == ""


def test_the_version_is_told_without_loading_any_room() -> None:
    program = (
        "import sys\nfrom bridle.cli.main import main\n"
        "try: main(['--version'])\nexcept SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith(('bridle.', 'msgspec', 'asyncio', 'pydantic'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    version, modules = done.stdout.splitlines()
    assert version.startswith("bridle ")
    assert modules == "['bridle.cli', 'bridle.cli.main']"
