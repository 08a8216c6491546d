"""The suites of the bench: where they are, what was recorded of them, and their tests on one mutant after another."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bridle.harness.verify.checkers.pytest import PLUGINS
from bridle.harness.verify.impact.evidence import Context, Evidence
from bridle.indexer.index import Index

SERVER = Path(__file__).with_name("server.py")
SESSION_S = 1800.0
COLLECTED_S = 120.0


class Project(NamedTuple):
    """One project: its folder, its interpreter, where its code is, the commit that it is pinned to."""

    name: str
    root: Path
    python: str
    package: str
    commit: str = ""


class Known(NamedTuple):
    """What a whole recorded run told. `plain_s` and `recorded_s` are the seconds without and with recording."""

    evidence: Evidence
    contexts: Mapping[str, Context]
    texts: Mapping[str, str]
    failing: frozenset[str]
    plain_s: float
    recorded_s: float


def know(project: Project, arguments: Sequence[str]) -> Known:
    """Run the whole suite twice, once recorded, and return what that told; what an earlier bench kept stands."""
    kept = project.root.parent / f"{project.name}-{project.commit[:12] or 'now'}.recorded.json"
    if not kept.exists():
        plain_s, _ = _session(project, arguments, record=False)
        recorded_s, lines = _session(project, arguments, record=True)
        kept.write_text(json.dumps([plain_s, recorded_s, lines]))
    plain_s, recorded_s, lines = json.loads(kept.read_text())
    contexts = [msgspec.convert(line["context"], Context) for line in lines if line["kind"] == "reached"]
    unwatched = [path for line in lines if line["kind"] == "unwatched" for path in line["paths"]]
    failing = {line["id"] for line in lines if line["kind"] == "test" and line["outcome"] != "passed"}
    texts = dict(_texts(project.root))
    evidence = Evidence(contexts, imports_of(project.root), texts, unwatched)
    named = {context.name: context for context in contexts}
    return Known(evidence, named, texts, frozenset(failing), plain_s, recorded_s)


def imports_of(root: Path) -> dict[str, set[str]]:
    """Return which file imports which, by the index."""
    index = Index(root, None)
    try:
        snapshot = index.refresh()
    finally:
        index.close()
    found: dict[str, set[str]] = {}
    for edge in snapshot.edges:
        if edge.kind == "imports":
            source, target = (end.partition("::")[0] for end in (edge.source, edge.target))
            found.setdefault(source, set()).add(target)
    return found


def _texts(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(root.rglob("*.py")):
        if not re.search(r"/(\.venv|\.git|node_modules)/", str(path)):
            yield path.relative_to(root).as_posix(), path.read_text("utf-8", "replace")


def _session(project: Project, arguments: Sequence[str], *, record: bool) -> tuple[float, list[dict[str, Any]]]:
    report = project.root.parent / f"{project.name}.report"
    report.write_bytes(b"")
    plugins = ["-p", "bridle_proof", *(["-p", "bridle_reach"] if record else [])]
    order = json.dumps({"path": str(report), "nonce": "bench"})
    began = time.perf_counter()
    subprocess.run(
        [project.python, "-m", "pytest", *plugins, *arguments, "-q"],
        cwd=project.root,
        env=environment() | {"PYTHONPATH": str(PLUGINS), "BRIDLE_PROOF": order},
        capture_output=True,
        timeout=SESSION_S,
        check=False,
    )
    seconds = time.perf_counter() - began
    lines = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
    if not lines or lines[-1]["kind"] != "end":
        raise SystemExit(f"{project.name}: the whole run left no report; install the project into {project.python}")
    return seconds, lines


def environment() -> dict[str, str]:
    """Return ours without what would change how tests run; byte code is not written, so that none is ever stale."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "BRIDLE"))}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1"}


class Suite:
    """A collected suite that runs the tests of one mutant after another."""

    def __init__(self, project: Project, arguments: Sequence[str], *, once: bool = False) -> None:
        mode = "--once" if once else "--many"
        self._process = subprocess.Popen(
            [project.python, str(SERVER), mode, *arguments],
            cwd=project.root,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        told = self._within(COLLECTED_S)
        self.items: list[str] = told.get("items", [])
        self.begun = bool(told)
        if not once and not self.items:
            raise SystemExit(f"{project.name}: its tests cannot be collected {told.get('error', '')}")

    def run(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Return what came of one request: `failed`, `group`, `n_ran`, `how`."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if not answer:
            raise SystemExit("the session of the bench ended: what it has judged stands, start it again")
        return answer

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def _within(self, seconds: float) -> dict[str, Any]:
        """Return the first answer; a mutant that holds up the collection has none after so long."""
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        try:
            return self._answer()
        finally:
            timer.cancel()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else {}


def our_own(place: Path) -> Project:
    """Return a copy of `examples/till` as a project."""
    import shutil

    from bridle.harness.model.choose import examples

    root = place / "till"
    shutil.copytree(examples() / "till", root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    return Project("till", root, sys.executable, "src/till")
