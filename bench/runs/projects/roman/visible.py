import pytest
from roman.core import add, is_roman, to_roman, value_of


def test_small_numbers():
    assert [to_roman(n) for n in (1, 2, 3)] == ["I", "II", "III"]


def test_fours_and_nines():
    assert [to_roman(n) for n in (4, 9, 40, 90)] == ["IV", "IX", "XL", "XC"]


def test_a_year():
    assert to_roman(1987) == "MCMLXXXVII"


def test_there_is_no_zero():
    with pytest.raises(ValueError, match="no numeral"):
        to_roman(0)


def test_there_is_nothing_above_3999():
    with pytest.raises(ValueError, match="no numeral"):
        to_roman(4000)


def test_values():
    assert value_of("XIV") == 14


def test_small_letters_have_values():
    assert value_of("mmxx") == 2020


def test_a_numeral():
    assert is_roman("XLII")


def test_what_is_none():
    assert not is_roman("IIII")


def test_letters_that_are_none():
    assert not is_roman("ABC")


def test_sums():
    assert add("II", "III") == "V"


def test_no_sum_of_what_is_no_numeral():
    with pytest.raises(ValueError, match="is no numeral"):
        add("II", "hello")
