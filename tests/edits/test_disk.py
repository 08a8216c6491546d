"""Plans on a real disk: all or nothing, whatever fails and wherever."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
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

    def rewrite(self, path: Path, data: bytes) -> None:
        if self._left == 0 and not self._done_first:
            with path.open("r+b") as file:  # what was written before the failure
                file.write(data[: len(data) // 2])
        self._run(lambda: RealFileSystem.rewrite(self, path, data))

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


@pytest.mark.parametrize(
    "writes",
    [
        [Write("a.txt/b.txt", None, b"x")],
        [Write("n/m.txt", None, b"x"), Write("n", None, b"y")],
        [Write("n", None, b"y"), Write("n/m.txt", None, b"x")],
    ],
)
def test_a_file_that_would_be_a_folder_is_refused(root: Path, tmp_path: Path, writes: list[Write]) -> None:
    with pytest.raises(UserProblem, match=r"leads through a file|a file and a folder"):
        commit(root, writes, tmp_path / "journal")
    assert tree(root) == BEFORE


# --- files with several names -------------------------------------------------------------------------------------

LINKED = [Write("a.txt", b"a\n", b"A\nlonger\n"), Write("d/b.txt", b"b\r\nb", b"")]


@pytest.fixture
def linked(root: Path) -> Path:
    """The same tree, its files with a second name each."""
    (root / "other.txt").hardlink_to(root / "a.txt")
    (root / "d/other.txt").hardlink_to(root / "d/b.txt")
    return root


def one_file(root: Path) -> bool:
    return (root / "other.txt").samefile(root / "a.txt") and (root / "d/other.txt").samefile(root / "d/b.txt")


def test_a_file_with_several_names_is_written_under_all_of_them(linked: Path, tmp_path: Path) -> None:
    commit(linked, LINKED, tmp_path / "journal")
    assert one_file(linked)
    assert (linked / "other.txt").read_bytes() == b"A\nlonger\n"
    assert (linked / "d/other.txt").read_bytes() == b""
    assert stat.S_IMODE((linked / "a.txt").stat().st_mode) == 0o750


@pytest.mark.parametrize("done_first", [False, True])
@pytest.mark.parametrize("error", [OSError, Crash])
@pytest.mark.parametrize("at", range(10))
def test_a_failure_while_writing_in_place_leaves_all_names_before_or_after(
    linked: Path, tmp_path: Path, at: int, error: type[BaseException], done_first: bool
) -> None:
    before = tree(linked)
    with pytest.raises(error):
        commit(
            linked, LINKED, tmp_path / "journal", Failing(at, error, done_first=done_first, ever_after=error is Crash)
        )
    recover(linked, tmp_path / "journal")
    assert one_file(linked)
    if error is OSError:
        assert tree(linked) == before
    else:
        assert (linked / "a.txt").read_bytes() in {b"a\n", b"A\nlonger\n"}
        assert ((linked / "a.txt").read_bytes() == b"a\n") == ((linked / "d/b.txt").read_bytes() == b"b\r\nb")


def test_what_somebody_wrote_into_a_file_with_several_names_after_a_crash_is_kept(linked: Path, tmp_path: Path) -> None:
    with pytest.raises(Crash):
        commit(linked, LINKED, tmp_path / "journal", Failing(7, Crash, done_first=False, ever_after=True))
    (linked / "other.txt").write_bytes(b"mine")
    assert recover(linked, tmp_path / "journal").kept == ("a.txt",)
    assert (linked / "a.txt").read_bytes() == b"mine"


def test_two_names_of_one_file_in_one_plan_are_refused(linked: Path, tmp_path: Path) -> None:
    writes = [Write("a.txt", b"a\n", b"A\n"), Write("other.txt", b"a\n", b"B\n")]
    with pytest.raises(UserProblem, match=r"other\.txt"):
        commit(linked, writes, tmp_path / "journal")
    assert (linked / "a.txt").read_bytes() == b"a\n"


# --- a fault at every moment ----------------------------------------------------------------------------------------


class Faulty(RealFileSystem):
    """Fails at moment number `at`: before and after each operation, half way through each filling, at each sync."""

    def __init__(self, at: int, error: type[BaseException]) -> None:
        self.left = at
        self._error = error

    def _moment(self) -> bool:
        self.left -= 1
        return self.left == -1 or (self.left < -1 and self._error is Crash)

    def _around(self, operation: Callable[[], None]) -> None:
        if self._moment():
            raise self._error(5, "injected")
        operation()
        if self._moment():
            raise self._error(5, "injected")

    def _fill(self, descriptor: int, data: bytes) -> None:
        if self._moment():
            super()._fill(descriptor, data[: len(data) // 2])
            raise self._error(28, "injected")
        super()._fill(descriptor, data)

    def _sync(self, descriptor: int) -> None:
        if self._moment():
            raise self._error(5, "injected")

    def write(self, path: Path, data: bytes, look: Look | None) -> None:
        self._around(lambda: RealFileSystem.write(self, path, data, look))

    def rewrite(self, path: Path, data: bytes) -> None:
        self._around(lambda: RealFileSystem.rewrite(self, path, data))

    def rename(self, old: Path, new: Path) -> None:
        self._around(lambda: RealFileSystem.rename(self, old, new))

    def remove(self, path: Path) -> None:
        if path.exists():
            self._around(lambda: RealFileSystem.remove(self, path))
        else:
            RealFileSystem.remove(self, path)

    def make_folder(self, path: Path, mode: int) -> None:
        self._around(lambda: RealFileSystem.make_folder(self, path, mode))


def planted(folder: Path, rng: random.Random) -> tuple[Path, list[Write]]:
    """Return a tree of a few files and a plan that changes, creates, deletes, renames and writes in place."""
    root = folder / "root"
    writes: list[Write] = []
    for n in range(rng.randint(2, 5)):
        path = f"{rng.choice(['', 'd/', 'd/e/'])}{n}.txt"
        before, after = (rng.randbytes(rng.choice([0, 1, 7, 5_000])) + b"%d" % k for k in range(2))
        kind = rng.choice(["change", "change", "linked", "create", "delete", "rename"])
        if kind != "create":
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(before)
        if kind == "linked":
            (root / f"{path}.other").hardlink_to(root / path)
        if kind == "create":
            writes.append(Write(f"new{n}/{path}", None, after))
        elif kind == "rename":
            writes += [Write(path, before, None), Write(f"to/{path}", None, after, mode_from=path)]
        else:
            writes.append(Write(path, before, None if kind == "delete" else after))
    root.mkdir(exist_ok=True)
    return root, writes


@pytest.mark.slow
def test_no_fault_at_any_write_sync_or_rename_leaves_a_mix(tmp_path: Path) -> None:
    injected = 0
    for seed in range(11):
        for error in (OSError, Crash):
            at, reached = 0, True
            while reached:
                folder = tmp_path / f"{seed}-{error.__name__}-{at}"
                root, writes = planted(folder, random.Random(seed))  # noqa: S311 - the same plan on every run
                before, journal, disk = tree(root), folder / "journal", Faulty(at, error)
                gone = {write.path for write in writes if write.after is None}
                made = {w.path + end: w.after for w in writes for end in ("", ".other") if w.after is not None}
                wanted = {path: made.get(path, before.get(path)) for path in {*before, *made} - gone}
                wanted = {path: data for path, data in wanted.items() if path in before or not path.endswith(".other")}
                with contextlib.suppress(error):
                    commit(root, writes, journal, disk)
                reached = disk.left < 0
                injected += reached
                recover(root, journal, Faulty(1 << 30, OSError))
                outcomes = [wanted] if not reached else [before] if error is OSError else [before, wanted]
                assert tree(root) in outcomes, (seed, error, at)
                assert sorted(path.name for path in journal.iterdir()) == ["lock"]
                at += 1
                shutil.rmtree(folder)
    assert injected >= 1_000


def test_a_folder_that_becomes_a_link_after_it_was_looked_at_is_not_written_through(tmp_path: Path) -> None:
    root, outside = tmp_path / "repo", tmp_path / "outside"
    (root / "src").mkdir(parents=True)
    outside.mkdir()
    (root / "src" / "a.py").write_bytes(b"old")
    (outside / "a.py").write_bytes(b"old")

    class Swapping(RealFileSystem):
        """Puts a link in the place of the folder just before the file in it is written."""

        def write(self, path: Path, data: bytes, look: Look | None) -> None:
            if path.parent == root / "src":
                (root / "src").rename(tmp_path / "away")
                (root / "src").symlink_to(outside)
            super().write(path, data, look)

    with pytest.raises((OSError, Fault)):
        commit(root, [Write("src/a.py", b"old", b"new")], tmp_path / "journal", Swapping())
    assert [path.read_bytes() for path in outside.iterdir()] == [b"old"]
    assert (tmp_path / "away" / "a.py").read_bytes() == b"old"
