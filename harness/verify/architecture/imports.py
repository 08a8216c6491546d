"""Who imports whom: the import statements of a text, and the files of the tree that they mean. Pure.

Python's names are found as the index finds them (`indexer/modules.py`); in JavaScript and TypeScript paths that begin
with a dot are followed, all else is a package from outside.
"""

from __future__ import annotations

import ast
import posixpath
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from bridle.indexer.modules import Modules

PYTHON = (".py", ".pyi")
SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
SUFFIXES = (*PYTHON, *SCRIPTS)
_SCRIPT_IMPORT = re.compile(
    r"""^[ \t]*(?:import|export)\b[^'"`;]{0,2000}?from\s*(?P<q>['"])(?P<a>[^'"\n]{1,500})(?P=q)"""
    r"""|^[ \t]*import\s*(?P<r>['"])(?P<b>[^'"\n]{1,500})(?P=r)"""
    r"""|\b(?:require|import)\(\s*(?P<s>['"])(?P<c>[^'"\n]{1,500})(?P=s)""",
    re.MULTILINE,
)


class Said(msgspec.Struct, frozen=True):
    """One import as it is written: a 0-based line, the module, the names taken from it, and the dots before it."""

    line: int
    module: str
    names: tuple[str, ...] = ()
    level: int = 0


class Imported(msgspec.Struct, frozen=True):
    """File `source` imports file `target` on a line; `outside` is the name of a package where that is no file."""

    source: str
    line: int
    target: str = ""
    outside: str = ""


def said_in(path: str, text: str) -> tuple[Said, ...]:
    """Return the imports of a text in its order; none where it cannot be read."""
    return tuple(_python(text) if path.endswith(PYTHON) else _script(text))


def imports_of(said: Mapping[str, Iterable[Said]], modules: Modules, paths: frozenset[str]) -> Iterator[Imported]:
    """Yield who imports whom; `paths` are all files of the tree."""
    for source, statements in said.items():
        for one in statements:
            found = _python_targets(source, one, modules) if source.endswith(PYTHON) else _target(source, one, paths)
            for target, outside in found:
                if target != source:
                    yield Imported(source, one.line, target, outside)


def _python(text: str) -> Iterator[Said]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Said(node.lineno - 1, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield Said(node.lineno - 1, node.module or "", names, node.level)


def _script(text: str) -> Iterator[Said]:
    for found in _SCRIPT_IMPORT.finditer(text):
        at = found.start() + len(found[0]) - len(found[0].lstrip())
        yield Said(text.count("\n", 0, at), found["a"] or found["b"] or found["c"])


def _python_targets(source: str, one: Said, modules: Modules) -> list[tuple[str, str]]:
    """Return the files that a statement means: of a package's names those that are modules, else the package."""
    base = _module(source, one, one.module, modules)
    found: list[str] = []
    for name in one.names:
        dotted = f"{one.module}.{name}" if one.module else name
        inner = _module(source, one, dotted, modules)
        found.append(inner or (modules.inside(base, name) if base else None) or base or "")
    targets = list(dict.fromkeys(found if one.names else [base or ""]))
    if one.level:
        return [(target, "") for target in targets if target]
    return [(target, "" if target else one.module) for target in targets]


def _module(source: str, one: Said, dotted: str, modules: Modules) -> str | None:
    return modules.relative(source, one.level, dotted) if one.level else modules.find(dotted, source)


def _target(source: str, one: Said, paths: frozenset[str]) -> list[tuple[str, str]]:
    if not one.module.startswith("."):
        return [("", one.module)]
    stem = posixpath.normpath(posixpath.join(posixpath.dirname(source), one.module))
    bare = re.sub(r"\.[cm]?jsx?$", "", stem)
    forms = [stem, *(f"{bare}{suffix}" for suffix in SCRIPTS), *(f"{stem}/index{suffix}" for suffix in SCRIPTS)]
    return [(form, "") for form in forms if form in paths][:1]
