"""What can happen on the way through the phases of a workflow, as it is journaled: see `events.py`."""

from __future__ import annotations

from typing import Literal

import msgspec

from bridle.harness.nouns import Usage


class PhaseEntered(msgspec.Struct, frozen=True):
    """A phase began."""

    name: str


class PhaseLeft(msgspec.Struct, frozen=True):
    """A phase of the workflow came to its end for the `visit`-th time, with one of the outcomes that it can have."""

    phase: str
    outcome: str
    visit: int = 1


class Written(msgspec.Struct, frozen=True):
    """An artefact of the run as it stands from now on: a plan, a contract, a diagnosis, by its file name.

    `by` is the phase that wrote it, or "person".
    """

    name: str
    text: str
    by: str = ""


class Assumed(msgspec.Struct, frozen=True):
    """A question about the task before any work on it, and what is taken as its answer; `by` says whose it is."""

    question: str
    answer: str
    by: Literal["person", "default"] = "default"


class Compacted(msgspec.Struct, frozen=True):
    """A talk grew too long: of its messages those before number `start` are told as a digest from now on."""

    talk: str
    start: int


class Reranked(msgspec.Struct, frozen=True):
    """A model was asked for the order of what a pack is filled with, and answered, with whatever sense."""

    usage: Usage = Usage()
    stop_reason: str = ""


class Fetched(msgspec.Struct, frozen=True):
    """A source was asked; `blob` is what is told of it, in the content store, under these arguments (`key`)."""

    source: str
    key: str
    blob: str
    n_bytes: int = 0
    seconds: float = 0.0
