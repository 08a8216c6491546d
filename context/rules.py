"""Rules files: what a project tells every model, where each of them reaches, and what in them leads nowhere. Pure.

`AGENTS.md` and `CLAUDE.md` reach down from the folder that they stand in. Files of `.cursor/rules` and
`.github/instructions` say in their front matter which paths they are about; one that says nothing is for everything.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from bridle.context.task import Task

RULES = ("AGENTS.md", "CLAUDE.md")
COPILOT = ".github/copilot-instructions.md"
FOLDERS = ((".cursor/rules", ".mdc"), (".github/instructions", ".instructions.md"))
"""Folders of rules for parts of a project, and how the names of their files end."""
MAX_HEAD_LINES, MAX_GLOB = 40, 200
MAX_DEAD = 20
_ENTRY = re.compile(r"(globs|applyTo|alwaysApply)\s*:\s*(.*)")
_ITEM = re.compile(r"\s*-\s+(.*)")
_LINK = re.compile(r"(?<!!)\[[^\]\n]{1,200}\]\(([^)\s]{1,300})\)")
_CODE = re.compile(r"`[^`\n]*`")
_TOLD_OF = re.compile(r"(?i)\.(?!(?:png|jpe?g|gif|svg|webp|ico|pdf|zip|gz|mp4)$)\w{1,8}$")
"""Targets that are looked for: files with an ending, of those that can be read as text."""
_ELSEWHERE = re.compile(r"[a-zA-Z][\w+.-]*:|//|#|mailto:")


def places_of(task: Task) -> list[str]:
    """Return the files that a task points at."""
    return [*([task.at[0]] if task.at else []), *(path for path, _ in task.findings)]


def rules_paths(task: Task) -> list[str]:
    """Return where rules may stand for a task: at the root, in each folder above its places, and what it brings."""
    folders = {""}
    for place in places_of(task):
        parts = place.split("/")[:-1]
        folders |= {"/".join(parts[: n + 1]) + "/" for n in range(len(parts))}
    return [*(f"{folder}{name}" for folder in sorted(folders) for name in RULES), COPILOT, *sorted(task.rules)]


def reaches(path: str, text: str, places: Sequence[str]) -> bool:
    """Whether a rules file is for a task at some places: by its front matter, where it has one that says so."""
    if not any(path.startswith(f"{folder}/") for folder, _ in FOLDERS):
        return True
    globs, always = _scope(text)
    return always or not globs or any(matches(glob, place) for glob in globs for place in places)


def dead_links(path: str, text: str, exists: Callable[[str], bool]) -> list[tuple[int, str]]:
    """Return the 0-based lines of links in a rules file that lead to no file, each with its target; not very many."""
    found: list[tuple[int, str]] = []
    in_fence = False
    for number, line in enumerate(text.splitlines()):
        in_fence ^= line.lstrip().startswith(("```", "~~~"))
        for link in () if in_fence else _LINK.finditer(_CODE.sub("", line)):
            target = link[1].partition("#")[0]
            if _ELSEWHERE.match(link[1]) or not _TOLD_OF.search(target):
                continue
            base = "" if target.startswith("/") else posixpath.dirname(path)
            at = posixpath.normpath(posixpath.join(base, target.lstrip("/")))
            if not at.startswith("..") and not exists(at):
                found.append((number, link[1]))
        if len(found) >= MAX_DEAD:
            break
    return found[:MAX_DEAD]


def _scope(text: str) -> tuple[list[str], bool]:
    """Return what paths the front matter of a file names, and whether it says that the file is for everything."""
    lines = text.splitlines()[:MAX_HEAD_LINES]
    if not lines or lines[0].strip() != "---" or "---" not in (line.strip() for line in lines[1:]):
        return [], False
    globs: list[str] = []
    always = listing = False
    for line in lines[1:]:
        if line.strip() == "---":
            break
        if (entry := _ENTRY.match(line)) is not None:
            listing = entry[1] != "alwaysApply" and not entry[2].strip()
            if entry[1] == "alwaysApply":
                always = entry[2].strip().lower() == "true"
            else:
                globs += _listed(entry[2])
        elif listing and (item := _ITEM.match(line)) is not None:
            globs += _listed(item[1])
        else:
            listing = False
    return globs, always or "**" in globs


def _listed(value: str) -> Iterator[str]:
    """Yield the patterns of one value: parted by commas, quoted or not; commas in braces part nothing."""
    for part in re.split(r",(?![^{]*\})", value.strip().removeprefix("[").removesuffix("]")):
        if pattern := part.strip().strip("\"'"):
            yield pattern[:MAX_GLOB]


def matches(glob: str, path: str) -> bool:
    """Whether a path fits a pattern: ``*`` in a name, ``**`` over folders, ``{a,b}``; without ``/`` at any depth."""
    if "/" not in glob:
        glob = f"**/{glob}"
    if glob.endswith("/"):
        glob += "**"
    tokens: list[str] = _TOKEN.findall(glob.removeprefix("/").removeprefix("./"))
    return re.fullmatch("".join(map(_expression, tokens)), path) is not None


def _expression(token: str) -> str:
    """Return what a part of a pattern is as a regular expression."""
    if token.startswith("{") and len(token) > 1:
        return "(?:" + "|".join(re.escape(one) for one in token[1:-1].split(",")) + ")"
    known = _TOKENS.get(token)
    return re.escape(token) if known is None else known


_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\{[^{}]*\}|[^*?{]+|.")
_TOKENS: Final[Mapping[str, str]] = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
