"""The values of a failure as a person may see them: secrets redacted, then cut. Pure.

Cut after redacting, and by what stood before it: half a secret at the end of a value would pass for none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bridle.context.redact import hidden, redact
from bridle.harness.nouns import Values

MAX_FRAMES = 2
MAX_SHOWN = 20
MAX_VALUE = 200
MAX_NAME = 60

Held = tuple[str, int, int, tuple[tuple[str, str], ...], int]
"""Path, lines, names with their values, how many were left out: as the plugin writes them."""


def values_of(held: Sequence[Held], digests: Mapping[str, str]) -> tuple[Values, ...]:
    """Return the values of a failure's frames; `digests` are those of the tree that ran."""
    return tuple(_values(one, digests[one[0]]) for one in held[:MAX_FRAMES] if one[0] in digests and one[3])


def shown_value(raw: str, limit: int = MAX_VALUE) -> str:
    """Return a value in one line, without secrets, of what stands in its first `limit` characters."""
    text = " ".join(raw.split("\n"))
    if "PRIVATE KEY" in text:
        return "<a private key>"
    parts: list[str] = []
    at = 0
    for secret in redact(text).secrets:
        if secret.start >= limit:
            break
        parts += [text[at : secret.start], secret.placeholder]
        at = secret.end
    end = max(at, limit)
    return "".join([*parts, text[at:end]]) + ("…" if len(text) > end else "")


def _values(held: Held, digest: str) -> Values:
    path, start, end, named, n_left_out = held
    shown = tuple((hidden(name)[:MAX_NAME], shown_value(value)) for name, value in named[:MAX_SHOWN])
    n_over = max(0, len(named) - MAX_SHOWN)
    return Values(path, max(0, start), max(start + 1, end), digest, shown, max(0, n_left_out) + n_over)
