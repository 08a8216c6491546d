"""Programs are started with what they are handed, stopped in time, and leave nobody behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.indexer.process import run, spawn, spawn_async
from bridle.indexer.streams import CappedOutput

ENV = {"PATH": "/usr/bin:/bin"}


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        os.sched_yield()
    return True


def test_a_program_gets_its_arguments_its_input_and_nothing_but_its_environment(tmp_path: Path) -> None:
    script = 'cat; printf "%s|" "$0" "$@"; pwd; env; echo oops >&2; exit 3'
    done = run(
        ["/bin/sh", "-c", script, "a b", "$HOME;`x`"],
        cwd=tmp_path,
        env={**ENV, "ONLY": "this"},
        timeout_s=10,
        stdin=b"typed\n",
    )
    lines = done.stdout.decode().splitlines()
    assert lines[:2] == ["typed", f"a b|$HOME;`x`|{tmp_path}"]
    assert {line.split("=")[0] for line in lines[2:]} <= {"PATH", "ONLY", "PWD", "OLDPWD", "SHLVL", "_"}
    assert done.stderr == b"oops\n"
    assert (done.exit_code, done.timed_out, done.cancelled, done.truncated) == (3, False, False, False)


def test_without_input_a_program_reads_an_end_and_not_ours() -> None:
    assert run(["/bin/cat"], env=ENV, timeout_s=10).stdout == b""


def test_a_megabyte_of_input_and_output_pass_each_other_without_a_deadlock() -> None:
    data = os.urandom(1 << 20)
    assert run(["/bin/cat"], env=ENV, timeout_s=20, stdin=data, cap_bytes=1 << 22).stdout == data


def test_a_program_that_does_not_read_its_input_is_no_error() -> None:
    assert run(["/bin/true"], env=ENV, timeout_s=10, stdin=b"x" * (1 << 20)).exit_code == 0


def test_a_missing_program_is_an_error_that_a_caller_can_catch() -> None:
    with pytest.raises(FileNotFoundError):
        run(["/nonexistent/tool"], env=ENV, timeout_s=1)


def test_a_signal_shows_as_a_negative_exit_code() -> None:
    assert run(["/bin/sh", "-c", "kill -SEGV $$"], env=ENV, timeout_s=10).exit_code == -signal.SIGSEGV


def test_a_timeout_is_kept_and_what_was_printed_before_it_is_too() -> None:
    done = run(["/bin/sh", "-c", "echo begun; sleep 60"], env=ENV, timeout_s=0.3)
    assert done.timed_out
    assert done.exit_code is None
    assert done.stdout == b"begun\n"
    assert done.seconds < 5


@pytest.mark.slow
def test_a_program_that_ignores_the_request_to_end_is_killed() -> None:
    done = run(["/bin/sh", "-c", "trap '' TERM; echo $$; while :; do sleep 1; done"], env=ENV, timeout_s=0.3)
    assert done.timed_out
    assert gone_within(int(done.stdout), 5)


def test_a_cancelled_program_stops_at_once() -> None:
    cancel = threading.Event()
    timer = threading.Timer(0.2, cancel.set)
    timer.start()
    done = run(["/bin/sleep", "60"], env=ENV, timeout_s=60, cancel=cancel)
    timer.join()
    assert (done.cancelled, done.timed_out, done.exit_code) == (True, False, None)
    assert done.seconds < 5


def test_the_whole_group_is_dead_when_the_leader_has_ended() -> None:
    done = run(["/bin/sh", "-c", "sleep 60 & echo $!"], env=ENV, timeout_s=30)
    assert done.exit_code == 0
    assert done.seconds < 5, "the child held the pipe, and the call waited for it"
    assert gone_within(int(done.stdout), 5)


def test_a_stranger_that_left_the_group_and_holds_the_pipes_does_not_hang_the_call() -> None:
    done = run(["/bin/sh", "-c", "setsid sh -c 'echo $$; exec sleep 60' & sleep 0.2"], env=ENV, timeout_s=30)
    os.kill(int(done.stdout), signal.SIGKILL)
    assert done.seconds < 5


def test_a_stranger_that_never_stops_writing_does_not_hang_the_call() -> None:
    done = run(["/bin/sh", "-c", "setsid sh -c 'echo $$; exec yes' & sleep 0.2"], env=ENV, timeout_s=30)
    os.kill(int(done.stdout.split(b"\n", 1)[0]), signal.SIGKILL)
    assert done.truncated
    assert done.seconds < 5


def test_endless_output_costs_bounded_memory_and_keeps_both_ends() -> None:
    script = "print('first'); print('x' * 50_000_000); print('last')"
    done = run([sys.executable, "-I", "-c", script], env=ENV, timeout_s=60, cap_bytes=4096)
    assert done.truncated
    assert done.stdout.startswith(b"first\nxxx")
    assert done.stdout.endswith(b"xxx\nlast\n")
    assert len(done.stdout) < 4096 + 100


@given(st.lists(st.binary(max_size=40)), st.integers(1, 40))
def test_capped_output_is_the_whole_or_its_two_ends_with_an_exact_count(pieces: list[bytes], half: int) -> None:
    output = CappedOutput(2 * half)
    for piece in pieces:
        output.feed(piece)
    whole = b"".join(pieces)
    if len(whole) <= 2 * half:
        assert output.value() == whole
        assert not output.truncated
    else:
        gap = b"\n[... %d bytes left out ...]\n" % (len(whole) - 2 * half)
        assert output.value() == whole[:half] + gap + whole[-half:]
        assert output.truncated


def test_a_limit_that_is_watched_ends_the_program_and_is_named(tmp_path: Path) -> None:
    full = tmp_path / "full"
    done = run(
        ["/bin/sh", "-c", "touch full; sleep 30"],
        cwd=tmp_path,
        env=ENV,
        timeout_s=30,
        watch=lambda: "disk" if full.exists() else "",
    )
    assert (done.limit, done.exit_code, done.timed_out) == ("disk", None, False)
    assert done.seconds < 10


def test_what_a_program_used_is_told() -> None:
    eat = "import sys; kept = bytearray(64 << 20); sum(range(3_000_000))"
    done = run([sys.executable, "-I", "-S", "-c", eat], env=ENV, timeout_s=30)
    assert done.cpu_s > 0.01
    assert 64 << 20 < done.peak_bytes < 1 << 30


def test_only_the_descriptors_that_are_handed_over_reach_the_program(tmp_path: Path) -> None:
    with (tmp_path / "kept").open("w") as kept, (tmp_path / "other").open("w") as other:
        os.set_inheritable(other.fileno(), True)
        done = run(["/bin/ls", "-l", "/proc/self/fd"], env=ENV, timeout_s=10, pass_fds=[kept.fileno()])
    assert b"kept" in done.stdout
    assert b"other" not in done.stdout


def test_no_descriptor_is_left_open() -> None:
    before = set(Path("/proc/self/fd").iterdir())
    run(["/bin/cat"], env=ENV, timeout_s=10, stdin=b"x")
    run(["/bin/sleep", "60"], env=ENV, timeout_s=0.1)
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_a_child_answers_over_its_pipes_until_it_is_killed_with_its_group(tmp_path: Path) -> None:
    script = "sleep 60 & echo $!; echo complaint >&2; exec cat"
    child = spawn(["/bin/sh", "-c", script], env=ENV, cwd=tmp_path, log=tmp_path / "log")
    grandchild = int(child.stdout.readline())
    child.stdin.write(b"ping\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"ping\n"
    assert child.wait(0.05) is None
    child.kill()
    child.kill()
    assert child.exit_code == -signal.SIGKILL
    assert gone_within(grandchild, 5)
    assert (tmp_path / "log").read_bytes() == b"complaint\n"


async def test_an_asynchronous_child_writes_its_complaints_to_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = await spawn_async(["/bin/sh", "-c", "echo complaint >&2; exec cat"], env=ENV, log=log)
    out, _ = await asyncio.wait_for(process.communicate(b"ping"), 10)
    assert (out, process.returncode, log.read_bytes()) == (b"ping", 0, b"complaint\n")
