"""A language server that is asked, of every name of a project, where that is defined. Knows no language."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from uses import Told

from bridle.cli.lsp_client import Json, LspClient
from bridle.indexer.text import index_of_unit, split_lines, unit_length

WAIT_S = 300.0


class NamingServer(LspClient):
    """One server on one project. `names` are all names of it, those that are defined among them.

    Where it tells that it is ready by a notification, `ready` names that.
    """

    def __init__(
        self, argv: Sequence[str], root: Path, log: Path, names: Sequence[Told], language: str, *,
        options: Json | None = None, ready: str = "",
    ) -> None:  # fmt: skip
        self._language, self._ready, self._is_ready = language, ready, False
        self._defined: dict[str, list[int]] = {}
        for one in names:
            if one.kind == "define":
                self._defined.setdefault(one.path, []).append(one.at)
        self._lines: dict[str, list[str]] = {}
        super().__init__(list(argv), dict(os.environ), root, log)
        about = {
            "processId": os.getpid(),
            "rootUri": root.as_uri(),
            "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
            "capabilities": {},
            "initializationOptions": options or {},
        }
        self.request("initialize", about, WAIT_S)
        self.notify("initialized", {})
        if ready:
            self.until(lambda: self._is_ready, WAIT_S, "indexing")

    def told(self, one: Told) -> Sequence[Told]:
        """Return what a name means: one use for each definition that the server names, none where it names none."""
        if one.kind == "define":
            return (one,)
        at = self._place(one.path, one.at)
        params = {"textDocument": {"uri": self.uri(one.path)}, "position": at}
        found = self.request("textDocument/definition", params, WAIT_S) or []
        goals = [self._goal(where) for where in (found if isinstance(found, list) else [found])]
        told = [msgspec.structs.replace(one, goal=path, goal_at=start) for path, start in goals]
        files = [msgspec.structs.replace(use, goal_at=-1) for use in told if use.goal and use.kind == "import"]
        return (*told, *files)

    def open(self, path: str) -> None:
        """Let the server read a file."""
        self._text(path)

    def _goal(self, where: Json) -> tuple[str, int]:
        """Return where the name of a definition stands, of which the server tells the whole place."""
        place = Path(unquote(urlsplit(where["uri"]).path))
        if not place.is_relative_to(self._root):
            return "", -1
        path = place.relative_to(self._root).as_posix()
        start, end = (self._byte(path, where["range"][edge]) for edge in ("start", "end"))
        inside = [at for at in self._defined.get(path, ()) if start <= at < end]
        return path, min(inside, default=start)

    def _byte(self, path: str, at: Json) -> int:
        lines = self._text(path)
        line = lines[at["line"]]
        before = "".join(lines[: at["line"]]) + line[: index_of_unit(line, at["character"], "utf-16")]
        return len(before.encode())

    def _place(self, path: str, at: int) -> Json:
        """Return where a byte of a file stands, in the protocol's units."""
        *above, line = split_lines("".join(self._text(path)).encode()[:at].decode())
        return {"line": len(above), "character": unit_length(line, "utf-16")}

    def _text(self, path: str) -> list[str]:
        if path not in self._lines:
            text = (self._root / path).read_bytes().decode()
            self._lines[path] = split_lines(text)
            item = {"uri": self.uri(path), "languageId": self._language, "version": 1, "text": text}
            self.notify("textDocument/didOpen", {"textDocument": item})
        return self._lines[path]

    def _take(self, message: Json) -> None:
        if message.get("method") == self._ready:
            self._is_ready = True
        super()._take(message)

    def _serve(self, method: str, message: Json) -> Any:
        return None if method == "window/workDoneProgress/create" else super()._serve(method, message)
