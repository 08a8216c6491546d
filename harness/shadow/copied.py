"""Shows two layers to a command as a plain copy of the tree: the last rung, for machines without overlay mounts.

The copy protects the workspace from what a command does in its own folder, and from nothing else: home, network and
absolute paths stay open, and `probe` says so. Its virtual environments are the workspace's own, so an editable
install imports the original tree: checks on this rung report where every module came from.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Mapping
from pathlib import Path

from bridle.harness.shadow.cage import caged, watch_over, with_limits
from bridle.harness.shadow.contract import Command, Passage, RungName
from bridle.harness.shadow.environment import environment_of
from bridle.harness.shadow.layered import SEALED
from bridle.harness.shadow.layers import Layers
from bridle.harness.shadow.limits import Limits, figures, usual_limits
from bridle.harness.shadow.modules import MODULES, link_modules
from bridle.harness.shadow.removal import remove_tree
from bridle.harness.shadow.trees import ground, hidden_paths
from bridle.indexer.process import Completed, run

COPY = "copy"
"""Its name in a shadow's own folder; it is the one folder that is taken away after a command."""
REAPER = Path(__file__).with_name("reaper.py")
LINKED = tuple(name for name in SEALED if name not in (".git", MODULES))

Stamp = tuple[int, int, int, int]


class Copied:
    """The scratch copy."""

    rung: RungName = "scratch copy"
    links_sealed = True
    """Whether virtual environments and the like are links in the copy; else they are mounted over it."""

    def __init__(self, workspace: Path, limits: Limits | None = None) -> None:
        self.passages: list[Passage] = []
        self._workspace = workspace
        self._limits = limits or usual_limits()
        self._last = (0, 0)

    def root(self, folder: Path) -> Path:
        """Return where a command sees the tree: here, the folder of the copy."""
        return folder / COPY

    def is_view(self, folder: Path, device: int, inode: int) -> bool:
        """Tell whether a reported root is the last copy that was made."""
        return (device, inode) == self._last

    def execute(self, folder: Path, command: Command, *, keep: bool) -> Completed:
        """Copy the tree, run the command in the copy, take over what it changed if it is to be kept."""
        copy = folder / COPY
        home = folder / "home"
        home.mkdir(exist_ok=True)
        layers = Layers(self._workspace, folder / "upper")
        private = {"HOME": str(home), "TMPDIR": str(home)}
        try:
            before = self._materialise(layers, copy)
            done = self._run(folder, copy, command, private)
            if keep:
                _absorb(layers, copy, before)
            return done
        finally:
            remove_tree(copy)

    def _run(self, folder: Path, copy: Path, command: Command, private: Mapping[str, str]) -> Completed:
        with caged(self._limits) as cage:
            entries = [] if cage is None else [str(entry) for entry in cage.entries]
            reaper = [sys.executable, "-I", "-S", str(REAPER), str(len(entries)), *entries]
            done = run(
                [*reaper, *figures(self._limits), *command.argv],
                cwd=copy,
                env=environment_of(command, self._workspace, private),
                timeout_s=command.timeout_s,
                cancel=command.cancel,
                cap_bytes=command.cap_bytes,
                watch=watch_over(folder, self._limits, cage),
            )
            return with_limits(done, cage)

    def _materialise(self, layers: Layers, copy: Path) -> dict[str, Stamp]:
        """Write the merged tree to `copy`; return what each file looked like."""
        copy.mkdir(0o700)
        self._last = (copy.stat().st_dev, copy.stat().st_ino)
        scan = layers.scan()
        below = ground(self._workspace).state().files
        above = {*scan.files, *scan.links, *scan.folders}
        for path in sorted((below.keys() - set(hidden_paths(below, scan))) | above):
            _place(layers.upper / path if path in above else self._workspace / path, copy / path)
        if self.links_sealed:
            for name in LINKED:
                if (self._workspace / name).is_dir() and not os.path.lexists(copy / name):
                    (copy / name).symlink_to(self._workspace / name)
            link_modules(self._workspace, copy, below)
        return _stamps(copy)


def _place(source: Path, target: Path) -> None:
    """Copy an entry, if it is still there and may be read by the person; a folder without its content."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError, PermissionError):
        if source.is_dir() and not source.is_symlink():
            target.mkdir(exist_ok=True)
        else:
            shutil.copy2(source, target, follow_symlinks=False)


def _absorb(layers: Layers, copy: Path, before: Mapping[str, Stamp]) -> None:
    after = _stamps(copy)
    for path in sorted(before.keys() - after.keys()):
        layers.absorb(path, None)
    for path in sorted(after):
        if before.get(path) != after[path]:
            layers.absorb(path, copy / path)


def _stamps(copy: Path) -> dict[str, Stamp]:
    """Return path → what a change of that entry changes; a folder counts as there or not."""
    found: dict[str, Stamp] = {}
    for folder, folders, names in os.walk(copy):
        if Path(folder) == copy:
            folders[:] = [name for name in folders if name not in SEALED]
        for name in (*folders, *names):
            path = Path(folder, name)
            state = path.lstat()
            if stat.S_ISDIR(state.st_mode):
                found[path.relative_to(copy).as_posix()] = (0, 0, state.st_ino, stat.S_IFDIR)
            elif stat.S_ISREG(state.st_mode) or stat.S_ISLNK(state.st_mode):
                stamp = (state.st_size, state.st_ctime_ns, state.st_ino, state.st_mode)
                found[path.relative_to(copy).as_posix()] = stamp
    return found
