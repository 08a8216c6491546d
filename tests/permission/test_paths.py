from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.permission.decide import judge
from bridle.harness.permission.paths import locate, open_beneath
from bridle.harness.permission.protected import canonical
from bridle.harness.permission.rules import Policy, PolicyRule, parse_rule

CASES = Path(__file__).parents[1] / "cases" / "permission" / "paths.jsonl"
STRENGTH = {"allow": 0, "ask": 1, "deny": 2}
ALLOWED = tuple(PolicyRule("allow", parse_rule(text)) for text in ("Edit(**)", "Read(**)"))


def cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CASES.read_text("utf-8").splitlines()]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "ws" / "repo"
    (root / "src").mkdir(parents=True)
    (root / "other").mkdir()
    (root / "src" / "a.py").write_text("")
    (root / "conftest.py").write_text("")
    return root


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case['id']} {case['why']}")
def test_no_path_gets_more_than_it_should_and_no_plain_one_is_held_up(repo: Path, case: dict[str, Any]) -> None:
    for link, leads in case.get("setup", {}).get("symlink", {}).items():
        (repo / link).symlink_to(Path(leads).expanduser() if leads.startswith("~") else leads)
    given = case["input"].replace("/ws/repo", str(repo))
    decision = judge(Policy(repo, rules=ALLOWED), case["kind"].capitalize(), given)
    if "race" in case.get("setup", {}):
        assert_swap_is_refused(repo, given)
    elif case["expect"] == "allow":
        assert decision.verdict == "allow", decision
    else:
        assert STRENGTH[decision.verdict] >= STRENGTH[case["expect"]], decision
        assert decision.rule
        assert decision.reason


def assert_swap_is_refused(repo: Path, path: str) -> None:
    """The folder becomes a link out of the workspace after the decision and before the opening."""
    folder, _, name = path.partition("/")
    (repo / folder).mkdir()
    assert judge(Policy(repo), "Edit", path).verdict == "allow"
    outside = repo.parent / "hk_out"
    outside.mkdir()
    (repo / folder).rmdir()
    (repo / folder).symlink_to(outside)
    with pytest.raises(OSError, match=folder):
        open_beneath(repo, path, os.O_WRONLY | os.O_CREAT)
    assert not (outside / name).exists()


def test_what_was_judged_is_what_is_opened(repo: Path) -> None:
    file = open_beneath(repo, "src/new.py", os.O_WRONLY | os.O_CREAT)
    os.write(file, b"x = 1\n")
    os.close(file)
    assert (repo / "src" / "new.py").read_bytes() == b"x = 1\n"
    (repo / "src" / "link.py").symlink_to("/etc/passwd")
    for path in ("src/link.py", "../repo/src/a.py"):
        with pytest.raises(OSError, match=r"link\.py|plain"):
            open_beneath(repo, path, os.O_RDONLY)


def test_a_root_reached_by_a_link_is_the_same_root(repo: Path) -> None:
    spelled = repo.parent / "link"
    spelled.symlink_to(repo)
    for given in ("src/a.py", f"{spelled}/src/a.py", f"{repo}/src/a.py"):
        assert locate(spelled, given).real == "src/a.py"


def test_a_private_folder_is_closed_even_inside_the_workspace(repo: Path) -> None:
    state = repo / "state"
    state.mkdir()
    policy = Policy(repo, rules=ALLOWED, private=(state,))
    assert judge(policy, "Read", "state/journals/r1.jsonl").verdict == "deny"
    assert judge(policy, "Read", "stately.py").verdict == "allow"


def test_a_file_with_another_name_is_asked_about_before_it_is_changed(repo: Path) -> None:
    (repo / "src" / "twin.py").hardlink_to(repo / "src" / "a.py")
    assert judge(Policy(repo), "Edit", "src/twin.py").verdict == "ask"
    assert judge(Policy(repo), "Read", "src/twin.py").verdict == "allow"


def test_a_pipe_is_never_opened(repo: Path) -> None:
    os.mkfifo(repo / "pipe")
    assert judge(Policy(repo), "Read", "pipe").verdict == "deny"


@pytest.mark.parametrize(
    "name", [".git", ".GIT", ".g\u200cit", ".git. ", ".git::$DATA", "\uff0egit", ".G\u200dI\ufeffT"]
)
def test_one_file_has_one_name_however_it_is_spelled(name: str) -> None:
    assert canonical(f"a/{name}/config") == "a/.git/config"
