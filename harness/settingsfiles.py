"""The shapes of the files that settings come from: the person's, the project's, the editor's, the machine's owner's.

What a file may not say has no place in its shape. How the four become one is in `settings`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from bridle.context.readform import ReadMode
from bridle.harness.allowed import SAID
from bridle.harness.mcp.definition import ProjectServer, UserServer
from bridle.harness.permission.hooks import MAX_S
from bridle.harness.phases.sources import ProjectSource, UserSource
from bridle.harness.verify.finders.declared import CheckEntries

Show = Literal["auto", "on", "off"]
Navigation = Literal["off", "fallback", "on"]
"""Where definitions, uses and symbols are told from the index: nowhere, where no other server does it, everywhere."""
EditTool = Literal["hashline", "str_replace"]
Gate = Literal["impact", "full", "all"]
GATES: tuple[Gate, ...] = ("impact", "full", "all")
"""How many tests prove a change, the fewest first."""
Rerank = Literal["off", "model"]
File = Literal["user", "project", "editor", "managed"]

_Tokens = Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]
_Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
_Turns = Annotated[int, msgspec.Meta(ge=1, le=1_000)]
_Dollars = Annotated[float, msgspec.Meta(ge=0, le=10_000)]
_Megabytes = Annotated[int, msgspec.Meta(ge=64, le=16_000_000)]
_Processes = Annotated[int, msgspec.Meta(ge=16, le=1_000_000)]
_ModeName = Literal["plan", "ask", "edit", "auto", "acceptEdits"]
VectorStorePlace = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(on|off|https?://[^\s/@]+/?)$", extra={SAID: '"on", "off" or the address of a server ("http://…")'}
    ),
]
_ContextTokens = Annotated[int, msgspec.Meta(ge=500, le=1_000_000)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a settings file."""


class Example(Part, frozen=True):
    rule: str
    match: tuple[str, ...] = ()
    not_match: tuple[str, ...] = ()


Rules = tuple[str | Example, ...]


class Tighter(Part, frozen=True):
    ask: Rules = ()
    deny: Rules = ()


class Permission(Tighter, frozen=True):
    allow: Rules = ()


class HookEntry(Part, frozen=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    argv: Annotated[tuple[Annotated[str, msgspec.Meta(min_length=1)], ...], msgspec.Meta(min_length=1)]
    tools: tuple[str, ...] = ()
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=MAX_S)] = MAX_S


Hooks = tuple[HookEntry, ...]


class BudgetPart(Part, frozen=True):
    """What one run may take. One in which nothing happens for `stall_s` is parked."""

    tokens: _Tokens | None = None
    cost_usd: _Dollars | None = None
    seconds: _Seconds | None = None
    turns: _Turns | None = None
    stall_s: _Seconds | None = None


class CeilingPart(Part, frozen=True):
    tokens: _Tokens | None = None
    cost_usd: _Dollars | None = None


class CeilingsPart(Part, frozen=True):
    """What all runs together may take: while an engine lives, and in a day over all workspaces."""

    session: CeilingPart = CeilingPart()
    day: CeilingPart = CeilingPart()


class Diagnostics(Part, frozen=True):
    lint: Show = "auto"
    types: Show = "auto"
    accepted: Literal["hint", "off"] = "hint"


class Lens(Part, frozen=True):
    tests: bool = False


class Sandbox(Part, frozen=True):
    required: bool = False


class Bounds(Sandbox, frozen=True):
    memory_mb: _Megabytes | None = None
    processes: _Processes | None = None
    disk_mb: _Megabytes | None = None


class Shelter(Bounds, frozen=True):
    container: Literal["", "podman", "docker"] = ""
    image: str = ""


class CheckPart(Part, frozen=True):
    needs: tuple[str, ...] = ()


class TestsPart(Part, frozen=True):
    """Which tests prove a change: those that reach it alone, all of them at the end too, or all in every round.

    `gate_s` is how long all of them may take at the end before those that reach the change stand for all; `coverage` is
    the share of changed lines that tests are to execute, 0 to ask for none; `strength_s` is how long small faults are
    tried out after green, 0 for not at all; tests that reach a change are run until so many more than before fail as
    `stop_after` says, 0 to run them all.
    """

    gate: Gate | None = None
    gate_s: _Seconds | None = None
    coverage: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    strength_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] | None = None
    stop_after: Annotated[int, msgspec.Meta(ge=0, le=100_000)] | None = None


class SessionsPart(Part, frozen=True):
    """How long runs are remembered, in days since they were last heard of, and how much all of them may take."""

    keep_days: Annotated[float, msgspec.Meta(ge=1, le=36_500)] = 30.0
    keep_mb: Annotated[int, msgspec.Meta(ge=16, le=16_000_000)] = 512


class VectorsPart(Part, frozen=True):
    """Vectors: whether there are any and where they are kept, what makes them, and where that is asked.

    `store` is on, off, or the address of a chroma server. `embedder` is ``lsa``, which needs nothing, or one of
    chroma's registry with its model, as ``openai:text-embedding-3-small``; `address` is where that listens, "" for
    its own.
    """

    store: VectorStorePlace = "on"
    embedder: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "lsa"
    address: str = ""


class Common(Part, frozen=True):
    mode: _ModeName | None = None
    budget: BudgetPart = BudgetPart()
    checks_on_save: bool | None = None
    timeout_s: _Seconds | None = None
    context_tokens: _ContextTokens | None = None
    tests: TestsPart = TestsPart()


class ProjectFile(Common, frozen=True):
    permission: Tighter = Tighter()
    sandbox: Bounds = Bounds()
    mcp: dict[str, ProjectServer] = {}
    source: dict[str, ProjectSource] = {}
    hooks: Hooks = msgspec.field(default=(), name="hook")
    declared: CheckEntries = msgspec.field(default=(), name="check")
    architecture: Any = None
    """The project's rules for itself; the check of that name reads them, and says what is wrong with them."""
    security: dict[str, Any] = {}
    """That new lines are looked at for what they open."""
    vectors: Literal["on", "off"] = "on"


class EditorSettings(Common, frozen=True):
    permission: Tighter = Tighter()
    diagnostics: Diagnostics = Diagnostics()
    navigation: Navigation | None = None
    sandbox: Sandbox = Sandbox()
    # What the plug-ins set for themselves and their door; nothing of it matters to the engine.
    lens: Lens = Lens()
    hover: bool = True
    path: str = ""
    shown_folder: str = msgspec.field(default="", name="shownFolder")
    trace: Any = None


class ManagedFile(Part, frozen=True):
    """The file of the machine's owner."""

    mode: _ModeName | None = None
    permission: Permission = Permission()
    hooks: Hooks = msgspec.field(default=(), name="hook")
    sandbox: Sandbox = Sandbox()
    ceiling: CeilingsPart = CeilingsPart()


class ModelsPart(Part, frozen=True):
    """Which models phases may name besides the one that is set up: a small one for simple work, a strong one for hard.

    "" takes the one that is set up. All are asked at the same endpoint.
    """

    small: Annotated[str, msgspec.Meta(max_length=200)] = ""
    strong: Annotated[str, msgspec.Meta(max_length=200)] = ""


class ContextPart(Part, frozen=True):
    """How what a model sees is chosen. With `rerank` the small model puts the leading candidates in order, by name."""

    rerank: Rerank = "off"


class UserFile(Common, frozen=True):
    """The person's own file."""

    hooks: Hooks = msgspec.field(default=(), name="hook")
    permission: Permission = Permission()
    diagnostics: Diagnostics = Diagnostics()
    navigation: Navigation = "fallback"
    sandbox: Shelter = Shelter()
    checks: dict[str, CheckPart] = {}
    declared: CheckEntries = msgspec.field(default=(), name="check")
    python: str = ""
    model: str = ""
    base_url: str = ""
    models: ModelsPart = ModelsPart()
    ceiling: CeilingsPart = CeilingsPart()
    compact_tokens: Annotated[int, msgspec.Meta(ge=4_000, le=1_000_000)] = 60_000
    read_mode: ReadMode = "check"
    edit_tool: EditTool | None = None
    mcp: dict[str, UserServer] = {}
    source: dict[str, UserSource] = {}
    vectors: VectorStorePlace | VectorsPart = "on"
    sessions: SessionsPart = SessionsPart()
    context: ContextPart = ContextPart()


SHAPES: dict[File, type[msgspec.Struct]] = {
    "user": UserFile,
    "project": ProjectFile,
    "editor": EditorSettings,
    "managed": ManagedFile,
}


def schema(file: File = "user") -> dict[str, Any]:
    """Return the JSON schema of one of the kinds of settings, for editors to check and complete by."""
    return msgspec.json.schema(SHAPES[file])
