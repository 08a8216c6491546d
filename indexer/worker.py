"""The program of a parse worker: reads batches of jobs on its input, writes one reply per file to its output.

It says that it is ready with an empty frame and ends when its input does. A timer that no grammar can hold up
ends it when one file takes too long, even when nobody is left to kill it.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
from pathlib import Path
from typing import IO

import msgspec

from bridle.indexer.languages.readers import PYTHON
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.parse import Job, Parsed, Unread, encoded, parse

MAX_FRAME_BYTES = 1 << 30
MAX_MEMORY_BYTES = 3 << 30
FULL_EVERY = 16
"""After so many batches all that lives is looked through for circles, after each of them only what is new."""
_YOUNGEST, _ALL = 0, 2


class EndedError(Exception):
    """The other side closed its end, or broke the frame."""


def read_frame(stream: IO[bytes]) -> bytes:
    """Return the next frame: its length in four bytes, big-endian, and that many bytes.

    Raises:
        EndedError: there is none, or not a whole one.
    """
    size = int.from_bytes(_read_exactly(stream, 4), "big")
    if size > MAX_FRAME_BYTES:
        raise EndedError(f"a frame of {size} bytes")
    return _read_exactly(stream, size)


def write_frame(stream: IO[bytes], data: bytes) -> None:
    """Write `data` as one frame, at once.

    Raises:
        OSError: the other side is gone.
    """
    stream.write(len(data).to_bytes(4, "big") + data)
    stream.flush()


def _read_exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EndedError("the stream ended")
    return data


def main() -> None:
    """Serve until the input ends. Arguments: the root, and the seconds that one file may take."""
    root, timeout_s = Path(sys.argv[1]), float(sys.argv[2])
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the kernel ends us: a handler would wait for the grammar
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a stray print never breaks a frame
    parse(root, Job(PYTHON.probe[0], data=PYTHON.probe[1]))  # loads the grammar; the others when a file asks for one
    gc.freeze()  # what is loaded stays
    gc.disable()  # a file makes many small things and few circles
    write_frame(replies, b"")
    trees = Trees()
    decoder = msgspec.msgpack.Decoder(list[Job])
    n_batches = 0
    while True:
        try:
            jobs = decoder.decode(read_frame(sys.stdin.buffer))
        except EndedError:
            return
        for job in jobs:
            signal.setitimer(signal.ITIMER_REAL, timeout_s)
            reply: Parsed | Unread = parse(root, job, trees)
            signal.setitimer(signal.ITIMER_REAL, 0)
            write_frame(replies, encoded(reply))
        n_batches += 1
        gc.collect(_ALL if n_batches % FULL_EVERY == 0 else _YOUNGEST)


if __name__ == "__main__":
    main()
