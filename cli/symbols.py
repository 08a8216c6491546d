"""`bridle symbols`: where a name is defined, exactly or by a part of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from bridle.cli.common import add_root, find_root, note, print_json
from bridle.cli.knowledge import as_row, snapshot_of, where
from bridle.harness.nouns import UserProblem

if TYPE_CHECKING:
    from bridle.indexer.facts import Symbol
    from bridle.indexer.snapshot import Snapshot


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("name", help="a name, a qualified name, or a part of one")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="so many at most (default 50)")


def main(options: argparse.Namespace) -> int:
    """Print what bears the name: exactly, else in any case, else as a part; 1 when nothing does."""
    root = find_root(options.root)
    if options.limit < 1:
        raise UserProblem(f"--limit {options.limit} shows nothing", "give a number from 1 on")
    found = matching(snapshot_of(root), options.name)
    shown = found[: options.limit]
    if options.json:
        print_json({"symbols": [as_row(symbol) for symbol in shown], "total": len(found)})
    for symbol in [] if options.json else shown:
        print(f"{where(symbol)}  {symbol.kind} {symbol.qualname or symbol.name}  {symbol.signature}".rstrip())
    if not found:
        note(f"nothing here has {options.name!r} in its name; bridle index tells what is indexed")
    elif len(found) > len(shown):
        note(f"{len(found) - len(shown)} more: --limit {len(found)} shows all")
    return int(not found)


def matching(snapshot: Snapshot, name: str) -> list[Symbol]:
    """Return the definitions of a name, in path order; where none has it, those that it is a part of."""
    if exact := list(snapshot.named(name)):
        return exact
    wanted = name.casefold()
    alike = [symbol for symbol in snapshot.symbols.values() if wanted in (symbol.qualname or symbol.name).casefold()]
    return sorted(alike, key=lambda symbol: (symbol.name.casefold() != wanted, len(symbol.qualname), symbol.id))
