"""Runs pyright on the files that changed since it was last content with all of them; on all with `--all`.

Whole, it takes a third of `make check` (20 s of 70); the files of a day's work take 2 s. mypy, which remembers what it
saw, always looks at everything, and `make test` lets pyright do so too.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAMP = ROOT / "build" / "pyright.stamp"
FLOORS = ("indexer", "context", "harness", "lsp_server", "mcp_server", "cli")
EVERYTHING = ("pyproject.toml", "requirements-dev.txt")
"""What changes every file's types: settings, and the libraries."""


def changed(since: float) -> list[str] | None:
    """Return the files that are newer than `since`, None for all of them."""
    if any((ROOT / name).stat().st_mtime > since for name in EVERYTHING):
        return None
    files = (path for floor in FLOORS for path in (ROOT / floor).rglob("*.py") if "plugins" not in path.parts)
    return sorted(str(path) for path in files if path.stat().st_mtime > since)


def main() -> int:
    """Run it; the stamp is set to when the run began, so that what is edited meanwhile is looked at next time."""
    files = None if "--all" in sys.argv or not STAMP.exists() else changed(STAMP.stat().st_mtime)
    if files == []:
        print("pyright: nothing changed")
        return 0
    STAMP.parent.mkdir(exist_ok=True)
    fresh = STAMP.with_suffix(".new")
    fresh.touch()
    pyright = str(Path(sys.executable).with_name("pyright"))
    code = subprocess.run([pyright, "--pythonpath", sys.executable, *(files or [])], cwd=ROOT, check=False).returncode
    if code == 0:
        fresh.replace(STAMP)
    return code


if __name__ == "__main__":
    sys.exit(main())
