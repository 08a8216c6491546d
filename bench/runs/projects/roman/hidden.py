import pytest
from roman.core import add, is_roman, to_roman, value_of


def test_all_numbers_come_back():
    assert all(value_of(to_roman(n)) == n for n in range(1, 4000))


def test_known_numerals():
    known = {400: "CD", 500: "D", 900: "CM", 50: "L", 5: "V", 10: "X", 100: "C", 1000: "M", 3999: "MMMCMXCIX", 6: "VI"}
    assert {n: to_roman(n) for n in known} == known


def test_the_ends():
    for number in (-1, 0, 4000):
        with pytest.raises(ValueError, match="no numeral for"):
            to_roman(number)


def test_values_of_what_counts_against():
    assert [value_of(text) for text in ("IV", "IX", "XIX", "MCM", "XX", "cd")] == [4, 9, 19, 1900, 20, 400]


def test_what_is_a_numeral():
    assert all(is_roman(text) for text in ("I", "iv", "MMMCMXCIX", "XC"))
    assert not any(is_roman(text) for text in ("", "IIX", "VV", "IC", "MMMM", "X1", "XLIIII"))


def test_sums_at_the_ends():
    assert add("MMMCMXCVIII", "I") == "MMMCMXCIX"
    assert add("iv", "VI") == "X"
    with pytest.raises(ValueError, match="no numeral for"):
        add("MMM", "M")
    with pytest.raises(ValueError, match="is no numeral"):
        add("IIII", "I")
