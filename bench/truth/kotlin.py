"""The truth of Kotlin: what its own compiler says that every name means, by a plug-in that tells it.

The compiler is the one of npm's package `kotlin-compiler`, which brings it whole; `KOTLIN_HOME` names its folder.
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
    ("kotlinpoet", "kotlinpoet/src/main/java", "b841e0b218f2aced4d6fa45dbd76ee65223e444d"),
    ("clikt", "clikt/src/commonMain", "e107a59b13a6bdf3a2569cb3c3af6b19719f1e3f"),
)
"""Name, where its code is, commit."""

OPTIONAL = "Java or Kotlin (npm's package kotlin-compiler, in KOTLIN_HOME)"
HOME = Path(os.environ.get("KOTLIN_HOME", "kotlin-compiler"))
TELLER = Path(__file__).with_name("tellers") / "KotlinNames.kt"
SERVICE = "org.jetbrains.kotlin.compiler.plugin.CompilerPluginRegistrar"
_MAIN = "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"
OWN = {
    "shop/Cart.kt": """package acme.shop

import acme.tax.Rate
import acme.tax.Rates.find as look
import acme.tax.*

class Cart(private val one: Rate) : Base(1), Holder {
    private val rates: List<Rate> = listOf(look("all"))

    override fun total(more: Rate?): Int {
        var sum = one.of(1) + size() + extra()
        for (rate in rates) {
            sum += rate.of(2)
        }
        more?.let { sum += it.twice() }
        return sum + rates[0].of(3) + Rates.Deep().go().of(4) + acme.tax.Rates.first().of(5)
    }
}
""",
    "shop/Base.kt": """package acme.shop

import acme.tax.Rate

interface Holder {
    fun total(more: Rate?): Int
}

abstract class Base(x: Int) {
    protected fun size(): Int = 1
}

fun Cart.extra(): Int = total(null)
""",
    "tax/Rate.kt": "package acme.tax\n\nopen class Rate {\n    fun of(price: Int): Int = price\n}\n\n"
    "fun Rate.twice(): Int = of(1) * 2\n",
    "tax/Rates.kt": """package acme.tax

object Rates {
    class Deep {
        val rate by lazy { first() }
        fun go() = rate
    }

    fun first(): Rate = find("x")
    fun find(name: String): Rate = Rate()
}
""",
}


def missing(where: Path) -> list[str]:
    """Return what is not there of the clones and of the programs."""
    return absent(where, PINNED, OPTIONAL, is_here=_is_here())


def comparisons(where: Path, n_symbols: int, only: str) -> Iterator[Comparison]:
    """Yield one comparison a project, of all its definitions: the compiler tells them at once."""
    del n_symbols
    codes = {name: code for name, code, _ in PINNED}
    return each(where, PINNED, only, lambda root, name: _compared((root / codes[name]).resolve(), name))


def smoke() -> Iterator[Comparison]:
    """Yield the comparison of a small tree of our own; nothing where a program is not installed."""
    return own(OWN, _compared, is_here=_is_here())


def _is_here() -> bool:
    return shutil.which("java") is not None and (HOME / "lib" / "kotlin-compiler.jar").exists()


def _compared(root: Path, name: str) -> Comparison:
    with tempfile.TemporaryDirectory() as folder:
        plugin, told = Path(folder) / "plugin", Path(folder) / "told"
        service = plugin / "META-INF" / "services" / SERVICE
        service.parent.mkdir(parents=True)
        service.write_text("teller.Teller\n", "utf-8")
        compiler = HOME / "lib" / "kotlin-compiler.jar"
        _run(["-nowarn", "-cp", str(compiler), "-d", str(plugin), str(TELLER)], [], check=True)
        given = [f"-Dteller.root={root}", f"-Dteller.out={told}"]
        argv = ["-nowarn", f"-Xplugin={plugin}", "-d", str(Path(folder) / "classes"), str(root)]
        _run([*argv, "-cp", str(HOME / "lib" / "kotlin-reflect.jar")], given, check=False)  # a clone may miss libraries
        output = told.read_text("utf-8")
    return compared(root, told_in(lines_of(output)), name, constructors=("constructor",))


def _run(arguments: list[str], given: list[str], *, check: bool) -> None:
    argv = ["java", "-Xmx1500m", *given, "-cp", str(HOME / "lib" / "kotlin-preloader.jar")]
    argv += ["org.jetbrains.kotlin.preloading.Preloader", "-cp", str(HOME / "lib" / "kotlin-compiler.jar"), _MAIN]
    subprocess.run([*argv, *arguments], check=check, capture_output=True)
