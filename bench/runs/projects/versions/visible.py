import pytest
from versions.core import best, bumped, compatible, satisfies, version_of


def test_three_numbers():
    assert version_of("1.2.3") == (1, 2, 3)


def test_what_is_left_out():
    assert version_of("v2") == (2, 0, 0)


def test_what_is_no_version():
    with pytest.raises(ValueError, match="not a version"):
        version_of("1.x")


def test_too_many_numbers():
    with pytest.raises(ValueError, match="not a version"):
        version_of("1.2.3.4")


def test_a_major_bump():
    assert bumped((1, 2, 3), "major") == (2, 0, 0)


def test_a_minor_bump():
    assert bumped((1, 2, 3), "minor") == (1, 3, 0)


def test_a_patch_bump():
    assert bumped((1, 2, 3), "patch") == (1, 2, 4)


def test_no_such_part():
    with pytest.raises(ValueError, match="no part"):
        bumped((1, 2, 3), "tiny")


def test_newer_is_compatible():
    assert compatible((1, 2, 0), (1, 3, 0))


def test_older_is_not():
    assert not compatible((1, 2, 0), (1, 1, 0))


def test_below_one():
    assert not compatible((0, 2, 0), (0, 3, 0))


def test_at_least():
    assert satisfies((1, 2, 0), ">=1.2")


def test_less():
    assert not satisfies((2, 0, 0), "<2")


def test_equal():
    assert satisfies((1, 0, 0), "==1.0")


def test_the_best():
    assert best([(1, 0, 0), (1, 4, 0), (2, 0, 0)], [">=1", "<2"]) == (1, 4, 0)


def test_none_is_best():
    assert best([(1, 0, 0)], [">1"]) is None
