"""Sections and keys that a task is about: looked for only in files that its words ask for. Pure.

A text that is no code has many words and would crowd code out of what a model sees. So it takes no part in ranking
code: it must be asked for by its path, by its name, or as documentation or workflows, and then a few parts come along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from bridle.context.signals import idle_words
from bridle.indexer.facts import Symbol
from bridle.indexer.snapshot import Snapshot

MAX_NAMED, MAX_ASKED = 5, 3
_NAMED, _ASKED = 0.8, 0.4
_UNMATCHED = 0.5
_LEAST_WORDS = 2
"""So many words of the task must stand in a part of a file that it does not name."""
_PATH = re.compile(r"[\w./-]+\.\w{1,8}")
_CAPITALS = re.compile(r"\b[A-Z][A-Z_]{3,}\b")
_DOCUMENTS = re.compile(r"(?i)\b(?:docs?|documentation|markdown)\b")
_WORKFLOWS = re.compile(r"(?i)\bgithub actions?\b|\bworkflows?\b|\bci\b")
_WORKFLOW = re.compile(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$|(?:^|/)\.gitlab-ci\.yml$")
_SPOKEN = frozenset(("readme", "changelog", "contributing", "pyproject", "tsconfig", "agents"))
"""Names of files that people write in any case."""


Matched = Mapping[int, tuple[float, tuple[str, ...]]]
"""The score of each part of a file, by its index, and the words that gave it."""


class Wanted(msgspec.Struct, frozen=True):
    """A part of a text, how much speaks for it, and what: the words that matched, the most telling first."""

    symbol: Symbol
    score: float
    why: str


def wanted_parts(instruction: str, snapshot: Snapshot) -> list[Wanted]:
    """Return the parts of texts that a task asks for, best first; none where it asks for none."""
    texts = sorted(snapshot.texts.files)
    if not texts:
        return []
    named = set(_named(instruction, texts))
    asked = set(_asked(instruction, texts)) - named
    told = _matched(instruction, snapshot, named | asked)
    found = [
        *_parts(snapshot, told, named, MAX_NAMED, _NAMED, "its file is named in the task"),
        *_parts(snapshot, told, asked, MAX_ASKED, _ASKED, ""),
    ]
    return sorted(found, key=lambda one: (-one.score, one.symbol.id))


def _named(instruction: str, texts: list[str]) -> Iterator[str]:
    """Yield the files that a task names: by path, or by a stem that is hardly another word."""
    spelled = {path.removeprefix("./") for path in _PATH.findall(instruction)}
    stems = {word.casefold() for word in _CAPITALS.findall(instruction)}
    stems |= _SPOKEN & set(re.findall(r"\w+", instruction.casefold()))
    for path in texts:
        stem = path.rpartition("/")[2].partition(".")[0].casefold()
        if path in spelled or any(path.endswith(f"/{one}") for one in spelled) or stem in stems:
            yield path


def _asked(instruction: str, texts: list[str]) -> Iterator[str]:
    """Yield the files of a kind that a task speaks of."""
    documents, workflows = _DOCUMENTS.search(instruction), _WORKFLOWS.search(instruction)
    for path in texts:
        if (documents and path.endswith((".md", ".markdown"))) or (workflows and _WORKFLOW.search(path)):
            yield path


def _matched(instruction: str, snapshot: Snapshot, paths: set[str]) -> Mapping[str, Matched]:
    """Return what the words of a task say of the parts of some files, by path and index."""
    if not paths:
        return {}
    telling = " ".join(word for word in re.findall(r"\w+", instruction) if word.lower() not in idle_words())
    told = snapshot.texts.told(telling)
    found: dict[str, Matched] = {}
    for path in sorted(paths):
        known = told.scores.in_file(path)
        words = told.matched([told.table.start(path) + at for at in known])
        found[path] = {
            at: (score, tuple(term for _, term in pairs))
            for (at, score), pairs in zip(known.items(), words, strict=True)
        }
    return found


def _parts(
    snapshot: Snapshot, told: Mapping[str, Matched], paths: set[str], limit: int, weight: float, why: str
) -> Iterator[Wanted]:
    """Yield the best parts of some files; of named ones in which no word stands, how they begin."""
    every = [
        (score, path, index, words)
        for path in sorted(paths)
        for index, (score, words) in told.get(path, {}).items()
        if index and len(words) >= (1 if why else _LEAST_WORDS)
    ]
    every.sort(key=lambda one: (-one[0], one[1:3]))
    for score, path, index, words in every[:limit]:
        matched = f"words matched: {', '.join(words[:5])}"
        reason = f"{why}; {matched}" if why else matched
        yield Wanted(snapshot.in_file(path)[index], weight * score / every[0][0], reason)
    if why and not every:
        for path in sorted(paths)[:limit]:
            yield from (Wanted(one, weight * _UNMATCHED, why) for one in snapshot.in_file(path)[1:2])
