"""Where an editor test plays: a fresh copy of a workspace, the server behind it, and what is to be seen there.

The probes inside the editors read the scene as JSON and know nothing else about server or workspace.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent


@dataclass(frozen=True)
class Story:
    """A workspace whose test fails at one line (`complaint`) for another one in its source (`wrong`).

    The fix in `transcripts/two_files.toml` also changes `second_wrong` in a second file.
    """

    workspace: Path
    test_file: str
    source_file: str
    lint_file: str
    complaint: str
    wrong: str
    right: str
    second_file: str
    second_wrong: str
    second_right: str

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

    def starts(self) -> int:
        """How often the server was started."""
        log = self.folder / "started.log"
        return len(log.read_text().splitlines()) if log.exists() else 0

    @property
    def poisoned(self) -> bool:
        """Whether the server, or pip, inherited a PYTHONPATH."""
        return (self.folder / "poisoned").exists()

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


def set_scene(folder: Path) -> Scene:
    """`bridle serve` on the till, with the model's part replayed; its person has named a Python for the checks."""
    settings = folder / "config" / "bridle" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"python = {json.dumps(sys.prefix)}\n")
    program = write_program(folder, [str(Path(sys.executable).with_name("bridle"))])
    scene = Scene(TILL, folder, program, {"BRIDLE_MODEL": "replay", **poison(folder)})
    write(scene)
    return scene


def with_held_edits(scene: Scene) -> Scene:
    """The scene with edits that a probe can hold on their way from the server."""
    bridle = Path(sys.executable).with_name("bridle")
    write_program(scene.folder, [sys.executable, str(HERE / "held.py"), str(scene.folder), str(bridle)])
    return scene


def with_two_files(scene: Scene) -> Scene:
    """The scene with a model whose fix touches two files."""
    transcript = {"BRIDLE_TRANSCRIPT": str(HERE / "transcripts" / "two_files.toml")}
    return replace(scene, environment={**scene.environment, **transcript})


def with_two_places(scene: Scene) -> Scene:
    """The scene with a model whose fix touches two places of one file."""
    transcript = {"BRIDLE_TRANSCRIPT": str(HERE / "transcripts" / "two_places.toml")}
    return replace(scene, environment={**scene.environment, **transcript})


def with_trace(scene: Scene) -> Scene:
    """The scene with a server that writes down all that is said, into `trace.jsonl`."""
    trace = f"--trace {shlex.quote(str(scene.folder / 'trace.jsonl'))}"
    write_program(scene.folder, [str(Path(sys.executable).with_name("bridle"))], trace)
    return scene


def poison(folder: Path) -> dict[str, str]:
    """A PYTHONPATH that neither server nor pip may inherit: one that does leaves the file `poisoned`."""
    modules = folder / "pythonpath"
    modules.mkdir()
    marker = folder / "poisoned"
    (modules / "sitecustomize.py").write_text(
        f"import sys\nif {{'serve', 'pip'}} & set(sys.orig_argv): open({str(marker)!r}, 'w').close()\n"
    )
    return {"PYTHONPATH": str(modules)}


def write(scene: Scene) -> None:
    """Copy the workspace and write the scene file."""
    story = scene.story
    shutil.copytree(story.workspace, scene.root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    (scene.folder / "home").mkdir()
    told = {
        **asdict(story),
        "root": scene.root,
        "result": scene.result,
        "tools": Path(sys.executable).parent,
        "finding_line": story.line_of(story.test_file, story.complaint),
        "wrong_line": story.line_of(story.source_file, story.wrong),
    }
    scene.file.write_text(json.dumps(told, indent=2, default=str))


def write_program(folder: Path, argv: list[str], more: str = "") -> Path:
    """A program at a path of its own, as an editor expects the server to be; its arguments are passed on, with `more`.

    Each start leaves its process id in `started.log` beside it, the key that it was handed in `keys.log`, and what it
    says on stderr goes to `server.log`.
    """
    program = folder / "bridle"
    words = shlex.join(argv)
    here = shlex.quote(str(folder))
    keyed = f'[ -z "$ANTHROPIC_API_KEY" ] || echo "$ANTHROPIC_API_KEY" >> {here}/keys.log\n'
    program.write_text(
        f'#!/bin/sh\necho $$ >> {here}/started.log\n{keyed}exec {words} "$@" {more} 2>> {here}/server.log\n'
    )
    program.chmod(0o755)
    return program


TILL = Story(
    workspace=REPOSITORY / "examples" / "till",
    test_file="tests/test_money.py",
    source_file="src/till/money.py",
    lint_file="src/till/receipt.py",
    complaint="    assert Money(105).percent(19) == Money(20)",
    wrong="        return Money(self.cents * rate // 100)",
    right="        return Money((self.cents * rate + 50) // 100)",
    second_file="src/till/cart.py",
    second_wrong='        """Return the tax by rate, for the rates that occur, lowest first."""',
    second_right='        """Return the tax by rate, half a cent up, for the rates that occur, lowest first."""',
)
