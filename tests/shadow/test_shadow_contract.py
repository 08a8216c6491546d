"""What a shadow promises, on every rung that works here."""

from __future__ import annotations

import hashlib
import os
import shlex
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.contract import Standing
from bridle.harness.shadow.shadow import Change, Shadow, probe_isolation
from bridle.indexer.process import Completed

pytestmark = pytest.mark.slow

Opening = Callable[..., Shadow]
SCRATCH = "scratch copy"


def sh(shadow: Shadow, script: str, timeout_s: float = 20) -> Completed:
    return shadow.run(["/bin/sh", "-c", script], timeout_s=timeout_s)


def out(done: Completed) -> str:
    assert done.exit_code == 0, done
    return done.stdout.decode()


def everything(root: Path) -> dict[str, tuple[int, int, str]]:
    """Return what every entry below `root` is: mode, time stamp, content."""
    found = {}
    for path in sorted(root.rglob("*")):
        state = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[path.relative_to(root).as_posix()] = (state.st_mode, state.st_mtime_ns, content)
    return found


def kinds(shadow: Shadow) -> dict[str, str]:
    return {change.path: change.kind for change in shadow.changes()}


def test_neither_hand_nor_command_reaches_the_workspace(rung: str, opening: Opening, workspace: Path) -> None:
    before = everything(workspace)
    shadow = opening(rung)
    shadow.write("a.py", b"print('mine')\n")
    shadow.write("new/file.py", b"N = 1\n")
    shadow.write("pkg/b.py", None)
    out(sh(shadow, "echo x >> tool.sh; mkdir made; echo y > made/z; rm pkg/deep/c.py; mv a.py moved.py"))
    assert everything(workspace) == before
    assert kinds(shadow) == {
        "a.py": "deleted",
        "made/z": "created",
        "moved.py": "created",
        "new/file.py": "created",
        "pkg/b.py": "deleted",
        "pkg/deep/c.py": "deleted",
        "tool.sh": "modified",
    }
    assert shadow.read("moved.py") == b"print('mine')\n"


def test_removing_everything_leaves_the_workspace_byte_identical(rung: str, opening: Opening, workspace: Path) -> None:
    before = everything(workspace)
    shadow = opening(rung)
    sh(shadow, "rm -rf . ./* ./.[!.]*")
    assert everything(workspace) == before
    assert kinds(shadow) == dict.fromkeys((".gitignore", "a.py", "pkg/b.py", "pkg/deep/c.py", "tool.sh"), "deleted")


def test_a_command_sees_the_unsaved_buffer_and_the_hands_see_what_a_command_wrote(rung: str, opening: Opening) -> None:
    shadow = opening(rung, {"a.py": b"print('unsaved')\n", "pkg/new.py": b"NEW = 1\n"})
    assert out(sh(shadow, f"{shlex.quote(sys.executable)} a.py; cat pkg/new.py pkg/b.py")) == (
        "unsaved\nNEW = 1\nB = 1\n"
    )
    out(sh(shadow, "echo 'B = 2' > pkg/b.py"))
    assert shadow.read("pkg/b.py") == b"B = 2\n"
    assert out(sh(shadow, "cat pkg/b.py")) == "B = 2\n"


def test_what_one_command_leaves_the_next_one_finds(rung: str, opening: Opening) -> None:
    shadow = opening(rung)
    out(sh(shadow, "mkdir -p empty/deep; ln -s a.py link; echo x > build.log; rm -r pkg; mkdir pkg; mkdir tmp"))
    out(sh(shadow, "rmdir tmp"))
    assert out(sh(shadow, "ls -d empty/deep; cat build.log; readlink link; ls pkg; test ! -e tmp")) == (
        "empty/deep\nx\na.py\n"
    )
    assert kinds(shadow) == {"link": "created", "pkg/b.py": "deleted", "pkg/deep/c.py": "deleted"}


def test_what_is_deleted_by_either_is_gone_for_both_and_can_come_back(rung: str, opening: Opening) -> None:
    shadow = opening(rung)
    shadow.write("pkg/b.py", None)
    assert out(sh(shadow, "test ! -e pkg/b.py; rm -r pkg/deep; ls pkg")) == ""
    assert shadow.read("pkg/deep/c.py") is None
    shadow.write("pkg/deep/d.py", b"D = 1\n")
    assert out(sh(shadow, "ls pkg pkg/deep")) == "pkg:\ndeep\n\npkg/deep:\nd.py\n"
    shadow.write("pkg/b.py", b"B = 1\n")
    assert kinds(shadow) == {"pkg/deep/c.py": "deleted", "pkg/deep/d.py": "created"}


def test_the_view_from_outside_is_the_view_from_inside_after_a_rough_command(rung: str, opening: Opening) -> None:
    shadow = opening(rung)
    script = """
        rm -r pkg/deep; mkdir pkg/deep; echo new > pkg/deep/e.py        # an opaque folder
        rm a.py; mkdir a.py; echo inside > a.py/f                       # a folder where a file was
        rm -r pkg/b.py; ln -s deep/e.py pkg/b.py                        # a link where a file was
        rm tool.sh; echo 'again' > tool.sh; chmod 640 tool.sh           # replaced, not modified
        mkdir empty; touch .gitignore
    """
    out(sh(shadow, script))
    listing = out(sh(shadow, "find . -type f -not -path './.git/*' | sort"))
    inside = {path: out(sh(shadow, f"cat {shlex.quote(path)}")) for path in listing.split()}
    outside = {f"./{path}": data.decode() for path in shadow.tree().files if (data := shadow.read(path)) is not None}
    assert outside == inside
    assert shadow.read("pkg/b.py") is None
    assert kinds(shadow) == {
        "a.py": "deleted",
        "a.py/f": "created",
        "pkg/b.py": "modified",
        "pkg/deep/c.py": "deleted",
        "pkg/deep/e.py": "created",
        "tool.sh": "modified",
    }


def test_a_written_file_keeps_its_mode_and_a_mode_is_part_of_the_tree(rung: str, opening: Opening) -> None:
    shadow = opening(rung)
    shadow.write("tool.sh", b"#!/bin/sh\necho other\n")
    assert out(sh(shadow, "./tool.sh; test ! -x a.py")) == "other\n"
    before = shadow.tree().digest
    out(sh(shadow, "chmod +x a.py"))
    assert shadow.tree().digest != before
    assert Change("a.py", "modified", executable=True) in shadow.changes()


def test_everything_that_a_command_changed_is_captured_exactly(rung: str, opening: Opening, workspace: Path) -> None:
    (workspace / "old.bin").write_bytes(b"\0old\xff")
    (workspace / "way").symlink_to("a.py")
    (workspace / "kept.log").write_text("an ignored file\n")
    shadow = opening(rung)
    script = r"""
        printf '\000new\377' > old.bin; mv pkg/b.py pkg/renamed.py; ln -sfn tool.sh way; ln -s /nowhere fresh
        chmod -x tool.sh; chmod +x a.py; printf '#!/bin/sh\n' > run.sh; chmod +x run.sh; rm pkg/deep/c.py
        mkdir -p build; echo made > build/out; echo x > trace.log; rm -f kept.log; touch empty
    """
    out(sh(shadow, script))
    assert shadow.changes() == (
        Change("a.py", "modified", executable=True),
        Change("empty", "created"),
        Change("fresh", "created", link="/nowhere"),
        Change("old.bin", "modified"),
        Change("pkg/b.py", "deleted"),
        Change("pkg/deep/c.py", "deleted"),
        Change("pkg/renamed.py", "created", source="pkg/b.py"),
        Change("run.sh", "created", executable=True),
        Change("tool.sh", "modified", executable=False),
        Change("way", "modified", link="tool.sh"),
    )
    assert shadow.read("old.bin") == b"\0new\xff"
    taken = () if rung == SCRATCH else (Change("kept.log", "deleted"),)  # a copy has no ignored files
    assert shadow.unoffered() == (Change("build/out", "created"), *taken, Change("trace.log", "created"))
    proof = shadow.prove(["/bin/sh", "-c", "readlink way fresh; cat old.bin; test -x run.sh"], timeout_s=20)
    assert (proof.exit_code, proof.stdout) == (0, b"tool.sh\n/nowhere\n\0new\xff"), "a proof sees the same"


def test_the_tree_is_known_by_its_content(rung: str, opening: Opening, workspace: Path) -> None:
    shadow = opening(rung)
    plain = shadow.tree()
    shadow.write("a.py", b"print('mine')\n")
    changed = shadow.tree()
    assert changed.digest != plain.digest
    assert {path for path in changed.files if changed.files[path] != plain.files.get(path)} == {"a.py"}
    shadow.write("a.py", (workspace / "a.py").read_bytes())
    assert shadow.tree() == plain
    assert shadow.changes() == ()
    (workspace / "a.py").write_text("print('mine')\n")
    assert opening(rung).tree().digest == changed.digest


def test_a_tree_that_moved_is_told_path_by_path(rung: str, opening: Opening, workspace: Path) -> None:
    shadow = opening(rung)
    shadow.write("a.py", b"ours\n")
    assert shadow.standing().moved == ()
    (workspace / "pkg" / "b.py").write_text("B = 2\n")
    (workspace / "tool.sh").unlink()
    (workspace / "fresh.py").touch()
    (workspace / "noise.log").touch()
    assert shadow.standing() == Standing(shadow.tree(), ("fresh.py", "pkg/b.py", "tool.sh"))
    assert out(sh(shadow, "cat pkg/b.py")) == "B = 2\n", "what the shadow did not write stays the person's"


def test_the_history_is_out_of_reach(rung: str, opening: Opening, workspace: Path) -> None:
    before = everything(workspace / ".git")
    shadow = opening(rung)
    script = "for f in .git/config .git/hooks; do echo evil >> $f 2>/dev/null && test -d .git && echo wrote; done; true"
    assert out(sh(shadow, script)) == ""
    with pytest.raises(UserProblem, match="sealed"):
        shadow.write(".git/hooks/pre-commit", b"evil")
    assert everything(workspace / ".git") == before


def test_tools_keep_what_they_need_for_a_moment_beside_what_is_installed(
    rung: str, opening: Opening, workspace: Path
) -> None:
    if rung == SCRATCH:
        pytest.skip("a gap: a copy shows the installed packages by a link, and whoever owns them may write there")
    (workspace / "node_modules" / "tool").mkdir(parents=True)
    (workspace / "node_modules" / "tool" / "index.js").write_text("1\n")
    before = everything(workspace)
    shadow = opening(rung)
    script = "for d in .vite-temp .vite .cache; do echo x > node_modules/$d/f && rm node_modules/$d/f || exit 1; done"
    assert sh(shadow, script).exit_code == 0
    assert shadow.prove(["/bin/sh", "-c", script], timeout_s=20).exit_code == 0
    assert sh(shadow, "echo evil > node_modules/tool/index.js").exit_code != 0
    assert sh(shadow, "echo evil > node_modules/fresh").exit_code != 0
    assert out(sh(shadow, "cat node_modules/tool/index.js; ls -A node_modules/.cache")) == "1\n"
    assert shadow.changes() == ()
    assert everything(workspace) == before


def test_isolation_is_sound_on_a_sandboxed_rung_and_its_lack_is_told_on_the_copy(
    rung: str, opening: Opening, workspace: Path
) -> None:
    before = everything(workspace)
    escapes = probe_isolation(opening(rung))
    if rung == SCRATCH:
        by_machine = {
            "a command makes namespaces of its own",
            "a command sets the machine",
            "a command has powers, or can gain them",
        }
        assert set(escapes) - by_machine == {
            "a command writes into .git",
            "a command writes into the workspace",
            "a command writes outside the workspace",
            "a command reads the home folder",
            "a command reaches services of this machine",
            "a command sees the processes of this machine",
        }
    else:
        assert escapes == ()
    assert {path: seen[2] for path, seen in everything(workspace).items()} == {
        path: seen[2] for path, seen in before.items()
    }


def test_a_command_may_serve_on_its_own_loopback(rung: str, opening: Opening) -> None:
    script = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); "
        "c = socket.create_connection(s.getsockname(), 5); c.send(b'hi'); print(s.accept()[0].recv(2).decode())"
    )
    assert out(opening(rung).run([sys.executable, "-I", "-c", script], timeout_s=20)) == "hi\n"


def test_a_service_of_this_machine_answers_on_the_copy_alone_which_has_no_sandbox(rung: str, opening: Opening) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2)"
        argv = [sys.executable, "-I", "-c", program, str(server.getsockname()[1])]
        done = opening(rung).run(argv, timeout_s=20)
    assert (b"ConnectionRefusedError" in done.stderr, done.exit_code) == ((False, 0) if rung == SCRATCH else (True, 1))


def test_no_secret_of_our_environment_is_handed_on(
    rung: str, opening: Opening, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret-canary")
    monkeypatch.setenv("LD_PRELOAD_CANARY", "sk-secret-canary")
    monkeypatch.setenv("PYTHONPATH", "sk-secret-canary")
    monkeypatch.setenv("PATH", f"bin:{workspace}/bin::{os.environ['PATH']}")
    shadow = opening(rung)
    done = shadow.run(
        ["/bin/sh", "-c", "env; cat /proc/self/environ /proc/1/environ 2>/dev/null | tr '\\0' '\\n'"],
        env={"GIVEN": "yes"},
        timeout_s=20,
    )
    assert b"sk-secret-canary" not in done.stdout or rung == SCRATCH
    lines = out(sh(shadow, "env")).splitlines()
    assert not any("canary" in line for line in lines)
    assert b"GIVEN=yes" in done.stdout.splitlines()
    path = next(line for line in lines if line.startswith("PATH=")).removeprefix("PATH=").split(":")
    assert all(entry.startswith("/") and not entry.startswith(str(workspace)) for entry in path)


def test_a_timeout_kills_children_that_left_the_group_and_hold_the_pipes(rung: str, opening: Opening) -> None:
    marker = f"marker-{os.getpid()}-{time.monotonic_ns()}"
    script = f"setsid sh -c 'sleep 61 & exec sleep 61 # {marker}' & echo started; sleep 61"
    done = sh(opening(rung), script, timeout_s=1)
    assert (done.timed_out, done.exit_code) == (True, None)
    assert done.stdout == b"started\n"
    assert done.seconds < 6
    left = [p for p in Path("/proc").glob("[0-9]*/cmdline") if marker.encode() in quietly_read(p)]
    assert left == []


def test_a_finished_command_leaves_nobody_behind(rung: str, opening: Opening) -> None:
    marker = f"marker-{os.getpid()}-{time.monotonic_ns()}"
    done = sh(opening(rung), f"(setsid sh -c 'sleep 62; : {marker}' &); sleep 0.2; echo done")
    assert done.stdout == b"done\n"
    assert done.seconds < 6
    assert [p for p in Path("/proc").glob("[0-9]*/cmdline") if marker.encode() in quietly_read(p)] == []


def test_a_cancelled_command_ends_soon(rung: str, opening: Opening) -> None:
    cancel = threading.Event()
    timer = threading.Timer(0.3, cancel.set)
    timer.start()
    done = opening(rung).run(["/bin/sleep", "60"], timeout_s=60, cancel=cancel)
    timer.join()
    assert done.cancelled
    assert done.seconds < 6


def test_a_missing_program_and_a_failing_one_are_told_apart_from_ours(rung: str, opening: Opening) -> None:
    shadow = opening(rung)
    assert sh(shadow, "exit 7").exit_code == 7
    missing = shadow.run(["/nonexistent/tool"], timeout_s=20)
    assert missing.exit_code not in (0, None)
    assert b"/nonexistent/tool" in missing.stderr


def test_a_same_size_edit_within_one_second_runs_the_new_code(rung: str, opening: Opening) -> None:
    shadow = opening(rung, {"m.py": b"V = 1\n"})
    program = [sys.executable, "-c", "import sys; sys.path.insert(0, ''); import m; print(m.V)"]
    for value in (1, 2, 3):
        shadow.write("m.py", b"V = %d\n" % value)
        assert out(shadow.run(program, timeout_s=20)) == f"{value}\n"
    cached = out(sh(shadow, "ls __pycache__"))
    assert cached.startswith("m."), "byte code was not written, so the test shows nothing"
    shadow.write("m.py", None)
    shadow.write("m.py", b"V = 4\n")
    assert out(shadow.run(program, timeout_s=20)) == "4\n"


def test_a_buffer_is_newer_than_the_byte_code_of_the_saved_file(rung: str, opening: Opening, workspace: Path) -> None:
    program = [sys.executable, "-c", "import sys; sys.path.insert(0, ''); import m; print(m.V)"]
    (workspace / "m.py").write_text("V = 1\n")
    compiled = [sys.executable, "-m", "compileall", "-q", str(workspace / "m.py")]
    assert opening("scratch copy").run(compiled, timeout_s=20).exit_code == 0
    assert list((workspace / "__pycache__").iterdir())
    assert out(opening(rung, {"m.py": b"V = 2\n"}).run(program, timeout_s=20)) == "2\n"


@pytest.mark.parametrize("name", ["with space", "co:lon", "com,ma", "back\\slash", "per%3Acent", "quo'te\"s", "-dash"])
def test_a_workspace_may_have_any_path(rung: str, opening: Opening, tmp_path: Path, name: str) -> None:
    root = tmp_path / name / "räume"
    root.mkdir(parents=True)
    (root / "a.py").write_text("print('saved')\n")
    shadow = opening(rung, {"a.py": b"print('unsaved')\n"}, root)
    assert out(sh(shadow, f"{shlex.quote(sys.executable)} a.py; echo x > made")) == "unsaved\n"
    assert shadow.read("made") == b"x\n"
    assert not (root / "made").exists()
    if rung != SCRATCH:
        assert out(sh(shadow, "pwd")) == f"{root}\n"


@pytest.mark.parametrize("path", ["../out.py", "/etc/passwd", "pkg/../../out.py", "", ".", "a\0b"])
def test_a_path_that_leaves_the_tree_is_refused(rung: str, opening: Opening, path: str) -> None:
    shadow = opening(rung)
    assert shadow.read(path) is None
    with pytest.raises(UserProblem):
        shadow.write(path, b"x")


def test_a_link_that_a_command_made_is_never_followed(rung: str, opening: Opening, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("private")
    shadow = opening(rung)
    out(sh(shadow, f"ln -s {secret} way; ln -s {secret}/key key; rm a.py; ln -s {secret}/key a.py"))
    assert [shadow.read(path) for path in ("way/key", "key", "a.py")] == [None, None, None]
    with pytest.raises(UserProblem):
        shadow.write("way/key", b"overwritten")
    assert (secret / "key").read_text() == "private"
    assert kinds(shadow) == {"a.py": "modified", "key": "created", "way": "created"}


def test_the_persons_own_links_are_followed_inside_the_tree_alone(rung: str, opening: Opening, workspace: Path) -> None:
    (workspace / "alias").symlink_to("pkg")
    (workspace / "leak").symlink_to("/etc")
    shadow = opening(rung)
    assert shadow.read("alias/b.py") == b"B = 1\n"
    shadow.write("alias/b.py", b"B = 2\n")
    assert kinds(shadow) == {"pkg/b.py": "modified"}
    assert shadow.read("leak/passwd") is None


def test_a_proof_runs_on_what_is_offered_and_on_nothing_else(rung: str, opening: Opening, workspace: Path) -> None:
    shadow = opening(rung, {"a.py": b"print('unsaved')\n"})
    shadow.write("build/by_hand", b"kept: a hand wrote it\n")
    out(sh(shadow, "mkdir -p build __pycache__; echo x > build/by_command; echo x > __pycache__/forged; rm pkg/b.py"))
    out(sh(shadow, "echo '*.py' >> .gitignore; echo hidden > evil.py"))
    report = shadow.new_report()
    script = 'find . -type f -not -path "./.git/*" | sort > "$0"; cat a.py; echo dirt > dirt; rm tool.sh'
    done = shadow.prove(["/bin/sh", "-c", script, str(report)], timeout_s=20, report=report)
    assert done.stdout == b"print('unsaved')\n"
    assert report.read_text().split() == [
        "./.gitignore",
        "./a.py",
        "./build/by_hand",
        "./evil.py",
        "./pkg/deep/c.py",
        "./tool.sh",
    ]
    assert shadow.read("dirt") is None
    assert shadow.read("tool.sh") is not None
    assert "evil.py" in kinds(shadow), "a rule that a command wrote hides nothing"


def test_caches_of_commands_outlive_their_shadow_enter_no_patch_and_are_not_there_for_a_proof(
    rung: str, opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    first = opening(rung)
    out(sh(first, 'mkdir -p "$XDG_CACHE_HOME/tool"; echo kept > "$XDG_CACHE_HOME/tool/entry"'))
    assert (first.changes(), first.unoffered()) == ((), ())
    first.close()
    second = opening(rung)
    assert out(sh(second, 'cat "$XDG_CACHE_HOME/tool/entry"')) == "kept\n"
    look = ["/bin/sh", "-c", 'test -n "$XDG_CACHE_HOME" && cat "$XDG_CACHE_HOME/tool/entry"']
    assert second.prove(look, timeout_s=20).exit_code != 0
    given = second.run(["/bin/sh", "-c", 'echo "$XDG_CACHE_HOME"'], env={"XDG_CACHE_HOME": "/own"}, timeout_s=20)
    assert given.stdout == b"/own\n"


def test_a_report_is_private_to_its_shadow_and_outside_the_tree(rung: str, opening: Opening, workspace: Path) -> None:
    shadow = opening(rung)
    one, other = shadow.new_report(), shadow.new_report()
    assert one != other
    assert not one.is_relative_to(workspace)
    out(shadow.run(["/bin/sh", "-c", 'echo said >> "$0"', str(one)], timeout_s=20, report=one))
    assert (one.read_text(), other.read_text()) == ("said\n", "")
    if rung != SCRATCH:
        assert sh(shadow, f"test -e {shlex.quote(str(other))}").exit_code == 1


def test_a_command_can_tell_the_view_from_the_workspace(rung: str, opening: Opening, workspace: Path) -> None:
    shadow = opening(rung)
    device, inode = map(int, out(sh(shadow, "stat -c '%d %i' .")).split())
    assert shadow.is_view(device, inode)
    real = workspace.stat()
    assert not shadow.is_view(real.st_dev, real.st_ino)


def test_closing_leaves_no_trace_whatever_modes_a_command_left(rung: str, opening: Opening, tmp_path: Path) -> None:
    shadow = opening(rung)
    sh(shadow, "mkdir -p locked/in; touch locked/in/f; chmod 000 locked/in locked")
    shadow.close()
    shadow.close()
    assert list((tmp_path / "state").iterdir()) == []


def quietly_read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
