"""Records what real editors send while somebody works in them, as fixtures for tests/edits/test_streams.py.

    python tests/editors/record.py --into tests/cases/streams

Each editor plays the plans of stream_plans.py against recorder.py. A fixture is gzipped JSON lines: how the text
begins, each didChange as it came, and the text that the editor itself holds at the end (tests/cases/streams/README.md).
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run by its path, as in the line above

from tests.editors.emacs import Emacs
from tests.editors.install import chromium, default_tools
from tests.editors.neovim import Neovim
from tests.editors.recorder import git, path_of
from tests.editors.scene import HERE, TILL, Scene, write, write_program
from tests.editors.stream_plans import Plan, plans
from tests.editors.vscode import Code, Page, package_extension

EDITORS = ("neovim", "emacs", "vscode")
TIMEOUT_S = 1200.0
SETTINGS = {"editor.formatOnSave": True, "files.autoSave": "off"}


@dataclass(frozen=True)
class Recordable:
    """An editor that can be recorded."""

    name: str
    encoding: str
    play: Callable[[Scene], dict[str, Any]]


def editors(folder: Path) -> Iterator[Recordable]:
    """The installed editors, each with another position encoding: all three that the protocol has."""
    tools, browser = default_tools(), chromium()
    if program := tools.neovim():
        neovim = Neovim(program, tools.neovim_runtime())
        yield Recordable("neovim", "utf-8", lambda scene: neovim.play("streams", scene, TIMEOUT_S))
    if program := tools.emacs():
        emacs = Emacs(program)
        yield Recordable("emacs", "utf-32", lambda scene: emacs.play("streams", scene, TIMEOUT_S))
    if (code_tools := tools.code()) and browser:
        code = Code(code_tools, browser, package_extension(tools, folder / "bridle.vsix"))
        page = Page(settings=SETTINGS)
        yield Recordable("vscode", "utf-16", lambda scene: code.play("streams", scene, page, TIMEOUT_S))


def main() -> None:
    """Record all editors, or the one that is named."""
    parser = argparse.ArgumentParser(description="Record the change streams of real editors.")
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="below 1: shorter recordings, for a trial")
    parser.add_argument("--only", choices=EDITORS, help="one editor")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    wanted = [options.only] if options.only else list(EDITORS)
    with tempfile.TemporaryDirectory(prefix="recording") as name:
        for editor in editors(Path(name)):
            if editor.name in wanted:
                record(editor, plans(options.seed, options.scale), Path(name) / editor.name, options.into)
                wanted.remove(editor.name)
    if wanted:
        sys.exit(f"✗ not recorded, since not installed: {', '.join(wanted)}; `make tools` installs the editors")


def record(editor: Recordable, todo: list[Plan], folder: Path, into: Path) -> None:
    """Play all plans in one editor, and write a fixture of each; `folder` must not be there yet."""
    scene, log = set_recording(folder, editor.encoding, todo)
    seen = editor.play(scene)["seen"]
    entries = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    total = 0
    for plan in todo:
        head = {"editor": f"{editor.name} {seen['version']}", "scenario": plan.name, "encoding": editor.encoding}
        lines = [*stream(head, entries, scene.root / plan.file), {"final": seen["finals"][plan.name]}]
        text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
        packed = gzip.compress(text.encode("utf-8", "surrogatepass"), mtime=0)
        (into / f"{editor.name}-{plan.name}.jsonl.gz").write_bytes(packed)
        total += len(lines) - 2
    print(f"✓ {editor.name} {seen['version']}: {total} messages in {len(todo)} streams", flush=True)


def stream(head: dict[str, str], entries: list[Any], file: Path) -> Iterator[dict[str, Any]]:
    """The lines of a fixture but for the last: what came for one file."""
    begun = False
    for entry in entries:
        message = entry["message"]
        document = (message.get("params") or {}).get("textDocument", {})
        if path_of(document.get("uri", "")) != file:
            continue
        if message["method"] == "textDocument/didOpen" and not begun:
            begun = True
            yield {**head, "text": document["text"]}
        elif message["method"] == "textDocument/didOpen":
            yield {"version": document["version"], "open": document["text"], "kind": entry["kind"]}
        elif message["method"] == "textDocument/didChange":
            changes = [kept(change) for change in message["params"]["contentChanges"]]
            yield {"version": document["version"], "changes": changes, "kind": entry["kind"]}


def kept(change: dict[str, Any]) -> dict[str, Any]:
    """A change without `rangeLength`, which the protocol has given up."""
    return {name: value for name, value in change.items() if name != "rangeLength"}


def set_recording(folder: Path, encoding: str, todo: list[Plan]) -> tuple[Scene, Path]:
    """A workspace with a file for each plan, under git, and the recorder as its server."""
    folder.mkdir()
    log = folder / "recorded.jsonl"
    argv = [sys.executable, str(HERE / "recorder.py"), "--log", str(log), "--encoding", encoding]
    scene = Scene(TILL, folder, write_program(folder, argv))
    write(scene)
    shutil.rmtree(scene.root / "tests", ignore_errors=True)
    for plan in todo:
        (scene.root / plan.file).write_bytes(plan.text.encode())
    subprocess.run(["git", "init", "--quiet", str(scene.root)], check=True)
    git(scene.root / todo[0].file, "add", "--all")
    git(scene.root / todo[0].file, "commit", "--quiet", "--message", "as it begins")
    told = json.loads(scene.file.read_text())
    streams = [{"name": plan.name, "file": plan.file, "steps": plan.steps} for plan in todo]
    scene.file.write_text(json.dumps({**told, "streams": streams}))
    return scene, log


if __name__ == "__main__":
    main()
