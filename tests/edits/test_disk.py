"""Plans on a real disk: all or nothing, whatever fails and wherever."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bridle.harness.edits.disk import Write, commit, recover
from bridle.harness.edits.filesystem import Look, RealFileSystem
from bridle.harness.nouns import Fault, UserProblem

BEFORE = {"a.txt": b"a\n", "d/b.txt": b"b\r\nb", "gone.txt": b"gone\n"}
AFTER = {"a.txt": b"A\n", "d/b.txt": b"B\r\nB", "new/deep/c.txt": b"c\n"}
WRITES = [
    Write("a.txt", b"a\n", b"A\n"),
    Write("new/deep/c.txt", None, b"c\n", mode_from="a.txt"),
    Write("gone.txt", b"gone\n", None),
    Write("d/b.txt", b"b\r\nb", b"B\r\nB"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for path, data in BEFORE.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    (root / "a.txt").chmod(0o750)
    return root


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


class Crash(BaseException):
    """The process dies here."""


class Failing(RealFileSystem):
    """Fails at the operation number `at`, before or after doing it; a dead disk fails ever after."""

    def __init__(self, at: int, error: type[BaseException], *, done_first: bool, ever_after: bool) -> None:
        self._left = at
        self._error = error
        self._done_first = done_first
        self._ever_after = ever_after

    @property
    def reached(self) -> bool:
        return self._left < 0

    def _run(self, operation: Callable[[], None]) -> None:
        self._left -= 1
        fails = self._left == -1 or (self._left < -1 and self._ever_after)
        if not fails or (self._done_first and self._left == -1):
            operation()
        if fails:
            raise self._error(5, "injected")

    def write(self, path: Path, data: bytes, look: Look | None) -> None:
        half = data[: len(data) // 2] if self._left == 0 and not self._done_first else data
        if half != data:  # a write that fails leaves half of it behind
            super().write(path, half, look)
        self._run(lambda: RealFileSystem.write(self, path, data, look))

    def rename(self, old: Path, new: Path) -> None:
        self._run(lambda: RealFileSystem.rename(self, old, new))

    def remove(self, path: Path) -> None:
        if path.exists():
            self._run(lambda: RealFileSystem.remove(self, path))
        else:
            RealFileSystem.remove(self, path)

    def make_folder(self, path: Path, mode: int) -> None:
        self._run(lambda: RealFileSystem.make_folder(self, path, mode))


def test_a_plan_lands_whole_with_modes_kept_and_no_trace_left(root: Path, tmp_path: Path) -> None:
    commit(root, WRITES, tmp_path / "journal")
    assert tree(root) == AFTER
    assert stat.S_IMODE((root / "a.txt").stat().st_mode) == 0o750
    assert stat.S_IMODE((root / "new/deep/c.txt").stat().st_mode) == 0o750
    assert [path.name for path in (tmp_path / "journal").iterdir()] == ["lock"]


@pytest.mark.parametrize("done_first", [False, True])
@pytest.mark.parametrize("at", range(16))
def test_an_error_at_any_operation_leaves_the_tree_as_it_was(
    root: Path, tmp_path: Path, at: int, done_first: bool
) -> None:
    disk = Failing(at, OSError, done_first=done_first, ever_after=False)
    with pytest.raises(OSError, match="injected"):
        commit(root, WRITES, tmp_path / "journal", disk)
    assert tree(root) == BEFORE
    assert stat.S_IMODE((root / "a.txt").stat().st_mode) == 0o750
    assert not (root / "new").exists()
    assert recover(root, tmp_path / "journal").restored == ()


def test_the_operations_that_can_fail_are_all_of_them(root: Path, tmp_path: Path) -> None:
    disk = Failing(16, OSError, done_first=False, ever_after=False)
    commit(root, WRITES, tmp_path / "journal", disk)
    assert not disk.reached


@pytest.mark.parametrize("done_first", [False, True])
@pytest.mark.parametrize("at", range(16))
def test_a_crash_at_any_operation_is_taken_back_at_the_next_start(
    root: Path, tmp_path: Path, at: int, done_first: bool
) -> None:
    disk = Failing(at, Crash, done_first=done_first, ever_after=True)
    with pytest.raises(Crash):
        commit(root, WRITES, tmp_path / "journal", disk)
    recover(root, tmp_path / "journal")
    once = tree(root)
    assert once in (BEFORE, AFTER)
    assert recover(root, tmp_path / "journal").restored == ()
    assert tree(root) == once


@pytest.mark.parametrize("at", range(10))
def test_a_crash_during_recovery_is_recovered_from(root: Path, tmp_path: Path, at: int) -> None:
    with pytest.raises(Crash):
        commit(root, WRITES, tmp_path / "journal", Failing(14, Crash, done_first=False, ever_after=True))
    assert tree(root) not in (BEFORE, AFTER)
    try:
        recover(root, tmp_path / "journal", Failing(at, Crash, done_first=False, ever_after=True))
    except Crash:
        recover(root, tmp_path / "journal")
    assert tree(root) == BEFORE


def test_a_disk_that_refuses_to_take_back_too_is_our_fault_and_recovered_later(root: Path, tmp_path: Path) -> None:
    with pytest.raises(Fault, match="could not be taken back"):
        commit(root, WRITES, tmp_path / "journal", Failing(14, OSError, done_first=False, ever_after=True))
    recover(root, tmp_path / "journal")
    assert tree(root) == BEFORE


def test_a_file_that_changed_meanwhile_stops_everything(root: Path, tmp_path: Path) -> None:
    (root / "d/b.txt").write_bytes(b"mine")
    with pytest.raises(UserProblem, match=r"d/b\.txt"):
        commit(root, WRITES, tmp_path / "journal")
    assert tree(root) == {**BEFORE, "d/b.txt": b"mine"}


class Meddling(RealFileSystem):
    """Somebody saves a file while its new content is being written beside it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def write(self, path: Path, data: bytes, look: Look | None) -> None:
        super().write(path, data, look)
        if path.parent == self._file.parent and path.name.startswith(".bridle"):
            self._file.write_bytes(b"mine")


def test_a_file_that_is_saved_at_the_last_moment_is_not_overwritten(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match=r"d/b\.txt"):
        commit(root, WRITES, tmp_path / "journal", Meddling(root / "d/b.txt"))
    assert tree(root) == {**BEFORE, "d/b.txt": b"mine"}


def test_what_somebody_else_changed_after_a_crash_is_kept_and_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(Crash):
        commit(root, WRITES, tmp_path / "journal", Failing(14, Crash, done_first=False, ever_after=True))
    (root / "a.txt").write_bytes(b"mine")
    assert recover(root, tmp_path / "journal").kept == ("a.txt",)
    assert tree(root) == {**BEFORE, "a.txt": b"mine"}


def test_a_link_inside_the_root_is_written_through_and_stays_a_link(root: Path, tmp_path: Path) -> None:
    (root / "link.txt").symlink_to("a.txt")
    commit(root, [Write("link.txt", b"a\n", b"A\n")], tmp_path / "journal")
    assert (root / "link.txt").is_symlink()
    assert (root / "a.txt").read_bytes() == b"A\n"


@pytest.mark.parametrize("path", ["out/x.txt", "../x.txt", "out.txt"])
def test_nothing_is_written_through_a_link_that_leaves_the_root(root: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "x.txt").write_bytes(b"x")
    (root / "out").symlink_to(tmp_path)
    (root / "out.txt").symlink_to(tmp_path / "x.txt")
    with pytest.raises(UserProblem, match="out of the workspace"):
        commit(root, [Write(path, b"x", b"y")], tmp_path / "journal")
    assert (tmp_path / "x.txt").read_bytes() == b"x"


def test_a_folder_or_pipe_is_not_written(root: Path, tmp_path: Path) -> None:
    os.mkfifo(root / "pipe")
    for path in ("d", "pipe"):
        with pytest.raises(UserProblem, match="regular file"):
            commit(root, [Write(path, None, b"y")], tmp_path / "journal")
