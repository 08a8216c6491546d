"""Rules files: which of them reach a task, and what in them leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridle.context.pack import pack
from bridle.context.rules import COPILOT, dead_links, reaches, rules_paths
from bridle.context.task import Task
from bridle.harness.rulefiles import rule_files
from bridle.indexer.index import Index

MDC = ".cursor/rules/one.mdc"


@pytest.mark.parametrize(
    ("head", "place", "reached"),
    [
        ("globs: src/**/*.py", "src/a/b.py", True),
        ("globs: src/**/*.py", "src/b.py", True),
        ("globs: src/**/*.py", "tests/b.py", False),
        ("globs: *.py, *.js", "deep/down/b.js", True),
        ('globs: ["src/*.{ts,tsx}", "lib/"]', "src/b.tsx", True),
        ('globs: ["src/*.{ts,tsx}", "lib/"]', "lib/deep/x.c", True),
        ('globs: ["src/*.{ts,tsx}", "lib/"]', "src/deep/b.tsx", False),
        ("globs:\n  - docs/**\n  - '*.md'", "docs/x/y.rst", True),
        ("applyTo: '**'", "anything.py", True),
        ("globs: x.py\nalwaysApply: true", "y.py", True),
        ("description: none is named", "y.py", True),
        ("globs: a(b)+[c].py", "ab.py", False),
    ],
)
def test_front_matter_says_which_paths_a_file_is_about(head: str, place: str, reached: bool) -> None:
    assert reaches(MDC, f"---\n{head}\n---\nBe kind.\n", [place]) is reached


def test_what_has_no_front_matter_or_half_of_one_is_for_everything() -> None:
    for text in ("Be kind.\n", "---\nglobs: x.py\nno end", "", "---"):
        assert reaches(MDC, text, ["y.py"])
    assert reaches("AGENTS.md", "---\nglobs: x.py\n---\n", ["y.py"])


def test_rules_for_some_paths_are_for_no_task_without_a_place() -> None:
    assert not reaches(MDC, "---\nglobs: '*.py'\n---\n", [])


def test_links_that_lead_to_no_file_are_told_with_their_lines() -> None:
    text = "[here](docs/a.md)\n[gone](docs/b.md#part)\n[web](https://x.org/c.md) [top](#top) ![pic](p.png)\n"
    text += "```\n[no link](in/code.md)\n```\n`[nor](here.md)` [folder](docs/)\n[up](../other.md)\n"
    known = {"sub/docs/a.md", "other.md"}
    assert dead_links("sub/AGENTS.md", text, known.__contains__) == [(1, "docs/b.md#part")]


def test_rules_files_are_found_in_their_folders_and_links_are_not_followed(tmp_path: Path) -> None:
    for path in (".cursor/rules/deep/b.mdc", ".cursor/rules/a.mdc", ".github/instructions/c.instructions.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    (tmp_path / ".cursor/rules/link.mdc").symlink_to("/etc/hostname")
    (tmp_path / ".cursor/rules/notes.txt").write_text("x")
    assert rule_files(tmp_path) == (
        ".cursor/rules/a.mdc",
        ".cursor/rules/deep/b.mdc",
        ".github/instructions/c.instructions.md",
    )
    assert rule_files(tmp_path / "nowhere") == ()


def test_a_pack_has_the_rules_that_reach_its_place_and_tells_of_dead_links(tmp_path: Path) -> None:
    files = {
        COPILOT: "Copilot rules, see [it](docs/gone.md).\n",
        MDC: "---\nglobs: shop/**\n---\nShop rules.\n",
        "shop/tax.py": "def add_tax(amount):\n    return amount\n",
        "web/page.py": "def page():\n    return ''\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    index = Index(tmp_path, None)
    snapshot = index.refresh()
    index.close()
    inside, outside = (
        pack(Task("", at=(path, 0, 1), rules=(MDC,)), snapshot, files.get) for path in ("shop/tax.py", "web/page.py")
    )
    assert inside.text(None).startswith(f'<rules path="{COPILOT}">\n{files[COPILOT]}\n</rules>')
    assert "Shop rules." in inside.text(None)
    assert "Shop rules." not in outside.text(None)
    assert (MDC, "its front matter says that it is about other paths") in outside.left_out
    assert (f"{COPILOT}:1", "its link to docs/gone.md leads nowhere: mend it or take it out") in inside.left_out
    assert MDC in rules_paths(Task("", rules=(MDC,)))
