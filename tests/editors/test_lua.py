"""The Lua of the plug-in and of its probes: formatted as StyLua does, and luacheck has nothing to say."""

from __future__ import annotations

import os
import shutil

from bridle.indexer.process import run
from tests.editors.conftest import not_run
from tests.editors.install import EXTENSION, npm_program
from tests.editors.scene import HERE, REPOSITORY

FILES = sorted(
    str(path) for folder in (REPOSITORY / "editors" / "nvim", HERE / "nvim_probe") for path in folder.rglob("*.lua")
)


def test_all_lua_is_formatted_as_stylua_does() -> None:
    """`node tests/editors/stylua.cjs editors/vscode/node_modules --write FILE…` puts them right."""
    modules = EXTENSION / "node_modules"
    if not (modules / "@johnnymorganz" / "stylua").exists():
        not_run("StyLua")
    node = npm_program()[0] if len(npm_program()) > 1 else "node"
    done = run([node, str(HERE / "stylua.cjs"), str(modules), *FILES], cwd=HERE, env=os.environ, timeout_s=60)
    assert (done.exit_code, os.fsdecode(done.stdout + done.stderr)) == (0, "")


def test_luacheck_has_nothing_to_say() -> None:
    luacheck = shutil.which("luacheck") or not_run("luacheck")
    words = ["--std", "luajit", "--globals", "vim", "--quiet", "--codes", "--no-color", "--no-config", *FILES]
    done = run([luacheck, *words], cwd=REPOSITORY, env=os.environ, timeout_s=60)
    assert done.exit_code == 0, os.fsdecode(done.stdout)
