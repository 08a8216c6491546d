"""How much a command may take: of memory, processes, disk and time on the processor's list. Plain figures.

Memory and processes are those of the whole command where a control group can be had (`harness/shadow/cage.py`), and
those of each process, or of the user, where only the kernel's per-process limits can.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import msgspec

MEBIBYTE = 1 << 20
SMALL_BYTES = 256 * MEBIBYTE
"""What a hidden folder may take of memory once a command writes there; /tmp has a figure of its own."""
PROCESSES_A_CORE = 64
DISK_LEFT_TENTHS = 1
MEMORY_LEFT_BYTES = 512 * MEBIBYTE


class Limits(msgspec.Struct, frozen=True):
    """What one command may take; `disk_bytes` is what its shadow may hold, `scratch_bytes` the size of its /tmp."""

    memory_bytes: int
    processes: int
    file_bytes: int = 4096 * MEBIBYTE
    disk_bytes: int = 8192 * MEBIBYTE
    scratch_bytes: int = 1024 * MEBIBYTE
    open_files: int = 4096


def usual_limits() -> Limits:
    """Return limits that leave the person's machine usable: half of its memory, and processes by its cores."""
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2 // MEBIBYTE * MEBIBYTE
    return Limits(memory_bytes=max(half, 1024 * MEBIBYTE), processes=max(256, PROCESSES_A_CORE * (os.cpu_count() or 1)))


def figures(limits: Limits) -> list[str]:
    """Return what prlimit(1) is told of the limits of each process; none is more than we may have ourselves.

    The number of processes is the user's, counted where the limit was set: in a namespace, of that namespace alone.
    """
    wanted = {
        "core": (resource.RLIMIT_CORE, 0),
        "data": (resource.RLIMIT_DATA, limits.memory_bytes),
        "fsize": (resource.RLIMIT_FSIZE, limits.file_bytes),
        "nofile": (resource.RLIMIT_NOFILE, limits.open_files),
        "nproc": (resource.RLIMIT_NPROC, limits.processes),
    }
    told: list[str] = []
    for name, (kind, figure) in wanted.items():
        hard = resource.getrlimit(kind)[1]
        told.append(f"--{name}={figure if hard == resource.RLIM_INFINITY else min(figure, hard)}")
    return told


def disk_watch(folder: Path, limits: Limits) -> Callable[[], str]:
    """Return what tells "disk" once `folder` holds more than it may, or the disk below it is nearly full.

    The disk's own count is looked at every time, for it costs nothing; only what it shows makes us count files.
    """
    begun = os.statvfs(folder)
    floor = begun.f_bavail * DISK_LEFT_TENTHS // 10
    seen = begun.f_bfree

    def look() -> str:
        nonlocal seen
        now = os.statvfs(folder)
        if now.f_bavail < floor:
            return "disk"
        if (seen - now.f_bfree) * now.f_frsize <= limits.disk_bytes // 8:
            return ""
        seen = now.f_bfree
        return "disk" if size_bytes(folder) > limits.disk_bytes else ""

    return look


def memory_watch() -> Callable[[], str]:
    """Return what tells "memory" once the machine has hardly any left: for where nothing else bounds the whole."""

    def look() -> str:
        return "memory" if 0 <= _available_bytes() < MEMORY_LEFT_BYTES else ""

    return look


def size_bytes(folder: Path) -> int:
    """Return what a folder takes on disk, with all that is below it."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_blocks * 512  # noqa: PTH118 - no object per file
            except OSError:
                continue
    return total


def _available_bytes() -> int:
    try:
        text = Path("/proc/meminfo").read_text("ascii", "replace")
        return int(text.partition("MemAvailable:")[2].split(maxsplit=1)[0]) * 1024
    except (OSError, ValueError, IndexError):
        return -1
