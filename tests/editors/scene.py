"""Where an editor test plays: a fresh workspace, the server behind it, and what is to be seen there.

The probes inside the editors read the scene as JSON and know nothing else about server or workspace, so one
scenario serves the stand-in and the real server.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent


@dataclass(frozen=True)
class Story:
    """A workspace whose test fails at one line (`complaint`) for another one in its source (`wrong`)."""

    workspace: Path
    test_file: str
    source_file: str
    finding_source: str
    complaint: str
    wrong: str
    right: str

    def line_of(self, file: str, line: str) -> int:
        """The 0-based number of a line that occurs once."""
        return (self.workspace / file).read_text().splitlines().index(line)


@dataclass(frozen=True)
class Scene:
    """One story, set up in `folder` with a server that is started by `program`."""

    story: Story
    folder: Path
    program: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def root(self) -> Path:
        return self.folder / "workspace"

    @property
    def source(self) -> Path:
        """The file on disk that the fix is about."""
        return self.root / self.story.source_file

    @property
    def file(self) -> Path:
        """The scene as the probes read it."""
        return self.folder / "scene.json"

    @property
    def result(self) -> Path:
        """Where the probe leaves what it saw."""
        return self.folder / "result.json"

    def heard(self) -> list[dict[str, object]]:
        """The commands that the stand-in was given, in order."""
        path = self.folder / "heard.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def child_environment(self, scenario: str) -> dict[str, str]:
        """The environment of an editor that is to play one scenario: own homes, and this scene's server."""
        homes = {f"XDG_{name}_HOME": str(self.folder / name.lower()) for name in ("STATE", "CONFIG", "DATA", "CACHE")}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            **homes,
            "BRIDLE": str(self.program),
            "BRIDLE_SCENE": str(self.file),
            "BRIDLE_SCENARIO": scenario,
            **self.environment,
        }


def standin_scene(folder: Path, environment: Mapping[str, str] | None = None) -> Scene:
    """The stand-in, on the till."""
    program = write_program(folder, [sys.executable, str(HERE / "standin.py")])
    return set_up(Scene(TILL, folder, program, {**poison(folder), **(environment or {})}))


def real_scene(folder: Path, transcript: str = "fix.toml") -> Scene:
    """`bridle serve` on the till, with the model's part replayed and this environment's Python for the checks."""
    program = write_program(folder, [str(Path(sys.executable).with_name("bridle"))])
    replayed = {
        "BRIDLE_MODEL": "replay",
        "BRIDLE_TRANSCRIPT": str(REPOSITORY / "examples" / "transcripts" / transcript),
        "VIRTUAL_ENV": sys.prefix,
    }
    return set_up(Scene(TILL, folder, program, replayed))


def poison(folder: Path) -> dict[str, str]:
    """A PYTHONPATH that neither server nor pip may inherit: one that does leaves the file `poisoned`."""
    modules = folder / "pythonpath"
    modules.mkdir()
    marker = folder / "poisoned"
    (modules / "sitecustomize.py").write_text(
        f"import sys\nif {{'serve', 'pip'}} & set(sys.orig_argv): open({str(marker)!r}, 'w').close()\n"
    )
    return {"PYTHONPATH": str(modules)}


def set_up(scene: Scene) -> Scene:
    """Copy the workspace and write the scene file."""
    story = scene.story
    shutil.copytree(story.workspace, scene.root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    (scene.folder / "home").mkdir()
    told = {
        **asdict(story),
        "root": scene.root,
        "result": scene.result,
        "heard": scene.folder / "heard.jsonl",
        "finding_line": story.line_of(story.test_file, story.complaint),
        "wrong_line": story.line_of(story.source_file, story.wrong),
    }
    scene.file.write_text(json.dumps(told, indent=2, default=str))
    return scene


def write_program(folder: Path, argv: list[str]) -> Path:
    """A program at a path of its own, as an editor expects the server to be; its arguments are passed on.

    Each start is a line of `started.log` beside it, and what it says on stderr goes to `server.log`.
    """
    program = folder / "bridle"
    words = shlex.join(argv)
    here = shlex.quote(str(folder))
    program.write_text(f'#!/bin/sh\necho "$@" >> {here}/started.log\nexec {words} "$@" 2>> {here}/server.log\n')
    program.chmod(0o755)
    return program


TILL = Story(
    workspace=REPOSITORY / "examples" / "till",
    test_file="tests/test_money.py",
    source_file="src/till/money.py",
    finding_source="bridle·pytest",
    complaint="    assert Money(105).percent(19) == Money(20)",
    wrong="        return Money(self.cents * rate // 100)",
    right="        return Money((self.cents * rate + 50) // 100)",
)
