"""Whether the tests of a JavaScript package ran on build output that is older than what it was built from.

What a build leaves (`dist/`) is no part of the tree, and what it holds is whatever the last build made: tests that load
it say nothing of a source that was changed since.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bridle.harness.verify.checkers.node_report import Session
from bridle.harness.verify.checks import is_below, is_script_test
from bridle.harness.verify.job import Job
from bridle.harness.verify.node_manifest import MANIFEST
from bridle.harness.verify.node_tools import upward
from bridle.harness.verify.survey import join

SOURCES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".vue", ".svelte")


def stale_build(job: Job, session: Session) -> str:
    """Return what build output the tests stood on and which source is newer, "" when there is none."""
    workspace = job.shadow.workspace
    changed = {change.path for change in job.shadow.changes()}
    for built in sorted({one.path for one in session.loaded if _is_built(job, one.path)}):
        package = next(
            folder
            for folder in upward(built.rpartition("/")[0])
            if join(folder, MANIFEST) in job.tree.files or not folder
        )
        made_at = _modified(workspace / built)
        for source in _sources(job.tree.files, package):
            if source in changed or _modified(workspace / source) > made_at:
                return f"the tests stand on {built!r}, which a build made before {source!r} was changed"
    return ""


def _is_built(job: Job, path: str) -> bool:
    return not path.startswith("/") and path not in job.tree.files and path.endswith(SOURCES)


def _sources(files: Iterable[str], package: str) -> Iterable[str]:
    return (path for path in files if is_below(path, package) and path.endswith(SOURCES) and not is_script_test(path))


def _modified(path: Path) -> int:
    """Return when a file was last written, 0 where it is not there: a source that is gone makes nothing stale."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
