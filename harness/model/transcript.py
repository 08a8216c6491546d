"""Recorded turns as data: read from TOML, checked, and walked forwards. Pure but for reading the file.

A transcript is a list of turns. The next turn is the first one after the last whose conditions the prompt
meets; turns that wait for something else are passed over. So the same conversation always stands at the
same turn, and a run that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from bridle.harness.model.client import Message
from bridle.harness.model.shown import texts_of
from bridle.harness.nouns import UserProblem

MAX_TRANSCRIPT_BYTES = 1_000_000


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tool call; `input` may hold slots."""

    tool: str
    input: dict[str, Any]


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model says if our last word holds all of `when_contains` and none of `unless_contains`."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    when_contains: tuple[str, ...] = ()
    unless_contains: tuple[str, ...] = ()


class Workspace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The one place the transcript is for: files that must be there, by the digest of their bytes."""

    name: str
    files: dict[str, str]


class Transcript(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Turns for one task in one workspace: the task whose text holds all of `task_contains`."""

    workspace: Workspace
    turns: tuple[Turn, ...]
    task_contains: tuple[str, ...] = ()


def load(path: Path) -> tuple[Transcript, ...]:
    """Return the transcripts of a file, or of all files of a folder, pickiest first. Raises UserProblem."""
    paths = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    found = [_load_one(each) for each in paths]
    if not found:
        raise UserProblem(
            f"there is no transcript in {str(path)!r}", "set BRIDLE_TRANSCRIPT to a .toml file or a folder"
        )
    return tuple(sorted(found, key=lambda transcript: -len(transcript.task_contains)))


def _load_one(path: Path) -> Transcript:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_TRANSCRIPT_BYTES + 1)
        if len(data) > MAX_TRANSCRIPT_BYTES:
            raise ValueError("it is too large")
        return msgspec.toml.decode(data, type=Transcript)
    except (OSError, ValueError) as error:
        raise UserProblem(
            f"the transcript {str(path)!r} cannot be used: {error}",
            "set BRIDLE_TRANSCRIPT to one that can be read",
        ) from error


def pick(transcripts: Sequence[Transcript], messages: Sequence[Message]) -> Transcript | None:
    """Return the transcript for the task that the first message sets."""
    task = "\n".join(texts_of(messages[0]["content"])) if messages else ""
    return next((each for each in transcripts if all(words in task for words in each.task_contains)), None)


def next_turn(transcript: Transcript, messages: Sequence[Message]) -> Turn | None:
    """Return the turn that follows `messages`, None where none is left that fits."""
    position = 0
    heard = ""
    turn: Turn | None = None
    for message in [*messages, {"role": "assistant", "content": ()}]:
        if message["role"] == "user":
            heard = "\n".join(texts_of(message["content"]))
            continue
        turn = None
        while turn is None and position < len(transcript.turns):
            turn = transcript.turns[position] if _fits(transcript.turns[position], heard) else None
            position += 1
    return turn


def _fits(turn: Turn, heard: str) -> bool:
    return all(words in heard for words in turn.when_contains) and not any(
        words in heard for words in turn.unless_contains
    )
