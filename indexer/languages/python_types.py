"""What an annotation of Python says that a value is, as paths that can be looked up. Pure; knows text only.

``Box()`` is one Box, ``Box`` the class itself, ``*Box()`` what gives Boxes when it is iterated or entered, ``%Box()``
what gives one by a key. What says nothing of a definition gives no path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bridle.indexer.languages.trees import words

MAX_ANNOTATION = 400
MAX_DEPTH = 8

_NAME = re.compile(r"\s*([\w.]+)\s*(?:\[(.*)\]\s*)?\Z", re.DOTALL)
_NOTHING = frozenset(("None", "Any", "object", "Literal", "Callable", "LiteralString", "Never", "NoReturn", "Optional"))
_ALL = frozenset(("Optional", "Union", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "Awaitable"))
_FIRST_MANY = words("""
    list List Sequence MutableSequence Iterable Iterator AsyncIterator AsyncIterable Generator AsyncGenerator
    tuple Tuple set Set frozenset FrozenSet Collection deque Deque ContextManager AbstractContextManager
    AsyncContextManager AbstractAsyncContextManager KeysView ValuesView AbstractSet MutableSet
""")
_TABLES = words("dict Dict Mapping MutableMapping defaultdict DefaultDict OrderedDict")


@lru_cache(maxsize=4096)
def types_of(annotation: str) -> tuple[str, ...]:
    """Return the paths of an annotation, each once, in the order in which they stand."""
    if len(annotation) > MAX_ANNOTATION:
        return ()
    return tuple(dict.fromkeys(_types(annotation, MAX_DEPTH)))


def _types(text: str, depth: int) -> Iterator[str]:
    if depth == 0:
        return
    text = text.strip()
    if text[:1] in {'"', "'"}:
        text = text.strip("\"'")
    parts = list(_split(text, "|"))
    if len(parts) > 1:
        for part in parts:
            yield from _types(part, depth - 1)
        return
    found = _NAME.fullmatch(text)
    if found is None:
        return
    name, arguments = found[1], found[2]
    last = name.rpartition(".")[2]
    if arguments is None:
        if last not in _NOTHING and not name[0].isdigit():
            yield f"{'Self' if last == 'Self' else name}()"
        return
    inside = [part for part in _split(arguments, ",") if part.strip()]
    yield from _generic(name, last, inside, depth - 1)


def _generic(name: str, last: str, inside: list[str], depth: int) -> Iterator[str]:
    if last in _ALL:
        for part in inside:
            yield from _types(part, depth)
    elif last == "Annotated":
        yield from _types(inside[0], depth)
    elif last == "Coroutine":
        yield from _types(inside[-1], depth)
    elif last in {"type", "Type"}:
        for part in inside:
            yield from (one.removesuffix("()") for one in _types(part, depth))
    elif last in _FIRST_MANY:
        yield from (f"*{one}" for one in _types(inside[0], depth) if one[0] not in "*%")
    elif last in _TABLES:
        yield from (f"%{one}" for one in _types(inside[-1], depth) if one[0] not in "*%")
    elif last not in _NOTHING:
        yield f"{name}()"


def _split(text: str, at: str) -> Iterator[str]:
    """Yield the parts of a text between the separators that stand in no brackets and no quotes."""
    depth, start, quote = 0, 0, ""
    for index, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "[(":
            depth += 1
        elif char in "])":
            depth -= 1
        elif char == at and depth == 0:
            yield text[start:index]
            start = index + 1
    yield text[start:]
