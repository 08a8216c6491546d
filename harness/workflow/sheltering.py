"""Opens a shadow of the workspace as a run begins with it, unsaved buffers included, by the person's settings."""

from __future__ import annotations

from collections.abc import Mapping

from bridle.harness.ground import Ground
from bridle.harness.shadow.shadow import Shadow, open_shadow


def open_ground(ground: Ground, dirty: Mapping[str, bytes]) -> Shadow:
    """Return a shadow on the best rung that works here; `dirty` are the unsaved buffers. Raises UserProblem."""
    return open_shadow(
        ground.root,
        ground.state.shadows,
        dirty,
        python=ground.settings.python or None,
        required=ground.settings.sandbox_required,
        limits=ground.settings.limits,
        container=ground.settings.container,
    )
