"""The vectors of an engine: who has them, what they are shown, and what asking them costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bridle.harness import knowing as room
from bridle.harness.embedding import open_vectors, opener, read_disk
from bridle.harness.engine import EngineEvent
from bridle.harness.knowing import Knowing
from bridle.harness.session.lock import WorkspaceLock
from bridle.harness.session.state import State
from bridle.harness.settings import Embedding
from bridle.indexer.index import Index

pytestmark = pytest.mark.slow

WAIT_S = 30.0
TAX = "def with_tax(price):\n    return rounded(price * 3)\n\n\ndef rounded(price):\n    return round(price)\n"


@pytest.fixture
def state(tmp_path: Path) -> State:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "tax.py").write_text(TAX)
    return State(root, tmp_path / "state")


def opened(state: State, *, vectors: bool = True) -> Knowing:
    events: list[EngineEvent] = []
    opens = opener(state, Embedding(on=vectors), read_disk(state.root), lambda: True)
    return Knowing(state.root, state.index, WorkspaceLock(state.lock), events.append, opens)


@pytest.fixture
async def owner(state: State, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Knowing]:
    monkeypatch.setattr(room, "VECTORS_AFTER_S", 0.0)
    knowing = opened(state)
    knowing.start()
    yield knowing
    await knowing.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not holds():
            await asyncio.sleep(0.01)


async def embedded(knowing: Knowing) -> None:
    await knowing.snapshot()
    await until(lambda: knowing._vectors is not None)
    assert knowing._vectors is not None
    assert await asyncio.to_thread(knowing._vectors.finish, WAIT_S)


async def test_the_engine_answers_what_is_alike_and_says_what_is_missing(owner: Knowing) -> None:
    await embedded(owner)
    answer = await owner.similar("round the prices", 1)
    assert ([near.symbol for near in answer.hits], answer.missing) == (["tax.py::rounded"], 0)
    assert owner._vectors is not None
    owner._vectors.pause()
    await owner.set_buffer("tax.py", "def levy(price):\n    return price\n")
    answer = await owner.similar("round the prices", 1)
    assert (answer.hits, answer.missing) == ((), 2)


async def test_a_follower_has_no_vectors_and_writes_none(state: State, owner: Knowing) -> None:
    await embedded(owner)
    kept = sorted((path, path.stat().st_mtime_ns) for path in state.vectors.rglob("*"))
    follower = opened(state)
    follower.start()
    await follower.snapshot()
    await asyncio.sleep(0)
    answer = await follower.similar("round the prices", 1)
    assert (answer.hits, answer.problem) == ((), "no vectors: this engine is the follower and has none yet")
    await follower.close()
    assert sorted((path, path.stat().st_mtime_ns) for path in state.vectors.rglob("*")) == kept


async def test_vectors_that_are_off_are_none(state: State) -> None:
    knowing = opened(state, vectors=False)
    knowing.start()
    await knowing.snapshot()
    answer = await knowing.similar("round the prices", 1)
    assert (answer.hits, answer.problem) == ((), "no vectors: they are off")
    await knowing.close()
    assert not state.vectors.exists()


def test_nothing_of_a_folder_that_nobody_trusts_is_sent_away(state: State) -> None:
    reads: list[str] = []
    settings = Embedding(embedder="openai:some-model", address="http://127.0.0.1:9")
    vectors = open_vectors(state, settings, reads.append, trusted=lambda: False)
    index = Index(state.root, None, workers=1)
    vectors.follow(index.refresh())
    assert vectors.finish(WAIT_S)
    standing = vectors.standing(index.snapshot)
    assert (standing.embedded, reads) == (0, [])
    assert standing.problem == "nothing is sent to 'openai': trust this folder first (bridle trust)"
    vectors.close()
    index.close()


def test_a_file_of_credentials_gets_no_vector(state: State) -> None:
    (state.root / ".ssh").mkdir()
    (state.root / ".ssh" / "mine.py").write_text("def mine():\n    return 1\n")
    vectors = open_vectors(state, Embedding(), read_disk(state.root), trusted=lambda: True)
    index = Index(state.root, None, workers=1)
    snapshot = index.refresh()
    vectors.follow(snapshot)
    assert vectors.finish(WAIT_S)
    assert ".ssh/mine.py" in snapshot.digests
    answer = vectors.similar(snapshot, "mine", 9)
    assert (answer.missing, [near for near in answer.hits if ".ssh" in near.symbol]) == (0, [])
    vectors.close()
    index.close()
