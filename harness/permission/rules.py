"""The language of permission, as data: rules `Tool` and `Tool(pattern)`, where they come from, and a policy
of them.

Patterns of Edit, Read and Check are those of .gitignore, from the root; ``~/`` starts at home, ``//`` at the
top of the disk. Bash patterns are a whole command, or its first words and ``:*`` (`words`). What rules mean
together is in `decide`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Literal

import msgspec
import pathspec

from bridle.harness.nouns import UserProblem
from bridle.harness.permission.words import may_be, said, spells

Effect = Literal["allow", "ask", "deny"]
Origin = Literal["managed", "session", "user", "project-local", "project"]
Mode = Literal["plan", "ask", "edit", "auto"]

EFFECTS: tuple[Effect, ...] = ("allow", "ask", "deny")
ORIGINS: tuple[Origin, ...] = ("managed", "session", "user", "project-local", "project")
MODES: tuple[Mode, ...] = ("plan", "ask", "edit", "auto")
"""From the tightest to the loosest."""
MODE_ALIASES: dict[str, Mode] = {"acceptEdits": "edit"}
"""Names that other harnesses have for a mode."""
TOOLS = ("Bash", "Check", "Edit", "Read")

_RULE = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)(?:\((.*)\))?", re.DOTALL)
_MCP = re.compile(r"mcp__[A-Za-z0-9-]+(_[A-Za-z0-9-]+)*(__[A-Za-z0-9_-]+)?")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Rule(msgspec.Struct, frozen=True):
    """What a rule speaks of; an empty pattern means every use of the tool."""

    tool: str
    pattern: str = ""

    def __str__(self) -> str:
        return f"{self.tool}({self.pattern})" if self.pattern else self.tool


class PolicyRule(msgspec.Struct, frozen=True):
    """One rule of a policy: what it says, and who said it."""

    effect: Effect
    rule: Rule
    origin: Origin = "user"

    def __str__(self) -> str:
        return f"{self.effect} {self.rule} ({self.origin})"


class Scope(msgspec.Struct, frozen=True):
    """Where a run may write without asking: path → lines ``[start, end)`` of the file, () for the whole of
    it.
    """

    files: dict[str, tuple[tuple[int, int], ...]]

    def holds(self, path: str, lines: tuple[int, int] | None) -> bool:
        """Whether a change of `lines` (None: anywhere in the file) is inside."""
        ranges = self.files.get(path)
        if ranges is None:
            return False
        return not ranges or (lines is not None and any(start <= lines[0] and lines[1] <= end for start, end in ranges))


class Policy(msgspec.Struct, frozen=True):
    """All that a decision follows from.

    `private` are folders that no tool may touch wherever they are: state, user configuration. `granted` are
    exact (tool, path) pairs to which the person said yes. `scope` is None when a run may write anywhere in
    the workspace. `contained` says that commands run where they reach neither the network nor anything outside
    of the workspace.
    """

    root: Path
    mode: Mode = "edit"
    rules: tuple[PolicyRule, ...] = ()
    scope: Scope | None = None
    granted: frozenset[tuple[str, str]] = frozenset()
    headless: bool = False
    private: tuple[Path, ...] = ()
    contained: bool = False


def mode_of(name: str) -> Mode:
    """Return the mode of this name, or of the alias that it is. Raises UserProblem."""
    modes: dict[str, Mode] = {**{mode: mode for mode in MODES}, **MODE_ALIASES}
    found = modes.get(name)
    if found is None:
        raise UserProblem(f"there is no mode {name!r}", f"the modes are {', '.join((*MODES, *MODE_ALIASES))}")
    return found


def parse_rule(text: str) -> Rule:
    """Return the rule that `text` says. Raises UserProblem when it says none."""
    found = _RULE.fullmatch(text.strip())
    if found is None or _UNPRINTABLE.search(text):
        raise UserProblem(f"{text!r} is not a rule", "write Tool or Tool(pattern), as in Edit(src/**)")
    tool, pattern = found[1], found[2]
    if tool not in TOOLS and not _MCP.fullmatch(tool):
        raise UserProblem(
            f"the rule {text!r} names no tool", f"the tools are {', '.join(TOOLS)}, mcp__SERVER, mcp__SERVER__TOOL"
        )
    if tool not in TOOLS and pattern is not None:
        raise UserProblem(
            f"the rule {text!r} has a pattern, but what a server's arguments mean is its own affair",
            f"write {tool} alone",
        )
    if pattern is not None and not pattern.strip():
        raise UserProblem(f"the rule {text!r} has an empty pattern", f"write {tool} alone to mean all of it")
    if tool != "Bash" and pattern and (pattern.startswith(("!", "#")) or pattern != pattern.strip()):
        raise UserProblem(
            f"the pattern of the rule {text!r} starts with ! or #, or has spaces around it",
            "turn the rule round: what is not to be allowed is said by a deny rule",
        )
    if tool == "Bash" and pattern:
        said(pattern)
    return Rule(tool, pattern or "")


def is_of(tool: str, rule: Rule) -> bool:
    """Whether a rule is one of `tool`: it names the tool, or, as ``mcp__SERVER``, the server whose tool it is."""
    whole_server = rule.tool.startswith("mcp__") and "__" not in rule.tool[5:]
    return rule.tool == tool or (whole_server and tool.startswith(f"{rule.tool}__"))


def check_examples(rule: Rule, match: Iterable[str], not_match: Iterable[str], *, fold: bool = False) -> None:
    """Hold a rule to its author's examples. Raises UserProblem naming the first that it does not keep.

    With `fold` they are those of a rule that forbids, as in `matches`.
    """
    for example in match:
        if not matches(rule, example, fold=fold):
            raise UserProblem(f"the rule {str(rule)!r} does not match its example {example!r}", "mend one of them")
    for example in not_match:
        if matches(rule, example, fold=fold):
            raise UserProblem(
                f"the rule {str(rule)!r} matches {example!r}, which is given under not_match",
                "mend one of them",
            )


def matches(rule: Rule, subject: str, *, fold: bool = False) -> bool:
    """Whether a rule speaks of `subject`: a path from the root, an absolute path, a check's name or a
    command.

    With `fold`, upper and lower case are the same: what may not be touched as ``.env`` may not as ``.ENV``; and a
    command is the same however it is spelled. Of a command only its plain words are read here.
    """
    pattern = rule.pattern
    if not pattern:
        return True
    if rule.tool == "Bash":
        argv = _words(subject)
        return may_be(pattern, argv) if fold else spells(pattern, argv) >= 0
    if pattern.startswith("~/"):
        pattern = f"/{Path.home()}{pattern[1:]}"
    if pattern.startswith("//") != subject.startswith("/"):
        return False
    pattern = pattern[1:] if pattern.startswith("//") else pattern
    if fold:
        pattern, subject = pattern.casefold(), subject.casefold()
    return _spec(pattern).match_file(subject.lstrip("/"))


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


@lru_cache(1024)
def _spec(pattern: str) -> pathspec.GitIgnoreSpec:
    return pathspec.GitIgnoreSpec.from_lines([pattern])
