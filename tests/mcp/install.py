"""Installs the reference MCP servers that the tests speak with, by their lock files, into one folder.

    python -m tests.mcp.install --into .tools

What is there already is left alone. Under CI=true anything missing at the end is an error, else it is said.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.editors.install import NotInstalledError, bring, call, default_tools, existing, fresh, npm, npm_program

HERE = Path(__file__).resolve().parent / "servers"
PYTHON_SERVERS = ("mcp-server-fetch", "mcp-server-git", "mcp-server-time")


@dataclass(frozen=True)
class Reference:
    """The folder of the servers, and the command of each."""

    folder: Path

    def python(self, name: str) -> Path | None:
        """The program of a server in Python, or None."""
        return existing(self.folder / "python" / "bin" / name)

    def everything(self) -> Path | None:
        """The script of the server that has one of everything, or None."""
        return self._script("server-everything")

    def filesystem(self) -> Path | None:
        """The script of the file server, or None."""
        return self._script("server-filesystem")

    def all_python(self) -> Path | None:
        """The folder of the servers in Python when all are there."""
        return self.folder / "python" if all(map(self.python, PYTHON_SERVERS)) else None

    def _script(self, name: str) -> Path | None:
        return existing(self.folder / "node" / "node_modules" / "@modelcontextprotocol" / name / "dist" / "index.js")


def reference() -> Reference:
    """Where the tests find the servers."""
    return Reference(default_tools().folder / "mcp")


def node() -> str | None:
    """The Node that runs those in JavaScript: the one that npm runs on here, else the one on PATH."""
    try:
        first = npm_program()[0]
    except NotInstalledError:
        return None
    return first if Path(first).name == "node" else shutil.which("node")


def main() -> int:
    """Install what is missing. Exit code 1 when something is still missing under CI=true."""
    parser = argparse.ArgumentParser(description="Install the MCP servers that the tests speak with.")
    parser.add_argument("--into", type=Path, default=default_tools().folder)
    into = Reference(parser.parse_args().into.resolve() / "mcp")
    into.folder.mkdir(parents=True, exist_ok=True)
    there = [
        bring("the MCP servers in Python", into.all_python, lambda: install_python(into)),
        bring("the MCP servers in JavaScript", into.filesystem, lambda: install_node(into)),
    ]
    return 1 if not all(there) and os.environ.get("CI") == "true" else 0


def install_python(into: Reference) -> None:
    """Make a virtual environment of their own: what they need is not what the product needs."""
    folder = into.folder / "python"
    shutil.rmtree(folder, ignore_errors=True)
    call([sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    call([*pip, "--require-hashes", "-r", str(HERE / "requirements.txt")])


def install_node(into: Reference) -> None:
    """Install them as the lock file pins them."""
    with fresh(into.folder / "node") as (building, _):
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, building)
        npm("ci", cwd=building)


if __name__ == "__main__":
    sys.exit(main())
