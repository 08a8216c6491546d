"""Which paths git would not look at: ``.gitignore`` in every folder, ``.git/info/exclude``, and tool folders.

Rules are read from the deepest folder up and the first that speaks decides, as git does. A rule that could
keep a matcher busy for ever is left out and named.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from pathspec import GitIgnoreSpec

from bridle.indexer.bounded import read_bounded

MAX_RULES_BYTES = 256_000
_MAX_STARS_PER_SEGMENT = 3
_STARS = re.compile(r"\*+")
_CACHES = (".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis")
_TOOL_FOLDERS = frozenset((".git", ".hg", ".svn", ".venv", "node_modules", "__pycache__", ".tox", ".nox", *_CACHES))


class Rules(msgspec.Struct, frozen=True):
    """The rules in force in one folder: those of the folders above, each with the prefix it stands at."""

    layers: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def ignores(self, path: str, is_folder: bool) -> bool:
        """Whether `path`, relative to the root and not below an ignored folder, is ignored."""
        if is_folder and path.rpartition("/")[2] in _TOOL_FOLDERS:
            return True
        for prefix, spec in reversed(self.layers):
            told = spec.check_file(path[len(prefix) :] + ("/" if is_folder else "")).include
            if told is not None:
                return told
        return False


def extend(rules: Rules, file: Path, prefix: str) -> tuple[Rules, tuple[str, ...]]:
    """Return `rules` with those of `file`, which speaks for paths under `prefix`, and the rules left out."""
    try:
        data = read_bounded(file, MAX_RULES_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return rules, ()
    except OSError as error:
        return rules, (f"all of them: {error}",)
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    good = [line for line in lines if _is_tame(line)]
    bad = tuple(line for line in lines if not _is_tame(line))
    spec = GitIgnoreSpec.from_lines(good)
    return (Rules((*rules.layers, (prefix, spec))) if len(spec.patterns) else rules), bad


def _is_tame(rule: str) -> bool:
    if any(len(_STARS.findall(segment)) > _MAX_STARS_PER_SEGMENT for segment in rule.split("/")):
        return False
    try:
        GitIgnoreSpec.from_lines([rule])
    except ValueError:
        return False
    return True
