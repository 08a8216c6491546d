"""Days of the calendar, without a library."""

DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year: int) -> bool:
    """Return whether a year has a 29th of February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(year: int, month: int) -> int:
    """Return how many days a month has. Raises ValueError."""
    if month < 1 or month > 12:
        raise ValueError(f"no month {month}")
    if month == 2 and is_leap(year):
        return 29
    return DAYS[month - 1]


def day_of_year(year: int, month: int, day: int) -> int:
    """Return which day of its year a date is, from 1 on."""
    return sum(days_in(year, one) for one in range(1, month)) + day


def next_day(year: int, month: int, day: int) -> tuple[int, int, int]:
    """Return the date after a date."""
    if day < days_in(year, month):
        return year, month, day + 1
    if month < 12:
        return year, month + 1, 1
    return year + 1, 1, 1


def later(date: tuple[int, int, int], days: int) -> tuple[int, int, int]:
    """Return the date so many days later."""
    for _ in range(days):
        date = next_day(*date)
    return date


def between(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
    """Return how many days the second date is after the first, below zero where it is before."""
    if other < one:
        return -between(other, one)
    total = 0
    for year in range(one[0], other[0]):
        total += 366 if is_leap(year) else 365
    return total - day_of_year(*one) + day_of_year(*other)
