"""What a pattern of Bash says of the words of a command: a whole command, or its first words and ``:*``.

To allow, the words must be the same, one by one. To forbid, it is enough that the command is the same thing spelled
another way: with a folder or a suffix, in other letters, with options in between or in another order.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.permission.programs import name_of, plainly


class Said(msgspec.Struct, frozen=True):
    """A pattern as words. Of a `prefix` more words may follow."""

    words: tuple[str, ...]
    prefix: bool


@lru_cache(1024)
def said(pattern: str) -> Said:
    """Return what a pattern says; "" is every command. Raises UserProblem when its quotes do not close."""
    text = pattern.removesuffix(":*").removesuffix(" *")
    try:
        return Said(tuple(shlex.split(text)), text != pattern or not pattern)
    except ValueError as error:
        raise UserProblem(f"the command {pattern!r} of a rule cannot be read: {error}", "close its quotes") from error


def spells(pattern: str, argv: Sequence[str]) -> int:
    """Return how many words of a command the pattern spells out, -1 when it is another command."""
    it = said(pattern)
    n_words = len(it.words)
    if tuple(argv[:n_words]) != it.words or not (it.prefix or len(argv) == n_words):
        return -1
    return n_words


def may_be(pattern: str, argv: Sequence[str]) -> bool:
    """Whether a command is what the pattern says, however it is spelled."""
    it = said(pattern)
    if not it.words or not argv:
        return it.prefix and bool(argv)
    if not _same_program(it.words[0], argv[0]):
        return False
    plain = [word for word in it.words[1:] if not word.startswith("-")]
    if not _letters(it.words[1:]) <= _letters(argv[1:]):
        return False
    return _follows(plain, list(argv[1:]), prefix=it.prefix)


def may_hide(pattern: str, text: str) -> bool:
    """Whether the command of the pattern may stand in a text that no reader of ours understands."""
    it = said(pattern)
    return bool(it.words) and _sought(it.words).search(plainly(text).casefold()) is not None


def _same_program(name: str, given: str) -> bool:
    name, given = name_of(name), name_of(given)
    return name == given or (any(c in given for c in "*?[") and fnmatchcase(name, given))


def _follows(wanted: list[str], words: list[str], *, prefix: bool) -> bool:
    """Whether `words` begin with `wanted`, options and their possible values left aside."""
    after_option = False
    for word in words:
        if word.startswith("-") and word != "-":
            after_option = "=" not in word
        elif wanted and word.casefold() == wanted[0].casefold():
            wanted, after_option = wanted[1:], False
        elif after_option:
            after_option = False
        else:
            return prefix and not wanted
    return not wanted


def _letters(words: Sequence[str]) -> set[str]:
    """Return the options in `words`, those that stand together one by one."""
    found: set[str] = set()
    for word in words:
        if word.startswith("--"):
            found.add(word.partition("=")[0])
        elif word.startswith("-"):
            found |= {word, *(f"-{letter}" for letter in word[1:] if len(word) > 2)}
    clusters = {word for word in found if not word.startswith("--") and len(word) > 2}
    return found - clusters


@lru_cache(256)
def _sought(words: tuple[str, ...]) -> re.Pattern[str]:
    between = r"[\s\"',()\[\]]+(?:-\S{1,200}[\s\"',]+(?:[^\s\"',]{1,200}[\s\"',]+)??){0,6}"
    name, *rest = (re.escape(word.casefold()) for word in (name_of(words[0]), *words[1:]))
    after = "".join(between + word for word in rest)
    return re.compile(rf"(?<![\w.-]){name}{after}(?:\.exe)?(?=$|[\s\"'`;|&)}},\]<>$])")
