from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridle.harness.nouns import Fault, UserProblem
from bridle.harness.session import storage
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.lock import WorkspaceLock
from bridle.harness.session.state import State, state_home

HOLDER = (
    "import sys; from pathlib import Path; from bridle.harness.session.lock import WorkspaceLock\n"
    "lock = WorkspaceLock(Path(sys.argv[1])); print(lock.try_take(), flush=True); sys.stdin.read()"
)


def test_state_lies_outside_the_root_for_the_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root = tmp_path / "project"
    root.mkdir()
    state = State(root)
    assert state.folder.parent == state_home() == tmp_path / "state" / "bridle"
    folders = [
        state.folder.parent,
        *(path for path in state.folder.rglob("*") if path.is_dir()),
        state.folder,
    ]
    assert {path.stat().st_mode & 0o777 for path in folders} == {0o700}
    assert (state.folder / "root").read_text().strip() == str(root)
    assert list(root.iterdir()) == []


def test_two_spellings_of_one_root_share_their_state(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    home = tmp_path / "state"
    assert State(root, home).folder == State(tmp_path / "link" / ".." / "project", home).folder
    assert State(root, home).folder == State(tmp_path / "link", home).folder
    assert State(root, home).folder != State(tmp_path, home).folder


def test_a_folder_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    folder = State(tmp_path, tmp_path / "state").folder
    folder.chmod(0o755)
    State(tmp_path, tmp_path / "state")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_in_place_of_a_state_folder_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    elsewhere.chmod(0o755)
    (tmp_path / "state").symlink_to(elsewhere)
    with pytest.raises(UserProblem, match="link") as caught:
        storage.make_private(tmp_path / "state")
    assert caught.value.next_step
    assert elsewhere.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO])
def test_a_disk_that_refuses_is_told_with_the_next_step(number: int) -> None:
    with (
        pytest.raises(UserProblem, match="state in '/somewhere'") as caught,
        storage.told(Path("/somewhere")),
    ):
        raise OSError(number, os.strerror(number))
    assert caught.value.next_step


def test_a_file_in_the_way_is_told_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(UserProblem) as caught:
        State(tmp_path, tmp_path / "state")
    assert caught.value.next_step


def test_a_whole_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "file"
    storage.write_whole(target, b"old")

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserProblem, match="full"):
        storage.write_whole(target, b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"old")]


def test_the_content_store_gives_back_what_it_was_given(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    for data in (b"", b"\0\xff\r\n", b"x" * 100_000):
        name = blobs.put(data)
        assert blobs.put(data) == name
        assert name in blobs
        assert blobs.get(name) == data
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 3


def test_a_stored_content_that_was_changed_is_never_given_out_and_can_be_stored_again(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    name = blobs.put(b"right")
    (stored,) = (path for path in tmp_path.rglob("*") if path.is_file())
    stored.write_bytes(b"wrong")
    with pytest.raises(Fault, match="changed on disk"):
        blobs.get(name)
    assert blobs.put(b"right") == name
    assert blobs.get(name) == b"right"


def test_a_content_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="cannot be read"):
        Blobs(tmp_path).get("0" * 32)
    with pytest.raises(Fault, match="not the name"):
        Blobs(tmp_path).get("../../../etc/passwd")


def test_the_second_process_follows_and_takes_over_when_the_owner_dies(tmp_path: Path) -> None:
    mine = WorkspaceLock(tmp_path / "lock")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"True\n"
        assert (mine.try_take(), mine.role, mine.owner_pid()) == (False, "follower", owner.pid)
        owner.kill()
        owner.wait(10)
    assert (mine.try_take(), mine.role, mine.owner_pid()) == (True, "owner", os.getpid())
    follower = subprocess.run(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lock")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=True,
    )
    assert follower.stdout == b"False\n"
    mine.release()
    assert mine.owner_pid() is None
    other = WorkspaceLock(tmp_path / "lock")
    assert other.try_take()
    other.release()
