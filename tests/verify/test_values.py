"""What a failure shows of its values: everything of the project's own kind, none of its code run, no secret."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import importlib.util
import pathlib
import sys
from collections import OrderedDict, namedtuple
from types import ModuleType
from typing import Any

import pytest
from check_bench import Bench
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.verify.checkers import pytest as pytest_checker
from bridle.harness.verify.checkers.pytest_values import MAX_VALUE, shown_value, values_of


def plugin() -> ModuleType:
    path = pytest_checker.PLUGINS / "bridle_values.py"
    spec = importlib.util.spec_from_file_location("bridle_values", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VALUES: Any = plugin()


@dataclasses.dataclass
class Money:
    cents: int
    password: str = "hunter2"


class Slotted:
    __slots__ = ("left", "token")

    def __init__(self) -> None:
        self.left, self.token = 1, "hunter2"


class Rate(enum.IntEnum):
    REDUCED = 7


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (41.5, "41.5"),
        (None, "None"),
        ("a'b", '"a\'b"'),
        ([1, [2]], "[1, [2]]"),
        ((1,), "(1,)"),
        ({"b", "a"}, "{'a', 'b'}"),
        (Point(1, 2), "Point(x=1, y=2)"),
        (OrderedDict(a=1), "OrderedDict({'a': 1})"),
        (Rate.REDUCED, "Rate.REDUCED"),
        (decimal.Decimal("1.50"), "Decimal('1.50')"),
        (dt.date(2026, 1, 2), "datetime.date(2026, 1, 2)"),
        (pathlib.PurePosixPath("/a"), "PurePosixPath('/a')"),
        (Money(3), "Money(cents=3, password=<not shown>)"),
        (Slotted(), "Slotted(left=1, token=<not shown>)"),
        ({"api_key": "hunter2", "n": 1}, "{'api_key': <not shown>, 'n': 1}"),
        ({b"Authorization": "hunter2"}, "{b'Authorization': <not shown>}"),
        ({"monkey": 1, "author": 2, "keyboard": 3}, "{'monkey': 1, 'author': 2, 'keyboard': 3}"),
        ({"accessKey": 1, "key": 2}, "{'accessKey': <not shown>, 'key': <not shown>}"),
        (10**2000, "<int of 6644 bits>"),
        (list(range(100)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … 88 more]"),
        ([[[[[[1]]]]]], "[[[[<list>]]]]"),
    ],
)
def test_a_value_is_shown_by_what_it_is_made_of(value: object, text: str) -> None:
    assert VALUES.shown(value) == text


def hostile() -> list[Any]:
    """Objects of which every question runs code; made here, for pytest asks whatever it finds in a module."""

    class Hostile(type):
        """A class of which every question runs code."""

        def __eq__(cls, other: object) -> bool:
            raise SystemExit("asked what equals it")

        __hash__ = type.__hash__

        def __getattribute__(cls, name: str) -> Any:
            raise SystemExit(f"asked for {name}")

    class Trap(metaclass=Hostile):
        """An object of which every question runs code."""

        def __init__(self) -> None:
            object.__setattr__(self, "price", 3)

        def __repr__(self) -> str:
            raise SystemExit("asked for its repr")

        def __getattribute__(self, name: str) -> Any:
            raise SystemExit(f"asked for {name}")

        def __eq__(self, other: object) -> bool:
            raise SystemExit("asked what equals it")

        __hash__ = object.__hash__

        def __len__(self) -> int:
            raise SystemExit("asked for its length")

        __iter__ = __bool__ = __str__ = __format__ = __len__  # type: ignore[assignment]

    class Sneaky(dict[str, int]):
        """A mapping whose own ways to look into it run code."""

        def items(self) -> Any:
            raise SystemExit("asked for its items")

        __iter__ = __len__ = __repr__ = keys = values = items

    class Property:
        """An object whose `__dict__` is code."""

        @property
        def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
            raise SystemExit("asked for its fields")

    return [Trap(), Sneaky(a=1), Property()]


def test_an_object_of_which_every_question_runs_code_is_asked_none() -> None:
    assert [VALUES.shown(one) for one in hostile()] == ["Trap(price=3)", "Sneaky({'a': 1})", "<Property>"]


def test_a_value_that_holds_itself_or_too_much_comes_to_an_end() -> None:
    round_: list[Any] = []
    round_ += [round_] * 12
    assert len(VALUES.shown(round_)) <= VALUES.MAX_VALUE
    assert len(VALUES.shown(["x" * 10**6] * 50)) <= VALUES.MAX_VALUE
    assert VALUES.shown(dict.fromkeys(range(10**6))).endswith("… 999988 more}")


@given(
    st.recursive(st.none() | st.integers() | st.text() | st.binary(), lambda inner: st.lists(inner) | st.tuples(inner))
)
def test_any_value_is_shown_within_bounds(value: object) -> None:
    assert 0 < len(VALUES.shown(value)) <= VALUES.MAX_VALUE


def test_locals_are_those_of_a_function_and_leave_out_what_says_nothing() -> None:
    def inner(secret_word: str, limit: int) -> Any:
        module, function = sys, plugin  # noqa: F841 - they are looked at from outside
        return sys._getframe()

    shown, n_left_out = VALUES.locals_of(inner("hunter2", 3))
    assert (shown, n_left_out) == ([["secret_word", "<not shown>"], ["limit", "3"]], 0)
    scope: dict[str, Any] = {"sys": sys}
    exec(compile("class Body:\n    frame = sys._getframe()\nframe = sys._getframe()", "x", "exec"), scope)  # noqa: S102 - our own text
    assert VALUES.locals_of(scope["frame"]) == VALUES.locals_of(scope["Body"].frame) == ([], 0)


GITHUB = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize("before", [0, 100, MAX_VALUE - 30, MAX_VALUE - 5, MAX_VALUE - 1])
def test_no_part_of_a_secret_is_left_where_a_value_is_cut(before: int) -> None:
    said = shown_value("x" * before + " " + GITHUB + "y" * 500)
    shown = shown_value("." * before + " " + GITHUB + " " + "y" * 500)
    assert GITHUB[:8] not in shown
    assert len(said) <= MAX_VALUE + 40
    assert "hunter" not in shown_value("'-----BEGIN RSA PRIVATE KEY-----\\nhunter'")


@pytest.mark.parametrize("before", [0, 340, 380, 399, 1_990])
def test_no_part_of_a_secret_is_left_where_the_plug_in_cuts(before: int) -> None:
    long = "github_pat_" + "aB1" * 27
    for value in ("." * before + " " + long + " " + "x " * 2_000, [". " * 100] * (before // 200) + [long * 40]):
        shown = shown_value(VALUES.shown(value), 2_000)
        assert "aB1aB1" not in shown


def test_values_of_files_that_did_not_run_are_not_told() -> None:
    held = ("a.py", 3, 4, (("n", "1"),), 2)
    [told] = values_of([held], {"a.py": "d"})
    assert (told.digest, told.shown, told.n_left_out) == ("d", (("n", "1"),), 2)
    assert values_of([held], {"b.py": "d"}) == ()


NASTY = """\
import os, sys, time

class Hangs:
    def __init__(self): self.size = 3
    def __repr__(self): time.sleep(600)

class Prints:
    def __repr__(self): print("PRINTED", flush=True); return "printed"

class Ends:
    def __repr__(self): os._exit(0)

class Huge:
    def __repr__(self): return "x" * (1 << 30)

def halve(amount, api_token="hunter2"):
    hangs, prints, ends, huge = Hangs(), Prints(), Ends(), Huge()
    return amount / 0
"""


@pytest.mark.slow
def test_values_at_the_failing_lines_are_told_and_no_repr_of_the_project_is_called(bench: Bench) -> None:
    bench.put({"nasty.py": NASTY, "test_n.py": "from nasty import halve\n\n\ndef test_n():\n    n = 4\n    halve(n)\n"})
    verdict = bench.one("pytest", timeout_s=30)
    [finding] = verdict.findings
    assert finding.message.splitlines()[0] == "ZeroDivisionError: division by zero (in halve, nasty.py:18)"
    here, there = finding.values
    assert (here.path, here.start_line, here.shown) == ("test_n.py", 5, (("n", "4"),))
    assert (there.path, there.start_line, dict(there.shown)) == (
        "nasty.py",
        17,
        {
            "amount": "4", "api_token": "<not shown>", "hangs": "Hangs(size=3)", "prints": "<Prints>",
            "ends": "<Ends>", "huge": "<Huge>",
        },
    )  # fmt: skip
    assert there.digest == bench.shadow.tree().files["nasty.py"]
    assert "PRINTED" not in verdict.log
