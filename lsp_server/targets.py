"""What a command is about: the open document and its lines, and the finding that stands there."""

from __future__ import annotations

from lsprotocol import types as lsp

from bridle.harness.engine import Selection, UserProblem
from bridle.lsp_server.actions import selected_lines
from bridle.lsp_server.arguments import Argument, in_order
from bridle.lsp_server.board import Placed
from bridle.lsp_server.documents import Document
from bridle.lsp_server.protocol import Refusal
from bridle.lsp_server.session import Session


def lines_of(session: Session, argument: Argument) -> tuple[Document, Selection]:
    """Return the open document and the lines that a command is about. Raises UserProblem, Refusal."""
    if not argument.uri or argument.range is None:
        raise Refusal(lsp.ErrorCodes.InvalidParams, "this command needs a uri and a range")
    document = session.documents.get(argument.uri)
    if document is None:
        raise UserProblem(f"{argument.uri} is not open", "open it first")
    if document.path is None:
        raise UserProblem("this document is not a file of the opened folder", "open its folder")
    n_lines = len(document.text.lines)
    if not 0 <= argument.range.start.line < n_lines:
        raise UserProblem(f"{document.path} has no line {argument.range.start.line + 1}", "select lines of it")
    at = selected_lines(document.path, in_order(argument.range))
    return document, Selection(at.path, at.start_line, min(at.end_line, n_lines))


def finding_of(session: Session, argument: Argument) -> Placed:
    """Return the finding that a command is about: the named one that stands nearest, else the first that is shown on
    its lines. Raises UserProblem, Refusal.
    """
    _, at = lines_of(session, argument)
    board = session.board
    if argument.fingerprint:
        known = [one for one in board.placed(at.path) if one.finding.fingerprint == argument.fingerprint]
        found = sorted(known, key=lambda one: abs(one.finding.start_line - at.start_line))
    else:
        here = board.placed(at.path, at.start_line, at.end_line)
        found = [one for one in here if board.shown(one.finding, session.settings)] or here
    if argument.own:
        found = [one for one in found if one.finding.fix]
    if not found:
        raise UserProblem(f"there is no finding at {at.path}:{at.start_line + 1}", "run the checks first")
    return found[0]
