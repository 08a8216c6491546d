"""The truth of Go: what go/types, the type checker of Go itself, says that every name means."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from comparing import Comparison
from uses import compared, lines_of, told_in

PINNED = (
    ("mux", "mux.go", "db9d1d0073d27a0a2d9a8c1bc52aa0af4374d265"),
    ("pflag", "flag.go", "5fdac2d16c16d60605cb8baa887e8c5c38ef623f"),
    ("logrus", "entry.go", "87434bb3a736e2a27d34df66924471714f408d3d"),
)
"""Name, where its code is, commit."""

OPTIONAL = "Go (golang-go)"
TELLER = Path(__file__).with_name("tellers") / "go_types.go"
OWN = {
    "go.mod": "module acme.org/shop\n\ngo 1.18\n",
    "cart/cart.go": """package cart

import "acme.org/shop/tax"

type base struct{ rates map[string][]*tax.Rate }

func (b *base) First(of string) *tax.Rate { return b.rates[of][0] }

type Cart struct{ *base }

func New() (*Cart, error) { return &Cart{&base{}}, nil }

func (c *Cart) Total() int {
	sum := 0
	for _, rate := range c.rates["all"] {
		sum += rate.Of(1)
	}
	return sum + c.First("x").Of(tax.Limit)
}
""",
    "cart/cart_test.go": """package cart_test

import (
	"testing"

	. "acme.org/shop/cart"
)

func TestTotal(t *testing.T) {
	made, err := New()
	if err == nil {
		made.Total()
	}
}
""",
    "tax/rate.go": "package tax\n\nconst Limit = 3\n\ntype Rate struct{ percent int }\n\n"
    "func (r Rate) Of(price int) int { return with(r.percent) * price }\n\n"
    "func with(percent int) int { return percent }\n",
}


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and of Go."""
    absent = [f"{name}/{code}" for name, code, _ in PINNED if not (where / name / code).is_file()]
    return absent if shutil.which("go") else [*absent, "go (golang-go)"]


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of all its definitions: the checker tells them at once."""
    del n_symbols
    for name, _, _ in PINNED:
        if only in ("", name):
            yield _compared((where / name).resolve(), name)


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a small module of our own; nothing where Go is not installed."""
    if not shutil.which("go"):
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "shop"
        for path, text in OWN.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8")
        yield _compared(root, "shop")


def _compared(root: Path, name: str) -> Comparison:
    argv = ["go", "run", str(TELLER), str(root)]
    env = {**os.environ, "GO111MODULE": "off", "CGO_ENABLED": "0"}
    told = subprocess.run(argv, cwd=root, env=env, check=True, capture_output=True, text=True).stdout
    return compared(root, told_in(lines_of(told)), name)
