"""How facts of Ruby are written beyond what other languages need: marks in names, and what values are called like.

Pure, and loads no grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SELF = "self"
EXTENDED = ".+extend"
"""Behind the name of a class: what the modules are whose methods are the class's own."""
EXTENDING = ".+extending"
INCLUDING = ".+including"
"""Behind the name of a module: what else a type takes in by taking it in."""
MIXED = (EXTENDED, EXTENDING, INCLUDING)
ALIKE = "~"
"""Stands before what a value is called of which nothing else is known."""

_WORD = re.compile(r"[a-z_]\w*")


def class_names(called: str) -> Iterator[str]:
    """Yield the classes that a value is called like: FcTask and Task for ``fc_task``, Request for ``request2``."""
    words = [part for part in called.strip("_").rstrip("0123456789").split("_") if part]
    for at in range(len(words)):
        name = "".join(part[:1].upper() + part[1:] for part in words[at:])
        if name.isidentifier():
            yield name


def classes_mentioned(paths: str) -> set[str]:
    """Return the classes that what stands in paths may be called like."""
    return {name for word in _WORD.findall(paths) for name in class_names(word)}
