"""What tokens cost: a dated data file, read once. A model that is not in it has no price, and none is
guessed.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from bridle.harness.nouns import Usage


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars for a million tokens; the same number is micro-dollars for one."""

    input: float
    output: float
    cache_read: float
    cache_write: float


class Price(Rates, frozen=True, forbid_unknown_fields=True):
    """The rates of one model, and those of its long prompts where they differ."""

    long_above: int | None = None
    long: Rates | None = None


class PriceList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All prices, and the day they were looked up."""

    date: str
    models: dict[str, Price]


@cache
def price_list() -> PriceList:
    """Return the prices that ship with us."""
    text = (files("bridle.harness.model") / "prices.toml").read_bytes()
    return msgspec.toml.decode(text, type=PriceList)


def price_of(model: str) -> Price | None:
    """Return the price of a model by its exact id; None where it is not known."""
    return price_list().models.get(model)


def cost_usd_micros(usage: Usage, price: Price | None) -> int | None:
    """Return what `usage` of one call costs, rounded up; None where the price is not known."""
    if price is None:
        return None
    n_prompt = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
    rates = price.long if price.long and price.long_above is not None and n_prompt > price.long_above else price
    cost = (
        usage.input_tokens * rates.input
        + usage.output_tokens * rates.output
        + usage.cache_read_tokens * rates.cache_read
        + usage.cache_write_tokens * rates.cache_write
    )
    return -int(-cost // 1)


def priced(usage: Usage, model: str) -> Usage:
    """Return the usage of one call with its cost filled in."""
    return msgspec.structs.replace(usage, cost_usd_micros=cost_usd_micros(usage, price_of(model)))
