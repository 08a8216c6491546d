"""What a package.json says that matters to its checks: scripts, dependencies, workspace. Text in, data out.

A manifest that cannot be read says nothing; a field of an unexpected shape neither.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from bridle.harness.verify.survey import Survey, join

T = TypeVar("T")
MANIFEST = "package.json"
WRAPPERS = frozenset(
    ("cross-env", "cross-env-shell", "npx", "exec", "pnpm", "yarn", "npm", "bunx", "env", "--", "c8", "nyc")
)
"""Words in front of a script's tool that say only how it is started."""

_ENDS = re.compile(r"&&|\|\||[;&|\n]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*")


class Command(msgspec.Struct, frozen=True):
    """One command of a script: the variables that it sets, and its words from the tool on."""

    variables: tuple[tuple[str, str], ...]
    words: tuple[str, ...]


class Manifest(msgspec.Struct, frozen=True):
    """What is read of a package.json. `requires` are the packages that it depends on, in whichever way."""

    name: str = ""
    scripts: dict[str, str] = {}
    requires: frozenset[str] = frozenset()
    workspaces: tuple[str, ...] = ()
    manager: str = ""
    node: str = ""
    sections: frozenset[str] = frozenset()

    def commands(self, tool: str, script: str = "") -> Iterator[Command]:
        """Yield the commands of the scripts, or of one of them, that start a tool: `test` first, then `test…`."""
        names = [script] if script else sorted(self.scripts, key=lambda name: (name != "test", name[:4] != "test"))
        for name in names:
            for command in commands_of(self.scripts.get(name, "")):
                if command.words[0].rpartition("/")[2] == tool:
                    yield command


def manifest_of(survey: Survey, package: str) -> Manifest:
    """Return what the package.json of a folder says."""
    return read_manifest(survey.text(join(package, MANIFEST)).encode())


def read_manifest(data: bytes) -> Manifest:
    """Return what a package.json says; an empty manifest where it cannot be read."""
    try:
        fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Manifest()
    requires = [
        name
        for kind in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
        for name in _field(fields, kind, dict[str, msgspec.Raw], {})
    ]
    workspaces = _field(fields, "workspaces", list[str], []) or _field(
        _field(fields, "workspaces", dict[str, msgspec.Raw], {}), "packages", list[str], []
    )
    volta = _field(_field(fields, "volta", dict[str, msgspec.Raw], {}), "node", str, "")
    return Manifest(
        name=_field(fields, "name", str, ""),
        scripts=_field(fields, "scripts", dict[str, str], {}),
        requires=frozenset(requires),
        workspaces=tuple(workspaces),
        manager=_field(fields, "packageManager", str, "").partition("@")[0],
        node=volta,
        sections=frozenset(fields),
    )


def commands_of(script: str) -> list[Command]:
    """Return the commands of a line of shell as its words; what cannot be split so is left out."""
    found: list[Command] = []
    for part in _ENDS.split(script):
        try:
            words = shlex.split(part)
        except ValueError:
            continue
        variables: list[tuple[str, str]] = []
        is_wrapped = False
        while words and (words[0] in WRAPPERS or _VARIABLE.fullmatch(words[0]) or (is_wrapped and words[0][:1] == "-")):
            word = words.pop(0)
            is_wrapped = is_wrapped or word in WRAPPERS
            if _VARIABLE.fullmatch(word):
                name, _, value = word.partition("=")
                variables.append((name, value))
        if words:
            found.append(Command(tuple(variables), tuple(words)))
    return found


def options_of(words: tuple[str, ...], wanted: dict[str, str]) -> list[str]:
    """Return those options of a command that are `wanted` (its name as written → the name to use), each as one word."""
    found: list[str] = []
    for at, word in enumerate(words):
        name, is_whole, value = word.partition("=")
        if name in wanted:
            value = value if is_whole else next(iter(words[at + 1 : at + 2]), "")
            found.append(f"{wanted[name]}={value}")
    return found


def without_comments(text: str) -> str:
    """Return JSON as tools of JavaScript take it, without the lines that are comments."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))


def _field(fields: dict[str, msgspec.Raw], name: str, kind: type[T], default: T) -> T:
    if name not in fields:
        return default
    try:
        return msgspec.json.decode(fields[name], type=kind)
    except msgspec.DecodeError:
        return default
