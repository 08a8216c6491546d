"""Places are told by the text that the index read, and nobody is worked for who has left."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridle.harness.buffers import Buffers
from bridle.harness.child import answer_all
from bridle.harness.engine import (
    Buffer,
    EngineEvent,
    EngineReply,
    EngineRequest,
    FindSymbols,
    GetDefinitions,
    GetStatus,
    GetUses,
    Spot,
    Status,
    Symbols,
    SyncBuffers,
    Uses,
    expect,
)
from bridle.harness.texts import Text, Texts
from bridle.harness.wire import Frame, pack
from bridle.indexer.digest import digest
from bridle.indexer.files import SETTLED_NS
from bridle.indexer.text import PositionEncoding

ASK = GetUses(Spot("a.py", 0, 0, "utf-8"), declaration=False)


def settle(path: Path) -> None:
    """Let a file be as old as one that no write of just now can be hidden in."""
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns - 2 * SETTLED_NS))


@pytest.fixture
def texts(tmp_path: Path) -> Texts:
    return Texts(tmp_path, Buffers(tmp_path))


@pytest.mark.parametrize("is_old", [True, False])
def test_a_file_is_read_again_when_it_may_have_changed(texts: Texts, tmp_path: Path, is_old: bool) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"one\n")
    if is_old:
        settle(file)
    assert texts.get("a.py", digest(b"one\n")) is not None
    file.write_bytes(b"two\n")
    assert texts.get("a.py", digest(b"one\n")) is None
    assert texts.get("a.py", digest(b"two\n")) is not None
    file.unlink()
    assert texts.get("a.py", digest(b"two\n")) is None


def test_an_open_buffer_stands_for_its_file_until_it_is_closed(tmp_path: Path) -> None:
    buffers = Buffers(tmp_path)
    texts = Texts(tmp_path, buffers)
    (tmp_path / "a.py").write_bytes(b"disk\n")
    buffers.sync(SyncBuffers(changed=(Buffer("a.py", 7, "buffer\n"),)))
    found = texts.get("a.py", digest(b"buffer\n"))
    assert found is not None
    assert found.version == 7
    assert texts.get("a.py", digest(b"disk\n")) is None
    buffers.sync(SyncBuffers(closed=("a.py",)))
    assert texts.get("a.py", digest(b"disk\n")) is not None


def test_links_devices_and_what_is_no_text_have_no_places(texts: Texts, tmp_path: Path) -> None:
    (tmp_path / "real.py").write_bytes(b"x\n")
    (tmp_path / "link.py").symlink_to("real.py")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\xfa")
    for name in ("link.py", "pipe.py", "bytes.py", "nowhere.py"):
        assert texts.get(name, digest(b"x\n")) is None


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 6), ("utf-16", 4), ("utf-32", 3)])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_bytes_and_positions_agree_in_every_encoding_and_line_end(
    encoding: PositionEncoding, character: int, end: str
) -> None:
    data = f"a{end}😀 é{end}b".encode()
    text = Text("a.py", data)
    at = data.index("é".encode())
    for _ in range(30):  # counted out at first, looked up later
        assert text.position(at, encoding) == (1, character - 1)
    assert text.byte_at(1, character - 1, encoding) == at
    assert text.byte_at(1, 99, encoding) == data.index(b"b") - len(end), "past the end of a line is its end"
    assert text.byte_at(99, 0, encoding) == len(data)
    assert text.written(at, 2, encoding)[2:] == (1, character - 1 + (2 if encoding == "utf-8" else 1))


class Stalled:
    """An engine that never ends its work on uses, and tells whether that was left."""

    def __init__(self) -> None:
        self.begun, self.left = asyncio.Event(), asyncio.Event()

    def listen(self, listener: Callable[[EngineEvent], None]) -> None:
        del listener

    async def close(self) -> None:
        """Nothing to end."""

    async def call(self, request: EngineRequest, timeout_s: float = 30.0) -> EngineReply:
        del request, timeout_s
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()
        raise AssertionError("it waits for good")


async def test_the_engines_process_stops_working_for_a_door_that_left() -> None:
    reader, engine = asyncio.StreamReader(), Stalled()
    sent: list[Frame] = []

    def send(frame: Frame) -> bool:
        sent.append(frame)
        return True

    answering = asyncio.create_task(answer_all(engine, reader, send))
    reader.feed_data(pack(Frame(id=3, request=ASK)))
    async with asyncio.timeout(10):
        await engine.begun.wait()
        reader.feed_data(pack(Frame(id=9, gone=True)) + pack(Frame(id=3, gone=True)))
        await engine.left.wait()
        reader.feed_eof()
        await answering
    assert sent == [], "nobody waits for a reply"


@pytest.mark.slow
async def test_an_engine_leads_around_an_untrusted_folder_and_a_question_that_was_left_harms_no_other(
    opening: Any, till: Path
) -> None:
    engine = (await opening("child")).engine
    async with asyncio.timeout(30):
        while not expect(await engine.call(FindSymbols("ZERO", "utf-16")), Symbols).rows:
            await asyncio.sleep(0.02)
    line = (till / "src/till/money.py").read_text().splitlines().index("ZERO = Money(0)")
    at = Spot("src/till/money.py", line, 8, "utf-16")
    [found] = expect(await engine.call(GetDefinitions(at)), Symbols).rows
    assert (found.name, found.kind, found.path) == ("Money", "class", "src/till/money.py")
    with pytest.raises(TimeoutError):
        await engine.call(GetUses(at, declaration=False), timeout_s=0.0)
    uses = expect(await engine.call(GetUses(at, declaration=True)), Uses)
    assert {path for path, _ in uses.rows} >= {"src/till/money.py", "src/till/cart.py", "tests/test_money.py"}
    assert uses.known.complete
    assert not expect(await engine.call(GetStatus()), Status).trusted
