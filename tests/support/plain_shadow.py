"""A shadow without any sandbox: every run gets a fresh copy of the tree. It keeps the door's promises but isolation."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from bridle.harness.shadow.contract import NOTHING, Access, Change, Passage, Standing
from bridle.indexer.digest import digest, digest_of_parts
from bridle.indexer.files import TreeCache, TreeState
from bridle.indexer.process import CAP_BYTES, Cancel, Completed, run

ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
LINKED = (".venv", "venv", ".git")


class PlainShadow:
    """The fake beside the real rungs."""

    rung = "plain copy"
    declined: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()

    def __init__(self, workspace: Path, folder: Path, env: Mapping[str, str] = {}) -> None:
        self.workspace = workspace.resolve()
        self._folder = folder.resolve()
        self._env = {**ENVIRONMENT, "HOME": str(self._folder / "home"), **env}
        self._written: dict[str, bytes | None] = {}
        self._cache = TreeCache(self.workspace)
        self._opened = self._cache.digest()
        self._roots: list[tuple[int, int]] = []
        self.seconds: list[float] = []

    @property
    def root(self) -> Path:
        return self._folder / "copy"

    @property
    def n_runs(self) -> int:
        return len(self._roots)

    def read(self, path: str) -> bytes | None:
        if path in self._written:
            return self._written[path]
        place = self.workspace / path
        return place.read_bytes() if place.is_file() else None

    def write(self, path: str, data: bytes | None, executable: bool | None = None) -> None:
        self._written[path] = data

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] = {},
        timeout_s: float,
        report: Path | None = None,
        cancel: Cancel | None = None,
        cap_bytes: int = CAP_BYTES,
        access: Access = NOTHING,
    ) -> Completed:
        raise NotImplementedError("checks only prove")

    def prove(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] = {},
        timeout_s: float,
        report: Path | None = None,
        cancel: Cancel | None = None,
        cap_bytes: int = CAP_BYTES,
        access: Access = NOTHING,
    ) -> Completed:
        self._copy()
        try:
            done = run(
                argv, cwd=self.root, env={**self._env, **env}, timeout_s=timeout_s, cancel=cancel, cap_bytes=cap_bytes
            )
            self.seconds.append(done.seconds)
            return done
        finally:
            shutil.rmtree(self.root)

    def changes(self) -> tuple[Change, ...]:
        found: list[Change] = []
        for path, data in sorted(self._written.items()):
            there = (self.workspace / path).is_file()
            if data is None and there:
                found.append(Change(path, "deleted"))
            elif data is not None and not there:
                found.append(Change(path, "created"))
            elif data is not None and (self.workspace / path).read_bytes() != data:
                found.append(Change(path, "modified"))
        return tuple(found)

    def unoffered(self) -> tuple[Change, ...]:
        return ()

    def tree(self) -> TreeState:
        files = dict(self._cache.digest().files)
        for path, data in self._written.items():
            files.pop(path, None)
            if data is not None:
                files[path] = digest(data)
        return TreeState(digest_of_parts(part for pair in sorted(files.items()) for part in pair), files)

    def standing(self) -> Standing:
        now = self._cache.digest().files
        return Standing(self.tree(), tuple(sorted({path for path, _ in now.items() ^ self._opened.files.items()})))

    def is_view(self, device: int, inode: int) -> bool:
        return (device, inode) in self._roots

    def new_report(self) -> Path:
        path = self._folder / secrets.token_hex(16)
        path.touch(0o600)
        return path

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _copy(self) -> None:
        shutil.copytree(self.workspace, self.root, symlinks=True, ignore=shutil.ignore_patterns(*LINKED))
        for name in LINKED:
            if (self.workspace / name).exists():
                (self.root / name).symlink_to(self.workspace / name)
        for path, data in self._written.items():
            place = self.root / path
            place.unlink(missing_ok=True)
            if data is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
        state = self.root.stat()
        self._roots.append((state.st_dev, state.st_ino))
