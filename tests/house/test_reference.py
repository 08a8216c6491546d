"""The pages of all settings and commands say what the program reads and offers, and leave nothing unexplained."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bridle.cli.main import COMMANDS
from bridle.harness.settingsdocs import OWN

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """The program that writes the pages, as a module."""
    spec = importlib.util.spec_from_file_location("bridle_reference", DOCS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_of_settings_is_what_the_schema_says(reference: ModuleType) -> None:
    assert (DOCS / "settings.md").read_text("utf-8") == reference.settings_page(), "run: python docs/reference.py"


def test_the_page_of_commands_is_what_the_parsers_say(reference: ModuleType) -> None:
    assert (DOCS / "commands.md").read_text("utf-8") == reference.commands_page(), "run: python docs/reference.py"


def test_nothing_is_left_unexplained(reference: ModuleType) -> None:
    assert reference.unexplained_settings() == []
    assert reference.unexplained_options() == []


def test_what_is_explained_is_there(reference: ModuleType) -> None:
    settings = reference.settings()
    assert [row.name for row in OWN if row.name not in settings] == []
    assert {*settings["budget.tokens"]} == {"user", "project", "editor"}
    assert {*settings["permission.allow"]} == {"user", "managed"}, "a project cannot allow"


def test_a_setting_and_an_option_without_a_word_are_named(
    reference: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "OWN", ())
    assert "compact_tokens" in reference.unexplained_settings()
    parser = reference.whole_parser()
    parser._subparsers._group_actions[0].choices["undo"].add_argument("--hush")
    monkeypatch.setattr(reference, "whole_parser", lambda: parser)
    assert reference.unexplained_options() == ["bridle undo --hush HUSH"]


def test_every_command_and_every_command_of_the_plug_ins_has_its_row(reference: ModuleType) -> None:
    page = (DOCS / "commands.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"### bridle {name}\n" not in page] == []
    told = {name for command, _ in reference.neovim_commands() for name in command.split()[1].split("|")}
    lua = (DOCS.parent / "editors" / "nvim" / "lua" / "bridle" / "command.lua").read_text("utf-8")
    known = {*re.findall(r"^  (\w+) = function\(", lua, re.MULTILINE), *re.findall(r'"(\w+)"[,} ]', lua)}
    assert {"edit", "verify", "fix", "accept"} <= told <= known
    assert set(re.findall(r"^  (\w+) = function\(", lua, re.MULTILINE)) <= told
