"""Property tests here share two cores with real programs: they are bounded in number, not in milliseconds."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
