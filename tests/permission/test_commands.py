from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.permission.command import Part, Reading
from bridle.harness.permission.decide import Call, decide, judge
from bridle.harness.permission.decision import STRENGTH
from bridle.harness.permission.rules import MODES, Effect, Mode, Origin, Policy, PolicyRule, parse_rule
from bridle.harness.permission.unfolding import read_command
from bridle.harness.permission.words import may_be, spells
from bridle.indexer.shell import read_line

CASES = Path(__file__).parents[1] / "cases" / "permission"
TABLE = json.loads((CASES / "policy.json").read_text("utf-8"))
EFFECTS: tuple[Effect, ...] = ("allow", "ask", "deny")


def rules(*texts: str, origin: Origin = "user") -> tuple[PolicyRule, ...]:
    """Rules written as "allow Bash(ls:*)"."""
    split = [text.partition(" ") for text in texts]
    return tuple(PolicyRule(effect, parse_rule(rest), origin) for effect, _, rest in split)  # type: ignore[arg-type]


def policy_of_the_attacks(root: Path, mode: Mode = "edit") -> Policy:
    texts = [f"{effect} {text}" for effect in EFFECTS for text in TABLE.get(effect, ())]
    return Policy(root, mode, rules(*texts))


def cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CASES / "commands.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "ws" / "repo"
    for name in ("src/a.py", "src/b.py", "tests/test_a.py", "README.md", ".env", "data.csv"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    return root


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['id']} {case['why']}")
def test_no_command_gets_more_than_it_should_and_no_plain_one_is_held_up(repo: Path, case: dict[str, Any]) -> None:
    decision = judge(policy_of_the_attacks(repo), "Bash", case["input"].replace("/ws/repo", str(repo)))
    if case["expect"] == "allow":
        assert decision.verdict == "allow", decision
    else:
        assert STRENGTH[decision.verdict] >= STRENGTH[case["expect"]], decision
    assert decision.rule
    assert decision.reason
    assert decision.origin


def test_there_are_as_many_attacks_as_we_say() -> None:
    ours = [case for case in cases() if case["id"].startswith("N")]
    assert len(ours) > 200
    assert len([case for case in cases() if case["expect"] == "allow"]) > 40


# --- what is allowed ------------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(
    [
        "pytest", "git", "status", "diff", "cat", "src/a.py", "-q", "-n", "--stat", "echo", "a b", "$x", "*", "~",
        "{a,b}", ".env", "'", '"', "\\", "-exec", "curl", "sh", "-c", "env", "A=b", "find", ".", "timeout", "5", "#",
        "!", "sed", "1p", "rm",
    ]
)  # fmt: skip
_JOINTS = st.sampled_from(
    [" ", " && ", " || ", " ; ", " | ", "\n", " > ", " < ", " & ", ";", "|", "$(", ")", "`", "<<"]
)  # fmt: skip
_LINES = st.lists(st.tuples(_WORDS, _JOINTS), min_size=1, max_size=8).map(
    lambda pairs: "".join(word + joint for word, joint in pairs).strip()
)


@given(_LINES)
def test_every_part_of_an_allowed_command_is_plain_words_and_allowed_by_a_rule(line: str) -> None:
    policy = policy_of_the_attacks(Path("/nowhere"))
    decision = judge(policy, "Bash", line)
    if decision.verdict != "allow":
        return
    read = read_line(line)
    assert not read.oddities
    assert all(word.plain for command in read.commands for word in command.words)
    allowed = [rule.rule.pattern for rule in policy.rules if rule.effect == "allow" and rule.rule.tool == "Bash"]
    reading = read_command(line)
    assert reading.parts
    for part in reading.parts:
        assert not part.argv or any(spells(pattern, part.argv) >= 0 for pattern in allowed), part


@given(_LINES)
def test_a_second_command_never_loosens_the_first(line: str) -> None:
    policy = policy_of_the_attacks(Path("/nowhere"))
    alone = STRENGTH[judge(policy, "Bash", line).verdict]
    if alone == STRENGTH["deny"]:
        assert judge(policy, "Bash", f"true; {line}").verdict != "allow"


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_and_none_is_allowed_by_accident(line: str) -> None:
    decision = judge(policy_of_the_attacks(Path("/nowhere")), "Bash", line)
    if decision.verdict == "allow":
        assert shlex.split(line)


@pytest.mark.parametrize("mode", MODES)
def test_deny_holds_in_every_mode_and_for_a_yes_of_the_person(repo: Path, mode: Mode) -> None:
    policy = policy_of_the_attacks(repo, mode)
    command = "pytest -q && curl http://127.0.0.1:9/"
    for contained in (False, True):
        granted = frozenset({("Bash", command)})
        changed = Policy(repo, mode, policy.rules, granted=granted, contained=contained)
        assert judge(changed, "Bash", command).verdict == "deny"


def test_a_yes_is_for_that_command_to_the_letter(repo: Path) -> None:
    policy = Policy(repo, granted=frozenset({("Bash", "make deploy")}))
    assert judge(policy, "Bash", "make deploy").rule == "granted"
    assert judge(policy, "Bash", "make deploy ").verdict == "ask"


@pytest.mark.parametrize(
    ("command", "verdict"),
    [
        ("cargo build && ./target/debug/app", "allow"),
        ("for f in *.py; do echo $f; done", "allow"),
        ("python -c 'print(1)'", "allow"),
        ("pip install requests", "ask"),
        ("curl https://example.com", "ask"),
        ("sh -c 'wget https://example.com'", "ask"),
        ("cp src/a.py /etc/hk", "deny"),
        ("echo x > conftest.py", "ask"),
        ("cat .env", "deny"),
        ("LD_PRELOAD=./x.so true", "deny"),
    ],
)
def test_in_mode_auto_what_is_contained_is_free_and_what_reaches_out_is_not(
    repo: Path, command: str, verdict: str
) -> None:
    assert judge(Policy(repo, "auto", contained=True), "Bash", command).verdict == verdict
    assert judge(Policy(repo, "auto"), "Bash", command).verdict != "allow"


# --- what a rule says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "command", "verdict"),
    [
        ("allow Bash(python -c:*)", "python -c 'print(1)'", "allow"),
        ("allow Bash(python:*)", "python -c 'print(1)'", "ask"),
        ("allow Bash(python:*)", "python tools/make.py", "allow"),
        ("allow Bash(python:*)", "python /tmp/make.py", "deny"),
        ("allow Bash(pytest -p xdist:*)", "pytest -p xdist -q", "allow"),
        ("allow Bash(pytest -p xdist:*)", "pytest -p xdist -p evil", "ask"),
        ("allow Bash(make deploy)", "make deploy", "allow"),
        ("allow Bash(make deploy)", "make deploy X=1", "ask"),
        ("allow Bash(make:*)", "make deploy X=1", "ask"),
        ("allow Bash(cat /etc/hosts)", "cat /etc/hosts", "deny"),
        ("allow Bash(docker run:*)", "docker run alpine", "ask"),
        ("allow Bash(docker run alpine:*)", "docker run alpine ls", "allow"),
        ("allow Bash(xargs grep:*)", "xargs grep foo", "allow"),
        ("allow Bash(git commit:*)", "git commit -m 'remove curl'", "allow"),
        ("allow Bash(git -C sub status)", "git -C sub status", "allow"),
        ("allow Bash(git -C sub log:*)", "git -C sub log --output=x", "ask"),
        ("allow Bash(cp:*)", "cp -r src lib", "ask"),
        ("allow Bash(mkdir:*)", "mkdir -p lib/new", "allow"),
        ("allow Bash(mv:*)", "mv src/a.py src/c.py", "allow"),
        ("allow Bash(tee:*)", "tee out.txt", "allow"),
        ("allow Bash(tee:*)", "tee conftest.py", "ask"),
        ("allow Bash(tee:*)", "tee ../out.txt", "deny"),
        ("allow Bash(mytool:*)", "mytool --deep src/a.py", "allow"),
        ("allow Bash(mytool:*)", "mytool /etc/hosts", "ask"),
        ("allow Bash(mytool:*)", "mytool --config=../x", "ask"),
        ("allow Bash(mytool:*)", "mytool .env", "deny"),
        ("allow Bash(npm run build:*)", "npm run build", "allow"),
        ("allow Bash(npm run build:*)", "npm run build -- --config evil.js", "ask"),
        ("allow Bash(awk:*)", "awk -F, '{print $1}' data.csv", "allow"),
        ("allow Bash(awk:*)", "awk '{print > \"x\"}' data.csv", "ask"),
        ("allow Bash(jq:*)", "jq -r '.a[] | .b' data.json", "allow"),
        ("allow Bash(jq:*)", "jq -n env", "ask"),
        ("allow Bash", "git commit -m x", "allow"),
        ("allow Bash", "git commit -m \"$(id)\"", "ask"),
        ("allow Bash(ls *)", "ls -la", "allow"),
        ("allow Bash(./build.sh:*)", "./build.sh fast", "allow"),
        ("allow Bash(build.sh:*)", "./build.sh fast", "ask"),
        ("allow Bash(go test:*)", "go test -count=1 -run TestA ./...", "allow"),
        ("allow Bash(go test:*)", "go test -exec ./hk.sh ./...", "ask"),
        ("allow Bash(cargo test:*)", "cargo test --workspace -- --nocapture", "allow"),
        ("allow Bash(cargo test:*)", "cargo test --config build.rustc-wrapper='./hk.sh'", "ask"),
        ("allow Bash(tar:*)", "tar xf a.tar --to-command=./hk.sh", "ask"),
        ("allow Bash(tar:*)", "tar -xzf a.tar.gz", "allow"),
        ("allow Bash(tar:*)", "tar xzf a.tar.gz", "allow"),
        ("allow Bash(tar:*)", "tar cIf ./hk.sh a.tar src", "ask"),
        ("allow Bash(man:*)", "man -P ./hk.sh ls", "ask"),
        ("allow Bash(task:*)", "task -t /tmp/hk.yml build", "ask"),
        ("allow Bash(just:*)", "just build", "allow"),
        ("allow Bash(diff:*)", "diff -r src tests", "ask"),
        ("allow Bash(echo:*)", "echo ~/.ssh/*", "ask"),
        ("allow Bash(less:*)", "less +!./hk.sh", "ask"),
        ("allow Bash(rsync:*)", "rsync -e ./hk.sh a b", "ask"),
    ],
)  # fmt: skip
def test_a_rule_allows_what_it_spells_out_and_after_that_only_what_is_harmless(
    repo: Path, rule: str, command: str, verdict: str
) -> None:
    decision = judge(Policy(repo, rules=rules(rule, "deny Bash(curl:*)")), "Bash", command)
    assert decision.verdict == verdict, decision


@pytest.mark.parametrize(
    ("pattern", "command"),
    [
        ("git push:*", "git -C sub -c a=b push"),
        ("git push:*", "git --git-dir x push"),
        ("npm install:*", "npm --prefix x install"),
        ("rm -rf:*", "rm -fr x"),
        ("rm -rf:*", "rm -r -f x"),
        ("rm -rf:*", "/bin/rm x -rfv"),
        ("git push --force:*", "git push origin main --force"),
        ("git push", "git push --tags"),
        ("curl:*", "CURL.exe x"),
        ("curl:*", "\\curl x"),
    ],
)
def test_what_is_forbidden_is_forbidden_however_it_is_spelled(pattern: str, command: str) -> None:
    assert may_be(pattern, shlex.split(command))


@pytest.mark.parametrize(
    ("pattern", "command"),
    [
        ("git push:*", "git log push"),
        ("git push:*", "git commit -m push now"),
        ("git push", "git push origin"),
        ("rm -rf:*", "rm -r x"),
        ("rm:*", "rmdir x"),
        ("rm:*", "git rm x"),
        ("curl:*", "curlew"),
    ],
)
def test_what_is_not_forbidden_is_not_taken_for_it(pattern: str, command: str) -> None:
    assert not may_be(pattern, shlex.split(command))


@pytest.mark.parametrize(
    "command",
    [
        "git commit -m 'remove curl and rm'",
        "git rm src/a.py",
        "which curl",
        "man rm",
        "apt install curl",
        "npm rm left-pad",
        "rg curl src",
        "grep -rn 'rm -rf' .",
        "cat > notes.md <<'EOF'\nnever run curl | sh\nEOF",
        "find . -name curl",
        "make curl",
        "python -c 'eval(x)'",
    ],
)
def test_a_name_that_is_only_spoken_of_does_not_forbid(repo: Path, command: str) -> None:
    policy = Policy(repo, rules=rules("deny Bash(curl:*)", "deny Bash(rm:*)", "deny Bash(eval:*)"))
    assert judge(policy, "Bash", command).verdict == "ask"


# --- what is looked at ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("configuration", "verdict"),
    [
        ("[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://example.com/x.git\n", "allow"),
        ("[core]\n\tfsmonitor = true\n", "allow"),
        ("[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n", "allow"),
        ("[core]\n fsmonitor = ./hk.sh", "ask"),
        ("[CORE] FsMonitor = ./hk.sh", "ask"),
        ("[core] bare = false\n[diff]\nexternal = ./hk.sh", "ask"),
        ("[diff \"x\"]\n textconv = ./hk.sh", "ask"),
        ("[filter \"x\"]\n clean = ./hk.sh", "ask"),
        ("[include]\n path = /tmp/hk", "ask"),
        ("[includeIf \"gitdir:/x\"]\n path = /tmp/hk", "ask"),
        ("[core]\n pager = ./hk.sh", "ask"),
        ("[core]\n fsmonitor = \\\n./hk.sh", "ask"),
        ("not a configuration", "ask"),
    ],
)  # fmt: skip
def test_git_is_asked_about_where_the_repository_can_make_it_run_something(
    repo: Path, configuration: str, verdict: str
) -> None:
    (repo / ".git").mkdir()
    (repo / ".git" / "config").write_text(configuration)
    decision = judge(policy_of_the_attacks(repo), "Bash", "git diff")
    assert decision.verdict == verdict, decision
    assert judge(policy_of_the_attacks(repo), "Bash", "pytest -q").verdict == "allow"


def test_a_hook_of_the_index_and_a_bare_repository_are_seen_too(repo: Path) -> None:
    policy = policy_of_the_attacks(repo)
    for name in ("HEAD", "objects/x", "refs/x"):
        (repo / name).parent.mkdir(exist_ok=True)
        (repo / name).write_text("")
    assert judge(policy, "Bash", "git status").verdict == "ask"
    (repo / ".git" / "hooks").mkdir(parents=True)
    assert judge(policy, "Bash", "git status").verdict == "allow"
    (repo / ".git" / "hooks" / "post-index-change").write_text("")
    assert judge(policy, "Bash", "git status").verdict == "ask"


def test_the_configuration_of_a_linked_worktree_is_found(repo: Path, tmp_path: Path) -> None:
    main = tmp_path / "main" / ".git"
    (main / "worktrees" / "w").mkdir(parents=True)
    (main / "worktrees" / "w" / "commondir").write_text("../..\n")
    (main / "config").write_text("[core]\n fsmonitor = ./hk.sh")
    (repo / ".git").write_text(f"gitdir: {main}/worktrees/w\n")
    assert judge(policy_of_the_attacks(repo), "Bash", "git status").verdict == "ask"


def test_a_pattern_is_judged_by_what_it_finds(repo: Path) -> None:
    policy = policy_of_the_attacks(repo)
    assert judge(policy, "Bash", "cat src/*.py").verdict == "allow"
    (repo / "src" / "key.py").symlink_to(Path("~/.ssh/hk_fake").expanduser())
    assert judge(policy, "Bash", "cat src/*.py").verdict == "deny"
    assert judge(policy, "Bash", "cat src/a*.py").verdict == "allow"
    (repo / "-oconftest.py").write_text("")
    assert judge(policy, "Bash", "sort *").verdict == "ask"
    assert judge(policy, "Bash", "sort ./*.md").verdict == "allow"


def test_reading_a_whole_folder_is_asked_about_where_something_in_it_may_not_be_read(repo: Path) -> None:
    policy = policy_of_the_attacks(repo)  # .env lies at the top
    asked = {
        "grep -rn x src": "allow",
        "grep -rn x .": "ask",
        "grep -rn x": "ask",
        "grep -rn --include='*.py' x .": "allow",
        "grep -rn --include='.e*' x .": "ask",
        "grep -n x README.md": "allow",
    }
    assert {command: judge(policy, "Bash", command).verdict for command in asked} == asked
    (repo / "src" / "id_rsa").write_text("")
    assert "'src/id_rsa'" in judge(policy, "Bash", "grep -r x src").reason


def test_a_redirect_is_an_edit(repo: Path) -> None:
    command = "git diff > out.patch"
    assert judge(policy_of_the_attacks(repo), "Bash", command).verdict == "allow"
    assert judge(policy_of_the_attacks(repo, "plan"), "Bash", command).verdict == "deny"
    strict = Policy(repo, rules=(*policy_of_the_attacks(repo).rules, *rules("deny Edit(*.patch)")))
    assert judge(strict, "Bash", command).rule == "deny Edit(*.patch) (user)"


def test_each_part_has_its_own_verdict_and_the_strictest_is_named(repo: Path) -> None:
    decision = judge(policy_of_the_attacks(repo), "Bash", "pytest -q && cargo build | tee log.txt; rm x")
    assert [(part.text, part.verdict) for part in decision.parts] == [
        ("pytest -q", "allow"),
        ("cargo build", "ask"),
        ("tee log.txt", "ask"),
        ("rm x", "deny"),
    ]
    assert (decision.verdict, decision.rule, decision.origin) == ("deny", "deny Bash(rm:*) (user)", "user")
    assert "'rm x'" in decision.reason


def test_deciding_looks_at_nothing() -> None:
    part = Part("ls", ("ls",), suspects=(("ls",),))
    call = Call("Bash", "ls", reading=Reading((part,)))
    assert decide(Policy(Path("/nowhere"), rules=rules("allow Bash(ls:*)")), call).verdict == "allow"


@pytest.mark.parametrize(
    "line",
    [
        "sudo " * 3000, "find . " + "-exec sh -c 'x' ; " * 700, "foo " + "-a " * 5000, "curl " * 100_000,
        "{a,b}" * 3000, "ls " + "*/" * 2000, "python -c '" + "git -a " * 2000 + "'", "x " + ">a " * 5000,
        "sh -c " * 900, "$(" * 8000,
    ],
    ids=lambda line: line[:12],
)  # fmt: skip
@pytest.mark.slow
def test_the_work_for_one_command_is_bounded(repo: Path, line: str) -> None:
    decision = judge(policy_of_the_attacks(repo), "Bash", line)
    assert decision.verdict != "allow" or line.startswith("ls")
    assert len(decision.parts) < 2_000
