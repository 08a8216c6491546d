"""What stands in the workspace's files of credentials is struck out of all that a model is told, encoded or not."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.tools.known_secrets import MAX_SECRETS, STRUCK, Striking, secrets_below

TOKEN = "wJalr7Fq29ZkP3tQv8Lm"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    lines = (f"API_TOKEN={TOKEN}", "MODE=production", "PORT=8080", "NAME='short1'", "# a comment of words", "")
    (tmp_path / ".env").write_text("\n".join(lines))
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/id_ed25519").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n")
    (tmp_path / "settings.py").write_text("KEY = 'not1a2credential3file'\n")
    (tmp_path / "up").symlink_to("..")
    return tmp_path


def test_values_of_credential_files_are_known_and_ordinary_words_are_not(root: Path) -> None:
    found = secrets_below(root)
    assert TOKEN in found
    assert "b3BlbnNzaC1rZXktdjEAAAAA" in found
    assert not {"production", "8080", "short1", "not1a2credential3file"} & set(found)


@pytest.mark.parametrize(
    "line",
    ["TOKEN={0}", "export TOKEN='{0}'", 'token: "{0}",', "  {0}", "{0};", "TOKEN = {0}\r", "{0}"],
)
def test_a_plain_value_is_known_however_its_line_is_written(tmp_path: Path, line: str) -> None:
    for value in ("hunter2hunter2hunter2", "aGVsbG8gd29ybGQ5OTk5OTk=="):
        (tmp_path / ".env").write_text(f"# ours\n{line.format(value)}\nDEBUG=true\n")
        assert secrets_below(tmp_path) == (value,)


def test_what_is_told_holds_none_of_them_whatever_stands_around(root: Path) -> None:
    striking = Striking(secrets_below(root))
    said = f"ruff [F821]: app.py:1: Undefined name `{TOKEN}`; production on 8080"
    assert striking.struck(said) == f"ruff [F821]: app.py:1: Undefined name `{STRUCK}`; production on 8080"
    assert Striking().struck(said) == said


@given(
    before=st.binary(max_size=7), after=st.binary(max_size=7), value=st.text("abcXYZ0189+/_-", min_size=12, max_size=40)
)
def test_plain_encodings_are_struck_inside_of_longer_ones_too(before: bytes, after: bytes, value: str) -> None:
    striking = Striking([value])
    whole = before + value.encode() + after
    forms = [base64.b64encode(whole), base64.urlsafe_b64encode(whole), whole.hex().encode(), value[::-1].encode()]
    for form in forms:
        assert STRUCK in striking.struck(form.decode("ascii"))


def test_of_a_huge_file_a_bounded_part_is_read_and_a_bounded_number_kept(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("".join(f"KEY_{n}=value{n}withletters\n" for n in range(10_000)))
    assert len(secrets_below(tmp_path)) == MAX_SECRETS


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert secrets_below(tmp_path / "nowhere") == ()
    assert secrets_below(tmp_path) == ()
