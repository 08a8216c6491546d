"""A reply put together from the events of a stream: a pure fold over wire dicts.

Tool input is parsed once, strictly, when its block has ended; a reply counts only when the stream said that
it is complete. Anything less raises, so a call that was cut can never be run.
"""

from __future__ import annotations

import json
from typing import Any, cast

from bridle.harness.model.client import Block, ModelProblem, ModelReply, StreamEvent, TextDelta, ToolStarted, ToolWords
from bridle.harness.model.tokens import BYTES_PER_TOKEN
from bridle.harness.nouns import Usage

MAX_REPLY_CHARS = 4_000_000
UNFINISHED = ("max_tokens", "refusal", "pause_turn")
"""Endings that are not the model's own: what calls there are were not meant as they stand."""

_COUNTS = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_input_tokens",
    "cache_write_tokens": "cache_creation_input_tokens",
}


class Assembly:
    """The reply as far as it has come."""

    def __init__(self) -> None:
        self._blocks: dict[int, Block] = {}
        self._inputs: dict[int, list[str]] = {}
        self._open: set[int] = set()
        self._counts: dict[str, int] = {}
        self._n_chars = 0
        self._model = ""
        self._stop_reason = ""
        self._explanation = ""
        self._started = False
        self._complete = False

    @property
    def started(self) -> bool:
        """Whether the endpoint has begun to answer, and so to charge."""
        return self._started

    @property
    def usage(self) -> Usage:
        """What this call takes as far as the endpoint said; a count it leaves out is 0. Without a price.

        Of a reply that is not whole at least what was heard counts as said.
        """
        counts = {ours: self._counts.get(theirs, 0) for ours, theirs in _COUNTS.items()}
        if not self._complete:
            counts["output_tokens"] = max(counts["output_tokens"], self._n_chars // BYTES_PER_TOKEN)
        return Usage(**counts, cost_usd_micros=None, turns=1)

    def take(self, event: dict[str, Any]) -> StreamEvent | None:
        """Fold one event in; returns what a listener should hear. Raises ModelProblem on nonsense."""
        try:
            return self._take(event)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise garbage() from error

    def reply(self) -> ModelReply:
        """Return the whole reply. Raises ModelProblem where the stream ended before it was whole."""
        if not self._started:
            raise garbage()
        if not self._complete or self._open:
            raise cut_short()
        if self._stop_reason == "model_context_window_exceeded":
            raise ModelProblem(
                "fatal",
                "the conversation has outgrown the model's context window",
                "start a new run with a smaller task, or choose a model with a larger window",
            )
        return ModelReply(self._content(), self._stop_reason, self.usage, self._model, self._explanation)

    # --- events ---------------------------------------------------------------------------------------------

    def _take(self, event: dict[str, Any]) -> StreamEvent | None:
        match event.get("type"):
            case "message_start":
                self._started = True
                self._model = str(event["message"]["model"])
                self._count(event["message"].get("usage"))
            case "content_block_start":
                return self._begin(event["index"], event["content_block"])
            case "content_block_delta":
                return self._grow(event["index"], event["delta"])
            case "content_block_stop":
                self._end(event["index"])
            case "message_delta":
                self._stop_reason = event["delta"].get("stop_reason") or self._stop_reason
                self._explanation = _explanation(event["delta"].get("stop_details"))
                self._count(event.get("usage"))
            case "message_stop":
                self._complete = bool(self._stop_reason)
            case _:
                pass  # kinds that came later than this code are not an error
        return None

    def _begin(self, index: int, block: Block) -> StreamEvent | None:
        if not self._started or index in self._blocks:
            raise ValueError(index)
        self._blocks[index] = dict(block)
        self._open.add(index)
        if block["type"] != "tool_use":
            return None
        self._inputs[index] = []
        return ToolStarted(str(block["name"]))

    def _grow(self, index: int, delta: dict[str, Any]) -> StreamEvent | None:
        if index not in self._open:
            raise ValueError(index)
        block = self._blocks[index]
        match delta["type"]:
            case "text_delta":
                block["text"] += self._measured(delta["text"])
                return TextDelta(delta["text"])
            case "input_json_delta":
                words = self._measured(delta["partial_json"])
                self._inputs[index].append(words)
                return ToolWords(index, str(block["name"]), words) if words else None
            case "thinking_delta":
                block["thinking"] += self._measured(delta["thinking"])
            case "signature_delta":
                block["signature"] = self._measured(delta["signature"])
            case _:
                pass
        return None

    def _end(self, index: int) -> None:
        self._open.remove(index)
        text = "".join(self._inputs.get(index, ()))
        if not text:
            return
        try:
            given = json.loads(text)
        except ValueError:
            given = None
        self._blocks[index]["input"] = given

    def _measured(self, text: str) -> str:
        self._n_chars += len(text)
        if self._n_chars > MAX_REPLY_CHARS:
            raise ValueError(self._n_chars)
        return text

    def _count(self, usage: object) -> None:
        """Counts are running totals: a later one replaces, one that is missing says nothing."""
        if isinstance(usage, dict):
            counts = cast("dict[str, object]", usage)
            self._counts |= {key: n for key, n in counts.items() if isinstance(n, int) and n >= 0}

    # --- the whole ------------------------------------------------------------------------------------------

    def _content(self) -> tuple[Block, ...]:
        blocks = [self._blocks[index] for index in sorted(self._blocks)]
        if self._stop_reason not in UNFINISHED:
            if any(not isinstance(block.get("input"), dict) for block in blocks if block["type"] == "tool_use"):
                raise garbage()
            return tuple(block for block in blocks if not _blank(block))
        words = tuple(block for block in blocks if block["type"] != "tool_use" and not _blank(block))
        return words if any(block["type"] == "text" for block in words) else ()


def _explanation(details: Any) -> str:
    return str(details.get("explanation") or "") if details else ""


def _blank(block: Block) -> bool:
    """The protocol refuses a text block without words when it is sent back."""
    return bool(block["type"] == "text" and not block["text"].strip())


def garbage() -> ModelProblem:
    """Return the problem of an endpoint that answers with something else than a message."""
    return ModelProblem(
        "unknown",
        "the endpoint answered with something that is no reply of the Messages API",
        "check ANTHROPIC_BASE_URL: it names an endpoint that speaks the Anthropic Messages API",
    )


def cut_short() -> ModelProblem:
    """Return the problem of a stream that ended before its reply did."""
    return ModelProblem("transient", "the reply was cut off on its way", "try again; nothing of it was run")
