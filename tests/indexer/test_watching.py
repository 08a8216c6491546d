"""Changes on disk are noticed without being asked for: by events, and by looking where there are none."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridle.indexer.files import walk
from bridle.indexer.watching import watch

pytestmark = pytest.mark.slow

WAIT_S = 20.0


class Watched:
    """A tree that is watched; `seen` are the paths of each look at it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: list[frozenset[str]] = []
        self.reasons: list[str] = []
        self._folders: tuple[str, ...] = ()
        self._looked = asyncio.Condition()
        self._look()

    def _look(self) -> None:
        found = walk(self.root)
        self._folders = found.folders
        self.seen.append(frozenset(file.path for file in found.files))

    async def run(self) -> None:
        await watch(self.root, lambda: self._folders, self._refresh, self.reasons.append)

    async def _refresh(self) -> None:
        async with self._looked:
            self._look()
            self._looked.notify_all()

    async def until(self, *paths: str, gone: str = "") -> None:
        async with asyncio.timeout(WAIT_S), self._looked:
            await self._looked.wait_for(lambda: set(paths) <= self.seen[-1] and gone not in self.seen[-1])


@pytest_asyncio.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("x = 1\n")
    (tmp_path / "node_modules" / "left").mkdir(parents=True)
    (tmp_path / ".gitignore").write_text("built/\n")
    (tmp_path / "built").mkdir()
    one = Watched(tmp_path)
    task = asyncio.create_task(one.run())
    await asyncio.sleep(0.5)
    yield one
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_file_that_comes_and_one_that_goes_are_noticed(watched: Watched) -> None:
    (watched.root / "src" / "b.py").write_text("y = 1\n")
    await watched.until("src/a.py", "src/b.py")
    (watched.root / "src" / "a.py").unlink()
    await watched.until("src/b.py", gone="src/a.py")
    assert watched.reasons == []


async def test_what_comes_in_a_new_folder_is_noticed_and_what_comes_there_later_too(watched: Watched) -> None:
    deep = watched.root / "pkg" / "deep"
    deep.mkdir(parents=True)
    (deep / "one.py").write_text("")
    await watched.until("pkg/deep/one.py")
    (deep / "two.py").write_text("")
    await watched.until("pkg/deep/two.py")


async def test_a_branch_that_is_switched_is_one_look_or_few(watched: Watched) -> None:
    for n in range(300):
        (watched.root / "src" / f"m{n}.py").write_text("z = 1\n")
    await watched.until("src/m299.py")
    assert len(watched.seen) <= 12


async def test_what_git_ignores_is_not_looked_at(watched: Watched) -> None:
    before = len(watched.seen)
    (watched.root / "built" / "c.py").write_text("")
    (watched.root / "node_modules" / "left" / "d.js").write_text("")
    (watched.root / "src" / "notes.bin").write_bytes(b"\0")
    await asyncio.sleep(1.0)
    assert len(watched.seen) == before
    (watched.root / ".gitignore").write_text("")
    await watched.until("built/c.py")


LIMITED = """
import asyncio, sys
from pathlib import Path
from bridle.indexer import watching
from bridle.indexer.watching import watch

Path("/proc/sys/user/max_inotify_watches").write_text("1")
watching.POLL_S = 0.2
root, looks, reasons = Path(sys.argv[1]), [], []

async def refresh():
    looks.append(len(list(root.rglob("*.py"))))

async def main():
    task = asyncio.create_task(watch(root, lambda: ("", "a", "b", "c"), refresh, reasons.append))
    await asyncio.sleep(1)
    (root / "a" / "new.py").write_text("")
    await asyncio.sleep(1)
    task.cancel()
    print(len(reasons), looks[0], looks[-1], reasons[0])

asyncio.run(main())
"""


def test_where_the_system_watches_no_more_the_tree_is_looked_at_and_the_reason_is_told(tmp_path: Path) -> None:
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
    apart = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        pytest.skip("namespaces are forbidden here: there is no limit of our own to set")
    done = subprocess.run(
        [*apart, sys.executable, "-c", LIMITED, str(tmp_path)], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("1 0 1 "), done.stderr
    assert "limit" in done.stdout.lower() or "space" in done.stdout.lower()
