"""From a save to the squiggle, through the real server: how long it takes, and what it costs over the tool by hand.

`python bench/inline.py [--smoke]`; exits 1 if a goal is missed. A project of one file with ruff, and a copy of
`examples/till` with pytest. Save and tool by hand are taken in turn, so that both see the same machine. While checks
run somebody types: the door answers after each change.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bridle.cli.lsp_client import LspClient
from bridle.cli.tour_stages import CAPABILITIES
from bridle.harness.permission.trust import Trust

GOAL_RUFF_MS = 300.0
GOAL_TESTS_MS = 1500.0
GOAL_OVERHEAD_MS = 60.0
GOAL_ANSWER_P95_MS = 5.0
SMOKE_SLACK = 4.0
WAIT_S = 60.0
EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "till"
MONEY = "src/till/money.py"


class Editor:
    """A client with one document of a trusted project."""

    def __init__(self, root: Path, path: str) -> None:
        Trust(root).say(trusted=True)
        command = [sys.executable, "-P", "-m", "bridle.cli.main", "serve"]
        self.client = LspClient(command, dict(os.environ), root, root.parent / f"{root.name}.log")
        options = {"diagnostics": {"lint": "on"}}
        asked = {"rootUri": root.as_uri(), "capabilities": CAPABILITIES, "initializationOptions": options}
        self.client.request("initialize", {"processId": None, **asked})
        self.client.notify("initialized", {})
        self.client.open(path)
        self.client.command("bridle.status", {}, WAIT_S)
        self.root, self.path = root, path

    def saved(self, text: str, until: Callable[[list[str]], bool]) -> float:
        """Replace the document, save it, wait until the codes that are shown are as wanted; returns milliseconds."""
        uri = self.client.uri(self.path)
        version = self.client.documents[uri][0] + 1
        self.client.documents[uri] = (version, self.client.documents[uri][1])
        changes = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]}
        self.client.notify("textDocument/didChange", changes)
        (self.root / self.path).write_text(text, "utf-8")
        begun = time.perf_counter()
        self.client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        self.client.until(lambda: until(self.codes()), WAIT_S, "the finding")
        return (time.perf_counter() - begun) * 1000

    def codes(self) -> list[str]:
        """Return the sources and codes of all that is shown."""
        told = (one for group in self.client.diagnostics.values() for one in group)
        return [f"{one.get('source')} {one.get('code')}" for one in told]

    def answers(self, n_times: int) -> list[float]:
        """Type into another document and ask at once what can be done there; returns milliseconds of each answer."""
        uri = (self.root / "typed.py").as_uri()
        item = {"uri": uri, "languageId": "python", "version": 1, "text": "value = 1\n" * 10_000}
        self.client.notify("textDocument/didOpen", {"textDocument": item})
        place = {"start": {"line": 5000, "character": 0}, "end": {"line": 5000, "character": 0}}
        times: list[float] = []
        for number in range(n_times):
            begun = time.perf_counter()
            identifier = {"uri": uri, "version": number + 2}
            changes = [{"range": place, "text": "x"}]
            self.client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})
            asked = {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": []}}
            self.client.request("textDocument/codeAction", asked)
            times.append((time.perf_counter() - begun) * 1000)
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        return times


def by_hand(command: list[str], root: Path) -> float:
    """Run a tool as a person would; returns milliseconds."""
    begun = time.perf_counter()
    subprocess.run(command, cwd=root, capture_output=True, check=False)
    return (time.perf_counter() - begun) * 1000


def ruff_on_one_file(place: Path, n_times: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds from save to inline, and of ruff by hand."""
    root = place / "one"
    root.mkdir()
    (root / "ruff.toml").write_text("line-length = 100\n")
    (root / "a.py").write_text("value = 1\n")
    program = str(Path(sys.executable).parent / "ruff")
    editor = Editor(root, "a.py")
    shown: list[float] = []
    hand: list[float] = []
    for number in range(n_times):
        filler = f"value = {number}\n"
        shown.append(editor.saved("import os\n\n" + filler, lambda codes: "bridle·ruff F401" in codes))
        hand.append(by_hand([program, "check", "--no-cache", "--output-format", "json", "a.py"], root))
        editor.saved(filler, lambda codes: "bridle·ruff F401" not in codes)
    editor.client.close()
    return shown, hand


def tests_of_the_example(place: Path, n_times: int) -> tuple[list[float], list[float], list[float]]:
    """Return milliseconds from save to a failing test inline, of pytest by hand, and of answers while checks run."""
    root = place / "till"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    bad = (root / MONEY).read_text("utf-8")
    good = bad.replace("Money(self.cents * rate // 100)", "Money((self.cents * rate + 50) // 100)")
    editor = Editor(root, MONEY)
    editor.saved(good, lambda codes: not any("pytest" in code for code in codes))
    shown: list[float] = []
    hand: list[float] = []
    answers: list[float] = []
    for number in range(n_times):
        mark = f"# {number}\n"
        shown.append(editor.saved(bad + mark, lambda codes: any("pytest" in code for code in codes)))
        hand.append(by_hand([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], root))
        uri = editor.client.uri(MONEY)
        (root / MONEY).write_text(good + mark, "utf-8")
        editor.client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        answers += editor.answers(20)
        editor.saved(good + mark, lambda codes: not any("pytest" in code for code in codes))
    editor.client.close()
    return shown, hand, answers


def told(name: str, values: list[float]) -> str:
    """Return a row: median and range."""
    return f"{name}: {statistics.median(values):7.1f} ms ({min(values):.1f} to {max(values):.1f})"


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="few repetitions, and wide goals")
    smoke = parser.parse_args().smoke
    slack = SMOKE_SLACK if smoke else 1.0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        for name in ("STATE", "CONFIG", "CACHE"):
            os.environ[f"XDG_{name}_HOME"] = str(place / name.lower())
        settings = place / "config" / "bridle" / "config.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(f'python = "{sys.executable}"\n')
        ruff, ruff_hand = ruff_on_one_file(place, 4 if smoke else 40)
        tests, tests_hand, answers = tests_of_the_example(place, 2 if smoke else 15)
    median = statistics.median
    p95 = statistics.quantiles(answers, n=20)[18]
    over = median(shown - hand for shown, hand in zip(ruff, ruff_hand, strict=True))
    print(told("ruff on one file, save to inline", ruff), f"goal {GOAL_RUFF_MS * slack:.0f}")
    print(told("ruff by hand                    ", ruff_hand))
    print(told("tests of the example, to inline ", tests), f"goal {GOAL_TESTS_MS * slack:.0f}")
    print(told("pytest by hand                  ", tests_hand))
    print(f"over ruff by hand, the wait for more saves included: {over:.1f} ms, goal {GOAL_OVERHEAD_MS * slack:.0f}")
    print(f"a change and an answer while checks run: p95 {p95:.2f} ms, goal {GOAL_ANSWER_P95_MS * slack:.0f}")
    missed = [
        median(ruff) > GOAL_RUFF_MS * slack,
        median(tests) > GOAL_TESTS_MS * slack,
        over > GOAL_OVERHEAD_MS * slack,
        p95 > GOAL_ANSWER_P95_MS * slack,
    ]
    return int(any(missed))


if __name__ == "__main__":
    sys.exit(main())
