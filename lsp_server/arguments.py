"""What a command takes: one object, checked for its shape before anything is done."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from lsprotocol import types as lsp

from bridle.lsp_server.protocol import Refusal

MAX_HUNKS = 2_000
MAX_STEP = 10_000_000
MAX_PATTERN = 1_000


class Point(msgspec.Struct, frozen=True):
    """A position as the client sends it."""

    line: int
    character: int = 0


class Stretch(msgspec.Struct, frozen=True):
    """A range as the client sends it."""

    start: Point
    end: Point


class Argument(msgspec.Struct, frozen=True, rename={"on_clash": "onClash"}):
    """The one object that a command takes; each command reads the fields that are its own.

    `hunks` are ids of a proposal's parts, all of it for none; `also` are files to take though the run was not started
    on them. `on_clash` answers where an undo meets lines that the person changed since. `workflow` names what to run.
    `tests` are ids of those to run, `impact` asks for those that reach what changed. `to` is a step of a run, 0 for
    none; `only` what goes back to it; `take` says that a run is had even where another process has it in hand.
    `pattern` is a path, or a pattern of paths, that is kept out of context.
    `choice` answers the `question` of that id.
    """

    uri: str = ""
    range: Stretch | None = None
    instruction: str = ""
    fingerprint: str = ""
    proposal: str = ""
    hunks: Annotated[tuple[str, ...], msgspec.Meta(max_length=MAX_HUNKS)] = ()
    also: Annotated[tuple[str, ...], msgspec.Meta(max_length=MAX_HUNKS)] = ()
    on_clash: Literal["", "keep", "take"] = ""
    run: str = ""
    workflow: str = ""
    check: str = ""
    sources: tuple[str, ...] = ()
    trusted: bool | None = None
    own: bool = False
    show: bool = False
    tests: Annotated[tuple[str, ...], msgspec.Meta(max_length=MAX_HUNKS)] = ()
    impact: bool = False
    to: Annotated[int, msgspec.Meta(ge=0, le=MAX_STEP)] = 0
    only: Literal["", "files", "conversation"] = ""
    take: bool = False
    pattern: Annotated[str, msgspec.Meta(max_length=MAX_PATTERN)] = ""
    question: str = ""
    choice: str = ""


def read_argument(command: str, arguments: Any) -> Argument:
    """Return a command's argument. Raises Refusal when it is not one object of known shape."""
    given = list(arguments or ())
    if not given:
        return Argument()
    try:
        return msgspec.convert(given[0], Argument)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the latter: half of a pair of UTF-16
        raise Refusal(lsp.ErrorCodes.InvalidParams, f"{command}: {error}") from error


def in_order(given: Stretch) -> lsp.Range:
    """Return a range as the protocol has it; a reversed one is turned round."""
    first, last = sorted((given.start, given.end), key=lambda point: (point.line, point.character))
    return lsp.Range(
        start=lsp.Position(line=first.line, character=first.character),
        end=lsp.Position(line=last.line, character=last.character),
    )
