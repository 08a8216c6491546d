"""Code lenses: a proposal's decisions above its hunks, for clients that show them. Pure; the same are code actions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lsprotocol import types as lsp

from bridle.harness.engine import Proposal
from bridle.lsp_server.documents import Document
from bridle.lsp_server.offers import Offers, Stand

MAX_PROPOSALS = 3
MAX_TITLE = 80


def code_lenses(offers: Offers, document: Document) -> list[lsp.CodeLens]:
    """Return the lenses of a document: the whole proposal at its first place, each group at its own first one."""
    found: list[lsp.CodeLens] = []
    for proposal in offers.open()[:MAX_PROPOSALS]:
        stands = offers.stands(proposal, document)
        if stands:
            found += _of_proposal(proposal, stands, offers.broken(proposal, [document]))
    return found


def _of_proposal(proposal: Proposal, stands: Sequence[Stand], broken: frozenset[str]) -> Iterator[lsp.CodeLens]:
    argument: dict[str, Any] = {"proposal": proposal.id}
    line = stands[0].first
    forced = proposal.badge.state in ("not green", "refused")
    accept = ("bridle.acceptAnyway", "accept anyway") if forced else ("bridle.accept", "accept")
    if broken:
        yield _lens(line, "Bridle: needs refresh, ask again", "bridle.refresh", argument)
    else:
        yield _lens(line, f"Bridle: {accept[1]}, {proposal.badge.text}", accept[0], argument)
    yield _lens(line, "show", "bridle.show", argument)
    yield _lens(line, "reject", "bridle.reject", argument)
    groups = dict.fromkeys(stand.hunk.group for stand in stands)
    if len({hunk.group for hunk in proposal.taking()}) < 2:
        return
    for group in groups:
        first = next(stand for stand in stands if stand.hunk.group == group)
        ids = [hunk.id for hunk in proposal.taking() if hunk.group == group]
        which = argument | {"hunks": ids}
        said = f"hunk{'s' * (len(ids) > 1)} {', '.join(ids)} of {len(proposal.hunks)}"
        if not broken.intersection(ids):
            yield _lens(first.first, f"{accept[1]} {said}", accept[0], which)
        yield _lens(first.first, f"leave {said}", "bridle.reject", which)


def _lens(line: int, title: str, command: str, argument: dict[str, Any]) -> lsp.CodeLens:
    place = lsp.Position(line=line, character=0)
    title = title if len(title) <= MAX_TITLE else f"{title[: MAX_TITLE - 1]}…"
    return lsp.CodeLens(
        range=lsp.Range(start=place, end=place),
        command=lsp.Command(title=title, command=command, arguments=[argument]),
    )
