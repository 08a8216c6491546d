"""Where an editor test plays: a fresh workspace, the server behind it, and what is to be seen there.

The probes inside the editors read the scene as JSON and know nothing else about server or workspace, so one
scenario serves the stand-in and the real server.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parent.parent


@dataclass(frozen=True)
class Story:
    """A workspace whose test fails for one line of its source. Lines are 0-based."""

    files: Mapping[str, str]
    test_file: str
    source_file: str
    finding_line: int
    finding_source: str
    wrong: str
    right: str


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
        homes = {
            f"XDG_{name}_HOME": str(self.folder / name.lower())
            for name in ("STATE", "CONFIG", "DATA", "CACHE")
        }
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
    """Write the workspace and the scene file."""
    for name, text in scene.story.files.items():
        path = scene.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (scene.folder / "home").mkdir()
    told = {name: value for name, value in asdict(scene.story).items() if name != "files"}
    places = {"root": scene.root, "result": scene.result, "heard": scene.folder / "heard.jsonl"}
    scene.file.write_text(json.dumps(told | {name: str(path) for name, path in places.items()}, indent=2))
    return scene


def write_program(folder: Path, argv: list[str]) -> Path:
    """A program at a path of its own, as an editor expects the server to be; its arguments are passed on.

    Each start is a line of `started.log` beside it, and what it says on stderr goes to `server.log`.
    """
    program = folder / "bridle"
    words = shlex.join(argv)
    here = shlex.quote(str(folder))
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {here}/started.log\nexec {words} "$@" 2>> {here}/server.log\n'
    )
    program.chmod(0o755)
    return program


TILL = Story(
    files={
        "pyproject.toml": '[project]\nname = "till"\nversion = "1"\n',
        "till.py": '''"""Adds up what is on the counter."""


def total(prices: list[int]) -> int:
    """The sum of all prices, in cents."""
    result = 0
    for price in prices:
        result -= price
    return result
''',
        "test_till.py": """from till import total


def test_the_total_is_the_sum():
    assert total([1, 2]) == 3
""",
    },
    test_file="test_till.py",
    source_file="till.py",
    finding_line=4,
    finding_source="bridle·pytest",
    wrong="        result -= price",
    right="        result += price",
)
