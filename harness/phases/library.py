"""The workflows of one workspace: those that ship with us, the person's own, and the project's once it is trusted.

A file is read again when it changed. One that cannot be used leaves the last good one standing, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.phases.definition import Workflow
from bridle.harness.phases.validity import objections
from bridle.harness.tomlfile import line_of, read_toml

FOLDER = ".bridle/workflows"
MAX_FILES = 100
SHIPPED = ("edit", "fix", "feature", "test", "document", "explain", "review", "triage")


class Known(msgspec.Struct, frozen=True):
    """A workflow by its name; `path` is "" for one that ships. `problem` says why its newest text is not used."""

    name: str
    workflow: Workflow
    path: str = ""
    problem: str = ""


class _Read(msgspec.Struct, frozen=True):
    """One file as it was read last: when it changed, what is good, what is wrong."""

    stamp: tuple[int, int]
    workflow: Workflow | None
    problem: UserProblem | None


class Library:
    """Workflows by name. `own` is the folder of the person's own files."""

    def __init__(self, root: Path, own: Path, trusted: Callable[[], bool]) -> None:
        self._root = root
        self._own = own
        self._trusted = trusted
        self._read: dict[Path, _Read] = {}

    def get(self, name: str) -> Workflow:
        """Return a workflow. Raises UserProblem: there is none of that name, or none of it can be used."""
        for path in (self._root / FOLDER / f"{name}.toml", self._own / f"{name}.toml"):
            if path.is_relative_to(self._root) and not self._trusted():
                continue
            read = self._look(path) if _is_name(name) else None
            if read is not None and read.workflow is not None:
                return read.workflow
            if read is not None and read.problem is not None:
                raise read.problem
        if name in SHIPPED:
            return shipped(name)
        names = ", ".join(sorted(known.name for known in self.all()))
        raise UserProblem(f"there is no workflow {name!r}", f"there are: {names}; your own go into {FOLDER}/NAME.toml")

    def all(self) -> tuple[Known, ...]:
        """Return all workflows; those that cannot be used at all are left to `problems`."""
        found = {name: Known(name, shipped(name)) for name in SHIPPED}
        for path, read in self._files():
            if read.workflow is not None:
                said = read.problem.message if read.problem else ""
                found[path.stem] = Known(path.stem, read.workflow, str(path), said)
        return tuple(found[name] for name in sorted(found))

    def problems(self) -> tuple[UserProblem, ...]:
        """Return what is wrong with files, one a file."""
        return tuple(read.problem for _, read in self._files() if read.problem is not None)

    def _files(self) -> Iterator[tuple[Path, _Read]]:
        """Yield the files, the person's own first, so that the project's of the same name stands in their place."""
        project = [self._root / FOLDER] if self._trusted() else []
        for folder in [self._own, *project]:
            paths = sorted(folder.glob("*.toml"))[:MAX_FILES] if folder.is_dir() else []
            for path in paths:
                read = self._look(path) if _is_name(path.stem) else None
                if read is not None:
                    yield path, read

    def _look(self, path: Path) -> _Read | None:
        """Return a file as it is now; None where there is none."""
        try:
            state = path.stat()
        except OSError:
            self._read.pop(path, None)
            return None
        before = self._read.get(path)
        stamp = (state.st_mtime_ns, state.st_size)
        if before is None or before.stamp != stamp:
            good = before.workflow if before else None
            try:
                self._read[path] = _Read(stamp, load(path), None)
            except UserProblem as problem:
                kept = f"{problem.message}; the last good one stays in use" if good else problem.message
                self._read[path] = _Read(stamp, good, UserProblem(kept, problem.next_step))
        return self._read[path]


def load(path: Path) -> Workflow:
    """Return the workflow of a file. Raises UserProblem, which names the line."""
    workflow = read_toml(path, Workflow, {})
    for objection in objections(workflow):
        line = line_of(path.read_text("utf-8-sig"), objection.path, objection.nth)
        where = f"{path}:{line}" if line else str(path)
        raise UserProblem(f"{where}: {objection.message}", objection.next_step)
    return workflow


def parsed(text: str) -> Workflow:
    """Return the workflow that a journal kept. Raises UserProblem when this version cannot run it."""
    try:
        workflow = msgspec.json.decode(text, type=Workflow)
    except msgspec.DecodeError as error:
        raise UserProblem(f"this version does not know the run's workflow: {error}", "start a new run") from error
    for objection in objections(workflow):
        raise UserProblem(f"this version cannot run the run's workflow: {objection.message}", "start a new run")
    return workflow


@cache
def shipped(name: str) -> Workflow:
    """Return a workflow that ships with us."""
    source = files("bridle.harness.phases") / "builtin" / f"{name}.toml"
    return msgspec.toml.decode(source.read_bytes(), type=Workflow)


def _is_name(name: str) -> bool:
    return name.replace("-", "").replace("_", "").isalnum() and name.isascii() and len(name) <= 40
