"""The tools of a run, each a few lines over the room that does the work: read, search, the edit tool, run_check.

What the model edits with is a setting: `hashline_edit`, or Anthropic's own text editor on the same engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridle.context.redact import hidden
from bridle.harness.edits import textedit
from bridle.harness.edits.hashline import Plan, PlannedFile, plan, would_land
from bridle.harness.edits.links import check_names
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.readview import read, view
from bridle.harness.edits.request import EditRequest, clean_path, parse, tool_for
from bridle.harness.edits.revisions import Revisions
from bridle.harness.edits.writes import WriteLog
from bridle.harness.ground import Ground
from bridle.harness.order import Order
from bridle.harness.session.events import FileChange
from bridle.harness.session.journal import Journal
from bridle.harness.settingsfiles import EditTool
from bridle.harness.shadow.shadow import Shadow
from bridle.harness.tools.permits import Permits
from bridle.harness.tools.toolbox import Input, Tool, line_field, text_field
from bridle.harness.tools.writing import Writes, unwanted
from bridle.harness.withholding import withheld
from bridle.indexer.files import walk
from bridle.indexer.snapshot import Snapshot

MAX_LINES_READ = 2_000
MAX_HITS = 20
AROUND_LINES = 2


def _spec(name: str, description: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": required}
    return {"name": name, "description": description, "input_schema": schema}


READ_TOOL = _spec(
    "read",
    "Show lines of a file with their anchors, so that they can be edited. Lines count from 1; both ends are included.",
    {"path": {"type": "string"}, "start": {"type": "integer"}, "end": {"type": "integer"}},
    ["path"],
)
SEARCH_TOOL = _spec(
    "search",
    "Find functions, methods and classes by words or names. Shows where they are and their signatures, not their text.",
    {"query": {"type": "string"}},
    ["query"],
)
CHECK_TOOL = _spec(
    "run_check",
    "Run the project's own checks on your change as it stands and show what they say. They run by themselves when "
    "you stop, so call this only to learn something on the way.",
    {"check": {"type": "string", "description": "pytest, ruff or mypy; all of them when left out"}},
    [],
)


@dataclass(frozen=True)
class Kit:
    """What the tools work on. `run_command` is the tool that runs a command line, None where no command may run;
    `newer_python` says that the project's Python is newer than ours. `writes` is what may be changed,
    `edit_tool` what it is changed with, and `more` are further tools by the names that phases have for them.
    """

    ground: Ground
    order: Order
    shadow: Shadow
    revisions: Revisions
    journal: Journal
    check: Callable[[str | None], Awaitable[str]]
    log: WriteLog
    permits: Permits
    run_command: Tool | None = None
    newer_python: bool = False
    writes: Writes = "anything"
    edit_tool: EditTool = "hashline"
    more: Mapping[str, tuple[Tool, ...]] = field(default_factory=dict[str, tuple[Tool, ...]])


def tools_of(kit: Kit, wanted: Sequence[str]) -> tuple[Tool, ...]:
    """Return the tools of these names, in the order of the names."""

    async def read_file(given: Input) -> str:
        path = clean_path(given.get("path"))
        await _permit(kit, "Read", path)
        start, end = line_field(given, "start", "read"), line_field(given, "end", "read")
        first = (start or 1) - 1
        ranges = ((first, min(end or first + MAX_LINES_READ, first + MAX_LINES_READ)),)
        return read(kit.revisions, path, kit.shadow.read(path), ranges).text

    async def search(given: Input) -> str:
        query = text_field(given, "query", "search")
        return await asyncio.to_thread(hits, await kit.ground.snapshot(), query, withheld(kit.ground))

    async def edit(given: Input) -> str:
        request = parse(given)
        check_names(kit.ground.root, [path for file in request.files for path in (file.path, file.to) if path])
        for file in request.files:
            await _permit(kit, "Edit", file.path)
            if file.to:
                await _permit(kit, "Edit", file.to)
        return await asyncio.to_thread(_edit, kit, request)

    async def edit_text(given: Input) -> str:
        asked = textedit.parse(given)
        if isinstance(asked, textedit.View):
            return await _view(kit, asked)
        await _permit(kit, "Edit", asked.path)
        return await asyncio.to_thread(_edit_text, kit, asked)

    async def run_check(given: Input) -> str:
        check = given.get("check")
        return await kit.check(check if isinstance(check, str) and check else None)

    named: dict[str, tuple[Tool, ...]] = {
        "read": (Tool("read", READ_TOOL, read_file),),
        "search": (Tool("search", SEARCH_TOOL, search),),
        "edit": (Tool("hashline_edit", tool_for(kit.revisions.mode), edit),),
        "run_check": (Tool("run_check", CHECK_TOOL, run_check),),
        "run_command": () if kit.run_command is None else (kit.run_command,),
        **kit.more,
    }
    if kit.edit_tool == "str_replace" and "edit" in wanted:
        named |= {"read": (), "edit": (Tool(textedit.NAME, textedit.SPEC, edit_text),)}
    return tuple(tool for name in wanted for tool in named.get(name, ()))


def hits(snapshot: Snapshot, query: str, why_withheld: Callable[[str], str]) -> str:
    """Return what the words find, best first, in files that may be shown."""
    lines: list[str] = []
    for hit in snapshot.search(query, MAX_HITS):
        symbol = snapshot.symbols[hit.symbol]
        if why_withheld(symbol.span.path):
            continue
        where = f"{symbol.span.path}:{symbol.span.start_line + 1}-{symbol.span.end_line}"
        lines.append(f"{where}  {hidden(symbol.signature)}")
    missing = "" if snapshot.complete else "\n(the index is not complete yet)"
    return ("\n".join(lines) or f"Nothing is named or says {query!r}.") + missing


async def _view(kit: Kit, asked: textedit.View) -> str:
    data = kit.shadow.read(asked.path) if asked.path else None
    if data is None:
        listed = textedit.listing(asked.path, await _paths(kit))
        if listed:
            return listed
    await _permit(kit, "Read", asked.path)
    first, end = asked.lines or (0, 1 << 31)
    return read(kit.revisions, asked.path, data, ((first, min(end, first + MAX_LINES_READ)),)).text


async def _paths(kit: Kit) -> set[str]:
    """Return the files that git would look at, as the run left them."""
    walked = await asyncio.to_thread(walk, kit.ground.root)
    touched = {change.path for change in kit.shadow.changes()}
    return {file.path for file in walked.files if file.path not in touched} | {
        path for path in touched if kit.shadow.read(path) is not None
    }


def _edit(kit: Kit, request: EditRequest) -> str:
    planned = _plan(kit, request)
    if request.dry_run:
        return "This would apply. Nothing was written: dry_run."
    return _written(kit, planned)


def _edit_text(kit: Kit, change: textedit.Change) -> str:
    there = kit.revisions, kit.shadow.read, kit.log.moved(kit.revisions, kit.shadow.read)
    planned = textedit.planned(
        change, kit.revisions, lambda request: _plan(kit, request), lambda request: would_land(request, *there)
    )
    return _written(kit, planned)


def _plan(kit: Kit, request: EditRequest) -> Plan:
    moved = kit.log.moved(kit.revisions, kit.shadow.read)
    return plan(request, kit.revisions, kit.shadow.read, moved, newer_python=kit.newer_python)


def _written(kit: Kit, planned: Plan) -> str:
    for file in planned.files:
        why = unwanted(kit.writes, file.path, file.before, file.after)
        if why:
            raise ToolProblem("E_PERMISSION", file.path, f"{why[0].upper()}{why[1:]}. Nothing was written.")
    stored = [FileChange(f.path, _keep(kit, f.before), _keep(kit, f.after)) for f in planned.files]
    kit.journal.append("edited", {"files": tuple(stored)})
    for file in planned.files:
        kit.shadow.write(file.path, file.after)
        kit.log.record(file.path, file.before, file.after, file.edits)
    return "\n\n".join(_told(kit, file) for file in planned.files)


def _keep(kit: Kit, data: bytes | None) -> str | None:
    return None if data is None else kit.ground.blobs.put(data)


def _told(kit: Kit, file: PlannedFile) -> str:
    """Return a file's new revision and fresh anchors around what changed."""
    if file.after is None:
        return f"{file.path}: deleted"
    revision = kit.revisions.note(file.path, file.after)
    ranges = [(start - AROUND_LINES, end + AROUND_LINES) for start, end in changed_lines(file)]
    if not revision.text:
        return f"[{file.path} v{revision.number}] is empty now"
    warned = "".join(f"\nWarning: {warning}" for warning in file.warnings)
    return view(kit.revisions, revision, ranges).text + warned


def changed_lines(file: PlannedFile) -> list[tuple[int, int]]:
    """Return the lines of the new text that the change made; where it only removed, the place of that."""
    return [(edit.start, max(edit.end, edit.start + 1)) for edit in file.inverse]


async def _permit(kit: Kit, tool: str, path: str) -> None:
    """Let one decision answer for every tool. Raises ToolProblem E_PERMISSION, E_SECRET."""
    check_names(kit.ground.root, [path])
    await kit.permits.expect(tool, path, "Nothing was written. Work without this file.")
