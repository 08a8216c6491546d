"""The page that says what a sandbox keeps a command from is what the probe finds today."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bridle.harness.shadow.contract import RUNGS
from bridle.harness.shadow.isolation import ESCAPES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def support() -> ModuleType:
    """The program that writes the page, as a module."""
    spec = importlib.util.spec_from_file_location("bridle_support", ROOT / "docs" / "support.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_has_a_row_for_all_that_the_probe_tries_and_a_column_for_every_rung(support: ModuleType) -> None:
    text = support.PAGE.read_text("utf-8")
    assert text.count(f"| | {' | '.join(RUNGS)} |") == len(support.SITUATIONS)
    assert [text.count(f"| {escape} |") for escape in ESCAPES] == [len(support.SITUATIONS)] * len(ESCAPES)
    assert (text.startswith(support.HEAD), text.endswith(support.TAIL)) == (True, True)


@pytest.mark.slow
def test_the_page_says_what_is_found_here_today(support: ModuleType) -> None:
    text = support.PAGE.read_text("utf-8")
    for situation in support.situations():
        found = support.tried(situation)
        if any(escapes is None for escapes in found.values()) and situation != "forbidden":
            continue  # a machine with fewer rungs than that on which the page was written
        lines = support.page({situation: found}).removeprefix(support.HEAD).removesuffix(support.TAIL)
        assert lines.strip() in text, f"run: python docs/support.py ({situation})"
