"""The tool that runs a command line in the run's shadow: permitted first, bounded, and its writes judged as edits are.

What it wrote where the run may not write is put back before anything else looks; the rest belongs to the change.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bridle.harness.edits.patch import file_patch
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.writes import WriteLog
from bridle.harness.nouns import Outcome, UserProblem
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.events import FileChange
from bridle.harness.session.journal import Journal
from bridle.harness.shadow.environment import clean_environment
from bridle.harness.shadow.shadow import Shadow
from bridle.harness.tools.permits import Permits
from bridle.harness.tools.toolbox import Input, Tool, text_field
from bridle.indexer.process import Cancel, Completed

NAME = "run_command"
MAX_CHARS = 8_000
CAP_BYTES = 128 * 1024
MAX_STREAM_CHARS = 12_000

SPEC = {
    "name": NAME,
    "description": (
        "Run one command line in a copy-on-write view of the workspace; shows how it ended, what it printed and which "
        "files it changed. Files that git would not ignore become part of your change. There is no network and no "
        "terminal. Plain commands joined by && || ; | may be allowed by rule; everything else asks the person first, "
        "so prefer the other tools where they do."
    ),
    "input_schema": {
        "type": "object",
        "properties": {
            "command": {"type": "string"},
            "timeout_s": {"type": "integer", "description": "when to give up; the setting timeout_s when left out"},
        },
        "required": ["command"],
    },
}

State = Mapping[str, bytes | None]


@dataclass(frozen=True)
class Bench:
    """What a command works on. `programs` is a folder of the project's own tools, first on PATH; "" for none."""

    shadow: Shadow
    permits: Permits
    journal: Journal
    blobs: Blobs
    log: WriteLog
    cancel: Cancel
    timeout_s: float
    programs: str = ""


def command_tool(bench: Bench) -> Tool:
    """Return the tool."""

    async def run(given: Input) -> str:
        command = text_field(given, "command", NAME)
        if len(command) > MAX_CHARS:
            raise ToolProblem("E_RANGE", "", f"{NAME}: a command has at most {MAX_CHARS} characters.")
        timeout_s = _timeout(given, bench.timeout_s)
        await bench.permits.expect("Bash", command, "It was not run. Work without it.")
        return await _run(bench, command, timeout_s)

    return Tool(NAME, SPEC, run)


async def _run(bench: Bench, command: str, timeout_s: float) -> str:
    before = await asyncio.to_thread(standing, bench.shadow)
    try:
        done = await asyncio.to_thread(
            bench.shadow.run,
            shell(command),
            env=environment(bench.shadow.workspace, bench.programs),
            timeout_s=timeout_s,
            cancel=bench.cancel,
            cap_bytes=CAP_BYTES,
        )
    except UserProblem as problem:
        raise ToolProblem("E_PERMISSION", "", f"It did not run: {problem.message}") from problem
    changed = await asyncio.to_thread(_changed, bench.shadow, before)
    refused = await bench.permits.refused("Edit", sorted(changed))
    kept = {path: was for path, was in changed.items() if path not in refused}
    await asyncio.to_thread(_settle, bench, kept, {path: changed[path] for path in refused})
    bench.journal.append(
        "ran",
        {
            "command": command,
            "outcome": outcome_of(done),
            "exit_code": done.exit_code,
            "seconds": done.seconds,
            "rung": bench.shadow.rung,
            "changed": sorted(kept),
            "refused": sorted(refused),
        },
    )
    return _told(done, kept, refused)


def shell(command: str) -> tuple[str, ...]:
    """Return the argv that runs a command line as it was judged: by bash where there is one."""
    bash = next((path for path in ("/bin/bash", "/usr/bin/bash") if os.access(path, os.X_OK)), None)
    return (bash, "--noprofile", "--norc", "-c", command) if bash else ("/bin/sh", "-c", command)


def environment(root: Path, programs: str) -> dict[str, str]:
    """Return what a command gets beside the allowed environment: the project's own tools first on its PATH."""
    if not programs:
        return {}
    path = clean_environment(os.environ, root, {})["PATH"]
    venv = Path(programs).parent
    named = {"VIRTUAL_ENV": str(venv)} if (venv / "pyvenv.cfg").is_file() else {}
    return {"PATH": os.pathsep.join([programs, path]), **named}


def outcome_of(done: Completed) -> Outcome:
    """Return how a command ended, in the words of a verdict."""
    if done.timed_out:
        return "timeout"
    if done.exit_code is None:
        return "unknown"
    return "pass" if done.exit_code == 0 else "fail"


def standing(shadow: Shadow) -> State:
    """Return the bytes of everything that differs from the workspace now."""
    return {change.path: shadow.read(change.path) for change in shadow.changes()}


def _changed(shadow: Shadow, before: State) -> State:
    """Return path → bytes before of what a command changed."""
    paths = {*before, *standing(shadow)}
    were = {path: before[path] if path in before else _below(shadow, path) for path in paths}
    return {path: was for path, was in were.items() if was != shadow.read(path)}


def _below(shadow: Shadow, path: str) -> bytes | None:
    place = shadow.workspace / path
    return place.read_bytes() if place.is_file() and not place.is_symlink() else None


def _settle(bench: Bench, kept: State, refused: State) -> None:
    """Put back what may not be written; journal the rest as edits, so that a resumed run has it too."""
    for path, was in refused.items():
        bench.shadow.write(path, was)
    if not kept:
        return
    now = {path: bench.shadow.read(path) for path in kept}
    stored = tuple(FileChange(path, _keep(bench, was), _keep(bench, now[path])) for path, was in kept.items())
    bench.journal.append("edited", {"files": stored})
    for path, was in kept.items():
        try:
            edits = file_patch(path, was, now[path]).edits
        except UserProblem:
            continue
        bench.log.record(path, was, now[path], edits)


def _keep(bench: Bench, data: bytes | None) -> str | None:
    return None if data is None else bench.blobs.put(data)


def _timeout(given: Input, most: float) -> float:
    value = given.get("timeout_s")
    if value is None:
        return most
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ToolProblem("E_RANGE", "", f"{NAME}: 'timeout_s' is a number of seconds from 1 on, not {value!r}.")
    return min(float(value), most)


def _told(done: Completed, kept: State, refused: Mapping[str, str]) -> str:
    how = (
        f"timed out after {done.seconds:.1f} s" if done.timed_out else f"exit {done.exit_code} in {done.seconds:.1f} s"
    )
    lines = [how]
    for name, data in (("stdout", done.stdout), ("stderr", done.stderr)):
        text = data.decode("utf-8", "replace").strip("\n")
        if text:
            lines.append(f"{name}:\n{_middle_out(text)}")
    if kept:
        lines.append(f"changed: {', '.join(sorted(kept))} (read them again before you edit them)")
    lines += [f"put back: {path}: {reason}" for path, reason in sorted(refused.items())]
    return "\n".join(lines)


def _middle_out(text: str) -> str:
    if len(text) <= MAX_STREAM_CHARS:
        return text
    half = MAX_STREAM_CHARS // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
