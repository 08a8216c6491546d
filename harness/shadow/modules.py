"""Shows installed JavaScript packages in a copy of the workspace, without leading back into the workspace itself.

The packages of a monorepo are installed by links: one to another package of it, followed as it stands, would load that
package's original and not its copy. So such a link is made anew to the copy's own; everything else is linked as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

MODULES = "node_modules"
MANIFEST = "package.json"
MAX_ENTRIES = 5_000


def link_modules(workspace: Path, copy: Path, paths: Iterable[str]) -> None:
    """Show in `copy` the node_modules beside each manifest among `paths`, the tree's files."""
    folders = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2] == MANIFEST}
    for folder in sorted({"", *folders}):
        source, target = workspace / folder / MODULES, copy / folder / MODULES
        if not source.is_dir() or os.path.lexists(target) or not target.parent.is_dir():
            continue
        entries = list(_entries(source))
        inward = {entry: inside for entry in entries if (inside := _inside(entry, workspace)) is not None}
        if not inward or len(entries) > MAX_ENTRIES:
            target.symlink_to(source)
            continue
        for entry in entries:
            link = target / entry.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(copy / inward[entry] if entry in inward else entry)


def _entries(modules: Path) -> Iterator[Path]:
    """Yield the packages in a node_modules, those of a scope one by one, and what else is there; a bounded number."""
    for n_seen, entry in enumerate(sorted(modules.iterdir())):
        if n_seen > MAX_ENTRIES:
            return
        if entry.name.startswith("@") and entry.is_dir() and not entry.is_symlink():
            yield from sorted(entry.iterdir())
        else:
            yield entry


def _inside(entry: Path, workspace: Path) -> Path | None:
    """Return where in the workspace's own files a link leads, None where it leads to an installed package or out."""
    if not entry.is_symlink():
        return None
    real = entry.resolve()
    if not real.is_relative_to(workspace):
        return None
    place = real.relative_to(workspace)
    return None if MODULES in place.parts else place
