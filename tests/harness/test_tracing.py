"""Which change a finding comes from: by git's last commit or Bridle's own last change, and never by a guess."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridle.harness.heads import HEAD, at_head
from bridle.harness.nouns import Finding, Origin, Related, Verdict
from bridle.harness.tracing import Before, Changes, past_of, reversal, traced
from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.text import apply_edits

CODE = "def low(n):\n    return n\n\n\ndef mid(n):\n    return low(n) + 1\n\n\ndef other(n):\n    return n\n"
TEST = "from calc import mid\n\n\ndef test_mid():\n    got = mid(1)\n    assert got == 2\n"
ODD = ("with space.py", "naïve.py", "a#b%20.py", "-dash.py", 'quo"te.py')


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    root.mkdir()
    for name, text in (("calc.py", CODE), ("test_calc.py", TEST), *((name, "x = 1\n") for name in ODD)):
        (root / name).write_text(text)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "all")
    return root


@pytest.fixture
def snapshot(repository: Path) -> Iterator[Snapshot]:
    index = Index(repository, None, workers=1)
    yield index.refresh()
    index.close()


def failing(*frames: tuple[str, int]) -> Verdict:
    related = tuple(Related(path, line, "in f") for path, line in frames)
    finding = Finding("pytest", "test_calc.py", 5, 6, "m", test="test_calc.py::test_mid", related=related)
    return Verdict("pytest", "fail", 0.1, "t", "copy", findings=(finding,))


def traced_on(root: Path, snapshot: Snapshot | None, verdict: Verdict, **files: str) -> Finding:
    now = {f"{name}.py": text.encode() for name, text in files.items()}

    def read(path: str) -> bytes | None:
        return now.get(path) or (root / path).read_bytes()

    [found] = traced(verdict, snapshot, Changes(read, past_of(root, {}))).findings
    return found


def changed(finding: Finding) -> list[tuple[str, int, str]]:
    return [(one.path, one.start_line, one.message) for one in finding.related if one.changed]


def test_files_are_had_as_they_were_committed_whatever_their_names(repository: Path) -> None:
    (repository / "calc.py").write_text("other")
    found = at_head(repository, ["calc.py", "gone.py", *ODD, "two\nlines.py", ""])
    assert found == {"calc.py": CODE.encode(), "gone.py": None, **dict.fromkeys(ODD, b"x = 1\n")}
    inner = repository / "inner"
    inner.mkdir()
    assert at_head(inner, ["calc.py"]) == {"calc.py": None}


def test_without_a_commit_or_git_nothing_is_known_of_the_past(repository: Path, tmp_path: Path) -> None:
    assert at_head(tmp_path, ["calc.py"]) == {}
    assert at_head(repository, ["calc.py"], {"PATH": ""}) == {}
    assert at_head(repository, []) == {}
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    assert at_head(empty, ["calc.py"]) == {}


def test_a_program_of_the_repository_is_not_taken_for_git(repository: Path) -> None:
    (repository / "git").write_text("#!/bin/sh\ntouch ran\n")
    (repository / "git").chmod(0o755)
    assert at_head(repository, ["calc.py"], {"PATH": f"{repository}{os.pathsep}{os.environ['PATH']}"}) == {}
    assert not (repository / "ran").exists()


def test_nothing_that_a_repository_configures_is_run(repository: Path) -> None:
    ran = repository / "ran"
    for key in ("core.fsmonitor", "core.sshCommand", "core.pager", "diff.external", "filter.x.smudge"):
        git(repository, "config", key, f"touch {ran}")
    (repository / ".gitattributes").write_text("* filter=x diff=x\n")
    assert at_head(repository, ["calc.py"]) == {"calc.py": CODE.encode()}
    assert not ran.exists()


def test_a_failing_test_names_the_changed_function_that_it_reaches(repository: Path, snapshot: Snapshot) -> None:
    new = CODE.replace("return n\n\n\ndef mid", "return n + 1\n\n\ndef mid")
    found = traced_on(repository, snapshot, failing(), calc=new)
    assert changed(found) == [("calc.py", 0, "low was changed since HEAD")]
    assert found.origin == Origin("calc.py", 1, 2, HEAD)


def test_a_changed_function_in_the_frames_comes_first_and_one_out_of_reach_not_at_all(
    repository: Path, snapshot: Snapshot
) -> None:
    new = CODE.replace("return n\n\n\ndef mid", "return n + 1\n\n\ndef mid")
    new = new.replace("+ 1\n\n\ndef other", "+ 2\n\n\ndef other")
    new = new.replace("def other(n):\n    return n", "def other(n):\n    return 0")
    found = traced_on(repository, snapshot, failing(("calc.py", 5)), calc=new)
    assert [place[1] for place in changed(found)] == [4, 0]


def test_nothing_changed_says_nothing(repository: Path, snapshot: Snapshot) -> None:
    found = traced_on(repository, snapshot, failing())
    assert (changed(found), found.origin) == ([], None)


def test_without_an_index_the_lines_of_the_finding_are_looked_at_alone(repository: Path) -> None:
    found = traced_on(repository, None, failing(), test_calc=TEST.replace("== 2", "== 3"))
    assert (changed(found), found.origin) == ([], Origin("test_calc.py", 5, 6, HEAD))


def test_bridles_own_change_is_named_before_the_last_commit(repository: Path) -> None:
    landed = {"calc.py": Before("Bridle's change 'x'", CODE.replace("+ 1", "+ 7").encode())}
    changes = Changes(lambda path: CODE.replace("+ 1", "+ 2").encode(), past_of(repository, landed))
    changes.look_at(["calc.py"])
    assert changes.at("calc.py", 5, 6) == Origin("calc.py", 5, 6, "Bridle's change 'x'")


def test_a_file_that_was_not_there_has_nothing_to_go_back_to(repository: Path) -> None:
    changes = Changes(lambda path: b"x = 1\n", past_of(repository, {}))
    changes.look_at(["fresh.py"])
    assert changes.at("fresh.py", 0, 1) == Origin("fresh.py", 0, 1, HEAD, whole=True)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_taking_a_change_back_leaves_every_other_change(ending: str) -> None:
    now = CODE.replace("+ 1", "+ 2").replace("def other", "def another").replace("\n", ending)
    edits = reversal(now.encode(), CODE.encode(), 5, 6)
    assert apply_edits(now, edits) == CODE.replace("def other", "def another").replace("\n", ending)


def test_lines_that_were_taken_away_come_back_where_they_stood() -> None:
    now = CODE.replace("    return low(n) + 1\n", "")
    edits = reversal(now.encode(), CODE.encode(), 5, 6)
    assert apply_edits(now, edits) == CODE
    assert reversal(now.encode(), CODE.encode(), 0, 1) == ()
