"""The question before the first model call in a workspace: what goes where, at what price. Pure."""

from __future__ import annotations

import msgspec

from bridle.harness.model.budget import dollars
from bridle.harness.model.client import ModelClient
from bridle.harness.model.prices import cost_usd_micros
from bridle.harness.model.profiles import Price, Profiles, shipped
from bridle.harness.nouns import Budget, Usage

MAX_NAMED = 5
HERE = "this machine"
"""The endpoint of a model that sends nothing anywhere."""


class FirstCall(msgspec.Struct, frozen=True):
    """What the person decides about. `ceiling_usd_micros` is None where the model's price is not known."""

    model: str
    endpoint: str
    paths: tuple[str, ...]
    n_tokens: int
    ceiling_usd_micros: int | None
    question: str


def first_call(
    client: ModelClient, budget: Budget, paths: tuple[str, ...], n_tokens: int, profiles: Profiles | None = None
) -> FirstCall:
    """Return the question for a run that begins by sending `n_tokens` from `paths`."""
    known = profiles or shipped()
    ceiling = ceiling_usd_micros(known.of(client.model).price, budget)
    if ceiling is None:
        price = f"a price that is not known, at most {budget.tokens} tokens a run"
    else:
        price = f"at most {dollars(ceiling)} a run (prices of {known.date})"
    what = f"{_named(paths)} ({n_tokens} tokens to begin with)"
    question = f"Send {what} to {client.model} at {client.endpoint}, for {price}?"
    return FirstCall(client.model, client.endpoint, paths, n_tokens, ceiling, question)


def ceiling_usd_micros(price: Price | None, budget: Budget) -> int | None:
    """Return the most that a run can cost: its money, or all its tokens at the dearest rate."""
    uses = (Usage(output_tokens=budget.tokens), Usage(cache_write_tokens=budget.tokens))
    costs = [cost for use in uses if (cost := cost_usd_micros(use, price)) is not None]
    return min(budget.cost_usd_micros, max(costs)) if costs else None


def _named(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(paths[:MAX_NAMED]) + more if paths else "your task"
