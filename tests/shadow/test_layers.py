"""The merged view against a plain dictionary, and the choices of what a command is handed."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.environment import base_prefix, clean_environment, outermost, prefixes, visible
from bridle.harness.shadow.layers import WHITEOUT, Layers
from bridle.harness.shadow.trees import Ignored, find_changes, merge
from bridle.indexer.files import TreeCache

PATHS = ("a", "b", "d/a", "d/b", "d/e/a", "f/a")
trees = st.dictionaries(st.sampled_from(PATHS), st.binary(max_size=2), max_size=6)
steps = st.lists(
    st.tuples(st.sampled_from((*PATHS, "d", "d/e", "a/x")), st.none() | st.binary(max_size=2)), max_size=12
)


def stands_in_the_way(tree: Mapping[str, bytes | None], folders: set[str], path: str) -> bool:
    """Tell whether `path` is a folder, or lies below a file."""
    above = {path[:at] for at, letter in enumerate(path) if letter == "/"}
    return path in folders or bool(above & tree.keys())


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(trees, steps)
def test_the_view_is_the_lower_tree_with_what_was_written(
    saved: dict[str, bytes], written: list[tuple[str, bytes | None]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lower, upper = Path(folder, "lower"), Path(folder, "upper")
        upper.mkdir()
        lower.mkdir()
        for path, content in saved.items():
            (lower / path).parent.mkdir(parents=True, exist_ok=True)
            (lower / path).write_bytes(content)
        before = TreeCache(lower).digest()
        layers = Layers(lower, upper)
        expected: dict[str, bytes | None] = dict(saved)
        folders = {str(Path(path).parent) for path in saved} | {"d" for path in saved if path.startswith("d/")}
        for path, data in written:
            if data is not None and stands_in_the_way(expected, folders, path):
                try:
                    layers.write(path, data)
                except UserProblem:
                    continue
                raise AssertionError(f"{path!r} was written where it cannot stand")
            if data is None and path in folders:
                continue
            layers.write(path, data)
            if data is None:
                expected.pop(path, None)
            else:
                expected[path] = data
                folders |= {path[:at] for at, letter in enumerate(path) if letter == "/"}
        assert {path: layers.read(path) for path in (*PATHS, "a/x")} == {
            path: expected.get(path) for path in (*PATHS, "a/x")
        }
        changes = find_changes(before, layers, layers.scan())
        assert {change.path: change.kind for change in changes} == {
            path: "deleted" if path not in expected else "modified" if path in saved else "created"
            for path in saved.keys() | expected.keys()
            if saved.get(path) != expected.get(path)
        }
        assert set(merge(before, layers, changes).files) == set(expected)
        assert TreeCache(lower).digest() == before


@pytest.mark.parametrize("by", ["device", "attribute"])
def test_both_kinds_of_whiteout_say_that_there_is_nothing(tmp_path: Path, by: str) -> None:
    lower, upper = tmp_path / "lower", tmp_path / "upper"
    for folder in (lower / "d", upper / "d"):
        folder.mkdir(parents=True)
    for path in ("a", "d/b"):
        (lower / path).write_text("below\n")
        if by == "device":
            os.mknod(upper / path, stat.S_IFCHR, os.makedev(0, 0))
        else:
            (upper / path).touch()
            os.setxattr(upper / path, WHITEOUT, b"y")
    (upper / "empty").touch()
    layers = Layers(lower, upper)
    assert [layers.read(path) for path in ("a", "d/b", "empty")] == [None, None, b""]
    changes = find_changes(TreeCache(lower).digest(), layers, layers.scan())
    assert {change.path: change.kind for change in changes} == {"a": "deleted", "d/b": "deleted", "empty": "created"}


def test_ignored_is_what_the_workspace_says_whatever_is_written_later(tmp_path: Path) -> None:
    (tmp_path / "pkg" / "env").mkdir(parents=True)
    (tmp_path / "pkg" / "env" / "pyvenv.cfg").touch()
    (tmp_path / ".gitignore").write_text("*.log\nout/\n")
    (tmp_path / "pkg" / ".gitignore").write_text("!keep.log\nsecret.py\n")
    ignored = Ignored(tmp_path)
    told = {
        path: ignored(path)
        for path in (
            *("a.log", "pkg/a.log", "pkg/keep.log", "pkg/secret.py", "secret.py", "out/x", "deep/out/x", "out"),
            *(".git/config", "pkg/__pycache__/m.pyc", ".venv/lib/x.py", "pkg/env/lib/x.py", "pkg/env.py"),
        )
    }
    assert {path for path, is_ignored in told.items() if is_ignored} == {
        *("a.log", "pkg/a.log", "pkg/secret.py", "out/x", "deep/out/x"),
        *(".git/config", "pkg/__pycache__/m.pyc", ".venv/lib/x.py", "pkg/env/lib/x.py"),
    }


def test_the_environment_is_an_allow_list(tmp_path: Path) -> None:
    ours = {
        "PATH": f"/usr/bin:{tmp_path}/bin:relative::/bin",
        "LC_ALL": "C.UTF-8",
        "HOME": "/home/p",
        "ANTHROPIC_API_KEY": "k",
        "SSH_AUTH_SOCK": "/s",
        "PYTHONPATH": "/p",
        "LD_PRELOAD": "/l",
        "VIRTUAL_ENV": "/v",
    }
    assert clean_environment(ours, tmp_path, {"EXTRA": "1"}) == {
        "PATH": "/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "HOME": "/home/p",
        "TMPDIR": "/tmp",
        "EXTRA": "1",
    }


def test_an_interpreter_in_the_home_folder_stays_in_sight_and_the_home_folder_does_not(tmp_path: Path) -> None:
    home = tmp_path / "home"
    base = home / ".tools" / "python"
    (base / "bin").mkdir(parents=True)
    (base / "bin" / "python3").touch()
    environment = home / "project" / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(base / "bin" / "python3")
    (environment / "pyvenv.cfg").write_text(f"home = {base}/bin\nversion = 3.12.1\n")
    assert base_prefix(environment) == base
    assert base_prefix(base) is None
    assert base in prefixes(home / "project", {})
    (home / "evil").mkdir()
    (home / "evil" / "pyvenv.cfg").write_text(f"home = {home}/bin\n")
    assert base_prefix(home / "evil") == home
    assert visible([base, home, tmp_path, Path("/usr")], [home]) == (base,)
    assert outermost([base / "bin", base, base, home / "other"]) == (base, home / "other")


def test_the_environment_of_a_copy_of_no_virtual_environment_is_none(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").write_text("home = relative/bin\n")
    assert base_prefix(tmp_path) is None
    assert base_prefix(Path(os.devnull)) is None
