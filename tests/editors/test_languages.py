"""Both plug-ins serve the same languages, and each says so everywhere it must."""

from __future__ import annotations

import json
import re
from pathlib import Path

EDITORS = Path(__file__).resolve().parents[2] / "editors"
CONFIGURATION = {"toml", "json", "jsonc", "yaml", "markdown"}
OTHER_NAMES = {"cs": "csharp", "sh": "shellscript", "bash": "shellscript"}
"""Neovim's names where they differ."""


def selected() -> set[str]:
    text = (EDITORS / "vscode" / "src" / "status.ts").read_text()
    return set(re.findall(r'"(\w+)"', re.search(r"LANGUAGES = \[(.*?)\]", text, re.DOTALL)[1]))  # type: ignore[index]


def test_vs_code_starts_for_every_language_but_those_of_configuration() -> None:
    package = json.loads((EDITORS / "vscode" / "package.json").read_text())
    events = {event.partition(":")[2] for event in package["activationEvents"] if event.startswith("onLanguage:")}
    assert events == selected() - CONFIGURATION
    items = [item for group in package["contributes"]["menus"].values() for item in group]
    whens = {when for item in items if "editorLangId" in (when := item.get("when", ""))}
    named = {frozenset(re.search(r"\((.*)\)", when)[1].split("|")) for when in whens}  # type: ignore[index]
    assert named == {frozenset(selected())}


def test_neovim_serves_the_same() -> None:
    text = (EDITORS / "nvim" / "lsp" / "bridle.lua").read_text()
    types = re.findall(r'"(\w+)"', re.search(r"filetypes = \{(.*?)\}", text, re.DOTALL)[1])  # type: ignore[index]
    assert {OTHER_NAMES.get(name, name) for name in types} == selected()
