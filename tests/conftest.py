"""What holds for every test: nothing is left in the caches of the person who runs them, and no machine is too slow."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
"""How fast a machine makes examples says nothing about the product."""


@pytest.fixture(scope="session", autouse=True)
def caches() -> Iterator[None]:
    """Give the whole session a cache folder of its own."""
    before = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory(prefix="bridle-test-cache-", ignore_cleanup_errors=True) as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        yield
    if before is None:
        os.environ.pop("XDG_CACHE_HOME", None)
    else:
        os.environ["XDG_CACHE_HOME"] = before


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first, so that no worker is left alone with one of them at the end."""
    weights: Counter[str] = Counter()
    for item in items:
        weights[_file(item)] += 100 * bool(item.get_closest_marker("editor")) + bool(item.get_closest_marker("slow"))
    items.sort(key=lambda item: -weights[_file(item)])


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
