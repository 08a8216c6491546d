"""What a walk finds, what it leaves out, and why."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from bridle.indexer.files import TreeCache, read_bounded, unfit, walk


def plant(root: Path, files: dict[str, str | bytes]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode() if isinstance(content, str) else content)


def found(root: Path) -> list[str]:
    return [file.path for file in walk(root).files]


def test_an_empty_workspace_has_no_files(tmp_path: Path) -> None:
    assert walk(tmp_path).files == ()
    assert walk(tmp_path).skipped == ()


def test_a_bridleignore_leaves_out_what_git_keeps_and_takes_in_what_it_ignores(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "built/\n", ".bridleignore": "vendor/\n!built/\n"})
    plant(tmp_path, {"vendor/v.py": "", "built/b.py": "", "a.py": ""})
    seen = walk(tmp_path)
    assert [file.path for file in seen.files if file.path.endswith(".py")] == ["a.py", "built/b.py"]
    assert set(seen.folders) == {"", "built"}
    assert {path for path in TreeCache(tmp_path).digest().files if path.endswith(".py")} == {"a.py", "vendor/v.py"}


def test_ignore_rules_decide_as_git_does(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            ".gitignore": "*.log\n/build/\ndocs/*\n!docs/keep\nname with space\n\\#odd\n",
            "a.log": "", "build/x.py": "", "sub/build/x.py": "", "docs/a": "", "docs/keep": "",
            "sub/.gitignore": "!b.log\nx.txt\n", "sub/b.log": "", "sub/x.txt": "", "x.txt": "",
            "name with space": "", "#odd": "", "sub/deep/er/c.log": "", "ü.py": "",
            ".git/info/exclude": "secret.py\n", "secret.py": "",
        },
    )  # fmt: skip
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".git/info/exclude").write_text("secret.py\n")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert found(tmp_path) == sorted(listed.stdout.decode().strip("\0").split("\0"))


def test_tool_folders_and_environments_are_not_entered(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {"env/pyvenv.cfg": "", "env/lib.py": "", "node_modules/a.js": "", ".venv/b.py": "", "c.py": ""},
    )
    plant(tmp_path, {"__pycache__/c.pyc": b"\0"})
    assert found(tmp_path) == ["c.py"]


def test_links_are_named_and_never_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    plant(tmp_path, {"root/real/a.py": "", "outside/secret.py": ""})
    (root / "loop").symlink_to(root)
    (root / "real" / "up").symlink_to("..")
    (root / "away").symlink_to(tmp_path / "outside")
    (root / "src").mkdir()
    (root / "src" / "alias").symlink_to("../real")
    (root / "broken").symlink_to("nowhere")
    seen = walk(root)
    assert [file.path for file in seen.files] == ["real/a.py"]
    assert [(link.path, link.target) for link in seen.links] == [("src/alias", "real")]
    assert {skipped.path for skipped in seen.skipped} == {"loop", "away", "broken", "real/up"}


def test_a_file_that_is_too_large_is_left_out_with_the_reason(tmp_path: Path) -> None:
    with (tmp_path / "min.js").open("wb") as stream:
        stream.truncate(50_000_000)
    seen = walk(tmp_path)
    assert seen.files == ()
    assert "larger than" in seen.skipped[0].reason


def test_a_walk_stops_at_its_cap_and_says_so(tmp_path: Path) -> None:
    plant(tmp_path, {f"{n}.py": "" for n in range(5)})
    seen = walk(tmp_path, max_files=3)
    assert len(seen.files) == 3
    assert "more than 3 files" in seen.skipped[0].reason


def test_what_is_no_plain_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / os.fsdecode(b"bad\xff.py")).touch()
    seen = walk(tmp_path)
    assert seen.files == ()
    assert {skipped.reason for skipped in seen.skipped} == {
        "neither a file nor a folder",
        "its name is not UTF-8",
    }
    with pytest.raises(OSError, match="not a regular file"):
        read_bounded(tmp_path / "pipe.py")


def test_reading_is_bounded_even_when_a_file_grew(tmp_path: Path) -> None:
    plant(tmp_path, {"a": b"x" * 11})
    assert read_bounded(tmp_path / "a", 11) == b"x" * 11
    with pytest.raises(OSError, match="larger"):
        read_bounded(tmp_path / "a", 10)


def test_a_rule_that_would_never_end_is_left_out_and_named(tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "*a*a*a*a*a*a*a*a*b\n!\n*.log\n", "a" * 200: "", "x.log": ""})
    begun = time.process_time()
    seen = walk(tmp_path)
    assert time.process_time() - begun < 2
    assert [file.path for file in seen.files] == [".gitignore", "a" * 200]
    assert any("rule left out" in skipped.reason for skipped in seen.skipped)


def test_rules_that_are_a_pipe_hold_nobody_up(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": ""})
    os.mkfifo(tmp_path / ".gitignore")
    seen = walk(tmp_path)
    assert [file.path for file in seen.files] == ["a.py"]
    assert any(skipped.reason.startswith("rule left out") for skipped in seen.skipped)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"x\0y", "binary"),
        (b"a=1;" * 10_000, "minified"),
        (b"# Code generated by protoc. DO NOT EDIT.\nx = 1\n", "generated"),
        (b"x = '@generated'\n", None),
        (b"x = 1\r" * 10_000, None),
        (b"", None),
    ],
)
def test_content_that_no_person_wrote_is_named(data: bytes, reason: str | None) -> None:
    told = unfit(data)
    assert told is None if reason is None else told is not None and told.startswith(reason)


def test_a_tree_is_known_by_content_mode_and_links(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "1", "data.bin": b"\0", ".gitignore": "*.log\n"})
    cache = TreeCache(tmp_path)
    states = [cache.digest()]
    assert cache.digest() == states[0]
    plant(tmp_path, {"x.log": "ignored"})
    assert cache.digest() == states[0]
    assert set(states[0].files) == {"a.py", "data.bin", ".gitignore"}
    plant(tmp_path, {"a.py": "2"})
    states.append(cache.digest())
    (tmp_path / "a.py").chmod(0o755)
    states.append(cache.digest())
    (tmp_path / "link").symlink_to("a.py")
    states.append(cache.digest())
    (tmp_path / "data.bin").unlink()
    states.append(cache.digest())
    assert len({state.digest for state in states}) == 5
    assert TreeCache(tmp_path).digest() == states[-1]


def test_a_write_of_equal_size_in_the_same_moment_is_noticed(tmp_path: Path) -> None:
    cache, seen = TreeCache(tmp_path), set[str]()
    for n in range(10, 60):
        plant(tmp_path, {"a.py": str(n)})
        seen.add(cache.digest().digest)
    assert len(seen) == 50


def test_a_settled_file_is_not_read_twice(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "1"})
    cache = TreeCache(tmp_path)
    deadline = time.monotonic() + 5
    cache.digest()
    assert cache.n_read == 1
    while cache.n_read and time.monotonic() < deadline:
        cache.digest()
    assert cache.n_read == 0
