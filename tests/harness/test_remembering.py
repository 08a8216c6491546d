"""What past commits tell of a root: read by git behind the index, kept, and brought up to date."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from bridle.harness.remembering import Remembering
from bridle.indexer.past import Past

IDENTITY = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}
NEVER = threading.Event()


class Repository:
    """A repository of one file, with a commit each time it is written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, check=True, env={**os.environ, **IDENTITY})

    def commit(self, message: str, text: str, path: str = "till.py") -> None:
        (self.root / path).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)


TILL = "class Till:\n    def open(self):\n        return {}\n\n    def close(self):\n        return {}\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shop")
    made.commit("Begin", TILL.format(1, 1))
    made.commit("Open the till with a key", TILL.format(2, 1))
    return made


def test_methods_are_told_from_each_other(repository: Repository, tmp_path: Path) -> None:
    past = Remembering(repository.root, tmp_path / "past").refresh(NEVER, keep=True)
    assert set(past.like("the key of the till")) == {("till.py", ""), ("till.py", "open")}


def test_what_came_since_is_added_and_what_is_known_is_kept_for_the_next(
    repository: Repository, tmp_path: Path
) -> None:
    Remembering(repository.root, tmp_path / "past").refresh(NEVER, keep=True)
    repository.commit("Close it at night", TILL.format(2, 3))
    later = Remembering(repository.root, tmp_path / "past")
    past = later.refresh(NEVER, keep=False)
    assert len(past.commits) == 2
    assert ("till.py", "close") in past.like("night")
    assert ("till.py", "open") in past.like("key")
    assert later.refresh(NEVER, keep=False) is past


def test_another_branch_has_another_past(repository: Repository, tmp_path: Path) -> None:
    remembering = Remembering(repository.root, tmp_path / "past")
    remembering.refresh(NEVER, keep=True)
    repository.git("checkout", "-q", "-b", "other", "HEAD^")
    repository.commit("Close it at night", TILL.format(1, 3))
    past = remembering.refresh(NEVER, keep=True)
    assert past.like("key") == {}
    assert ("till.py", "close") in past.like("night")


def test_a_folder_inside_of_a_repository_has_the_past_of_what_is_in_it(repository: Repository, tmp_path: Path) -> None:
    (repository.root / "inner").mkdir()
    repository.commit("Begin the inner", TILL.format(1, 1), "inner/box.py")
    repository.commit("Box with a lid", TILL.format(1, 2), "inner/box.py")
    past = Remembering(repository.root / "inner", tmp_path / "past").refresh(NEVER, keep=True)
    assert set(past.like("lid key")) == {("box.py", ""), ("box.py", "close")}


def test_no_git_no_repository_and_a_broken_file_give_no_past(repository: Repository, tmp_path: Path) -> None:
    assert Remembering(tmp_path, tmp_path / "past").refresh(NEVER, keep=True) == Past()
    assert Remembering(repository.root, tmp_path / "past", {"PATH": ""}).refresh(NEVER, keep=True) == Past()
    (tmp_path / "past").write_bytes(b"\xc1 broken")
    assert len(Remembering(repository.root, tmp_path / "past").refresh(NEVER, keep=True).commits) == 1


def test_nothing_that_the_repository_configures_is_run(repository: Repository, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    program = tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    programs = (
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "core.fsmonitor",
        "gpg.program",
        "core.pager",
    )
    for name in programs:
        repository.git("config", name, str(program))
    repository.git("config", "log.showSignature", "true")
    (repository.root / ".gitattributes").write_text("*.py diff=evil\n")
    Remembering(repository.root, tmp_path / "past").refresh(NEVER, keep=True)
    assert not mark.exists()


def test_a_close_ends_it(repository: Repository, tmp_path: Path) -> None:
    closed = threading.Event()
    closed.set()
    assert Remembering(repository.root, tmp_path / "past").refresh(closed, keep=True) == Past()
    assert not (tmp_path / "past").exists()
