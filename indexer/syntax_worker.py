"""The program that answers questions about syntax, one at a time, until its input ends.

As with the parse workers, a timer that no grammar can hold up ends it when one question takes too long.
"""

from __future__ import annotations

import os
import resource
import signal
import sys

import msgspec

from bridle.indexer.syntax import Question, answer
from bridle.indexer.worker import MAX_MEMORY_BYTES, EndedError, read_frame, write_frame


def main() -> None:
    """Serve until the input ends. Argument: the seconds that one question may take."""
    timeout_s = float(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the kernel ends us: a handler would wait for the grammar
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a stray print never breaks a frame
    decoder, encoder = msgspec.msgpack.Decoder(Question), msgspec.msgpack.Encoder()
    while True:
        try:
            question = decoder.decode(read_frame(sys.stdin.buffer))
        except EndedError:
            return
        signal.setitimer(signal.ITIMER_REAL, timeout_s)
        told = answer(question)
        signal.setitimer(signal.ITIMER_REAL, 0)
        write_frame(answers, encoder.encode(told))


if __name__ == "__main__":
    main()
