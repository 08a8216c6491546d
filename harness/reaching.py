"""Which tests were seen to reach the functions of a file, for whoever stands on one; nothing is run."""

from __future__ import annotations

import asyncio
import time

from bridle.harness.buffers import Buffers
from bridle.harness.engine import GetReach, Reach, ReachRow
from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.impact.reach import reach
from bridle.indexer.encoding import text_of


class Reaching:
    """What the tests of one root were seen to do."""

    def __init__(self, buffers: Buffers, memory: Memory) -> None:
        self._buffers = buffers
        self._memory = memory

    async def reach(self, request: GetReach) -> Reach:
        """Return which tests were seen to reach the functions of a file, of a file that nobody has seen none."""
        return await asyncio.to_thread(self._reach, request.path)

    def _reach(self, path: str) -> Reach:
        rows: list[ReachRow] = []
        for found in self._memory.all():
            if path in found.record.texts:
                text = text_of(self._buffers.current(path)) or ""
                rows += reach(found.record, found.evidence, path, text, time.time())
        return Reach(tuple(rows))
