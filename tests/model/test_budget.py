"""Limits hold before the money is gone: algebra over any sequence of calls."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.model.budget import Allowance, BudgetReached, Meter, Reserved, add, counted, estimate, obstacle
from bridle.harness.model.client import ModelRequest
from bridle.harness.model.prices import cost_usd_micros, price_of, priced
from bridle.harness.model.profiles import shipped
from bridle.harness.model.tokens import tokens_in
from bridle.harness.nouns import Budget, Usage
from tests.model.asking import request, user

COUNTS = st.integers(0, 50_000)
USAGES = st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS, cost_usd_micros=st.none() | COUNTS, turns=st.integers(0, 3))
BUDGETS = st.builds(
    Budget,
    tokens=st.integers(0, 200_000),
    cost_usd_micros=st.integers(0, 2_000_000),
    seconds=st.just(600.0),
    turns=st.integers(0, 6),
)
REQUESTS = st.builds(
    lambda n_chars, max_tokens, model: request(user("x" * n_chars), model=model, max_tokens=max_tokens),
    st.integers(1, 60_000),
    st.integers(1, 20_000),
    st.sampled_from(["claude-opus-5-5", "claude-haiku-5-5", "nobody-knows-it"]),
)


class Watch:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def within(reserved: Reserved, asked: ModelRequest, share: float) -> Usage:
    """What a call may have used that stayed within its reservation."""
    n_said = int(asked.max_tokens * share)
    return priced(Usage(cache_write_tokens=tokens_in(asked), output_tokens=n_said, turns=1), price_of(asked.model))


@given(BUDGETS, st.lists(st.tuples(REQUESTS, st.floats(0, 1)), max_size=8))
def test_calls_that_keep_to_their_reservation_never_pass_a_limit(
    budget: Budget, calls: list[tuple[ModelRequest, float]]
) -> None:
    meter = Meter(budget, Watch())
    for asked, share in calls:
        try:
            reserved = meter.reserve(asked)
        except BudgetReached:
            continue
        meter.settle(reserved, within(reserved, asked, share))
    assert counted(meter.usage) <= budget.tokens
    assert (meter.usage.cost_usd_micros or 0) <= budget.cost_usd_micros
    assert meter.usage.turns <= budget.turns


@pytest.mark.slow
@given(BUDGETS, st.lists(st.tuples(REQUESTS, USAGES), max_size=8))
def test_a_limit_is_passed_by_one_call_at_most(budget: Budget, calls: list[tuple[ModelRequest, Usage]]) -> None:
    meter, overdrawn = Meter(budget, Watch()), 0
    for asked, used in calls:
        try:
            reserved = meter.reserve(asked)
        except BudgetReached:
            continue
        assert overdrawn == 0, "no call is made once a limit is passed"
        meter.settle(reserved, used)
        overdrawn += counted(meter.usage) > budget.tokens
    assert overdrawn <= 1


@given(REQUESTS, st.floats(0, 1))
def test_a_reservation_covers_every_call_that_is_as_large_as_it_looked(asked: ModelRequest, share: float) -> None:
    reserved = estimate(asked)
    used = within(reserved, asked, share)
    assert counted(used) * 1.1 <= reserved.tokens + 1
    if used.cost_usd_micros is None:
        assert reserved.cost_usd_micros is None
    else:
        assert reserved.cost_usd_micros is not None
        assert used.cost_usd_micros <= reserved.cost_usd_micros


@given(USAGES, USAGES, USAGES)
def test_usage_adds_up_in_any_order_and_an_unknown_cost_stays_unknown(one: Usage, two: Usage, three: Usage) -> None:
    assert add(one, two) == add(two, one)
    assert add(add(one, two), three) == add(one, add(two, three))
    assert add(one, Usage()) == one
    assert (add(one, two).cost_usd_micros is None) == (None in (one.cost_usd_micros, two.cost_usd_micros))


@given(BUDGETS, USAGES, USAGES, st.integers(0, 100_000))
def test_having_spent_more_never_opens_a_closed_budget(budget: Budget, one: Usage, more: Usage, n: int) -> None:
    spent, wanted = known(one), Reserved(n, n)
    if obstacle(budget, spent, wanted, 0) is not None:
        assert obstacle(budget, add(spent, known(more)), wanted, 0) is not None


def known(usage: Usage) -> Usage:
    return msgspec.structs.replace(usage, cost_usd_micros=usage.cost_usd_micros or 0)


def test_the_message_names_the_limit_and_what_is_left_of_it() -> None:
    meter = Meter(Budget(tokens=5_000), Watch())
    with pytest.raises(BudgetReached, match=r"0 of 5000 tokens are spent, and the next call may take 17") as caught:
        meter.reserve(request(max_tokens=16_000))
    assert caught.value.which == "tokens"


def test_turns_and_seconds_end_a_run_too() -> None:
    watch = Watch()
    meter = Meter(Budget(turns=1, seconds=60), watch)
    reserved = meter.reserve(request())
    watch.now_s = 2.5
    meter.settle(reserved, Usage(10, 10, turns=1))
    assert meter.usage.seconds == 2.5
    with pytest.raises(BudgetReached, match="limit of 1 model calls"):
        meter.reserve(request())
    watch.now_s = 60.0
    with pytest.raises(BudgetReached) as caught:
        Meter(Budget(seconds=0), watch).reserve(request())
    assert caught.value.which == "seconds"


def test_a_run_that_is_taken_up_again_goes_on_from_what_it_spent() -> None:
    meter = Meter(Budget(turns=3), Watch(), spent=Usage(turns=3))
    with pytest.raises(BudgetReached):
        meter.reserve(request())


def test_a_budget_in_money_stops_a_dear_model_before_a_cheap_one() -> None:
    budget = Budget(cost_usd_micros=100_000)
    Meter(budget, Watch()).reserve(request(model="claude-haiku-5-5", max_tokens=16_000))
    with pytest.raises(BudgetReached) as caught:
        Meter(budget, Watch()).reserve(request(model="claude-opus-5-5", max_tokens=16_000))
    assert caught.value.which == "cost"
    Meter(budget, Watch()).reserve(request(model="nobody-knows-it", max_tokens=16_000))


# --- prices -----------------------------------------------------------------------------------------------


def test_a_million_tokens_cost_the_listed_price() -> None:
    opus = price_of("claude-opus-5-5")
    assert cost_usd_micros(Usage(input_tokens=1_000_000), opus) == 4_000_000
    assert cost_usd_micros(Usage(output_tokens=1_000_000), opus) == 20_000_000
    assert cost_usd_micros(Usage(cache_read_tokens=1_000_000), opus) == 200_000
    assert cost_usd_micros(Usage(cache_write_tokens=1_000_000), opus) == 5_000_000


def test_a_part_of_a_micro_dollar_is_rounded_up() -> None:
    assert cost_usd_micros(Usage(input_tokens=1), price_of("claude-haiku-5-5")) == 1


def test_a_long_prompt_takes_the_long_price_for_all_of_it() -> None:
    haiku = price_of("claude-haiku-5-5")
    assert cost_usd_micros(Usage(input_tokens=100_000), haiku) == 10_000
    assert cost_usd_micros(Usage(input_tokens=50_001, cache_read_tokens=50_000), haiku) == 27_501


def test_no_price_is_guessed_for_a_model_that_is_not_listed() -> None:
    assert price_of("claude-opus-5-6") is None
    assert cost_usd_micros(Usage(1, 1), None) is None


def test_every_listed_price_is_plausible_and_dated() -> None:
    assert shipped().date >= "2026-11-21"
    for name, profile in shipped().model.items():
        price = profile.price
        assert price is not None
        if name != "replay":
            assert 0 < price.cache_read < price.input < price.cache_write < price.output


def test_a_phase_has_its_own_limits_within_those_of_the_run() -> None:
    watch = Watch()
    run = Meter(Budget(turns=5), watch)
    phase = Allowance(run, Budget(turns=2), "plan", watch)
    asked = request(user("x"), model="claude-opus-5-5", max_tokens=10)
    for _ in range(2):
        phase.settle(phase.reserve(asked), within(phase.reserve(asked), asked, 1.0))
    assert phase.usage.turns == run.usage.turns == 2
    with pytest.raises(BudgetReached, match=r"phase 'plan': the limit of 2 model calls is reached"):
        phase.reserve(asked)
    run.reserve(asked)
    other = Allowance(Meter(Budget(turns=0), watch), Budget(turns=2), "build", watch)
    with pytest.raises(BudgetReached, match=r"^the limit of 0 model calls"):
        other.reserve(asked)
