"""A desk to edit at: files as they are now, what was read of them, and calls by anchors looked up by line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from string import ascii_lowercase
from typing import Any

import pytest

from bridle.context.readform import ReadMode
from bridle.harness.edits.hashline import Plan, parse, plan
from bridle.harness.edits.problems import ToolProblems
from bridle.harness.edits.readview import ReadView, read
from bridle.harness.edits.revisions import Revisions
from bridle.indexer.history import LineMap

Moved = Callable[[str, int], LineMap | None]


class Desk:
    """Holds files in memory; a plan lands in them."""

    def __init__(self, files: Mapping[str, bytes | str], mode: ReadMode = "check") -> None:
        self.files = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}
        self.revisions = Revisions(mode=mode)
        self.moved: Moved = lambda path, number: None

    def read(self, path: str, *ranges: tuple[int, int]) -> ReadView:
        """Read lines, 1-based and inclusive; all of them when none are named."""
        asked = [(first - 1, last) for first, last in ranges] or None
        return read(self.revisions, path, self.files.get(path), asked)

    def try_plan(self, call: Any) -> Plan:
        return plan(parse(call), self.revisions, self.files.get, self.moved)

    def land(self, call: Any) -> Plan:
        planned = self.try_plan(call)
        for file in planned.files:
            assert self.files.get(file.path) == file.before
            if file.after is None:
                del self.files[file.path]
            else:
                self.files[file.path] = file.after
        return planned

    def refusal(self, call: Any) -> ToolProblems:
        """Make a call that must be refused; no file may change."""
        before = dict(self.files)
        with pytest.raises(ToolProblems) as caught:
            self.land(call)
        assert self.files == before
        return caught.value

    def resend(self, problem: ToolProblems) -> None:
        """Send the offered call exactly as it was printed."""
        text = str(problem)
        assert "send this as it is:\n" in text
        self.land(json.loads(text.rpartition("send this as it is:\n")[2]))

    def text(self, path: str) -> str:
        return self.files[path].decode()


class Lines:
    """The anchors of a view, by 1-based line."""

    def __init__(self, view: ReadView) -> None:
        self._anchors = {int(anchor.rstrip(ascii_lowercase)): anchor for anchor, _ in view.lines}

    def __getitem__(self, line: int | slice) -> str:
        if isinstance(line, slice):
            return f"{self._anchors[line.start]}-{self._anchors[line.stop]}"
        return self._anchors[line]
