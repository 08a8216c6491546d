"""The guard of syntax: an edit must not bring an error into a file that its parser did not object to before.

Python, JSON and TOML are judged by the standard library: valid before, invalid after. Every other language, and
what those parsers did not accept before, is judged by its grammar: the count of places that it cannot read must
not rise. What could not be judged (too large, too slow, no grammar installed) is warned of and never refused.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
import warnings
from collections.abc import Callable

import msgspec

from bridle.harness.edits.syntax import reader
from bridle.indexer.languages.grammars import grammar_of
from bridle.indexer.syntax import Compare, Compared, SyntaxFault, Unanswered

MAX_PARSED_CHARS = 2_000_000

_COMMENTED_JSON = re.compile(r"(?:^|/)(?:[tj]sconfig[^/]*|devcontainer)\.json$|(?:^|/)\.vscode/|\.jsonc$")
_TOML_PLACE = re.compile(r"(.*) \(at line (\d+), column \d+\)\Z", re.DOTALL)
_TEMPLATE_TAGS = ("{{", "{%")


class Broken(msgspec.Struct, frozen=True):
    """An objection to a text. `line` is 0-based, None where it is about no line.

    `before` says what the parser made of the text as it was. `only_warns` where our parser may be the one in the
    wrong, or could not judge.
    """

    what: str
    line: int | None = None
    before: str = ""
    only_warns: bool = False


def syntax_broken(path: str, before: str | None, after: str, *, newer: bool = False) -> Broken | None:
    """Return what stops `after` from being parsed that did not stop `before` (None: a new file).

    `newer` says that the project's Python is newer than ours: what the grammar accepts is then only warned of.
    """
    strict = _strict_parser(path)
    if strict is None and grammar_of(path) is None:
        return None
    if max(len(before or ""), len(after)) > MAX_PARSED_CHARS:
        return Broken(f"it was not parsed, for it is longer than {MAX_PARSED_CHARS} characters", only_warns=True)
    if strict is None:
        return _by_grammar(path, before or "", after)
    found = _objection(strict, after)
    if found is None:
        return None
    if before is not None and _objection(strict, before):
        return None if strict is _parse_python else _by_grammar(path, before, after)
    warns = newer and strict is _parse_python and _grammar_accepts(path, after)
    return msgspec.structs.replace(found, before="as it stands, it parses" if before else "", only_warns=warns)


def _strict_parser(path: str) -> Callable[[str], object] | None:
    grammar = grammar_of(path)
    name = grammar.name if grammar else ""
    return None if _COMMENTED_JSON.search(path) else _STRICT.get(name)


def _objection(parse: Callable[[str], object], text: str) -> Broken | None:
    try:
        parse(text)
    except SyntaxError as error:
        return Broken(error.msg, error.lineno - 1 if error.lineno else None)
    except json.JSONDecodeError as error:
        return Broken(error.msg, error.lineno - 1)
    except tomllib.TOMLDecodeError as error:
        told = _TOML_PLACE.match(str(error))
        return Broken(told[1], int(told[2]) - 1) if told else Broken(str(error))
    except (ValueError, RecursionError, MemoryError) as error:
        return Broken(str(error) or type(error).__name__)
    return None


def _by_grammar(path: str, before: str, after: str) -> Broken | None:
    grammar = grammar_of(path)
    if grammar is None or (grammar.template and any(tag in before + after for tag in _TEMPLATE_TAGS)):
        return None
    told = reader().ask(Compare(path, before.encode("utf-8", "replace"), after.encode("utf-8", "replace")))
    if isinstance(told, Unanswered):
        return Broken(f"its syntax was not judged: {told.reason}", only_warns=True)
    if not isinstance(told, Compared) or told.n_after <= told.n_before or told.after is None:
        return None
    return Broken(told.after.what, told.after.line, _was(told.n_before, told.before) if before else "")


def _was(n_before: int, first: SyntaxFault | None) -> str:
    if first is None:
        return "as it stands, it parses"
    places = "1 place" if n_before == 1 else f"{n_before} places"
    return f"as it stands, {places} cannot be parsed, the first on line {first.line + 1}"


def _grammar_accepts(path: str, text: str) -> bool:
    data = text.encode("utf-8", "replace")
    told = reader().ask(Compare(path, data, data))
    return isinstance(told, Compared) and told.n_after == 0


def _parse_python(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ast.parse(text)


_STRICT: dict[str, Callable[[str], object]] = {
    "Python": _parse_python,
    "JSON": json.loads,
    "TOML": tomllib.loads,
}
