"""What the person wants in the context of their runs and what not: kept in the door, until the session ends.

A place that is pinned moves with its lines while its document is open. Nothing here asks the engine.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from bridle.harness.engine import Selection, StartRun, UserProblem
from bridle.indexer.history import LineMap, between
from bridle.lsp_server.documents import Document, Documents

WHOLE_LINES = 2_000
"""Of a file that is pinned whole, so many lines are looked at."""
MAX_CHOICES = 200


class Asked(NamedTuple):
    """A task that context was asked for."""

    instruction: str
    at: Selection | None


class Pin(NamedTuple):
    """A place with its lines as they were at `revision` of its document, None while that is closed."""

    at: Selection
    revision: int | None

    @property
    def said(self) -> str:
        """The place in words."""
        return self.at.path if _is_whole(self.at) else f"{self.at.path}:{self.at.start_line + 1}-{self.at.end_line}"


class Choices:
    """Pins and exclusions of one session, and the task that was asked about last."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._pins: list[Pin] = []
        self.excluded: tuple[str, ...] = ()
        self.asked: Asked | None = None

    def pin(self, at: Selection | str) -> str:
        """Want a place, or a whole file by its path; returns it in words. Raises UserProblem."""
        self._expect_room()
        place = Selection(at, 0, WHOLE_LINES) if isinstance(at, str) else at
        document = self._documents.at(place.path)
        pin = Pin(place, None if document is None or _is_whole(place) else document.revision)
        self.excluded = tuple(pattern for pattern in self.excluded if pattern != place.path)
        self._pins = [one for one in self._current() if one.at != place] + [pin]
        return pin.said

    def exclude(self, pattern: str) -> None:
        """Keep a path, or all that match a pattern, out. Raises UserProblem."""
        self._expect_room()
        self._pins = [pin for pin in self._pins if pin.at.path != pattern]
        self.excluded = (*(one for one in self.excluded if one != pattern), pattern)

    def clear(self, pattern: str = "") -> bool:
        """Take back what was chosen about a path or pattern, all of it when none is named; tells if there was any."""
        pins = [pin for pin in self._pins if pattern and pin.at.path != pattern]
        excluded = tuple(one for one in self.excluded if pattern and one != pattern)
        changed = (len(pins), excluded) != (len(self._pins), self.excluded)
        self._pins, self.excluded = pins, excluded
        return changed

    def about(self, path: str) -> bool:
        """Tell whether something was chosen about a file by its path."""
        return path in self.excluded or any(pin.at.path == path for pin in self._pins)

    @property
    def pinned(self) -> tuple[Selection, ...]:
        """The places that are wanted, where they are now."""
        return tuple(pin.at for pin in self._current())

    def wishes(self, request: StartRun) -> StartRun:
        """Return a request for a run with what is wanted in its context; the task is remembered."""
        self.asked = Asked(request.instruction, request.at)
        return msgspec.structs.replace(request, pinned=self.pinned, excluded=self.excluded)

    def closed(self, document: Document) -> None:
        """A document is let go: its pins stay on the lines that they have now."""
        self._pins = [
            _moved(pin, document)._replace(revision=None) if pin.at.path == document.path else pin for pin in self._pins
        ]

    def lines(self) -> list[str]:
        """Return what was chosen, in words for the bill."""
        pinned, excluded = ", ".join(pin.said for pin in self._current()), ", ".join(self.excluded)
        told = [f"pinned by you: {pinned}"] if pinned else []
        told += [f"kept out by you: {excluded}"] if excluded else []
        return [*told, "this lasts until the session ends; bridle.clearContext takes it back"] if told else []

    def _current(self) -> list[Pin]:
        return [_moved(pin, self._documents.at(pin.at.path)) for pin in self._pins]

    def _expect_room(self) -> None:
        if len(self._pins) + len(self.excluded) >= MAX_CHOICES:
            raise UserProblem(f"{MAX_CHOICES} places are pinned or kept out already", "take some back first")


def _moved(pin: Pin, document: Document | None) -> Pin:
    """Return a pin on the lines that it has now in its document."""
    if document is None or pin.revision is None:
        return pin
    log = document.log.since(pin.revision)
    span = _span(pin.at, log, len(document.text.lines)) if log is not None else None
    place = pin.at if span is None else Selection(pin.at.path, *span)
    return Pin(place, document.revision)


def _is_whole(place: Selection) -> bool:
    return (place.start_line, place.end_line) == (0, WHOLE_LINES)


def _span(place: Selection, moved: LineMap, n_lines: int) -> tuple[int, int] | None:
    """Return the lines between the first and the last that still stand, else what is where they were."""
    left = [line for old in range(place.start_line, place.end_line) if (line := moved.line(old)) is not None]
    if left:
        return min(left), max(left) + 1
    return between(moved, place.start_line, place.end_line, max(n_lines, place.end_line + 1), n_lines)
