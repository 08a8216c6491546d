"""Where a JavaScript package's own tools are: looked up on the file system from its folder upward, nothing started.

Only what is installed in the project itself is a tool of it: never npx, never a global one, never ours.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from bridle.harness.verify.node_manifest import Manifest

INSTALLED = "node_modules"
LOCKS = {
    "pnpm-lock.yaml": "pnpm install",
    "yarn.lock": "yarn install",
    "bun.lock": "bun install",
    "bun.lockb": "bun install",
    "package-lock.json": "npm ci",
    "npm-shrinkwrap.json": "npm ci",
}
ADDS = {"pnpm": "pnpm add -D", "yarn": "yarn add -D", "bun": "bun add -d", "npm": "npm install -D"}


def upward(package: str) -> Iterator[str]:
    """Yield a package's folder and those above it, up to the root, which is ""."""
    yield package
    yield from ("" if str(one) == "." else str(one) for one in PurePosixPath(package).parents if package)


def installed(root: Path, package: str) -> bool:
    """Tell whether the dependencies of a package are installed, in its own folder or above."""
    return any((root / folder / INSTALLED).is_dir() for folder in upward(package))


def program(root: Path, package: str, name: str) -> str:
    """Return the path of a tool that the project has installed, "" where there is none."""
    for folder in upward(package):
        path = root / folder / INSTALLED / ".bin" / name
        if os.access(path, os.X_OK):
            return str(path)
    return ""


def node(root: Path) -> str:
    """Return the Node of PATH, the workspace's own folders left out; "" where there is none."""
    entries = os.environ.get("PATH", "").split(os.pathsep)
    outside = [entry for entry in entries if entry.startswith("/") and not Path(entry).is_relative_to(root)]
    return shutil.which("node", path=os.pathsep.join(outside)) or ""


def install_step(root: Path, package: str, manifest: Manifest) -> str:
    """Return the command that installs a package's dependencies, by the lock file that is there."""
    for folder in upward(package):
        for lock, command in LOCKS.items():
            if (root / folder / lock).is_file():
                return f"{command} (in {str(root / folder)!r})"
    return f"{manifest.manager or 'npm'} install"


def add_step(root: Path, package: str, manifest: Manifest, name: str) -> str:
    """Return the command that adds a tool to a package."""
    manager = install_step(root, package, manifest).partition(" ")[0]
    return f"{ADDS.get(manager, ADDS['npm'])} {name}"


def wanted_node(root: Path, package: str, manifest: Manifest) -> tuple[str, str]:
    """Return the version of Node that the project names, and where; ("", "") where it names none that is plain."""
    if manifest.node:
        return manifest.node, "volta in package.json"
    for folder in upward(package):
        for name in (".nvmrc", ".node-version"):
            try:
                text = (root / folder / name).read_text("utf-8", "replace")[:100].strip().lstrip("v")
            except OSError:
                continue
            if text[:1].isdecimal():
                return text, name
    return "", ""
