"""What a workspace, a request, an endpoint or a machine may throw at the engine: a clear outcome, and never a hang."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from engine_driver import Driver

from bridle.harness.asking import YES
from bridle.harness.engine import (
    Ask,
    Finding,
    GetContext,
    GetStatus,
    PackView,
    PrepareLanding,
    ReplyTo,
    RunEnded,
    Selection,
    StartRun,
    Status,
    Verified,
    expect,
)
from bridle.harness.permission.trust import Trust
from bridle.harness.session.runs import look
from bridle.harness.session.state import State

MONEY = "src/till/money.py"
TEST = "test_half_a_cent_is_rounded_up"
WANTED = Finding("pytest", "tests/test_money.py", 31, 32, "assert 0 == 1", test=f"tests/test_money.py::{TEST}")
BUG = "        return Money(self.cents * rate // 100)\n"
FIXED = "        return Money((self.cents * rate + 50) // 100)\n"
BIG_BYTES = 50_000_000
LATIN = "src/till/latin.py"
LATIN_TEST = """\
from pathlib import Path

from till import latin


def test_the_buffer_is_saved_in_its_own_encoding() -> None:
    assert b"Gr\\xfc\\xdfe, ja" in Path(latin.__file__).read_bytes()
    assert latin.GREETING == "Gr\\xfc\\xdfe, ja"
"""

pytestmark = pytest.mark.slow


def failing(verified: Verified) -> list[str]:
    """Return the tests that fail."""
    return [f.test.rpartition("::")[2] for v in verified.verdicts for f in v.findings if f.test]


def bridle(*words: str, before: tuple[str, ...] = ()) -> Any:
    """Return the JSON document of a command."""
    command = [*before, sys.executable, "-P", "-m", "bridle.cli.main", *words, "--json"]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return json.loads(done.stdout)


def stats(root: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in [root, *root.rglob("*")]}


# --- workspaces -------------------------------------------------------------------------------------------------


async def test_an_empty_workspace_is_unknown_and_answers(opening: Any, trusted: Path) -> None:
    for entry in trusted.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    door = await opening("local")
    verified = await door.verify()
    assert (verified.outcome, verified.verdicts) == ("unknown", ())
    view = expect(await door.engine.call(GetContext("anything at all", n_tokens=1000)), PackView)
    assert view.pieces == ()
    assert 0 <= view.n_tokens <= view.budget
    status = expect(await door.engine.call(GetStatus()), Status)
    assert (status.checks, status.n_files, status.n_symbols, status.trusted) == ((), 0, 0, True)


@pytest.mark.parametrize("git", ["none", "a worktree's file"])
async def test_a_workspace_without_git_and_one_in_a_worktree_are_worked_in(
    git: str, opening: Any, trusted: Path
) -> None:
    mark = trusted / ".git"
    if git != "none":
        mark.write_text("gitdir: /nowhere/.git/worktrees/till\n")
    door = await opening("local")
    ended = await door.fix(TEST)
    assert ended.outcome == "succeeded", ended.reason
    _, result = await door.land(PrepareLanding(ended.proposal))
    assert result is not None
    assert (result.outcome, result.written) == ("applied", (MONEY,))
    assert FIXED in (trusted / MONEY).read_text()
    assert mark.exists() == (git != "none")


def test_a_read_only_workspace_is_checked_and_left_as_it_is(trusted: Path) -> None:
    before = stats(trusted)
    if os.geteuid() == 0:
        script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && ! touch "$0/x" 2>/dev/null && exec "$@"'
        said = bridle("verify", "--root", str(trusted), before=("unshare", "--mount", "sh", "-c", script, str(trusted)))
    else:
        with unwritable(trusted):
            said = bridle("verify", "--root", str(trusted))
    assert said["outcome"] == "fail"
    found = [finding["test"] for verdict in said["verdicts"] for finding in verdict["findings"] if finding["test"]]
    assert [test.rpartition("::")[2] for test in found] == [TEST]
    assert stats(trusted) == before


@contextmanager
def unwritable(root: Path) -> Generator[None]:
    entries = [root, *root.rglob("*")]
    modes = {path: path.stat().st_mode for path in entries}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    yield
    for path, mode in modes.items():
        path.chmod(mode)


async def test_huge_files_beside_real_code_are_skipped_with_a_reason(opening: Any, trusted: Path) -> None:
    (trusted / "bundle.min.js").write_bytes(b"var a=1;" * (BIG_BYTES // 8))
    (trusted / "table.py").write_bytes(b'X = """\n' + (b"x" * 79 + b"\n") * (BIG_BYTES // 80) + b'"""\n')
    skipped = {one["path"]: one["reason"] for one in bridle("index", str(trusted))["skipped"]}
    assert "larger than" in skipped["table.py"]
    assert "larger than" in skipped["bundle.min.js"]
    door = await opening("local")
    verified = await door.verify()
    assert failing(verified) == [TEST]
    view = expect(await door.engine.call(GetContext("round half a cent", Selection("table.py", 0, 1)), 60), PackView)
    assert view.n_tokens <= view.budget
    assert any(piece.path == MONEY for piece in view.pieces)


async def test_binary_and_latin_1_files_open_and_in_the_tree_disturb_nothing(opening: Any, trusted: Path) -> None:
    noise = bytes(range(256)) * 400
    (trusted / "picture.bin").write_bytes(noise)
    (trusted / "src/till/blob.dat").write_bytes(noise)
    latin = '# -*- coding: latin-1 -*-\nGREETING = "Grüße"\n'
    (trusted / LATIN).write_bytes(latin.encode("latin-1"))
    (trusted / "notes.txt").write_bytes("Grüße".encode("latin-1"))
    (trusted / "tests/test_latin.py").write_text(LATIN_TEST)
    door = await opening("local")
    await door.open("picture.bin", noise.decode("utf-8", "replace"))
    await door.open("notes.txt", "Gr\ufffd\ufffde")
    await door.open(LATIN, latin.replace("Grüße", "Grüße, ja"))
    ended = await door.fix(TEST)
    assert ended.outcome == "succeeded", ended.reason
    assert [file.path for file in (await door.proposal(ended)).files] == [MONEY]
    verified = await door.verify()
    assert failing(verified) == [TEST]
    assert (trusted / LATIN).read_bytes() == latin.encode("latin-1")
    assert (trusted / "picture.bin").read_bytes() == noise


async def test_links_in_a_circle_end_nowhere(opening: Any, trusted: Path) -> None:
    door = await opening("local")
    without = expect(await door.engine.call(GetContext("round half a cent"), 60), PackView)
    (trusted / "again").symlink_to(".")
    (trusted / "notes").mkdir()
    (trusted / "notes/up").symlink_to("..")
    (trusted / "a.py").symlink_to("b.py")
    (trusted / "b.py").symlink_to("a.py")
    (trusted / "gone.py").symlink_to("/nowhere/at/all.py")
    verified = await door.verify()
    assert failing(verified) == [TEST]
    assert all(verdict.reason for verdict in verified.verdicts if verdict.outcome == "unknown"), "mypy follows links"
    view = expect(await door.engine.call(GetContext("round half a cent"), 60), PackView)
    assert view.pieces == without.pieces


# --- requests ---------------------------------------------------------------------------------------------------


OUTSIDE = [
    Selection(MONEY, 9_000, 9_010),
    pytest.param(Selection(MONEY, 2**31, 2**31), marks=pytest.mark.long),
    pytest.param(Selection("src/till/none.py", 0, 3), marks=pytest.mark.long),
    Selection("../../../etc/passwd", 0, 1),
    pytest.param(Selection("", 0, 0), marks=pytest.mark.long),
]


@pytest.mark.parametrize("at", OUTSIDE, ids=str)
async def test_a_selection_of_nothing_has_a_clear_outcome(at: Selection, opening: Any, trusted: Path) -> None:
    door = await opening("local")
    view = expect(await door.engine.call(GetContext("round half a cent up", at), 60), PackView)
    assert view.n_tokens <= view.budget
    assert "root:" not in view.text
    ended = await door.run(StartRun("edit", "round half a cent up", at))
    assert ended.outcome == "succeeded", ended.reason
    assert [file.path for file in (await door.proposal(ended)).files] == [MONEY]
    said = look(State(trusted).journals, ended.run).state.messages
    assert said
    assert "root:" not in str(said)
    assert BUG in (trusted / MONEY).read_text()


# --- endpoints --------------------------------------------------------------------------------------------------


class Html(BaseHTTPRequestHandler):
    """A proxy's login page, whatever was asked."""

    def do_POST(self) -> None:
        body = b"<!doctype html><title>Please log in</title>"
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture
def login_page() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Html) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server.server_address[1]
        server.shutdown()
        serving.join()


def live(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setenv("BRIDLE_MODEL", "claude-opus-5-5")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-" + "x" * 40)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{port}")


async def fix_live(door: Driver) -> RunEnded:
    running = asyncio.create_task(door.run(StartRun("fix", "", finding=WANTED)))
    ask = await door.until(Ask)
    await door.engine.call(ReplyTo(ask.id, YES))
    return await running


async def test_an_endpoint_that_answers_html_ends_the_run_with_a_next_step(
    login_page: int, opening: Any, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(monkeypatch, login_page)
    door = await opening("local")
    ended = await fix_live(door)
    assert ended.outcome == "failed"
    assert ended.reason.startswith("the model: ")
    message, _, next_step = ended.reason.partition("; ")
    assert message
    assert next_step
    assert BUG in (trusted / MONEY).read_text()


async def test_an_endpoint_that_never_answers_is_left_when_the_runs_time_is_up(
    opening: Any, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trusted / "bridle.toml").write_text("[budget]\nseconds = 15\n")
    Trust(trusted).say(trusted=True)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        live(monkeypatch, silent.getsockname()[1])
        door = await opening("local")
        ended = await fix_live(door)
    assert ended.outcome == "timed out"
    assert "15 s" in ended.reason
    assert failing(await door.verify()) == [TEST], "the engine goes on"


# --- machines ---------------------------------------------------------------------------------------------------


async def test_a_project_whose_python_has_no_pytest_is_unknown_and_a_fix_needs_a_person(
    opening: Any, trusted: Path, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True, timeout=60)
    settings = tmp_path / "config" / "bridle" / "config.toml"
    settings.write_text(f'python = "{tmp_path / "bare" / "bin" / "python"}"\n')
    door = await opening("local")
    verified = await door.verify()
    (judged,) = [verdict for verdict in verified.verdicts if verdict.check == "pytest"]
    assert judged.outcome == "unknown"
    assert "pytest" in judged.reason
    assert "install" in judged.next_step
    assert verified.outcome != "pass"
    ended = await door.run(StartRun("fix", "", finding=WANTED))
    assert ended.outcome == "needs a person"
    assert "pytest cannot judge here" in ended.reason
    assert ended.proposal == ""


async def test_two_doors_on_one_root_check_at_once_and_both_are_right(opening: Any, trusted: Path) -> None:
    doors = [await opening("child"), await opening("child")]
    await doors[1].open(MONEY, (trusted / MONEY).read_text().replace(BUG, FIXED))
    roles = [expect(await door.engine.call(GetStatus()), Status).role for door in doors]
    assert sorted(roles) == ["follower", "owner"]
    saved, unsaved = await asyncio.gather(*(door.verify() for door in doors))
    assert failing(saved) == [TEST]
    assert failing(unsaved) == [], "each sees its own buffers"
    outcomes = {verdict.check: verdict.outcome for verdict in unsaved.verdicts}
    assert outcomes["pytest"] == "pass"
    assert "cancelled" not in (saved.outcome, unsaved.outcome)
