"""Roman numerals from 1 to 3999."""

PAIRS = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def to_roman(number: int) -> str:
    """Return a number as a numeral. Raises ValueError where there is none."""
    if number < 1 or number > 3999:
        raise ValueError(f"no numeral for {number}")
    written = ""
    for value, letters in PAIRS:
        while number >= value:
            written += letters
            number -= value
    return written


def value_of(numeral: str) -> int:
    """Return what the letters come to: one before a greater one counts against it."""
    total = 0
    before = 0
    for letter in reversed(numeral.upper()):
        value = VALUES[letter]
        if value < before:
            total -= value
        else:
            total += value
            before = value
    return total


def is_roman(text: str) -> bool:
    """Return whether a text is a numeral as it is properly written, in capitals or not."""
    letters = text.upper()
    if not letters or any(letter not in VALUES for letter in letters):
        return False
    value = value_of(letters)
    return 1 <= value <= 3999 and to_roman(value) == letters


def add(one: str, other: str) -> str:
    """Return the sum of two numerals. Raises ValueError where one is none."""
    for numeral in (one, other):
        if not is_roman(numeral):
            raise ValueError(f"{numeral!r} is no numeral")
    return to_roman(value_of(one) + value_of(other))
