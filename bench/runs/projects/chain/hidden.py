import pytest
from chain.core import depth, everything, in_order, reached, users


def test_names_that_are_only_needed():
    assert everything({"z": ["y", "x"], "y": ["w"]}) == ["w", "x", "y", "z"]
    assert everything({}) == []


def test_reaching_around_a_circle():
    assert reached({"a": ["b"], "b": ["a"]}, "a") == {"a", "b"}
    assert reached({"a": ["b"]}, "x") == set()
    assert reached({"a": ["b"], "b": ["c"], "c": ["d"]}, "b") == {"c", "d"}


def test_order_of_what_is_free():
    assert in_order({"c": [], "a": [], "b": ["c"]}) == ["a", "c", "b"]
    assert in_order({"a": ["z"]}) == ["z", "a"]
    assert in_order({}) == []


def test_a_circle_below():
    with pytest.raises(ValueError, match="a circle: a, b, c"):
        in_order({"a": ["b"], "b": ["c"], "c": ["b"]})
    with pytest.raises(ValueError, match="a circle: a"):
        in_order({"a": ["a"]})


def test_users_are_direct_ones():
    assert users({"c": ["b"], "b": ["a"], "d": ["a"]}, "a") == ["b", "d"]


def test_the_longest_way():
    assert depth({"a": ["b", "d"], "b": ["c"], "c": ["d"]}, "a") == 3
    assert depth({"a": ["b"]}, "a") == 1
    assert depth({}, "a") == 0
