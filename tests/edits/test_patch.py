"""Patches of files, and the diffs that people look at."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bridle.harness.edits.patch import apply_patch, file_patch, invert, unified_diff
from bridle.harness.nouns import UserProblem
from bridle.indexer.process import run
from bridle.indexer.text import LineEdit


def test_a_patch_touches_only_the_lines_that_differ() -> None:
    patch = file_patch("a.txt", b"a\nb\r\nc\nd", b"a\nB\nc\nd\ne", 7)
    assert patch.edits == (LineEdit(1, 2, "B\n"), LineEdit(3, 4, "d\ne"))
    assert patch.inverse == (LineEdit(1, 2, "b\r\n"), LineEdit(3, 5, "d"))
    assert patch.base_version == 7


def test_lines_that_a_diff_cannot_tell_apart_are_still_not_touched() -> None:
    assert file_patch("a.txt", b"x\n\n\ny\n", b"x\n\n\n\ny\n").edits == (LineEdit(3, 3, "\n"),)


def test_changes_far_apart_stand_in_hunks_of_their_own() -> None:
    before, after = CASES["change"]
    diff = unified_diff("a.txt", before, after)
    assert [line for line in diff.split("\n") if line.startswith("@@")] == ["@@ -1,7 +1,7 @@", "@@ -28,7 +28,7 @@"]


def test_an_empty_file_is_not_a_missing_one() -> None:
    created = file_patch("a.txt", None, b"")
    assert (created.before, created.edits) == (None, ())
    assert apply_patch(created, None) == b""
    assert apply_patch(invert(created), b"") is None


def test_a_patch_refuses_any_other_file() -> None:
    with pytest.raises(ValueError, match="not the file"):
        apply_patch(file_patch("a.txt", b"a\n", b"b\n"), b"a\r\n")


def test_a_change_that_lines_cannot_tell_is_refused() -> None:
    with pytest.raises(UserProblem, match="byte order mark"):
        file_patch("a.txt", b"a\n", b"\xef\xbb\xbfa\n")
    with pytest.raises(UserProblem, match="not text"):
        file_patch("a.bin", b"a\n", b"\xff\x00\xfe")


def test_a_patch_among_ten_thousand_equal_lines_is_made_in_linear_time() -> None:
    before = b"x\n" * 10_000
    patch = file_patch("a.txt", before, before + b"y\n" + before)
    assert apply_patch(patch, before) == before + b"y\n" + before


CASES = {
    "change": (
        b"".join(b"%d\n" % n for n in range(40)),
        b"".join(b"%d\n" % (n if n not in {3, 30} else -n) for n in range(40)),
    ),
    "no final end": (b"a\nb", b"a\nc"),
    "final end added": (b"a\nb", b"a\nb\n"),
    "mixed ends": (b"a\r\nb\nc\rd\n", b"a\r\nB\nc\rd\n"),
    "byte order mark": (b"\xef\xbb\xbfa\nb\n", b"\xef\xbb\xbfa\nc\n"),
    "created": (None, b"a\n"),
    "created empty": (None, b""),
    "deleted": (b"a\nb", None),
    "emptied": (b"a\n", b""),
    "same": (b"a\n", b"a\n"),
}


@pytest.mark.parametrize("path", ["a.txt", "with space/b c.txt"])
@pytest.mark.parametrize("name", CASES)
def test_git_applies_the_diff_that_is_shown(tmp_path: Path, name: str, path: str) -> None:
    before, after = CASES[name]
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if before is not None:
        file.write_bytes(before)
    diff = unified_diff(path, before, after)
    assert (diff == "") == (before == after)
    if diff:
        git = shutil.which("git")
        assert git is not None
        argv = [git, "apply", "--whitespace=nowarn", "-"]
        done = run(argv, cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, timeout_s=10, stdin=diff.encode())
        assert done.exit_code == 0, done.stderr
    assert (file.read_bytes() if file.exists() else None) == after


def test_bytes_that_are_not_text_are_only_named() -> None:
    assert unified_diff("a.bin", b"\xff\x00", b"\x00") == "Binary files a/a.bin and b/a.bin differ\n"
