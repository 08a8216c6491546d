"""What each tool is called with: frozen data, from which its schema is made and by which a call is checked."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_LINE = 10_000_000

Path = Annotated[str, Meta(min_length=1, max_length=4096, description="a file, relative to the workspace's root")]
Line = Annotated[int, Meta(ge=1, le=MAX_LINE)]
Start = Annotated[int, Meta(ge=0, le=1_000_000, description="how many to pass over: `next_start` of the page before")]
Text = Annotated[str, Meta(max_length=2_000_000)]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A key that nobody knows is a mistake, and told."""


class ContextInput(Strict, frozen=True):
    """Of `context`."""

    task: Annotated[str, Meta(min_length=1, max_length=20_000, description="what is to be done, in words")]
    path: Annotated[Path, Meta(description="a file that the task is about")] | None = None
    start_line: Annotated[Line, Meta(description="its first line that is meant, from 1")] | None = None
    end_line: Annotated[Line, Meta(description="its last line that is meant")] | None = None
    budget: Annotated[int, Meta(ge=100, le=20_000, description="tokens at most")] = 4000


class SymbolsInput(Strict, frozen=True):
    """Of `symbols`."""

    query: Annotated[str, Meta(min_length=1, max_length=500, description="a name, a qualified name, or a part of one")]
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    start: Start = 0


class ImpactInput(Strict, frozen=True):
    """Of `impact`."""

    symbol: Annotated[
        str, Meta(min_length=1, max_length=2000, description="an id from `symbols`, a name, or FILE:LINE from 1")
    ]
    tests: Annotated[bool, Meta(description="only tests that reach it")] = False
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    start: Start = 0


class ReadInput(Strict, frozen=True):
    """Of `read`."""

    path: Path
    start_line: Annotated[Line, Meta(description="the first line, from 1")] = 1
    end_line: Annotated[Line, Meta(description="the last line; 1,000 lines at most are shown at once")] | None = None


class Edit(Strict, frozen=True):
    """One edit. Exactly one of `at`, `after` and `block` says where."""

    at: Annotated[str, Meta(max_length=200, description='the line "41kd" or lines "41kd-43xm" to replace')] | None = (
        None
    )
    after: Annotated[str, Meta(max_length=200, description='the line to insert behind; "0" is the top')] | None = None
    block: (
        Annotated[str, Meta(max_length=200, description="the first line of the whole definition to replace")] | None
    ) = None
    text: Annotated[Text, Meta(description="the new lines; leave it out to delete")] | None = None
    was: Annotated[Text, Meta(description="the old lines, to be checked")] | None = None


class FileEdits(Strict, frozen=True):
    """The edits of one file, by the anchors that `read` showed of revision `rev`."""

    path: Path
    rev: Annotated[int, Meta(ge=1, description="the N of [PATH vN] that `read` showed")] | None = None
    edits: Annotated[list[Edit], Meta(max_length=2000)] | None = None
    create: Annotated[bool, Meta(description='a new file: no rev, its text in edits: [{"after": "0", "text": …}]')] = (
        False
    )
    delete: bool = False
    rename: Annotated[Path, Meta(description="its new path")] | None = None


class ApplyInput(Strict, frozen=True):
    """Of `apply`."""

    files: Annotated[list[FileEdits], Meta(min_length=1, max_length=100)]
    dry_run: Annotated[bool, Meta(description="check everything, write nothing")] = False


class VerifyInput(Strict, frozen=True):
    """Of `verify`."""

    paths: Annotated[
        list[Path], Meta(max_length=500, description="look at these files only, where a check can; else all")
    ] = []
    tests: Annotated[
        Literal["all", "impact", "changed"],
        Meta(description="all tests; those that reach what changed since they ran; only what differs from the commit"),
    ] = "impact"
    checks: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=50, description="by name; else all")
    ] = []
    since: Annotated[str, Meta(max_length=200, description="a commit: what its tree had already is not new")] = ""
