"""Where the truth of a language is asked: clones that it pins, and a small tree of our own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from comparing import Comparison

Pinned = Sequence[tuple[str, str, str]]
"""Name, where its code is, commit."""
Compare = Callable[[Path, str], Comparison]


def absent(where: Path, pinned: Pinned, optional: str, *, is_here: bool) -> list[str]:
    """Return what is not there of the clones, and of the programs where they are not."""
    clones = [f"{name}/{code}" for name, code, _ in pinned if not (where / name / code).exists()]
    return clones if is_here else [*clones, optional]


def each(where: Path, pinned: Pinned, only: str, compare: Compare) -> Iterator[Comparison]:
    """Yield one comparison a project."""
    for name, _, _ in pinned:
        if only in ("", name):
            yield compare((where / name).resolve(), name)


def own(files: Mapping[str, str], compare: Compare, *, is_here: bool) -> Iterator[Comparison]:
    """Yield the comparison of a small tree of our own; nothing where the programs are not installed."""
    if not is_here:
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "shop"
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8")
        yield compare(root, "shop")
