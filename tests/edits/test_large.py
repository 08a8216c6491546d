"""A file of fifty thousand lines: an edit does work in its own lines, and reads the rest no more often than it must."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from edit_desk import Desk, Lines

from bridle.context.anchors import check_word
from bridle.indexer.history import LoggedMap
from bridle.indexer.text import LineChange

pytestmark = pytest.mark.slow

N = 50_000
SOURCE = "".join(f"value_{n} = {n % 97}\n" for n in range(N))


@contextmanager
def counted(*functions: Callable[..., object]) -> Iterator[Counter[str]]:
    """Count the calls of `functions` in this block."""
    codes = {function.__code__: function.__name__ for function in functions}
    calls: Counter[str] = Counter()

    def hear(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code in codes:
            calls[codes[frame.f_code]] += 1

    before = sys.getprofile()
    sys.setprofile(hear)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def test_one_edit_computes_the_words_of_its_own_lines() -> None:
    at = Desk({"a.txt": SOURCE})
    line = Lines(at.read("a.txt", (40_000, 40_010)))
    with counted(check_word) as calls:
        at.land({"files": [{"path": "a.txt", "rev": 1, "edits": [{"at": line[40_001:40_004], "text": "x = 1"}]}]})
    assert calls["check_word"] <= 4
    lines = SOURCE.split("\n")
    assert at.text("a.txt") == "\n".join([*lines[:40_000], "x = 1", *lines[40_004:]])


def test_a_refusal_computes_the_words_of_what_it_shows() -> None:
    at = Desk({"a.txt": SOURCE})
    at.read("a.txt", (40_000, 40_010))
    with counted(check_word) as calls:
        problem = at.refusal({"files": [{"path": "a.txt", "rev": 1, "edits": [{"at": "40001zz", "text": "x"}]}]})
    assert problem.code == "E_ANCHOR"
    assert calls["check_word"] <= 100


def test_a_thousand_edits_of_one_call_all_land() -> None:
    at = Desk({"a.txt": SOURCE})
    line = Lines(at.read("a.txt"))
    edits = [{"at": line[n], "text": f"new_{n} = 1"} for n in range(7, N, 50)]
    assert len(edits) == 1_000
    at.files["a.txt"] = b"# mine\n" + SOURCE.encode()
    at.moved = lambda path, number: LoggedMap([LineChange(0, 0, 1)])
    with counted(check_word) as calls:
        at.land({"files": [{"path": "a.txt", "rev": 1, "edits": edits}]})
    assert calls["check_word"] <= 2 * len(edits)
    now = at.text("a.txt").split("\n")
    assert len(now) == N + 2
    assert [n for n in range(N) if now[n + 1] != f"value_{n} = {n % 97}"] == [n - 1 for n in range(7, N, 50)]


def test_a_block_near_the_end_is_found_by_its_line() -> None:
    source = SOURCE.replace("value_49000 = 15\n", "def f():\n    return 1\n")
    at = Desk({"a.py": source})
    line = Lines(at.read("a.py", (48_990, 49_010)))
    at.land({"files": [{"path": "a.py", "rev": 1, "edits": [{"block": line[49_001], "text": "def f(): ..."}]}]})
    assert at.text("a.py") == source.replace("def f():\n    return 1\n", "def f(): ...\n")
