"""The languages that are read for facts: one row a language, its reader loaded when first asked for.

A reader is a module of this folder with ``facts(path, source, trees)``: what a file, whose text is `source` in UTF-8,
defines, uses and imports; `trees` may know what it was a moment ago. `probe` is a text that makes it load all it needs.
A language joins by a row here, its reader with its queries, and its rules in `bridle.indexer.linking`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

import msgspec

from bridle.indexer.facts import FileFacts
from bridle.indexer.languages.embedded import EMBEDDING
from bridle.indexer.languages.reparse import Trees

Read = Callable[[str, bytes, Trees | None], FileFacts]


class Reader(msgspec.Struct, frozen=True):
    """One language, or a family of which the files import each other."""

    name: str
    suffixes: tuple[str, ...]
    module: str
    probe: tuple[str, bytes]

    def facts(self, path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
        """Return what file `path` holds."""
        read = cast("Read", importlib.import_module(f"bridle.indexer.languages.{self.module}").facts)
        return read(path, source, trees)


PYTHON = Reader("python", (".py", ".pyi", ".pyw"), "python", ("probe.py", b"def probe():\n    return probe()\n"))
SCRIPTS = Reader(
    "scripts",
    (".ts", ".tsx", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs", *EMBEDDING),
    "scripts",
    ("probe.ts", b"export function probe(): void {\n  probe();\n}\n"),
)
GO = Reader("go", (".go",), "go", ("probe.go", b"package probe\n\nfunc probe() {\n\tprobe()\n}\n"))
JAVA = Reader("java", (".java",), "java", ("Probe.java", b"class Probe {\n  void probe() { probe(); }\n}\n"))
C = Reader("c", (".c", ".h"), "c", ("probe.c", b"int probe(void) { return probe(); }\n"))
PHP = Reader("php", (".php", ".phtml"), "php", ("probe.php", b"<?php\nfunction probe() { return probe(); }\n"))
RUST = Reader("rust", (".rs",), "rust", ("probe.rs", b"fn probe() {\n    probe();\n}\n"))
READERS = (PYTHON, SCRIPTS, GO, JAVA, C, PHP, RUST)

_BY_SUFFIX = {suffix: reader for reader in READERS for suffix in reader.suffixes}


def reader_of(path: str) -> Reader | None:
    """Return who reads files of this name, None where nobody does."""
    dot = path.rfind(".")
    return _BY_SUFFIX.get(path[dot:]) if dot >= 0 else None


def family(path: str) -> str:
    """Return the name of the language that files of this name are read as, "" for none."""
    reader = reader_of(path)
    return reader.name if reader else ""


def suffixes() -> tuple[str, ...]:
    """Return how the names of files end that are read for facts."""
    return tuple(sorted(_BY_SUFFIX))
