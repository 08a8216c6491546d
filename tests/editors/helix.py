"""Drives a real Helix in a terminal, by keys, and reads its screen: no plug-in, and no editor that tells what it holds.

What is waited for is always a state of the screen, or of a file that Helix was told to write.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridle.indexer.process import Completed, run
from tests.editors.scene import Scene

WAIT_S, MENU_S, LOOK_S, CALL_S = 60.0, 2.0, 0.05, 10.0
ESCAPE_S = 0.2
MAX_ROWS = 30
COLUMNS, ROWS = 220, 100
SELECTED = "48;2;1;2;3"
"""The background of the chosen row of a menu, as a terminal is told of it."""

CONFIG = """\
theme = "probe"

[editor]
end-of-line-diagnostics = "hint"
line-number = "absolute"
color-modes = true
true-color = true

[editor.inline-diagnostics]
cursor-line = "warning"

[editor.lsp]
display-messages = true
"""
THEME = 'inherits = "default"\n"ui.menu.selected" = { bg = "#010203" }\n'


@dataclass(frozen=True)
class Helix:
    """An unpacked Helix: its program, its runtime files, and the terminal."""

    program: Path
    runtime: Path
    tmux: Path

    @contextmanager
    def on(self, scene: Scene, *files: str) -> Iterator[Screen]:
        """Helix on files of the scene, the first one in front; it and its terminal are gone at the end."""
        config = scene.folder / "config" / "helix"
        if not config.exists():
            self._configure(config, scene)
        env = {**scene.child_environment(""), "HELIX_RUNTIME": str(self.runtime), "COLORTERM": "truecolor"}
        screen = Screen(self.tmux, scene, env)
        try:
            screen.start([str(self.program), "-v", "--log", str(scene.folder / "helix.log"), *files])
            yield screen
        finally:
            screen.end()

    def _configure(self, config: Path, scene: Scene) -> None:
        (config / "themes").mkdir(parents=True)
        (config / "themes" / "probe.toml").write_text(THEME)
        (config / "config.toml").write_text(CONFIG)
        program = json.dumps(str(scene.program))
        (config / "languages.toml").write_text(
            f'[language-server.bridle]\ncommand = {program}\nargs = ["serve"]\n\n'
            '[[language]]\nname = "python"\nlanguage-servers = ["bridle"]\n'
        )


class Screen:
    """The terminal that one Helix runs in."""

    def __init__(self, tmux: Path, scene: Scene, env: dict[str, str]) -> None:
        self._tmux = [str(tmux), "-S", str(scene.folder / "tmux.socket"), "-f", "/dev/null"]
        self._scene = scene
        self._env = env

    def start(self, argv: list[str]) -> None:
        """Run a program in the terminal."""
        size = ("-x", str(COLUMNS), "-y", str(ROWS))
        self._call("new-session", "-d", *size, "-c", str(self._scene.root), *argv)
        self._call("set", "-g", "escape-time", "0")

    def end(self) -> None:
        """End the terminal, and with it what runs there."""
        with contextlib.suppress(AssertionError):
            self._call("kill-server")

    def text(self) -> str:
        """What is on the screen."""
        return self._call("capture-pane", "-p")

    def shows(self, *words: str) -> None:
        """Wait until all of these words are on the screen."""
        self.wait(f"{words} to be shown", lambda: all(word in self.text() for word in words))

    def wait(self, step: str, condition: Callable[[], object]) -> None:
        """Wait until a condition holds; past the bound the test fails with the step and the screen."""
        deadline = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {step}:\n{self.text()}"
            time.sleep(LOOK_S)

    def type(self, *keys: str) -> None:
        """Press keys, named as tmux names them."""
        self._call("send-keys", *keys)

    def write(self, text: str) -> None:
        """Type a text."""
        self._call("send-keys", "-l", text)

    def escape(self) -> None:
        """Press Escape; a key that follows within a moment would be taken for one with Alt."""
        self.type("Escape")
        time.sleep(ESCAPE_S)
        self.wait("normal mode", lambda: self._status().startswith(" NOR"))

    def command(self, text: str) -> None:
        """Type a command of Helix's, and wait until its line is gone."""
        self.write(f":{text}")
        self.shows(f":{text}")
        self.type("Enter")
        self.wait("the command to be taken", lambda: f":{text}" not in self.text())

    def quit(self) -> None:
        """Leave Helix with all that is not saved, and wait until it is gone."""
        self.write(":quit-all!")
        self.shows(":quit-all!")
        self.type("Enter")
        self.wait("Helix to be gone", lambda: self._ask("has-session").exit_code != 0)

    def open(self, file: str, line: int) -> None:
        """Bring a file of the scene to the front, at a 0-based line."""
        self.command(f"open {file}:{line + 1}")
        self.wait(f"{file} in front", lambda: re.search(rf"{re.escape(file)}.* {line + 1}:\d+\s*$", self._status()))

    def choose(self, words: str) -> None:
        """Choose the code action with these words, once it is offered where the cursor is."""

        def offered() -> bool:
            self.type("Space", "a")
            deadline = time.monotonic() + MENU_S
            while words not in self.text():
                if time.monotonic() > deadline:
                    self.escape()
                    return False
                time.sleep(LOOK_S)
            return True

        self.wait(f"{words!r} to be offered", offered)
        for _ in range(MAX_ROWS):
            if words in self._selected():
                self.type("Enter")
                return
            self._move_on(self._selected())
        raise AssertionError(f"{words!r} is not to be had:\n{self.text()}")

    def _move_on(self, row: str) -> None:
        self.type("C-n")
        self.wait("the next row", lambda: self._selected() != row)

    def wire(self) -> list[dict[str, Any]]:
        """Every message that went to the server or came from it, as Helix logged them."""
        lines = (self._scene.folder / "helix.log").read_text().splitlines()
        found = [re.search(r"bridle (?:->|<-) (\{\"(?:jsonrpc|id|params|method)\".*)", line) for line in lines]
        return [json.loads(match[1]) for match in found if match]

    def _status(self) -> str:
        return self._call("capture-pane", "-p", "-S", str(ROWS - 2), "-E", str(ROWS - 2)).rstrip("\n")

    def _selected(self) -> str:
        lines = self._call("capture-pane", "-p", "-e").splitlines()
        return next((line.partition(SELECTED)[2] for line in lines if SELECTED in line), "")

    def _call(self, *words: str) -> str:
        done = self._ask(*words)
        assert done.exit_code == 0, f"tmux {words[0]}: {os.fsdecode(done.stdout + done.stderr)}"
        return os.fsdecode(done.stdout)

    def _ask(self, *words: str) -> Completed:
        return run([*self._tmux, *words], cwd=self._scene.folder, env=self._env, timeout_s=CALL_S)
