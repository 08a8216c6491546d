"""The engine's process: reads requests from its input, answers on its output, and ends when its input ends.

Standard output is taken for frames before anything else is imported, so that a stray print goes to the log.
"""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import gc
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridle.harness.engine import Engine, EngineEvent
    from bridle.harness.wire import Frame

LONGEST_CALL_S = 3600.0
COLLECT_EVERY = (10_000, 5, 20)
"""New objects until the collector looks at the young, such looks until at those of middle age, such until at all."""
PLACES = frozenset({"BRIDLE_TRANSCRIPT", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"})
"""Variables that name a place, which may be told from where the editor stands."""


def main() -> None:
    """Serve one workspace until the input ends."""
    frames = os.dup(1)
    os.dup2(2, 1)
    faulthandler.enable()  # a crash in a library leaves what every thread was doing in the log
    parser = argparse.ArgumentParser(prog="bridle-engine", description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--settings", default="{}")
    options = parser.parse_args()
    root = options.root.resolve()
    for name in PLACES & os.environ.keys():
        if os.environ[name] and not os.environ[name].startswith("~"):
            os.environ[name] = os.path.abspath(os.environ[name])  # noqa: PTH100  # a variable is text
    os.chdir("/")  # libraries read settings of the folder they stand in, which may be anybody's
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads spin where cores are few: a fit took 18 s, not 7
    gc.set_threshold(*COLLECT_EVERY)
    asyncio.run(_serve(root, options.settings, frames))


async def _serve(root: Path, settings: str, frames: int) -> None:
    import msgspec

    from bridle.harness.wire import Frame, Outbox
    from bridle.harness.workspace import open_engine

    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(frames, "wb"))
    writer = asyncio.StreamWriter(transport, protocol, None, loop)
    outbox = Outbox(writer)
    engine = await open_engine(root, msgspec.json.decode(settings, type=dict[str, object]))

    settling = Settling()

    def tell(event: EngineEvent) -> None:
        outbox.send(Frame(event=event))
        settling.hear(event)

    engine.listen(tell)
    await answer_all(engine, reader, outbox.send)


class Settling:
    """Hears when all files are known for the first time, and takes what is there out of the collector's sight.

    It stays, and looking through all of it holds every thread each time.
    """

    def __init__(self) -> None:
        self.is_settled = False

    def hear(self, event: EngineEvent) -> None:
        """Take an event; the first that says that all is known counts."""
        from bridle.harness.engine import IndexProgress

        if isinstance(event, IndexProgress) and event.done and not event.paused and not self.is_settled:
            self.is_settled = True
            gc.collect()
            gc.freeze()


async def answer_all(engine: Engine, reader: asyncio.StreamReader, send: Callable[[Frame], bool]) -> None:
    """Answer requests side by side until the input ends, then close the engine; who is `gone` is not worked for."""
    from bridle.harness.wire import read_frame

    answering: dict[int, asyncio.Task[None]] = {}
    try:
        while (frame := await read_frame(reader)) is not None:
            if not frame.gone:
                answering[frame.id] = task = asyncio.create_task(_answer(engine, frame, send))
                task.add_done_callback(partial(_forget, answering, frame.id))
            elif (left := answering.get(frame.id)) is not None:
                left.cancel()
    finally:
        await engine.close()
        waiting = list(answering.values())
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def _forget(answering: dict[int, asyncio.Task[None]], number: int, _: asyncio.Task[None]) -> None:
    answering.pop(number, None)


async def _answer(engine: Engine, frame: Frame, send: Callable[[Frame], bool]) -> None:
    from bridle.harness.nouns import UserProblem
    from bridle.harness.wire import Frame, Problem

    assert frame.request is not None
    try:
        send(Frame(id=frame.id, reply=await engine.call(frame.request, timeout_s=LONGEST_CALL_S)))
    except UserProblem as problem:
        send(Frame(id=frame.id, problem=Problem(problem.message, problem.next_step, person=True)))
    except Exception as error:  # noqa: BLE001 - the border of the process: a fault is told to the door, never lost
        traceback.print_exc()
        send(Frame(id=frame.id, problem=Problem(f"{type(error).__name__}: {error}", "", person=False)))


if __name__ == "__main__":
    main()
