"""What is known of each model: limits, thinking, edit format, prices. Data that ships with us, and the person's own.

Of a model that nobody described little is expected: a small window, short replies, no thinking, no price.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

import msgspec

Effort = Literal["", "low", "medium", "high", "xhigh", "max"]
EditFormat = Literal["hashline", "str_replace"]
Thinking = Literal["none", "budget", "adaptive"]

_Tokens = Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]
_Window = Annotated[int, msgspec.Meta(ge=4_000, le=100_000_000)]
_Dollars = Annotated[float, msgspec.Meta(ge=0, le=100_000)]

LEVELS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")
THINKING_TOKENS: Mapping[Effort, int] = {"low": 2_000, "medium": 4_000, "high": 8_000, "xhigh": 12_000, "max": 12_000}
"""What a model that thinks within a budget is given for each effort."""
LEAST_THINKING_TOKENS = 1_024
"""The protocol refuses a smaller budget."""


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars for a million tokens; the same number is micro-dollars for one."""

    input: _Dollars
    output: _Dollars
    cache_read: _Dollars
    cache_write: _Dollars


class Price(Rates, frozen=True, forbid_unknown_fields=True):
    """The rates of one model, and those of its long prompts where they differ."""

    long_above: _Tokens | None = None
    long: Rates | None = None


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model. The defaults are what is expected of a model that nobody described."""

    edit_format: EditFormat = "hashline"
    thinking: Thinking = "none"
    efforts: tuple[Effort, ...] = ()
    context_tokens: _Window = 32_000
    max_output_tokens: _Tokens = 8_000
    cached_from: Annotated[int, msgspec.Meta(ge=0, le=100_000_000)] = 1_024
    price: Price | None = None


UNKNOWN = Profile()


class Profiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All models that are described, by their exact ids, and the day on which that was looked up."""

    date: str
    model: dict[str, Profile] = {}

    def of(self, model: str) -> Profile:
        """Return what is known of a model, or expected of one that is not known."""
        return self.model.get(model, UNKNOWN)

    def guessed(self, model: str) -> str:
        """Return what is expected of a model without knowing it, "" where it is known."""
        if model in self.model:
            return ""
        return (
            f"the model {model!r} is not described: {UNKNOWN.context_tokens:,} tokens of context, "
            f"{UNKNOWN.max_output_tokens:,} a reply, no thinking and no price are assumed; [model.{model!r}] in your "
            "models.toml says otherwise"
        )


@cache
def shipped() -> Profiles:
    """Return the profiles that ship with us."""
    return msgspec.toml.decode((files("bridle.harness.model") / "profiles.toml").read_bytes(), type=Profiles)


def told_to_think(profile: Profile, effort: Effort, max_tokens: int) -> tuple[dict[str, Any] | None, Effort]:
    """Return the thinking and the effort that a model is asked for where a phase wants `effort`; none without one.

    An effort that the model does not have becomes the next lower one that it has, or its lowest.
    """
    if not effort:
        return None, ""
    known: list[Effort] = [level for level in LEVELS if level in profile.efforts]
    lower: list[Effort] = [level for level in known if LEVELS.index(level) <= LEVELS.index(effort)]
    none: list[Effort] = [""]
    level = (lower[-1:] or known[:1] or none)[0]
    if profile.thinking == "adaptive":
        return {"type": "adaptive"}, level
    if profile.thinking == "budget":
        tokens = min(THINKING_TOKENS[effort], max_tokens // 2)
        return ({"type": "enabled", "budget_tokens": tokens} if tokens >= LEAST_THINKING_TOKENS else None), level
    return None, level
