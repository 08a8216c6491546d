"""A rule that a person chose to keep goes into their own file, and everything else in it stays."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bridle.harness.nouns import UserProblem
from bridle.harness.permission.remember import allow_always, meet_needs
from bridle.harness.permission.rules import parse_rule
from bridle.harness.settings import load

MINE = """\
# mine
mode = "ask"  # careful

[permission]
deny = ["Edit(vendor/**)"]
allow = [
  "Edit(src/**)",  # code
]
"""
RULE = parse_rule("Bash(make deploy)")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "bridle" / "config.toml"


def rules(tmp_path: Path) -> list[str]:
    return [str(rule) for rule in load(tmp_path).policy.rules]


def test_a_rule_is_added_once_and_followed(settings: Path, tmp_path: Path) -> None:
    for _ in range(2):
        allow_always(settings, [RULE])
    assert rules(tmp_path) == ["allow Bash(make deploy) (user)"]
    assert settings.stat().st_mode & 0o777 == 0o600


def test_comments_order_and_mode_stay(settings: Path, tmp_path: Path) -> None:
    before = MINE
    settings.parent.mkdir(parents=True)
    settings.write_text(before)
    settings.chmod(0o644)
    allow_always(settings, [RULE])
    after = settings.read_text()
    for line in before.splitlines():
        assert line in after
    assert "allow Bash(make deploy) (user)" in rules(tmp_path)
    assert settings.stat().st_mode & 0o777 == 0o644


def test_a_link_to_a_folder_of_dotfiles_stays_a_link(settings: Path, tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "bridle.toml"
    real.write_text("")
    settings.parent.mkdir(parents=True)
    settings.symlink_to(real)
    allow_always(settings, [RULE])
    assert settings.is_symlink()
    assert "make deploy" in real.read_text()


@pytest.mark.parametrize("text", ["mode = ", "permission = 1\n", '[permission]\nallow = "Edit"\n'])
def test_a_file_that_is_not_as_it_should_be_is_told_and_kept(settings: Path, text: str) -> None:
    settings.parent.mkdir(parents=True)
    settings.write_text(text)
    with pytest.raises(UserProblem) as caught:
        allow_always(settings, [RULE])
    assert str(settings) in caught.value.message
    assert caught.value.next_step
    assert settings.read_text() == text


def test_rules_that_come_at_once_are_all_kept(settings: Path, tmp_path: Path) -> None:
    each = [parse_rule(f"Bash(make t{n})") for n in range(8)]
    threads = [threading.Thread(target=allow_always, args=(settings, [rule])) for rule in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(rules(tmp_path)) == sorted(f"allow {rule} (user)" for rule in each)


@pytest.mark.parametrize(
    "before",
    [
        "",
        '[checks.pytest]\nneeds = ["env:PGHOST"]\n',
        "[checks]\n",
        '[checks.ruff]\nneeds = ["env:A"]\n',
        "[checks.pytest]\n",
    ],
)
def test_what_a_check_is_granted_is_added_to_what_it_has(settings: Path, tmp_path: Path, before: str) -> None:
    settings.parent.mkdir(parents=True)
    settings.write_text(before)
    had = load(tmp_path).needs
    for _ in range(2):
        meet_needs(settings, "pytest", ["loopback:5432"])
    assert load(tmp_path).needs == had | {"pytest": (*had.get("pytest", ()), "loopback:5432")}
