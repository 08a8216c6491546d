"""How sure a figure is: Wilson's interval for shares, the bootstrap for means and for paired differences. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

Z = 1.96
N_DRAWS = 2_000


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share."""
    if not n:
        return 0.0, 1.0
    share, spread = hits / n, Z * Z / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def bootstrap(values: Sequence[float], seed: int = 1) -> tuple[float, float]:
    """Return the 95 % interval of a mean."""
    if not values:
        return 0.0, 0.0
    dice = random.Random(seed)  # noqa: S311  # draws, no secret
    means = sorted(math.fsum(dice.choices(values, k=len(values))) / len(values) for _ in range(N_DRAWS))
    return means[int(N_DRAWS * 0.025)], means[int(N_DRAWS * 0.975) - 1]
