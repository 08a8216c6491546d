from spans.core import covering, length, merged, overlap, without


def test_length():
    assert length((2, 5)) == 3


def test_a_span_that_ends_first_is_empty():
    assert length((5, 2)) == 0


def test_overlap():
    assert overlap((0, 5), (3, 9)) == (3, 5)


def test_what_does_not_overlap():
    assert overlap((0, 2), (4, 6)) is None


def test_merged():
    assert merged([(4, 6), (0, 3), (2, 4)]) == [(0, 6)]


def test_merging_leaves_gaps():
    assert merged([(0, 1), (3, 4)]) == [(0, 1), (3, 4)]


def test_without_a_hole_in_the_middle():
    assert without((0, 10), [(3, 5)]) == [(0, 3), (5, 10)]


def test_without_a_hole_at_the_end():
    assert without((0, 10), [(8, 12)]) == [(0, 8)]


def test_covering():
    assert covering([(0, 5), (2, 3), (4, 9)], 2) == 2
