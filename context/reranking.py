"""A second order of the leading candidates, by somebody who reads their names: what is asked, and what an answer does.

Names, signatures and paths are told, never bodies. What the person points at or pinned, and a failing test, keep their
places. Pure: who is asked, and whether, is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from bridle.context.outline import brief
from bridle.context.rank import PINNED, Ranked
from bridle.context.redact import hidden, is_credential_file
from bridle.context.weighing import Share

MOST_ASKED = 50
MOST_TASK_CHARS = 4_000
KIND = "model"
"""The kind of the share that a candidate has from having been put before others."""


def shortlist(ranked: Sequence[Ranked], may_name: Callable[[str], bool]) -> list[Ranked]:
    """Return the candidates to put in order, best first: the leading ones of files that `may_name` lets out."""
    known: dict[str, bool] = {}
    found: list[Ranked] = []
    for one in ranked:
        path = one.symbol.span.path
        if one.seed or one.symbol.kind == "module" or is_credential_file(path):
            continue
        if any(share.kind == PINNED for share in one.shares):
            continue
        if path not in known:
            known[path] = may_name(path)
        if known[path]:
            found.append(one)
        if len(found) == MOST_ASKED:
            break
    return found


def question(instruction: str, listed: Sequence[Ranked]) -> str:
    """Return what is asked: the task, and the candidates by number, with secrets hidden."""
    lines = [f"{n} {one.symbol.span.path} {one.symbol.kind} {_named(one)}" for n, one in enumerate(listed, 1)]
    task = instruction.strip()[:MOST_TASK_CHARS]
    return hidden(f"<task>\n{task}\n</task>\n\n<candidates>\n" + "\n".join(lines) + "\n</candidates>")


def reordered(ranked: Sequence[Ranked], listed: Sequence[Ranked], order: Sequence[int], who: str) -> list[Ranked]:
    """Return `ranked` with the `listed` ones in the `order` of their numbers from 1; those not named come behind.

    They share the same places and scores among themselves, so that everything else stays where it was; one that was
    put before others has a share that says so. Raises ValueError where the order is none of these candidates.
    """
    _expect_sense(order, len(listed))
    named = [number - 1 for number in order]
    told = set(named)
    whole = [*named, *(n for n in range(len(listed)) if n not in told)]
    now_at = {
        one.symbol.id: _at(listed[was], one.score, was, now, who)
        for now, (was, one) in enumerate(zip(whole, listed, strict=True))
    }
    return [now_at.get(one.symbol.id, one) for one in ranked]


def _expect_sense(order: Sequence[int], n_listed: int) -> None:
    if not order:
        raise ValueError("it named no candidate")
    strange = [number for number in order if not 1 <= number <= n_listed]
    if strange:
        raise ValueError(f"it named candidate {strange[0]}, and there are {n_listed}")
    if len(set(order)) < len(order):
        raise ValueError("it named a candidate twice")


def _at(one: Ranked, score: float, was: int, now: int, who: str) -> Ranked:
    """Return a candidate with the score of its new place."""
    if now == was:
        return one
    if now > was or one.score <= 0.0:
        factor = score / one.score if one.score > 0.0 else 0.0
        shares = tuple(Share(share.score * factor, share.why, share.kind) for share in one.shares)
        return msgspec.structs.replace(one, shares=shares)
    gained = Share(score - one.score, f"{who} put it at {now + 1}, not {was + 1}", KIND)
    shares = tuple(sorted((*one.shares, gained), key=lambda share: (-share.score, share.why)))
    return msgspec.structs.replace(one, shares=shares)


def _named(one: Ranked) -> str:
    """Return what a definition is called and how it reads: its signature alone where that says the name in full."""
    symbol = one.symbol
    told = brief(symbol.signature, symbol.kind)
    owner = symbol.qualname.rpartition(".")[0]
    return f"{owner}: {told}" if owner and told else told or symbol.qualname
