"""`bridle exec`: a command of the person in a shadow, told whole, landed only when asked, and undone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.test_commands import bridle, document, till

__all__ = ["till"]

pytestmark = pytest.mark.slow

SCRIPT = """
echo said; echo complained >&2
echo '# more' >> README.md; rm src/till/cart.py; mv src/till/receipt.py moved.py
printf 'GIF\\377\\000' > logo.gif; ln -s README.md short; ln -s /etc/hostname outside
printf '#!/bin/sh\\n' > go.sh; chmod +x go.sh
mkdir -p __pycache__ .git/hooks; echo x > __pycache__/x.pyc; echo evil > .git/hooks/pre-commit
"""


@pytest.fixture
def trusted(till: Path) -> Path:
    (till / ".gitignore").write_text("__pycache__/\n")
    (till / "README.md").write_text("# till\n")
    assert bridle("trust", root=till).returncode == 0
    return till


def tree(root: Path) -> dict[str, bytes | str]:
    paths = [path for path in root.rglob("*") if path.is_symlink() or path.is_file()]
    return {str(p.relative_to(root)): str(p.readlink()) if p.is_symlink() else p.read_bytes() for p in paths}


def test_a_command_is_told_whole_and_changes_nothing(trusted: Path) -> None:
    before = tree(trusted)
    done = bridle("exec", "--json", "--", "sh", "-c", SCRIPT, root=trusted)
    told = document(done)
    assert tree(trusted) == before
    assert (told["stdout"], told["truncated"], told["applied"]) == ("said\n", False, False)
    assert told["stderr"].startswith("complained\n")
    assert told["rung"]
    assert told["seconds"] >= told["cpu_seconds"] > 0
    kinds = {change["path"]: change["kind"] for change in told["changes"]}
    assert kinds == {
        "README.md": "modified",
        "go.sh": "created",
        "logo.gif": "created",
        "moved.py": "renamed",
        "outside": "created",
        "short": "created",
        "src/till/cart.py": "deleted",
        "src/till/receipt.py": "deleted",
    }
    left = {change["path"]: change["left_out"] for change in told["changes"] if "left_out" in change}
    assert list(left) == ["outside"]
    assert "leads out of the workspace" in left["outside"]
    assert told["ignored"] == [".git/hooks/pre-commit", "__pycache__/x.pyc"]


def test_what_it_wrote_lands_when_asked_and_is_taken_back(trusted: Path) -> None:
    before = tree(trusted)
    told = document(bridle("exec", "--json", "--apply", "--", "sh", "-c", SCRIPT, root=trusted))
    assert (told["exit"], told["outcome"], told["applied"]) == (0, "pass", True)
    after = tree(trusted)
    assert after["short"] == "README.md"
    assert after["logo.gif"] == b"GIF\xff\x00"
    assert os.access(trusted / "go.sh", os.X_OK)
    assert after["moved.py"] == before["src/till/receipt.py"]
    assert "src/till/cart.py" not in after
    assert "outside" not in after
    assert not {"__pycache__/x.pyc", ".git/hooks/pre-commit"} & set(after)
    undone = bridle("undo", told["run"], root=trusted)
    assert undone.returncode == 0, undone.stderr
    assert tree(trusted) == before


def test_a_command_that_fails_lands_nothing_even_when_asked(trusted: Path) -> None:
    before = tree(trusted)
    done = bridle("exec", "--apply", "--", "sh", "-c", "echo x > new.txt; exit 3", root=trusted)
    assert done.returncode == 1
    assert "exit 3" in done.stderr
    assert "nothing landed: the command failed" in done.stderr
    assert tree(trusted) == before


def test_what_would_destroy_the_workspace_destroys_its_shadow_only(trusted: Path) -> None:
    before = tree(trusted)
    for words in (["sh", "-c", "rm -rf ./* .g*"], ["find", ".", "-delete"]):
        told = document(bridle("exec", "--json", "--", *words, root=trusted))
        assert len([c for c in told["changes"] if c["kind"] == "deleted"]) > 5
        assert tree(trusted) == before
    bridle("exec", "--", "rm", "-rf", str(trusted), root=trusted)
    assert tree(trusted) == before


def test_a_command_that_takes_too_long_is_ended(trusted: Path) -> None:
    told = document(
        bridle("exec", "--json", "--timeout", "0.5", "--", "sh", "-c", "echo early; sleep 60", root=trusted)
    )
    assert (told["exit"], told["outcome"], told["reason"]) == (None, "timeout", "it took too long")
    assert told["stdout"] == "early\n"
    assert told["seconds"] < 20


def test_a_rule_that_denies_holds_for_the_person_too(trusted: Path) -> None:
    config = trusted.parent / "config" / "bridle" / "config.toml"
    config.write_text(config.read_text() + '[permission]\ndeny = ["Bash(rm:*)"]\n')
    done = bridle("exec", "--", "rm", "README.md", root=trusted)
    assert done.returncode == 1
    assert "deny Bash(rm:*) (user)" in done.stderr
    assert "started" not in done.stdout


@pytest.mark.parametrize("words", [["rm", "-rf", "src"], ["sh", "-c", "true && rm -rf ./* .git"], ["env", "rm", "x"]])
def test_it_holds_however_the_command_is_spelled(trusted: Path, words: list[str]) -> None:
    config = trusted.parent / "config" / "bridle" / "config.toml"
    config.write_text(config.read_text() + '[permission]\ndeny = ["Bash(rm:*)"]\n')
    done = bridle("exec", "--", *words, root=trusted)
    assert (done.returncode, "deny Bash(rm:*) (user)" in done.stderr) == (1, True)


def test_a_program_that_is_not_there_is_said_to_be(trusted: Path) -> None:
    done = bridle("exec", "--json", "--", "no-such-program", root=trusted)
    assert done.returncode == 1
    assert "no-such-program" in done.stderr + done.stdout


def test_the_folder_must_be_trusted_first(till: Path) -> None:
    done = bridle("exec", "--", "true", root=till)
    assert done.returncode == 1
    assert "bridle trust" in done.stderr


@pytest.mark.parametrize("words", [[], ["--"], ["--timeout", "no", "--", "true"], ["--timeout", "-1", "--", "true"]])
def test_a_call_without_sense_is_usage(till: Path, words: list[str]) -> None:
    done = bridle("exec", *words, root=till)
    assert done.returncode == 2
    assert "usage: bridle exec" in done.stderr


def test_a_command_stands_among_the_sessions_and_is_not_resumed(trusted: Path) -> None:
    run = document(bridle("exec", "--json", "--", "true", root=trusted))["run"]
    [row] = [
        one for one in document(bridle("sessions", "list", "--json", root=trusted))["sessions"] if one["id"] == run
    ]
    assert (row["workflow"], row["outcome"], row["resumable"]) == ("exec", "succeeded", False)
    assert bridle("sessions", "resume", run, root=trusted).returncode == 1


def test_an_undo_takes_the_folders_along_that_the_landing_made(trusted: Path) -> None:
    words = ("exec", "--json", "--apply", "--", "sh", "-c", "mkdir -p deep/er; echo x > deep/er/x.txt")
    assert document(bridle(*words, root=trusted))["applied"]
    assert (trusted / "deep" / "er" / "x.txt").exists()
    assert bridle("undo", root=trusted).returncode == 0
    assert not (trusted / "deep").exists()
