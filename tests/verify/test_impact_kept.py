"""A test that is handed what an earlier one had worked out depends on all that was done for it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from check_bench import Bench

from bridle.harness.verify.impact.choosing import Change, choose
from bridle.harness.verify.impact.evidence import Context, Evidence
from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.impact.touches import touches
from bridle.harness.verify.job import IMPACT

keepers = importlib.import_module("bridle.harness.verify.plugins.bridle_kept").keepers
WAYS = {
    "cached": "@functools.lru_cache(maxsize=None)\ndef cached(n):\n    return made_cached(n)",
    "by_hand": "def by_hand(n):\n    if n not in HELD:\n        HELD[n] = made_by_hand(n)\n    return HELD[n]",
    "tried": (
        "def tried(n):\n    try:\n        return TRIED[n]\n    except KeyError:\n        pass\n"
        "    value = made_tried(n)\n    TRIED[n] = value\n    return value"
    ),
    "got": (
        "def got(n):\n    value = GOT.get(n)\n    if value is None:\n        value = GOT[n] = made_got(n)\n"
        "    return value"
    ),
    "single": ("def single(n):\n    global ONLY\n    if ONLY is None:\n        ONLY = made_single(n)\n    return ONLY"),
    "default": "def default(n):\n    return DEFAULT.setdefault(n, n in DEFAULT or made_default(n))",
    "local": (
        "def local(n):\n    held = HOLDER.local\n    if n not in held:\n        held[n] = made_local(n)\n"
        "    return held[n]"
    ),
    "fails": (
        "def fails(n):\n    if n not in FAILED:\n        try:\n            made_fails(n)\n"
        "        except ValueError as error:\n            FAILED[n] = str(error)\n    return FAILED[n]"
    ),
    "nested": "@functools.cache\ndef nested(n):\n    return nested_once(n)",
    "awaited": (
        "async def awaited_once(n):\n    if n not in AWAITED:\n        AWAITED[n] = made_awaited(n)\n"
        "    return AWAITED[n]\n\n\ndef awaited(n):\n    return asyncio.run(awaited_once(n))"
    ),
    "lazily": (
        "class Lazy:\n    @functools.cached_property\n    def late(self):\n        return made_lazily(1)\n\n\n"
        "LAZY = Lazy()\n\n\ndef lazily(n):\n    return LAZY.late"
    ),
    "often": (
        "def often_once(n):\n    if n not in OFTEN:\n        OFTEN[n] = made_often(n)\n    return OFTEN[n]\n\n\n"
        "def often(n):\n    return [often_once(n) for _ in range(300)][0]"
    ),
}
HEAD = (
    "import asyncio\nimport functools\n\nHELD, TRIED, GOT, DEFAULT, FAILED, AWAITED, OFTEN = ({} for _ in range(7))\n"
    "ONLY = None\n\n\nclass HOLDER:\n    local = {}\n\n\nNESTED = {}\n\n\ndef nested_once(n):\n"
    "    if n not in NESTED:\n        NESTED[n] = made_nested(n)\n    return NESTED[n]\n"
)
MADE = "def made_{0}(n):\n    value = n + 1  # of {0}\n    return value"
MADE_FAILS = "def made_fails(n):\n    value = n + 1  # of fails\n    raise ValueError(value)"
CODE = (
    "\n\n\n".join([HEAD, *(MADE_FAILS if way == "fails" else MADE.format(way) for way in WAYS), *WAYS.values()]) + "\n"
)
TESTS = "import kept\n\n\n" + "\n\n\n".join(
    f"def test_{when}_{way}():\n    assert kept.{way}(1)" for when in ("first", "again") for way in WAYS
)
APART = "import kept\n\n\ndef test_apart():\n    assert kept.made_cached is not None\n"


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """What was seen when each way was taken twice."""
    place = tmp_path_factory.mktemp("kept")
    for name in ("workspace", "state"):
        (place / name).mkdir()
    bench = Bench(place / "workspace", place / "state")
    bench.memory, bench.which = Memory(place / "memory"), IMPACT
    bench.put({"kept.py": CODE, "test_kept.py": TESTS, "test_apart.py": APART, "pytest.ini": "[pytest]\n"})
    verdict = bench.one("pytest")
    assert verdict.outcome == "pass", verdict.reason
    known = bench.memory.known("pytest")
    assert known is not None
    return known.evidence


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_whoever_is_handed_what_is_kept_runs_when_what_made_it_changes(evidence: Evidence, way: str) -> None:
    changed = CODE.replace(f"value = n + 1  # of {way}", f"value = n + 2  # of {way}")
    selection = choose(evidence, Change(touches("kept.py", CODE, changed, lambda word: True)))
    picked = {pick.id.partition("::")[2] for pick in selection.picks}
    assert {f"test_first_{way}", f"test_again_{way}"} <= picked
    if way != "often" or not hasattr(sys, "monitoring"):
        assert picked == {f"test_first_{way}", f"test_again_{way}"}
    assert not selection.everything


def test_what_a_cached_function_opens_is_felt_by_who_names_it() -> None:
    texts = {"load.py": "@cache\ndef load():\n    return open('data.txt').read()\n", "test_load.py": READERS}
    evidence = Evidence(
        [
            Context("cached:load.py::load", lines={"load.py": "4"}, opened=("data.txt",)),
            Context("test:test_load.py::test_one", {"test_load.py": "10"}, kept=("cached:load.py::load",)),
            Context("test:test_load.py::test_two", {"test_load.py": "100"}),
            Context("test:test_load.py::test_none", {"test_load.py": "1000"}),
        ],
        {},
        texts,
    )
    selection = choose(evidence, Change(others={"data.txt": "modified"}))
    assert [pick.id for pick in selection.picks] == ["test_load.py::test_one", "test_load.py::test_two"]


THREADS = """import threading

import kept


def test_threads():
    done = []

    def work():
        for n in range(400):
            done.append(kept.by_hand(n))
            try:
                kept.fails(n)
            except KeyError:
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(done) == 1600
"""


@pytest.mark.slow
def test_threads_that_keep_at_once_are_recorded_and_not_disturbed(bench: Bench, tmp_path: Path) -> None:
    bench.memory, bench.which = Memory(tmp_path / "memory"), IMPACT
    bench.put({"kept.py": CODE, "test_threads.py": THREADS, "pytest.ini": "[pytest]\nfilterwarnings = error\n"})
    verdict = bench.one("pytest")
    assert (verdict.outcome, verdict.passed) == ("pass", 1), verdict.reason
    known = bench.memory.known("pytest")
    assert known is not None
    changed = CODE.replace("value = n + 1  # of by_hand", "value = n + 2  # of by_hand")
    selection = choose(known.evidence, Change(touches("kept.py", CODE, changed, lambda word: True)))
    assert [pick.id for pick in selection.picks] == ["test_threads.py::test_threads"]


READERS = """from load import load


def test_one():
    load()


def test_two():
    load()


def test_none():
    pass
"""


@pytest.mark.parametrize("way", [*WAYS.values()])
def test_each_way_is_found_in_its_source(way: str) -> None:
    assert len(keepers(way.encode())) == 1 or "LAZY" in way


@pytest.mark.parametrize(
    "source",
    [
        "def plain(n):\n    return n + 1",
        "def own(n):\n    held = {}\n    if n not in held:\n        held[n] = n\n    return held[n]",
        "def options(**extra):\n    if 'a' not in extra:\n        extra['a'] = 1\n    return extra['a']",
        "class A:\n    def __init__(self, n):\n        self.n = n\n        if self.n:\n            self.m = 1",
        "def sets(self, n):\n    if self.n is None:\n        self.n = n\n    return n * 2",
        "def inner():\n    def f(n):\n        return n\n    return f",
        "def broken(:\n",
    ],
)
def test_what_keeps_nothing_is_no_context_of_its_own(source: str) -> None:
    assert keepers(source.encode()) == {}


def test_a_decorator_counts_by_its_words_and_stands_at_its_first_line() -> None:
    source = "class A:\n    @app.memoize(timeout=3)\n    @other\n    def f(self):\n        return 1\n"
    assert keepers(source.encode()) == {2: ("f", "cached")}
