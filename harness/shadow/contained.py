"""Shows two layers to a command in a container: for machines that have an engine and no namespaces of their own.

The person names engine and image in their own settings; nothing is pulled or built here beyond what the engine does by
itself. The copy of the tree is mounted at the workspace's own path, what is sealed lies over it read-only, and the
rest of the file system is the image's. A container has no doors: it cannot be granted ports or hosts.
"""

from __future__ import annotations

import csv
import io
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.contract import Command, RungName
from bridle.harness.shadow.copied import Copied
from bridle.harness.shadow.environment import SYSTEM_PATH, environment_of
from bridle.harness.shadow.layered import SCRATCH, SEALED
from bridle.harness.shadow.limits import Limits, disk_watch
from bridle.harness.shadow.sandbox import system_tool
from bridle.indexer.process import Completed, run

Engine = Literal["podman", "docker"]
PLUGINS = Path(__file__).parent.parent / "verify" / "plugins"
ENGINE_FAILED = 125
REMOVE_S = 20.0
CLIENT = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_HOST", "CONTAINER_HOST")
"""What an engine's client needs of our environment. None of it reaches the command."""
OF_THE_IMAGE = frozenset((*CLIENT, "PATH", "TMPDIR", "USER", "LOGNAME"))


class Container(msgspec.Struct, frozen=True):
    """The engine and the image that the person chose."""

    engine: Engine
    image: str


class Contained(Copied):
    """The container rung."""

    rung: RungName = "container"
    links_sealed = False

    def __init__(self, workspace: Path, limits: Limits, container: Container) -> None:
        super().__init__(workspace, limits)
        self._container = container

    def root(self, folder: Path) -> Path:
        """Return the workspace's own path."""
        return self._workspace

    def _run(self, folder: Path, copy: Path, command: Command, private: Mapping[str, str]) -> Completed:
        if command.access.ports or command.access.hosts:
            raise UserProblem(
                "a container cannot be granted ports or hosts", "use a rung with namespaces for this check"
            )
        engine = system_tool(self._container.engine)
        name = f"bridle-{secrets.token_hex(8)}"
        environment = environment_of(command, self._workspace, {})
        inside = {key: value for key, value in environment.items() if key not in OF_THE_IMAGE or key in command.env}
        client = {key: os.environ[key] for key in CLIENT if key in os.environ} | {"PATH": SYSTEM_PATH}
        ended = False
        try:
            done = run(
                [engine, *self.arguments(name, copy, command, inside), self._container.image, *command.argv],
                cwd="/",
                env={**inside, **client},
                timeout_s=command.timeout_s,
                cancel=command.cancel,
                cap_bytes=command.cap_bytes,
                watch=disk_watch(folder, self._limits),
            )
            ended = done.exit_code not in (None, ENGINE_FAILED)
            return done
        finally:
            if not ended:
                run([engine, "rm", "--force", name], env=client, timeout_s=REMOVE_S)

    def arguments(self, name: str, copy: Path, command: Command, inside: Mapping[str, str]) -> list[str]:
        """Return what the engine is told before the image. Values of variables are not told: it has them of us."""
        limits = self._limits
        words = ["run", "--rm", "--init", "--name", name, "--network", "none", "--read-only", "--cap-drop", "ALL"]
        words += ["--security-opt", "no-new-privileges", "--pids-limit", str(limits.processes)]
        words += ["--memory", f"{limits.memory_bytes}b", "--ulimit", "core=0", "--ulimit", f"fsize={limits.file_bytes}"]
        words += [
            "--ulimit",
            f"nofile={limits.open_files}",
            "--tmpfs",
            f"/tmp:rw,size={limits.scratch_bytes},mode=1777",  # noqa: S108 - its own
        ]
        words += ["--user", f"{os.getuid()}:{os.getgid()}"]
        words += ["--userns", "keep-id"] if self._container.engine == "podman" and os.geteuid() else []
        words += ["--workdir", str(self._workspace), "--env", "HOME=/tmp", "--env", "TMPDIR=/tmp"]
        words += [word for key in sorted(inside) for word in ("--env", key)]
        return [*words, *self._mounts(copy, command)]

    def _mounts(self, copy: Path, command: Command) -> list[str]:
        sealed = [path for name in SEALED if (path := self._workspace / name).exists()]
        shown = [*sealed, PLUGINS, *(path for path in command.access.readable if path.exists())]
        written = [path for path in (command.report, command.volume) if path is not None]
        mounts = [_mount(copy, self._workspace, read_only=False)]
        mounts += [_mount(path, path, read_only=True) for path in shown]
        mounts += [_mount(path, path, read_only=False) for path in written]
        scratch = [folder for name in SCRATCH if (folder := self._workspace / name).is_dir()]
        mounts += [f"type=tmpfs,target={folder}" for folder in scratch if "," not in str(folder)]
        return [word for mount in mounts for word in ("--mount", mount)]


def _mount(source: Path, target: Path, *, read_only: bool) -> str:
    """Return a mount as engines read it: fields of a line of CSV, so that no path can be taken for two."""
    fields: Sequence[str] = ["type=bind", f"source={source}", f"target={target}", *(["readonly"] if read_only else [])]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()
