from spans.core import covering, length, merged, overlap, without


def test_lengths_at_the_edge():
    assert [length((3, 3)), length((3, 4)), length((-2, 2)), length((4, 3))] == [0, 1, 4, 0]


def test_spans_that_only_meet_do_not_overlap():
    assert overlap((0, 3), (3, 6)) is None
    assert overlap((3, 6), (0, 3)) is None
    assert overlap((0, 4), (3, 6)) == (3, 4)
    assert overlap((0, 9), (2, 3)) == (2, 3)


def test_merging_one_inside_another():
    assert merged([(0, 9), (2, 3)]) == [(0, 9)]
    assert merged([(5, 5), (7, 6), (1, 2)]) == [(1, 2)]
    assert merged([(0, 1), (1, 2), (3, 4)]) == [(0, 2), (3, 4)]
    assert merged([]) == []


def test_holes_outside_and_around():
    assert without((2, 6), [(0, 2), (6, 9)]) == [(2, 6)]
    assert without((2, 6), [(0, 9)]) == []
    assert without((2, 6), [(0, 3), (5, 9)]) == [(3, 5)]
    assert without((2, 6), [(2, 3), (3, 4)]) == [(4, 6)]
    assert without((2, 6), [(7, 9), (0, 1)]) == [(2, 6)]


def test_covering_counts_starts_and_not_ends():
    assert covering([(0, 2), (2, 4)], 2) == 1
    assert covering([(0, 2)], 0) == 1
    assert covering([], 1) == 0
