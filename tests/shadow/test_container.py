"""What a container engine is told, by an engine that writes it down and does the least of it: no real one is needed.

The stand-in runs the command in the source of the mount at the workspace's path, with the variables that it was told of
and no others. What a real engine makes of the same words is not tried here.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.environment import SYSTEM_PATH
from bridle.harness.shadow.shadow import Access, Change, Container, Limits, Shadow, open_shadow, probe

pytestmark = pytest.mark.slow

ENGINE = """#!{python} -ISB
import csv, json, os, subprocess, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps([words, sorted(os.environ)]) + "\\n")
if words[0] == "rm":
    sys.exit(0)
if os.path.exists({broken!r}):
    sys.stderr.write("Error: cannot connect to the engine\\n")
    sys.exit(125)
FLAGS = ("--rm", "--init", "--read-only")
mounts, variables, at = {{}}, {{"PATH": os.defpath}}, 1
while words[at].startswith("--"):
    if words[at] in FLAGS:
        at += 1
        continue
    if words[at] == "--mount":
        (row,) = csv.reader([words[at + 1]], strict=True)
        fields = dict(field.partition("=")[::2] for field in row)
        mounts[fields["target"]] = fields["source"]
    if words[at] == "--env":
        name, given, value = words[at + 1].partition("=")
        variables[name] = value if given else os.environ[name]
    if words[at] == "--workdir":
        folder = words[at + 1]
    at += 2
sys.exit(subprocess.run(words[at + 1 :], cwd=mounts[folder], env=variables).returncode)
"""


class Recorded:
    """The stand-in: what it was told, and a way to break it."""

    def __init__(self, folder: Path) -> None:
        self._log, self._broken = folder / "log", folder / "broken"
        (folder / "bin").mkdir()
        for name in ("podman", "docker"):
            program = folder / "bin" / name
            python = str(Path(sys.executable).resolve())
            program.write_text(ENGINE.format(python=python, log=str(self._log), broken=str(self._broken)))
            program.chmod(0o755)

    def break_down(self) -> None:
        self._broken.touch()

    @property
    def told(self) -> list[tuple[list[str], list[str]]]:
        """Words and names of variables, call by call."""
        return [(words, names) for words, names in map(json.loads, self._log.read_text().splitlines())]

    def mounts(self) -> dict[str, tuple[str, bool]]:
        """Return target → source and whether it is read-only, of the last command."""
        words = next(words for words, _ in reversed(self.told) if words[0] == "run")
        rows = [next(csv.reader([words[at + 1]])) for at, word in enumerate(words) if word == "--mount"]
        return {row[2].removeprefix("target="): (row[1].removeprefix("source="), "readonly" in row) for row in rows}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    folder = tmp_path / "engine"
    folder.mkdir()
    recorded = Recorded(folder)
    monkeypatch.setattr("bridle.harness.shadow.sandbox.SYSTEM_PATH", str(folder / "bin"))
    return recorded


@pytest.fixture(params=["podman", "docker"])
def shadow(request: pytest.FixtureRequest, engine: Recorded, workspace: Path, tmp_path: Path) -> Iterator[Shadow]:
    limits = Limits(memory_bytes=1 << 29, processes=99)
    opened = open_shadow(workspace, tmp_path / "state", limits=limits, container=Container(request.param, "tools:1"))
    yield opened
    opened.close()


def test_a_container_is_taken_where_no_namespaces_are_and_before_the_copy(shadow: Shadow, workspace: Path) -> None:
    assert shadow.rung == "container"
    assert [reason.partition(":")[0] for reason in shadow.declined] == ["bubblewrap+overlay", "namespaces+overlay"]
    assert shadow.root == workspace


def test_what_a_command_writes_is_kept_and_the_workspace_stays(shadow: Shadow, workspace: Path) -> None:
    shadow.write("a.py", b"print('mine')\n")
    done = shadow.run(["/bin/sh", "-c", "cat a.py; echo new > new.py; rm pkg/b.py; chmod -x tool.sh"], timeout_s=20)
    assert done.stdout == b"print('mine')\n"
    assert shadow.changes() == (
        Change("a.py", "modified"),
        Change("new.py", "created"),
        Change("pkg/b.py", "deleted"),
        Change("tool.sh", "modified", executable=False),
    )
    assert (workspace / "a.py").read_text() == "print('saved')\n"
    proof = shadow.prove(["/bin/sh", "-c", "cat new.py; echo dirt > dirt"], timeout_s=20)
    assert (proof.stdout, shadow.read("dirt")) == (b"new\n", None)


def test_the_engine_is_told_to_take_everything_else_away(
    shadow: Shadow, engine: Recorded, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    shadow.run(["/bin/true", "--network=host"], env={"GIVEN": "a secret value"}, timeout_s=20)
    words, names = engine.told[-1]
    before = words[: words.index("tools:1")]
    assert words[words.index("tools:1") + 1 :] == ["/bin/true", "--network=host"]
    for pair in (
        ("--network", "none"),
        ("--cap-drop", "ALL"),
        ("--security-opt", "no-new-privileges"),
        ("--pids-limit", "99"),
        ("--memory", f"{1 << 29}b"),
        ("--ulimit", "core=0"),
        ("--user", f"{os.getuid()}:{os.getgid()}"),
        ("--workdir", str(workspace)),
        ("--env", "GIVEN"),
    ):
        assert pair in itertools.pairwise(before)
    assert {"--rm", "--read-only", "--init"} <= set(before)
    assert not any("secret" in word for word in words), "values of variables are not for others to read off a list"
    assert "ANTHROPIC_API_KEY" not in names
    assert not {"--privileged", "--volume", "-v", "host"} & set(before)


def test_what_is_mounted_is_the_copy_and_what_is_sealed_lies_over_it(
    shadow: Shadow, engine: Recorded, workspace: Path
) -> None:
    report = shadow.new_report()
    shadow.run(["/bin/true"], timeout_s=20, report=report)
    mounts = engine.mounts()
    assert mounts[str(workspace)][1] is False
    assert mounts[str(workspace)][0] != str(workspace)
    assert mounts[str(workspace / ".git")] == (str(workspace / ".git"), True)
    assert mounts[str(report)] == (str(report), False)
    written = {target for target, (_, read_only) in mounts.items() if not read_only}
    assert {target for target in written if not target.endswith("/commands")} == {str(workspace), str(report)}


def test_a_path_that_means_something_to_an_engine_is_quoted(engine: Recorded, tmp_path: Path) -> None:
    root = tmp_path / 'co:lon,com"ma readonly'
    root.mkdir()
    (root / "a.py").write_text("A = 1\n")
    shadow = open_shadow(root, tmp_path / "state", container=Container("docker", "i"))
    assert shadow.rung == "container"
    assert shadow.run(["/bin/cat", "a.py"], timeout_s=20).stdout == b"A = 1\n"
    assert engine.mounts()[str(root)][1] is False
    shadow.close()


def test_a_container_whose_client_was_ended_is_removed(shadow: Shadow, engine: Recorded) -> None:
    assert shadow.run(["/bin/sleep", "30"], timeout_s=0.5).timed_out
    (run_words, _), (remove_words, _) = engine.told[-2:]
    name = run_words[run_words.index("--name") + 1]
    assert remove_words == ["rm", "--force", name]


def test_what_a_container_cannot_be_granted_is_refused_in_words(shadow: Shadow, workspace: Path) -> None:
    for access in (Access(ports=(5432,)), Access(hosts=("example.org",))):
        with pytest.raises(UserProblem, match="cannot be granted ports or hosts"):
            shadow.run(["/bin/true"], timeout_s=20, access=access)


def test_an_engine_that_does_not_answer_goes_down_to_the_copy_and_says_so(
    engine: Recorded, workspace: Path, tmp_path: Path
) -> None:
    engine.break_down()
    container = Container("podman", "i")
    shadow = open_shadow(workspace, tmp_path / "state", container=container)
    assert shadow.rung == "scratch copy"
    assert shadow.declined[2] == "container: Error: cannot connect to the engine"
    shadow.close()
    with pytest.raises(UserProblem, match=r"sandbox\.required.*container: Error: cannot connect"):
        open_shadow(workspace, tmp_path / "state", container=container, required=True)
    tried = {one.name: one for one in probe(tmp_path / "state", container)}
    assert tried["container"].next_step == "see that the engine runs and has the image of [sandbox]"


def test_an_engine_that_is_not_installed_is_told(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridle.harness.shadow.sandbox.SYSTEM_PATH", str(tmp_path))
    shadow = open_shadow(workspace, tmp_path / "state", container=Container("podman", "i"))
    assert "'podman' is not installed" in shadow.declined[2]
    assert SYSTEM_PATH
    shadow.close()
