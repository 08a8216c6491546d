import pytest
from chain.core import depth, everything, in_order, reached, users

NEEDS = {"app": ["lib", "log"], "lib": ["core"], "log": ["core"], "core": []}


def test_everything():
    assert everything({"b": ["a"]}) == ["a", "b"]


def test_reached():
    assert reached(NEEDS, "app") == {"lib", "log", "core"}


def test_nothing_is_reached():
    assert reached(NEEDS, "core") == set()


def test_in_order():
    assert in_order(NEEDS) == ["core", "lib", "log", "app"]


def test_a_circle():
    with pytest.raises(ValueError, match="circle"):
        in_order({"a": ["b"], "b": ["a"]})


def test_users():
    assert users(NEEDS, "core") == ["lib", "log"]


def test_no_users():
    assert users(NEEDS, "app") == []


def test_depth():
    assert depth(NEEDS, "app") == 2


def test_no_depth():
    assert depth(NEEDS, "core") == 0
