"""What two texts differ in, as the lines that a test must have executed to notice it."""

from __future__ import annotations

import pytest

from bridle.harness.verify.impact.touches import Touch, touches

TEXT = '''"""A module."""

import os

RATE = 3


def pay(amount, rate=RATE):
    """Pay."""
    if amount > 10:
        fee = 1
        amount -= fee
    elif amount < 0:
        raise ValueError(amount)
    try:
        left = amount / rate
    except ZeroDivisionError:
        left = 0
    for one in range(2):
        left += one

    def inner(n):
        return n + 1

    return inner(left)


class Till:
    size = 2

    def open(self):
        return self.size


@property
def kept():
    return os.name
'''


def of(old: str, new: str, *, named: bool = True) -> tuple[Touch, ...]:
    assert old in TEXT
    return touches("a.py", TEXT, TEXT.replace(old, new), lambda word: named)


def lines(touch: Touch) -> list[int]:
    """Return the 1-based lines of a touch."""
    return [n + 1 for n in range(touch.lines.bit_length()) if touch.lines >> n & 1]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("fee = 1", "fee = 2", [11]),
        ("amount > 10", "amount > 11", [10]),
        ("amount < 0", "amount <= 0", [13]),
        ("raise ValueError(amount)", "raise ValueError(1)", [14]),
        ("left = 0", "left = 1", [18]),
        ("left += one", "left -= one", [20]),
        ("range(2)", "range(3)", [19]),
        ("n + 1", "n + 2", [23]),
        ("return inner(left)", "return inner(left) + 1", [25]),
        ("        amount -= fee\n", "        amount -= fee\n        amount -= 1\n", [12]),
        ("        fee = 1\n", "        amount += 3\n        fee = 1\n", [11]),
        ("        fee = 1\n        amount -= fee\n", "        amount -= 1\n", [11, 12]),
        ("return self.size", "return self.size + 1", [32]),
    ],
)
def test_a_change_inside_a_function_is_felt_by_who_executed_its_statement(
    old: str, new: str, wanted: list[int]
) -> None:
    [touch] = of(old, new)
    assert lines(touch) == wanted
    assert not touch.imports


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        fee = 1\n        amount -= fee\n", "        rate = 1\n        amount -= rate\n"),
        ("left += one", "left += (yield one)"),
        ('"""Pay."""', '"""Pay it."""'),
    ],
)
def test_what_may_be_felt_anywhere_in_a_function_is_felt_by_who_executed_any_of_it(old: str, new: str) -> None:
    [touch] = of(old, new)
    assert touch.lines == touch.wider
    assert lines(touch)[0] == 9
    assert lines(touch)[-1] == 25


def test_a_default_is_felt_by_who_executed_the_function() -> None:
    [touch] = of("rate=RATE", "rate=4")
    assert (touch.symbol, touch.imports, touch.lines == touch.wider) == ("pay", False, True)


@pytest.mark.parametrize("old", ["def pay(amount, ", "class Till:", "@property"])
def test_a_head_is_felt_on_import(old: str) -> None:
    new = {
        "def pay(amount, ": "def pay(sum, amount, ",
        "class Till:": "class Till(dict):",
        "@property": "@staticmethod",
    }
    found = of(old, new[old])
    assert any(touch.imports for touch in found)


def test_a_name_that_stands_for_something_else_only_binds() -> None:
    [touch] = of("RATE = 3", "RATE = 4")
    assert (touch.imports, touch.binds, lines(touch)) == (True, True, [5])
    [touch] = of("size = 2", "size = 3")
    assert touch.binds


def test_a_function_that_nobody_names_can_be_added_unfelt() -> None:
    more = TEXT + "\n\ndef extra():\n    return 1\n"
    assert all(not touch.imports for touch in touches("a.py", TEXT, more, lambda word: False))
    assert any(touch.imports for touch in touches("a.py", TEXT, more, lambda word: True))


def test_a_method_that_is_added_may_be_felt_by_all() -> None:
    assert any(
        touch.imports for touch in of("    size = 2\n", "    size = 2\n\n    def __len__(self):\n        return 1\n")
    )


@pytest.mark.parametrize("decorator", ["@cache", "@functools.lru_cache(maxsize=1)"])
def test_what_a_function_keeps_is_felt_beyond_the_test_that_called_it(decorator: str) -> None:
    text = f"{decorator}\ndef f(n):\n    return n\n"
    [touch] = touches("a.py", text, text.replace("return n", "return 2"), lambda word: True)
    assert touch.imports


def test_a_global_is_felt_beyond_the_test_that_set_it() -> None:
    text = "n = 0\n\n\ndef f():\n    global n\n    n = 1\n"
    [touch] = touches("a.py", text, text.replace("n = 1", "n = 2"), lambda word: True)
    assert touch.imports


@pytest.mark.parametrize(("old", "new"), [(None, TEXT), (TEXT, None), (TEXT, "def f(:\n"), ("def f(:\n", TEXT)])
def test_a_file_that_came_went_or_cannot_be_read_is_felt_on_import(old: str | None, new: str | None) -> None:
    [touch] = touches("a.py", old, new, lambda word: True)
    assert touch.imports


def test_comments_are_felt_where_they_stand_at_most() -> None:
    [touch] = of("        fee = 1\n", "        # a fee\n        fee = 1\n")
    assert (touch.symbol, touch.imports) == ("pay", False)
    [touch] = of("import os\n", "# os\nimport os\n")
    assert (touch.lines, touch.imports) == (0, False)


def test_equal_texts_differ_in_nothing() -> None:
    assert touches("a.py", TEXT, TEXT, lambda word: True) == ()
