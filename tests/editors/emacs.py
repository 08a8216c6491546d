"""Plays a scenario in a real Emacs, with eglot and nothing of ours but the server, and brings back what was seen."""

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
class Emacs:
    """An unpacked Emacs, by its program; one that stands where it was built for needs none of the variables."""

    program: Path

    def play(self, scenario: str, scene: Scene, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        """What the probe saw; fails the test with all it knows where the scenario did not go through."""
        probe = HERE / "emacs_probe"
        argv = [str(self.program), *self._dump(), "--batch", "-Q", "-L", str(probe), "-l", "probe.el"]
        env = {**scene.child_environment(scenario), **self._places()}
        done = run(argv, cwd=scene.root, env=env, timeout_s=timeout_s)
        output = os.fsdecode(done.stdout + done.stderr)
        assert scene.result.exists(), f"Emacs ended ({done.exit_code}) without a result:\n{output}"
        result: dict[str, Any] = json.loads(scene.result.read_text())
        assert result["ok"], f"{result['problem']}\n{json.dumps(result, indent=1)}\n{output}"
        return result

    def _dump(self) -> list[str]:
        dump = self._unpacked("libexec/emacs/*/*/*.pdmp")
        return [f"--dump-file={dump}"] if dump else []

    def _places(self) -> dict[str, str]:
        shared, dump = self._unpacked("share/emacs/[0-9]*"), self._unpacked("libexec/emacs/*/*/*.pdmp")
        if shared is None or dump is None:
            return {}
        return {"EMACSLOADPATH": f"{shared}/lisp", "EMACSDATA": f"{shared}/etc", "EMACSPATH": f"{dump.parent}"}

    def _unpacked(self, pattern: str) -> Path | None:
        return next(self.program.parent.parent.glob(pattern), None)
