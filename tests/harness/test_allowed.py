"""A wrong value of a setting is told with what may stand there: every choice, every bound, in all four files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from bridle.harness.allowed import allowed_at
from bridle.harness.nouns import UserProblem
from bridle.harness.settingsfiles import SHAPES, File, UserFile
from bridle.harness.tomlfile import convert


def places(info: inspect.Type, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], inspect.Type]]:
    """Every setting that is no table, with its type."""
    if isinstance(info, inspect.StructType):
        for field in info.fields:
            yield from places(field.type, (*path, field.encode_name))
    elif isinstance(info, inspect.UnionType):
        for one in info.types:
            yield from places(one, path)
    else:
        yield path, info


def refused(shape: type[msgspec.Struct], path: tuple[str, ...], value: object) -> UserProblem:
    data: Any = value
    for key in reversed(path):
        data = {key: data}
    with pytest.raises(UserProblem) as found:
        convert(data, shape, {}, "the file")
    return found.value


def places_of(*kinds: type[inspect.Type]) -> list[tuple[File, tuple[str, ...], inspect.Type]]:
    return [
        (file, path, info)
        for file, shape in SHAPES.items()
        for path, info in places(inspect.type_info(shape))
        if isinstance(info, kinds)
    ]


def test_every_choice_names_all_that_it_may_be() -> None:
    choices = places_of(inspect.LiteralType)
    assert {("context", "rerank"), ("mode",), ("read_mode",)} <= {path for _, path, _ in choices}
    for file, path, info in choices:
        assert isinstance(info, inspect.LiteralType)
        problem = refused(SHAPES[file], path, "banana")
        assert f"{'.'.join(path)!r}: it cannot be 'banana'" in problem.message
        assert [value for value in info.values if json.dumps(value) not in problem.next_step] == []


def test_every_number_names_its_bounds() -> None:
    numbers = places_of(inspect.IntType, inspect.FloatType)
    assert len(numbers) > 20
    for file, path, info in numbers:
        assert isinstance(info, inspect.IntType | inspect.FloatType)
        bounds = [bound for bound in (info.ge, info.gt, info.le, info.lt) if bound is not None]
        assert bounds, f"{path} takes any number"
        problem = refused(SHAPES[file], path, -1 if info.ge is not None or info.gt is not None else 10**12)
        assert [bound for bound in bounds if f"{bound:.12g}" not in problem.next_step] == []


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("vectors", "maybe", 'it may be "on", "off" or the address of a server ("http://…") or a table'),
        ("budget.turns", 0, "it may be a whole number from 1 to 1000"),
        ("timeout_s", 0, "it may be a number above 0 and up to 86400"),
        ("checks_on_save", "yes", "it may be true or false"),
        ("models.small", 3, "it may be text of at most 200 characters"),
        ("hook", [{"name": "", "argv": ["x"]}], "it may be text that is not empty, of at most 60 characters"),
        ("hook", [{"name": "a"}], "mend 'hook' there"),
        ("checks.ruff.needs", 3, "it may be a list, each text"),
    ],
)
def test_what_may_stand_there_is_said_in_words(path: str, value: object, said: str) -> None:
    problem = refused(UserFile, tuple(path.split(".")), value)
    assert problem.next_step == said
    assert "regex" not in problem.message


def test_of_a_place_that_is_not_there_nothing_is_said() -> None:
    assert allowed_at(UserFile, ("nowhere",)) == ""
