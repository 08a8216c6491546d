"""Amounts in whole cents."""


def parsed(text: str) -> int:
    """Return the cents of an amount such as ``12`` or ``-3.50``. Raises ValueError."""
    bare = text.strip()
    negative = bare.startswith("-")
    whole, point, part = bare.lstrip("-").partition(".")
    if not whole.isdigit() or (point and (len(part) != 2 or not part.isdigit())):
        raise ValueError(f"not an amount: {text!r}")
    cents = int(whole) * 100 + int(part or "0")
    return -cents if negative else cents


def shown(cents: int) -> str:
    """Return an amount with two places, thousands apart."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}{whole:,}.{part:02d}"


def percent(cents: int, rate: int) -> int:
    """Return a share to the nearest cent; half a cent goes up."""
    return (cents * rate + 50) // 100


def split(cents: int, ways: int) -> list[int]:
    """Return parts that add up, none more than a cent apart, the greater ones first."""
    if ways < 1:
        raise ValueError("nobody to split between")
    each, left = divmod(cents, ways)
    return [each + 1 if n < left else each for n in range(ways)]


def balance(entries: list[tuple[str, int]], account: str) -> int:
    """Return what the entries of an account, and of those below it, come to."""
    return sum(cents for name, cents in entries if name == account or name.startswith(account + ":"))


def overdrawn(entries: list[tuple[str, int]], limit: int = 0) -> list[str]:
    """Return the accounts that stand below the limit, in order."""
    names = sorted({name for name, _ in entries})
    return [name for name in names if balance(entries, name) < limit]
