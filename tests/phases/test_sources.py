"""Sources as data: what is wrong with one is told with its line, and no argument becomes more than an argument."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridle.harness.nouns import Selection, UserProblem
from bridle.harness.phases.sources import SHIPPED, Source, arguments_of, filled
from bridle.harness.settings import load

AT = Selection("src/a.py", 4, 9)
HISTORY, BLAME, ISSUE, LOG = SHIPPED


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The person's file and the project's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    mine = tmp_path / "config" / "bridle" / "config.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text("")
    root = tmp_path / "root"
    root.mkdir()
    return mine, root / "bridle.toml"


def test_the_persons_stands_above_the_projects_and_that_above_ours(files: tuple[Path, Path]) -> None:
    mine, its = files
    its.write_text('[source.issue]\nargv = ["cat", "issue.txt"]\n[source.ci]\nfile = "build/ci.log"\ntail = true\n')
    mine.write_text('[source.tracker]\nurl = "https://tracker.example/{number}"\nargs = { number = "number" }\n')
    found = load(its.parent).source
    assert {name: one.origin for name, one in found.items()} == {
        "history": "shipped", "blame": "shipped", "log": "shipped",
        "issue": "project", "ci": "project", "tracker": "user",
    }  # fmt: skip
    assert found["ci"].tail


WRONG = [
    ("project", 'url = "https://a.example"', "url"),
    ("project", 'file = "a"\ncredential = "x"', "credential"),
    ("both", 'file = "a"\nargv = ["b"]', "has argv and file"),
    ("both", "tail = true", "says nowhere where it comes from"),
    ("both", 'argv = ["cat", "{name}"]', "names {name}, which is no argument"),
    ("both", 'argv = ["cat"]\nargs = { name = "anything" }', "args"),
    ("both", 'mcp = "server"', "names no tool of a server"),
    ("user", 'url = "http://a.example/x"', "in the clear"),
    ("user", 'url = "https://{host}/x"\nargs = { host = "word" }', "in the clear"),
    ("user", 'url = "file:///etc/passwd"', "in the clear"),
    ("user", 'file = "a"\ncredential = "x"', "goes to an address only"),
    ("both", 'file = "a"\ntimeout_s = 1000', "timeout_s"),
    ("both", 'file = "a"\nmax_bytes = 100000000', "max_bytes"),
]


@pytest.mark.parametrize(("where", "text", "said"), WRONG)
def test_what_is_wrong_names_its_line(files: tuple[Path, Path], where: str, text: str, said: str) -> None:
    mine, its = files
    for path in (mine, its):
        if (path is mine) == (where == "project"):
            continue
        path.write_text(f"\n[source.odd]\n{text}\n")
        with pytest.raises(UserProblem) as told:
            load(its.parent)
        assert said in told.value.message + told.value.next_step
        assert f"{path}:" in told.value.message
        path.write_text("")


def test_arguments_come_from_the_person_or_from_the_place() -> None:
    assert arguments_of(BLAME, {}, AT) == {"path": "src/a.py", "start": "5", "end": "9"}
    assert arguments_of(HISTORY, {"path": "src/b.py"}, AT) == {"path": "src/b.py"}
    assert arguments_of(HISTORY, {}, None) is None
    with pytest.raises(UserProblem, match="needs 'file'"):
        arguments_of(ISSUE, {}, AT)
    with pytest.raises(UserProblem, match="has no argument 'mood'"):
        arguments_of(ISSUE, {"mood": "x"}, AT)


KINDS = Source("s", "user", arguments={"word": "word", "number": "number", "path": "path", "text": "text"})
GOOD = {"word": "main", "number": "42", "path": "docs/a b.md", "text": "two\nlines; $(x)"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("word", "-rf"), ("word", "a b"), ("word", "a;b"), ("word", "$(x)"), ("word", "x" * 300),
        ("number", "-1"), ("number", "1.5"), ("number", "1e9"), ("number", "1" * 20),
        ("path", "/etc/passwd"), ("path", "../x"), ("path", "a/../../x"), ("path", "a\\..\\..\\x"), ("path", "-x"),
        ("path", "a\0b"), ("text", "--output=/x"), ("text", "a\0b"), ("text", "x" * 600),
    ],
)  # fmt: skip
def test_a_value_of_another_form_is_refused(name: str, value: str) -> None:
    assert arguments_of(KINDS, GOOD, None) == GOOD
    with pytest.raises(UserProblem, match=rf"s\.{name} is"):
        arguments_of(KINDS, GOOD | {name: value}, None)


def test_an_argument_stays_one_part_of_an_address() -> None:
    values = {"text": "a/b?c=d&e#f", "number": "7"}
    assert filled("https://x/{number}/q?w={text}", values, in_address=True) == "https://x/7/q?w=a%2Fb%3Fc%3Dd%26e%23f"
    assert filled("{text}", values) == "a/b?c=d&e#f"
