"""The pyright language server, asked as an editor would ask it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bridle.cli.lsp_client import Json, LspClient

WAIT_S = 300.0
Found = tuple[str, tuple[int, int]]
"""A path below the root, and a line and column."""


class Pyright(LspClient):
    """One server on one project, with the environment that its dependencies are installed into."""

    def __init__(self, root: Path, source_root: Path, python: Path, log: Path) -> None:
        self._python = str(python)
        self._source_root = str(source_root)
        program = str(Path(sys.executable).with_name("pyright-langserver"))
        super().__init__([program, "--stdio"], {**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}, root, log)
        uri = root.as_uri()
        self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": root.name}],
                "capabilities": {"workspace": {"configuration": True, "workspaceFolders": True}},
            },
            WAIT_S,
        )
        self.notify("initialized", {})

    def references(self, path: str, at: tuple[int, int]) -> Iterator[Found]:
        """Yield where the symbol at a place is used, its declarations left out."""
        yield from self._ask("references", path, at, context={"includeDeclaration": False})

    def definition(self, path: str, at: tuple[int, int]) -> Iterator[Found]:
        """Yield where the name at a place is defined, inside the project or outside; nothing where it is unknown."""
        yield from self._ask("definition", path, at)

    def _ask(self, what: str, path: str, at: tuple[int, int], **more: object) -> Iterator[Found]:
        position = {"line": at[0], "character": at[1]}
        params = {"textDocument": {"uri": self.uri(path)}, "position": position, **more}
        for found in self.request(f"textDocument/{what}", params, WAIT_S) or ():
            start = found["range"]["start"]
            place = Path(unquote(urlsplit(found["uri"]).path))
            inside = place.relative_to(self._root).as_posix() if place.is_relative_to(self._root) else str(place)
            yield inside, (start["line"], start["character"])

    def _serve(self, method: str, message: Json) -> Any:
        if method == "workspace/configuration":
            return [self._configured(item.get("section", "")) for item in message["params"]["items"]]
        return super()._serve(method, message)

    def _configured(self, section: str) -> Json:
        analysis = {"diagnosticMode": "openFilesOnly", "indexing": False, "extraPaths": [self._source_root]}
        return {"python": {"pythonPath": self._python, "analysis": analysis}, "python.analysis": analysis}.get(
            section, {}
        )
