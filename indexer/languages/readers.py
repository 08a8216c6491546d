"""The languages that are read for facts: one row a language, its reader loaded when first asked for.

A reader is a module of this folder with ``facts(path, source, trees)``: what a file, whose text is `source` in UTF-8,
defines, uses and imports; `trees` may know what it was a moment ago. `probe` is a text that makes it load all it needs.
A language joins by a row here, its reader with its queries, and its rules in `bridle.indexer.linking`. Texts that are
no code (`TEXTS`) are read for their structure.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import cast

import msgspec

from bridle.indexer.facts import FileFacts
from bridle.indexer.languages.embedded import EMBEDDING
from bridle.indexer.languages.reparse import Trees

Read = Callable[[str, bytes, Trees | None], FileFacts]


class Reader(msgspec.Struct, frozen=True):
    """One language, or a family of which the files import each other.

    `kin` is the language whose files these share their names with, where that is another.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    probe: tuple[str, bytes]
    kin: str = ""

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
C = Reader("c", (".c",), "c", ("probe.c", b"int probe(void) { return probe(); }\n"))
CPP = Reader(
    "cpp",
    (".h", ".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx"),
    "cpp",
    ("probe.cpp", b"class Probe {\n  int probe() { return probe(); }\n};\n"),
    kin="c",
)
PHP = Reader("php", (".php", ".phtml"), "php", ("probe.php", b"<?php\nfunction probe() { return probe(); }\n"))
BASH = Reader("bash", (".sh", ".bash"), "bash", ("probe.sh", b"probe() {\n  probe\n}\n"))
CSHARP = Reader("csharp", (".cs",), "csharp", ("probe.cs", b"class Probe {\n  void probe() { probe(); }\n}\n"))
KOTLIN = Reader("kotlin", (".kt", ".kts"), "kotlin", ("probe.kt", b"class Probe {\n  fun probe() { probe() }\n}\n"))
RUST = Reader("rust", (".rs",), "rust", ("probe.rs", b"fn probe() {\n    probe();\n}\n"))
RUBY = Reader("ruby", (".rb", ".rake", ".gemspec", ".ru"), "ruby", ("probe.rb", b"def probe\n  probe\nend\n"))
READERS = (PYTHON, SCRIPTS, GO, JAVA, C, CPP, PHP, BASH, RUST, CSHARP, KOTLIN, RUBY)

TEXTS = (
    Reader("markdown", (".md", ".markdown"), "markdown", ("probe.md", b"# Probe\n\n[probe](probe.md)\n")),
    Reader("json", (".json", ".jsonc"), "tables", ("probe.json", b'{"probe": {"probe": 1}}\n')),
    Reader("toml", (".toml",), "tables", ("probe.toml", b"[probe]\nprobe = 1\n")),
    Reader("yaml", (".yaml", ".yml"), "tables", ("probe.yaml", b"probe:\n  probe: 1\n")),
)
"""What is read for its structure alone: nothing in it is called, and it is no code."""

_BY_SUFFIX = {suffix: reader for reader in (*READERS, *TEXTS) for suffix in reader.suffixes}
_TEXT_SUFFIXES = tuple(suffix for reader in TEXTS for suffix in reader.suffixes)
_BY_NAME = {"Rakefile": RUBY, "Gemfile": RUBY}
_SHELL = re.compile(rb"#![^\n]*?[/ ](?:ba|da|k|a|z)?sh\b")
_NO_PROGRAM = frozenset(
    ("makefile", "license", "dockerfile", "readme", "changelog", "authors", "codeowners", "copying")
)


def reader_of(path: str) -> Reader | None:
    """Return who reads files of this name, None where nobody does; without an ending it may be the shell's."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    if dot >= 0:
        return _BY_SUFFIX.get(name[dot:])
    return _BY_NAME.get(name) or (None if name.lower() in _NO_PROGRAM else BASH)


def is_read(path: str, source: bytes) -> bool:
    """Whether a file that somebody reads by its name is of that language: without an ending, its first line tells."""
    name = path.rpartition("/")[2]
    return "." in name or name in _BY_NAME or _SHELL.match(source) is not None


def is_text(path: str) -> bool:
    """Whether files of this name are read for their structure alone."""
    return path.endswith(_TEXT_SUFFIXES)


@lru_cache(maxsize=1024)
def family(path: str) -> str:
    """Return the name of the language in which files of this name are linked, "" for none."""
    reader = reader_of(path)
    return (reader.kin or reader.name) if reader else ""


def suffixes() -> tuple[str, ...]:
    """Return how the names of files end that hold code."""
    return tuple(sorted(suffix for reader in READERS for suffix in reader.suffixes))
