import pytest
from shelf.core import Shelf


def test_what_was_put_is_there():
    shelf = Shelf(2)
    shelf.put("a", 1)
    assert shelf.take("a") == 1


def test_what_is_not_there():
    assert Shelf(2).take("a", 7) == 7


def test_a_shelf_needs_room():
    with pytest.raises(ValueError, match="room"):
        Shelf(0)


def test_the_least_used_makes_room():
    shelf = Shelf(2)
    shelf.put("a", 1)
    shelf.put("b", 2)
    assert shelf.put("c", 3) == "a"


def test_taking_is_use():
    shelf = Shelf(2)
    shelf.put("a", 1)
    shelf.put("b", 2)
    shelf.take("a")
    assert shelf.names() == ["a", "b"]


def test_dropping():
    shelf = Shelf(3)
    for name in ("ab", "ac", "b"):
        shelf.put(name, 0)
    assert shelf.drop(lambda name: name.startswith("a")) == 2


def test_the_rate():
    shelf = Shelf(2)
    shelf.put("a", 1)
    shelf.take("a")
    shelf.take("x")
    assert shelf.rate() == 0.5


def test_no_rate_yet():
    assert Shelf(1).rate() == 0.0
