"""An editor as the door sees it: raw messages, open documents, and answers to what the server asks.

It knows no protocol library. It keeps every message, checks what no server may ever do, and plays the capability
sets of real editors, or of a client that declares nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from bridle.indexer.text import Place, PositionEncoding, Text
from bridle.lsp_server.link import MakeEngine
from bridle.lsp_server.server import converse

Json = dict[str, Any]

HERE = Path(__file__).parent
WAIT_S = 10.0
RECORDED = HERE.parent / "cases" / "clients"
"""Capability sets that pytest-lsp does not bring, each with its source and its date."""
PROFILES = {
    "vscode": "visual_studio_code_v1.65.2.json",
    "neovim": "neovim_v0.11.0.json",
    "eglot": "emacs_v29.1.json",
}
ERROR: Json = {"error": "instead of a result"}
CLIENTS = ("vscode", "neovim", "bare")
OPTIONAL = {
    "window/showDocument": ("window", "showDocument", "support"),
    "window/workDoneProgress/create": ("window", "workDoneProgress"),
    "workspace/configuration": ("workspace", "configuration"),
}
REGISTERED = {
    "textDocument/definition": ("textDocument", "definition"),
    "textDocument/references": ("textDocument", "references"),
    "textDocument/documentSymbol": ("textDocument", "documentSymbol"),
    "textDocument/prepareCallHierarchy": ("textDocument", "callHierarchy"),
    "textDocument/prepareTypeHierarchy": ("textDocument", "typeHierarchy"),
    "workspace/symbol": ("workspace", "symbol"),
}


def profile(client: str) -> Json:
    """What a client says of itself in `initialize`."""
    if client == "bare":
        return {"capabilities": {}}
    if client not in PROFILES:
        recorded: Json = json.loads((RECORDED / f"{client}.json").read_text("utf-8"))
        return {key: recorded[key] for key in ("clientInfo", "capabilities") if key in recorded}
    text = (resources.files("pytest_lsp") / "clients" / PROFILES[client]).read_text("utf-8")
    found: Json = json.loads(text)
    return found


class Wire:
    """The two ends of a server's streams, and how it ended."""

    def __init__(self, source: Any, sink: Any, wait: Callable[[float], int | None]) -> None:
        self.source, self.sink, self.wait = source, sink, wait


def program(script: Path = HERE / "fake_engine.py", env: dict[str, str] | None = None) -> Wire:
    """The door as a program of its own."""
    process = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **(env or {})}
    )

    def wait(timeout_s: float) -> int | None:
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    wire = Wire(process.stdout, process.stdin, wait)
    wire.pid = process.pid  # type: ignore[attr-defined] # only a program has one
    return wire


def in_thread(make: MakeEngine | None = None) -> Wire:
    """The door in a thread of this process, over the fake engine or what `make` makes: the same streams, no start."""
    from tests.lsp_server.fake_engine import make_engine

    to_server, from_client = os.pipe()
    to_client, from_server = os.pipe()
    codes: list[int] = []

    def run() -> None:
        codes.append(asyncio.run(converse(make or make_engine, to_server, from_server)))
        os.close(from_server)
        os.close(to_server)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait(timeout_s: float) -> int | None:
        thread.join(timeout_s)
        return codes[0] if codes else None

    return Wire(os.fdopen(to_client, "rb"), os.fdopen(from_client, "wb", 0), wait)


class EditorClient:
    """One editor over one server."""

    def __init__(self, root: Path, client: str = "bare", wire: Wire | None = None) -> None:
        self.root = root
        self.profile = profile(client)
        self.wire = wire or in_thread()
        self.encoding: PositionEncoding = "utf-16"
        self.sent = 0
        self.received: list[Json] = []
        self.replies: dict[Any, Json] = {}
        self.asked: list[Json] = []
        self.slow: set[str] = set()  # requests of the server that are not answered by themselves
        self.documents: dict[str, tuple[int, Text]] = {}
        self.diagnostics: dict[str, list[Json]] = {}
        self.shown: list[str] = []
        self.settings: Json | None = None
        self.registered: dict[str, Json] = {}
        self.choose: Callable[[str, list[str]], str | None] = lambda message, choices: None
        self.apply: Callable[[Json], Json | None] = self.apply_edit
        self._inbox: queue.Queue[Json | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    # --- talking ----------------------------------------------------------------------------------------------

    def raw(self, data: bytes) -> None:
        self.wire.sink.write(data)
        self.wire.sink.flush()

    def send(self, message: object) -> None:
        body = json.dumps(message).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def notify(self, method: str, params: object) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def begin(self, method: str, params: object) -> int:
        self.sent += 1
        self.send({"jsonrpc": "2.0", "id": self.sent, "method": method, "params": params})
        return self.sent

    def reply(self, number: Any, timeout_s: float = WAIT_S) -> Json:
        self.until(lambda: number in self.replies, f"the reply to {number!r}", timeout_s)
        return self.replies.pop(number)

    def request(self, method: str, params: object) -> Any:
        reply = self.reply(self.begin(method, params))
        assert "error" not in reply, reply
        return reply["result"]

    def error(self, method: str, params: object) -> tuple[int, str]:
        reply = self.reply(self.begin(method, params))
        return reply["error"]["code"], reply["error"]["message"]

    def command(self, name: str, **argument: object) -> Any:
        return self.request("workspace/executeCommand", {"command": f"bridle.{name}", "arguments": [argument]})

    def refused(self, name: str, **argument: object) -> str:
        code, message = self.error("workspace/executeCommand", {"command": f"bridle.{name}", "arguments": [argument]})
        assert code == -32803, message
        return message

    def until(self, done: Callable[[], object], what: str, timeout_s: float = WAIT_S) -> None:
        """Take messages until `done`."""
        deadline = time.monotonic() + timeout_s
        while not done():
            left = deadline - time.monotonic()
            assert left > 0, f"waited in vain for {what}; last received: {self.received[-5:]}\n{_stacks()}"
            try:
                message = self._inbox.get(timeout=min(left, 0.2))
            except queue.Empty:
                continue
            assert message is not None, f"the server ended before {what}"
            self._take(message)

    def settle(self) -> None:
        """Take everything that the server sends before it answers a request that changes nothing."""
        self.request("textDocument/codeAction", self._on(self.uri("nothing-is-open-here.py"), 0))

    # --- life -------------------------------------------------------------------------------------------------

    def initialize(self, script: Json | None = None, **params: object) -> Any:
        options = {"settings": {"fake": script or {}}}
        base: Json = {"processId": None, "rootUri": self.root.as_uri(), "initializationOptions": options}
        result = self.request("initialize", {**base, **self.profile, **params})
        self.encoding = result["capabilities"]["positionEncoding"]
        return result

    def start(self, script: Json | None = None, **params: object) -> EditorClient:
        self.initialize(script, **params)
        self.notify("initialized", {})
        return self

    def close(self) -> int | None:
        self.request("shutdown", None)
        self.notify("exit", None)
        code = self.wire.wait(5.0)
        self.drain()
        self.wire.sink.close()
        internal = [m for m in self.received if m.get("error", {}).get("code") == -32603]
        assert internal == []
        return code

    def drain(self) -> None:
        """Take what is left, to the end of the stream."""
        while (message := self._inbox.get(timeout=WAIT_S)) is not None:
            self._take(message)

    # --- documents --------------------------------------------------------------------------------------------

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def open(self, path: str, text: str | None = None, version: int = 1, language: str = "python") -> None:
        text = (self.root / path).read_bytes().decode() if text is None else text
        self.documents[self.uri(path)] = (version, Text(text, self.encoding))
        item = {"uri": self.uri(path), "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, *edits: tuple[Place, Place, str]) -> None:
        version, text = self.documents[uri]
        changes: list[Json] = []
        for start, end, new in edits:
            text.replace(start, end, new)
            changes.append({"range": {"start": position(start), "end": position(end)}, "text": new})
        self.documents[uri] = (version + 1, text)
        self.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version + 1}, "contentChanges": changes},
        )

    def type(self, path: str, line: int, text: str) -> None:
        self.change(self.uri(path), (Place(line, 0), Place(line, 0), text))

    def text(self, path: str) -> str:
        return str(self.documents[self.uri(path)][1])

    def save(self, path: str) -> None:
        (self.root / path).write_text(self.text(path))
        self.notify("textDocument/didSave", {"textDocument": {"uri": self.uri(path)}})

    def shut(self, path: str) -> None:
        del self.documents[self.uri(path)]
        self.notify("textDocument/didClose", {"textDocument": {"uri": self.uri(path)}})

    def actions(self, path: str, line: int, **context: object) -> list[Json]:
        found = self.request("textDocument/codeAction", self._on(self.uri(path), line, **context))
        assert isinstance(found, list)
        return found

    def titles(self, path: str, line: int) -> list[str]:
        return [action["title"] for action in self.actions(path, line)]

    def messages(self, path: str, source: str = "") -> list[str]:
        found = self.diagnostics.get(self.uri(path), [])
        return [d["message"] for d in found if source in ("", d["source"])]

    def wait_for_diagnostic(self, path: str, part: str) -> Json:
        """Wait until a diagnostic's message has `part`."""

        def find() -> Iterator[Json]:
            return (d for d in self.diagnostics.get(self.uri(path), []) if part in d["message"])

        self.until(lambda: next(find(), None), f"a diagnostic with {part!r} on {path}")
        return next(find())

    def wait_shown(self, part: str) -> str:
        self.until(lambda: any(part in message for message in self.shown), f"a message with {part!r}")
        return next(message for message in self.shown if part in message)

    def _on(self, uri: str, line: int, **context: object) -> Json:
        place = {"line": line, "character": 0}
        return {
            "textDocument": {"uri": uri},
            "range": {"start": place, "end": place},
            "context": {"diagnostics": [], **context},
        }

    # --- taking -----------------------------------------------------------------------------------------------

    def apply_edit(self, edit: Json) -> Json:
        """Apply a workspace edit as an editor would: all documents or none, and tell the server of each."""
        found = edit.get("documentChanges") or [
            {"textDocument": {"uri": uri, "version": None}, "edits": edits} for uri, edits in edit["changes"].items()
        ]
        for change in found:
            version = change["textDocument"]["version"]
            if version is not None and version != self.documents[change["textDocument"]["uri"]][0]:
                return {"applied": False, "failureReason": "the document moved on"}
        for change in found:
            edits = [(place(e["range"]["start"]), place(e["range"]["end"]), e["newText"]) for e in change["edits"]]
            self.change(change["textDocument"]["uri"], *reversed(edits))
        return {"applied": True}

    def _take(self, message: Json) -> None:
        self.received.append(message)
        method = message.get("method")
        if method is None:
            assert message["id"] is None or message["id"] not in self.replies, "one answer to a request"
            self.replies[message["id"]] = message
        elif "id" in message:
            self.asked.append(message)
            self._expect_declared(method)
            if method not in self.slow:
                self.serve(message)
        elif method == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif method == "window/showMessage":
            self.shown.append(message["params"]["message"])

    def serve(self, message: Json) -> None:
        """Answer a request of the server's."""
        method: str = message["method"]
        params: Any = message.get("params")
        result: Any = None
        if method == "workspace/applyEdit":
            result = self.apply(params["edit"])
            if result is None:
                return
        elif method == "window/showMessageRequest" and self.asks_nobody:
            result = ERROR
        elif method == "window/showMessageRequest":
            title = self.choose(params["message"], [action["title"] for action in params["actions"]])
            result = {"title": title} if title else None
        elif method == "client/registerCapability":
            for one in params["registrations"]:
                declared: Any = self.profile["capabilities"]
                for name in REGISTERED[one["method"]]:
                    declared = declared.get(name, {})
                assert declared.get("dynamicRegistration"), one
                assert one["id"] not in self.registered
                self.registered[one["id"]] = one
        elif method == "client/unregisterCapability":
            for one in params["unregisterations"]:
                del self.registered[one["id"]]
        elif method == "window/showDocument":
            result = {"success": True}
        elif method == "workspace/configuration":
            result = [self.settings for _ in params["items"]]
        answer = {"result": result} if result is not ERROR else {"error": {"code": -32601, "message": "no such method"}}
        self.send({"jsonrpc": "2.0", "id": message["id"], **answer})

    @property
    def asks_nobody(self) -> bool:
        """Whether this is a client that is known to have no questions, such as Helix."""
        named = "clientInfo" in self.profile
        return named and "showMessage" not in self.profile["capabilities"].get("window", {})

    def _expect_declared(self, method: str) -> None:
        declared: Any = self.profile["capabilities"]
        for name in OPTIONAL.get(method, ()):
            declared = (declared or {}).get(name)
        assert declared or method not in OPTIONAL, f"{method} was sent to a client that did not declare it"

    def _read(self) -> None:
        stream = self.wire.source
        while line := stream.readline():
            name, _, value = line.partition(b":")
            assert name == b"Content-Length", f"not of the protocol: {line!r}"
            while stream.readline().strip():
                pass
            self._inbox.put(json.loads(stream.read(int(value))))
        stream.close()
        self._inbox.put(None)


def _stacks() -> str:
    """Return where every thread of this process is: a door that stands still in one of them is here."""
    frames = sys._current_frames().values()  # there is no other way to them
    return "\n\n".join("".join(traceback.format_stack(frame)) for frame in frames)


def position(at: Place) -> Json:
    return {"line": at.line, "character": at.character}


def place(at: Json) -> Place:
    return Place(at["line"], at["character"])
