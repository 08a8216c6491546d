"""What a fix is said to cost: what the last ones came to, else by the model's price; nothing where nobody knows."""

from __future__ import annotations

from bridle.harness.engine import RunId, SessionRow, Usage
from bridle.harness.model.profiles import shipped
from bridle.harness.overview import fix_cost

PRICE = next(one.price for one in shipped().model.values() if one.price and one.price.input)


def row(workflow: str, cost: int | None, turns: int = 3) -> SessionRow:
    usage = Usage(turns=turns, cost_usd_micros=cost)
    return SessionRow(RunId("r"), workflow, "", "succeeded", 0.0, 1, resumable=False, usage=usage)


def test_the_middle_of_the_last_fixes_is_what_the_next_is_said_to_cost() -> None:
    rows = [
        row("fix", 30_000),
        row("edit", 1),
        row("fix", 10_000),
        row("fix", None),
        row("fix", 900_000),
        row("fix", 5, 0),
    ]
    assert fix_cost(rows, None, 4_000) == 30_000


def test_where_no_fix_was_made_the_price_of_the_model_tells() -> None:
    little, much = fix_cost([], PRICE, 1_000), fix_cost([row("edit", 7)], PRICE, 100_000)
    assert little is not None
    assert much is not None
    assert 0 < little < much


def test_nothing_is_said_where_nobody_knows() -> None:
    assert fix_cost([row("fix", None)], None, 4_000) is None
