"""A long talk made short: what was found out becomes a digest, the words that opened it stay as they are. Pure.

The digest is made of facts: which files were read and changed, what commands and checks said last, what was decided.
No model writes it. The same talk gives the same bytes; the opening, with the rules and the contract, is never touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, cast

from bridle.harness.edits.textedit import NAME as TEXT_EDITOR
from bridle.harness.model.client import Block, Message
from bridle.harness.model.tokens import tokens_of

KEPT_TURNS = 6
"""How many of the last turns stay as they are."""
KEPT_NONE = 0
MAX_WORDS = 12
MAX_WORDS_CHARS = 400
MAX_FILES = 60
MAX_RESULT_CHARS = 3_000
HEAD = "Your talk grew too long and was cut. What came before, as the harness kept it:"
AFTER = "Lines that were shown before cannot be seen any more: read a place again before you edit it."

_EDITS = ("hashline_edit", TEXT_EDITOR)
_SAYS = ("run_check", "run_command")


def is_due(messages: Sequence[Message], most: int) -> bool:
    """Tell whether a talk takes more than `most` tokens, and there is something in it to cut."""
    return len(messages) > KEPT_TURNS + 1 and tokens_of(list(messages)) > most


def cut(messages: Sequence[Message], kept: int = KEPT_TURNS) -> int:
    """Return where the turns begin that stay: with a word of the model, so that no result stands without its call.

    With none kept the talk begins anew, by what is handed over.
    """
    start = max(1, len(messages) - kept)
    while start < len(messages) and messages[start]["role"] != "assistant":
        start += 1
    return start


def sent(messages: Sequence[Message], start: int) -> list[Message]:
    """Return what is sent of a whole talk that was cut at `start`, 0 for one that was not."""
    if start <= 1:
        return list(messages)
    opening: Message = {"role": "user", "content": [*_blocks(messages[0]), _text(digest(messages[1:start]))]}
    return [opening, *messages[start:]]


def digest(messages: Sequence[Message]) -> str:
    """Return what happened in these turns, as Markdown."""
    parts = [HEAD]
    calls = list(_calls(messages))
    results = dict(_results(messages))
    changed = Counter(
        path for call in calls if call["name"] in _EDITS and _went_well(call, results) for path in _paths(call)
    )
    read = Counter(path for call in calls if call["name"] == "read" for path in _paths(call) if path not in changed)
    refused = sum(call["name"] in _EDITS and not _went_well(call, results) for call in calls)
    if changed:
        parts.append("## Changed\n\n" + _listed(changed, "edit"))
    if refused:
        parts.append(f"{refused} edits were refused and left nothing behind.")
    if read:
        parts.append("## Read\n\n" + _listed(read, "time"))
    said = [words for message in messages if message["role"] == "assistant" for words in _words(message)]
    if said:
        lines = "\n".join(f"- {' '.join(words.split())[:MAX_WORDS_CHARS]}" for words in said[-MAX_WORDS:])
        parts.append(f"## What you said\n\n{lines}")
    for name in _SAYS:
        last = next((call for call in reversed(calls) if call["name"] == name), None)
        if last is not None:
            parts.append(f"## The last {name}\n\n{_asked(last)}{_short(results.get(str(last['id']), ('', False))[0])}")
    told = [words for message in messages if message["role"] == "user" for words in _words(message)]
    if told:
        parts.append(f"## What you were told last\n\n{_short(told[-1])}")
    return "\n\n".join([*parts, AFTER])


def _blocks(message: Message) -> list[Block]:
    content = message["content"]
    return [_text(content)] if isinstance(content, str) else list(content)


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _words(message: Message) -> Iterator[str]:
    for block in _blocks(message):
        if block.get("type") == "text" and block["text"].strip():
            yield block["text"]


def _calls(messages: Sequence[Message]) -> Iterator[Block]:
    for message in messages:
        yield from (block for block in _blocks(message) if block.get("type") == "tool_use")


def _results(messages: Sequence[Message]) -> Iterator[tuple[str, tuple[str, bool]]]:
    for message in messages:
        for block in _blocks(message):
            if block.get("type") == "tool_result":
                content = block.get("content")
                text = (
                    content
                    if isinstance(content, str)
                    else "\n".join(str(one.get("text", "")) for one in content or ())
                )
                yield str(block["tool_use_id"]), (text, bool(block.get("is_error")))


def _went_well(call: Block, results: dict[str, tuple[str, bool]]) -> bool:
    return not results.get(str(call["id"]), ("", True))[1]


def _paths(call: Block) -> Iterator[str]:
    given: Any = call.get("input")
    if not isinstance(given, dict):
        return
    known = cast("dict[str, Any]", given)
    files = known.get("files")
    each = cast("list[object]", files) if isinstance(files, list) else [known]
    for one in each:
        path = cast("dict[str, Any]", one).get("path") if isinstance(one, dict) else None
        if isinstance(path, str) and path:
            yield path


def _asked(call: Block) -> str:
    given: Any = call.get("input")
    command = cast("dict[str, Any]", given).get("command") if isinstance(given, dict) else None
    return f"`{command}`\n\n" if isinstance(command, str) else ""


def _listed(paths: Counter[str], noun: str) -> str:
    shown = sorted(paths.items())[:MAX_FILES]
    more = f"\n- and {len(paths) - MAX_FILES} more" if len(paths) > MAX_FILES else ""
    return "\n".join(f"- {path} ({count} {noun}{'s' * (count != 1)})" for path, count in shown) + more


def _short(text: str) -> str:
    text = text.strip()
    if len(text) <= MAX_RESULT_CHARS:
        return text
    half = MAX_RESULT_CHARS // 2
    return f"{text[:half]}\n…\n{text[-half:]}"
