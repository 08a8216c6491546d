"""`bridle read` and `bridle apply` as a script would call them, on files of every kind."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from bridle.cli.main import main

pytestmark = pytest.mark.usefixtures("own_state")


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("BRIDLE_DEBUG", raising=False)


class Script:
    """Calls commands in one workspace; `json` is what the last one printed."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys
        self.json: Any = None
        self.said = ""

    def __call__(self, *words: str) -> int:
        code = main([words[0], "--root", str(self.root), "--json", *words[1:]])
        told = self._capsys.readouterr()
        self.json, self.said = json.loads(told.out) if told.out else None, told.err
        return code

    def anchors(self, place: str, mode: str = "check") -> dict[int, str]:
        """Read lines and return their anchors by number."""
        assert self("read", str(self.root / place), "--mode", mode) == 0, self.said
        first = self.json["shown"][0][0] if self.json["shown"] else 1
        return {first + n: line["anchor"] for n, line in enumerate(self.json["lines"])}

    def apply(self, *files: dict[str, Any], options: tuple[str, ...] = ()) -> int:
        edits = self.root.parent / "edits.json"
        edits.write_text(json.dumps({"files": list(files)}))
        return self("apply", str(edits), *options)


@pytest.fixture
def script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Script:
    root = tmp_path / "root"
    root.mkdir()
    return Script(root, capsys)


def one(path: str, rev: int, **edit: object) -> dict[str, Any]:
    return {"path": path, "rev": rev, "edits": [edit]}


@pytest.mark.parametrize("mode", ["plain", "check", "strict"])
def test_what_is_read_in_a_mode_is_applied_in_it(script: Script, mode: str) -> None:
    (script.root / "a.txt").write_bytes(b"one\ntwo\nthree\n")
    anchor = script.anchors("a.txt:2-2", mode)[2]
    assert anchor.isdecimal() == (mode == "plain")
    assert script.json["mode"] == mode
    code = script.apply(one("a.txt", 1, at=anchor, text="TWO"))
    if mode == "strict":
        (error,) = script.json["errors"]
        assert (code, error["code"]) == (1, "E_ANCHOR")
        code = script.apply(*json.loads(error["fragment"])["files"])
    assert (code, script.json["applied"]) == (0, True)
    assert (script.root / "a.txt").read_bytes() == b"one\nTWO\nthree\n"


def test_read_prints_every_key_of_its_contract(script: Script) -> None:
    (script.root / "a.txt").write_bytes(b"one\ntwo\nthree\n")
    assert script("read", str(script.root / "a.txt:2-9")) == 0
    assert {"path", "rev", "digest", "shown", "total", "lines"} <= set(script.json)
    assert (script.json["path"], script.json["rev"], script.json["shown"], script.json["total"]) == (
        "a.txt",
        1,
        [[2, 3]],
        3,
    )
    assert [line["text"] for line in script.json["lines"]] == ["two", "three"]
    assert len(script.json["digest"]) == 32


def test_a_dry_run_of_either_kind_writes_nothing(script: Script) -> None:
    (script.root / "a.txt").write_bytes(b"one\n")
    anchor = script.anchors("a.txt")[1]
    assert script.apply(one("a.txt", 1, at=anchor, text="x"), options=("--dry-run",)) == 0
    assert script.json == {
        "applied": False,
        "files": [{"path": "a.txt", "rev": None, "added": 1, "removed": 1}],
        "errors": [],
    }
    edits = script.root.parent / "dry.json"
    edits.write_text(json.dumps({"files": [one("a.txt", 1, at=anchor, text="x")], "dry_run": True}))
    assert (script("apply", str(edits)), script.json["applied"]) == (0, False)
    assert (script.root / "a.txt").read_bytes() == b"one\n"


def test_files_are_created_renamed_and_deleted_and_each_is_told(script: Script) -> None:
    (script.root / "old.txt").write_bytes(b"a\nb\n")
    (script.root / "gone.txt").write_bytes(b"a\n")
    (script.root / "old.txt").chmod(0o640)
    anchor = script.anchors("old.txt")[1]
    script.anchors("gone.txt")
    assert (
        script.apply(
            {"path": "new/n.txt", "create": True, "edits": [{"after": "0", "text": "n"}]},
            {**one("old.txt", 1, at=anchor, text="A"), "rename": "sub/now.txt"},
            {"path": "gone.txt", "rev": 1, "delete": True},
        )
        == 0
    ), script.json
    there = {path.relative_to(script.root).as_posix() for path in script.root.rglob("*") if path.is_file()}
    assert there == {"new/n.txt", "sub/now.txt"}
    assert (script.root / "sub/now.txt").stat().st_mode & 0o777 == 0o640
    assert [(file["path"], file["rev"]) for file in script.json["files"]] == [
        ("new/n.txt", 1),
        ("old.txt", None),
        ("sub/now.txt", 1),
        ("gone.txt", None),
    ]


def test_every_error_of_a_refused_call_is_told_with_the_whole_fragment(script: Script) -> None:
    for name in ("a.txt", "b.txt"):
        (script.root / name).write_bytes(b"one\ntwo\n")
        script.anchors(name)
    assert script.apply(one("a.txt", 1, at="1zz", text="x"), one("b.txt", 7, at="2", text="y")) == 1
    assert [(error["code"], error["path"]) for error in script.json["errors"]] == [
        ("E_ANCHOR", "a.txt"),
        ("E_REV_UNKNOWN", "b.txt"),
    ]
    assert all({"code", "path", "message", "fragment"} <= set(error) for error in script.json["errors"])
    assert script.json["applied"] is False


def test_a_link_inside_the_workspace_is_edited_where_it_leads_and_stays_a_link(script: Script) -> None:
    (script.root / "real").mkdir()
    (script.root / "real/a.txt").write_bytes(b"one\n")
    (script.root / "link.txt").symlink_to("real/a.txt")
    (script.root / "folder").symlink_to("real")
    assert script.apply(one("link.txt", 1, at=script.anchors("link.txt")[1], text="two")) == 0, script.json
    assert (script.root / "link.txt").is_symlink()
    assert (script.root / "real/a.txt").read_bytes() == b"two\n"
    assert script.apply(one("folder/a.txt", 1, at=script.anchors("folder/a.txt")[1], text="three")) == 0, script.json
    assert (script.root / "real/a.txt").read_bytes() == b"three\n"


def test_two_names_of_one_file_in_one_call_are_refused(script: Script) -> None:
    (script.root / "a.txt").write_bytes(b"one\ntwo\n")
    (script.root / "link.txt").symlink_to("a.txt")
    (script.root / "hard.txt").hardlink_to(script.root / "a.txt")
    first, anchors = script.anchors("a.txt")[1], {}
    for other in ("link.txt", "hard.txt"):
        anchors[other] = script.anchors(other)[2]
        code = script.apply(one("a.txt", 1, at=first, text="x"), one(other, 1, at=anchors[other], text="y"))
        assert (code, script.json["errors"][0]["code"]) == (1, "E_OVERLAP")
    assert (script.root / "a.txt").read_bytes() == b"one\ntwo\n"
    assert script.apply(one("hard.txt", 1, at=anchors["hard.txt"], text="y")) == 0
    assert (script.root / "a.txt").read_bytes() == b"one\ny\n"


def test_a_link_that_leads_outside_is_neither_read_nor_written(script: Script) -> None:
    outside = script.root.parent / "outside.txt"
    outside.write_bytes(b"one\n")
    (script.root / "link.txt").symlink_to(outside)
    (script.root / "folder").symlink_to(script.root.parent)
    for path in ("link.txt", "folder/outside.txt"):
        assert script("read", str(script.root / path)) == 1
        assert "leads out of the workspace" in script.said
        assert script.apply({"path": path, "rev": 1, "edits": [{"at": "1", "text": "x"}]}) == 1
        assert script.json["errors"][0]["code"] == "E_PERMISSION"
    create = {"path": "folder/new.txt", "create": True, "edits": [{"after": "0", "text": "x"}]}
    assert script.apply(create) == 1
    assert outside.read_bytes() == b"one\n"
    assert not (script.root.parent / "new.txt").exists()


def test_a_link_to_a_credential_file_is_never_shown(script: Script) -> None:
    (script.root / ".env").write_bytes(b"NAME=value\n")
    (script.root / "notes.txt").symlink_to(".env")
    assert script("read", str(script.root / "notes.txt")) == 1
    assert "value" not in script.said


@pytest.mark.parametrize(
    ("before", "line", "text", "after"),
    [
        (b"a\r\nb\nc\rd", 2, "B", b"a\r\nB\nc\rd"),
        (b"\xef\xbb\xbfa\r\nb\r\n", 1, "A\nA", b"\xef\xbb\xbfA\r\nA\r\nb\r\n"),
        (b"\xff\xfea\0\n\0b\0", 2, "c", b"\xff\xfea\0\n\0c\0"),
        (b"\xfe\xff\0a\0\n\0b", 1, "é", b"\xfe\xff\0\xe9\0\n\0b"),
        (b"\xff\xfe\0\0a\0\0\0\n\0\0\0", 1, "b", b"\xff\xfe\0\0b\0\0\0\n\0\0\0"),
        (b"a\0\n\0b\0\n\0", 2, "c", b"a\0\n\0c\0\n\0"),
        (b"# vim: set fileencoding=latin1 :\n\xe9\n", 2, "\xfc", b"# vim: set fileencoding=latin1 :\n\xfc\n"),
        (
            b'<?xml version="1.0" encoding="latin1"?>\n<a/>\n',
            2,
            "<\xe9/>",
            b'<?xml version="1.0" encoding="latin1"?>\n<\xe9/>\n',
        ),
        (b"<meta charset=cp1252>\n\x80\n", 2, "\u20ac\u20ac", b"<meta charset=cp1252>\n\x80\x80\n"),
        ("a\u2028b\x0cc\n\U0001f600\n".encode(), 2, "\U0001f601", "a\u2028b\x0cc\n\U0001f601\n".encode()),
        (b"\ta\n\t\tb\n", 2, "\t\tc", b"\ta\n\t\tc\n"),
    ],
)
def test_bytes_around_an_edit_stay(script: Script, before: bytes, line: int, text: str, after: bytes) -> None:
    path = script.root / "a.txt"
    path.write_bytes(before)
    path.chmod(0o751)
    assert script.apply(one("a.txt", 1, at=script.anchors("a.txt")[line], text=text)) == 0, script.json
    assert path.read_bytes() == after
    assert path.stat().st_mode & 0o777 == 0o751


def test_an_empty_file_is_read_and_filled(script: Script) -> None:
    (script.root / "a.txt").touch()
    assert script.anchors("a.txt") == {}
    assert script.json["shown"] == []
    assert script.apply(one("a.txt", 1, after="0", text="x")) == 0
    assert (script.root / "a.txt").read_bytes() == b"x\n"


@pytest.mark.parametrize("data", [b"caf\xe9\n", b"\x89PNG\r\n\x1a\n\xff", b"# coding: rot13\n", b"\xff\xfe\x00"])
def test_what_cannot_be_decoded_is_refused_and_left(script: Script, data: bytes) -> None:
    (script.root / "a.txt").write_bytes(data)
    assert script("read", str(script.root / "a.txt")) == 1
    assert "E_ENCODING" in script.said
    assert script.apply(one("a.txt", 1, at="1", text="x")) == 1
    assert (script.root / "a.txt").read_bytes() == data


@pytest.mark.parametrize("name", ["-a.txt", "a b.txt", "é.txt", "ab:1-2", "\U0001f600.txt", "[a].txt"])
def test_odd_names_are_names(script: Script, name: str) -> None:
    (script.root / name).write_bytes(b"one\n")
    assert script("read", f"./{name}") == 0, script.said
    assert script.apply(one(name, 1, at=script.json["lines"][0]["anchor"], text="two")) == 0, script.json
    assert (script.root / name).read_bytes() == b"two\n"


def test_what_the_disk_cannot_do_is_an_error_with_a_code_and_leaves_everything(script: Script) -> None:
    (script.root / "a.txt").write_bytes(b"one\n")
    (script.root / "folder").mkdir()
    (script.root / "link.txt").symlink_to("a.txt")
    script.anchors("link.txt")
    new = {"create": True, "edits": [{"after": "0", "text": "x"}]}
    for files, code in (
        ([{"path": "a.txt/b.txt", **new}], "E_EXISTS"),
        ([{"path": "link.txt/d/b.txt", **new}], "E_EXISTS"),
        ([{"path": "folder", **new}], "E_PERMISSION"),
        ([{"path": "n/a", **new}, {"path": "n", **new}], "E_OVERLAP"),
        ([{"path": "link.txt", "rev": 1, "delete": True}], "E_CONFLICT"),
    ):
        assert script.apply(*files) == 1, script.said
        (error,) = script.json["errors"]
        assert error["code"] == code, error
    assert sorted(path.name for path in script.root.iterdir()) == ["a.txt", "folder", "link.txt"]
    assert (script.root / "a.txt").read_bytes() == b"one\n"


def test_what_our_parser_alone_objects_to_lands_where_the_projects_python_is_newer(script: Script) -> None:
    (script.root / "a.py").write_bytes(b"x = 1\n")
    newer = one("a.py", 1, at=script.anchors("a.py")[1], text="x = [*a for a in b]")
    environment = script.root / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin/python").symlink_to(sys.executable)
    (environment / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\nversion = 3.11.4\n")
    assert (script.apply(newer), script.json["errors"][0]["code"]) == (1, "E_SYNTAX")
    (environment / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\nversion = 3.99.1\n")
    assert script.apply(newer) == 0, script.json
    assert (script.root / "a.py").read_bytes() == b"x = [*a for a in b]\n"


def test_a_name_that_is_no_utf_8_is_told(script: Script) -> None:
    (script.root / os.fsdecode(b"\xff.txt")).write_bytes(b"one\n")
    assert script("read", str(script.root / os.fsdecode(b"\xff.txt"))) == 1
    assert "not a name in UTF-8" in script.said


@pytest.mark.parametrize("rev", [1, 1.0, "1", "v1", " v1 "])
def test_a_revision_is_read_as_it_is_written(script: Script, rev: object) -> None:
    (script.root / "a.txt").write_bytes(b"one\n")
    anchor = script.anchors("a.txt")[1]
    edits = [{"at": anchor, "text": "two"}]
    assert script.apply({"path": "a.txt", "rev": rev, "edits": edits}) == 0, script.json


@pytest.mark.parametrize("rev", [0, -1, 2, 10**30, 1e300, True, "x", "\uff11x", [], {}])
def test_a_revision_that_is_none_is_refused(script: Script, rev: object) -> None:
    (script.root / "a.txt").write_bytes(b"one\n")
    anchor = script.anchors("a.txt")[1]
    assert script.apply({"path": "a.txt", "rev": rev, "edits": [{"at": anchor, "text": "two"}]}) == 1
    assert script.json["errors"][0]["code"] in {"E_REV_UNKNOWN", "E_RANGE"}
    assert (script.root / "a.txt").read_bytes() == b"one\n"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"files": 3}', '{"files": [{"path": 3}]}', '{"files": [[]]}', "{", "\x00", "NaN"]
)
def test_odd_json_is_a_refusal_and_never_a_fault(script: Script, text: str) -> None:
    edits = script.root.parent / "edits.json"
    edits.write_text(text)
    assert script("apply", str(edits)) == 1
    assert "fault of ours" not in script.said


def test_what_was_applied_is_taken_back_and_what_was_typed_since_stays(script: Script) -> None:
    (script.root / "a.txt").write_bytes(b"one\ntwo\nthree\n")
    (script.root / "old.sh").write_bytes(b"old\n")
    (script.root / "old.sh").chmod(0o755)
    anchors = script.anchors("a.txt")
    script.anchors("old.sh")
    fresh = {"path": "deep/er/new.txt", "create": True, "edits": [{"after": "0", "text": "new"}]}
    gone = {"path": "old.sh", "rev": 1, "delete": True}
    assert script.apply(one("a.txt", 1, at=anchors[1], text="ONE"), fresh, gone) == 0, script.json
    assert script("proposals", "list") == 0, script.said
    (listed,) = script.json["proposals"]
    assert {hunk["state"] for hunk in listed["hunks"]} == {"accepted"}
    assert listed["badge"] == "not verified: applied from the command line"
    (script.root / "a.txt").write_bytes(b"ONE\ntwo\nthree\nfour\n")
    assert script("undo") == 0, script.said
    assert (script.root / "a.txt").read_bytes() == b"one\ntwo\nthree\nfour\n"
    assert (script.root / "old.sh").read_bytes() == b"old\n"
    assert (script.root / "old.sh").stat().st_mode & 0o777 == 0o755
    assert not (script.root / "deep").exists(), "the folders that were made for it go with it"
    assert script("undo") == 1, "there is nothing left to take back"


def test_folders_that_somebody_else_uses_or_made_stay(script: Script) -> None:
    (script.root / "mine").mkdir()
    new = {"create": True, "edits": [{"after": "0", "text": "x"}]}
    assert script.apply({"path": "mine/a.txt", **new}, {"path": "made/in/b.txt", **new}) == 0, script.json
    (script.root / "made" / "kept.txt").touch()
    assert script("undo") == 0, script.said
    assert (script.root / "mine").is_dir(), "it was there before"
    assert [path.name for path in (script.root / "made").iterdir()] == ["kept.txt"]


def test_edits_that_are_refused_leave_nothing_to_take_back(script: Script) -> None:
    (script.root / "link.txt").symlink_to("a.txt")
    (script.root / "a.txt").write_bytes(b"one\n")
    script.anchors("link.txt")
    assert script.apply({"path": "link.txt", "rev": 1, "delete": True}) == 1
    assert script("proposals", "list") == 0
    assert script.json["proposals"] == []
    assert script("undo") == 1
