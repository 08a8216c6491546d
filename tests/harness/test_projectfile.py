"""A project's file: each setting explained and readable, a profile's lines active, nothing of a person's changed."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from bridle.harness.projectfile import PROFILES, Found, Profile, fresh, merged
from bridle.harness.settings import load
from bridle.harness.settingsdocs import BLOCKS, ROWS
from bridle.harness.settingsfiles import Part, ProjectFile

PROFILE_NAMES = pytest.mark.parametrize("profile", get_args(Profile))
PACKAGE = Path(__file__).resolve().parents[2] / "editors" / "vscode" / "package.json"


def settings_of(shape: type[msgspec.Struct], prefix: str = "") -> set[str]:
    """Return the dotted names of all settings of a shape; a table of a person's own names is one."""
    found: set[str] = set()
    for field in msgspec.structs.fields(shape):
        inner = field.type if isinstance(field.type, type) and issubclass(field.type, Part) else None
        found |= settings_of(inner, f"{prefix}{field.encode_name}.") if inner else {prefix + field.encode_name}
    return found


def read(text: str) -> ProjectFile:
    return msgspec.convert(tomllib.loads(text), ProjectFile)


def test_each_setting_of_the_schema_is_explained_once() -> None:
    told = [row.name for row in ROWS] + [block.name for block in BLOCKS]
    assert sorted(told) == sorted(settings_of(ProjectFile))


def test_what_the_extension_says_of_a_setting_is_said_in_the_same_words() -> None:
    settings = json.loads(PACKAGE.read_text("utf-8"))["contributes"]["configuration"]["properties"]
    theirs = {name.removeprefix("bridle."): setting["description"] for name, setting in settings.items()}
    assert {row.name: row.says for row in ROWS if row.name in theirs} == {
        row.name: theirs[row.name] for row in ROWS if row.name in theirs
    }


@PROFILE_NAMES
def test_every_line_can_be_made_active_and_is_then_taken(profile: Profile, tmp_path: Path) -> None:
    text = fresh(Found(), profile)
    active = re.sub(r"^# (?=[\w.]+ = |\[)", "", text, flags=re.MULTILINE)
    (tmp_path / "bridle.toml").write_text(active)
    assert {name for name, _ in pairs(tomllib.loads(active))} >= {row.name for row in ROWS}
    load(tmp_path)


@PROFILE_NAMES
def test_only_what_the_profile_asks_for_is_active(profile: Profile) -> None:
    data = tomllib.loads(fresh(Found(), profile))
    assert {name for name, _ in pairs(data)} | {name for name in data if not data[name]} == set(PROFILES[profile])


def pairs(data: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in data.items():
        found += pairs(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return found


MINE = """\
# ours
mode = "ask"   # careful

[sandbox]
memory_mb = 512 # mine

[[check]]
name="x"
command=["true"]
report="tap"
"""


def test_a_file_that_is_there_keeps_each_of_its_lines_and_gets_what_it_does_not_say() -> None:
    text = merged(MINE, "team")
    assert [line for line in MINE.split("\n") if line not in text.split("\n")] == []
    file = read(text)
    assert (file.mode, file.sandbox.required, file.sandbox.memory_mb, file.tests.gate) == ("ask", True, 512, "full")
    assert "[security]" in text


@pytest.mark.parametrize(
    "text",
    [
        '[tests]\ngate = "impact"\n[sandbox]\nrequired = false\n[security]\n',
        'tests.gate = "impact"\nsandbox = { required = false }\nsecurity = {}\n',
        "tests = { stop_after = 1 }\nsandbox.required = false\n",
    ],
    ids=["tables", "dotted and inline", "an inline table that has no such key"],
)
def test_what_is_said_already_is_never_changed(text: str) -> None:
    before, after = read(text), read(merged(text, "team"))
    assert after.sandbox == before.sandbox
    assert after.tests in (before.tests, msgspec.structs.replace(before.tests, gate="full"))
    assert after.tests.gate == "impact" or before.tests.gate is None


@PROFILE_NAMES
@pytest.mark.parametrize("text", ["", MINE, "\r\n".join(MINE.split("\n")), fresh(Found(), "light")], ids=repr)
def test_doing_it_again_changes_nothing(profile: Profile, text: str) -> None:
    once = merged(text, profile)
    assert merged(once, profile) == once
    read(once)


def test_names_from_the_workspace_cannot_leave_their_comment() -> None:
    found = Found(
        (("a\nmode = 'auto'\n#", "package.json"),), (("x\u2028y = 1", ""),), tuple(f"{n}.md" for n in range(500))
    )
    assert tomllib.loads(fresh(found, "light")) == {}
    assert "480 more" in fresh(found, "light")
