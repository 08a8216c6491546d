"""A small language client, as an editor would be one: speaks JSON-RPC to a server over pipes, keeps open documents.

It knows no protocol library on purpose: what it sends and takes is what stands on the wire. Every wait is bounded.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from bridle.indexer.process import Child, spawn
from bridle.indexer.text import Place, Text

Json = dict[str, Any]


class ServerGone(Exception):
    """The server ended, or did not answer in time."""


class LspClient:
    """One server, driven step by step."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], root: Path, log: Path) -> None:
        self._child: Child = spawn(command, env=env, cwd=root, log=log)
        self._inbox: queue.Queue[Json | None] = queue.Queue(maxsize=10_000)
        self._reader = threading.Thread(target=_read_messages, args=(self._child.stdout, self._inbox), daemon=True)
        self._reader.start()
        self._root = root
        self._last_id = 0
        self._replies: dict[int, Json] = {}
        self.documents: dict[str, tuple[int, Text]] = {}
        self.diagnostics: dict[str, list[Json]] = {}
        self.shown: list[str] = []
        self.answer: Callable[[Json], Any] = lambda request: None
        self.on_progress: Callable[[str], None] = lambda line: None

    # --- talking --------------------------------------------------------------------------------------------

    def request(self, method: str, params: object, timeout_s: float = 30.0) -> Any:
        """Send a request and serve what comes until its reply is here. Raises ServerGone, RuntimeError."""
        self._last_id += 1
        number = self._last_id
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        self.until(lambda: number in self._replies, timeout_s, method)
        reply = self._replies.pop(number)
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error'].get('message')}")
        return reply.get("result")

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def command(self, name: str, argument: Json, timeout_s: float = 30.0) -> Any:
        """Execute one of the server's commands."""
        return self.request("workspace/executeCommand", {"command": name, "arguments": [argument]}, timeout_s)

    def until(self, done: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Serve messages until `done`. Raises ServerGone past `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                raise ServerGone(f"no answer to {what} within {timeout_s:.0f} s")
            try:
                message = self._inbox.get(timeout=min(left, 0.5))
            except queue.Empty:
                continue
            if message is None:
                raise ServerGone(f"the server ended during {what} (exit code {self._child.wait(1.0)})")
            self._take(message)

    def close(self) -> int | None:
        """Say goodbye; returns the server's exit code, None when it had to be killed."""
        try:
            self.request("shutdown", None, 10.0)
            self.notify("exit", None)
            return self._child.wait(5.0)
        except (ServerGone, OSError):
            return None
        finally:
            self._child.kill()

    # --- documents ------------------------------------------------------------------------------------------

    def uri(self, path: str) -> str:
        """Return the URI of a path below the root."""
        return (self._root / path).as_uri()

    def open(self, path: str) -> None:
        """Open a document as it is on disk."""
        text = (self._root / path).read_bytes().decode()
        self.documents[self.uri(path)] = (1, Text(text))
        item = {"uri": self.uri(path), "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def type(self, path: str, line: int, text: str) -> None:
        """Insert `text` at the start of `line`, without saving."""
        self._change(self.uri(path), [(Place(line, 0), Place(line, 0), text)])

    def text(self, path: str) -> str:
        """Return what the buffer holds."""
        return str(self.documents[self.uri(path)][1])

    def _change(self, uri: str, edits: Sequence[tuple[Place, Place, str]]) -> None:
        version, text = self.documents[uri]
        changes: list[Json] = []
        for start, end, new in sorted(edits, reverse=True):
            text.replace(start, end, new)
            changes.append(
                {"range": {"start": msgspec.to_builtins(start), "end": msgspec.to_builtins(end)}, "text": new}
            )
        self.documents[uri] = (version + 1, text)
        identifier = {"uri": uri, "version": version + 1}
        self.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})

    # --- taking ---------------------------------------------------------------------------------------------

    def _take(self, message: Json) -> None:
        method = message.get("method")
        if method is None:
            self._replies[message["id"]] = message
        elif "id" in message:
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": self._serve(method, message)})
        elif method == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif method == "$/progress":
            value = message["params"]["value"]
            self.on_progress(value.get("message") or value.get("title") or "")
        elif method in ("window/showMessage", "window/logMessage"):
            self.shown.append(message["params"]["message"])

    def _serve(self, method: str, message: Json) -> Any:
        if method == "workspace/applyEdit":
            return self._apply(message["params"]["edit"])
        if method == "workspace/configuration":
            return [None for _ in message["params"]["items"]]
        return self.answer(message)

    def _apply(self, edit: Json) -> Json:
        changed: list[Json] = edit.get("documentChanges") or [
            {"textDocument": {"uri": uri}, "edits": edits} for uri, edits in edit.get("changes", {}).items()
        ]
        for document in changed:
            wanted = document["textDocument"].get("version")
            known = self.documents.get(document["textDocument"]["uri"])
            if known is None or (wanted is not None and wanted != known[0]):
                return {"applied": False, "failureReason": "the document moved on"}
        for document in changed:
            edits = [(_place(e["range"]["start"]), _place(e["range"]["end"]), e["newText"]) for e in document["edits"]]
            self._change(document["textDocument"]["uri"], edits)
        return {"applied": True}

    def _send(self, message: Json) -> None:
        body = msgspec.json.encode(message)
        self._child.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._child.stdin.flush()


def _place(position: Json) -> Place:
    return Place(position["line"], position["character"])


def _read_messages(stream: IO[bytes], inbox: queue.Queue[Json | None]) -> None:
    """Put every message into the inbox, None at the end of the stream."""
    try:
        while line := stream.readline():
            if not line.lower().startswith(b"content-length:"):
                continue
            size = int(line.split(b":", 1)[1])
            while stream.readline().strip():
                pass
            inbox.put(msgspec.json.decode(stream.read(size), type=Json))
    except (OSError, ValueError, msgspec.DecodeError):
        pass
    inbox.put(None)
