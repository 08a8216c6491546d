"""Lines of progress while the model writes: which tool it prepares, and which place it is about to edit.

A line is said once; while a text grows it is said again each time its lines have doubled, so that a long one says
little. The number of lines of one reply is capped.
"""

from __future__ import annotations

from collections.abc import Callable

from bridle.harness.edits.preview import Preview, PreviewReader, in_words
from bridle.harness.edits.textedit import NAME as TEXT_EDITOR
from bridle.harness.model.budget import add
from bridle.harness.model.client import Charged, LeftOut, Retrying, StreamEvent, ToolStarted, ToolWords
from bridle.harness.nouns import Usage

MAX_LINES = 60
MAX_PATH_CHARS = 200

_EDITS = ("hashline_edit", TEXT_EDITOR)


class Foretelling:
    """Listens to one reply. Nothing that it tells is done: the call is judged and run when it is whole."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._readers: dict[int, PreviewReader] = {}
        self._said: list[str] = []
        self._next_size = 2
        self._n_ends = 0
        self._last: Preview | None = None
        self.charged = Usage()
        """What a call that was broken off is known to have cost."""

    def hear(self, event: StreamEvent) -> None:
        """Say what there is to say of `event`."""
        if isinstance(event, ToolStarted):
            self._say(f"the model prepares {event.name}")
        elif isinstance(event, Charged):
            self.charged = add(self.charged, event.usage)
        elif isinstance(event, Retrying):
            self._readers.clear()
            self._said.clear()
            self._last = None
            self._say(f"{event.reason}; trying again in {event.delay_s:.0f} s")
        elif isinstance(event, LeftOut):
            self._say(f"the endpoint does not take {event.feature}: asking without it from now on")
        elif isinstance(event, ToolWords) and event.name in _EDITS:
            self._read(event)

    def _read(self, event: ToolWords) -> None:
        if len(self._said) >= MAX_LINES:
            return
        reader = self._readers.setdefault(event.index, PreviewReader())
        changed = reader.feed(event.partial_json)
        self._n_ends += event.partial_json.count("\\n")
        if not changed and self._n_ends < self._next_size:
            return
        previews = reader.previews()
        if not previews:
            return
        for preview in previews[:-1]:
            self._once(in_words(preview))
        self._grow(previews[-1])

    def _grow(self, preview: Preview) -> None:
        """Say the edit that is being written; again when its text is twice as long as when it was last said."""
        size = preview.text.count("\n")
        line = in_words(preview)
        last = self._last
        if last is None or (last.path, last.kind, last.place) != (preview.path, preview.kind, preview.place):
            self._next_size = 2
            self._n_ends = 0
            self._once(line)
        elif size >= self._next_size:
            self._next_size = size * 2
            self._once(f"{line}: {size} lines so far")
        self._last = preview

    def _once(self, line: str) -> None:
        line = line if len(line) <= MAX_PATH_CHARS else f"{line[:MAX_PATH_CHARS]} …"
        if line not in self._said and len(self._said) < MAX_LINES:
            self._said.append(line)
            self._say(line)
