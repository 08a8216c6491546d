"""The check `architecture`: reads the tree that would land and its `[architecture]`; it starts nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from bridle.harness.nouns import Verdict
from bridle.harness.verify.architecture.imports import PYTHON, SUFFIXES, Said, imports_of, said_in
from bridle.harness.verify.architecture.judging import judge
from bridle.harness.verify.architecture.rules import FILE, BadRules, Rules, first_in, read_rules
from bridle.harness.verify.job import NEVER_RUN, Job, Ran, unstarted, verdict
from bridle.indexer.encoding import text_of
from bridle.indexer.files import FolderLink
from bridle.indexer.modules import Modules, declared_roots

MAX_KNOWN = 20_000
HOW = "correct bridle.toml there: docs/architecture-rules.md says what it can hold"


def check(job: Job) -> Verdict:
    """Judge the whole tree: who imports whom is no matter of single files."""
    began = time.perf_counter()
    try:
        rules = read_rules(text_of(job.shadow.read(FILE)) or "")
    except BadRules as error:
        return unstarted(job, f"{FILE}:{error.line}: {error}", HOW)
    if rules is None:
        return unstarted(job, f"{FILE} has no [architecture] any more", HOW)
    read = dict(_read(job, rules))
    if not read:
        return unstarted(job, "the rules count for no file that can be read", HOW)
    paths = frozenset(job.tree.files)
    roots = declared_roots(text_of(job.shadow.read("pyproject.toml")) or "")
    modules = Modules((path for path in paths if path.endswith(PYTHON)), _links(job), roots)
    imports = imports_of({path: said for path, (said, _) in read.items()}, modules, paths)
    findings = judge(rules, imports, {path: n_lines for path, (_, n_lines) in read.items()})
    ran = Ran((), msgspec.structs.replace(NEVER_RUN, seconds=time.perf_counter() - began))
    return verdict(job, "fail" if findings else "pass", ran, counts=(len(read), len(read)), findings=findings)


def _read(job: Job, rules: Rules) -> Iterator[tuple[str, tuple[tuple[Said, ...], int]]]:
    """Yield path, imports and number of lines of each file that is read; a file that was read before is known."""
    for path, mark in sorted(job.tree.files.items()):
        if path.endswith(SUFFIXES) and not first_in(path, rules.ignore):
            found = _known(path, mark)
            if found.value is None:
                text = text_of(job.shadow.read(path))
                found.value = None if text is None else (said_in(path, text), len(text.splitlines()))
            if found.value is not None:
                yield path, found.value


class _Cell:
    """What one content of a file says, once it was read."""

    def __init__(self) -> None:
        self.value: tuple[tuple[Said, ...], int] | None = None


@lru_cache(MAX_KNOWN)
def _known(path: str, mark: str) -> _Cell:
    return _Cell()


def _links(job: Job) -> list[FolderLink]:
    """Return the links to folders of the tree: modules are imported by their names, too."""
    root, found = job.shadow.workspace.resolve(), list[FolderLink]()
    for path in job.tree.files:
        if "." in path.rpartition("/")[2]:
            continue
        place = root / path
        if place.is_symlink() and place.is_dir() and place.resolve().is_relative_to(root):
            found.append(FolderLink(path, place.resolve().relative_to(root).as_posix()))
    return found
