import datetime as dt

import pytest
from days.core import between, day_of_year, days_in, is_leap, later, next_day


def test_leap_years_of_four_centuries():
    for year in range(1890, 2110):
        assert is_leap(year) == (days(year + 1) - days(year) == 366)


def days(year):
    return dt.date(year, 1, 1).toordinal()


def test_all_months():
    assert [days_in(2023, month) for month in range(1, 13)] == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert days_in(2000, 2) == 29
    for month in (0, 13, -1):
        with pytest.raises(ValueError, match="no month"):
            days_in(2023, month)


def test_days_of_a_leap_year():
    assert [day_of_year(2024, 12, 31), day_of_year(2023, 12, 31), day_of_year(2024, 2, 29)] == [366, 365, 60]


def test_a_year_day_by_day():
    date, at = (2023, 12, 30), dt.date(2023, 12, 30)
    for _ in range(430):
        date, at = next_day(*date), at + dt.timedelta(days=1)
        assert date == (at.year, at.month, at.day)


def test_later_by_nothing():
    assert later((2024, 2, 29), 0) == (2024, 2, 29)
    assert later((2023, 2, 28), 1) == (2023, 3, 1)


def test_between_over_leap_years():
    dates = [(1999, 12, 31), (2000, 2, 29), (2000, 3, 1), (2004, 1, 1), (2024, 12, 31)]
    for one in dates:
        for other in dates:
            assert between(one, other) == (dt.date(*other) - dt.date(*one)).days
