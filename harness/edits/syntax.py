"""Asking what a grammar says: by a process of its own, which can be ended, and never in ours.

A grammar that hangs or crashes costs the one question. What cannot be answered is told with its reason; the
caller decides what that means.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from functools import cache

import msgspec

from bridle.indexer.process import Child, spawn
from bridle.indexer.syntax import Answer, Question, Unanswered
from bridle.indexer.worker import EndedError, read_frame, write_frame

TIMEOUT_S = 5.0
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL")


class SyntaxReader:
    """One process that knows the grammars, started when first asked. Thread-safe; questions wait for their turn."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._argv = [sys.executable, "-P", "-m", "bridle.indexer.syntax_worker", str(timeout_s)]
        self._timeout_s = timeout_s
        self._child: Child | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        """The process that answers; 0 before it was asked."""
        return self._child.pid if self._child else 0

    def ask(self, question: Question) -> Answer:
        """Return the answer; `Unanswered` where the process ended over it."""
        with self._lock:
            try:
                child = self._child = self._child or self._start()
                write_frame(child.stdin, msgspec.msgpack.encode(question))
                told: Answer = msgspec.msgpack.decode(read_frame(child.stdout), type=Answer)
            except (EndedError, OSError, ValueError) as error:
                return Unanswered(self._bury(error))
            return told

    def close(self) -> None:
        """End the process; the next question starts another."""
        with self._lock:
            self._kill()

    def _start(self) -> Child:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return spawn(self._argv, env=environment, cwd="/")

    def _bury(self, error: Exception) -> str:
        child = self._child
        exit_code = child.wait(1.0) if child else None
        self._kill()
        if exit_code == -signal.SIGALRM:
            return f"reading its syntax took longer than {self._timeout_s:g} s"
        return f"its syntax could not be read: {error}"

    def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()


@cache
def reader() -> SyntaxReader:
    """Return the reader of this process; it is ended with it."""
    made = SyntaxReader()
    atexit.register(made.close)
    return made
