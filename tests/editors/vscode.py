"""Plays a scenario in a real VS Code, by its API and, where a person is needed, in its page."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridle.indexer.process import run
from tests.editors.install import EXTENSION, Tools, npm_program
from tests.editors.scene import HERE, Scene

TIMEOUT_S = 400.0
ENDING_S = 60.0
BUILD_S = 180.0


@dataclass(frozen=True)
class Code:
    """A code-server, the Node it runs on, a browser, and Bridle's extension as packaged."""

    tools: Path
    chromium: Path
    vsix: Path

    @property
    def node(self) -> Path:
        return self.tools / "node_modules" / ".bin" / "node"

    def play(
        self, scenario: str, scene: Scene, page: Page | None = None, timeout_s: float = TIMEOUT_S
    ) -> dict[str, Any]:
        """What the probe saw; fails the test with all it knows where the scenario did not go through."""
        page = page or Page()
        unpacked = scene.folder / "vsix"
        with zipfile.ZipFile(self.vsix) as archive:
            archive.extractall(unpacked)
        if page.version:
            manifest = unpacked / "extension" / "package.json"
            manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"version": page.version}))
        plan: dict[str, object] = {
            "tools": str(self.tools),
            "chromium": str(self.chromium),
            "folder": str(scene.folder),
            "workspace": str(scene.folder / page.workspace if page.workspace else scene.root),
            "result": str(scene.result),
            "timeout_ms": round(timeout_s * 1000),
            "trust": page.trust,
            "page": page.person,
            "scale": page.scale,
            "scene": json.loads(scene.file.read_text()),
            "settings": dict(page.settings),
            "environment": scene.child_environment(scenario),
            "extensions": {
                "bridle.bridle-0.1.0": str(unpacked / "extension"),
                "bridle.bridle-probe-0.0.1": str(HERE / "vscode_probe"),
                **page.extensions,
            },
        }
        plan_file = scene.folder / "plan.json"
        plan_file.write_text(json.dumps(plan, indent=1))
        argv = [str(self.node), str(HERE / "vscode_drive.mjs"), str(plan_file)]
        done = run(argv, cwd=scene.folder, env=os.environ, timeout_s=timeout_s + ENDING_S)
        output = os.fsdecode(done.stdout + done.stderr)
        assert scene.result.exists(), f"VS Code ended ({done.exit_code}) without a result:\n{output}\n{logs(scene)}"
        result: dict[str, Any] = json.loads(scene.result.read_text())
        assert result["ok"], f"{result['problem']}\n{json.dumps(result, indent=1)}\n{output}\n{logs(scene)}"
        return result


@dataclass(frozen=True)
class Page:
    """How the window is set up, and which person of vscode_page.mjs sits before it."""

    person: str | None = None
    trust: bool = False
    scale: float = 1.0
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    extensions: Mapping[str, str] = field(default_factory=dict[str, str])
    """Other extensions that are there, by the name of their folder."""
    version: str = ""
    """The version that the extension says it is of, in place of its own."""
    workspace: str = ""
    """A file of the scene's folder that names several folders, in place of the one."""


def logs(scene: Scene) -> str:
    """The ends of the extension host's logs, for a failed test."""
    found = sorted((scene.folder / "vscode" / "data" / "logs").rglob("*.log"))
    ends = {path.name: path.read_text(errors="replace")[-2000:] for path in found if "bridle" in str(path).lower()}
    return "\n".join(f"--- {name}\n{end}" for name, end in ends.items())


def package_extension(tools: Tools, vsix: Path) -> Path:
    """Type-check, build and package the extension as a person would install it."""
    env = {**os.environ, "PATH": f"{tools.node().parent}{os.pathsep}{os.environ['PATH']}"}
    for words in (["check"], ["package", "--", "--out", str(vsix)]):
        done = run([*npm_program(), "run", *words], cwd=EXTENSION, env=env, timeout_s=BUILD_S)
        assert done.exit_code == 0, os.fsdecode(done.stdout + done.stderr)
    return vsix
