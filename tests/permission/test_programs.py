from __future__ import annotations

import shlex

import pytest

from bridle.harness.permission.programs import name_of, never_run, speaks_with_others, table, use_of, variable_ruling
from bridle.harness.permission.scripts import awk_concern, jq_concern, sed_concern, sets_identity


def kinds(command: str) -> list[tuple[str, str]]:
    return [(given.kind, given.text) for given in use_of(shlex.split(command)).given]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("grep -rn -A2 'a b' src", [("word", "2"), ("word", "a b"), ("read", "src")]),
        ("grep -e a -f patterns src", [("word", "a"), ("read", "patterns"), ("read", "src")]),
        ("sort -k2,2n -ofile x", [("word", "2,2n"), ("edit", "file"), ("read", "x")]),
        ("sed -n -e 1p x", [("sed", "1p"), ("read", "x")]),
        ("sed -n 1p x", [("sed", "1p"), ("read", "x")]),
        ("cat -- -n", [("read", "-n")]),
        ("head -5 x", [("read", "x")]),
        ("pytest -p no:cacheprovider t.py", [("word", "no:cacheprovider"), ("test", "t.py")]),
        ("pytest -qp evil", [("never", "evil")]),
        ("python -c 'x' y", [("code", "x"), ("read", "y")]),
        ("python -m tool --x", [("module", "tool"), ("rest", "--x")]),
        ("go test -run=TestA -o out ./...", [("edit", "out"), ("path", "./...")]),
    ],
)
def test_words_are_read_by_the_row_of_their_program(command: str, expected: list[tuple[str, str]]) -> None:
    assert kinds(command) == expected
    assert use_of(shlex.split(command)).unknown == ()


@pytest.mark.parametrize(
    "command",
    [
        "rg --pre x y",
        "rg --pr x y",
        "sort --compress-prog=x",
        "ls --new",
        "pytest --rootdir x",
        "pwd x",
        "git log --outp",
    ],
)
def test_what_is_not_known_is_told(command: str) -> None:
    argv = shlex.split(command)
    use = use_of(argv)
    for _, inner in use.inner:
        use = use_of((argv[0], *inner))
    assert use.unknown


@pytest.mark.parametrize(
    ("command", "inner"),
    [
        ("timeout -k 1 5 nice ls", ["nice ls"]),
        ("nice -n 5 ls -l", ["ls -l"]),
        ("env -u X A=b C=d ls", ["ls"]),
        ("xargs -0 -n1 rm -f", ["rm -f"]),
        ("find . -name x -exec rm {} + -execdir ls ';' -print", ["rm {}", "ls"]),
        ("git --no-pager log -3", ["log -3"]),
    ],
)
def test_the_command_within_a_command_is_found(command: str, inner: list[str]) -> None:
    assert [" ".join(words) for _, words in use_of(shlex.split(command)).inner] == inner


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("/usr/bin/curl", "curl"),
        ("C:\\Windows\\curl.EXE", "curl"),
        ("=curl", "curl"),
        ("cur\u200bl", "curl"),
        ("\uff43url", "curl"),
        (".", "."),
        ("curl.", "curl"),
    ],
)
def test_a_program_has_one_name_however_it_is_spelled(word: str, name: str) -> None:
    assert name_of(word) == name


def test_no_two_rows_speak_of_the_same_command() -> None:
    names = [name for row in table().program for name in row.names]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_some_variables_are_free_some_never_and_the_others_ask() -> None:
    names = ("CI", "FOO", "PAGER", "LD_PRELOAD", "dyld_insert_libraries", "PATH", "BASH_FUNC_git%%")
    assert [variable_ruling(name) for name in names] == ["free", "ask", "ask", "deny", "deny", "deny", "deny"]


def test_what_changes_the_machine_is_never_run() -> None:
    assert never_run("mkfs.ext4")
    assert never_run("reboot")
    assert not never_run("make")
    assert speaks_with_others(["/usr/bin/pip", "install", "x"])
    assert not speaks_with_others(["pip", "list"])


@pytest.mark.parametrize(
    "script",
    ["1p", "1,20p", "$!N;P;D", "/x/,/y/p", "s/a/b/gp", "s,a,b,", "/a/{p;q}", "10q", "y/ab/cd/", "", "/x/I,+3p"],
)
def test_a_sed_script_that_only_prints_is_harmless(script: str) -> None:
    assert sed_concern(script) == ""


@pytest.mark.parametrize(
    "script",
    [
        "1w x", "1e ls", "e", "s/a/b/e", "s/a/b/w x", "s/a/b/gpe", "r /etc/passwd", "R x", "W x", "/x/{e\n}", "i\\\nx",
        "/[/p;s/]/w x/", "s_a_b_e", "s a b e", "1p;#n", "F;w x", "s/a/b", "b;w x", ":a;w x",
    ],
)  # fmt: skip
def test_a_sed_script_that_may_do_more_is_told(script: str) -> None:
    assert sed_concern(script)


def test_awk_and_jq_are_harmless_as_long_as_they_compute() -> None:
    assert awk_concern("NR==1 {print $2, length($0)}") == ""
    for script in ('BEGIN{system("x")}', '{print > "x"}', '{print | "sh"}', '{"x" | getline}', '@load "x"'):
        assert awk_concern(script)
    assert jq_concern(".items[] | select(.a == 1) | .environment") == ""
    for script in ("env", "$ENV.HOME", 'import "a" as a; .', "input_filename"):
        assert jq_concern(script)


def test_bits_that_let_a_program_run_as_somebody_else_are_known_in_letters_and_numbers() -> None:
    assert all(map(sets_identity, ["+s", "u+s", "g=rxs", "u=rwx,g+s", "4755", "02755", "6755"]))
    assert not any(map(sets_identity, ["755", "0755", "a+x", "u-s", "1777", "o-w", "=r"]))
