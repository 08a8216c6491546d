"""What we read is what bash runs: lines that we take for plain words are given to bash, with programs that tell their
words."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from bridle.indexer.shell import read_line

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here to compare with"),
]

N_LINES = 1_500
N_PLAIN = 300
PROGRAMS = ("prog", "p2", "cat", "git")
TOLD = '#!/bin/sh\nprintf \'%s\\0\' "${0##*/}" "$@" END >> "$TOLD"\n'
PIECES = (
    "prog", "p2", "cat", "git", "a", "-x", "--y=z", "'b c'", '"d e"', "''", '""', "\\ ", "\\n", "\\'", '\\"', "\\\\",
    "'\\'", '"\\""', '"\\\\"', '"a\'b"', "'a\"b'", "=", "%", "^", ",", ":", "@", "+", "-", "!", "#", "[x]", "x*y", "?",
    "~", "~/x", "~root", "{}", "{a}", "{a,b}", "{1..2}", "é", "漢", "$", "$x", "$'x'", '$"x"', "`x`", "a=b", "A=b",
    "\t", "]", "}", "{", "2", "\\\n", "'\n'", '"\n"', "'#'", "a#b", "!x", "a!b", "<", ">", "2>", "&1", ">&",
    "/dev/null",
)  # fmt: skip
JOINTS = (" ", " ", " ", "", " && ", " || ", ";", " | ", "\n", "|", "&&", " & ", "(", ")")


def line_of(dice: random.Random) -> str:
    pieces = [dice.choice(PROGRAMS)]
    for _ in range(dice.randint(1, 8)):
        pieces += [dice.choice(JOINTS), dice.choice(PIECES)]
    return "".join(pieces)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / "here").mkdir()
    for name in PROGRAMS:
        program = tmp_path / "bin" / name
        program.write_text(TOLD)
        program.chmod(0o755)
    return tmp_path


def run_by_bash(place: Path, line: str) -> list[list[str]]:
    told = place / "told"
    told.write_bytes(b"")
    environment = {"PATH": str(place / "bin"), "TOLD": str(told), "HOME": "/nohome", "LC_ALL": "C.UTF-8"}
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run(
        [bash, "--norc", "-c", line],
        cwd=place / "here", env=environment, input=b"", capture_output=True, timeout=20, check=False,
    )  # fmt: skip
    calls = told.read_bytes().decode().split("\0END\0")[:-1]
    return [call.split("\0") for call in calls]


@pytest.mark.parametrize("seed", range(4))
def test_bash_runs_the_words_that_were_read_and_no_others(place: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - the same lines each time
    n_plain = n_run = 0
    for _ in range(N_LINES):
        line = line_of(dice)
        read = read_line(line)
        if read.oddities:
            continue
        n_plain += 1
        words = [[word.text.replace("~", "/nohome", 1) if word.raw.startswith("~") else word.text for word in c.words]
                 for c in read.commands]  # fmt: skip
        for call in run_by_bash(place, line):
            n_run += 1
            assert call in words, (line, call, words)
        shutil.rmtree(place / "here")
        (place / "here").mkdir()
        if n_plain >= N_PLAIN:
            break
    assert n_plain > 50
    assert n_run > 50
    assert os.listdir(place / "bin")  # noqa: PTH208 - names are all that is wanted
