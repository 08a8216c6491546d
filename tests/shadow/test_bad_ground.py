"""Grounds that a shadow must stand on, or refuse in words: odd paths, nested mounts, worktrees, full disks.

What needs root to be laid out (mounts of our own) runs in a mount namespace of its own, where there is root.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.shadow import Change, Shadow, memory_folder, open_shadow
from bridle.indexer.process import Completed

pytestmark = pytest.mark.slow

Opening = Callable[..., Shadow]
SCRATCH = "scratch copy"
GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can lay this out")


def sh(shadow: Shadow, script: str, timeout_s: float = 30) -> Completed:
    return shadow.run(["/bin/sh", "-c", script], timeout_s=timeout_s)


def kinds(shadow: Shadow) -> dict[str, str]:
    return {change.path: change.kind for change in shadow.changes()}


def git(folder: Path, *words: str) -> None:
    subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True, timeout=60)


def content(root: Path) -> dict[str, str]:
    found = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found[path.relative_to(root).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.fixture
def repository(workspace: Path) -> Path:
    """A workspace with a real history, and changes in it that nobody committed."""
    shutil.rmtree(workspace / ".git")
    git(workspace, "init", "-q")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "first")
    (workspace / "a.py").write_text("print('not committed')\n")
    (workspace / "fresh.py").write_text("F = 1\n")
    return workspace


@pytest.mark.parametrize(
    "script",
    [
        "git reset --hard",
        "git checkout -- .; git stash; git clean -fdx",
        "rm -rf .",
        'rm -rf "$PWD"/* "$PWD"/.[!.]*',
        "find . -delete",
        "git gc --prune=now; git commit --allow-empty -m x; git branch gone; git config user.name evil",
        "mv pkg elsewhere; mv a.py pkg 2>/dev/null; chmod -R 000 . ; true",
    ],
)
def test_a_command_that_destroys_leaves_the_workspace_byte_identical(
    rung: str, opening: Opening, repository: Path, script: str
) -> None:
    before = content(repository)
    assert any(path.startswith(".git/objects") for path in before)
    sh(opening(rung), script)
    assert content(repository) == before


def test_a_reset_is_captured_as_what_it_did_to_the_files(rung: str, opening: Opening, repository: Path) -> None:
    if rung == SCRATCH:
        pytest.skip("a copy has no history to go back to")
    shadow = opening(rung)
    done = sh(shadow, "git show HEAD:a.py > a.py; rm fresh.py; git log --oneline | wc -l")
    assert done.stdout.strip() == b"1", "the history can be read"
    assert kinds(shadow) == {"a.py": "modified", "fresh.py": "deleted"}


def test_several_shadows_at_once_see_nothing_of_each_other(rung: str, opening: Opening, workspace: Path) -> None:
    shadows = [opening(rung) for _ in range(4)]
    told: dict[int, Completed] = {}

    def work(number: int) -> None:
        script = f"for i in 1 2 3 4 5; do echo {number} >> pkg/b.py; done; ls pkg; tail -n 5 pkg/b.py"
        told[number] = sh(shadows[number], script)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {number: done.stdout.decode() for number, done in told.items()} == {
        number: "b.py\ndeep\n" + f"{number}\n" * 5 for number in range(4)
    }
    assert [kinds(shadow) for shadow in shadows] == [{"pkg/b.py": "modified"}] * 4
    assert (workspace / "pkg" / "b.py").read_text() == "B = 1\n"


def test_a_folder_of_the_person_can_be_renamed_by_a_program(rung: str, opening: Opening, workspace: Path) -> None:
    """A package manager moves whole folders; an overlay answers EXDEV to rename(2), and programs copy then."""
    node = workspace / "packages" / "left"
    node.mkdir(parents=True)
    (node / "index.js").write_text("module.exports = 1\n")
    shadow = opening(rung)
    move = "import shutil; shutil.move('packages/left', 'packages/.left-old'); shutil.move('pkg', 'moved')"
    assert shadow.run([sys.executable, "-I", "-c", move], timeout_s=20).exit_code == 0
    assert sh(shadow, "mv moved again && ls again packages/.left-old").exit_code == 0
    assert shadow.changes() == (
        Change("again/b.py", "created", source="pkg/b.py"),
        Change("again/deep/c.py", "created", source="pkg/deep/c.py"),
        Change("packages/.left-old/index.js", "created", source="packages/left/index.js"),
        Change("packages/left/index.js", "deleted"),
        Change("pkg/b.py", "deleted"),
        Change("pkg/deep/c.py", "deleted"),
    )
    assert (node / "index.js").exists()


def test_npm_itself_can_install_and_rename(rung: str, opening: Opening, workspace: Path) -> None:
    npm = shutil.which("npm", path=os.environ.get("PATH"))
    if npm is None or rung == SCRATCH:
        pytest.skip("npm is not installed, or there is no overlay to rename in")
    for name, version in (("left", "1.0.0"), ("right", "1.0.0")):
        folder = workspace / "packages" / name
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps({"name": name, "version": version}))
    listed = {"name": "w", "version": "1.0.0", "workspaces": ["packages/*"]}
    (workspace / "package.json").write_text(json.dumps(listed))
    (workspace / ".gitignore").write_text("node_modules/\n")
    shadow = opening(rung)
    done = sh(shadow, "npm install --offline --no-audit --no-fund && ls node_modules", timeout_s=120)
    if b"not found" in done.stderr:
        pytest.skip("npm is out of a command's sight here")
    assert (done.exit_code, done.stdout.split()[-2:]) == (0, [b"left", b"right"]), done
    assert kinds(shadow) == {"package-lock.json": "created"}
    assert not (workspace / "node_modules").exists()


def test_a_worktree_has_a_file_for_its_history_and_that_is_sealed(
    rung: str, opening: Opening, repository: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "-q", str(tree))
    before = (tree / ".git").read_bytes()
    shadow = opening(rung, None, tree)
    sh(shadow, "echo evil > .git; rm -f .git; mv .git gone; echo '# more' >> a.py")
    assert (tree / ".git").read_bytes() == before
    assert kinds(shadow) == {"a.py": "modified"}
    with pytest.raises(UserProblem, match="sealed"):
        shadow.write(".git", b"gitdir: /elsewhere")


def test_a_submodule_is_part_of_the_view_and_its_history_is_not_offered(
    rung: str, opening: Opening, repository: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "lib.py").write_text("L = 1\n")
    git(library, "init", "-q")
    git(library, "add", "-A")
    git(library, "commit", "-qm", "first")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "lib")
    before = content(repository)
    shadow = opening(rung)
    sh(shadow, "echo 'L = 2' > lib/lib.py; echo evil > lib/.git")
    assert kinds(shadow) == {"lib/lib.py": "modified"}
    assert content(repository) == before


ODD = ["new\nline", "tab\there", "ünïcödé-日本", "a:b,c\\d e", " lead and trail ", "-rf", "$(touch x)`y`'\"", "%3A%25"]


@pytest.mark.parametrize("name", ODD)
def test_a_file_and_a_workspace_may_have_any_name(rung: str, opening: Opening, tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    (root / name).mkdir(parents=True)
    (root / name / name).write_text("saved\n")
    shadow = opening(rung, {f"{name}/{name}": b"unsaved\n"}, root)
    quoted = shlex.quote(f"./{name}/{name}")
    done = sh(shadow, f"cat {quoted}; echo more >> {quoted}")
    assert done.stdout == b"unsaved\n", done
    assert shadow.read(f"{name}/{name}") == b"unsaved\nmore\n"
    assert kinds(shadow) == {f"{name}/{name}": "modified"}
    assert (root / name / name).read_text() == "saved\n"


def test_a_name_that_is_no_text_is_passed_by_and_does_not_break_the_view(
    rung: str, opening: Opening, workspace: Path
) -> None:
    (workspace / os.fsdecode(b"bytes-\xff.py")).write_text("B = 1\n")
    shadow = opening(rung)
    assert sh(shadow, "echo x >> a.py; printf '' > \"$(printf 'made-\\377.py')\"").exit_code == 0
    assert Change("a.py", "modified") in shadow.changes()
    assert shadow.tree().files


def test_a_path_of_nearly_four_thousand_bytes_works_or_is_refused_in_words(
    opening: Opening, rung: str, tmp_path: Path
) -> None:
    root = tmp_path / "deep"
    root.mkdir()
    with_room = 4090 - len(str(root)) - 250
    path = "/".join(["d" * 200] * (with_room // 201))
    handle = os.open(root, os.O_RDONLY)
    for part in path.split("/"):
        os.mkdir(part, dir_fd=handle)
        inner = os.open(part, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(os.open("leaf.py", os.O_WRONLY | os.O_CREAT, dir_fd=handle))
    os.close(handle)
    try:
        shadow = opening(rung, None, root)
        done = sh(shadow, f"echo x > {path}/leaf.py")
    except UserProblem as problem:
        assert "too long" in problem.message.lower(), problem  # noqa: PT017 - either is an answer
        return
    assert done.exit_code == 0, done
    assert kinds(shadow) == {f"{path}/leaf.py": "modified"}


def test_a_workspace_whose_own_path_is_too_long_is_refused_in_words(opening: Opening, tmp_path: Path) -> None:
    root = Path(tmp_path, *(["w" * 200] * 18))
    with pytest.raises(UserProblem) as caught:
        opening(None, None, Path(root, *(["x" * 200] * 10)))
    assert caught.value.message


@pytest.mark.parametrize("where", ["equal", "inside"])
def test_a_workspace_that_is_the_home_folder_is_refused_and_one_inside_it_works(
    rung: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    home = tmp_path / "home"
    root = home if where == "equal" else home / "src" / "app"
    root.mkdir(parents=True)
    (root / "a.py").write_text("A = 1\n")
    (home / "secret").write_text("private\n")
    monkeypatch.setenv("HOME", str(home))
    if where == "equal":
        with pytest.raises(UserProblem, match="no command may see") as caught:
            open_shadow(root, tmp_path / "state", rung=rung)
        assert caught.value.next_step == "open a project"
        return
    shadow = open_shadow(root, tmp_path / "state", rung=rung)
    try:
        done = sh(shadow, f"cat a.py; cat {shlex.quote(str(home))}/secret")
        assert done.stdout.startswith(b"A = 1\n")
        assert (b"private" in done.stdout) == (rung == SCRATCH)
    finally:
        shadow.close()


def test_a_state_folder_that_cannot_be_written_is_told(workspace: Path, tmp_path: Path) -> None:
    state = tmp_path / "file"
    state.write_text("no folder")
    with pytest.raises(UserProblem, match="nothing can be kept in") as caught:
        open_shadow(workspace, state)
    assert "writable" in caught.value.next_step


IN_A_NAMESPACE = """
import sys
from pathlib import Path
from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.shadow import open_shadow
root, state = Path(sys.argv[1]), Path(sys.argv[2])
"""


def in_a_mount_namespace(mounts: str, code: str, *words: str) -> str:
    """Run `code` where the commands of `mounts` have been run, and nowhere else; return what it printed."""
    script = f'set -e\n{mounts}\nexec "$0" -c "$@"'
    argv = ["unshare", "-m", "sh", "-c", script, sys.executable, IN_A_NAMESPACE + code, *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_root
def test_a_read_only_state_folder_is_told(workspace: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    code = """
try:
    open_shadow(root, state)
except UserProblem as problem:
    print(problem.message, "|", problem.next_step)
"""
    mounts = f"mount -t tmpfs -o ro none {shlex.quote(str(state))}"
    told = in_a_mount_namespace(mounts, code, str(workspace), str(state))
    assert "nothing can be kept in" in told
    assert "Read-only file system" in told
    assert "make it writable by you" in told


@needs_root
def test_a_disk_that_fills_up_under_a_command_is_told_and_the_workspace_stays(workspace: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    code = """
for rung in ("bubblewrap+overlay", "namespaces+overlay", "scratch copy"):
    try:
        shadow = open_shadow(root, state, rung=rung)
    except UserProblem as problem:
        print(rung, "does not work:", problem.message)
        continue
    fill = "dd if=/dev/zero of=fill bs=64k count=4096 2>&1; echo more > more"
    done = shadow.run(["/bin/sh", "-c", fill], timeout_s=60)
    told = done.limit or ("no space" if b"No space left" in done.stdout else f"nothing: {done}")
    print(rung, "told:", told)
    try:
        shadow.write("a.py", b"x" * (64 << 20))
        print("written")
    except UserProblem as problem:
        print("hand:", problem.message)
    shadow.close()
"""
    mounts = f"mount -t tmpfs -o size=12m none {shlex.quote(str(state))}"
    before = content(workspace)
    lines = in_a_mount_namespace(mounts, code, str(workspace), str(state)).splitlines()
    assert content(workspace) == before
    assert len(lines) == 6, lines
    for rung, hand in zip(lines[::2], lines[1::2], strict=True):
        assert rung.endswith(("told: disk", "told: no space")), lines
        assert hand.startswith("hand: 'a.py' cannot be written in the shadow: No space left"), lines


@needs_root
def test_a_file_system_mounted_inside_the_workspace_goes_down_a_rung_and_names_it(
    workspace: Path, tmp_path: Path
) -> None:
    code = """
(root / "inner" / "own.py").write_text("O = 1")
shadow = open_shadow(root, state)
print(shadow.rung, "|", shadow.declined[0])
print(shadow.run(["/bin/sh", "-c", "cat inner/own.py; echo x > inner/own.py"], timeout_s=20).stdout.decode())
print((root / "inner" / "own.py").read_text())
shadow.close()
"""
    (workspace / "inner").mkdir()
    mounts = f"mount -t tmpfs none {shlex.quote(str(workspace / 'inner'))}"
    first, inside, after = in_a_mount_namespace(mounts, code, str(workspace), str(tmp_path / "state")).splitlines()
    assert first.startswith("scratch copy | ")
    assert "another file system is mounted inside it" in first
    assert str(workspace / "inner") in first
    assert (inside, after) == ("O = 1", "O = 1")


@needs_root
def test_a_workspace_on_an_overlay_works_on_the_rung_that_it_names(workspace: Path, tmp_path: Path) -> None:
    """As in a container, whose root is one."""
    code = """
shadow = open_shadow(root, state)
done = shadow.run(["/bin/sh", "-c", "cat a.py; echo more >> a.py; rm tool.sh"], timeout_s=20)
print(shadow.rung, "|", done.stdout.decode().strip(), "|", [change.kind for change in shadow.changes()])
print((root / "a.py").read_text())
shadow.close()
"""
    for name in ("upper", "work", "state"):
        (tmp_path / name).mkdir()
    folder = shlex.quote(str(workspace))
    options = f"lowerdir={folder},upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    mounts = f"mount -t overlay overlay -o {options} {folder}"
    told = in_a_mount_namespace(mounts, code, str(workspace), str(tmp_path / "state"))
    assert told.splitlines()[0].endswith("| print('saved') | ['modified', 'deleted']"), told
    assert told.splitlines()[1] == "print('saved')"
    assert told.startswith("bubblewrap+overlay"), told


@needs_root
def test_layers_on_an_overlay_go_down_a_rung_or_work_and_say_which(workspace: Path, tmp_path: Path) -> None:
    """The state folder of a container lies on its overlay, where no upper layer can be made."""
    code = """
shadow = open_shadow(root, state)
done = shadow.run(["/bin/sh", "-c", "echo more >> a.py"], timeout_s=20)
print(shadow.rung, "|", done.exit_code, [change.path for change in shadow.changes()], "|", "; ".join(shadow.declined))
shadow.close()
"""
    for name in ("lower", "upper", "work", "state"):
        (tmp_path / name).mkdir()
    state = shlex.quote(str(tmp_path / "state"))
    layers = ",".join(f"{name}dir={shlex.quote(str(tmp_path / name))}" for name in ("lower", "upper", "work"))
    told = in_a_mount_namespace(
        f"mount -t overlay overlay -o {layers} {state}", code, str(workspace), str(tmp_path / "state")
    )
    assert "| 0 ['a.py'] |" in told, told
    assert told.startswith("bubblewrap+overlay"), told
    assert "layers are kept in memory" in told
    assert not list(Path("/dev/shm").glob("bridle-*/shadow-*")), "what was in memory is gone with its shadow"


def test_a_folder_in_memory_that_somebody_else_made_is_not_ours(tmp_path: Path) -> None:
    ours = memory_folder(tmp_path)
    assert ours is not None
    assert (ours.parent, ours.stat().st_mode & 0o777) == (tmp_path, 0o700)
    assert memory_folder(tmp_path) == ours
    ours.chmod(0o755)
    assert memory_folder(tmp_path) is None
    ours.rmdir()
    ours.symlink_to("/tmp")
    assert memory_folder(tmp_path) is None
    assert memory_folder(tmp_path / "nowhere") is None
