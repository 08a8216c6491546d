"""Which tests of a small project pass with other texts of its module: `python trial.py` with a question on its input.

The question is one JSON document, the answer another: for each text the tests by name with pass, fail or hang. The
tests are plain functions; a text that hangs is left after a second of CPU time, its further tests count as hanging.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import types
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn

PATIENCE_S = 1.0
"""Of CPU time, so that a busy machine makes nothing hang."""
MEMORY_BYTES = 2 << 30
LONGEST_S = 900.0

Outcomes = dict[str, str]


class Hangs(BaseException):
    """Not to be caught by what is tried."""


def outcomes(name: str, tests: dict[str, str], texts: Sequence[str]) -> list[Outcomes]:
    """Return what the tests, modules by name, say of each text of the module ``NAME.core``, in a process apart."""
    question = json.dumps({"name": name, "tests": tests, "texts": list(texts)})
    command = [sys.executable, str(Path(__file__).resolve())]
    done = subprocess.run(command, input=question, capture_output=True, text=True, timeout=LONGEST_S, check=True)
    answer: list[Outcomes] = json.loads(done.stdout.rpartition("\x00")[2])
    return answer


def _hang(signum: int, frame: object) -> NoReturn:
    raise Hangs


def _tried(name: str, tests: dict[str, str], text: str) -> Outcomes:
    """Return what the tests say of one text; a module that cannot be loaded fails as a whole."""
    found: Outcomes = {}
    for module, source in tests.items():
        functions = [line[4:].partition("(")[0] for line in source.splitlines() if line.startswith("def test_")]
        for function in functions:
            key = f"{module}::{function}"
            found[key] = "hang" if "hang" in found.values() else _one(name, text, source, function)
    return found


def _one(name: str, text: str, source: str, function: str) -> str:
    signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
    try:
        package, core = types.ModuleType(name), types.ModuleType(f"{name}.core")
        sys.modules |= {name: package, f"{name}.core": core}
        exec(_compiled(text), core.__dict__)  # noqa: S102  # that is what a trial is
        space: dict[str, object] = {}
        exec(_compiled(source), space)  # noqa: S102
        test = space[function]
        assert callable(test)
        test()
    except Hangs:
        return "hang"
    except BaseException:  # noqa: BLE001  # pytest's own failures are no Exception; whatever goes wrong is the answer
        return "fail"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "pass"


@cache
def _compiled(source: str) -> types.CodeType:
    return compile(source, "trial", "exec")


def main() -> None:
    """Answer one question."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGPROF, _hang)
    sys.dont_write_bytecode = True
    question = json.load(sys.stdin)
    answer = [_tried(question["name"], question["tests"], text) for text in question["texts"]]
    sys.stdout.write("\x00" + json.dumps(answer))


if __name__ == "__main__":
    main()
