"""The truth of Java: what javac, the compiler of Java itself, says that every name means."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from comparing import Comparison
from uses import compared, lines_of, told_in

PINNED = (
    ("gson", "gson/src", "9835b6f90192f79cdf5300c528fc6212455fb6c1"),
    ("jsoup", "src", "46b620860af930eedc193a705eaf7cea5aec89a6"),
)
"""Name, where its code is, commit."""

OPTIONAL = "Java (openjdk)"
TELLER = Path(__file__).with_name("tellers") / "JavaTrees.java"
EXPORTS = [
    f"--add-exports=jdk.compiler/com.sun.tools.javac.{name}=ALL-UNNAMED" for name in ("tree", "code", "api", "util")
]
OWN = {
    "src/main/java/org/acme/cart/Cart.java": """package org.acme.cart;

import static org.acme.tax.Rates.find;

import java.util.List;
import org.acme.tax.Rate;
import org.acme.tax.Rates;

public class Cart extends Base implements Rates.Holder {
  private final List<Rate> rates = find("all");
  private Rate one;

  public Cart(Rate one) { super(1); this.one = one; }

  @Override public int total() {
    int sum = one.of(1) + size();
    for (Rate rate : rates) { sum += rate.of(2); }
    return sum + rates.get(0).of(3) + new Rates.Deep().go().of(4) + Rates.first().of(5);
  }
}
""",
    "src/main/java/org/acme/cart/Base.java": "package org.acme.cart;\n\nabstract class Base {\n  Base(int x) {}\n"
    "  protected int size() { return 1; }\n  public abstract int total();\n}\n",
    "src/main/java/org/acme/tax/Rate.java": "package org.acme.tax;\n\npublic class Rate {\n"
    "  public int of(int price) { return price; }\n}\n",
    "src/main/java/org/acme/tax/Rates.java": """package org.acme.tax;

import java.util.*;

public final class Rates {
  public interface Holder { int total(); }
  public static class Deep { public Rate go() { return first(); } }
  public static Rate first() { return find("x").iterator().next(); }
  public static List<Rate> find(String name) { return new ArrayList<>(); }
}
""",
}


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and of Java."""
    absent = [f"{name}/{code}" for name, code, _ in PINNED if not (where / name / code).exists()]
    return absent if shutil.which("javac") else [*absent, OPTIONAL]


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of all its definitions: the compiler tells them at once."""
    del n_symbols
    for name, code, _ in PINNED:
        if only in ("", name):
            yield _compared((where / name / code).resolve(), name)


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a small tree of our own; nothing where Java is not installed."""
    if not shutil.which("javac"):
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve() / "shop"
        for path, text in OWN.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, "utf-8")
        yield _compared(root, "shop")


def _compared(root: Path, name: str) -> Comparison:
    argv = ["java", *EXPORTS, str(TELLER), str(root)]
    told = subprocess.run(argv, cwd=root, check=True, capture_output=True, text=True).stdout
    return compared(root, told_in(lines_of(told)), name, constructors=("=",))
