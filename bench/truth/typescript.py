"""The truth of TypeScript and JavaScript: what TypeScript's own language server says of seeded definitions.

The definitions are those that the server names in seeded files. Each is asked for its references and its incoming
calls. What is called is a call, what stands in an import or a re-export is one, and what stands behind ``extends`` or
``implements`` of a class inherits. Of a use of ours that is not among the references the server is asked where it
leads: to the definition, elsewhere, or nowhere, which is no opinion. The project is a copy of a clone in which
tsconfig.json takes all files in: by itself it would leave out tests and benchmarks. A source is the definition of
ours around the place.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from comparing import Comparison, Named, compare, plain

from bridle.cli.lsp_client import Json, LspClient
from bridle.indexer.facts import Symbol
from bridle.indexer.index import Index
from bridle.indexer.snapshot import Snapshot

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.verify.install import javascript

PINNED = (
    ("es-toolkit", "src", "a1918b04e0e46e70000e0b6b048f1aabaafc1afb"),
    ("ufo", "src", "11308c0bb5cb4a4bc3bfcbdc5c03177b097423e6"),
    ("defu", "src", "80c0146afb11ebd86183a579ec469f3abd976695"),
    ("tsyringe", "src", "e033769d97cfb6cc4a8569e2b50eb32015453302"),
    ("hookable", "src", "b77477c027039362ee0ec4f39b8998c4f1b21707"),
    ("express", "lib", "a3714473feb3d2908add734d340e7755fd85e0a3"),
)
"""Name, where its code is, commit."""

HOUSE = Path(__file__).resolve().parents[2]
WAIT_S = 120.0
LEFT_OUT = shutil.ignore_patterns(".git", ".yarn", "node_modules")
SEED = int(os.environ.get("TRUTH_SEED", "7"))
ENDINGS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_KINDS = {5: "class", 6: "method", 9: "constructor", 10: "enum", 11: "interface", 12: "function", 13: "variable"}
_KINDS |= {14: "constant", 26: "type"}
_MEMBER = 6
_QUOTED = r"""['"`][^'"`\n]+['"`]"""
_IMPORT = re.compile(
    rf"""^[ \t]*(?:import|export)\b(?:[^'"`;(){{}}]|\{{[^{{}}]*\}})*?\bfrom\s*{_QUOTED}"""
    rf"""|(?:[\w$]+|\{{[^{{}}]*\}})\s*=\s*(?:await\s+import|require)\(\s*{_QUOTED}\s*\)(?:\.[\w$]+)*""",
    re.MULTILINE,
)
_CALLED = re.compile(r"[\w$]+\s*(?:\?\.)?(?:<[^<>()]*>)?[(`]")
_NOT_CALLED = re.compile(r"[\w$]+\s*[.),;=]")
"""The server counts ``f.bind(x)`` and ``run(f)`` among the calls of f."""
_HERITAGE = re.compile(
    r"\b(?:class|interface)\b(?:[^{}();=<>]|<[^<>]*>)*\b(?:extends|implements)\b(?:[^{}();=<>]|<[^<>]*>)*$"
)


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and the compiler."""
    absent = [f"{name}/{code}" for name, code, _ in PINNED if not (where / name / code).is_dir()]
    return absent if _server() else [*absent, "typescript (make tools)"]


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of `n_symbols` seeded definitions each."""
    for name, _, _ in PINNED:
        if only in ("", name):
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder).resolve() / name
                shutil.copytree(where / name, root, symlinks=True, ignore=LEFT_OUT)
                yield compared(root, n_symbols)


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of our own editor's client; nothing where the compiler is missing."""
    if _server():
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve() / "vscode"
            shutil.copytree(HOUSE / "editors" / "vscode", root, symlinks=True, ignore=LEFT_OUT)
            yield compared(root, 60)


def compared(root: Path, n_symbols: int) -> Comparison:
    """Return what comes of one project, which is written to."""
    index = Index(root, None, workers=1)
    snapshot = index.refresh()
    index.close()
    server = _Server(root)
    try:
        return _Project(root, snapshot, server).compared(n_symbols)
    finally:
        server.close()


def _server() -> Path | None:
    modules = javascript().modules()
    program = modules / "typescript" / "lib" / "tsc.js" if modules else None
    return program if program and program.is_file() else None


class _Server(LspClient):
    """TypeScript's language server on one project."""

    def __init__(self, root: Path) -> None:
        program = _server()
        assert program is not None
        _take_all_in(root)
        log = root.with_suffix(".log")
        self._shown: set[str] = set()
        super().__init__(["node", str(program), "--lsp", "--stdio"], dict(os.environ), root, log)
        folders = [{"uri": root.as_uri(), "name": root.name}]
        can = {"textDocument": {"documentSymbol": {"hierarchicalDocumentSymbolSupport": True}}}
        about = {"processId": os.getpid(), "rootUri": root.as_uri(), "workspaceFolders": folders, "capabilities": can}
        self.request("initialize", about, WAIT_S)
        self.notify("initialized", {})

    def show(self, path: str, text: str) -> None:
        """Open a document."""
        kind = "typescript" if path.endswith(("ts", "tsx")) else "javascript"
        item = {"uri": self.uri(path), "languageId": kind, "version": 1, "text": text}
        if path not in self._shown:
            self._shown.add(path)
            self.notify("textDocument/didOpen", {"textDocument": item})

    def ask(self, method: str, path: str, at: Json, **more: object) -> list[Json]:
        """Return what the server answers about a place."""
        params = {"textDocument": {"uri": self.uri(path)}, "position": at, **more}
        return self.request(f"textDocument/{method}", params, WAIT_S) or []

    def close(self) -> int | None:
        """End it; it takes no parameters with its goodbye."""
        self._child.kill()
        return None


def _take_all_in(root: Path) -> None:
    """Let the project's tsconfig.json take in all files that lie in it."""
    own = root / "tsconfig.json"
    options: dict[str, Any] = {"allowJs": True, "noEmit": True}
    if own.is_file():
        own.rename(root / "tsconfig.own.json")
        config: dict[str, Any] = {"extends": "./tsconfig.own.json", "compilerOptions": options}
    else:
        config = {"compilerOptions": {**options, "module": "nodenext"}}
    own.write_text(json.dumps({**config, "include": ["**/*"], "exclude": ["**/node_modules"]}), "utf-8")


class _Project:
    def __init__(self, root: Path, snapshot: Snapshot, server: _Server) -> None:
        self._root, self._snapshot, self._server = root, snapshot, server
        self._texts = {path: (root / path).read_bytes().decode() for path in snapshot.digests if path.endswith(ENDINGS)}
        self._starts = {path: _line_starts(text) for path, text in self._texts.items()}
        self._imports = {path: [found.span() for found in _IMPORT.finditer(text)] for path, text in self._texts.items()}

    def compared(self, n_symbols: int) -> Comparison:
        """Return the counts of `n_symbols` definitions."""
        truth: set[Named] = set()
        asked: dict[str, Symbol] = {}
        sample = list(self._sample(n_symbols))
        for path, found in sample:
            symbol = self._ours(path, found)
            target = plain(symbol.id) if symbol else f"{path}::{found['name']} (not ours)"
            if symbol is not None:
                asked[target] = symbol
            truth |= set(self._edges(path, found, target))
        ours = {
            (plain(edge.source), target, edge.kind)
            for target, symbol in asked.items()
            for known in (self._snapshot.named(symbol.qualname))
            if plain(known.id) == target
            for edge in self._snapshot.uses(known.id)
            if edge.kind != "tests"
        }
        led = {edge: self._leads(edge, asked[edge[1]]) for edge in sorted(ours - truth)}
        return Comparison(self._root.name, len(sample), compare(ours, truth, led.__getitem__))

    def _leads(self, edge: Named, symbol: Symbol) -> str:
        """Tell where the server leads from a use of ours: to its target, elsewhere, or nowhere."""
        path, name = edge[0].partition("::")[0], symbol.name
        around = [one.span for one in self._snapshot.in_file(path) if plain(one.id) == edge[0]]
        is_known = False
        for found in re.finditer(rf"(?<![\w$]){re.escape(name)}(?![\w$])", self._texts[path]):
            line = bisect_right(self._starts[path], found.start()) - 1
            if not any(span.start_line <= line < span.end_line for span in around):
                continue
            self._server.show(path, self._texts[path])
            at = {"line": line, "character": found.start() - self._starts[path][line]}
            for goal in self._server.ask("definition", path, at):
                inside, there = self._inside(goal["uri"]), goal["range"]["start"]["line"]
                if inside == symbol.span.path and symbol.span.start_line <= there < symbol.span.end_line:
                    return "right"
                is_known = is_known or self._is_elsewhere(path, line, goal)
        return "wrong" if is_known else "untold"

    def _is_elsewhere(self, path: str, line: int, goal: Json) -> bool:
        inside, at = self._inside(goal["uri"]), goal["range"]["start"]
        if inside != path:
            return True
        offset = self._offset(path, at)
        return at["line"] != line and not any(start <= offset < end for start, end in self._imports[path])

    def _sample(self, n_symbols: int) -> Iterator[tuple[str, Json]]:
        paths = sorted(self._texts)
        dice = random.Random(SEED)  # noqa: S311  # the same sample on every run
        dice.shuffle(paths)
        found: list[tuple[str, Json]] = []
        for path in paths:
            if len(found) >= 4 * n_symbols:
                break
            self._server.show(path, self._texts[path])
            symbols = self._server.request("textDocument/documentSymbol", _document(self._server.uri(path)), WAIT_S)
            found += [(path, one) for one in self._flat(path, symbols or [], is_top=True)]
        yield from dice.sample(found, min(n_symbols, len(found)))

    def _flat(self, path: str, symbols: list[Json], *, is_top: bool) -> Iterator[Json]:
        for one in symbols:
            kind = _KINDS.get(one["kind"], "")
            at = self._offset(path, one["selectionRange"]["start"])
            is_imported = any(start <= at < end for start, end in self._imports[path])
            is_value = kind in ("variable", "constant")
            is_named = re.fullmatch(r"[\w$]+", one["name"]) is not None
            if kind not in ("", "constructor") and not is_imported and is_named and (is_top or not is_value):
                yield one
            if kind in ("class", "interface", "function"):
                yield from self._flat(path, one.get("children") or [], is_top=False)

    def _ours(self, path: str, found: Json) -> Symbol | None:
        """Return the definition of ours that the server means."""
        line = found["selectionRange"]["start"]["line"]
        near = [
            symbol
            for symbol in self._snapshot.in_file(path)
            if symbol.name == found["name"] and symbol.span.start_line <= line < symbol.span.end_line
        ]
        return near[-1] if near else None

    def _edges(self, path: str, found: Json, target: str) -> Iterator[Named]:
        at = found["selectionRange"]["start"]
        calls: set[tuple[str, int]] = set()
        for item in self._server.ask("prepareCallHierarchy", path, at):
            for call in self._server.request("callHierarchy/incomingCalls", {"item": item}, WAIT_S) or []:
                inside = self._inside(call["from"]["uri"])
                calls |= {(inside, self._offset(inside, one["start"])) for one in call["fromRanges"] if inside}
        own = {(path, self._offset(path, at))}
        for one in self._server.ask("references", path, at, context={"includeDeclaration": True}):
            inside = self._inside(one["uri"])
            if not inside:
                continue
            place = inside, self._offset(inside, one["range"]["start"])
            if place in own or self._is_declared(place, found["name"], target):
                continue
            if found["kind"] == _MEMBER and not self._goes_to(place, path, found):
                continue  # a member of the same name in what it implements, or in what implements it
            kind, source = self._kind(place, calls), self._source(place)
            if kind == "imports":
                source = f"{inside}::"
            if source != target:
                yield source, target, kind

    def _goes_to(self, place: tuple[str, int], path: str, found: Json) -> bool:
        """Tell whether the definition of what stands at a place is the one that was asked for."""
        inside, at = place
        line = bisect_right(self._starts[inside], at) - 1
        self._server.show(inside, self._texts[inside])
        whole = found["range"]["start"]["line"], found["range"]["end"]["line"]
        goals = self._server.ask("definition", inside, {"line": line, "character": at - self._starts[inside][line]})
        return any(
            self._inside(one["uri"]) == path and whole[0] <= one["range"]["start"]["line"] <= whole[1] for one in goals
        )

    def _kind(self, place: tuple[str, int], calls: set[tuple[str, int]]) -> str:
        path, at = place
        if any(start <= at < end for start, end in self._imports[path]):
            return "imports"
        if _CALLED.match(self._texts[path], at) or (place in calls and not _NOT_CALLED.match(self._texts[path], at)):
            return "calls"
        line = self._texts[path][max(0, at - 300) : at]
        return "inherits" if _HERITAGE.search(line) else "references"

    def _source(self, place: tuple[str, int]) -> str:
        """Return the definition of ours around a place."""
        path, at = place
        byte = len(self._texts[path][:at].encode())
        around = [one for one in self._snapshot.in_file(path) if one.span.start_byte <= byte < one.span.end_byte]
        return plain(max(around, key=lambda one: (one.span.start_byte, -one.span.end_byte)).id)

    def _is_declared(self, place: tuple[str, int], name: str, target: str) -> bool:
        """Tell whether a place is a declaration of the same name in the same file: an overload, a merged one."""
        path, at = place
        if path != target.partition("::")[0]:
            return False
        before = self._texts[path][max(0, at - 80) : at]
        words = r"(?:function\*?|class|interface|type|enum|const|let|var|get|set|static|async|public|private)\s+$"
        return re.search(words, before) is not None and self._texts[path].startswith(name, at)

    def _inside(self, uri: str) -> str:
        path = uri.removeprefix(f"{self._root.as_uri()}/")
        return path if path in self._texts else ""

    def _offset(self, path: str, at: Json) -> int:
        return self._starts[path][at["line"]] + at["character"]


def _document(uri: str) -> Json:
    return {"textDocument": {"uri": uri}}


def _line_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", text))]
