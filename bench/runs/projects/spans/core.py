"""Half-open spans of whole numbers."""

Span = tuple[int, int]


def length(span: Span) -> int:
    """Return how many numbers are in a span, 0 for one that ends before it begins."""
    start, end = span
    return max(0, end - start)


def overlap(one: Span, other: Span) -> Span | None:
    """Return what both spans cover, None where that is nothing."""
    start = max(one[0], other[0])
    end = min(one[1], other[1])
    if start >= end:
        return None
    return start, end


def merged(spans: list[Span]) -> list[Span]:
    """Return the spans in order, those that meet or overlap as one, empty ones left out."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def without(span: Span, holes: list[Span]) -> list[Span]:
    """Return what is left of a span where the holes are taken out."""
    left: list[Span] = []
    at = span[0]
    for start, end in merged(holes):
        if end <= at or start >= span[1]:
            continue
        if start > at:
            left.append((at, start))
        at = max(at, end)
    if at < span[1]:
        left.append((at, span[1]))
    return left


def covering(spans: list[Span], number: int) -> int:
    """Return how many of the spans hold a number."""
    return sum(1 for start, end in spans if start <= number < end)
