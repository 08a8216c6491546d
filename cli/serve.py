"""`bridle serve`: the language server, on standard input and output or on a port of this machine."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from bridle.harness.engine import Engine


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--stdio", action="store_true", help="the default; named for editors that pass it")
    parser.add_argument(
        "--tcp", metavar="HOST:PORT", default="", help="serve the first client that connects here; this machine only"
    )
    parser.add_argument("--log", type=Path, default=None, help="write a log to this file")
    parser.add_argument(
        "--trace", type=Path, default=None, help="keep every message in this file, texts of open documents among them"
    )


def main(options: argparse.Namespace) -> int:
    """Serve until the client says exit or is gone."""
    from bridle.lsp_server.server import serve

    log: Path | None = options.log

    async def make_engine(root: Path, settings: Mapping[str, object]) -> Engine:
        from bridle.harness.remote import ChildEngine

        return await ChildEngine(root, settings, log).start()

    return serve(make_engine, log=log, address=options.tcp, trace=options.trace)
