"""What package.json promises is there: commands, the walkthrough's pages, and all of it in the package."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.editors.install import EXTENSION

PACKAGE: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text("utf-8"))
CONTRIBUTES: dict[str, Any] = PACKAGE["contributes"]
DECLARED = {each["command"] for each in CONTRIBUTES["commands"]}


def test_menus_welcomes_and_steps_name_commands_that_are_declared() -> None:
    items = [item for items in CONTRIBUTES["menus"].values() for item in items]
    used = {item["command"] for item in items if "command" in item}
    texts = json.dumps([CONTRIBUTES["walkthroughs"], CONTRIBUTES["viewsWelcome"]])
    used |= set(re.findall(r"(?:command|onCommand):(bridle[.\w]+)", texts))
    assert used - DECLARED == set()


def test_the_walkthrough_leads_from_the_server_to_a_change_in_four_steps() -> None:
    (walkthrough,) = CONTRIBUTES["walkthroughs"]
    steps = walkthrough["steps"]
    assert [step["id"] for step in steps] == ["server", "trust", "findings", "change"]
    for step in steps:
        assert "](command:bridle.editor." in step["description"], "a button in each"
        assert step["completionEvents"]
        assert (EXTENSION / step["media"]["markdown"]).read_text("utf-8").startswith("# ")


def test_every_command_of_the_package_has_words_for_a_person() -> None:
    for command in CONTRIBUTES["commands"]:
        assert command["category"] == "Bridle"
        assert command["title"]


def test_an_untrusted_workspace_starts_nothing_and_chooses_no_program() -> None:
    limits = PACKAGE["capabilities"]["untrustedWorkspaces"]
    assert limits["supported"] == "limited"
    assert "bridle.path" in limits["restrictedConfigurations"]


@pytest.mark.editor
def test_the_package_holds_the_code_and_the_walkthrough_and_no_source(extension: Path) -> None:
    names = {name for name in zipfile.ZipFile(extension).namelist() if name.startswith("extension/")}
    pages = {f"extension/{step['media']['markdown']}" for step in CONTRIBUTES["walkthroughs"][0]["steps"]}
    assert pages | {"extension/out/extension.js"} <= names
    assert not any(name.startswith(("extension/src", "extension/node_modules")) for name in names)
