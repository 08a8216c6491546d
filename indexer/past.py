"""What past commits tell of a repository: which words their messages had, and which definitions they touched.

Frozen facts and answers: what did commits touch whose messages read like a text, what is touched often or was lately,
and what is touched together. Reading git's output is here too, asking git is not (`bridle.harness.remembering`). A
commit that touches very much tells of nothing and is left out; so is a merge.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import msgspec

from bridle.indexer.words import query_terms

MAX_COMMITS = 2_000
MAX_FILES, MAX_NAMES = 12, 40
MAX_MESSAGE = 2_000
MAX_LINE = 400
MAX_TOGETHER = 20
"""Of so many commits that touched a place is asked what else they touched."""
MAX_LIKE = 40
"""How many commits whose messages read like a text have a say."""
HALF_LIFE = 150
"""After so many commits a touch counts half."""
K1, B = 1.2, 0.5

Place = tuple[str, str]
"""A path and a simple name in it; the name "" is the file itself."""

LOG_FORMAT = "%x00%H %ct%n%B%x1e"
FUNCTION_HEADS = (
    r"!^[ \t]*(if|else|elif|for|while|switch|case|return|catch|try|except|throw|raise|new|await|import|from|with|do)"
    r"[^A-Za-z0-9_]"
    "\n"
    r"^[ \t]*(((export|default|async|public|private|protected|static|final|abstract|pub|const|let|var)[ \t]+)*"
    r"(def|class|func|function\*?|fn|interface|type|struct|trait|enum|impl)[ \t].*)$"
    "\n"
    r"^[ \t]*([A-Za-z_$][A-Za-z0-9_$. ]*[ \t]*[:=][ \t]*(async[ \t]*)?(function|\().*)$"
    "\n"
    r"^[ \t]*([A-Za-z_$][A-Za-z0-9_$ \t<>,.*&:]*\(.*\)[^;]*\{[ \t]*)$"
)
"""What git takes for the head of a definition, in whatever language: the value of ``diff.DRIVER.xfuncname``."""

_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@ ?(.*)$")
_DEFINED = re.compile(
    r"\s*(?:(?:export|default|async|public|private|protected|static|final|abstract|pub)\s+)*"
    r"(?:def|class|func|function\*?|fn|interface|type|struct|trait|enum|impl)\s+(?:\([^)]*\)\s*)?([\w$.]+)"
)
_ASSIGNED = re.compile(r"\s*(?:(?:export|const|let|var)\s+)*([\w$.]+)\s*[:=]\s*(?:async\s*)?(?:function|\()")
_HEADED = re.compile(r"([\w$]+)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)?[^;]*$")


class Commit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One commit: its id, its time in seconds, the terms of its message, what it touched, which files it renamed.

    `touched` holds paths as they were called after it, each with the simple names of the definitions that changed.
    """

    id: str
    seconds: int
    terms: tuple[str, ...]
    touched: tuple[tuple[str, tuple[str, ...]], ...]
    renamed: tuple[tuple[str, str], ...] = ()


class Vote(msgspec.Struct, frozen=True):
    """How much past commits speak for a place, up to 1, and the words that the one has which does most."""

    score: float
    words: tuple[str, ...]


class Churn(msgspec.Struct, frozen=True):
    """How often a place was touched, the latest counting most, and how many commits ago it was touched last."""

    weight: float = 0.0
    age: int = MAX_COMMITS


class Past(msgspec.Struct, frozen=True, dict=True):
    """The commits that lead to a state of a repository, newest first."""

    commits: tuple[Commit, ...] = ()

    @property
    def head(self) -> str:
        """The newest commit's id, "" where there is none."""
        return self.commits[0].id if self.commits else ""

    def like(self, text: str) -> dict[Place, Vote]:
        """Return what commits touched whose messages read like `text`: files, and names in them."""
        found = self._commits_like(query_terms(text))
        votes: dict[Place, float] = {}
        words: dict[Place, tuple[str, ...]] = {}
        for score, n, matched in found:
            places = self._places[n]
            share = score / math.sqrt(len(places)) if places else 0.0
            for place in places:
                votes[place] = votes.get(place, 0.0) + share
                words.setdefault(place, matched)
        most = {"file": 0.0, "name": 0.0}
        for (_, name), vote in votes.items():
            kind = "name" if name else "file"
            most[kind] = max(most[kind], vote)
        return {place: Vote(vote / most["name" if place[1] else "file"], words[place]) for place, vote in votes.items()}

    def together(self, leading: Iterable[tuple[Place, float]]) -> dict[Place, float]:
        """Return the names that were touched along with the `leading` ones, each of its weight; the most has 1."""
        votes: dict[Place, float] = {}
        for center, weight in leading:
            commits = self._touching.get(center, ())[:MAX_TOGETHER]
            for n in commits:
                places = self._places[n]
                share = weight / math.sqrt(len(places) * len(commits))
                for place in places:
                    if place[1] and place != center:
                        votes[place] = votes.get(place, 0.0) + share
        most = max(votes.values(), default=1.0)
        return {place: vote / most for place, vote in votes.items()}

    def prepare(self) -> Past:
        """Make ready what questions need, so that none of them waits for it; returns itself."""
        _ = self._churn, self._holding, self._touching
        return self

    def churn(self, place: Place) -> Churn:
        """Return how a place was touched."""
        return self._churn.get(place, _NEVER)

    @cached_property
    def _places(self) -> tuple[tuple[Place, ...], ...]:
        """What each commit touched, by the paths of today."""
        now: dict[str, str] = {}
        places: list[tuple[Place, ...]] = []
        for commit in self.commits:
            touched: list[Place] = []
            for path, names in commit.touched:
                today = now.get(path, path)
                touched.append((today, ""))
                touched += ((today, name) for name in names)
            places.append(tuple(touched))
            for before, after in commit.renamed:
                now[before] = now.get(after, after)
        return tuple(places)

    @cached_property
    def _churn(self) -> dict[Place, Churn]:
        churn: dict[Place, Churn] = {}
        for age, places in enumerate(self._places):
            weight = 0.5 ** (age / HALF_LIFE)
            for place in places:
                known = churn.get(place)
                churn[place] = Churn(known.weight + weight, known.age) if known else Churn(weight, age)
        return churn

    @cached_property
    def _touching(self) -> dict[Place, list[int]]:
        """The commits that touched a name, newest first."""
        touching: dict[Place, list[int]] = {}
        for n, places in enumerate(self._places):
            for place in places:
                if place[1]:
                    touching.setdefault(place, []).append(n)
        return touching

    @cached_property
    def _holding(self) -> dict[str, list[int]]:
        """The commits whose messages hold a term."""
        holding: dict[str, list[int]] = {}
        for n, commit in enumerate(self.commits):
            for term in commit.terms:
                holding.setdefault(term, []).append(n)
        return holding

    def _commits_like(self, terms: Sequence[str]) -> list[tuple[float, int, tuple[str, ...]]]:
        """Return the commits whose messages read most like `terms`: score, number, what matched."""
        n_all = len(self.commits)
        mean = sum(len(commit.terms) for commit in self.commits) / max(1, n_all)
        scores: dict[int, float] = {}
        matched: dict[int, list[tuple[float, str]]] = {}
        for term in terms:
            holding = self._holding.get(term, ())
            rarity = math.log(1 + (n_all - len(holding) + 0.5) / (len(holding) + 0.5))
            for n in holding:
                length = len(self.commits[n].terms)
                scores[n] = scores.get(n, 0.0) + rarity * (K1 + 1) / (1 + K1 * (1 - B + B * length / mean))
                matched.setdefault(n, []).append((-rarity, term))
        best = sorted(scores, key=lambda n: (-scores[n], n))[:MAX_LIKE]
        return [(scores[n], n, tuple(term for _, term in sorted(matched[n])[:4])) for n in best]


_NEVER = Churn()


def commits_told(log: str) -> Iterator[Commit]:
    """Yield the commits of what ``git log -p -U0 -M --format=LOG_FORMAT`` printed, those that tell of something."""
    for entry in log.split("\0")[1:]:
        head, end, diff = entry.partition("\x1e")
        name, _, message = head.partition("\n")
        commit, _, seconds = name.partition(" ")
        if not end or not seconds.isdigit():
            continue
        touched, renamed = _touched(diff.split("\n"))
        if len(touched) > MAX_FILES:
            touched = {}
        terms = tuple(query_terms(message[:MAX_MESSAGE])) if touched else ()
        pairs = tuple((path, tuple(names)) for path, names in touched.items())
        yield Commit(commit, int(seconds), terms, pairs, tuple(renamed))


def _touched(lines: Iterable[str]) -> tuple[dict[str, dict[str, None]], list[tuple[str, str]]]:
    """Return paths with the names that a diff touches, and the files that it renames."""
    touched: dict[str, dict[str, None]] = {}
    renamed: list[tuple[str, str]] = []
    names: dict[str, None] = {}
    before = ""
    in_head = False
    for line in lines:
        if line.startswith("diff --git "):
            in_head, names = True, {}
        elif in_head and line.startswith("rename from "):
            before = line[12:]
        elif in_head and line.startswith("rename to "):
            renamed.append((before, line[10:]))
        elif in_head and line.startswith("+++ b/"):
            names = touched.setdefault(line[6:].rstrip("\t"), {})
        elif found := _HUNK.match(line):
            in_head = False
            _note(names, found[1])
        elif not in_head and line[:1] in {"+", "-"} and (defined := _definition(line)):
            _add(names, defined)
    return touched, renamed


def _definition(line: str) -> str:
    """Return the name of the definition that a line of a diff begins, "" for none."""
    found = _DEFINED.match(line, 1) or _ASSIGNED.match(line, 1) if len(line) <= MAX_LINE else None
    return found[1] if found else ""


def _note(names: dict[str, None], head: str) -> None:
    """Add the name that the head of a definition gives."""
    found = _DEFINED.match(head) or _ASSIGNED.match(head) or _HEADED.search(head)
    if found is not None:
        _add(names, found[1])


def _add(names: dict[str, None], name: str) -> None:
    simple = name.rstrip(".").rpartition(".")[2]
    if simple and len(names) < MAX_NAMES:
        names[simple] = None
