"""What a person is asked about a permission, and what each answer would write."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.permission.decide import Call, decide, looked
from bridle.harness.permission.decision import Decision
from bridle.harness.permission.grants import Grants
from bridle.harness.permission.paths import Target
from bridle.harness.permission.question import ALWAYS, NO, ONCE, SESSION, question, rules_for
from bridle.harness.permission.rules import Policy, PolicyRule, parse_rule
from bridle.harness.permission.showing import shown

ROOT = Path("/nowhere")
POLICY = Policy(ROOT)
ASKED = Decision("ask", "mode ask", "it is asked about")


def edit(path: str) -> Call:
    return Call("Edit", path, Target(path, path, path, f"{ROOT}/{path}"))


def bash(command: str) -> Call:
    return looked(POLICY, "Bash", command)


def asked(*calls: Call, policy: Policy = POLICY) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    put = question(policy, [(call, decide(policy, call)) for call in calls], "/home/p/config.toml")
    return put.text, put.choices, tuple(map(str, put.rules))


def test_the_whole_command_and_the_rule_are_in_the_question() -> None:
    text, choices, _ = asked(bash("make deploy TARGET=prod"))
    first, second, *_ = text.split("\n")
    assert first == "May the model run: make deploy TARGET=prod"
    assert second.startswith("Asked because ")
    assert choices[0] == ONCE
    assert choices[1] == SESSION
    assert choices[-1] == NO


@pytest.mark.parametrize(
    ("command", "spelled"),
    [
        ("ls\x1b[2K", "ls⟨U+001B⟩[2K"),
        ("ls\nrm -rf x", "ls\\nrm -rf x"),
        ("ls \u202eevil", "ls ⟨U+202E⟩evil"),
        ("ls\r", "ls\\r"),
        ("ls \U000e0061", "ls ⟨U+E0061⟩"),
        ("ls\u3164x", "ls⟨U+3164⟩x"),
    ],
)
def test_what_steers_a_screen_or_cannot_be_seen_is_spelled_out(command: str, spelled: str) -> None:
    text, _, _ = asked(bash(command))
    assert text.split("\n")[0] == f"May the model run: {spelled}"


@given(st.text(max_size=40))
def test_no_shown_text_has_a_character_that_steers_a_screen(text: str) -> None:
    assert all(c.isprintable() or unicodedata.category(c) == "Zs" for c in shown(text))


def test_always_shows_the_rule_and_the_file_that_it_would_write() -> None:
    policy = Policy(ROOT, mode="ask")
    text, choices, rules = asked(edit("src/a[1].py"), policy=policy)
    assert ALWAYS in choices
    assert rules == ("Edit(/src/a\\[1\\].py)",)
    assert text.split("\n")[-1] == f'{ALWAYS} adds to allow in /home/p/config.toml: "{rules[0]}"'


def test_the_rule_of_always_allows_that_place_and_no_other() -> None:
    policy = Policy(ROOT, mode="ask")
    grants = Grants(policy)
    (rule,) = rules_for(edit("src/a[1].py"), ASKED)
    grants.follow(rule)
    assert decide(grants.policy, edit("src/a[1].py")).verdict == "allow"
    assert decide(grants.policy, edit("src/a1.py")).verdict == "ask"


def test_always_is_not_offered_where_its_rule_would_not_help() -> None:
    """A rule that asks beats every rule that allows."""
    policy = Policy(ROOT, rules=(PolicyRule("ask", parse_rule("Edit(src/**)"), "project"),))
    _, choices, rules = asked(edit("src/a.py"), policy=policy)
    assert (ALWAYS in choices, rules) == (False, ())


def test_always_writes_a_rule_for_each_part_of_a_command_that_is_asked_about() -> None:
    policy = Policy(ROOT, rules=(PolicyRule("allow", parse_rule("Bash(pytest:*)")),))
    _, choices, rules = asked(bash("pytest -q && make build && make deploy"), policy=policy)
    assert ALWAYS in choices
    assert rules == ("Bash(make build)", "Bash(make deploy)")


def test_always_is_not_offered_for_what_no_rule_can_say() -> None:
    _, choices, _ = asked(bash("make $(cat targets)"))
    assert ALWAYS not in choices


def test_a_link_earns_no_standing_rule() -> None:
    call = Call("Edit", "l.py", Target("l.py", "l.py", "src/a.py", f"{ROOT}/src/a.py"))
    assert rules_for(call, ASKED) == ()


def test_many_files_are_one_question_that_names_each() -> None:
    text, _, _ = asked(edit("a.py"), edit("b.py"), policy=Policy(ROOT, mode="ask"))
    assert text.startswith("May the model change: a.py\nb.py\n")
    assert text.count("Asked because") == 2


def test_what_is_too_long_for_a_person_is_said_to_be() -> None:
    assert question(POLICY, [(Call("Bash", "x" * 5000), ASKED)], "c").too_long


def test_a_yes_for_the_session_is_for_that_very_call() -> None:
    grants = Grants(POLICY)
    grants.for_session(bash("make deploy"))
    assert decide(grants.policy, bash("make deploy")).verdict == "allow"
    assert decide(grants.policy, bash("make deploy all")).verdict == "ask"
    assert decide(POLICY, bash("make deploy")).verdict == "ask"
