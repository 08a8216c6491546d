"""Whether a session loaded the tree that is judged: pure.

A copy of the workspace, or one that is installed elsewhere, passes tests that the workspace fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

SOURCE_ROOTS = ("", "src/", "lib/", "python/")
INSTALLED = ("site-packages", "dist-packages")


def wrong_tree(
    modules: Sequence[tuple[str, str, str]], files: Mapping[str, str], root: Path, workspace: Path, package: str = ""
) -> str:
    """Return why these modules (name, file, digest) do not prove the tree of `files`, "" when they do.

    `root` is where the session saw the tree, `workspace` the person's own one, which may be the same place. `package`
    is the folder of the tree whose tests they are.
    """
    if reason := rewritten(modules, files):
        return reason
    for name, path, _ in modules:
        if path.startswith("/") and (ours := _stands_for(name, path, files, root, workspace, package)):
            return f"{name} was loaded from {path!r} and not from {ours!r}"
    return ""


def rewritten(modules: Sequence[tuple[str, str, str]], files: Mapping[str, str]) -> str:
    """Return which module's file in the tree has another content than the one that is judged, "" when none has."""
    for name, path, digest in modules:
        if files.get(path, digest) != digest:
            return f"{name} was loaded from {path!r}, whose content is not the one that is judged"
    return ""


def _stands_for(name: str, path: str, files: Mapping[str, str], root: Path, workspace: Path, package: str) -> str:
    """Return the workspace's file that a module loaded from elsewhere stands in for, "" when there is none."""
    place = PurePosixPath(path)
    if place.is_relative_to(workspace) and root != workspace and not set(INSTALLED) & set(place.parts):
        return str(place.relative_to(workspace))
    return next((candidate for candidate in _candidates(name, path, package) if candidate in files), "")


def _candidates(name: str, path: str, package: str) -> Iterator[str]:
    """Yield where the workspace would keep a module of this name, should it be one of its own."""
    module = name.replace(".", "/")
    for tail in (f"{module}.py", f"{module}/__init__.py"):
        if path.endswith(f"/{tail}"):
            for folder in dict.fromkeys((f"{package}/" if package else "", "")):
                yield from (folder + source_root + tail for source_root in SOURCE_ROOTS)
