"""`bridle completion SHELL`: a script by which a shell completes commands and options, made from their parsers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

SHELLS = ("bash", "zsh", "fish")
FILES = frozenset({"edits", "place", "paths", "at", "also", "policy"})
"""Arguments that name files though they are read as text."""
HOW = {
    "bash": 'bridle completion bash > "${XDG_DATA_HOME:-$HOME/.local/share}/bash-completion/completions/bridle"',
    "zsh": "bridle completion zsh > ~/.zfunc/_bridle   (with: fpath+=~/.zfunc, before compinit)",
    "fish": "bridle completion fish > ~/.config/fish/completions/bridle.fish",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["kept where the shell looks:", *(f"  {line}" for line in HOW.values())])
    parser.add_argument("shell", choices=SHELLS, help="the shell that reads it")


def main(options: argparse.Namespace) -> int:
    """Print the script."""
    from bridle.cli.main import whole_parser

    sys.stdout.write(script(whole_parser(), options.shell))
    return 0


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the script for a shell, which knows nothing of this program but what stands in it."""
    import shtab

    for action in _actions(parser):
        if action.dest == "root":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]  # how shtab is told
        elif action.type is Path or action.dest in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # how shtab is told
    return shtab.complete(parser, shell).rstrip() + "\n"


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield all actions of a parser and of the parsers within."""
    for action in parser._actions:  # noqa: SLF001 - argparse tells them in no other way
        yield action
        if action.nargs == argparse.PARSER:
            for inner in cast("Mapping[str, argparse.ArgumentParser]", action.choices).values():
                yield from _actions(inner)
