import pytest
from versions.core import best, bumped, compatible, satisfies, version_of


def test_versions_in_all_forms():
    assert [version_of(text) for text in ("0", "v1.2", "10.20.30")] == [(0, 0, 0), (1, 2, 0), (10, 20, 30)]
    for text in ("", "1..2", "a", "1.2.", "-1"):
        with pytest.raises(ValueError, match="not a version"):
            version_of(text)


def test_bumps_of_zero():
    assert [bumped((0, 0, 0), part) for part in ("major", "minor", "patch")] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert bumped((3, 9, 9), "minor") == (3, 10, 0)


def test_compatible_at_the_edges():
    assert compatible((1, 2, 3), (1, 2, 3))
    assert not compatible((1, 2, 3), (2, 2, 3))
    assert not compatible((1, 2, 3), (1, 2, 2))
    assert compatible((0, 2, 1), (0, 2, 5))
    assert compatible((1, 0, 0), (1, 9, 0))


def test_every_sign_at_its_edge():
    at = (1, 2, 0)
    rules = {">=1.2": True, "<=1.2": True, ">1.2": False, "<1.2": False, "~1.2": True, "1.2": True, "1.3": False}
    assert {rule: satisfies(at, rule) for rule in rules} == rules
    assert satisfies((1, 3, 0), "> 1.2")
    assert satisfies((1, 1, 0), "<1.2")
    assert not satisfies((2, 0, 0), "~1.2")


def test_the_best_of_many():
    versions = [(0, 9, 0), (1, 0, 0), (1, 1, 0), (2, 0, 0)]
    assert best(versions, []) == (2, 0, 0)
    assert best(versions, ["~1.0"]) == (1, 1, 0)
    assert best([], []) is None
    assert best(versions, ["<=1"]) == (1, 0, 0)
