"""An hour of editing as it was recorded in the real VS Code, through the real server, with nobody asking for anything.

`python bench/hour.py [--smoke]`; exits 1 if the person is told anything, a request fails, or something stale is left.
Every change of `tests/cases/streams/vscode-*` is replayed in a copy of `examples/till` under git, as files of the
project, with pauses left out and a save about once in a minute's worth of keys; each save waits for its checks. All
findings are shown, lint and types as well. Where the text does not parse half of the time, checks have much to say.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bridle.cli.lsp_client import LspClient
from bridle.cli.tour_stages import CAPABILITIES
from bridle.harness.permission.trust import Trust
from bridle.harness.session.state import State
from bridle.indexer.text import Place, Text

ROOT = Path(__file__).resolve().parent.parent
STREAMS = ROOT / "tests" / "cases" / "streams"
SMOKE = ("rename",)
KEYS_A_SAVE = 100
SMOKE_KEYS_A_SAVE = 90
SPOKEN = ("window/showMessage", "window/showMessageRequest", "window/logMessage")
WAIT_S = 120.0
N_CHECKS = 3

Json = dict[str, Any]


class Listening(LspClient):
    """A client that counts what the server says besides diagnostics."""

    def __init__(self, root: Path, log: Path) -> None:
        self.said: list[str] = []
        self.methods: Counter[str] = Counter()
        command = [sys.executable, "-P", "-m", "bridle.cli.main", "serve"]
        super().__init__(command, dict(os.environ), root, log)

    def _take(self, message: Json) -> None:
        method = message.get("method", "error" if "error" in message else "reply")
        self.methods[method] += 1
        if method in SPOKEN or method == "error":
            self.said.append(f"{method}: {message.get('params', message.get('error'))}")
        super()._take(message)


class Hour:
    """The server on a project, and the streams that are played in it."""

    def __init__(self, place: Path) -> None:
        self.root = place / "till"
        shutil.copytree(ROOT / "examples" / "till", self.root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "all"]):
            subprocess.run(["git", *words], cwd=self.root, check=True)
        Trust(self.root).say(trusted=True)
        self.receipts = State(self.root).folder / "receipts"
        self.client = Listening(self.root, place / "server.log")
        options = {"diagnostics": {"lint": "on", "types": "on"}}
        asked = {"rootUri": self.root.as_uri(), "capabilities": CAPABILITIES, "initializationOptions": options}
        self.client.request("initialize", {"processId": None, **asked})
        self.client.notify("initialized", {})
        self.client.command("bridle.status", {}, WAIT_S)
        self.n_changes = self.n_saves = 0

    def play(self, name: str, keys_a_save: int) -> list[str]:
        """Play one stream in a file of its own; returns what is stale on it in the end."""
        head, *changes = stream(name)
        path = f"src/till/{name}.py"
        (self.root / path).write_text(head["text"], "utf-8", newline="")
        self.client.open(path)
        uri = self.client.uri(path)
        for number, change in enumerate(changes):
            if "changes" in change:
                self._change(uri, change["changes"])
            elif "open" in change:
                self.client.documents[uri] = (self.client.documents[uri][0] + 1, Text(change["open"]))
                self._whole(uri, change["open"])
            if number % keys_a_save == keys_a_save - 1:
                self._save(path)
        self._save(path)
        stale = [one["message"] for group in self.client.diagnostics.values() for one in group]
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        del self.client.documents[uri]
        (self.root / path).unlink()
        return [message for message in stale if "(before your last edit)" in message]

    def _change(self, uri: str, changes: list[Json]) -> None:
        version, text = self.client.documents[uri]
        for change in changes:
            start, end = change["range"]["start"], change["range"]["end"]
            text.replace(Place(**start), Place(**end), change["text"])
        self.client.documents[uri] = (version + 1, text)
        identifier = {"uri": uri, "version": version + 1}
        self.client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})
        self.n_changes += 1

    def _whole(self, uri: str, text: str) -> None:
        identifier = {"uri": uri, "version": self.client.documents[uri][0]}
        self.client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [{"text": text}]})

    def _save(self, path: str) -> None:
        """Save, wait until every check has left its receipt, and ask something as an editor does."""
        before = self._receipts()
        (self.root / path).write_text(self.client.text(path), "utf-8", newline="")
        self.client.notify("textDocument/didSave", {"textDocument": {"uri": self.client.uri(path)}})
        self.client.until(lambda: len(self._receipts() - before) >= N_CHECKS, WAIT_S, "the checks")
        place = {"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 0}}
        asked = {"textDocument": {"uri": self.client.uri(path)}, "range": place, "context": {"diagnostics": []}}
        self.client.request("textDocument/codeAction", asked)
        self.n_saves += 1

    def _receipts(self) -> set[str]:
        return {path.name for path in self.receipts.glob("*.json")} if self.receipts.is_dir() else set()


def stream(name: str) -> Iterator[Json]:
    """Yield what was recorded, the text first, without the final text."""
    with gzip.open(STREAMS / f"vscode-{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    yield from lines[:-1]


def main() -> int:
    """Print what was counted; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="one stream only")
    smoke = parser.parse_args().smoke
    names = sorted(path.name.removeprefix("vscode-").partition(".")[0] for path in STREAMS.glob("vscode-*.gz"))
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        os.environ["XDG_CONFIG_HOME"] = f"{folder}/config"
        settings = Path(folder) / "config" / "bridle" / "config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(f"python = {json.dumps(sys.executable)}\n")
        hour = Hour(Path(folder))
        keys = SMOKE_KEYS_A_SAVE if smoke else KEYS_A_SAVE
        stale = [one for name in (SMOKE if smoke else names) for one in hour.play(name, keys)]
        hour.client.close()
    said = hour.client.said
    print(f"{hour.n_changes} changes, {hour.n_saves} saves in {time.monotonic() - begun:.0f} s")
    print(f"diagnostics published {hour.client.methods['textDocument/publishDiagnostics']} times")
    print(f"notifications and failed requests: {len(said)} (goal 0); stale after a check: {len(stale)} (goal 0)")
    for line in [*said, *stale][:10]:
        print(f"  {line}")
    return int(bool(said or stale))


if __name__ == "__main__":
    sys.exit(main())
