"""Which tests reach the code on screen: in words, for hover, and, where the person wants them, as lenses."""

from __future__ import annotations

from typing import Any

from lsprotocol import types as lsp

from bridle.harness.engine import Closed, GetReach, Reach, ReachRow, UserProblem
from bridle.lsp_server.documents import Document
from bridle.lsp_server.session import Session
from bridle.lsp_server.values import fenced

PATIENCE_S = 5.0
MAX_NAMED = 8
NAME = "bridle.verify"


async def lenses(session: Session, document: Document) -> list[lsp.CodeLens]:
    """Return one lens above each function that tests were seen to reach; it runs them."""
    return [_lens(document, row) for row in await _rows(session, document) if row.n_tests]


def tests_told(row: ReachRow, *, markdown: bool) -> list[str]:
    """Return what is known of the tests of a function, a line each."""
    named = [f"- {fenced(one) if markdown else one}" for one in row.tests[:MAX_NAMED]]
    left = row.n_tests - len(named)
    if left > 0:
        named.append(f"- and {left} more")
    return [in_words(row), *(["", *named] if named else [])]


def in_words(row: ReachRow) -> str:
    """Return what became of the tests of a function, when, and on what text."""
    if not row.n_tests:
        return "no test reaches this, as far as any were seen"
    count = f"{row.n_tests} test{'s' * (row.n_tests != 1)} reach{'es' * (row.n_tests == 1)} this"
    became = f"{row.n_failed} failed" if row.n_failed else "passed"
    text = "on this text" if row.same_text else "before it was changed"
    return f"{count} · {became} {ago(row.seconds_ago)} ago {text}"


def ago(seconds: float) -> str:
    """Return how long that is, in the unit that suits it."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


async def _rows(session: Session, document: Document) -> tuple[ReachRow, ...]:
    if document.path is None or session.unready or not session.trusted:
        return ()
    try:
        await session.mirror.flush()
        return (await session.link.ask(GetReach(document.path), Reach, PATIENCE_S)).rows
    except (UserProblem, Closed, TimeoutError):
        return ()  # what only adds to the text is left out where it cannot be had


def _lens(document: Document, row: ReachRow) -> lsp.CodeLens:
    place = lsp.Position(line=row.start_line, character=0)
    argument: dict[str, Any] = {"uri": document.uri, "tests": list(row.tests)}
    command = lsp.Command(title=f"Bridle: {in_words(row)} · run", command=NAME, arguments=[argument])
    return lsp.CodeLens(range=lsp.Range(start=place, end=place), command=command)
