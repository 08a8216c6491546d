from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from bridle.harness.nouns import UserProblem
from bridle.harness.permission import trust as room
from bridle.harness.permission.trust import Trust


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".bridle" / "workflows").mkdir(parents=True)
    (folder / "bridle.toml").write_text("")
    (folder / ".bridle" / "workflows" / "edit.toml").write_text("")
    return folder


def test_a_folder_is_not_trusted_until_somebody_says_so_and_then_for_good(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "state"
    assert Trust(root, home).standing == "unknown"
    Trust(root, home).say(trusted=True)
    assert Trust(root, home).trusted
    assert (home / "trust.json").stat().st_mode & 0o777 == 0o600
    Trust(root, home).say(trusted=False)
    assert Trust(root, home).standing == "unknown"


def test_trust_is_in_the_folder_that_it_was_given_to_and_no_other(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "state"
    Trust(root, home).say(trusted=True)
    (tmp_path / "link").symlink_to(root)
    assert Trust(tmp_path / "link", home).trusted
    assert not Trust(tmp_path, home).trusted
    assert not Trust(root / "sub", home).trusted


@pytest.mark.parametrize("change", ["edit", "add", "remove", "rename", "link", "runnable", "another target"])
def test_any_change_of_the_configuration_asks_again_and_is_named(root: Path, tmp_path: Path, change: str) -> None:
    home = tmp_path / "state"
    edit = root / ".bridle" / "workflows" / "edit.toml"
    (tmp_path / "elsewhere").write_text("")
    (root / ".bridle" / "shared").symlink_to(tmp_path / "elsewhere")
    Trust(root, home).say(trusted=True)
    match change:
        case "edit":
            (root / "bridle.toml").write_text("[permission]\n")
        case "add":
            (root / ".bridle" / "new").write_text("")
        case "remove":
            (root / "bridle.toml").unlink()
        case "rename":
            edit.rename(root / ".bridle" / "workflows" / "fix.toml")
        case "link":
            edit.unlink()
            edit.symlink_to("/dev/null")
        case "runnable":
            edit.chmod(0o755)
        case _:
            (tmp_path / "elsewhere").write_text("other")
    trust = Trust(root, home)
    assert trust.standing == "changed"
    assert trust.changed()
    trust.say(trusted=True)
    assert (trust.trusted, trust.changed()) == (True, ())


@pytest.mark.parametrize(
    "said",
    [
        '[[hook]]\nname = "g"\nargv = ["./g"]\n',
        '[checks.lint]\ncommand = ["./lint"]\n',
        '[mcp.tools]\ncommand = ["./server"]\n',
        "timeout_s = 5\n",
    ],
)
def test_whatever_the_project_would_run_is_part_of_what_was_trusted(root: Path, tmp_path: Path, said: str) -> None:
    home = tmp_path / "state"
    for file in (root / "bridle.toml", root / ".bridle" / "mcp.toml", root / ".bridle" / "config.toml"):
        Trust(root, home).say(trusted=True)
        file.write_text(said)
        assert Trust(root, home).changed() == (file.relative_to(root).as_posix(),)
        Trust(root, home).say(trusted=True)
        file.write_text(said.replace("./", "./../"))
        assert Trust(root, home).standing == ("changed" if "./" in said else "trusted")


def test_what_is_no_configuration_does_not_matter(root: Path, tmp_path: Path) -> None:
    trust = Trust(root, tmp_path / "state")
    trust.say(trusted=True)
    (root / "tests.py").write_text("assert True\n")
    assert trust.trusted


def test_a_configuration_too_large_to_look_at_is_not_trusted(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "MAX_BYTES", 1000)
    (root / ".bridle" / "large").write_bytes(b"x" * 2000)
    with pytest.raises(UserProblem, match="too large"):
        Trust(root, tmp_path / "state").say(trusted=True)


def test_a_configuration_that_cannot_be_read_is_not_trusted(root: Path, tmp_path: Path) -> None:
    (root / ".bridle" / "unreadable").symlink_to("/proc/self/mem")
    trust = Trust(root, tmp_path / "state")
    with pytest.raises(UserProblem, match="cannot be read") as caught:
        trust.say(trusted=True)
    assert caught.value.next_step
    assert trust.standing == "unknown"


def test_a_book_that_others_may_write_is_not_believed(root: Path, tmp_path: Path) -> None:
    trust = Trust(root, tmp_path / "state")
    trust.say(trusted=True)
    (tmp_path / "state" / "trust.json").chmod(0o666)
    with pytest.raises(UserProblem, match="others may write"):
        trust.trusted  # noqa: B018 - reading it is what is tested


def test_a_broken_book_is_told_with_the_next_step(root: Path, tmp_path: Path) -> None:
    book = tmp_path / "state" / "trust.json"
    book.parent.mkdir()
    book.write_text("{")
    with pytest.raises(UserProblem, match="not readable") as caught:
        Trust(root, tmp_path / "state").say(trusted=True)
    assert caught.value.next_step


def test_two_doors_that_say_yes_at_once_lose_neither(tmp_path: Path) -> None:
    folders = [tmp_path / f"p{n}" for n in range(8)]
    for folder in folders:
        folder.mkdir()
    home = tmp_path / "state"
    threads = [threading.Thread(target=Trust(folder, home).say, kwargs={"trusted": True}) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert all(Trust(folder, home).trusted for folder in folders)
    assert os.listdir(home).count("trust.json") == 1  # noqa: PTH208 - names are all that is wanted
