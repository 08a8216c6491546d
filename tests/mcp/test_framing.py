"""From a server's bytes to its messages in bounded memory, and what it may send besides answers."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.mcp import keeper as room
from bridle.harness.mcp.framing import parsed, told_of
from bridle.harness.mcp.keeper import FloodError, Keeper, refusal
from bridle.indexer.linewise import HEAD_BYTES, Cut, Lines


@pytest.mark.slow
@given(
    st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b"") or b"x")), st.data()
)
def test_lines_come_out_whole_however_the_bytes_were_parted(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    at = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    parts = [stream[start:end] for start, end in zip([0, *at], [*at, len(stream)], strict=True)]
    reader = Lines()
    assert [line for part in parts for line in reader.feed(part)] == lines


def test_a_line_that_is_too_long_is_counted_and_not_kept() -> None:
    reader = Lines(max_bytes=1_000_000)
    reader.feed(b'{"result": ')
    tracemalloc.start()
    for _ in range(800):
        assert reader.feed(b"x" * 65_536) == []
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    (cut, after) = reader.feed(b"the end}\nnext\n")
    assert isinstance(cut, Cut)
    assert cut.n_bytes == 11 + 800 * 65_536 + 8
    assert (cut.head[:11], len(cut.head), cut.tail[-8:]) == (b'{"result": ', HEAD_BYTES, b"the end}")
    assert after == b"next"
    assert peak_bytes < 4_000_000


@pytest.mark.parametrize(
    ("message", "begins"),
    [
        ({"id": 1, "result": {"content": [{"type": "text", "text": "begin é\n" + "x" * 500}]}}, "begin é\nx"),
        (
            {"result": {"content": [{"text": 'with "quotes" \\ and more' + "x" * 500}], "isError": True}},
            'with "quotes" \\',
        ),
        ({"result": {"content": [{"text": "short"}], "structuredContent": "x" * 500}}, "short"),
        ({"result": {"content": [{"type": "image", "data": "x" * 500}]}}, "[..."),
        ({"result": {"content": [{"text": "\U0001f600" * 200}]}}, "\U0001f600"),
    ],
)
def test_of_a_result_that_is_too_large_the_beginning_is_told(message: object, begins: str) -> None:
    line = json.dumps(message).encode()
    for end in range(200, 260):
        said = told_of(Cut(line[:end], line[-100:], len(line)))
        text = said["content"][0]["text"]
        assert text.startswith(begins)
        assert text.endswith(f"[... the result had {len(line)} bytes; the rest is left out ...]")
        assert said["isError"] is ("isError" in str(message))


@pytest.mark.parametrize("line", [b"", b"words", b"[1]", b"7", b"\xff\xfe", b"{", b"[" * 100_000, b'{"a": "\xff"}'])
def test_what_is_no_message_is_none(line: bytes) -> None:
    assert parsed(line) is None


@pytest.mark.parametrize(
    ("message", "ruling"),
    [
        ({"id": 1, "result": {}}, "pass"),
        ({"id": "a", "error": {}}, "pass"),
        ({"id": None, "result": {}}, "drop"),
        ({"id": 1, "method": "ping"}, "pass"),
        ({"id": 1, "method": "roots/list"}, "pass"),
        ({"id": 1, "method": "sampling/createMessage"}, "refuse"),
        ({"id": 1, "method": "elicitation/create"}, "refuse"),
        ({"id": 1, "method": "tools/call"}, "refuse"),
        ({"id": 1, "method": ["odd"]}, "refuse"),
        ({"method": "notifications/message"}, "drop"),
        ({"method": "notifications/progress"}, "drop"),
        ({"method": "notifications/tools/list_changed"}, "drop"),
    ],
)
def test_a_server_gets_an_answer_to_two_questions_and_to_no_other(message: dict[str, object], ruling: str) -> None:
    keeper = Keeper()
    assert keeper.judge(message) == ruling
    assert keeper.list_changed == (message.get("method") == "notifications/tools/list_changed")
    if ruling == "refuse":
        assert keeper.refused == (str(message["method"]),)
        assert refusal(message)["error"]["code"] == -32601
    keeper.begin()
    assert keeper.refused == ()


def test_more_than_anybody_can_want_is_a_flood_and_what_was_asked_begins_the_count_anew() -> None:
    keeper = Keeper()
    for _ in range(3):
        keeper.begin()
        for _ in range(room.MAX_MESSAGES):
            keeper.judge({"method": "notifications/progress"})
    with pytest.raises(FloodError):
        keeper.judge({"method": "notifications/progress"})
    keeper.begin()
    keeper.received(room.MAX_BYTES)
    with pytest.raises(FloodError):
        keeper.received(1)
    keeper.begin()
    for _ in range(room.MAX_GARBAGE):
        keeper.garbage()
    with pytest.raises(FloodError):
        keeper.garbage()
