"""What is known of programs: their options and operands, and what each of them is. The table is `programs.toml`.

A command's words are read by one row of it. An option that no row lists is a hazard, so that an abbreviation, a new
release or a slip of the table asks instead of letting something through. Pure; nothing here is a decision.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

Kind = Literal[
    "word", "path", "read", "edit", "tree", "test", "target", "code", "shell", "sed", "awk", "jq", "mode", "enter",
    "module", "rest", "never", "cluster",
]  # fmt: skip

_NO_ROW = "nothing is known of the option {!r} of {}"


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row, as the head of the table tells it."""

    names: tuple[str, ...]
    letters: str = ""
    flags: str = ""
    values: dict[Kind, str] = {}
    operands: tuple[Kind, ...] = ()
    only: dict[str, str] = {}
    instead: str = ""
    runs: str = ""
    deep: str = ""
    filter: str = ""
    numbers: bool = False
    single_dash: bool = False
    stops: bool = False
    subcommands: bool = False
    variables: bool = False
    inner: bool = False
    harmless: bool = False
    anything: bool = False
    words_alone: bool = False
    reads_code: bool = False


class Never(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs that are never run, as patterns of names, and why."""

    names: tuple[str, ...]
    reason: str


class Variables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Variables before a command: which may be set freely, and which never. Patterns of names."""

    free: tuple[str, ...]
    deny: tuple[str, ...]


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The leading words of commands that speak with other machines."""

    programs: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    program: tuple[Program, ...]
    never: tuple[Never, ...]
    variables: Variables
    network: Network


_NO_SUCH_COMMAND = Program(("",), words_alone=True)


class Given(msgspec.Struct, frozen=True):
    """A value or an operand: what it is, at which word it stands, and at which word what takes it."""

    at: int
    kind: Kind
    text: str
    of: int


class Use(msgspec.Struct, frozen=True):
    """How a command uses its program; `lead` is how many words name that.

    `unknown` are (word, what is not known). `inner` are the commands in it, each with the word where it begins;
    `variables` are those that it sets for them. `below` are the patterns of the names that it reads below a folder, ()
    when it reads none.
    """

    row: Program | None
    lead: int = 1
    given: tuple[Given, ...] = ()
    unknown: tuple[tuple[int, str], ...] = ()
    inner: tuple[tuple[int, tuple[str, ...]], ...] = ()
    variables: tuple[tuple[int, str], ...] = ()
    below: tuple[str, ...] = ()


def plainly(text: str) -> str:
    """Return `text` without what cannot be seen, look-alikes of compatibility put into their plain form."""
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Cf", "Cc"))


def name_of(word: str) -> str:
    """Return the name by which the most careless system would find the program that `word` names."""
    name = plainly(word).replace("\\", "/").rstrip("/ .").rpartition("/")[2].casefold().lstrip("=")
    for suffix in (".exe", ".cmd", ".bat", ".com"):
        name = name.removesuffix(suffix)
    return name or word


def use_of(argv: Sequence[str]) -> Use:
    """Read a command by its row; without a row every word may be anything."""
    row, n_words = _row_of(argv)
    if row is None:
        return Use(None, given=tuple(_loose(argv)))
    if row.subcommands and argv[n_words : n_words + 1] and not argv[n_words].startswith("-"):
        row = _NO_SUCH_COMMAND  # the longest row that fits names no subcommand: nothing is known of this one
    if row.anything or row.words_alone:
        return Use(row, n_words, tuple(_loose(argv)))
    return _Reading(row, argv).read(n_words)


@cache
def table() -> Table:
    """Return the table."""
    data = (files("bridle.harness.permission") / "programs.toml").read_bytes()
    return msgspec.toml.decode(data, type=Table)


def never_run(name: str) -> str:
    """Return why a program of this name is never run, "" when it may be."""
    return next((row.reason for row in table().never if any(fnmatchcase(name, each) for each in row.names)), "")


def variable_ruling(name: str) -> Literal["free", "ask", "deny"]:
    """Return what is said of setting a variable before a command."""
    variables = table().variables
    if any(fnmatchcase(name.upper(), pattern) for pattern in variables.deny):
        return "deny"
    return "free" if name in variables.free else "ask"


def speaks_with_others(argv: Sequence[str]) -> bool:
    """Whether a command is one that speaks with other machines."""
    words = [name_of(argv[0]), *argv[1:]] if argv else []
    return any(words[: len(lead)] == lead for lead in _leads())


@cache
def _leads() -> tuple[list[str], ...]:
    return tuple(lead.split() for lead in table().network.programs)


@cache
def _rows() -> dict[str, tuple[tuple[tuple[str, ...], Program], ...]]:
    """Return first word → rows with all of their leading words, the longest first."""
    found: dict[str, list[tuple[tuple[str, ...], Program]]] = {}
    for row in table().program:
        for name in row.names:
            words = tuple(name.split())
            found.setdefault(words[0], []).append((words, row))
    return {first: tuple(sorted(rows, key=lambda one: -len(one[0]))) for first, rows in found.items()}


def _row_of(argv: Sequence[str]) -> tuple[Program | None, int]:
    words = (name_of(argv[0]), *argv[1:])
    for lead, row in _rows().get(words[0], ()):
        if words[: len(lead)] == lead:
            return row, len(lead)
    return None, 1


def _loose(argv: Sequence[str]) -> list[Given]:
    """Any word may be a path, and so may what stands behind "="."""
    given: list[Given] = []
    for at, word in enumerate(argv[1:], 1):
        option, equals, value = word.partition("=")
        if not word.startswith("-"):
            given.append(Given(at, "rest", word, at))
        if equals and (option.startswith("-") or "/" not in option):
            given.append(Given(at, "rest", value, at))
    return given


class _Reading:
    """One command, read by one row."""

    def __init__(self, row: Program, argv: Sequence[str]) -> None:
        self._row = row
        self._argv = argv
        self._flags = frozenset(row.flags.split())
        self._values: dict[str, Kind] = {option: kind for kind, text in row.values.items() for option in text.split()}
        self._instead: frozenset[str] = frozenset(row.instead.split())
        self._operands = list(row.operands)
        self._given: list[Given] = []
        self._unknown: list[tuple[int, str]] = []
        self._inner: list[tuple[int, tuple[str, ...]]] = []
        self._variables: list[tuple[int, str]] = []
        self._deep = False
        self._filters: list[str] = []
        self._ended = False

    def read(self, start: int) -> Use:
        """Read the words from `start` on."""
        at, n_operands, only_operands = start, 0, False
        while at < len(self._argv) and not self._ended:
            word = self._argv[at]
            if word == "--" and not only_operands:
                only_operands, at = True, at + 1
            elif word.startswith("-") and len(word) > 1 and not only_operands:
                at = self._option(at)
            elif self._row.variables and not n_operands and "=" in word.lstrip("="):
                self._variables.append((at, word))
                at += 1
            elif self._ends(n_operands):
                self._inner.append((at, tuple(self._argv[at:])))
                break
            else:
                self._operand(at, n_operands)
                n_operands, only_operands, at = n_operands + 1, only_operands or self._row.stops, at + 1
        given, unknown = tuple(self._given), tuple(self._unknown)
        below = tuple(self._filters or ["*"]) if self._deep else ()
        return Use(self._row, start, given, unknown, tuple(self._inner), tuple(self._variables), below)

    def _ends(self, n_operands: int) -> bool:
        """Whether another command begins here."""
        return self._row.subcommands or (self._row.inner and n_operands >= len(self._row.operands))

    def _operand(self, at: int, number: int) -> None:
        kinds = self._operands
        if not kinds:
            self._unknown.append((at, f"{self._argv[at]!r} is no word that {self._name} is known to take"))
            return
        self._given.append(Given(at, kinds[min(number, len(kinds) - 1)], self._argv[at], at))

    def _option(self, at: int) -> int:
        """Read the option at a word; return the word after it."""
        word = self._argv[at]
        if word in self._row.runs.split():
            return self._run(at)
        name, equals, value = word.partition("=")
        self._deep = self._deep or name in self._row.deep.split()
        if word.startswith("--") or self._row.single_dash:
            if f"{name}=" in self._flags or (not equals and word in self._flags):
                self._take_place(name)
                return at + 1
            return self._valued(at, name, value if equals else None)
        return at + 1 if word in self._flags else self._cluster(at)

    def _cluster(self, at: int) -> int:
        """Read letters that stand together; the rest of the word is the value of the first that takes one."""
        word = self._argv[at]
        for place, letter in enumerate(word[1:], 1):
            option = f"-{letter}"
            self._deep = self._deep or option in self._row.deep.split()
            if option in self._values:
                rest = word[place + 1 :]
                return self._valued(at, option, rest.removeprefix("=") if rest else None)
            if letter not in self._row.letters and not (self._row.numbers and letter in "0123456789%"):
                self._unknown.append((at, _NO_ROW.format(word, self._name)))
                return at + 1
        return at + 1

    def _valued(self, at: int, option: str, value: str | None) -> int:
        kind = self._values.get(option)
        if kind is None:
            self._unknown.append((at, _NO_ROW.format(option, self._name)))
            return at + 1
        after = at + 1
        if value is None:
            value = self._argv[after] if after < len(self._argv) else ""
            after += 1
        self._take_place(option)
        allowed = self._row.only.get(option)
        if allowed is not None:
            kind = "word" if fnmatchcase(value, allowed) else "never"
        if option == self._row.filter:
            self._filters.append(value)
        self._given.append(Given(min(after - 1, len(self._argv) - 1), kind, value, at))
        if kind == "module":
            self._given += [Given(n, "rest", self._argv[n], n) for n in range(after, len(self._argv))]
            self._ended = True
        return after

    def _take_place(self, option: str) -> None:
        """An option may say what the first operand would say."""
        if option in self._instead:
            self._operands = self._operands[1:]
            self._instead = frozenset[str]()

    def _run(self, at: int) -> int:
        """Read a command that ends at ";" or "+"."""
        end = at + 1
        while end < len(self._argv) and self._argv[end] not in (";", "+"):
            end += 1
        self._inner.append((at, tuple(self._argv[at + 1 : end])))
        return end + 1

    @property
    def _name(self) -> str:
        return name_of(self._argv[0])
