"""Words in lines of text."""


def slug(title: str) -> str:
    """Return a title as part of an address: small letters, digits, single hyphens, none at the ends."""
    kept = [letter if letter.isalnum() else "-" for letter in title.lower()]
    return "-".join(part for part in "".join(kept).split("-") if part)


def initials(name: str) -> str:
    """Return the first letters of a name as capitals; a hyphen begins a part."""
    parts = name.replace("-", " ").split()
    return "".join(part[0].upper() for part in parts)


def wrapped(text: str, width: int) -> list[str]:
    """Return the words in lines of at most `width`; a longer word has a line of its own."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        if not line:
            line = word
        elif len(line) + 1 + len(word) <= width:
            line += " " + word
        else:
            lines.append(line)
            line = word
    if line:
        lines.append(line)
    return lines


def counted(text: str) -> list[tuple[str, int]]:
    """Return each word with how often it stands there, the most frequent first, then by the alphabet."""
    counts: dict[str, int] = {}
    for word in text.lower().split():
        bare = word.strip(".,;:!?")
        if bare:
            counts[bare] = counts.get(bare, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` letters, the last of them an ellipsis where something was left out."""
    if len(text) <= most:
        return text
    if most < 1:
        return ""
    return text[: most - 1].rstrip() + "…"
