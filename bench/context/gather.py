"""Makes what the questions are asked of, once: for each case its snapshot, its past, the truth.

A work tree is moved from case to case and indexed as it would be for a person, nothing of what comes after the parent
commit is seen. One file a case is kept in the cache, so that another ranking is scored in seconds.
"""

from __future__ import annotations

import subprocess
import time
from array import array
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cases import Case, Git, truth_of
from rivals import by_keywords, by_plain_words

from bridle.indexer.edges import Edges
from bridle.indexer.facts import Edge, FileFacts
from bridle.indexer.held import FileWords
from bridle.indexer.index import Index
from bridle.indexer.languages.readers import is_text
from bridle.indexer.linked import Linked
from bridle.indexer.linking import Homes, Layout
from bridle.indexer.past import FUNCTION_HEADS, LOG_FORMAT, MAX_COMMITS, Commit, Past, commits_told
from bridle.indexer.scopes import Scopes
from bridle.indexer.snapshot import Snapshot
from bridle.indexer.words import Words

LOG_BATCH = 500
SUFFIXES = ("py", "js", "cjs", "mjs", "jsx", "ts", "tsx", "go", "java")


class Kept(msgspec.Struct):
    """One case as it is kept. `costs` are the characters before each line of a file, as native int32 bytes."""

    id: str
    repo: str
    query: str
    truth: list[str]
    n_truth: int
    past: list[str]
    costs: dict[str, bytes]
    rivals: dict[str, list[str]]
    files: dict[str, tuple[FileFacts, FileWords]]
    edges: dict[str, list[Edge]]

    def snapshot(self) -> Snapshot:
        """Return the snapshot of the case's parent commit."""
        facts = {path: known for path, (known, _) in self.files.items()}
        edges = {path: tuple(known) for path, known in self.edges.items()}
        words = Words.of({path: known for path, (_, known) in self.files.items() if not is_text(path)})
        texts = Words.of({path: known for path, (_, known) in self.files.items() if is_text(path)})
        files = {path: Scopes(known) for path, known in sorted(facts.items())}
        return Snapshot(Path("/"), Linked(files, Homes(files, Layout()), Edges(edges), 0), words, texts)

    def lines(self, path: str) -> array[int]:
        """Return the characters before each line of a file, those of the whole file last."""
        known = array("i")
        known.frombytes(self.costs[path])
        return known


def gather(folder: str, repo: str, cases: Sequence[Case], cache: Path, limit: int) -> None:
    """Keep up to `limit` cases of a repository that have a truth; what is there already stays."""
    git = Git(folder, repo)
    place = cache / repo.replace("/", "+")
    place.mkdir(parents=True, exist_ok=True)
    root = place / "tree"
    root.mkdir(exist_ok=True)
    log(git, place)
    index = Index(root, place / "index.sqlite", workers=1)
    n_kept = 0
    began = time.monotonic()
    for case in cases:
        if n_kept >= limit:
            break
        to = place / f"{case.id}.case"
        if to.exists():
            n_kept += to.stat().st_size > 0
            continue
        check_out(git, root, place / "git-index", case.parent)
        snapshot = index.refresh()
        truth = truth_of(case, git, snapshot)
        if not truth:
            to.write_bytes(b"")
            continue
        to.write_bytes(msgspec.msgpack.encode(_kept(case, git, snapshot, root, truth)))
        n_kept += 1
    index.close()
    print(f"{repo}: {n_kept} cases, {time.monotonic() - began:.0f} s", flush=True)


def cases_kept(cache: Path, repo: str) -> list[Path]:
    """Return the files of the cases of a repository."""
    return sorted(path for path in (cache / repo.replace("/", "+")).glob("*.case") if path.stat().st_size)


def load(path: Path) -> Kept:
    """Return one case."""
    return msgspec.msgpack.decode(path.read_bytes(), type=Kept)


def pasts(cache: Path, repo: str) -> dict[str, Commit]:
    """Return the commits of a repository by id."""
    known = msgspec.msgpack.decode((cache / repo.replace("/", "+") / "log").read_bytes(), type=list[Commit])
    return {commit.id: commit for commit in known}


def log(git: Git, place: Path) -> None:
    """Keep what the whole history of a repository tells."""
    to, attributes = place / "log", place / "attributes"
    if to.exists():
        return
    attributes.write_text("* diff=bridle\n")
    settings = ("-c", f"core.attributesFile={attributes}", "-c", f"diff.bridle.xfuncname={FUNCTION_HEADS}")
    options = ("--no-merges", "-p", "-U0", "-M", "--no-color", "--no-ext-diff", "--no-textconv", "--diff-filter=MR")
    paths = [f"*.{suffix}" for suffix in SUFFIXES]
    ids = git("rev-list", "--no-merges", "--all", "--", *paths).split()
    told: list[Commit] = []
    for start in range(0, len(ids), LOG_BATCH):
        part = ("--no-walk=unsorted", f"--format={LOG_FORMAT}", *ids[start : start + LOG_BATCH], "--", *paths)
        told += commits_told(git(*settings, "log", *options, *part, check=False))
    to.write_bytes(msgspec.msgpack.encode(told))


def past_of(case: Kept, commits: dict[str, Commit]) -> Past:
    """Return the past of a case."""
    return Past(tuple(commits[one] for one in case.past if one in commits))


def check_out(git: Git, root: Path, index: Path, commit: str) -> None:
    """Bring a work tree to a commit, with an index of its own."""
    command = ["git", f"--git-dir={git.path}", f"--work-tree={root}", "read-tree", "-u", "--reset", commit]
    environ = {"PATH": "/usr/bin:/bin", "GIT_INDEX_FILE": str(index)}
    subprocess.run(command, check=True, cwd=root, capture_output=True, env=environ)


def _kept(case: Case, git: Git, snapshot: Snapshot, root: Path, truth: set[str]) -> Kept:
    texts = {path: (root / path).read_bytes() for path in snapshot.linked.files}
    files = snapshot.linked.files
    paths = [f"*.{suffix}" for suffix in SUFFIXES]
    ids = git("rev-list", "--no-merges", "-n", str(MAX_COMMITS), case.parent, "--", *paths).split()
    facts = {path: known.facts for path, known in files.items()}
    code = {path: known for path, known in facts.items() if not is_text(path)}
    words = {**snapshot.words.files, **snapshot.texts.files}
    return Kept(
        case.id,
        case.repo,
        case.query,
        sorted(truth),
        len(case.truth) if case.truth is not None else len(truth),
        ids,
        {path: _costs(data) for path, data in texts.items()},
        {"plain BM25": by_plain_words(case.query, code, texts), "ripgrep": by_keywords(case.query, code, texts)},
        {path: (known, words[path]) for path, known in facts.items()},
        {path: list(edges) for path, edges in snapshot.linked.edges.items()},
    )


def _costs(data: bytes) -> bytes:
    costs = array("i", [0])
    for line in data.decode("utf-8", "replace").split("\n"):
        costs.append(costs[-1] + len(line) + 1)
    return costs.tobytes()
