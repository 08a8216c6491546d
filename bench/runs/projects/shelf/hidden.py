import pytest
from shelf.core import Shelf


def filled(room, names):
    shelf = Shelf(room)
    for name in names:
        shelf.put(name, name.upper())
    return shelf


def test_room_for_one():
    shelf = filled(1, "ab")
    assert shelf.names() == ["b"]
    assert shelf.take("a") is None
    with pytest.raises(ValueError, match="a shelf needs room"):
        Shelf(-1)


def test_putting_again_is_use_and_takes_no_room():
    shelf = filled(2, "ab")
    assert shelf.put("a", 9) is None
    assert shelf.names() == ["a", "b"]
    assert shelf.take("a") == 9
    assert shelf.put("c", 1) == "b"


def test_there_is_room_before_it_is_full():
    shelf = Shelf(3)
    assert [shelf.put(name, 0) for name in "abcd"] == [None, None, None, "a"]


def test_counts():
    shelf = filled(2, "a")
    for name in "aaxa":
        shelf.take(name)
    assert (shelf.hits, shelf.misses, shelf.rate()) == (3, 1, 0.75)


def test_dropping_nothing_and_all():
    shelf = filled(3, "abc")
    assert shelf.drop(lambda name: name == "x") == 0
    assert shelf.drop(lambda name: True) == 3
    assert shelf.names() == []
