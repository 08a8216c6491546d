"""The revision store: what was seen, under which number, across processes and crashes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bridle.harness.edits import revisions as room
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.revisions import Revisions


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Revisions:
    return Revisions(tmp_path / "state" if request.param == "folder" else None)


def test_equal_bytes_keep_their_number_and_others_get_the_next(store: Revisions) -> None:
    numbers = [store.note("a", data).number for data in (b"1", b"2", b"1", b"3")]
    assert numbers == [1, 2, 1, 3]
    assert store.note("b", b"1").number == 1
    assert store.get("a", 2).data == b"2"
    assert store.numbers("a") == (3, 2, 1)
    assert store.paths() == ("a", "b")


def test_shown_lines_of_a_revision_add_up(store: Revisions) -> None:
    store.note("a", b"1\n2\n3\n4\n")
    store.show("a", 1, [(0, 1)])
    store.show("a", 1, [(3, 4), (1, 2)])
    assert store.shown("a", 1) == ((0, 2), (3, 4))
    assert store.shown("a", 2) == ()


@pytest.mark.parametrize(("path", "number"), [("a", 2), ("a", 0), ("b", 1)])
def test_an_unknown_revision_is_an_error_and_never_another_one(store: Revisions, path: str, number: int) -> None:
    store.note("a", b"1")
    with pytest.raises(ToolProblem) as caught:
        store.get(path, number)
    assert caught.value.code == "E_REV_UNKNOWN"


def test_what_is_not_text_gets_no_number(store: Revisions) -> None:
    with pytest.raises(ToolProblem) as caught:
        store.note("a", b"\xff\xfe\xff")
    assert caught.value.code == "E_ENCODING"
    assert store.numbers("a") == ()


def test_a_store_in_a_folder_outlives_the_process(tmp_path: Path) -> None:
    first = Revisions(tmp_path)
    first.note("a", b"1\n")
    first.show("a", 1, [(0, 1)])
    second = Revisions(tmp_path)
    assert second.get("a", 1).data == b"1\n"
    assert second.shown("a", 1) == ((0, 1),)
    assert second.note("a", b"2\n").number == 2
    assert first.note("a", b"3\n").number == 3


def test_a_line_torn_by_a_crash_is_passed_over(tmp_path: Path) -> None:
    first = Revisions(tmp_path)
    first.note("a", b"1\n")
    index = tmp_path / "revisions.jsonl"
    whole = index.read_bytes()
    for cut in range(len(whole) + 1):
        index.write_bytes(whole + whole[:cut].rstrip(b"\n"))
        store = Revisions(tmp_path)
        assert store.note("b", b"2\n").number == 1
        assert Revisions(tmp_path).numbers("b") == (1,)
        assert Revisions(tmp_path).numbers("a") == (1,)


def test_bytes_that_were_damaged_on_disk_are_not_given_out(tmp_path: Path) -> None:
    Revisions(tmp_path).note("a", b"1\n")
    (blob,) = (tmp_path / "blobs").iterdir()
    blob.write_bytes(b"2\n")
    with pytest.raises(ToolProblem, match="no longer kept"):
        Revisions(tmp_path).get("a", 1)


@pytest.mark.parametrize("folder", [False, True])
def test_a_full_store_forgets_the_oldest_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: bool
) -> None:
    monkeypatch.setattr(room, "MAX_BYTES_IN_MEMORY", 1_000)
    monkeypatch.setattr(room, "MAX_BYTES_ON_DISK", 1_000)
    store = Revisions(tmp_path if folder else None)
    for n in range(5):
        store.note("a", bytes([65 + n]) * 400)
    assert store.get("a", 5).data == b"E" * 400
    with pytest.raises(ToolProblem, match="no longer kept"):
        store.get("a", 1)
    assert store.note("a", b"A" * 400).number == 1
    assert store.get("a", 1).data == b"A" * 400


def test_threads_never_share_a_number(store: Revisions) -> None:
    found: list[int] = []

    def work(k: int) -> None:
        for n in range(20):
            found.append(store.note("a", f"{k} {n}".encode()).number)  # noqa: PERF401

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(found) == list(range(1, 81))
