"""What is doubtful in a task before any work on it, found without a model: pure.

A name that the code does not know but nearly does, a file that may not be changed, rules that say opposite things. Each
becomes a question with a few answers, one of which holds where nobody answers. What is merely new is no question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher

import msgspec

from bridle.indexer.snapshot import Snapshot

MAX_DOUBTS = 3
MAX_NAMES = 40
MAX_LOOKED = 8
"""Of so many unknown names it is looked for what they may mean: each is held against all names of the workspace."""
MAX_INSTRUCTION_CHARS = 20_000
MAX_RULES_CHARS = 100_000
NEAR = 0.8
"""How alike two names have to be, from 0 to 1, for one to be taken for a slip of the other."""

_CODE = re.compile(r"`([^`\n]{1,120})`")
_NAME = re.compile(r"(?<![\w./-])[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*(?![\w/-])")
_PATH = re.compile(
    r"(?<![\w./-])(?:[\w.-]+/)+[\w.-]*\w|(?<![\w./-])[\w-]+\.(?:py|js|ts|tsx|go|rs|java|c|h|cpp|php|rb|cs|kt|sh)\b"
)
_COMPOUND = re.compile(r"[A-Za-z0-9]_[A-Za-z0-9]|[a-z0-9][A-Z]")
_RULE = re.compile(
    r"\b(?:(?P<not>never|do not|don't|avoid|must not)|(?P<must>always|must|should))\s+"
    r"(?:(?:use|using|prefer|write|add)\s+)?(?P<what>[^.;:,\n]{3,80})",
    re.IGNORECASE,
)
_SIZE = re.compile(
    r"\b(?P<what>line length|indent(?:ation)?|max(?:imum)? line(?:s| length)?)\b\D{0,20}(?P<size>\d{1,4})",
    re.IGNORECASE,
)


class Doubt(msgspec.Struct, frozen=True):
    """A question with its answers; `default` holds where nobody answers."""

    question: str
    choices: tuple[str, ...]
    default: str


def doubts(
    instruction: str, snapshot: Snapshot, denied: Callable[[str], str], rules: Mapping[str, str]
) -> tuple[Doubt, ...]:
    """Return the questions, at most `MAX_DOUBTS`, those that stop the work first.

    `denied` tells why a path may not be changed, "" where it may; `rules` are the texts of the rules files by path.
    """
    text = instruction[:MAX_INSTRUCTION_CHARS]
    found = [*_forbidden(text, denied), *_conflicts(rules), *_unknown(text, snapshot)]
    return tuple(found[:MAX_DOUBTS])


def _forbidden(text: str, denied: Callable[[str], str]) -> Iterator[Doubt]:
    for path in dict.fromkeys(_PATH.findall(text)):
        why = denied(path)
        if why:
            go, stop = "Go on without it", "Stop"
            yield Doubt(f"The task names {path}, which may not be changed: {why}. Go on?", (go, stop), go)


# --- names --------------------------------------------------------------------------------------------------------


def _unknown(text: str, snapshot: Snapshot) -> Iterator[Doubt]:
    if not snapshot.complete:
        return
    named = list(dict.fromkeys(_names(text)))[:MAX_NAMES]
    n_looked = 0
    for name in named:
        if _is_known(name, snapshot):
            continue
        n_looked += 1
        if n_looked > MAX_LOOKED:
            return
        near = [one for one in _near(name, snapshot) if one not in named and one.rpartition("/")[2] not in named]
        if near:
            new = f"Something new: {name}"
            meant = tuple(f"{one}{_where(one, snapshot)}" for one in near)
            yield Doubt(f"There is no {name} here. What is meant?", (*meant, new), meant[0])


def _names(text: str) -> Iterator[str]:
    """Yield what in a text is surely written as code or as a path."""
    yield from _PATH.findall(text)
    for code in _CODE.findall(text):
        yield from _NAME.findall(code.removesuffix("()"))
    for word in _NAME.findall(text):
        if "_" in word.strip("_") or _COMPOUND.search(word.rpartition(".")[2]):
            yield word


def _is_known(name: str, snapshot: Snapshot) -> bool:
    if "/" in name:
        return name in snapshot.digests or any(path.startswith(f"{name}/") for path in snapshot.digests)
    if snapshot.named(name.rpartition(".")[2]):
        return True
    parts = name.split(".")
    modules = {path.rpartition("/")[2].rpartition(".")[0] for path in snapshot.digests}
    if parts[-1] in modules or f"{parts[0]}.{parts[-1]}" in {path.rpartition("/")[2] for path in snapshot.digests}:
        return True
    return bool(snapshot.search(parts[-1], 1)) and _is_written(parts[-1], snapshot)


def _is_written(name: str, snapshot: Snapshot) -> bool:
    """Whether the whole name stands anywhere in the code, as a local or an attribute perhaps."""
    return name.lower() in snapshot.words.told(name).rarity


def _near(name: str, snapshot: Snapshot) -> list[str]:
    """Return at most two names that are nearly this one, the nearest first."""
    if "/" in name:
        folder, _, last = name.rpartition("/")
        alike = _likeness(last)
        among: Iterable[str] = (path for path in snapshot.digests if alike(path.rpartition("/")[2]) >= NEAR)
        return sorted(among, key=lambda path: (path.rpartition("/")[0] != folder, path))[:2]
    last = name.rpartition(".")[2]
    alike = _likeness(last)
    found = {one: near for one in snapshot.linked.names if (near := alike(one)) >= NEAR}
    return sorted(found, key=lambda one: (-found[one], one))[:2]


def _likeness(name: str) -> Callable[[str], float]:
    """Return what tells how alike another name is: what is known of `name` itself is found out once."""
    matcher = SequenceMatcher(None, "", name.lower(), autojunk=False)
    return lambda other: _alike(other, name, matcher)


def _alike(one: str, other: str, matcher: SequenceMatcher[str]) -> float:
    if abs(len(one) - len(other)) > 2 or not one or not other or one == other:
        return 0.0
    matcher.set_seq1(one.lower())
    return matcher.ratio() if matcher.real_quick_ratio() >= NEAR and matcher.quick_ratio() >= NEAR else 0.0


def _where(name: str, snapshot: Snapshot) -> str:
    found = snapshot.named(name)
    return f" ({found[0].span.path})" if found else ""


# --- rules --------------------------------------------------------------------------------------------------------


class _Said(msgspec.Struct, frozen=True):
    where: str
    line: str
    forbids: bool


def _conflicts(rules: Mapping[str, str]) -> Iterator[Doubt]:
    """Yield where two lines of the rules say opposite things of the same words, or sizes that differ."""
    said: dict[str, _Said] = {}
    for path, text in rules.items():
        for number, line in enumerate(text[:MAX_RULES_CHARS].splitlines(), 1):
            for what, forbids in _statements(line):
                here = _Said(f"{path}:{number}", line.strip(" -*\t"), forbids)
                before = said.setdefault(what, here)
                if before.forbids != forbids or _differ(before, here):
                    yield _conflict(before, here)


def _statements(line: str) -> Iterator[tuple[str, bool]]:
    size = _SIZE.search(line)
    if size is not None:
        yield f"size {size['what'].lower()}", False
        return
    found = _RULE.search(line)
    if found is not None:
        yield " ".join(re.findall(r"[\w.`]+", found["what"].lower())), bool(found["not"])


def _differ(one: _Said, other: _Said) -> bool:
    """Tell whether two lines give different sizes of the same thing."""
    first, second = _SIZE.search(one.line), _SIZE.search(other.line)
    return first is not None and second is not None and first["size"] != second["size"]


def _conflict(one: _Said, other: _Said) -> Doubt:
    first, second = f"{one.where}: {one.line[:80]}", f"{other.where}: {other.line[:80]}"
    return Doubt("Two rules of this project contradict each other. Which one holds?", (first, second), second)
