"""Which file imports which, as far as texts tell: pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from bridle.indexer.modules import Modules


def imports_of(texts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return the files of `texts` that each of them imports, inside functions too; what is no Python imports none."""
    modules = Modules(texts)
    return {path: frozenset(_targets(path, text, modules)) for path, text in texts.items() if path.endswith(".py")}


def _targets(path: str, text: str, modules: Modules) -> Iterator[str]:
    for name, level in _named(text):
        found = modules.relative(path, level, name) if level else modules.find(name, path)
        if found is not None and found != path:
            yield found


def _named(text: str) -> Iterator[tuple[str, int]]:
    """Yield each dotted name that may be a module, with its leading dots."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level
            for alias in node.names:
                yield f"{node.module}.{alias.name}" if node.module else alias.name, node.level
