"""Sufficiency: of the definitions that a commit newly uses, is the body or the signature in the pack of its task?

Newly used is what a function that the commit changed or made leads to after it and did not lead to before, and what
was there before: names of the repository, as the index resolves them in the files after the commit. Asked are whole
packs of 4,000 tokens, from a selection (one touched definition, with the message), from a failing test (one from which
uses lead to a touched definition, without a word), and from the message alone. BM25F fills its pack the same way.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from cases import CODE, Git, case_of
from gather import Kept, cases_kept, load, past_of, pasts
from scoring import gain

from bridle.context.pack import Pack, packed
from bridle.context.rank import Ranked, rank
from bridle.context.signals import rows_of
from bridle.context.task import Beside, Task
from bridle.context.touched import BESIDE
from bridle.context.vocabulary import Leading, Leaned
from bridle.context.weighing import Share
from bridle.indexer.facts import FileFacts, Symbol, SymbolId
from bridle.indexer.languages.readers import reader_of
from bridle.indexer.snapshot import Snapshot

PER_REPO = 10
N_TOKENS = 4_000
WAYS = ("selection", "failing test", "text")
GOAL, GOAL_OVER = 90.0, 15.0
_NO_USE = frozenset({"contains", "imports"})


def asked(folder: str, cache_dir: Path, repos: Sequence[str]) -> bool:
    """Print the table; returns whether the goals are met."""
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for repo in repos:
        git, commits = Git(folder, repo), pasts(cache_dir, repo)
        n_asked = 0
        for path in cases_kept(cache_dir, repo):
            if n_asked >= PER_REPO:
                break
            case = load(path)
            shares = list(_of_case(git, case, Beside(past_of(case, commits))))
            n_asked += bool(shares)
            for way, ours, floor in shares:
                found[way].append((ours * 100, floor * 100))
        print(f"{repo}: {n_asked} commits that newly use something", flush=True)
    good = True
    for way, pairs in found.items():
        ours, floor = np.array(pairs).reshape(-1, 2).T
        if not len(ours):
            continue
        ((mean, low, high),) = gain(ours[:, None], floor[:, None])
        met = float(ours.mean()) >= GOAL and mean >= GOAL_OVER
        good &= met
        told = f"{floor.mean():5.1f} / {ours.mean():5.1f}   {mean:+5.1f} [{low:+.1f}, {high:+.1f}]"
        print(f"{way:14} {len(ours):4}  BM25F / ours {told}: {'met' if met else 'missed'}")
    print(f"  goals: {GOAL:g}, and {GOAL_OVER:g} over BM25F")
    return good


def _of_case(git: Git, case: Kept, beside: Beside) -> Iterator[tuple[str, float, float]]:
    """Yield for each way of asking what our pack and that of BM25F hold of what the commit newly uses."""
    snapshot = case.snapshot()
    commit = _commit(git, case)
    parent = case_of(git, case.repo, commit).parent
    wanted = _newly_used(git, case, snapshot, parent, commit)
    if not wanted:
        return
    read = _reading(git, parent)
    for way, task in _tasks(case, snapshot):
        ours = packed(task, snapshot, read, rank(task, snapshot, beside))
        floor = packed(task, snapshot, read, _by_words(task, snapshot, beside), _nothing)
        yield way, _share(ours, wanted), _share(floor, wanted)


def _commit(git: Git, case: Kept) -> str:
    return git("rev-parse", case.id.rpartition("-")[2]).strip()


def _tasks(case: Kept, snapshot: Snapshot) -> Iterator[tuple[str, Task]]:
    rng = random.Random(case.id)  # noqa: S311  # the same ones on every run
    seed = snapshot.symbols[SymbolId(rng.choice(sorted(case.truth)))].span
    yield "selection", Task(case.query, at=(seed.path, seed.start_line, seed.end_line), n_tokens=N_TOKENS)
    tests = [reach.symbol.span for reach in snapshot.tests_reaching(list(map(SymbolId, case.truth)))]
    if tests:
        at = min(tests[0].start_line + 1, tests[0].end_line - 1)
        yield "failing test", Task("", findings=((tests[0].path, at),), n_tokens=N_TOKENS)
    yield "text", Task(case.query, n_tokens=N_TOKENS)


def _by_words(task: Task, snapshot: Snapshot, beside: Beside) -> list[Ranked]:
    """Return what BM25F with demotion finds by the words of a task, or of the place that it has."""
    text = task.instruction
    if not text:
        symbol = snapshot.enclosing(*task.findings[0])
        text = symbol.qualname.replace(".", " ") if symbol else ""
    rows = [row for row in rows_of(text, snapshot, beside.past) if row["words"] > 0 and not row["variable"]]
    rows.sort(key=lambda row: (-row["words"], row.symbol.id))
    return [Ranked(row.symbol, (Share(row["words"], "words"),)) for row in rows]


def _nothing(_leading: Leading, _snapshot: Snapshot) -> Sequence[Leaned]:
    """BM25F knows nothing of what code leans on: its outline is what it found."""
    return ()


def _newly_used(git: Git, case: Kept, snapshot: Snapshot, parent: str, commit: str) -> list[Symbol]:
    paths = git("diff", "--name-only", "--no-renames", "--diff-filter=M", parent, commit).splitlines()
    changes: dict[str, FileFacts | None] = {}
    for path in paths:
        reader = reader_of(path)
        if reader is not None and CODE.search(path) and not BESIDE.search(path) and path in snapshot.linked.files:
            changes[path] = reader.facts(path, git("show", f"{commit}:{path}").encode())
    after = snapshot.linked.changed(changes)
    touched = set(case.truth)
    found: dict[SymbolId, None] = {}
    for path in sorted(changes):
        before = {(edge.source, edge.target) for edge in snapshot.linked.edges.get(path, ())}
        for edge in after.edges.get(path, ()):
            is_new = (edge.source, edge.target) not in before and edge.kind not in _NO_USE
            if is_new and (edge.source in touched or edge.source not in snapshot.symbols):
                found[edge.target] = None
    symbols = (snapshot.symbols[one] for one in found if one in snapshot.symbols)
    return [symbol for symbol in symbols if symbol.kind != "module" and symbol.id not in touched]


def _share(pack: Pack, wanted: Sequence[Symbol]) -> float:
    """Return the share of some definitions whose head is shown, in a body or by its signature."""
    lines: dict[str, set[int]] = {}
    for piece in pack.pieces:
        if piece.detail == "signature":
            lines.setdefault(piece.span.path, set()).add(piece.span.start_line)
    for block in pack.blocks:
        for start, end in block.ranges:
            lines.setdefault(block.path, set()).update(range(start, end))
    return sum(symbol.span.start_line in lines.get(symbol.span.path, ()) for symbol in wanted) / len(wanted)


def _reading(git: Git, commit: str) -> Callable[[str], str | None]:
    @cache
    def read(path: str) -> str | None:
        return git("show", f"{commit}:{path}", check=False) or None

    return read
