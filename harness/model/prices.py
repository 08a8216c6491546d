"""What tokens cost, by the profile of their model. A model without a price has none, and none is guessed."""

from __future__ import annotations

import msgspec

from bridle.harness.model.profiles import Price, shipped
from bridle.harness.nouns import Usage


def price_of(model: str) -> Price | None:
    """Return the price that ships with us for a model, by its exact id; None where it is not known."""
    return shipped().of(model).price


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


def priced(usage: Usage, price: Price | None) -> Usage:
    """Return the usage of one call with its cost filled in."""
    return msgspec.structs.replace(usage, cost_usd_micros=cost_usd_micros(usage, price))
