"""What is known of a repository, as frozen data: places, names, uses, dependencies."""

from __future__ import annotations

from typing import Literal, NewType

import msgspec

SymbolId = NewType("SymbolId", str)
"""``path::qualified.name``; the module itself is ``path::``. A repeated name gets ``#2``, ``#3`` …"""

SymbolKind = Literal[
    "module", "class", "function", "method", "variable", "interface", "type", "enum", "namespace", "suite", "test",
    "section", "key",
]  # fmt: skip
"""`suite` and `test` are blocks that a test runner is handed under a title, where tests have no names; `section` and
`key` are parts of texts that are no code."""
ReferenceKind = Literal["call", "import", "inherit", "read", "write"]
EdgeKind = Literal["contains", "calls", "references", "imports", "inherits", "overrides", "tests"]

FIXTURE = "@"
"""Stands before a name that pytest looks up: a fixture's. Alone, it is the name of what a fixture gives."""


class Span(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """A place in a file: bytes ``[start_byte, end_byte)``, lines ``[start_line, end_line)``, both 0-based.

    `path` is relative to the workspace root, with ``/``. Lines are the protocol's: see `bridle.indexer.text`.
    """

    path: str
    start_line: int
    end_line: int
    start_byte: int
    end_byte: int


class Symbol(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A named definition. `signature` is its head as one line; `doc` the first line of its documentation."""

    id: SymbolId
    kind: SymbolKind
    name: str
    qualname: str
    span: Span
    signature: str
    doc: str = ""


class Reference(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A use of `name` inside `source`.

    `qualifier` is what stands before its last dot, as ``os.path`` or ``super()``; a local name in it is replaced by
    what the local holds (see `Value`). ``?`` where that is not known.
    """

    name: str
    qualifier: str
    kind: ReferenceKind
    source: SymbolId
    line: int


GLOBAL = 1
"""The level of an import that counts for other files too, in a language that has such (C#)."""


class Import(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A name bound by an import: `name` here is `target` of `module` (empty target: the module itself).

    `level` counts the leading dots. ``import a.b`` binds the name ``a.b``; a star import has the name ``*``. `scope` is
    the qualified name of the module inside of the file that it is bound in, where it is not the file's own.
    """

    name: str
    module: str
    target: str
    level: int = 0
    scope: str = ""


class Export(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What others see of a file, in a language that says so: `name` is `target` of `module`.

    Without `module` it is the file's own `target`, which an import may have bound. `*` stands for all names. An empty
    `target` is the module itself, ``=`` what stands for the whole of it (CommonJS).
    """

    name: str
    target: str
    module: str = ""


class Typed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the source plainly says of a value: of a variable, a field, the result of a function, by its `qualname`.

    `type` is a use that gives such a value: ``X()`` for an instance of X, ``make()`` for what a function gives. In
    languages of packages results have names of their own, ``X.().make``: a field may be called like a method. Their
    paths are told in `bridle.indexer.languages.paths`; several results stand side by side with commas.
    """

    qualname: str
    type: str


class Value(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What `name` of `owner` holds, as a path that is looked up from there: ``Box().get()`` is what a Box's get gives.

    `name` is an attribute of a class, a variable of a module, ``()`` for what a call of `owner` gives, "" for what
    reading it gives where it is a property, ``@name`` for the fixture of that name, and ``@`` for what a fixture gives.
    Where several values have the same name, it may hold each of them.
    """

    owner: SymbolId
    name: str
    path: str


class Edge(msgspec.Struct, frozen=True, gc=False):
    """`source` depends on `target`; `confidence` is 0 to 1."""

    source: SymbolId
    target: SymbolId
    kind: EdgeKind
    confidence: float


class Chunk(msgspec.Struct, frozen=True):
    """The unit that is searched: one definition's text without line numbers, and the digest of it."""

    symbol: SymbolId
    text: str
    digest: str


class Places(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where names are written in a file, as packed int32 (`bridle.indexer.places`).

    `names` is one byte offset per definition, `counts` how often each use is written, `uses` where, in the order of the
    facts; `imports` are the starts and ends of the statements that import.
    """

    names: bytes = b""
    counts: bytes = b""
    uses: bytes = b""
    imports: bytes = b""


class FileFacts(msgspec.Struct, frozen=True, gc=False):
    """Everything that was read out of one file.

    `digest` and `n_bytes` are those of the file's bytes; spans and places count in the UTF-8 form of its text, in
    which a byte order mark has no place. `package` is what the file says that its definitions belong to.
    """

    path: str
    digest: str
    n_lines: int
    n_bytes: int
    symbols: tuple[Symbol, ...] = ()
    references: tuple[Reference, ...] = ()
    imports: tuple[Import, ...] = ()
    values: tuple[Value, ...] = ()
    exports: tuple[Export, ...] = ()
    types: tuple[Typed, ...] = ()
    package: str = ""
    places: Places = Places()


class Skipped(msgspec.Struct, frozen=True):
    """A file that was not read, and why."""

    path: str
    reason: str
