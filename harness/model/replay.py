"""A model that was recorded: it says what a transcript says, with every anchor taken from the live prompt.

It remembers nothing, reads no network and costs nothing. It refuses a workspace that is not the
transcript's own, and a prompt that did not show what the transcript points at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from bridle.harness.model.client import (
    Block,
    Listener,
    ModelProblem,
    ModelReply,
    ModelRequest,
    StreamEvent,
    TextDelta,
    ToolStarted,
    ToolWords,
)
from bridle.harness.model.shown import shown_files
from bridle.harness.model.template import fill
from bridle.harness.model.tokens import tokens_in, tokens_of
from bridle.harness.model.transcript import Transcript, Turn, Workspace, next_turn, pick
from bridle.harness.nouns import Usage
from bridle.indexer.digest import digest

REPLAY = "replay"
PIECE_CHARS = 40
EXHAUSTED = "The transcript has no further turn that fits."


class Replay:
    """Recorded transcripts, for the one workspace at `root`."""

    model = REPLAY
    endpoint = "this machine"

    def __init__(self, transcripts: Sequence[Transcript], root: Path) -> None:
        self._transcripts = tuple(transcripts)
        self._root = root

    async def prepare(self) -> None:
        """There is nothing to get ready."""

    async def reply(self, request: ModelRequest, on_event: Listener) -> ModelReply:
        """Say the turn that follows the request's messages. Raises ModelProblem, always fatal."""
        transcript = pick(self._transcripts, request.messages)
        if transcript is None:
            raise ModelProblem(
                "fatal", "no transcript is recorded for this task", "set up a live model: `bridle key set`"
            )
        self._prove(transcript.workspace)
        turn = next_turn(transcript, request.messages) or Turn(text=EXHAUSTED)
        content = _blocks(turn, request)
        for index, block in enumerate(content):
            for event in _told(index, block):
                on_event(event)
        usage = Usage(tokens_in(request), tokens_of(content), cost_usd_micros=0, turns=1)
        return ModelReply(content, "tool_use" if turn.calls else "end_turn", usage, REPLAY)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _prove(self, workspace: Workspace) -> None:
        for path, wanted in workspace.files.items():
            try:
                there = digest((self._root / path).read_bytes())
            except OSError:
                there = ""
            if there != wanted:
                raise ModelProblem(
                    "fatal",
                    f"the transcript belongs to {workspace.name!r}, and {path!r} here is not that one's",
                    "replay it on the example, or set up a live model: `bridle key set`",
                )


def _told(index: int, block: Block) -> Iterator[StreamEvent]:
    """Yield what a listener hears of a block; the words of a call in pieces, as they would come over a wire."""
    if block["type"] != "tool_use":
        yield TextDelta(block["text"])
        return
    yield ToolStarted(block["name"])
    words = json.dumps(block["input"])
    for start in range(0, len(words), PIECE_CHARS):
        yield ToolWords(index, block["name"], words[start : start + PIECE_CHARS])


def _blocks(turn: Turn, request: ModelRequest) -> tuple[Block, ...]:
    shown = shown_files(request.messages)
    place = len(request.messages)
    words: list[Block] = [{"type": "text", "text": turn.text}] if turn.text else []
    calls: list[Block] = [
        {
            "type": "tool_use",
            "id": f"toolu_replay_{place}_{n}",
            "name": call.tool,
            "input": fill(call.input, shown),
        }
        for n, call in enumerate(turn.calls)
    ]
    return (*words, *calls)
