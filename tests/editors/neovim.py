"""Plays a scenario in a real Neovim and brings back what its probe saw."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridle.indexer.process import run
from tests.editors.scene import HERE, Scene

TIMEOUT_S = 400.0


@dataclass(frozen=True)
class Neovim:
    """An unpacked Neovim: its program, and its runtime files (None: those it was built with)."""

    program: Path
    runtime: Path | None

    def play(self, scenario: str, scene: Scene, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        """What the probe saw; fails the test with all it knows where the scenario did not go through."""
        env = scene.child_environment(scenario)
        if self.runtime is not None:
            env["VIMRUNTIME"] = str(self.runtime)
        argv = [
            str(self.program),
            "--headless",
            "-i",
            "NONE",
            "-n",
            "-u",
            str(HERE / "nvim_probe" / "init.lua"),
        ]
        done = run(argv, cwd=scene.root, env=env, timeout_s=timeout_s)
        output = os.fsdecode(done.stdout + done.stderr)
        assert scene.result.exists(), f"Neovim ended ({done.exit_code}) without a result:\n{output}"
        result: dict[str, Any] = json.loads(scene.result.read_text())
        assert result["ok"], f"{result['problem']}\n{json.dumps(result, indent=1)}\n{output}"
        return result
