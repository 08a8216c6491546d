"""The real editors as fixtures: a missing one fails under CI=true, elsewhere its tests say "not run"."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from tests.editors.emacs import Emacs
from tests.editors.helix import Helix
from tests.editors.install import EXTENSION, chromium, default_tools
from tests.editors.neovim import Neovim
from tests.editors.scene import Scene, set_scene
from tests.editors.vscode import Code, package_extension


@pytest.fixture(scope="session")
def neovim() -> Neovim:
    tools = default_tools()
    found = shutil.which("nvim")
    if tools.neovim() is None and found is None:
        not_run("Neovim")
    program = tools.neovim()
    return Neovim(program, tools.neovim_runtime()) if program else Neovim(Path(str(found)), None)


@pytest.fixture(scope="session")
def emacs() -> Emacs:
    program = default_tools().emacs()
    if program is None:
        not_run("Emacs")
    return Emacs(program)


@pytest.fixture(scope="session")
def helix() -> Helix:
    tools = default_tools()
    program = tools.helix()
    if program is None:
        not_run("Helix")
    return Helix(program, tools.helix_runtime(), tools.tmux())


@pytest.fixture(scope="session")
def code(extension: Path) -> Code:
    tools, browser = default_tools().code(), chromium()
    if tools is None:
        not_run("VS Code")
    if browser is None:
        not_run("Chromium")
    return Code(tools, browser, extension)


@pytest.fixture(scope="session")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension, type-checked, built and packaged as a person would install it."""
    if default_tools().code() is None or not (EXTENSION / "node_modules").exists():
        not_run("VS Code")
    return package_extension(default_tools(), tmp_path_factory.mktemp("extension") / "bridle.vsix")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """The real server on a fresh copy of examples/till."""
    return set_scene(tmp_path)


def not_run(what: str) -> NoReturn:
    """A fixture's end where its editor is not there."""
    message = f"not run: {what} is not installed; `make tools` installs it"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
