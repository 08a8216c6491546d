"""A control group of a command's own, where one can be made: it bounds memory and processes of the whole command.

Both generations of control groups are understood. Whether one can be made is found out by making one; where none can,
the reason is kept and told. A group that a crash left behind is removed by the next one that is made.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import secrets
import signal
import time
from collections.abc import Generator
from pathlib import Path

import msgspec

from bridle.harness.shadow.limits import Limits, disk_watch, memory_watch
from bridle.indexer.process import Completed, Watch, run

CONTROLLERS = ("pids", "memory")
COUNTERS = ("cpuacct",)
"""What only counts: nothing is missing without it."""
EMPTY_S = 2.0
ENTER_S = 5.0
PREFIX = "bridle-"


class Place(msgspec.Struct, frozen=True):
    """A folder in which groups of some controllers can be made, in the files' language of `version`."""

    folder: Path
    version: int
    controllers: tuple[str, ...]


class Cage:
    """The groups of one command. Its first program enters by writing "0" into each of `entries`."""

    def __init__(self, places: tuple[Place, ...], limits: Limits) -> None:
        self._groups: list[tuple[Path, Place]] = []
        name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(6)}"
        try:
            for place in places:
                group = place.folder / name
                group.mkdir()
                self._groups.append((group, place))
                _set_limits(group, place, limits)
        except OSError:
            self.close()
            raise

    @property
    def entries(self) -> tuple[Path, ...]:
        """The files into which a process writes itself."""
        return tuple(group / "cgroup.procs" for group, _ in self._groups)

    @property
    def bounds_memory(self) -> bool:
        """Whether the memory of the whole command is bounded."""
        return any("memory" in place.controllers for _, place in self._groups)

    def hit(self) -> str:
        """Return the limit that the command ran into, "" for none."""
        for group, place in self._groups:
            if "memory" in place.controllers:
                events = group / ("memory.oom_control" if place.version == 1 else "memory.events")
                if _counts(events).get("oom_kill", 0):
                    return "memory"
            if "pids" in place.controllers and _counts(group / "pids.events").get("max", 0):
                return "processes"
        return ""

    def peak_bytes(self) -> int:
        """Return the most memory that the command had at once, 0 where nobody counted."""
        for group, place in self._groups:
            if "memory" in place.controllers:
                name = "memory.max_usage_in_bytes" if place.version == 1 else "memory.peak"
                with contextlib.suppress(OSError, ValueError):
                    return int((group / name).read_text())
        return 0

    def cpu_s(self) -> float:
        """Return the seconds of processor time that the command took, 0 where nobody counted."""
        for group, place in self._groups:
            with contextlib.suppress(OSError, ValueError):
                if place.version == 2:
                    return _counts(group / "cpu.stat").get("usage_usec", 0) / 1e6
                if "cpuacct" in place.controllers:
                    return int((group / "cpuacct.usage").read_text()) / 1e9
        return 0.0

    def close(self) -> None:
        """Kill whoever is still in a group, and remove them."""
        deadline = time.monotonic() + EMPTY_S
        for group, _ in self._groups:
            while not _removed(group) and time.monotonic() < deadline:
                _kill_all(group)
                time.sleep(0.002)


@contextlib.contextmanager
def caged(limits: Limits) -> Generator[Cage | None]:
    """Yield a cage for one command, None where none can be had here."""
    found, _ = usable_places()
    try:
        cage = Cage(found, limits) if found else None
    except OSError:
        cage = None
    try:
        yield cage
    finally:
        if cage is not None:
            cage.close()


def watch_over(folder: Path, limits: Limits, cage: Cage | None) -> Watch:
    """Return what is asked while a command runs on the layers in `folder`: the limit that it went over, if any."""
    disk = disk_watch(folder, limits)
    if cage is not None and cage.bounds_memory:
        return disk
    memory = memory_watch()
    return lambda: disk() or memory()


def with_limits(done: Completed, cage: Cage | None) -> Completed:
    """Return how a command ended with what its cage saw: the limit that it ran into, and the most memory it had."""
    if cage is None:
        return done
    return msgspec.structs.replace(
        done,
        limit=done.limit or cage.hit(),
        peak_bytes=cage.peak_bytes() or done.peak_bytes,
        cpu_s=cage.cpu_s() or done.cpu_s,
    )


@functools.cache
def usable_places() -> tuple[tuple[Place, ...], str]:
    """Return where groups can be made on this machine, tried once, and what cannot be bounded, in words."""
    usable: list[Place] = []
    reasons: list[str] = []
    try:
        named = named_places(Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text())
    except OSError as error:
        return (), f"no control groups: {error.strerror}"
    for place in named:
        _sweep(place.folder)
        try:
            _try(place)
            usable.append(place)
        except OSError as error:
            reasons.append(f"{place.folder} cannot be used: {error.strerror}")
    bounded = {controller for place in usable for controller in place.controllers}
    missing = [controller for controller in CONTROLLERS if controller not in bounded]
    if not missing:
        return tuple(usable), ""
    return tuple(usable), f"no control group for {' and '.join(missing)}" + "".join(f"; {why}" for why in reasons)


def _try(place: Place) -> None:
    """Make a group and let a program enter it. Raises OSError."""
    cage = Cage((place,), Limits(memory_bytes=1 << 30, processes=64))
    try:
        for entry in cage.entries:
            done = run(["/bin/sh", "-c", 'echo 0 > "$0"', str(entry)], env={}, timeout_s=ENTER_S)
            if done.exit_code != 0:
                raise OSError(errno.EPERM, "no program can enter a group there")
    finally:
        cage.close()


def named_places(own: str, mounts: str) -> tuple[Place, ...]:
    """Return where groups could be made: `own` is the text of /proc/self/cgroup, `mounts` of /proc/self/mountinfo.

    In the first generation a group is made below our own; in the second beside it, since a group that hands
    controllers down may hold no process itself.
    """
    found: list[Place] = []
    paths = {part[1]: part[2] for line in own.splitlines() if len(part := line.split(":", 2)) == 3}
    wanted = (*CONTROLLERS, *COUNTERS)
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        mount, kind = left.split(" "), right.split(" ")
        if len(mount) < 5 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        if kind[0] == "cgroup2" and "" in paths:
            ours = _below(mount[4], mount[3], paths[""])
            folder = ours.parent if ours != Path(mount[4]) else ours
            found.append(Place(folder, 2, ()))
        else:
            for names, path in paths.items():
                shared = tuple(name for name in wanted if name in names.split(",") and name in kind[2].split(","))
                if shared:
                    found.append(Place(_below(mount[4], mount[3], path), 1, shared))
    taken = {name for place in found for name in place.controllers}
    return tuple(_settled(place, taken) for place in found if place.version == 1 or _offers(place.folder) - taken)


def _settled(place: Place, taken: set[str]) -> Place:
    if place.version == 1:
        return place
    offered = _offers(place.folder) - taken
    return msgspec.structs.replace(place, controllers=tuple(name for name in CONTROLLERS if name in offered))


def _offers(folder: Path) -> set[str]:
    """Return the controllers that a second-generation folder hands down to the groups in it."""
    try:
        return set((folder / "cgroup.subtree_control").read_text().split()) & set(CONTROLLERS)
    except OSError:
        return set()


def _below(point: str, root: str, path: str) -> Path:
    inside = path.removeprefix(root) if path.startswith(root) and root != "/" else path
    return Path(point) / inside.lstrip("/")


def _set_limits(group: Path, place: Place, limits: Limits) -> None:
    if "pids" in place.controllers:
        (group / "pids.max").write_text(str(limits.processes))
    if "memory" in place.controllers and place.version == 1:
        (group / "memory.limit_in_bytes").write_text(str(limits.memory_bytes))
        with contextlib.suppress(OSError):  # where swap is counted
            (group / "memory.memsw.limit_in_bytes").write_text(str(limits.memory_bytes))
    elif "memory" in place.controllers:
        (group / "memory.max").write_text(str(limits.memory_bytes))
        with contextlib.suppress(OSError):  # where there is no swap
            (group / "memory.swap.max").write_text("0")


def _counts(path: Path) -> dict[str, int]:
    try:
        pairs = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _kill_all(group: Path) -> None:
    with contextlib.suppress(OSError):
        for pid in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def _removed(group: Path) -> bool:
    try:
        group.rmdir()
    except OSError as error:
        return error.errno != errno.EBUSY
    return True


def _sweep(folder: Path) -> None:
    """Remove empty groups whose maker is dead."""
    with contextlib.suppress(OSError):
        for group in folder.glob(f"{PREFIX}*"):
            maker = group.name.split("-")[1]
            if maker.isdecimal() and not Path("/proc", maker).exists():
                with contextlib.suppress(OSError):
                    group.rmdir()
