"""What a command may take is bounded: memory, processes, disk, files, output and time, and what it ran into is told."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from bridle.harness.shadow.cage import Cage, Place, named_places, usable_places
from bridle.harness.shadow.limits import disk_watch, size_bytes, usual_limits
from bridle.harness.shadow.shadow import Limits, Shadow
from bridle.indexer.process import Completed

Opening = Callable[..., Shadow]
SCRATCH = "scratch copy"
MEBIBYTE = 1 << 20
SMALL = Limits(
    memory_bytes=256 * MEBIBYTE,
    processes=64,
    file_bytes=MEBIBYTE,
    disk_bytes=24 * MEBIBYTE,
    scratch_bytes=8 * MEBIBYTE,
)
BOUNDED = {controller for place in usable_places()[0] for controller in place.controllers}
"""What control groups bound here."""


def python(shadow: Shadow, code: str, timeout_s: float = 60) -> Completed:
    return shadow.run([sys.executable, "-I", "-S", "-c", code], timeout_s=timeout_s)


@pytest.mark.slow
def test_three_hundred_children_are_too_many(rung: str, opening: Opening) -> None:
    if rung == SCRATCH and "pids" not in BOUNDED:
        pytest.skip("a gap: without a control group nothing bounds the processes of a copy")
    if os.geteuid() == 0 and "pids" not in BOUNDED:
        pytest.skip("a gap: nothing but a control group bounds root's processes")
    fork = """
import os, time
started = 0
for _ in range(300):
    try:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
    except OSError as error:
        print(started, error.errno)
        break
    started += 1
else:
    print(started, "all")
"""
    shadow = opening(rung, limits=SMALL)
    done = python(shadow, fork)
    started, why = done.stdout.split()
    assert (int(started) < 64, why) == (True, b"11")
    assert done.seconds < 20
    if "pids" in BOUNDED:
        assert done.limit == "processes"
    assert shadow.run(["/bin/true"], timeout_s=20).exit_code == 0, "the next command finds room"


@pytest.mark.slow
def test_a_fork_bomb_ends_with_its_command(rung: str, opening: Opening) -> None:
    if "pids" not in BOUNDED:
        pytest.skip("a gap: see the test of three hundred children")
    marker = f"bomb{os.getpid()}"
    bomb = f"""
import os, time  # {marker}
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
"""
    done = python(opening(rung, limits=SMALL), bomb, timeout_s=2)
    assert done.timed_out
    assert done.seconds < 10
    left = [path for path in Path("/proc").glob("[0-9]*/cmdline") if marker.encode() in quietly_read(path)]
    assert left == []


@pytest.mark.slow
@pytest.mark.parametrize("with_groups", [True, False])
def test_a_command_that_is_ended_while_it_is_being_set_up_leaves_nobody(
    rung: str, opening: Opening, monkeypatch: pytest.MonkeyPatch, with_groups: bool
) -> None:
    """Time-outs of all lengths hit every stage of the way into a sandbox."""
    if not with_groups:
        monkeypatch.setattr("bridle.harness.shadow.cage.usable_places", lambda: ((), "none for this test"))
    shadow = opening(rung)
    marker = f"early-{os.getpid()}-{os.urandom(4).hex()}"
    for number in range(20):
        script = "trap '' TERM; setsid sleep 64 & sleep 64"
        shadow.run(["/bin/sh", "-c", script], env={"EARLY_MARKER": marker}, timeout_s=number * 0.004)
    left = [path for path in Path("/proc").glob("[0-9]*/environ") if marker.encode() in quietly_read(path)]
    assert left == []


@pytest.mark.slow
def test_a_process_gets_no_more_memory_than_its_command_may_have(rung: str, opening: Opening) -> None:
    eat = "kept = []\nwhile True:\n    kept.append(bytearray(16 << 20))"
    done = python(opening(rung, limits=SMALL), eat)
    assert done.exit_code not in (0, None)
    assert done.limit == "memory" or b"MemoryError" in done.stderr
    assert done.peak_bytes < 400 * MEBIBYTE


@pytest.mark.slow
def test_many_processes_together_get_no_more_memory_than_one(rung: str, opening: Opening) -> None:
    if "memory" not in BOUNDED:
        pytest.skip("a gap: without a control group memory is bounded process by process")
    eat = """
import os, time
for _ in range(8):
    if os.fork() == 0:
        kept = bytearray(os.urandom(1) * (100 << 20))
        time.sleep(1)
        os._exit(0)
for _ in range(8):
    os.wait()
"""
    done = python(opening(rung, limits=SMALL), eat, timeout_s=20)
    assert done.limit == "memory"
    assert done.peak_bytes <= SMALL.memory_bytes


@pytest.mark.slow
def test_a_file_has_a_largest_size(rung: str, opening: Opening) -> None:
    shadow = opening(rung, limits=SMALL)
    done = shadow.run(["/bin/dd", "if=/dev/zero", "of=big", "bs=1M", "count=64"], timeout_s=30)
    assert done.exit_code != 0
    assert len(shadow.read("big") or b"") <= MEBIBYTE


@pytest.mark.slow
def test_a_command_that_fills_the_disk_is_ended_and_told(rung: str, opening: Opening, tmp_path: Path) -> None:
    fill = """
number = 0
while True:
    open(f"fill{number}", "wb").write(b"x" * (1 << 20))
    number += 1
"""
    done = python(opening(rung, limits=SMALL), fill)
    assert (done.limit, done.exit_code) == ("disk", None)
    assert size_bytes(tmp_path / "state") < 2048 * MEBIBYTE


@pytest.mark.slow
def test_the_temporary_folder_has_a_size(rung: str, opening: Opening) -> None:
    if rung == SCRATCH:
        pytest.skip("a gap: a copy's temporary files lie on the disk, where their sum is watched")
    fill = """
try:
    for number in range(100):
        open(f"/tmp/fill{number}", "wb").write(b"x" * (1 << 20))
except OSError as error:
    print(number, error.errno)
"""
    number, why = python(opening(rung, limits=SMALL), fill).stdout.split()
    assert (int(number) <= 8, why) == (True, b"28")


@pytest.mark.slow
def test_a_flood_of_output_does_not_grow_our_memory(rung: str, opening: Opening) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = opening(rung).run(["/bin/dd", "if=/dev/zero", "bs=1M", "count=1024"], timeout_s=120)
    grown_bytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert (done.exit_code, done.truncated) == (0, True)
    assert len(done.stdout) < 200 * 1024
    assert b"[... " in done.stdout
    assert grown_bytes < 16 * MEBIBYTE


@pytest.mark.slow
def test_what_a_command_used_is_told(rung: str, opening: Opening) -> None:
    done = python(opening(rung), "kept = bytearray(b'x' * (80 << 20)); sum(range(3_000_000))")
    assert (done.exit_code, done.limit) == (0, "")
    assert done.peak_bytes > 64 * MEBIBYTE
    if os.geteuid() == 0 and BOUNDED:
        assert done.cpu_s > 0.02


def test_usual_limits_leave_room_for_the_person() -> None:
    limits = usual_limits()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert limits.memory_bytes <= max(memory // 2, 1024 * MEBIBYTE)
    assert limits.processes >= 256


def test_the_disk_is_counted_only_when_it_grew(tmp_path: Path) -> None:
    look = disk_watch(tmp_path, msgspec.structs.replace(SMALL, disk_bytes=4 * MEBIBYTE))
    assert look() == ""
    (tmp_path / "much").write_bytes(b"x" * (9 * MEBIBYTE))
    os.sync()
    assert look() == "disk"


def test_control_groups_of_both_generations_are_found() -> None:
    first = named_places(
        "8:pids:/\n4:cpu,memory:/user/7\n2:cpuacct:/\n1:name=systemd:/\n",
        "32 31 0:29 / /sys/fs/cgroup/cpu,memory rw,relatime - cgroup cgroup rw,cpu,memory\n"
        "33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct\n"
        "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n",
    )
    assert first == (
        Place(Path("/sys/fs/cgroup/cpu,memory/user/7"), 1, ("memory",)),
        Place(Path("/sys/fs/cgroup/cpuacct"), 1, ("cpuacct",)),
        Place(Path("/sys/fs/cgroup/pids"), 1, ("pids",)),
    )
    assert named_places("", "garbage\n\n") == ()


def test_in_the_second_generation_a_group_stands_beside_our_own(tmp_path: Path) -> None:
    (tmp_path / "slice" / "editor").mkdir(parents=True)
    (tmp_path / "slice" / "cgroup.subtree_control").write_text("cpu memory pids\n")
    mounts = f"30 23 0:26 / {tmp_path} rw - cgroup2 cgroup2 rw\n"
    (place,) = named_places("0::/slice/editor\n", mounts)
    assert place == Place(tmp_path / "slice", 2, ("pids", "memory"))
    cage = Cage((place,), SMALL)
    (entry,) = cage.entries
    assert (entry.parent / "pids.max").read_text() == "64"
    assert (entry.parent / "memory.max").read_text() == str(256 * MEBIBYTE)
    (entry.parent / "pids.events").write_text("max 3\n")
    assert cage.hit() == "processes"
    (entry.parent / "memory.events").write_text("low 0\noom_kill 1\n")
    (entry.parent / "memory.peak").write_text("4096\n")
    assert (cage.hit(), cage.peak_bytes()) == ("memory", 4096)
    (tmp_path / "slice" / "cgroup.subtree_control").write_text("cpu\n")
    assert named_places("0::/slice/editor\n", mounts) == ()


def quietly_read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
