import pytest
from days.core import between, day_of_year, days_in, is_leap, later, next_day


def test_a_leap_year():
    assert is_leap(2024)


def test_a_common_year():
    assert not is_leap(2023)


def test_centuries():
    assert not is_leap(1900)


def test_months():
    assert [days_in(2023, month) for month in (1, 4, 12)] == [31, 30, 31]


def test_february():
    assert days_in(2024, 2) == 29


def test_no_month():
    with pytest.raises(ValueError, match="no month"):
        days_in(2024, 13)


def test_the_first_day():
    assert day_of_year(2023, 1, 1) == 1


def test_a_day_in_march():
    assert day_of_year(2023, 3, 1) == 60


def test_tomorrow():
    assert next_day(2023, 5, 6) == (2023, 5, 7)


def test_the_end_of_a_month():
    assert next_day(2023, 4, 30) == (2023, 5, 1)


def test_the_end_of_a_year():
    assert next_day(2023, 12, 31) == (2024, 1, 1)


def test_later():
    assert later((2024, 2, 27), 3) == (2024, 3, 1)


def test_between():
    assert between((2023, 1, 1), (2023, 1, 31)) == 30


def test_between_years():
    assert between((2023, 12, 31), (2024, 1, 1)) == 1


def test_before():
    assert between((2023, 1, 3), (2023, 1, 1)) == -2
