"""From a line of shell to the parts that are judged: wrappers taken off, shells within it read, paths named.

Every step is bounded: so many programs are unfolded and no more, and what is beyond is a hazard and may hide any name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from bridle.harness.permission.command import ANYWHERE, Hazard, Part, Place, Reading
from bridle.harness.permission.programs import (
    Given,
    Kind,
    Use,
    name_of,
    never_run,
    speaks_with_others,
    use_of,
    variable_ruling,
)
from bridle.harness.permission.scripts import awk_concern, jq_concern, sed_concern, sets_identity
from bridle.indexer.shell import Command, Line, Redirect, Word, read_line
from bridle.indexer.shellwords import spread

MAX_UNFOLDED = 64
MAX_WORDS = 256
MAX_SUFFIXES = 16
MAX_DEPTH = 6
MAX_SPREAD_CHARS = 2_000

FREE_FILES = frozenset(("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin", "-", ""))

_CONCERNS = {"sed": sed_concern, "awk": awk_concern, "jq": jq_concern}
_DUPLICATES = re.compile(r"\d*-?")
_TAR_LETTERS = re.compile(r"[xctvzjJkpOruf]+")
_PLAIN_VALUE = re.compile(r"[\w.,:+-]*")


@dataclass
class _Left:
    """How much more may be unfolded."""

    commands: int = MAX_UNFOLDED

    def take(self) -> bool:
        self.commands -= 1
        return self.commands >= 0


def read_command(text: str) -> Reading:
    """Return what a line of shell would do. It never fails."""
    return _read(read_line(text), 0, _Left())


def _read(line: Line, depth: int, left: _Left) -> Reading:
    parts: list[Part] = []
    oddities = [(oddity.what, oddity.text) for oddity in line.oddities]
    for command in line.commands:
        if not left.take():
            break
        unfolding = _Unfolding(command, line, depth, left)
        parts += unfolding.parts
        oddities += unfolding.oddities
    parts += [_redirected(redirect) for redirect in line.redirects[:MAX_UNFOLDED]]
    if left.commands < 0 or len(line.redirects) > MAX_UNFOLDED:
        oddities.append(("more commands than can be looked through", line.text[:60]))
    if not line.read or left.commands < 0:
        parts.append(Part(line.text, hidden=(line.text, *spread(line.text[:MAX_SPREAD_CHARS]))))
    return Reading(tuple(parts), tuple(dict.fromkeys(oddities)))


def _redirected(redirect: Redirect) -> Part:
    operator, target = redirect.operator, redirect.target
    text = f"{operator} {target.raw}"
    if target.text in FREE_FILES and target.plain:
        return Part(text)
    if operator in (">&", "<&") and _DUPLICATES.fullmatch(target.text):
        return Part(text)
    reads, writes = operator != ">" and "<" in operator, operator != "<"
    places = [Place(ANYWHERE, "Read", target.text)] if reads else []
    places += [Place(ANYWHERE, "Edit", target.text)] if writes else []
    unclear = () if target.plain and not target.pattern else (Hazard(ANYWHERE, f"{target.raw!r} stands for some file"),)
    return Part(text, hazards=unclear, places=tuple(places))


class _Unfolding:
    """One command as it stands in a line, unfolded into what it runs."""

    def __init__(self, command: Command, line: Line, depth: int, left: _Left) -> None:
        self.parts: list[Part] = []
        self.oddities: list[tuple[str, str]] = []
        self._command = command
        self._line = line
        self._depth = depth
        self._left = left
        self._hazards: list[Hazard] = []
        self._places: list[Place] = []
        self._suspects: list[tuple[str, ...]] = []
        self._hidden: list[str] = []
        self._patterns = {text for word in command.words if word.pattern for text in word.texts}
        for name, value in command.assignments:
            self._variable(ANYWHERE, name, value)
        argv = tuple(text for word in command.words for text in word.texts)
        if argv:
            self._check_name(command.words[0])
        if len(argv) > MAX_WORDS:
            self._hazards.append(Hazard(ANYWHERE, f"it has more than {MAX_WORDS} words"))
            self._suspect(argv[:MAX_WORDS])
            self._hidden.append(command.text)
            self._finish(argv[:1], Use(None))
        elif argv:
            self._finish(*self._unfold(argv))
        elif self._hazards:
            self.parts.append(Part(command.text, hazards=tuple(self._hazards)))

    def _unfold(self, argv: tuple[str, ...]) -> tuple[tuple[str, ...], Use]:
        """Take off one program after the other, down to the one that does the work."""
        while True:
            self._suspect(argv)
            use = use_of(argv)
            self._uses(argv, use)
            row = use.row
            if row is not None and row.subcommands and use.inner:
                at, inner = use.inner[0]
                below = (argv[0], *inner)
                if use.unknown or use.given:
                    self._shifted(below, at - 1)
                    return argv, use
                argv = below
            elif row is not None and row.harmless and len(use.inner) == 1 and not use.unknown and self._left.take():
                argv = use.inner[0][1]
            else:
                for _, inner in use.inner:
                    self._below(inner)
                return argv, use
            self._hazards = [msgspec.structs.replace(hazard, at=ANYWHERE) for hazard in self._hazards]
            self._places = [msgspec.structs.replace(place, at=ANYWHERE) for place in self._places]

    def _shifted(self, argv: tuple[str, ...], by: int) -> None:
        """Note what a subcommand's words mean, where they stand behind options that are not known."""
        hazards, places = len(self._hazards), len(self._places)
        self._suspect(argv)
        self._uses(argv, use_of(argv))
        self._hazards[hazards:] = [msgspec.structs.replace(h, at=h.at + by) for h in self._hazards[hazards:]]
        self._places[places:] = [msgspec.structs.replace(p, at=p.at + by) for p in self._places[places:]]

    def _uses(self, argv: tuple[str, ...], use: Use) -> None:
        """Note what the words of one program mean."""
        row = use.row
        self._hazards += [Hazard(at, reason) for at, reason in use.unknown]
        for at, word in use.variables:
            name, _, value = word.partition("=")
            self._variable(at, name, Word((value,), value))
        for given in use.given:
            self._take(given, use.below)
        if use.below and not any(given.kind == "read" for given in use.given):
            self._places.append(Place(use.lead, "Read", ".", below=use.below))
        if row is None:
            self._may_run(argv, within_options=True)
        elif row.anything:
            self._hazards.append(Hazard(use.lead, f"{argv[0]!r} runs something else, and what is not looked through"))
            self._may_run(argv, within_options=False)
        elif row.inner and use.unknown:
            self._may_run(argv, within_options=False)
        else:
            self._values(argv, use)
        if row is not None and (row.inner or row.runs) and use.inner and not row.harmless:
            self._hazards.append(Hazard(use.inner[0][0], f"{argv[0]!r} runs a program on what it is given"))
        if row is not None and row.reads_code and not any(given.kind != "word" for given in use.given):
            self._hazards.append(Hazard(use.lead, f"{argv[0]!r} runs what comes in, which nobody read"))
            self._hidden.append(self._line.text)

    def _may_run(self, argv: tuple[str, ...], *, within_options: bool) -> None:
        """Any program may run what its words say: each rest of them is suspect, as far as options alone go before."""
        for at in range(1, min(len(argv), MAX_SUFFIXES)):
            if within_options and not _may_be_options(argv[1:at]):
                break
            self._below(argv[at:])
            if not within_options and " " in argv[at]:
                self._hidden.append(argv[at])
        if not within_options and (len(argv) > MAX_SUFFIXES or "<<" in self._line.text):
            self._hidden.append(self._line.text)

    def _values(self, argv: tuple[str, ...], use: Use) -> None:
        """What stands behind an option that is not known may be a program."""
        for at, _ in use.unknown[:MAX_SUFFIXES]:
            _, equals, value = argv[at].partition("=")
            if equals:
                self._suspect(value.split())
            elif at + 1 < len(argv):
                self._suspect(argv[at + 1].split())

    def _take(self, given: Given, below: tuple[str, ...] = ()) -> None:
        """Note what one value or operand brings."""
        at, kind, text = given.at, given.kind, given.text
        if kind == "shell":
            self._shell(text)
        elif kind == "code":
            self._hazards.append(Hazard(given.of, f"{text!r:.60} is a program that nobody read"))
            self._hidden.append(text)
        elif kind in _CONCERNS:
            concern = _CONCERNS[kind](text)
            if concern:
                self._hazards.append(Hazard(given.of, concern))
                self._hidden.append(text)
        elif kind == "never" or (kind == "cluster" and text.isalpha() and not _TAR_LETTERS.fullmatch(text)):
            self._hazards.append(Hazard(given.of, f"{text!r} is not known to be harmless there"))
            self._hidden.append(text)
        elif kind == "target" and "=" in text:
            self._hazards.append(Hazard(given.of, f"{text!r} sets a variable, which may decide what is run"))
        elif kind == "mode" and sets_identity(text):
            self._hazards.append(
                Hazard(ANYWHERE, f"{text!r} runs a program as somebody else", "deny", "built in: setuid")
            )
        if kind in ("read", "test", "path", "rest") and text.startswith(("@", "+")):
            self._hidden.append(text)
            self._hazards.append(Hazard(given.of, f"{text!r} may be more than the name of a file"))
        places = list(_places(at, kind, text, pattern=text in self._patterns))
        self._places += [msgspec.structs.replace(place, below=below) for place in places] if below else places
        if not places and text in self._patterns and text.startswith(("-", "*", "?", "[", "/", "~", ".")):
            self._hazards.append(Hazard(given.of, f"{text!r} stands for names that nobody looked at"))

    def _shell(self, text: str) -> None:
        """A shell within the line: what it runs are parts like any other."""
        if self._depth >= MAX_DEPTH or not self._left.take():
            self._hazards.append(Hazard(ANYWHERE, "there are more shells within shells than are looked through"))
            self._hidden.append(text)
            return
        for each in (text, text.partition("=")[2] if re.match(r"\w+=", text) else ""):  # alias ll='ls -l'
            if each:
                inner = _read(read_line(each), self._depth + 1, self._left)
                self.parts += inner.parts
                self.oddities += inner.oddities

    def _below(self, argv: Sequence[str]) -> None:
        """What a program may run: it needs no rule of its own, but what forbids it holds."""
        if not argv or not argv[0]:
            return
        if self._depth >= MAX_DEPTH or not self._left.take():
            self._hidden.append(" ".join(argv))
            return
        words = tuple(Word((text,), text) for text in argv)
        command = Command(" ".join(argv), words)
        for part in _Unfolding(command, self._line, self._depth + 1, self._left).parts:
            denied = tuple(hazard for hazard in part.hazards if hazard.effect == "deny")
            self.parts.append(msgspec.structs.replace(part, argv=(), hazards=denied, enters=None))

    def _variable(self, at: int, name: str, value: Word) -> None:
        ruling = variable_ruling(name)
        if ruling == "deny":
            reason = f"{name} decides which code is loaded: name the program by its path instead"
            self._hazards.append(Hazard(ANYWHERE, reason, "deny", "built in: loader"))
        elif ruling == "ask" or not value.plain or not _PLAIN_VALUE.fullmatch(value.text):
            self._hazards.append(Hazard(at, f"{name} is set, which may change what the command does"))

    def _check_name(self, word: Word) -> None:
        """A name that the shell makes up may be any name that stands in it."""
        if not word.plain:
            self._hidden.append(word.raw)
        if not word.text.isascii() or word.pattern or not word.plain:
            self._hazards.append(Hazard(ANYWHERE, f"{word.raw!r} is not the plain name of a program"))

    def _suspect(self, argv: Sequence[str]) -> None:
        if argv:
            self._suspects.append(tuple(argv))

    def _finish(self, argv: tuple[str, ...], use: Use) -> None:
        reason = next(filter(None, (never_run(name_of(each[0])) for each in self._suspects)), "")
        if reason:
            self._hazards.append(Hazard(ANYWHERE, reason, "deny", "built in: never run"))
        kinds = {given.kind: given.text for given in use.given}
        is_shell = use.row is not None and use.row.harmless and "shell" in kinds and bool(self.parts)
        is_cd = use.row is not None and "enter" in use.row.operands
        part = Part(
            self._command.text,
            () if is_shell and not self._hazards else argv,
            tuple(self._hazards),
            tuple(self._places),
            tuple(dict.fromkeys(self._suspects)),
            tuple(dict.fromkeys(self._hidden)),
            any(speaks_with_others(each) for each in self._suspects),
            kinds.get("enter", "~") if is_cd else None,
        )
        self.parts.insert(0, part)


def _may_be_options(words: Sequence[str]) -> bool:
    """Whether all of `words` may be options, each with one value at the most."""
    after_option = False
    for word in words:
        if word.startswith("-"):
            after_option = True
        elif after_option:
            after_option = False
        else:
            return False
    return True


def _places(at: int, kind: Kind, text: str, *, pattern: bool) -> Iterator[Place]:
    if text in FREE_FILES:
        return
    match kind:
        case "read" | "edit" | "cluster":
            name, equals, value = text.partition("=")
            if equals and name in ("if", "of"):
                yield Place(at, "Read" if name == "if" else "Edit", value)
            else:
                yield Place(at, "Read" if kind == "read" else "Edit", text, mild=kind == "cluster", pattern=pattern)
        case "tree":
            for spelling in dict.fromkeys((text, text.partition(":")[2])):
                if spelling:
                    yield Place(at, "Read", spelling, mild=True, pattern=pattern)
        case "test":
            yield Place(at, "Read", text.partition("::")[0], mild=True, pattern=pattern)
        case "path" | "rest":
            yield Place(at, "Read", text, mild=True, pattern=pattern)
        case _:
            return
