"""The truth of the shell: where bash-language-server says that each command is defined.

Which names there are, shfmt's parser tells (`tellers/sh_names.js`). Where a script has a function itself, that is
meant, whatever others have; a command of which the server knows nothing is untold. Both programs are taken from PATH
and NODE_PATH.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from comparing import Comparison
from naming import NamingServer
from pinned import absent, each, own
from uses import UNKNOWN_IMPORT, Told, compared, lines_of, told_in

from bridle.cli.lsp_client import Json

PINNED = (
    ("bats", "lib/bats-core", "d22e41faad59f5fd942a88c992b4913a27a460c4"),
    ("ohmybash", "oh-my-bash.sh", "ae44713948daaf99b2e2c6fe7e436f6a83bf07da"),
)
"""Name, where its code is, commit."""

OPTIONAL = "node, mvdan-sh or bash-language-server (npm's packages of those names)"
TELLER = Path(__file__).with_name("tellers") / "sh_names.js"
TOLD = ("calls", "imports")

OWN = {
    "bin/run": '#!/usr/bin/env bash\nset -e\nROOT="$(dirname "$0")/.."\n. "$ROOT/lib/cart.sh"\n\n'
    'main() {\n  local sum\n  sum="$(cart_total "$1")"\n  report "$sum" | sort\n}\n\n'
    'report() { echo "$1"; }\n\nif [ -n "$1" ]; then main "$@"; fi\n',
    "lib/cart.sh": '. "./rate.sh"\n\ncart_total() {\n  rate_of "$1" || return 1\n  cart_log done\n}\n\n'
    'function cart_log { echo "$1" >&2; }\n',
    "lib/rate.sh": "rate_of() {\n  (cart_log x; rate_part)\n}\n\nrate_part() { expr 1 + 1; }\n",
}


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and of the programs."""
    return absent(where, PINNED, OPTIONAL, is_here=_is_here())


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of all its definitions: each name in it is asked for."""
    del n_symbols
    return each(where, PINNED, only, _compared)


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a small tree of our own; nothing where a program is not installed."""
    return own(OWN, _compared, is_here=_is_here())


def _is_here() -> bool:
    if not shutil.which("node") or not shutil.which("bash-language-server"):
        return False
    return subprocess.run(["node", "-e", "require('mvdan-sh')"], check=False, capture_output=True).returncode == 0


def _compared(root: Path, name: str) -> Comparison:
    output = subprocess.run(["node", str(TELLER), str(root)], check=True, capture_output=True, text=True).stdout
    names = told_in(lines_of(output))
    with tempfile.TemporaryDirectory() as folder:
        server = _Server(["bash-language-server", "start"], root, Path(folder) / "log", names, "shellscript")
        try:
            for path in sorted({one.path for one in names}):
                server.open(path)
            functions = {one.name for one in names if one.kind == "define"}
            asked = [one for one in names if one.kind != "call" or one.name in functions]
            told = [use for one in asked for use in _own(one, server.told(one))]
        finally:
            server.close()
    return compared(root, told, name, kinds=TOLD, said=_is_remark)


def _is_remark(text: bytes, at: int) -> bool:
    """Tell whether a place is in a comment; in a string of the shell commands are called."""
    return text[text.rfind(b"\n", 0, at) + 1 : at].lstrip()[:1] == b"#"


def _own(asked: Told, told: Sequence[Told]) -> Sequence[Told]:
    """Return what a name means in its own file, else all that it may mean; of what is taken in, the files."""
    if asked.kind == "import":
        files = [one for one in told if one.goal and one.goal_at < 0]
        return files or [msgspec.structs.replace(asked, kind=UNKNOWN_IMPORT)]
    return [one for one in told if one.goal == one.path] or told


class _Server(NamingServer):
    """The server, which sees the functions of all scripts."""

    def _serve(self, method: str, message: Json) -> Any:
        if method == "workspace/configuration":
            settings = {"includeAllWorkspaceSymbols": True, "backgroundAnalysisMaxFiles": 2000, "shellcheckPath": ""}
            return [settings for _ in message["params"]["items"]]
        return super()._serve(method, message)
