"""The truth of C: what libclang, the library of a compiler, says that every name means."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from comparing import Comparison
from pinned import absent, each, own
from uses import compared, lines_of, told_in

PINNED = (
    ("hiredis", "hiredis.c", "29ea2791c102fdffff350f1ea6e04d1f71903d0d"),
    ("cjson", "cJSON.c", "a29814f285cc531c00223743ad3c55cd38c0dc56"),
)
"""Name, where its code is, commit."""

OPTIONAL = "libclang (Python's package of that name, and gcc)"
TELLER = Path(__file__).with_name("tellers") / "c_clang.py"
OWN = {
    "include/shop/cart.h": "#ifndef CART_H\n#define CART_H\n\n#define MAX(a, b) ((a) > (b) ? (a) : (b))\n\n"
    "typedef struct cart {\n  int total;\n  struct rate *rate;\n} cart;\n\nstruct rate {\n  int percent;\n};\n\n"
    "cart *cart_new(int total);\nint cart_sum(const cart *of);\nextern int limit;\n\n#endif\n",
    "src/cart.c": '#include "shop/cart.h"\n#include <stdlib.h>\n\nint limit = 3;\n\n'
    "static int with(struct rate *r) { return r->percent; }\n\n"
    "cart *cart_new(int total) { cart *made = malloc(sizeof(cart)); made->total = total; return made; }\n\n"
    "int cart_sum(const cart *of) { return MAX(of->total, limit) + with(of->rate); }\n",
    "src/main.c": '#include "shop/cart.h"\n\nstatic int with(int x) { return x; }\n\n'
    "int main(void) { int (*sum)(const cart *) = cart_sum; return with(sum(cart_new(limit))); }\n",
}


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and of the programs."""
    return absent(where, PINNED, OPTIONAL, is_here=_is_here())


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of all its definitions: the library tells them at once."""
    del n_symbols
    return each(where, PINNED, only, _compared)


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a small tree of our own; nothing where a program is not installed."""
    return own(OWN, _compared, is_here=_is_here())


def _is_here() -> bool:
    return importlib.util.find_spec("clang") is not None and shutil.which("gcc") is not None


def _compared(root: Path, name: str) -> Comparison:
    argv = [sys.executable, str(TELLER), str(root)]
    told = subprocess.run(argv, cwd=root, check=True, capture_output=True, text=True).stdout
    return compared(root, told_in(lines_of(told)), name)
