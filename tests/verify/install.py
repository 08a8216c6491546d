"""Installs the JavaScript tools that the tests of the checks run: a pnpm monorepo, laid out by the real pnpm.

    python -m tests.verify.install --into .tools

What is there already is left alone. Under CI=true anything missing at the end is an error, else it is said.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.editors.install import bring, call, default_tools, existing, fresh, npm, npm_program

HERE = Path(__file__).resolve().parent / "pnpm"
CASE = HERE.parent.parent / "cases" / "pnpm"
MODULES = "node_modules"


@dataclass(frozen=True)
class JavaScript:
    """The folder of the installed monorepo."""

    folder: Path

    def modules(self) -> Path | None:
        """Its node_modules when all tools are there, else None."""
        found = self.folder / MODULES
        return (
            existing(found)
            if all((found / ".bin" / one).exists() for one in ("eslint", "jest", "tsc", "vitest"))
            else None
        )


def javascript() -> JavaScript:
    """Where the tests find it."""
    return JavaScript(default_tools().folder / "javascript")


def main() -> int:
    """Install what is missing. Exit code 1 when something is still missing under CI=true."""
    parser = argparse.ArgumentParser(description="Install the JavaScript tools that the tests run.")
    parser.add_argument("--into", type=Path, default=default_tools().folder)
    into = JavaScript(parser.parse_args().into.resolve() / "javascript")
    into.folder.parent.mkdir(parents=True, exist_ok=True)
    there = bring("the JavaScript tools", into.modules, lambda: install(into))
    return 1 if not there and os.environ.get("CI") == "true" else 0


def install(into: JavaScript) -> None:
    """Lay the monorepo out by pnpm, as both lock files pin them; nothing of it points out of its folder."""
    with fresh(into.folder) as (building, _):
        shutil.copytree(CASE, building, dirs_exist_ok=True)
        manager = building / ".pnpm-itself"
        shutil.copytree(HERE, manager)
        npm("ci", cwd=manager)
        pnpm = [npm_program()[0], str(manager / MODULES / "pnpm" / "bin" / "pnpm.cjs")]
        store = f"--store-dir={building / '.pnpm-store'}"
        call([*pnpm, "install", "--frozen-lockfile", "--ignore-scripts", store], cwd=building)
        shutil.rmtree(manager)
        shutil.rmtree(building / ".pnpm-store")


def lay_out(root: Path, installed: Path) -> None:
    """Copy the monorepo to `root`, its packages linked as pnpm did; what is in its store stays where it is."""
    shutil.copytree(CASE, root, dirs_exist_ok=True)
    for folder in (Path(), *(path.relative_to(CASE) for path in CASE.glob("packages/*"))):
        source = installed.parent / folder / MODULES
        if source.is_dir():
            shutil.copytree(source, root / folder / MODULES, symlinks=True, ignore=shutil.ignore_patterns(".pnpm"))
    (root / MODULES / ".pnpm").symlink_to(installed / ".pnpm")


def where_pnpm_keeps(installed: Path) -> dict[str, tuple[str, ...]]:
    """Return what checks are granted to see the store to which the packages are linked, wherever it lies."""
    return dict.fromkeys(("eslint", "tsc", "vitest", "jest", "node-test"), (f"read:{installed}",))


if __name__ == "__main__":
    sys.exit(main())
