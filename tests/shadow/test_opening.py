"""Opening a shadow: the best rung that works is taken, what was declined is said, and nothing is left behind."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.contract import RUNGS, SANDBOXES, Command, Passage, RungProbe
from bridle.harness.shadow.foreign import foreigners
from bridle.harness.shadow.layered import LayeredShadow
from bridle.harness.shadow.mounted import obstacle
from bridle.harness.shadow.shadow import Shadow, open_shadow, probe_isolation, refusal
from bridle.indexer.process import Completed, run

Opening = Callable[..., Shadow]
FORBIDDEN = "BRIDLE_TEST_FORBIDDEN"
"""Says that this is run where nobody may make a namespace."""
UNCONFINED = {"a command sets the machine"} if os.geteuid() == 0 else set[str]()
if FORBIDDEN not in os.environ:
    UNCONFINED |= {"a command has powers, or can gain them", "a command makes namespaces of its own"}
PROMISED = ("test_shadow_contract", "test_opening", "test_escapes", "test_limits", "test_access")
"""What an ordinary user is promised too."""


class Open:
    """An exhibit with the sandbox off: commands run in the workspace itself, with all that we have."""

    rung = RUNGS[0]

    def __init__(self, workspace: Path) -> None:
        self.passages: list[Passage] = []
        self._workspace = workspace

    def root(self, folder: Path) -> Path:
        return self._workspace

    def is_view(self, folder: Path, device: int, inode: int) -> bool:
        return True

    def execute(self, folder: Path, command: Command, *, keep: bool) -> Completed:
        environment = {**os.environ, **command.env}
        return run(
            command.argv, cwd=self._workspace, env=environment, timeout_s=command.timeout_s, cancel=command.cancel
        )


class Mute(Open):
    """An exhibit whose commands do not run at all, and end well."""

    def execute(self, folder: Path, command: Command, *, keep: bool) -> Completed:
        return Completed(0, b"", b"", 0.0)


@pytest.mark.slow
def test_the_probe_finds_every_escape_when_the_sandbox_is_off_and_takes_its_canaries_away(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-canary")
    shadow = LayeredShadow(workspace, tmp_path / "state", Open(workspace))
    before = sorted(workspace.rglob("*")), sorted(tmp_path.iterdir())
    assert set(probe_isolation(shadow)) == {
        "a command writes into the workspace",
        "a command writes outside the workspace",
        "a command writes into .git",
        "a command reads the home folder",
        "a command reaches services of this machine",
        "a command sees the processes of this machine",
        "a command is handed our environment",
        "a child outlives its command",
        *UNCONFINED,
    }
    assert (sorted(workspace.rglob("*")), sorted(tmp_path.iterdir())) == before
    assert shadow.changes() == ()
    shadow.close()


def test_a_probe_that_does_not_run_is_no_proof_of_isolation(workspace: Path, tmp_path: Path) -> None:
    shadow = LayeredShadow(workspace, tmp_path / "state", Mute(workspace))
    (escape,) = probe_isolation(shadow)
    assert escape.startswith("the probe did not run")
    shadow.close()


def test_every_rung_is_tried_best_first_and_says_what_it_lacks(probed: Mapping[str, RungProbe]) -> None:
    assert tuple(probed) == RUNGS
    assert probed["scratch copy"].works
    assert "reads the home folder" in probed["scratch copy"].detail
    assert all(tried.next_step for tried in probed.values() if not tried.works or tried.name == "scratch copy")


def test_the_best_rung_that_works_is_taken(opening: Opening, probed: Mapping[str, RungProbe]) -> None:
    best = next(tried.name for tried in probed.values() if tried.works)
    shadow = opening()
    assert shadow.rung == best
    assert len(shadow.declined) == RUNGS.index(best)


def test_a_rung_that_was_passed_by_is_named_with_its_reason(opening: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridle.harness.shadow.sandbox.SYSTEM_PATH", "/nonexistent")
    shadow = opening()
    assert shadow.rung == "scratch copy"
    assert [reason.partition(":")[0] for reason in shadow.declined] == list(RUNGS[:2])
    assert all("is not installed" in reason for reason in shadow.declined)


def test_a_rung_that_is_asked_for_and_does_not_work_is_an_error_and_no_other_is_taken(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridle.harness.shadow.sandbox.SYSTEM_PATH", "/nonexistent")
    with pytest.raises(UserProblem, match=r"bubblewrap\+overlay.*not installed") as caught:
        opening("bubblewrap+overlay")
    assert caught.value.next_step


def test_a_required_sandbox_refuses_where_none_works_and_says_what_to_do(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridle.harness.shadow.sandbox.SYSTEM_PATH", "/nonexistent")
    with pytest.raises(UserProblem, match=r"sandbox\.required.*none works here: bubblewrap.*not installed") as caught:
        open_shadow(workspace, tmp_path / "state", required=True)
    assert "install bubblewrap" in caught.value.next_step
    assert "sandbox.required to false" in caught.value.next_step
    assert list((tmp_path / "state").iterdir()) == []


def test_a_required_sandbox_never_gives_the_copy_even_when_that_is_asked_for(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match="scratch copy: it is no sandbox"):
        open_shadow(workspace, tmp_path / "state", required=True, rung="scratch copy")


def test_where_a_sandbox_works_requiring_one_changes_nothing(
    workspace: Path, tmp_path: Path, probed: Mapping[str, RungProbe]
) -> None:
    best = next(tried.name for tried in probed.values() if tried.works)
    if best not in SANDBOXES:
        pytest.skip("no sandbox works here")
    shadow = open_shadow(workspace, tmp_path / "state", required=True)
    assert shadow.rung == best
    shadow.close()


def test_a_workspace_with_a_file_system_inside_is_not_shown_by_an_overlay() -> None:
    assert "/dev/" in obstacle(Path("/dev"))


@pytest.mark.parametrize("where", ["home", "state", "nothing"])
def test_a_folder_that_cannot_be_shadowed_safely_is_refused(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, state = tmp_path / "root", tmp_path / "state"
    if where != "nothing":
        root.mkdir()
    if where == "home":
        (root / "person").mkdir()
        monkeypatch.setenv("HOME", str(root / "person"))
    with pytest.raises(UserProblem):
        open_shadow(root, root / "state" if where == "state" else state)


def test_a_buffer_outside_the_workspace_is_refused_and_nothing_stays_behind(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(UserProblem):
        open_shadow(workspace, tmp_path / "state", {"../out.py": b"x"})
    assert list((tmp_path / "state").iterdir()) == []


def test_what_a_crash_left_behind_is_swept_and_what_is_in_use_is_not(opening: Opening, tmp_path: Path) -> None:
    used = opening("scratch copy")
    used.write("a.py", b"in use\n")
    crashed = tmp_path / "state" / "shadow-0123456789abcdef"
    (crashed / "upper").mkdir(parents=True)
    (crashed / "work" / "work").mkdir(parents=True)
    (crashed / "work" / "work").chmod(0)
    fresh = opening("scratch copy")
    assert not crashed.exists()
    assert used.read("a.py") == b"in use\n"
    assert fresh.read("a.py") == b"print('saved')\n"


def test_a_lock_of_a_closed_shadow_is_free(opening: Opening, tmp_path: Path) -> None:
    shadow = opening()
    (folder,) = (tmp_path / "state").iterdir()
    with (folder / "lock").open("ab") as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shadow.close()
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_the_interpreter_that_the_person_named_stays_in_sight_in_a_home_that_does_not(
    rung: str, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    environment = home / "envs" / "project"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(sys.executable)
    (environment / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    (home / "envs" / "secret").write_text("private")
    monkeypatch.setenv("HOME", str(home))
    python = str(environment / "bin" / "python")
    shadow = open_shadow(workspace, tmp_path / "state", rung=rung, python=python)
    look = "import os, sys; print(sys.prefix, os.path.exists(sys.argv[1]))"
    done = shadow.run([python, "-c", look, str(home / "envs" / "secret")], timeout_s=20)
    shadow.close()
    assert done.stdout.decode() == f"{environment} {rung == 'scratch copy'}\n"


def test_a_machine_that_forbids_namespaces_gets_the_copy_and_is_told_why(
    opening: Opening, probed: Mapping[str, RungProbe]
) -> None:
    if FORBIDDEN not in os.environ:
        pytest.skip("is run by the test of the machine where unshare is forbidden")
    assert [tried.works for tried in probed.values()] == [False, False, True]
    assert opening().rung == "scratch copy"
    assert all("not permitted" in reason or "No space left" in reason for reason in opening().declined)


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), pytest.param(("test_limits",), marks=pytest.mark.long)])
def test_where_unshare_is_forbidden_the_copy_keeps_its_promises(more: tuple[str, ...]) -> None:
    """The whole contract once more, inside a sandbox that lets nobody make another.

    The copy's limits are also those of a machine that forbids nothing, and tested there.
    """
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None or FORBIDDEN in os.environ or FOREIGN in os.environ:
        pytest.skip("bubblewrap, which forbids it here, is not installed")
    checkout = Path(__file__).resolve().parents[2]
    names = ("test_shadow_contract", "test_opening", "test_escapes", *more)
    done = run(
        [
            *(bubblewrap, "--dev-bind", "/", "/", "--unshare-user", "--disable-userns", "--cap-drop", "ALL", "--"),
            *(sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", f"--rootdir={checkout}"),
            *(f"{checkout}/tests/shadow/{name}.py" for name in names),
        ],
        cwd=checkout,
        env={**os.environ, FORBIDDEN: "1"},
        timeout_s=600,
    )
    told = done.stdout.decode()
    assert done.exit_code == 0, told[-4000:] + done.stderr.decode()[-2000:]
    passed = re.search(r"(\d+) passed", told)
    assert passed
    assert int(passed[1]) > 60
    assert "bubblewrap+overlay does not work here: no shadow can be had here" in told


def test_what_forbids_namespaces_is_named_with_what_its_owner_can_do(tmp_path: Path) -> None:
    (tmp_path / "kernel").mkdir()
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "max_user_namespaces").write_text("15000\n")
    assert refusal(tmp_path) == ""
    (tmp_path / "user" / "max_user_namespaces").write_text("0\n")
    assert refusal(tmp_path) == "set user.max_user_namespaces to 10000"
    (tmp_path / "kernel" / "apparmor_restrict_unprivileged_userns").write_text("1\n")
    assert refusal(tmp_path).startswith("AppArmor keeps user namespaces from programs without a profile")


FOREIGN = "BRIDLE_TEST_FOREIGN"
"""Names a workspace of an ordinary user in which root has put files of its own; only root can make one."""


def _lay_out_foreign(root: Path) -> None:
    (root / "folder" / "deep").mkdir(parents=True)
    for name in ("own.py", "theirs.py", "folder/inner.py", "folder/deep/untouched.py"):
        (root / name).write_text(f"# {name}\n")
    (root / "secret").write_text("private\n")
    (root / "secret").chmod(0o600)


@pytest.mark.slow
def test_files_and_folders_of_another_owner_can_be_written_in_a_shadow(
    rung: str, opening: Opening, tmp_path: Path
) -> None:
    if FOREIGN not in os.environ:
        pytest.skip("is run where root has laid out the files: by the test of the ordinary user")
    root = Path(os.environ[FOREIGN])
    shadow = opening(rung, None, root)
    script = """
        echo more >> theirs.py; echo more >> folder/inner.py; echo new > folder/new.py; echo new > folder/deep/new.py
        echo own >> own.py; cat folder/deep/untouched.py; cat secret
    """
    done = shadow.run(["/bin/sh", "-c", script], timeout_s=20)
    assert done.stdout == b"# folder/deep/untouched.py\n"
    assert {change.path: change.kind for change in shadow.changes()} == {
        "folder/deep/new.py": "created",
        "folder/inner.py": "modified",
        "folder/new.py": "created",
        "own.py": "modified",
        "theirs.py": "modified",
    }
    assert shadow.read("theirs.py") == b"# theirs.py\nmore\n"
    assert (root / "theirs.py").read_text() == "# theirs.py\n"
    proof = shadow.prove(["/bin/sh", "-c", "cat theirs.py; echo x >> folder/deep/untouched.py"], timeout_s=20)
    assert (proof.exit_code, proof.stdout) == (0, b"# theirs.py\nmore\n")


def test_a_workspace_of_which_most_is_anothers_goes_down_to_the_copy_and_says_so(opening: Opening) -> None:
    if os.geteuid() == 0:
        assert foreigners(Path("/etc")) == ""
    else:
        assert "another user or group" in foreigners(Path("/etc"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "promised", [PROMISED[:1], pytest.param(PROMISED, marks=pytest.mark.long)], ids=["a part", "all"]
)
@pytest.mark.skipif(os.geteuid() != 0 or FORBIDDEN in os.environ, reason="the contract already ran as an ordinary user")
def test_an_ordinary_user_is_promised_the_same(promised: tuple[str, ...]) -> None:
    """The contract again, by an interpreter and in folders that an unprivileged user can reach."""
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin")
    version = "import sys; print(sys.version_info[:2])"
    if python is None or run([python, "-c", version], env={}, timeout_s=20).stdout.strip() != (
        str(sys.version_info[:2]).encode()
    ):
        pytest.skip("no system Python of our version")
    checkout = Path(__file__).resolve().parents[2]
    nobody = 65534
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        home, theirs = Path(folder, "home"), Path(folder, "theirs")
        home.mkdir()
        _lay_out_foreign(theirs)
        for path in (Path(folder), home, theirs, theirs / "own.py"):
            os.chown(path, nobody, nobody)
        packages = next(entry for entry in sys.path if entry.endswith("site-packages"))
        done = run(
            [
                *(
                    "/usr/bin/setpriv",
                    f"--reuid={nobody}",
                    f"--regid={nobody}",
                    "--clear-groups",
                    python,
                    "-m",
                    "pytest",
                ),
                *(
                    "-q",
                    "-p",
                    "no:cacheprovider",
                    "-x",
                    "-k",
                    "not set_up",
                    f"--basetemp={folder}/tmp",
                    f"--rootdir={checkout}",
                ),
                *(f"{checkout}/tests/shadow/{name}.py" for name in promised),
            ],
            cwd=checkout,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(home),
                "PYTHONPATH": f"{packages}:{checkout}/src",
                FOREIGN: str(theirs),
            },
            timeout_s=600,
        )
    assert done.exit_code == 0, done.stdout.decode()[-4000:] + done.stderr.decode()[-2000:]
    assert b" passed" in done.stdout
