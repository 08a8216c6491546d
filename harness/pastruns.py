"""What a door may ask about runs that are over or were cut off: the list, the story of one, and what to do with it."""

from __future__ import annotations

import msgspec

from bridle.harness.nouns import RunId


class GetSessions(msgspec.Struct, frozen=True, tag=True):
    """→ Sessions, newest first."""


class GetStory(msgspec.Struct, frozen=True, tag=True):
    """One run told as a whole, with its latest steps. → RunStory."""

    run: RunId


class ResumeRun(msgspec.Struct, frozen=True, tag=True):
    """Go on with an interrupted run; with `take` even where another process has it in hand, which then can do nothing
    more with it. → RunAccepted.
    """

    run: RunId
    take: bool = False


class ForkRun(msgspec.Struct, frozen=True, tag=True):
    """Begin a run that stands where `run` stood after its record `to`, 0 for where it stands now; it waits to be
    resumed, and `run` stays as it is. → RunAccepted.
    """

    run: RunId
    to: int = 0


class DiscardRun(msgspec.Struct, frozen=True, tag=True):
    """Give an interrupted run up; its journal stays. → Done."""

    run: RunId


PastRequest = GetSessions | GetStory | ResumeRun | ForkRun | DiscardRun
