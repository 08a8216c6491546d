"""What belongs to a definition and no use says so: what past commits changed along with it, tests by name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from bridle.indexer.facts import Symbol
from bridle.indexer.languages.readers import family
from bridle.indexer.past import Past
from bridle.indexer.snapshot import Snapshot

MAX_TESTS = 5
_TEST = re.compile(r"(?:^tests?_|^[Tt]ests?(?=[A-Z])|[._-](?:tests?|spec)$|(?<=[a-z0-9])(?:Tests?|Spec|IT)$)")


class Companion(msgspec.Struct, frozen=True):
    """A definition that was changed together with another; of all that were, the most frequent has `share` 1."""

    symbol: Symbol
    share: float


def companions(snapshot: Snapshot, past: Past, of: Iterable[Symbol]) -> list[Companion]:
    """Return what was changed along with the definitions of `of`, the most frequent first, themselves left out.

    A commit names definitions by their simple names: where a file has several of one name, each of them counts.
    """
    asked = {symbol.id for symbol in of}
    centers = [((snapshot.symbols[one].span.path, snapshot.symbols[one].name), 1.0) for one in sorted(asked)]
    found: list[Companion] = []
    for (path, name), share in past.together(centers).items():
        named = (one for one in snapshot.in_file(path) if one.name == name and one.kind != "module")
        found += (Companion(one, share) for one in named if one.id not in asked)
    return sorted(found, key=lambda one: (-one.share, one.symbol.id))


def named_after(snapshot: Snapshot, path: str) -> list[str]:
    """Return the tests that bear the name of file `path`, the nearest first: ``test_cart.py`` of ``cart.py``."""
    stem, language = _stem(path), family(path)
    found = [
        one
        for one in snapshot.digests
        if family(one) == language
        and (tested := _TEST.sub("", _stem(one), count=1)) != _stem(one)
        and _alike(tested, stem)
    ]
    return sorted(found, key=lambda one: (-_shared(one, path), one))[:MAX_TESTS]


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _alike(one: str, other: str) -> bool:
    return one.replace("_", "").replace("-", "").lower() == other.replace("_", "").replace("-", "").lower() != ""


def _shared(one: str, other: str) -> int:
    """Return how many names of folders two paths have in common, wherever these stand."""
    return len(set(one.split("/")[:-1]) & set(other.split("/")[:-1]))
