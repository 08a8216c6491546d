"""The tool that runs a command line in the run's shadow: permitted first, bounded, and its writes judged as edits are.

What it wrote where the run may not write is put back before anything else looks; the rest belongs to the change.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridle.context.redact import hidden
from bridle.harness.buffers import read_bytes
from bridle.harness.edits.patch import any_patch
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.edits.writes import WriteLog
from bridle.harness.nouns import Outcome, UserProblem
from bridle.harness.proposals.patches import Changed, changed, unofferable
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.events import FileChange
from bridle.harness.session.journal import Journal
from bridle.harness.shadow.environment import clean_environment
from bridle.harness.shadow.shadow import Shadow
from bridle.harness.tools.permits import Permits
from bridle.harness.tools.toolbox import Input, Tool, text_field
from bridle.harness.tools.writing import Writes, unwanted
from bridle.harness.verify.interpreter import find_interpreter
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


@dataclass(frozen=True)
class Bench:
    """What a command works on. `programs` is a folder of the project's own tools, first on PATH; "" for none.

    `writes` is what may be changed; of a throw-away shadow nothing is kept, and whatever is written there may be.
    """

    shadow: Shadow
    permits: Permits
    journal: Journal
    blobs: Blobs
    log: WriteLog
    cancel: Cancel
    timeout_s: float
    programs: str = ""
    writes: Writes = "anything"


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
    before = {one.path: one for one in await asyncio.to_thread(_standing, bench)}
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
    written = await asyncio.to_thread(_written, bench, before)
    refused = {one.path: why for one in written if (why := unofferable(one) or _unwanted(bench, one))}
    decisions = await bench.permits.decisions("Edit", [one.path for one in written if one.path not in refused])
    refused |= {path: said.reason for path, said in decisions.items() if said.verdict != "allow"}
    await asyncio.to_thread(_settle, bench, written, refused)
    kept = [one.path for one in written if one.path not in refused]
    bench.journal.append(
        "ran",
        {
            "command": command,
            "outcome": outcome_of(done),
            "exit_code": done.exit_code,
            "seconds": done.seconds,
            "rung": bench.shadow.rung,
            "changed": kept,
            "refused": sorted(refused),
        },
    )
    return _told(done, kept, refused)


def _unwanted(bench: Bench, one: Changed) -> str:
    return unwanted(bench.writes, one.path, one.before, one.after)


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


def programs_of(root: Path, python: str | None) -> str:
    """Return the folder of the project's own tools: that of its Python. "" where there is none."""
    found = find_interpreter(root, python).path
    return str(Path(found).parent) if found else ""


def outcome_of(done: Completed) -> Outcome:
    """Return how a command ended, in the words of a verdict."""
    if done.timed_out:
        return "timeout"
    if done.exit_code is None:
        return "unknown"
    return "pass" if done.exit_code == 0 else "fail"


def _standing(bench: Bench) -> tuple[Changed, ...]:
    """Return what stands differently from the files on the disk now."""
    return changed(bench.shadow, lambda path: read_bytes(bench.shadow.workspace / path))


def _written(bench: Bench, before: Mapping[str, Changed]) -> tuple[Changed, ...]:
    """Return what one command changed, since `before`."""
    now = {one.path: one for one in _standing(bench)}
    found: list[Changed] = []
    for path in sorted({*before, *now}):
        was, stands = before.get(path), now.get(path)
        if was == stands:
            continue
        old = was.after if was is not None else stands.before if stands is not None else None
        new = stands.after if stands is not None else was.before if was is not None else None
        bits = _bit(was, stands), _bit(stands, was)
        found.append(Changed(path, old, new, bits if bits[0] != bits[1] else None))
    return tuple(found)


def _bit(one: Changed | None, other: Changed | None) -> bool:
    """Return whether a file may be executed on the side of `one`, as far as the two tell."""
    if one is not None and one.executable is not None:
        return one.executable[1]
    return other.executable[0] if other is not None and other.executable is not None else False


def _settle(bench: Bench, written: Sequence[Changed], refused: Mapping[str, str]) -> None:
    """Put back what may not be written; journal the rest as edits, so that a resumed run has it too."""
    for one in written:
        if one.path in refused:
            bench.shadow.write(one.path, one.before, one.executable and one.executable[0])
    kept = [one for one in written if one.path not in refused]
    if kept:
        bench.journal.append("edited", {"files": tuple(_stored(bench, one) for one in kept)})
    for one in kept:
        edits = any_patch(one.path, one.before, one.after).edits
        bench.log.record(one.path, one.before, one.after, edits)


def _stored(bench: Bench, one: Changed) -> FileChange:
    return FileChange(one.path, _keep(bench, one.before), _keep(bench, one.after), executable=one.executable)


def _keep(bench: Bench, data: bytes | None) -> str | None:
    return None if data is None else bench.blobs.put(data)


def _timeout(given: Input, most: float) -> float:
    value = given.get("timeout_s")
    if value is None:
        return most
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ToolProblem("E_RANGE", "", f"{NAME}: 'timeout_s' is a number of seconds from 1 on, not {value!r}.")
    return min(float(value), most)


def _told(done: Completed, kept: Sequence[str], refused: Mapping[str, str]) -> str:
    how = (
        f"timed out after {done.seconds:.1f} s" if done.timed_out else f"exit {done.exit_code} in {done.seconds:.1f} s"
    )
    lines = [how]
    for name, data in (("stdout", done.stdout), ("stderr", done.stderr)):
        text = hidden(data.decode("utf-8", "replace").strip("\n"))
        if text:
            lines.append(f"{name}:\n{_middle_out(text)}")
    if kept:
        lines.append(f"changed: {', '.join(kept)} (read them again before you edit them)")
    lines += [f"put back: {path}: {reason}" for path, reason in sorted(refused.items())]
    return "\n".join(lines)


def _middle_out(text: str) -> str:
    if len(text) <= MAX_STREAM_CHARS:
        return text
    half = MAX_STREAM_CHARS // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
