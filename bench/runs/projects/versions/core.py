"""Versions of three numbers, and what a project wants of them."""

Version = tuple[int, int, int]


def version_of(text: str) -> Version:
    """Return a version; what is left out counts as 0. Raises ValueError."""
    parts = text.removeprefix("v").split(".")
    if len(parts) > 3 or not all(part.isdigit() for part in parts):
        raise ValueError(f"not a version: {text!r}")
    numbers = [int(part) for part in parts]
    while len(numbers) < 3:
        numbers.append(0)
    return numbers[0], numbers[1], numbers[2]


def bumped(version: Version, part: str) -> Version:
    """Return the next version by its part: major, minor or patch. Raises ValueError."""
    major, minor, patch = version
    if part == "major":
        return major + 1, 0, 0
    if part == "minor":
        return major, minor + 1, 0
    if part == "patch":
        return major, minor, patch + 1
    raise ValueError(f"no part {part!r}")


def compatible(wanted: Version, offered: Version) -> bool:
    """Return whether what is offered serves: no older, and the same major; below 1.0 the same minor too."""
    if offered < wanted or offered[0] != wanted[0]:
        return False
    return wanted[0] > 0 or offered[1] == wanted[1]


def satisfies(version: Version, rule: str) -> bool:
    """Return whether a version keeps a rule such as ``>=1.2``, ``<2``, ``==1.0``, ``~1.2``."""
    for sign in (">=", "<=", "==", ">", "<", "~"):
        if rule.startswith(sign):
            other = version_of(rule[len(sign) :].strip())
            return {
                ">=": version >= other,
                "<=": version <= other,
                "==": version == other,
                ">": version > other,
                "<": version < other,
                "~": compatible(other, version),
            }[sign]
    return version == version_of(rule)


def best(versions: list[Version], rules: list[str]) -> Version | None:
    """Return the newest version that keeps all rules, None where none does."""
    kept = [one for one in versions if all(satisfies(one, rule) for rule in rules)]
    return max(kept) if kept else None
