"""Tools that change nothing: what the graph knows of a name, a question to the person, a note of the run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import cast

from bridle.context.redact import hidden
from bridle.harness.edits.problems import ToolProblem
from bridle.harness.tools.toolbox import Input, Tool, text_field
from bridle.indexer.facts import Symbol, SymbolId
from bridle.indexer.snapshot import Snapshot

MAX_ROWS = 40
MAX_QUESTIONS = 3
MAX_CHOICES = 4
MAX_QUESTION_CHARS = 400
MAX_CHOICE_CHARS = 120
MAX_NOTE_CHARS = 4_000
MAX_NOTES_CHARS = 40_000

SYMBOLS = {
    "name": "symbols",
    "description": (
        "What the code's graph knows of a function, method or class: where it is defined, what calls it, what it "
        "calls, which tests reach it, or everything that a change of it can reach (impact)."
    ),
    "input_schema": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "its name, or its qualified name such as Cart.total"},
            "show": {"type": "string", "enum": ["definition", "callers", "callees", "tests", "impact"]},
        },
        "required": ["name", "show"],
    },
}
ASK = {
    "name": "ask",
    "description": (
        "Ask the person one question with two to four answers to choose from. Only where the task can mean different "
        "things and the code does not tell which; there may be nobody to answer, and then the default holds."
    ),
    "input_schema": {
        "type": "object",
        "properties": {
            "question": {"type": "string"},
            "choices": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": MAX_CHOICES},
            "default": {"type": "string", "description": "the choice that holds where nobody answers"},
        },
        "required": ["question", "choices", "default"],
    },
}
NOTE = {
    "name": "note",
    "description": "Keep a line that later phases and the person should know. It is added to the run's notes.",
    "input_schema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
}


def symbols_tool(snapshot: Callable[[], Awaitable[Snapshot]]) -> Tool:
    """Return the tool that asks the graph."""

    async def show(given: Input) -> str:
        name, what = text_field(given, "name", "symbols"), text_field(given, "show", "symbols")
        known = await snapshot()
        found = _meant(known, name)
        if not found:
            raise ToolProblem("E_MISSING", "", f"Nothing is defined as {name!r}. Look for it with the tool search.")
        rows = list(_rows(known, found, what))
        more = f"\n… and {len(rows) - MAX_ROWS} more" if len(rows) > MAX_ROWS else ""
        missing = "" if known.complete else "\n(the index is not complete yet)"
        return ("\n".join(rows[:MAX_ROWS]) or f"The graph knows no {what} of {name!r}.") + more + missing

    return Tool("symbols", SYMBOLS, show)


def ask_tool(ask: Callable[[str, tuple[str, ...], str], Awaitable[str]]) -> Tool:
    """Return the tool that asks the person; `ask` keeps what was answered."""
    n_asked = 0

    async def put(given: Input) -> str:
        nonlocal n_asked
        question = text_field(given, "question", "ask")[:MAX_QUESTION_CHARS]
        told = given.get("choices")
        listed = cast("list[object]", told) if isinstance(told, list) else []
        choices = tuple(dict.fromkeys(str(one)[:MAX_CHOICE_CHARS] for one in listed))
        default = str(given.get("default", ""))[:MAX_CHOICE_CHARS]
        if not 2 <= len(choices) <= MAX_CHOICES or default not in choices:
            raise ToolProblem("E_RANGE", "", f"ask needs 2 to {MAX_CHOICES} choices, and a default among them.")
        if n_asked >= MAX_QUESTIONS:
            raise ToolProblem("E_PERMISSION", "", f"{MAX_QUESTIONS} questions were asked. Decide yourself and say so.")
        n_asked += 1
        return await ask(question, choices, default)

    return Tool("ask", ASK, put)


def note_tool(read: Callable[[], str], write: Callable[[str], None]) -> Tool:
    """Return the tool that adds to the run's notes."""

    async def keep(given: Input) -> str:
        text = text_field(given, "text", "note").strip()[:MAX_NOTE_CHARS]
        notes = read()
        if len(notes) + len(text) > MAX_NOTES_CHARS:
            raise ToolProblem("E_RANGE", "", "The notes are full. Work without this one.")
        write(f"{notes}- {text}\n")
        return "Kept."

    return Tool("note", NOTE, keep)


def _meant(snapshot: Snapshot, name: str) -> list[Symbol]:
    found = [symbol for symbol in snapshot.named(name.rpartition(".")[2]) if symbol.kind != "module"]
    exact = [symbol for symbol in found if symbol.qualname == name or symbol.qualname.endswith(f".{name}")]
    return exact if "." in name else found


def _rows(snapshot: Snapshot, found: list[Symbol], what: str) -> Iterator[str]:
    targets = [symbol.id for symbol in found]
    match what:
        case "definition":
            for symbol in found:
                yield f"{_place(symbol)}  {hidden(symbol.signature)}"
        case "callers":
            for edge in (edge for target in targets for edge in snapshot.callers(target)):
                yield _row(snapshot, edge.source, f"confidence {edge.confidence:.1f}")
        case "callees":
            for edge in (edge for source in targets for edge in snapshot.callees(source)):
                yield _row(snapshot, edge.target, f"confidence {edge.confidence:.1f}")
        case "tests" | "impact":
            reached = snapshot.tests_reaching(targets) if what == "tests" else snapshot.reaching(targets)
            for one in reached:
                steps = len(one.path) - 1
                yield f"{_place(one.symbol)}  {one.symbol.qualname}  ({steps} step{'s' * (steps != 1)} away)"
        case _:
            raise ToolProblem("E_RANGE", "", "symbols shows: definition, callers, callees, tests, impact.")


def _row(snapshot: Snapshot, name: SymbolId, besides: str) -> str:
    symbol = snapshot.linked.symbol(name)
    return f"{_place(symbol)}  {symbol.qualname}  ({besides})" if symbol else f"{name}  ({besides})"


def _place(symbol: Symbol) -> str:
    return f"{symbol.span.path}:{symbol.span.start_line + 1}-{symbol.span.end_line}"
