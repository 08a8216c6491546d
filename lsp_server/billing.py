"""What a run would see: the context bill shown, and the person's say in it: pinned, kept out, or asked why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lsprotocol import types as lsp

from bridle.harness.engine import GetContext, PackView, Selection, UserProblem
from bridle.lsp_server import deciding
from bridle.lsp_server.actions import QUICK_FIX, Offered, tell
from bridle.lsp_server.arguments import Argument
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.choices import Asked
from bridle.lsp_server.desk import CommandOf, Desk, Json
from bridle.lsp_server.instructions import instruction_at
from bridle.lsp_server.protocol import Refusal
from bridle.lsp_server.session import Session
from bridle.lsp_server.targets import lines_of

NAME = "context.md"
"""The file of the bill: of a language of ours, so that editors ask for actions on it."""
BILL_S = 120.0
ANYWHERE = "this command needs the uri of a file of the folder, or a pattern"


class Bill(NamedTuple):
    """A bill as a text, with the place that each of its lines is about."""

    text: str
    places: Mapping[int, Selection]


def context(desk: Desk, argument: Argument) -> Json:
    """Show what a run here would send, and why."""
    session = desk.session
    document, at = lines_of(session, argument)
    instruction = argument.instruction or instruction_at(document.text.lines, at.start_line, at.end_line)
    session.choices.asked = Asked(instruction, at)
    session.spawn(_show(session))
    return {}


def pin(desk: Desk, argument: Argument) -> Json:
    """Want the given lines in what runs see, or a whole file. Raises UserProblem, Refusal."""
    session = desk.session
    path = _path(session, argument)
    if argument.range is None:
        said = session.choices.pin(path)
    elif session.documents.get(argument.uri) is not None:
        said = session.choices.pin(lines_of(session, argument)[1])
    else:
        first, last = sorted((argument.range.start.line, argument.range.end.line))
        said = session.choices.pin(Selection(path, first, max(last, first + 1)))
    return _chosen(session, argument, f"pinned for runs of this session: {said}")


def exclude(desk: Desk, argument: Argument) -> Json:
    """Keep a file, or what matches a pattern, out of what runs see. Raises UserProblem, Refusal."""
    session = desk.session
    pattern = argument.pattern or _path(session, argument)
    session.choices.exclude(pattern)
    return _chosen(session, argument, f"kept out of runs of this session: {pattern}")


def clear(desk: Desk, argument: Argument) -> Json:
    """Take back what was pinned or kept out: of one file or pattern, or all of it. Raises UserProblem."""
    session = desk.session
    about = argument.pattern or (_path(session, argument) if argument.uri else "")
    if not session.choices.clear(about):
        raise UserProblem(f"nothing is pinned or kept out{f' of {about}' if about else ''}", "bridle.context shows it")
    return _chosen(session, argument, f"no longer pinned or kept out: {about or 'all of it'}")


def why_not(desk: Desk, argument: Argument) -> Json:
    """Say why no more of a file is in the context of the task that was asked about last. Raises UserProblem."""
    session = desk.session
    path, asked = _path(session, argument), session.choices.asked
    if argument.instruction:
        asked = Asked(argument.instruction, None)
    if asked is None:
        raise UserProblem("no task was asked about yet", "show a bill first (bridle.context), or give an instruction")

    async def work() -> None:
        await session.mirror.flush()
        view = await _ask(session, asked, path)
        session.editor.show(view.why_not or f"{path} is in it")

    session.spawn(work())
    return {}


ON_CONTEXT: Mapping[str, CommandOf] = {
    "bridle.context": context,
    "bridle.pin": pin,
    "bridle.exclude": exclude,
    "bridle.clearContext": clear,
    "bridle.whyNot": why_not,
}


def bill_of(view: PackView, chosen: list[str]) -> Bill:
    """Return the bill as a text to read."""
    lines = [f"{view.n_tokens} of {view.budget} tokens", *chosen, *view.notes]
    places: dict[int, Selection] = {}
    for piece in view.pieces:
        places[len(lines)] = Selection(piece.path, piece.start_line, piece.end_line)
        where = f"{piece.path}:{piece.start_line + 1}-{piece.end_line}"
        lines.append(f"{piece.n_tokens:>6}  {where}  {piece.detail}: {piece.reason}")
    for what, reason in view.left_out:
        places[len(lines)] = Selection(what.partition("::")[0], 0, 0)
        lines.append(f"     -  {what}: {reason}")
    return Bill("\n".join([*lines, "", view.text]), places)


def bill_actions(session: Session, line: int, client: Client) -> list[lsp.CodeAction | lsp.Command]:
    """Return what can be said about the piece that a line of the shown bill is about."""
    place = session.bill.get(line)
    offered = _on_piece(session, place) if place is not None else ()
    return [told for one in offered if (told := tell(one, client)) is not None]


def _on_piece(session: Session, place: Selection) -> Iterator[Offered]:
    uri = session.places.uri(place.path)
    about: Json = {"uri": uri, "show": True}
    lines: Json = {}
    said = place.path
    if place.end_line:
        start, end = ({"line": line, "character": 0} for line in (place.start_line, place.end_line))
        lines, said = {"range": {"start": start, "end": end}}, f"{said}:{place.start_line + 1}-{place.end_line}"
    yield Offered(f"Bridle: pin {said}", QUICK_FIX, "bridle.pin", about | lines)
    yield Offered(f"Bridle: keep {place.path} out", QUICK_FIX, "bridle.exclude", about)
    if session.choices.about(place.path):
        yield Offered(f"Bridle: take back what you said of {place.path}", QUICK_FIX, "bridle.clearContext", about)
    yield Offered(f"Bridle: why no more of {place.path}?", QUICK_FIX, "bridle.whyNot", {"uri": uri})


def _chosen(session: Session, argument: Argument, words: str) -> Json:
    """Tell what was chosen: in the bill where that was looked at, else in a message."""
    if argument.show and session.choices.asked is not None:
        session.spawn(_show(session))
    else:
        session.editor.show(words)
    return {"pinned": [*map(_said, session.choices.pinned)], "excluded": [*session.choices.excluded]}


def _said(place: Selection) -> Json:
    return {"path": place.path, "start_line": place.start_line, "end_line": place.end_line}


async def _show(session: Session) -> None:
    """Show the bill of the task that was asked about last."""
    asked = session.choices.asked
    if asked is None:
        return
    await session.mirror.flush()
    bill = bill_of(await _ask(session, asked), session.choices.lines())
    session.bill = bill.places
    await deciding.show_text(session, NAME, bill.text)


async def _ask(session: Session, asked: Asked, why: str = "") -> PackView:
    choices = session.choices
    request = GetContext(asked.instruction, asked.at, pinned=choices.pinned, excluded=choices.excluded, why_not=why)
    return await session.link.ask(request, PackView, BILL_S)


def _path(session: Session, argument: Argument) -> str:
    """Return the file that a command names. Raises UserProblem, Refusal."""
    if not argument.uri:
        raise Refusal(lsp.ErrorCodes.InvalidParams, ANYWHERE)
    path = session.places.path(argument.uri)
    if path is None:
        raise UserProblem("this is not a file of the opened folder", "name one of its files")
    return path
