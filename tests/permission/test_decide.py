from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.nouns import UserProblem
from bridle.harness.permission.decide import Call, decide, judge
from bridle.harness.permission.paths import Target
from bridle.harness.permission.rules import (
    MODES,
    ORIGINS,
    Effect,
    Mode,
    Origin,
    Policy,
    PolicyRule,
    Scope,
    check_examples,
    matches,
    parse_rule,
)

ROOT = Path("/nowhere")
STRENGTH = {"allow": 0, "ask": 1, "deny": 2}

effects = st.sampled_from(["allow", "ask", "deny"])
rules = st.builds(
    PolicyRule,
    effects,
    st.sampled_from(["Edit", "Edit(**)", "Edit(src/**)", "Edit(src/a.py)", "Read", "Edit(*.md)"]).map(parse_rule),
    st.sampled_from(ORIGINS),
)


def rule(effect: Effect, text: str, origin: Origin = "user") -> PolicyRule:
    return PolicyRule(effect, parse_rule(text), origin)


def edit(path: str, lines: tuple[int, int] | None = None) -> Call:
    return Call("Edit", path, Target(path, path, path, f"{ROOT}/{path}"), lines)


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_deny_beats_ask_beats_allow_in_any_order_and_from_any_height(order: tuple[int, ...]) -> None:
    table = [
        rule("allow", "Edit(src/a.py)", "managed"),
        rule("ask", "Edit(src/**)"),
        rule("deny", "Edit", "project"),
    ]
    shuffled = [table[n] for n in order]
    for kept in (
        shuffled,
        [r for r in shuffled if r.effect != "deny"],
        [r for r in shuffled if r.effect == "allow"],
    ):
        strongest = max((r.effect for r in kept), key=STRENGTH.__getitem__)
        assert decide(Policy(ROOT, rules=tuple(kept)), edit("src/a.py")).verdict == strongest


@given(st.lists(rules, max_size=6), rules, st.sampled_from(MODES))
def test_one_more_rule_of_the_project_never_loosens(table: list[PolicyRule], more: PolicyRule, mode: Mode) -> None:
    more = PolicyRule(more.effect, more.rule, "project")
    before = decide(Policy(ROOT, mode, tuple(table)), edit("src/a.py"))
    after = decide(Policy(ROOT, mode, (*table, more)), edit("src/a.py"))
    assert STRENGTH[after.verdict] >= STRENGTH[before.verdict]


@given(st.lists(rules, max_size=6))
def test_a_tighter_mode_never_allows_more(table: list[PolicyRule]) -> None:
    policy = [decide(Policy(ROOT, mode, tuple(table)), edit("src/a.py")) for mode in MODES]
    strengths = [STRENGTH[decision.verdict] for decision in policy]
    assert strengths == sorted(strengths, reverse=True)


@given(st.lists(rules, max_size=6))
def test_the_order_of_the_rules_does_not_matter(table: list[PolicyRule]) -> None:
    policy = Policy(ROOT, rules=tuple(table))
    turned = Policy(ROOT, rules=tuple(reversed(table)))
    assert decide(policy, edit("src/a.py")).verdict == decide(turned, edit("src/a.py")).verdict


def test_the_highest_rule_is_named() -> None:
    policy = Policy(ROOT, rules=(rule("deny", "Edit(src/**)", "project"), rule("deny", "Edit(**)", "managed")))
    assert decide(policy, edit("src/a.py")).rule == "deny Edit(**) (managed)"


@pytest.mark.parametrize(
    ("mode", "verdicts"),
    [
        ("plan", {"Read": "allow", "Edit": "deny", "Check": "ask", "Bash": "deny", "mcp__s__t": "ask"}),
        ("ask", {"Read": "allow", "Edit": "ask", "Check": "allow", "Bash": "ask", "mcp__s__t": "ask"}),
        ("edit", {"Read": "allow", "Edit": "allow", "Check": "allow", "Bash": "ask", "mcp__s__t": "ask"}),
        ("auto", {"Read": "allow", "Edit": "allow", "Check": "allow", "Bash": "ask", "mcp__s__t": "ask"}),
    ],
)
def test_what_a_mode_leaves_free(tmp_path: Path, mode: Mode, verdicts: dict[str, str]) -> None:
    policy = Policy(tmp_path, mode)
    assert {tool: judge(policy, tool, "src/a.py").verdict for tool in verdicts} == verdicts


def test_where_nobody_can_be_asked_the_answer_is_no() -> None:
    decision = decide(Policy(ROOT, "ask", headless=True), edit("src/a.py"))
    assert decision.verdict == "deny"
    assert "nobody can be asked" in decision.reason


def test_a_yes_of_the_person_beats_ask_but_not_deny() -> None:
    yes = frozenset({("Edit", "conftest.py"), ("Edit", ".git/config"), ("Edit", "b.py")})
    policy = Policy(ROOT, rules=(rule("deny", "Edit(b.py)"),), granted=yes)
    assert decide(policy, edit("conftest.py")).verdict == "allow"
    assert decide(policy, edit("tests/conftest.py")).verdict == "ask"
    assert decide(policy, edit(".git/config")).verdict == "deny"
    assert decide(policy, edit("b.py")).verdict == "deny"


def test_outside_of_the_scope_of_a_run_is_asked_about() -> None:
    policy = Policy(ROOT, rules=(rule("allow", "Edit(**)"),), scope=Scope({"a.py": ((10, 20),), "b.py": ()}))
    asked = {
        "inside": decide(policy, edit("a.py", (10, 20))).verdict,
        "over the edge": decide(policy, edit("a.py", (19, 21))).verdict,
        "anywhere in the file": decide(policy, edit("a.py")).verdict,
        "whole file": decide(policy, edit("b.py", (0, 9999))).verdict,
        "another file": decide(policy, edit("c.py", (10, 12))).verdict,
    }
    assert asked == {
        "inside": "allow",
        "over the edge": "ask",
        "anywhere in the file": "ask",
        "whole file": "allow",
        "another file": "ask",
    }


def test_a_path_that_nobody_looked_at_is_denied() -> None:
    assert decide(Policy(ROOT, rules=(rule("allow", "Edit"),)), Call("Edit", "a.py")).verdict == "deny"


def test_allowing_a_link_needs_a_rule_for_both_of_its_names() -> None:
    call = Call("Edit", "src/a.py", Target("src/a.py", "src/a.py", "lib/a.py", "/nowhere/lib/a.py"))
    table = (rule("allow", "Edit(src/**)"),)
    assert decide(Policy(ROOT, "ask", table), call).verdict == "ask"
    assert decide(Policy(ROOT, "ask", (*table, rule("allow", "Edit(lib/**)"))), call).verdict == "allow"
    assert decide(Policy(ROOT, "ask", (*table, rule("deny", "Edit(lib/**)"))), call).verdict == "deny"


def test_a_command_that_nobody_read_is_denied() -> None:
    policy = Policy(ROOT, "auto", (rule("allow", "Bash(pytest:*)"),))
    assert decide(policy, Call("Bash", "pytest -q")).verdict == "deny"


def test_commands_are_allowed_by_the_rules_of_a_person_and_of_no_project(tmp_path: Path) -> None:
    for origin in ORIGINS:
        policy = Policy(tmp_path, rules=(rule("allow", "Bash(pytest:*)", origin), rule("deny", "Bash(rm:*)")))
        assert judge(policy, "Bash", "pytest -q").verdict == ("ask" if origin.startswith("project") else "allow")
        assert judge(policy, "Bash", "rm -rf src").verdict == "deny"
        assert judge(policy, "Bash", "rmdir src").verdict == "ask"


@pytest.mark.parametrize(
    "text",
    [
        "", "Edit(", "Edit()", "Edit( )", "Edti(src/**)", "Edit(!src/**)", "Edit(#a)", "Edit(a\nb)",
        "Edit(a) b", "mcp__", "edit(src)", "Edit( src)", "\u202eEdit",
    ],
)  # fmt: skip
def test_a_text_that_is_no_rule_is_refused_with_what_would_be_one(text: str) -> None:
    with pytest.raises(UserProblem) as caught:
        parse_rule(text)
    assert caught.value.next_step


@pytest.mark.parametrize("text", ["Edit", "Edit(src/**)", "Read(~/.ssh/**)", "mcp__server__tool", "Bash(git log:*)"])
def test_a_rule_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_rule(text)) == text


@pytest.mark.parametrize(
    ("text", "subject", "expected"),
    [
        ("Edit(*.py)", "a/b.py", True),
        ("Edit(/*.py)", "a/b.py", False),
        ("Edit(src/**)", "lib/src/a.py", False),
        ("Edit(**/.env)", ".env", True),
        ("Edit(src)", "src/deep/a.py", True),
        ("Read(~/.ssh/**)", f"{Path.home()}/.ssh/id", True),
        ("Read(//etc/**)", "/etc/passwd", True),
        ("Read(etc/**)", "/etc/passwd", False),
        ("Read(//etc/**)", "etc/passwd", False),
        ("Check(py*)", "pytest", True),
        ("Edit(.env)", ".ENV", False),
    ],
)
def test_what_a_pattern_means(text: str, subject: str, expected: bool) -> None:
    assert matches(parse_rule(text), subject) is expected


def test_a_deny_rule_does_not_care_for_case_and_an_allow_rule_does() -> None:
    denied = Policy(ROOT, rules=(rule("deny", "Edit(secret/**)"),))
    assert decide(denied, edit("SECRET/a.py")).verdict == "deny"
    allowed = Policy(ROOT, "ask", rules=(rule("allow", "Edit(src/**)"),))
    assert decide(allowed, edit("SRC/a.py")).verdict == "ask"


def test_a_rule_is_held_to_its_examples() -> None:
    check_examples(parse_rule("Edit(src/**)"), ["src/a.py"], ["lib/a.py"])
    with pytest.raises(UserProblem, match="does not match its example"):
        check_examples(parse_rule("Edit(src/**)"), ["lib/a.py"], [])
    with pytest.raises(UserProblem, match="not_match"):
        check_examples(parse_rule("Edit(src/**)"), [], ["src/a.py"])
