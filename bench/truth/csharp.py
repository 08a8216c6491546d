"""The truth of C#: what NRefactory, the library behind MonoDevelop's editor, says that every name means.

It reads C# 5, so the clones are of that time. Debian has it, and Mono, which runs it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from comparing import Comparison
from pinned import absent, each, own
from uses import compared, lines_of, told_in

PINNED = (
    ("FluentValidation", "src/FluentValidation", "a7a98afad012cac71164aa534cdab42b34e8f535"),
    ("commandline", "src", "f0a47bfc636f95656f3bf252a3e1477b5f333898"),
    ("cecil", ".", "8425de4db6a6e120154ced991f1ebc8d4d79dfb5"),
)
"""Name, where its code is, commit."""

OPTIONAL = "Mono or NRefactory (Debian's mono-mcs and libicsharpcode-nrefactory-cecil5.0-cil)"
TELLER = Path(__file__).with_name("tellers") / "CsharpNames.cs"
LIBRARIES = [
    Path("/usr/lib/cli") / f"{name}-5.0" / f"{name}.dll"
    for name in ("ICSharpCode.NRefactory", "ICSharpCode.NRefactory.CSharp", "ICSharpCode.NRefactory.Cecil")
]
OWN = {
    "Shop/Cart.cs": """using System.Collections.Generic;
using Acme.Tax;
using All = Acme.Tax.Rates;

namespace Acme.Shop
{
    public partial class Cart : Base, IHolder
    {
        readonly List<Rate> rates = All.Find("all");
        public Rate One { get; set; }

        public Cart(Rate one) : base(1) { One = one; }

        public override int Total(Rate more)
        {
            var sum = One.Of(1) + Size() + more.Twice() + Extra();
            foreach (var rate in rates) { sum += rate.Of(2); }
            return sum + rates[0].Of(3) + new Rates.Deep { Rate = more }.Go().Of(4) + Acme.Tax.Rates.First().Of(5);
        }
    }
}
""",
    "Shop/Base.cs": "namespace Acme.Shop\n{\n    public interface IHolder { int Total(Tax.Rate more); }\n\n"
    "    public abstract class Base\n    {\n        protected Base(int x) { }\n"
    "        protected int Size() { return 1; }\n        public abstract int Total(Tax.Rate more);\n    }\n\n"
    "    public partial class Cart\n    {\n        int Extra() { return One.Of(6); }\n    }\n}\n",
    "Tax/Rate.cs": "namespace Acme.Tax\n{\n    public class Rate\n    {\n"
    "        public int Of(int price) { return price; }\n    }\n\n    public static class Doubling\n    {\n"
    "        public static int Twice(this Rate rate) { return rate.Of(1) * 2; }\n    }\n}\n",
    "Tax/Rates.cs": """using System.Collections.Generic;

namespace Acme.Tax
{
    public static class Rates
    {
        public class Deep { public Rate Rate { get; set; } public Rate Go() { return First(); } }
        public static Rate First() { return Find("x")[0]; }
        public static List<Rate> Find(string name) { return new List<Rate>(); }
    }
}
""",
}


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and of the programs."""
    return absent(where, PINNED, OPTIONAL, is_here=_is_here())


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of all its definitions: each name in it is asked for."""
    del n_symbols
    codes = {name: code for name, code, _ in PINNED}
    return each(where, PINNED, only, lambda root, name: _compared((root / codes[name]).resolve(), name))


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a small tree of our own; nothing where a program is not installed."""
    return own(OWN, _compared, is_here=_is_here())


def _is_here() -> bool:
    return shutil.which("mcs") is not None and all(one.exists() for one in LIBRARIES)


def _compared(root: Path, name: str) -> Comparison:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "names.exe"
        subprocess.run(["mcs", f"-out:{program}", *(f"-r:{one}" for one in LIBRARIES), str(TELLER)], check=True)
        environment = {**os.environ, "MONO_PATH": ":".join(str(one.parent) for one in LIBRARIES)}
        argv = ["mono", str(program), str(root), "NET_4_0"]
        output = subprocess.run(argv, check=True, capture_output=True, text=True, env=environment).stdout
    return compared(root, told_in(lines_of(output)), name, constructors=("=",))
