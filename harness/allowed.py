"""What a setting may be, in words, told from its type: the choices of a choice, the bounds of a number. Pure."""

from __future__ import annotations

import json
from typing import cast

import msgspec
from msgspec import inspect

ANY_KEY = "[...]"
"""Stands in a path for a key that the person chose, as msgspec says it."""
SAID = "said"
"""Under this name a type's metadata says itself what it takes, where a pattern would not be read."""


def allowed_at(shape: type[msgspec.Struct], path: tuple[str, ...]) -> str:
    """Return what the setting at `path` below `shape` may be; "" where there is nothing to say of it."""
    here: list[inspect.Type] = [inspect.type_info(shape)]
    for key in path:
        here = [inner for one in here for inner in _within(one, key)]
    words = dict.fromkeys(word for one in here for word in _words(one))
    *others, last = words or [""]
    return f"{', '.join(others)} or {last}" if others else last


def _parts(info: inspect.Type) -> tuple[inspect.Type, ...]:
    """Return the types that `info` may be."""
    if isinstance(info, inspect.Metadata):
        return _parts(info.type)
    if isinstance(info, inspect.UnionType):
        return tuple(part for one in info.types for part in _parts(one))
    return (info,)


def _within(info: inspect.Type, key: str) -> list[inspect.Type]:
    """Return the types of what is at `key` in a value of type `info`."""
    found: list[inspect.Type] = []
    for part in _parts(info):
        if isinstance(part, inspect.StructType):
            found += [field.type for field in part.fields if field.encode_name == key]
        elif isinstance(part, inspect.DictType):
            found.append(part.value_type)
        elif isinstance(part, inspect.VarTupleType):  # msgspec names its elements by number, which is in no path here
            found += _within(part.item_type, key) if key != ANY_KEY else [part.item_type]
    return found


def _words(info: inspect.Type) -> list[str]:
    """Return what a value of type `info` may be, each in words."""
    match info:
        case inspect.Metadata():
            extra = cast("dict[str, str]", info.extra or {})  # pyright: ignore[reportUnknownMemberType]  # untyped there
            return [extra[SAID]] if SAID in extra else _words(info.type)
        case inspect.UnionType():
            return [word for one in info.types for word in _words(one)]
        case inspect.LiteralType():
            return [json.dumps(value) for value in info.values]
        case inspect.BoolType():
            return ["true", "false"]
        case inspect.IntType() | inspect.FloatType():
            noun = "a whole number" if isinstance(info, inspect.IntType) else "a number"
            return [noun + _bounds(info)]
        case inspect.StrType():
            size = f" of at most {info.max_length} characters" if info.max_length else ""
            return [f"{'text that is not empty,' if info.min_length and size else 'text'}{size}"]
        case inspect.VarTupleType():
            inner = _words(info.item_type)
            return [f"a list, each {inner[0]}" if len(inner) == 1 else "a list"]
        case inspect.StructType() | inspect.DictType():
            return ["a table"]
        case _:
            return []


def _bounds(info: inspect.IntType | inspect.FloatType) -> str:
    least = f" from {info.ge:g}" if info.ge is not None else f" above {info.gt:g}" if info.gt is not None else ""
    most = f" to {info.le:.12g}" if info.le is not None else f" below {info.lt:g}" if info.lt is not None else ""
    if most and not least:
        return f" up to {info.le:.12g}" if info.le is not None else most
    return least + (most if not least.startswith(" above") else most.replace(" to ", " and up to "))
