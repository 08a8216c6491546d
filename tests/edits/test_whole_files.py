"""What no lines can tell: bytes that are no text, links, the executable bit. All is kept, landed and taken back."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.edits.disk import Write, commit, recover
from bridle.harness.edits.filesystem import Look, RealFileSystem
from bridle.harness.edits.patch import any_patch, apply_patch, invert, unified_diff
from bridle.harness.nouns import UserProblem
from bridle.harness.symlinks import MARK, as_bytes, leads_out, target_of
from bridle.indexer.digest import digest
from bridle.indexer.encoding import UndecodableError, decode

PNG = b"\x89PNG\r\n\x1a\n\x00\x01"
N_OPERATIONS = 24
WRITES = [
    Write("logo.png", PNG, PNG + b"\xff"),
    Write("link", as_bytes("logo.png"), as_bytes("d/script")),
    Write("was_link", as_bytes("logo.png"), b"a file now\n"),
    Write("was_file", b"file\n", as_bytes("d/script")),
    Write("gone_link", as_bytes("d"), None),
    Write("new/link", None, as_bytes("../logo.png")),
    Write("d/script", b"#!/bin/sh\n", b"#!/bin/sh\n", executable=True),
    Write("new/tool", None, b"#!/bin/sh\n", executable=True),
]
Tree = dict[str, tuple[bytes, bool]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "d").mkdir(parents=True)
    (root / "logo.png").write_bytes(PNG)
    (root / "link").symlink_to("logo.png")
    (root / "was_link").symlink_to("logo.png")
    (root / "was_file").write_bytes(b"file\n")
    (root / "gone_link").symlink_to("d")
    (root / "d" / "script").write_bytes(b"#!/bin/sh\n")
    return root


def tree(root: Path) -> Tree:
    found: Tree = {}
    for folder, folders, names in os.walk(root):
        for name in [*names, *(one for one in folders if (Path(folder) / one).is_symlink())]:
            path = Path(folder) / name
            key = str(path.relative_to(root))
            if path.is_symlink():
                found[key] = as_bytes(str(path.readlink())), False
            else:
                found[key] = path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR)
    return found


def inverted(writes: list[Write]) -> list[Write]:
    return [
        Write(one.path, one.after, one.before, executable=None if one.executable is None else not one.executable)
        for one in writes
    ]


class Failing(RealFileSystem):
    """Dies at the operation number `at`, and stays dead: nothing is taken back before the next start."""

    def __init__(self, at: int) -> None:
        self.left = at

    def _run(self, operation: Callable[[], None]) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        operation()

    def write(self, path: Path, data: bytes, look: Look | None) -> None:
        self._run(lambda: RealFileSystem.write(self, path, data, look))

    def link(self, path: Path, target: str) -> None:
        self._run(lambda: RealFileSystem.link(self, path, target))

    def set_mode(self, path: Path, mode: int) -> None:
        self._run(lambda: RealFileSystem.set_mode(self, path, mode))

    def rename(self, old: Path, new: Path) -> None:
        self._run(lambda: RealFileSystem.rename(self, old, new))


def test_links_bytes_and_modes_land_and_are_taken_back(root: Path, tmp_path: Path) -> None:
    before = tree(root)
    commit(root, WRITES, tmp_path / "journal")
    assert (root / "link").readlink() == Path("d/script")
    assert not (root / "was_link").is_symlink()
    assert (root / "logo.png").read_bytes() == PNG + b"\xff", "no write of a link went through it"
    assert (root / "was_file").is_symlink()
    assert not (root / "gone_link").is_symlink()
    assert (root / "d").is_dir()
    assert (root / "new" / "link").read_bytes() == PNG + b"\xff"
    assert os.access(root / "new" / "tool", os.X_OK)
    assert os.access(root / "d" / "script", os.X_OK)
    commit(root, inverted(WRITES), tmp_path / "journal")
    assert tree(root) == before


@pytest.mark.parametrize("at", range(N_OPERATIONS))
def test_a_crash_at_any_operation_is_taken_back(root: Path, tmp_path: Path, at: int) -> None:
    before = tree(root)
    with pytest.raises(KeyboardInterrupt):
        commit(root, WRITES, tmp_path / "journal", Failing(at))
    recover(root, tmp_path / "journal")
    assert tree(root) == before


def test_the_operations_above_are_all_of_them(root: Path, tmp_path: Path) -> None:
    disk = Failing(N_OPERATIONS)
    commit(root, WRITES, tmp_path / "journal", disk)
    assert disk.left == 0


def test_a_link_that_points_elsewhere_by_now_is_left(root: Path, tmp_path: Path) -> None:
    (root / "link").unlink()
    (root / "link").symlink_to("d")
    with pytest.raises(UserProblem, match="link"):
        commit(root, WRITES, tmp_path / "journal")
    assert (root / "link").readlink() == Path("d")
    assert (root / "was_link").is_symlink()


def test_the_mark_of_a_link_is_no_text_in_any_encoding() -> None:
    with pytest.raises(UndecodableError):
        decode(as_bytes("a.py"))
    with pytest.raises(UndecodableError):
        decode(MARK)


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_a_link_is_its_target_again(target: str) -> None:
    assert target_of(as_bytes(target)) == target
    assert target_of(target.encode()) is None


@pytest.mark.parametrize(
    ("path", "target", "out"),
    [
        ("l", "a.py", False),
        ("d/l", "../a.py", False),
        ("d/l", "../../a.py", True),
        ("l", "..", True),
        ("l", "/etc/passwd", True),
        ("l", "d/../../x", True),
        ("d/l", "../d/../d/x", False),
    ],
)
def test_a_link_that_leaves_the_workspace_is_known(path: str, target: str, out: bool) -> None:
    assert leads_out(path, target) is out


def test_a_patch_of_bytes_comes_whole_and_goes_back() -> None:
    store = {digest(data): data for data in (PNG, PNG + b"\xff")}
    patch = any_patch("logo.png", PNG, PNG + b"\xff")
    assert patch.whole
    assert not patch.in_lines
    assert apply_patch(patch, PNG, store.__getitem__) == PNG + b"\xff"
    assert apply_patch(invert(patch), PNG + b"\xff", store.__getitem__) == PNG
    with pytest.raises(ValueError, match="nothing to take it from"):
        apply_patch(patch, PNG)


def test_a_bit_that_does_not_change_is_not_told() -> None:
    assert any_patch("a", b"a\n", b"b\n", executable=(True, True)).in_lines
    flipped = any_patch("a", b"a\n", b"a\n", executable=(False, True))
    assert (flipped.executable, invert(flipped).executable) == ((False, True), (True, False))


def test_a_diff_shows_modes_and_links_as_git_does() -> None:
    assert unified_diff("a", b"a\n", b"a\n", (False, True)) == "diff --git a/a b/a\nold mode 100644\nnew mode 100755\n"
    new = unified_diff("l", None, as_bytes("a.py"))
    assert "new file mode 120000\n" in new
    assert "+a.py\n\\ No newline at end of file\n" in new
    assert unified_diff("x", None, PNG) == "Binary files a/x and b/x differ\n"
