"""Which versions of packages are installed, as the folders beside them are named: `NAME-VERSION.dist-info`.

Format: https://packaging.python.org/specifications/binary-distribution-format (the .dist-info directory).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

_ENDING = ".dist-info"


def versions(names: Iterable[str]) -> list[str]:
    """Return the version of each package; the first on `sys.path` counts, as it does for an import.

    A package that was installed in another form is asked of `importlib.metadata`, whose import alone costs a warm start
    more than this listing.

    Raises:
        importlib.metadata.PackageNotFoundError: there is none of that name.
    """
    found: dict[str, str] = {}
    for place in sys.path:
        for entry in _listing(place or "."):
            if entry.endswith(_ENDING):
                name, _, version = entry.removesuffix(_ENDING).partition("-")
                found.setdefault(name.replace(".", "_").lower(), version)
    return [found.get(name.replace("-", "_").lower()) or _told(name) for name in names]


def _listing(place: str) -> list[str]:
    try:
        return os.listdir(place)  # noqa: PTH208  # names alone, a fifth of what paths cost
    except OSError:
        return []


def _told(name: str) -> str:
    from importlib.metadata import version

    return version(name)
