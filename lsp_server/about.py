"""What is known of the place that a person points at, as hover: callers, tests, last change, the run that wrote it.

What comes from source, commits and runs is quoted as code in Markdown, so that no link or markup of it counts; links
are our own, to files of the workspace, and only for clients that follow them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bridle.harness.engine import About, Author, Caller, Change, Closed, Fault, GetAbout, Spot, UserProblem
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.documents import Document
from bridle.lsp_server.reaching import ago, tests_told
from bridle.lsp_server.session import Session
from bridle.lsp_server.values import fenced

PATIENCE_S = 1.5
UNSURE = 0.7
"""Callers below this confidence are marked."""

WHOSE = {
    "person": "accepted by you",
    "unproved": "accepted by you without proof",
    "rules": "let in by your rules, unasked",
    "": "landed",
}
Uri = Callable[[str], str]


async def hover(session: Session, document: Document, line: int, character: int, client: Client) -> str:
    """Return what is known of a position, "" for nothing, or when the engine does not tell in time."""
    if document.path is None or session.unready:
        return ""
    spot = Spot(document.path, line, character, client.encoding)
    try:
        await session.mirror.flush()
        about = await session.link.ask(GetAbout(spot), About, PATIENCE_S)
    except (UserProblem, Fault, Closed, TimeoutError):
        return ""  # what only adds to the text is left out where it cannot be had
    return told(about, session.places.uri, client)


def told(about: About, uri: Uri, client: Client) -> str:
    """Return it in the client's form; "" where nothing is known."""
    marked = client.hover_markdown
    parts = [
        "\n".join(_callers(about, uri, client)),
        "\n".join(tests_told(about.reach, markdown=marked)) if about.reach is not None else "",
        _change(about.change, markdown=marked) if about.change is not None else "",
        _author(about.author, markdown=marked) if about.author is not None else "",
    ]
    text = "\n\n".join(part for part in parts if part)
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text)


def _callers(about: About, uri: Uri, client: Client) -> Iterator[str]:
    if not about.n_callers:
        return
    tests = f", {about.n_tests} of them in tests" if about.n_tests else ""
    behind = "" if about.complete else " (files are still being read)"
    yield f"{about.n_callers} caller{'s' * (about.n_callers != 1)}{tests}{behind}"
    yield ""
    for caller in about.callers:
        yield f"- {_caller(caller, uri, client)}"
    if (left := about.n_callers - len(about.callers)) > 0:
        yield f"- and {left} more"


def _caller(caller: Caller, uri: Uri, client: Client) -> str:
    place = f"{' '.join(caller.path.split())}:{caller.line + 1}"
    sure = "" if caller.confidence >= UNSURE else ", perhaps"
    if not client.hover_markdown:
        return f"{caller.name} ({place}){sure}"
    where = fenced(place)
    if client.follows_links:
        where = f"[{where}]({uri(caller.path)}#L{caller.line + 1})"
    return f"{fenced(caller.name)} {where}{sure}"


def _change(change: Change, *, markdown: bool) -> str:
    if not change.commit:
        return "last change: not committed"
    since = "; changed since, not committed" if change.open else ""
    quoted = fenced if markdown else str
    subject = f" {quoted(change.subject)}" if change.subject else ""
    author = f" by {quoted(change.author)}" if change.author else ""
    return f"last change: {quoted(change.commit)}{subject}{author}, {ago(change.seconds_ago)} ago{since}"


def _author(author: Author, *, markdown: bool) -> str:
    quoted = fenced if markdown else str
    by = ", ".join(quoted(one) for one in (author.workflow, author.model) if one)
    run = f"run {quoted(author.run)}" + (f" ({by})" if by else "")
    if author.edited:
        what = f"edited since {run} wrote what stood here"
    elif author.of > 1:
        what = f"{author.lines} of its {author.of} lines written by {run}"
    else:
        what = f"this line was written by {run}"
    task = f" for {quoted(author.task)}" if author.task else ""
    badge = f", offered as {quoted(author.badge)}" if author.badge and not author.edited else ""
    return f"{what}{task} · {WHOSE[author.accepted]} {ago(author.seconds_ago)} ago{badge}"
