"""A language server that writes down what an editor sends, word for word, and does nothing else of its own.

    python recorder.py --log FILE --encoding utf-16

It answers what a recording needs: formatting, renaming, and commands by which the scenario in the editor names what it
is about to do (`recorder.kind`) or has the file changed behind the editor's back (`recorder.reload`,
`recorder.branch`). An answer to any of them says that everything sent before it is in the log.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlparse

from bridle.indexer.text import Place, PositionEncoding, Text, index_of_unit, line_body, split_lines, unit_length

COMMANDS = ("recorder.kind", "recorder.reload", "recorder.branch")
IDENTIFIER = re.compile(r"\w+")
IDENTITY = ("-c", "user.name=Recorder", "-c", "user.email=recorder@localhost")

Json = dict[str, Any]


class Recorder:
    """One conversation with one editor."""

    def __init__(self, log: Path, encoding: PositionEncoding) -> None:
        self.encoding: PositionEncoding = encoding
        self._log = log
        self._kind = ""
        self._texts: dict[str, Text] = {}
        self._n_formatted = 0

    def run(self, incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        """Serve until the editor says `exit` or is gone."""
        for message in messages(incoming):
            if message.get("method") == "exit":
                return
            with self._log.open("a", encoding="utf-8") as log:
                log.write(json.dumps({"kind": self._kind, "message": message}) + "\n")
            if "method" not in message:
                continue  # an answer; this server asks nothing
            result = self._take(message["method"], message.get("params") or {})
            if "id" in message:
                send(outgoing, {"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _take(self, method: str, params: Json) -> object:
        if method == "initialize":
            return self._abilities()
        if method == "workspace/executeCommand":
            self._command(params["command"], params["arguments"])
        if method == "textDocument/formatting":
            return self._format(self._texts[params["textDocument"]["uri"]])
        if method == "textDocument/rename":
            return self._rename(params)
        if method == "textDocument/didOpen":
            self._texts[params["textDocument"]["uri"]] = Text(params["textDocument"]["text"], self.encoding)
        elif method == "textDocument/didChange":
            for change in params["contentChanges"]:
                apply(self._texts[params["textDocument"]["uri"]], change)
        return None

    def _abilities(self) -> Json:
        abilities = {
            "positionEncoding": self.encoding,
            "textDocumentSync": {"openClose": True, "change": 2, "save": True},
            "documentFormattingProvider": True,
            "renameProvider": True,
            "executeCommandProvider": {"commands": list(COMMANDS)},
        }
        return {"capabilities": abilities, "serverInfo": {"name": "recorder", "version": "0.1.0"}}

    def _command(self, command: str, arguments: list[Any]) -> None:
        if command == "recorder.kind":
            self._kind = arguments[0]
        elif command == "recorder.reload":
            change_on_disk(Path(arguments[0]), arguments[1])
        elif command == "recorder.branch":
            switch_branch(Path(arguments[0]), arguments[1])

    def _format(self, text: Text) -> list[Json]:
        """Every other time line by line, every other time the whole text at once, as formatters do both."""
        self._n_formatted += 1
        edits = list(self._tidied(text))
        if self._n_formatted % 2 or not edits:
            return edits
        tidy = Text(str(text), self.encoding)
        for edit in reversed(edits):
            apply(tidy, {"range": edit["range"], "text": edit["newText"]})
        last = len(text.lines) - 1
        whole = span(0, 0, last, unit_length(text.lines[last], self.encoding))
        return [{"range": whole, "newText": str(tidy)}]

    def _tidied(self, text: Text) -> Iterator[Json]:
        blank = 0
        for number, line in enumerate(text.lines[:-1]):
            body = line_body(line)
            blank = 0 if body.strip() else blank + 1
            if blank > 1:
                yield {"range": span(number, 0, number + 1, 0), "newText": ""}
            elif body.rstrip() != body:
                kept, end = (unit_length(each, self.encoding) for each in (body.rstrip(), body))
                yield {"range": span(number, kept, number, end), "newText": ""}

    def _rename(self, params: Json) -> Json:
        uri, at = params["textDocument"]["uri"], params["position"]
        bodies = [line_body(line) for line in self._texts[uri].lines]
        index = index_of_unit(bodies[at["line"]], at["character"], self.encoding)
        word = next(m[0] for m in IDENTIFIER.finditer(bodies[at["line"]]) if m.start() <= index <= m.end())
        edits = [
            {"range": span(number, start, number, end), "newText": params["newName"]}
            for number, body in enumerate(bodies)
            for match in re.finditer(rf"\b{re.escape(word)}\b", body)
            for start, end in [[unit_length(body[:edge], self.encoding) for edge in match.span()]]
        ]
        return {"changes": {uri: edits}}


def apply(text: Text, change: Json) -> None:
    """Take one change of a didChange."""
    if "range" in change:
        start, end = (Place(**change["range"][edge]) for edge in ("start", "end"))
        text.replace(start, end, change["text"])
    else:
        text.replace_all(change["text"])


def change_on_disk(file: Path, seed: int) -> None:
    """What another program does to a file: lines go, come and change, in some places."""
    chosen = random.Random(seed)  # noqa: S311  # repeatable, no secret
    text = file.read_bytes().decode()
    end = "\r\n" if "\r\n" in text else "\n"
    lines = split_lines(text)
    for number in range(chosen.randint(1, 4)):
        at = chosen.randrange(len(lines) - 1)
        fresh = [f"# written elsewhere, {seed}.{number}.{k}{end}" for k in range(chosen.randint(0, 3))]
        lines[at : at + chosen.randint(0, 2)] = fresh
    file.write_bytes("".join(lines).encode())


def switch_branch(file: Path, seed: int) -> None:
    """`git checkout` of a branch on which the file is another; the editor sees nothing of it but the file."""
    before = file.read_bytes()
    git(file, "add", file.name)
    git(file, "commit", "--quiet", "--allow-empty", "--message", f"before {seed}")
    git(file, "checkout", "--quiet", "-b", f"branch-{seed}")
    change_on_disk(file, seed)
    git(file, "commit", "--quiet", "--allow-empty", "--all", "--message", f"on {seed}")
    git(file, "checkout", "--quiet", "-")
    assert file.read_bytes() == before
    git(file, "checkout", "--quiet", "-")


def git(file: Path, *words: str) -> None:
    subprocess.run(["git", *IDENTITY, *words], cwd=file.parent, check=True, stdout=subprocess.DEVNULL)


def path_of(uri: str) -> Path:
    """The path that a file's URI names."""
    return Path(unquote(urlparse(uri).path))


def span(start_line: int, start: int, end_line: int, end: int) -> Json:
    """A range of the protocol."""
    return {"start": {"line": start_line, "character": start}, "end": {"line": end_line, "character": end}}


def messages(incoming: IO[bytes]) -> Iterator[Json]:
    """The messages of a stream, to its end."""
    while headers := read_headers(incoming):
        yield json.loads(incoming.read(int(headers["content-length"])))


def read_headers(incoming: IO[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    while line := incoming.readline().strip():
        name, _, value = line.decode("ascii").partition(":")
        headers[name.lower()] = value.strip()
    return headers


def send(outgoing: IO[bytes], message: Json) -> None:
    body = json.dumps(message).encode()
    outgoing.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    outgoing.flush()


def main() -> None:
    """Record one editor."""
    parser = argparse.ArgumentParser(description="Write down what an editor sends.")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--encoding", choices=("utf-8", "utf-16", "utf-32"), required=True)
    options, _ = parser.parse_known_args()  # editors add words of their own, "serve"
    Recorder(options.log, options.encoding).run(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
