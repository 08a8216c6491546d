"""A run for another person to read: one document, with no secret in it and, where it is wanted, the files it touched.

What looks like a key is hidden wherever it stands; a file that holds credentials by custom is never taken along.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, cast

import msgspec

from bridle.context.redact import hidden, is_credential_file
from bridle.harness.audit.story import Story, as_document
from bridle.harness.nouns import Fault
from bridle.harness.session import events
from bridle.harness.session.journal import Reading
from bridle.harness.symlinks import target_of
from bridle.indexer.encoding import UndecodableError, decode

MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_ALL_BYTES = 64 * 1024 * 1024
FORM = 1

_TALK = ("told", "model_replied", "tool_replied")

Content = Callable[[str], bytes]
"""Stored bytes by digest."""


def shared(story: Story, reading: Reading, content: Content | None = None) -> dict[str, Any]:
    """Return a run as one document; with `content`, the files that it touched as they were and as they became."""
    records = [
        {"seq": one.seq, "time": one.time, "kind": one.kind, "payload": msgspec.json.decode(one.payload)}
        for one in reading.records
    ]
    said = {"form": FORM, "run": story.run, "outcome": story.state.outcome, "reason": story.state.reason}
    document = {**said, "started": story.state.started, **as_document(story), "records": records}
    files = {} if content is None else {"files": [*_files(reading, content)]}
    return {**cast("dict[str, Any]", without_secrets(document)), **files}


def without_secrets(value: object) -> object:
    """Return data as JSON has it, every text in it as it may be shown."""
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, object]", value)
        return {hidden(key): without_secrets(each) for key, each in pairs.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(each) for each in cast("list[object]", value)]
    return value


def as_markdown(document: Mapping[str, Any]) -> str:
    """Return a shared run as a page."""
    order = document["order"]
    lines = [
        f"# {order['workflow']}: {_line(order['instruction'])}",
        "",
        f"Run `{document['run']}`, begun {_when(document['started'])}, model `{order['model'] or 'none'}`.",
        f"Outcome: {document['outcome'] or 'interrupted'}. {_line(document['reason'])}".rstrip(),
    ]
    parent = document["parent"]
    lines += [f"It begins where run `{parent['run']}` stood after its step {parent['step']}."] if parent else []
    lines += [f"Proof: {document['badge']}"] if document["badge"] else []
    lines += _section("Phases", [f"- {one['phase']}: {one['outcome']}" for one in document["phases"]])
    assumed = (f"- {_line(one['question'])} {_line(one['answer'])} ({one['by']})" for one in document["assumptions"])
    lines += _section("Assumptions", [*assumed])
    for name, text in document["artefacts"].items():
        lines += ["", f"## {name}", "", *_fenced(text)]
    landed = (f"- {one['state']}: {', '.join(one['files']) or 'no file'}" for one in document["landings"])
    lines += _section("Landings", [*landed])
    lines += _section("Steps", [_step(one) for one in document["steps"]])
    lines += ["", "## Conversation"]
    for record in document["records"]:
        lines += _said(record)
    for file in document.get("files", ()):
        lines += ["", f"## {file['path']} ({file['digest']})", "", *_fenced(file.get("text", _why_no_text(file)))]
    return "\n".join(lines) + "\n"


def _files(reading: Reading, content: Content) -> Iterator[dict[str, Any]]:
    """Yield each version of each file that a run touched, until they are more than may be taken along."""
    room = MAX_ALL_BYTES
    for path, mark in _touched(reading):
        told: dict[str, Any] = {"path": path, "digest": mark}
        if is_credential_file(path):
            yield {**told, "left_out": "it holds credentials by its name"}
            continue
        try:
            data = content(mark)
        except Fault as fault:
            yield {**told, "left_out": str(fault)}
            continue
        if len(data) > min(room, MAX_FILE_BYTES):
            yield {**told, "left_out": f"it has {len(data)} bytes"}
            continue
        room -= len(data)
        yield {**told, **_content(data)}


def _content(data: bytes) -> dict[str, str]:
    target = target_of(data)
    if target is not None:
        return {"link": hidden(target)}
    try:
        return {"text": hidden(decode(data).text)}
    except UndecodableError:
        return {"base64": base64.b64encode(data).decode()}


def _touched(reading: Reading) -> Iterator[tuple[str, str]]:
    """Yield path and digest of all contents that a run names, each once, in order."""
    seen: set[tuple[str, str]] = set()
    for record in reading.records:
        event = record.event()
        if isinstance(event, events.Edited | events.Prepared | events.Confirmed):
            named = [(file.path, mark) for file in event.files for mark in (file.before, file.after)]
        elif isinstance(event, events.Forked):
            named = [*event.originals.items(), *event.changes.items()]
        else:
            continue
        for path, mark in named:
            if mark is not None and (path, mark) not in seen:
                seen.add((path, mark))
                yield path, mark


def _said(record: Mapping[str, Any]) -> list[str]:
    """Return the messages of the wire that a record tells as paragraphs, nothing for records that tell none."""
    given: object = record["payload"]
    payload = cast("dict[str, object]", given) if isinstance(given, dict) else {}
    kind = record["kind"]
    inherited = cast("list[object]", payload.get("messages") or []) if kind == "forked" else []
    told = [payload.get("message")] if kind in _TALK else inherited
    lines: list[str] = []
    for message in told:
        if isinstance(message, dict):
            said = cast("dict[str, Any]", message)
            who = "model" if said.get("role") == "assistant" else "bridle"
            lines += ["", f"### {record['seq']} · {who}"]
            for block in _blocks(said.get("content")):
                lines += ["", *_fenced(_block(block))]
    return lines


def _blocks(content: object) -> list[object]:
    return cast("list[object]", content) if isinstance(content, list) else [{"type": "text", "text": str(content)}]


def _block(block: object) -> str:
    if not isinstance(block, dict):
        return str(block)
    given = cast("dict[str, Any]", block)
    if given.get("type") == "text":
        return str(given.get("text", ""))
    if given.get("type") == "tool_result":
        return str(given.get("content", ""))
    return msgspec.json.format(msgspec.json.encode(given), indent=2).decode()


def _step(step: Mapping[str, Any]) -> str:
    cut = "" if step["stands"] else " (cut by going back)"
    return f"{step['seq']}. {_line(step['text'])}{cut}"


def _section(title: str, rows: list[str]) -> list[str]:
    return ["", f"## {title}", "", *rows] if rows else []


def _fenced(text: str) -> list[str]:
    fence = "```"
    while fence in text:
        fence += "`"
    return [fence, text.rstrip("\n"), fence]


def _why_no_text(file: Mapping[str, Any]) -> str:
    if "link" in file:
        return f"a link to {file['link']}"
    return str(file.get("left_out", "bytes that are no text"))


def _line(text: str) -> str:
    return " ".join(text.split())


def _when(time: float) -> str:
    return datetime.fromtimestamp(time).astimezone().strftime("%Y-%m-%d %H:%M")
