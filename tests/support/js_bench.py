"""A JavaScript workspace for the ladder: its tools are what `make tools` installed, its Node is the tests' own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from check_bench import Bench

from tests.editors.install import npm_program
from tests.verify.install import javascript, lay_out, where_pnpm_keeps

MANIFEST = '{"name": "case", "type": "module", "devDependencies": {"vitest": "*", "jest": "*", "typescript": "*"}}'


def modules() -> Path:
    """The installed node_modules. Skips the test where there is none, which CI does not take."""
    found = javascript().modules()
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the JavaScript tools are missing: make tools")
        pytest.skip("the JavaScript tools are missing: make tools")
    return found


def node_folder() -> str:
    """The folder of the Node that the checks are to find on PATH."""
    return str(Path(npm_program()[0]).parent)


def put(bench: Bench, files: Mapping[str, str]) -> Bench:
    """Write a package of one folder, its tools linked in."""
    if not (bench.root / "node_modules").exists():
        (bench.root / "node_modules").symlink_to(modules())
    bench.put({"package.json": MANIFEST, **files})
    return bench


def put_monorepo(bench: Bench) -> Bench:
    """Lay out the pnpm monorepo of the cases."""
    lay_out(bench.root, modules())
    bench.needs = where_pnpm_keeps(modules())
    bench.put({})
    return bench
