"""The way around the code: how soon an answer is there, from the door, and beside other servers on the same requests.

`python bench/navigation.py [--smoke] [TREE] [--names N] [--beside PROGRAM …]`. TREE is a folder of Python, by default
this project's own code. Each server gets the same requests on the same names, drawn by lot from all uses in the tree,
so that a name comes as often as it is used. Told are answers of a server that has been worked with: other names were
asked for before, for `--warm` seconds. Beside the time that passed stands the processor's time that the server's
processes took: what would have passed on a machine that nobody else uses. PROGRAM is a command of another server, such
as `"pyright-langserver --stdio"`. Exits 1 where one of the door's answers misses the goal.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shlex
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import psutil

from bridle.cli.lsp_client import Json, LspClient, ServerGone
from bridle.indexer.languages.readers import PYTHON
from bridle.indexer.places import each_use
from bridle.indexer.text import split_lines, unit_length

GOAL_P95_MS = 50.0
FIRST_HOVER_P95_MS = 400.0
"""Git is waited for 0.3 s."""
SMOKE_SLACK = 4.0
WAIT_S = 600.0
HOUSE = Path(__file__).resolve().parents[1]
FIRST_HOVER = "hover, first time"
FLOORS = ("indexer", "context", "harness", "lsp_server", "mcp_server", "cli")
QUERIES = ("get", "QuerySet", "mod", "save", "qs", "gooo", "_", "Form.clean", "test", "contextmanager")


class Name(NamedTuple):
    """A name in a file: 0-based line, and column in UTF-16 units."""

    path: str
    line: int
    character: int


def names(root: Path, n_names: int, n_files: int, seed: int = 7) -> list[Name]:
    """Return names that are used somewhere in a tree, drawn by lot, `n_names` in `n_files` files."""
    rng = random.Random(seed)  # noqa: S311  # the same names on every run
    files = sorted(path for path in root.rglob("*.py") if 500 < path.stat().st_size < 200_000)
    found: list[Name] = []
    for path in rng.sample(files, min(n_files, len(files))):
        told = path.relative_to(root).as_posix()
        data = path.read_bytes()
        facts = PYTHON.facts(told, data)
        places = [at for use, found_at in each_use(facts) if use.qualifier != "?" for at in found_at]
        for at in rng.sample(places, min(len(places), -(-n_names // n_files))):
            before = split_lines(data[:at].decode())
            found.append(Name(told, len(before) - 1, unit_length(before[-1], "utf-16")))
    return found[:n_names]


class Took(NamedTuple):
    """Milliseconds: that passed, and that the processor worked."""

    passed: float
    worked: float


def worked_ms(processes: Sequence[int]) -> float:
    """Return how long the processor has worked for processes, all their threads counted; 0 where nobody tells."""
    tasks = (task for pid in processes for task in Path(f"/proc/{pid}/task").glob("*/schedstat"))
    total = 0
    for task in tasks:
        with contextlib.suppress(OSError):
            total += int(task.read_text().split()[0])
    return total / 1e6


class Server(LspClient):
    """One server on a tree, with what it takes to know when it is ready."""

    def __init__(self, command: Sequence[str], root: Path, log: Path, options: Json) -> None:
        places = {name: str(log.parent / name) for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        super().__init__(command, {**os.environ, **places, "BRIDLE_MODEL": ""}, root, log)
        document: Json = {"documentSymbol": {"hierarchicalDocumentSymbolSupport": True}, "callHierarchy": {}}
        capabilities = {"textDocument": document, "workspace": {"configuration": True, "workspaceFolders": True}}
        uri = root.as_uri()
        self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": root.name}],
                "capabilities": capabilities,
                "initializationOptions": options,
            },
            WAIT_S,
        )
        self.notify("initialized", {})

    def timed(self, method: str, params: Json) -> tuple[Took, Any]:
        """Ask, and return what it took, with the answer."""
        processes = [one.pid for one in psutil.Process().children(recursive=True)]
        worked, begun = worked_ms(processes), time.perf_counter()
        answer = self.request(method, params, WAIT_S)
        passed = (time.perf_counter() - begun) * 1000
        return Took(passed, worked_ms(processes) - worked), answer

    def at(self, name: Name, **more: object) -> Json:
        """Return the parameters of a question about a name."""
        position = {"line": name.line, "character": name.character}
        return {"textDocument": {"uri": self.uri(name.path)}, "position": position, **more}


def until_ready(server: Server, name: str) -> float:
    """Wait until the index answers for the whole tree; returns the seconds."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < WAIT_S:
        told: list[str] = []
        server.on_progress = told.append
        token = {"workDoneToken": "bench"}
        found = server.request("workspace/symbol", {"query": name, **token}, WAIT_S)
        if found and not any("still being read" in one for one in told):
            return time.perf_counter() - begun
        time.sleep(0.1)  # another process reads: there is nothing here to wait for
    raise ServerGone("the index is not complete")


def questions(server: Server, asked: Sequence[Name]) -> Iterator[tuple[str, Took, Any]]:
    """Ask all there is to ask, one after the other; yield what, how long it took, and the answer."""
    for name in asked:
        yield "definition", *server.timed("textDocument/definition", server.at(name))
        for what in (FIRST_HOVER, "hover"):
            yield what, *server.timed("textDocument/hover", server.at(name))
        references = server.at(name, context={"includeDeclaration": False})
        yield "references", *server.timed("textDocument/references", references)
        took, items = server.timed("textDocument/prepareCallHierarchy", server.at(name))
        yield "prepareCallHierarchy", took, items
        for item in (items or [])[:1]:
            yield "incomingCalls", *server.timed("callHierarchy/incomingCalls", {"item": item})
            yield "outgoingCalls", *server.timed("callHierarchy/outgoingCalls", {"item": item})
    for path in dict.fromkeys(name.path for name in asked):
        document = {"textDocument": {"uri": server.uri(path)}}
        yield "documentSymbol", *server.timed("textDocument/documentSymbol", document)
    for query in QUERIES:
        yield "workspace/symbol", *server.timed("workspace/symbol", {"query": query})


def measured(
    server: Server, asked: Sequence[Name], before: Sequence[Name], warm_s: float
) -> tuple[dict[str, list[Took]], list[set[Any]]]:
    """Return what it took by question, and what each name was said to be defined as."""
    for path in dict.fromkeys(name.path for name in (*before, *asked)):
        server.open(path)
    begun = time.perf_counter()
    for query in ("zz", "Ab"):
        server.timed("workspace/symbol", {"query": query})
    for name in before:  # work on other names, question by question as a person asks
        server.timed("textDocument/references", server.at(name, context={"includeDeclaration": False}))
        if time.perf_counter() - begun > warm_s:
            break
        time.sleep(min(0.2, warm_s / len(before)))
    times: dict[str, list[Took]] = {}
    defined: list[set[Any]] = []
    for what, took, answer in questions(server, asked):
        times.setdefault(what, []).append(took)
        if what == "definition":
            defined.append({_place(one) for one in answer or ()})
    return times, defined


def _place(found: Json) -> tuple[str, int]:
    place = found.get("range") or found["targetSelectionRange"]
    return unquote(urlsplit(found.get("uri") or found["targetUri"]).path), place["start"]["line"]


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=100, method="inclusive")[94] if len(values) > 1 else values[0]


def tell(name: str, times: dict[str, list[Took]]) -> None:
    """Print the figures of one server."""
    for what, found in times.items():
        passed, worked = [one.passed for one in found], [one.worked for one in found]
        told = f"median {statistics.median(passed):7.1f}  p95 {p95(passed):7.1f}  max {max(passed):7.1f} ms"
        busy = f"median {statistics.median(worked):7.1f}  p95 {p95(worked):7.1f} ms"
        print(f"{name:20.20} {what:20} {len(found):4}  passed: {told}  worked: {busy}")


def agreement(ours: list[set[Any]], theirs: list[set[Any]], root: Path) -> str:
    """Return how the definitions compare, of names that the other server finds in the tree."""
    inside = [
        (mine, other)
        for mine, other in zip(ours, theirs, strict=True)
        if any(p.startswith(str(root)) for p, _ in other)
    ]
    same = sum(bool(mine & other) for mine, other in inside)
    silent = sum(not mine for mine, _ in inside)
    return f"of {len(inside)} names that it finds in the tree ours agree on {same}, are silent on {silent}"


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=Path)
    parser.add_argument("--smoke", action="store_true", help="few names, and a wide goal")
    parser.add_argument("--names", type=int, default=200, metavar="N")
    parser.add_argument("--warm", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument("--beside", action="append", default=[], metavar="PROGRAM")
    options = parser.parse_args()
    goal = GOAL_P95_MS * (SMOKE_SLACK if options.smoke else 1.0)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "tree"
        if options.tree is None:
            for floor in FLOORS:
                shutil.copytree(HOUSE / floor, root / floor, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copytree(options.tree, root)
        size = (20, 5) if options.smoke else (options.names, max(1, options.names // 5))
        asked, before = names(root, *size), names(root, *size, seed=8)
        warm_s = min(options.warm, 1.0) if options.smoke else options.warm
        log = Path(folder) / "server.log"
        config = Path(folder) / "XDG_CONFIG_HOME" / "bridle" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text('vectors = "off"\n')  # they are made by the same process in its first minute
        program = str(Path(sys.executable).with_name("bridle"))
        server = Server([program, "serve"], root, log, {"settings": {"navigation": "on"}})
        print(f"bridle: {until_ready(server, 'get'):.1f} s until the whole tree is known; {len(asked)} names")
        times, ours = measured(server, asked, before, warm_s)
        server.close()
        tell("bridle", times)
        for command in options.beside:
            other = Server(shlex.split(command), root, log, {})
            theirs_times, theirs = measured(other, asked, before, warm_s)
            other.close()
            tell(command, theirs_times)
            print(f"{command}: {agreement(ours, theirs, root)}")
    late = {what: p95([one.passed for one in found]) for what, found in times.items()}
    goals = dict.fromkeys(late, goal) | {FIRST_HOVER: max(goal, FIRST_HOVER_P95_MS)}
    late = {what: took for what, took in late.items() if took > goals[what]}
    for what, took in late.items():
        print(f"missed: {what} p95 {took:.1f} ms, goal {goals[what]:.0f} ms")
    return int(bool(late))


if __name__ == "__main__":
    sys.exit(main())
