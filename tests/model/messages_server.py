"""A Messages API on loopback: real SSE, real accounting, every request validated, and faults on demand.

Used by tests as a fixture (`with MessagesServer(script) as server`), and by other programs as
`python messages_server.py --script FILE --port N`, which prints one line of JSON with the address. A script is
a list of steps, one for each request; when it has come to its end, `otherwise` answers:

    [[steps]]
    fault = "overloaded"            # one of FAULTS; the request is answered with it
    [[steps]]
    text = "Let me look."           # or a reply: words, thinking, tool calls
    thinking = "…"
    calls = [{ tool = "read", input = { path = "a.py" } }]
    stop_reason = "tool_use"        # left out: tool_use with calls, else end_turn
    [otherwise]
    cut_at = 900                    # the stream is cut after so many bytes
    transcript = "fix.toml"         # a file or folder of transcripts, filled from the prompt; beside the script

`counts_cache = false` leaves the cache's counts out of usage, as many compatible endpoints do. `refuses` names features
of the protocol that this endpoint does not have: a request with one is refused, in the words of `messages_lacks`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import msgspec

from bridle.harness.model.client import ModelProblem
from bridle.harness.model.shown import shown_files
from bridle.harness.model.template import fill
from bridle.harness.model.transcript import Transcript, load, next_turn, pick

if __name__ == "__main__":  # started as a program, the repository's root is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.model.messages_lacks import refusal_of
from tests.model.messages_rules import LIMITS, Block, Body, blocks_in_order, model_facts, refusals

TRICKLE_S = 0.05
SIGNATURE = "c2lnbmVkIGJ5IG5vYm9keQ=="


class CallStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tool: str
    input: dict[str, Any]


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str = ""
    thinking: str = ""
    calls: tuple[CallStep, ...] = ()
    stop_reason: str = ""
    fault: str = ""
    retry_after: str = ""
    cut_at: int = 0
    transcript: str = ""


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    steps: tuple[Step, ...] = ()
    otherwise: Step = Step(text="Done.")
    counts_cache: bool = True
    refuses: tuple[str, ...] = ()


class Seen(msgspec.Struct, frozen=True):
    """One request as it came in: what it asked, what was wrong with it, what was counted."""

    path: str
    body: Body
    key: str
    refused: tuple[str, ...]
    usage: dict[str, int]


class Cache:
    """Prompt caching: an entry is a prefix that ended at a breakpoint; later requests look back for one."""

    def __init__(self) -> None:
        self._entries: set[str] = set()

    def usage(self, body: Body) -> dict[str, int]:
        blocks = list(blocks_in_order(body))
        sizes = [n_tokens({k: v for k, v in block.items() if k != "cache_control"}) for block in blocks]
        prefixes = _prefixes(body["model"], blocks)
        marks = [n for n, block in enumerate(blocks) if block.get("cache_control")]
        least = model_facts(body["model"])["min_cached_tokens"]
        marks = [n for n in marks if sum(sizes[: n + 1]) >= least]
        read = max((self._hit(prefixes, mark, sizes) for mark in marks), default=0)
        self._entries |= {prefixes[mark] for mark in marks}
        written = max((sum(sizes[: mark + 1]) for mark in marks), default=0)
        return {
            "input_tokens": sum(sizes) - max(read, written),
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": max(0, written - read),
        }

    def _hit(self, prefixes: list[str], mark: int, sizes: list[int]) -> int:
        for n in range(mark, max(-1, mark - LIMITS["lookback_blocks"]), -1):
            if prefixes[n] in self._entries:
                return sum(sizes[: n + 1])
        return 0


def _prefixes(model: str, blocks: list[Block]) -> list[str]:
    running, out = hashlib.blake2b(model.encode()), []
    for block in blocks:
        running.update(json.dumps({k: v for k, v in block.items() if k != "cache_control"}, sort_keys=True).encode())
        out.append(running.hexdigest())
    return out


def n_tokens(value: Any) -> int:
    return -(-len(json.dumps(value)) // 4)


# --- events -----------------------------------------------------------------------------------------------


def events(step: Step, body: Body, usage: dict[str, int], number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of one reply, as the API orders them."""
    n_said = n_tokens([step.text, step.thinking, [call.input for call in step.calls]])
    message: dict[str, Any] = {
        "id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"], "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": {**usage, "output_tokens": 1},
    }  # fmt: skip
    yield "message_start", {"message": message}
    yield "ping", {}
    for index, (start, deltas) in enumerate(_blocks(step, number)):
        yield "content_block_start", {"index": index, "content_block": start}
        for delta in deltas:
            yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
    stop = step.stop_reason or ("tool_use" if step.calls else "end_turn")
    yield (
        "message_delta",
        {"delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": n_said}},
    )
    yield "message_stop", {}


def _blocks(step: Step, number: int) -> Iterator[tuple[Block, list[Block]]]:
    if step.thinking:
        parts: list[Block] = [{"type": "thinking_delta", "thinking": part} for part in _pieces(step.thinking)]
        parts.append({"type": "signature_delta", "signature": SIGNATURE})
        yield {"type": "thinking", "thinking": "", "signature": ""}, parts
    if step.text:
        yield (
            {"type": "text", "text": ""},
            [{"type": "text_delta", "text": part} for part in _pieces(step.text)],
        )
    for n, call in enumerate(step.calls):
        parts = [{"type": "input_json_delta", "partial_json": part} for part in ["", *_pieces(json.dumps(call.input))]]
        yield {"type": "tool_use", "id": f"toolu_{number}_{n}", "name": call.tool, "input": {}}, parts


def _pieces(text: str, size: int = 12) -> list[str]:
    return [text[n : n + size] for n in range(0, len(text), size)]


# --- faults -----------------------------------------------------------------------------------------------

STATUSES: dict[str, tuple[int, str, str]] = {
    "bad_request": (400, "invalid_request_error", "messages: something is wrong"),
    "unauthorized": (401, "authentication_error", "invalid x-api-key sk-ant-SECRET"),
    "billing": (402, "billing_error", "check your payment details"),
    "forbidden": (403, "permission_error", "your key may not use this model"),
    "not_found": (404, "not_found_error", "model: unknown"),
    "too_large": (413, "request_too_large", "the request is too large"),
    "spend_limit": (400, "invalid_request_error", "You have reached your specified API usage limits."),
    "rate_limit": (429, "rate_limit_error", "slow down"),
    "tier_spend_limit": (429, "rate_limit_error", "monthly threshold"),
    "server_error": (500, "api_error", "internal"),
    "bad_gateway": (502, "api_error", "upstream is gone"),
    "overloaded": (529, "overloaded_error", "overloaded"),
}
BODIES: dict[str, tuple[int, str, bytes]] = {
    "garbage": (
        200,
        "text/event-stream",
        b"\x00\xff this is no event\n\nevent: message_start\ndata: {nonsense\n\n",
    ),
    "empty": (200, "text/event-stream", b""),
    "wrong_type": (200, "text/html", b"<html><body>Sign in to the network</body></html>"),
    "redirect": (307, "text/plain", b""),
}
STREAMS = (
    "stall", "cut_mid_event", "cut_mid_tool", "end_early", "error_mid_stream", "max_tokens_mid_tool",
    "bad_tool_json", "trickle",
)  # fmt: skip
FAULTS = (*STATUSES, *BODIES, *STREAMS, "slow_headers")


class _Cut(Exception):
    """The connection is to be dropped."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass

    def do_POST(self) -> None:
        desk = self.server.desk
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", "0"))))
        path = self.path.partition("?")[0]
        counting = path.endswith("/count_tokens")
        refused = refusals(body, counting)
        lacking = refusal_of(body, desk.refuses, counting=counting)
        step, number = desk.next_step(counting or bool(lacking))
        usage = {} if refused or lacking or counting or step.fault in STATUSES else desk.usage(body)
        key = self.headers.get("authorization", "").removeprefix("Bearer ") or self.headers.get("x-api-key", "")
        desk.saw(Seen(path, body, key, tuple(refused), usage))
        if not path.endswith(("/v1/messages", "/v1/messages/count_tokens")):
            return self._error(404, "not_found_error", "no such path", {})
        if not key:
            return self._error(401, "authentication_error", "no key", {})
        if refused:
            return self._error(400, "invalid_request_error", "; ".join(refused), {})
        if lacking:
            return self._error(lacking[0], "invalid_request_error", lacking[1], {})
        if counting:
            return self._send(200, "application/json", json.dumps({"input_tokens": n_tokens(body)}).encode(), {})
        try:
            self._answer(step, body, usage, number)
        except (_Cut, BrokenPipeError, ConnectionResetError):
            self._drop()
        return None

    def _answer(self, step: Step, body: Body, usage: dict[str, int], number: int) -> None:
        if step.fault in STATUSES:
            status, kind, message = STATUSES[step.fault]
            headers = {"retry-after": step.retry_after} if step.retry_after else {}
            code = "enforced_spend_limit_reached" if step.fault == "tier_spend_limit" else ""
            self._error(status, kind, message, headers, code)
        elif step.fault in BODIES:
            status, kind, data = BODIES[step.fault]
            self._send(status, kind, data, {"location": "https://elsewhere.invalid/"} if status == 307 else {})
        else:
            if step.fault == "slow_headers":
                self.server.desk.hold()
                raise _Cut
            self._stream(self.server.desk.resolve(step, body), body, usage, number)

    def _stream(self, step: Step, body: Body, usage: dict[str, int], number: int) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.send_header("request-id", f"req_{number}")
        self.end_headers()
        left = step.cut_at or sys.maxsize
        for name, data in faulty(step, events(step, body, usage, number), self.server.desk.hold):
            event = f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()
            self._chunk(event[:left])
            left -= len(event)
            if left <= 0:
                raise _Cut
            if step.fault == "trickle":
                self.server.desk.hold(TRICKLE_S)
        if step.fault == "cut_mid_event":
            self._chunk(b'event: content_block_delta\ndata: {"type": "content_bl')
            raise _Cut
        if step.fault == "cut_mid_tool":
            raise _Cut
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _error(self, status: int, kind: str, message: str, headers: dict[str, str], code: str = "") -> None:
        error: dict[str, Any] = {"type": kind, "message": message}
        if code:
            error["details"] = {"error_code": code}
        self._send(status, "application/json", json.dumps({"type": "error", "error": error}).encode(), headers)

    def _send(self, status: int, kind: str, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _drop(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def faulty(
    step: Step, whole: Iterator[tuple[str, dict[str, Any]]], hold: Callable[[], None]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of `whole` until the step's fault strikes."""
    in_tool = n_tool_parts = 0
    for name, data in whole:
        starts_tool = name == "content_block_start" and data["content_block"]["type"] == "tool_use"
        in_tool = in_tool or starts_tool
        n_tool_parts += bool(in_tool and name == "content_block_delta")
        if n_tool_parts == 3 and step.fault in ("cut_mid_tool", "max_tokens_mid_tool", "bad_tool_json"):
            yield from _ending(step.fault, data["index"])
            return
        if step.fault in ("stall", "cut_mid_event", "end_early", "error_mid_stream") and name == "content_block_stop":
            if step.fault == "stall":
                hold()
            if step.fault == "error_mid_stream":
                yield "error", {"error": {"type": "overloaded_error", "message": "Overloaded"}}
            return
        yield name, data


def _ending(fault: str, index: int) -> Iterator[tuple[str, dict[str, Any]]]:
    if fault == "cut_mid_tool":
        return
    stop = "max_tokens" if fault == "max_tokens_mid_tool" else "tool_use"
    yield "content_block_stop", {"index": index}
    yield (
        "message_delta",
        {"delta": {"stop_reason": stop, "stop_sequence": None}, "usage": {"output_tokens": 9}},
    )
    yield "message_stop", {}


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    desk: MessagesServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of the server."""


class MessagesServer:
    """The server: its script, and everything that it was asked."""

    def __init__(
        self,
        script: Script | None = None,
        port: int = 0,
        home: Path | None = None,
        handler: type[Handler] = Handler,
    ) -> None:
        self._script = script or Script()
        self._home = home or Path.cwd()
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._n_steps = 0
        self.cache = Cache()
        self.seen: list[Seen] = []
        self.asked = threading.Event()
        self._http = _Http(("127.0.0.1", port), handler)
        self._http.desk = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def refuses(self) -> tuple[str, ...]:
        return self._script.refuses

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def next_step(self, counting: bool) -> tuple[Step, int]:
        with self._lock:
            steps, n = self._script.steps, self._n_steps
            if not counting:
                self._n_steps += 1
            return (steps[n] if n < len(steps) else self._script.otherwise), n

    def saw(self, seen: Seen) -> None:
        with self._lock:
            self.seen.append(seen)
        self.asked.set()

    def usage(self, body: Body) -> dict[str, int]:
        with self._lock:
            counts = self.cache.usage(body)
        return counts if self._script.counts_cache else {"input_tokens": sum(counts.values())}

    def hold(self, seconds: float = 60.0) -> None:
        """Say nothing for a while; not at all once the server is closed."""
        self._released.wait(seconds)

    def resolve(self, step: Step, body: Body) -> Step:
        """The step with its transcript's turn in it, filled from the request."""
        if not step.transcript:
            return step
        transcript = pick(load(self._home / step.transcript), body["messages"])
        return _turn(transcript, body) if transcript else Step(text="No transcript is recorded for this task.")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)


def _turn(transcript: Transcript, body: Body) -> Step:
    turn = next_turn(transcript, body["messages"])
    if turn is None:
        return Step(text="The transcript has no further turn that fits.")
    try:
        shown = shown_files(body["messages"])
        calls = tuple(CallStep(call.tool, fill(call.input, shown)) for call in turn.calls)
    except ModelProblem as problem:
        return Step(text=problem.message)
    return Step(text=turn.text, calls=calls)


def main() -> None:
    parser = argparse.ArgumentParser(description="A Messages API on loopback.")
    parser.add_argument("--script", type=Path, help="a script as TOML; without one every request is answered 'Done.'")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    script = msgspec.toml.decode(options.script.read_bytes(), type=Script) if options.script else Script()
    home = options.script.parent if options.script else Path.cwd()
    with MessagesServer(script, options.port, home) as server:
        print(json.dumps({"url": server.url}), flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main()
