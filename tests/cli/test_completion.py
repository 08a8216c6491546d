"""`bridle completion`: what real shells make of the script, and that it covers every command and option."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from bridle.cli.completion import SHELLS, script
from bridle.cli.main import COMMANDS, main, whole_parser

BASH = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_shtab_bridle bridle "${COMP_WORDS[$COMP_CWORD]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
CASES: tuple[tuple[str, set[str]], ...] = (
    ("bridle ver", {"verify"}),
    ("bridle mcp ", {"serve", "list", "tools", "approve", "remove", "key"}),
    ("bridle init --pro", {"--profile"}),
    ("bridle init --profile ", {"light", "team"}),
    ("bridle completion ", set(SHELLS)),
)


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def lines(argv: Sequence[str], home: Path) -> list[str]:
    env = {"PATH": os.defpath, "HOME": str(home)}
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30, cwd=home, env=env)
    assert done.stderr == ""
    return [line.partition("\t")[0] for line in done.stdout.split("\n") if line]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completions")
    for name in SHELLS:
        (folder / name).write_text(script(whole_parser(), name))
    return folder


@pytest.mark.parametrize(("typed", "offered"), CASES, ids=[typed for typed, _ in CASES])
def test_bash_completes_commands_options_and_choices(scripts: Path, typed: str, offered: set[str]) -> None:
    argv = [shell("bash"), "--norc", "-c", BASH, "bash", str(scripts / "bash"), *typed.split(" ")]
    assert set(lines(argv, scripts)) == offered


def test_bash_completes_files_where_files_are_meant(scripts: Path, tmp_path: Path) -> None:
    (tmp_path / "till.py").write_text("")
    (tmp_path / "tests").mkdir()
    argv = [shell("bash"), "--norc", "-c", BASH, "bash", str(scripts / "bash"), "bridle"]
    assert set(lines([*argv, "read", "t"], tmp_path)) == {"till.py", "tests"}
    assert lines([*argv, "verify", "--root", "t"], tmp_path) == ["tests"]


@pytest.mark.parametrize(("typed", "offered"), CASES, ids=[typed for typed, _ in CASES])
def test_fish_completes_the_same(scripts: Path, typed: str, offered: set[str]) -> None:
    argv = [shell("fish"), "--no-config", "-c", f"source {scripts / 'fish'}; complete -C '{typed}'"]
    assert set(lines(argv, scripts)) == offered


def test_zsh_reads_its_script(scripts: Path) -> None:
    assert lines([shell("zsh"), "-f", "-n", str(scripts / "zsh")], scripts) == []


@pytest.mark.parametrize("name", SHELLS)
def test_each_script_has_every_command(scripts: Path, name: str) -> None:
    text = (scripts / name).read_text()
    assert [command for command in COMMANDS if command not in text] == []


def test_each_command_says_what_it_and_its_options_are_for() -> None:
    (commands,) = (one for one in whole_parser()._actions if isinstance(one, argparse._SubParsersAction))
    silent = [
        f"{name} {action.dest}"
        for name, parser in commands.choices.items()
        for action in parser._actions
        if not action.help and action.option_strings
    ]
    assert silent == []


def test_a_shell_that_is_not_known_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["completion", "csh"])
    assert ended.value.code == 2
    assert "fish" in capsys.readouterr().err
