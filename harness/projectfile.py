"""A project's ``bridle.toml``: written with every setting explained, or what a profile asks for added to one. Pure.

Only what differs from what holds anyway is active. What stands in a file already is never changed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, cast

import msgspec
import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import Table

from bridle.harness.settingsdocs import BLOCKS, ROWS

NAME = "bridle.toml"
WIDTH = 118
MAX_TOLD = 20

Profile = Literal["light", "team"]

PROFILES: Mapping[Profile, Mapping[str, str]] = {
    "light": {},
    "team": {"tests.gate": '"full"', "sandbox.required": "true", "security": ""},
}
"""What is active in each, as TOML writes it: nothing, or what a team agrees on, whatever each of them set."""


class Found(msgspec.Struct, frozen=True):
    """What stands in a workspace: packages as (folder, manifest), checks as (name, problem), files of rules."""

    packages: tuple[tuple[str, str], ...] = ()
    checks: tuple[tuple[str, str], ...] = ()
    rules: tuple[str, ...] = ()


def fresh(found: Found, profile: Profile) -> str:
    """Return a new file."""
    wanted = PROFILES[profile]
    lines = [*_head(found, profile)]
    table = ""
    for row in ROWS:
        name, key = row.name.rpartition(".")[::2]
        if name != table:
            active = any(other.startswith(f"{name}.") for other in wanted)
            lines += ["", f"[{name}]" if active else f"# [{name}]"]
            table = name
        else:
            lines.append("")
        lines += _comment(row.says)
        lines.append(f"{key} = {wanted[row.name]}" if row.name in wanted else f"# {key} = {row.value}")
    for block in BLOCKS:
        lines += ["", *_comment(block.says)]
        lines += block.lines if block.name in wanted else [f"# {line}" for line in block.lines]
    return "\n".join(lines) + "\n"


def merged(text: str, profile: Profile) -> str:
    """Return `text`, which is valid, with what the profile asks for and it does not say; all of it else as it is."""
    known, document = tomlkit.parse(text), tomlkit.parse(text)
    for name, value in PROFILES[profile].items():
        table, _, key = name.rpartition(".")
        if not table and name not in known:
            _table(document, name)
        if table and not _says(known, table, key) and (home := _table(document, table)) is not None:
            home.add(key, tomlkit.value(value))
    return tomlkit.dumps(document)


def _says(known: TOMLDocument, table: str, key: str) -> bool:
    return table in known and key in cast("Mapping[str, object]", known[table])


def _table(document: TOMLDocument, name: str) -> Table | None:
    """Return a table of the document, made where there is none; None where the name is written in another form."""
    if name not in document:
        if document.as_string().strip():
            document.add(tomlkit.nl())
        document.add(name, tomlkit.table())
    found: object = document[name]
    return found if isinstance(found, Table) else None


def _head(found: Found, profile: Profile) -> Iterator[str]:
    yield "# What this project asks of Bridle. It can only tighten what each person's own settings allow."
    yield f"# Written by: bridle init --profile {profile}. Lines without # are active; the others show what holds"
    yield "# anyway, and lists and tables by an example."
    yield "#"
    packages = [f"{folder or '.'} ({manifest})" for folder, manifest in found.packages]
    checks = [f"{name} ({problem})" if problem else name for name, problem in found.checks]
    for what, names in (("Packages", packages), ("Checks", checks), ("Rules for agents", list(found.rules))):
        yield from _comment(f"{what} found here: {_listed(names)}.")
    yield "# Nothing of them is run before a person says yes to this folder: bridle trust"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_TOLD} more" if len(names) > MAX_TOLD else ""
    return (", ".join(names[:MAX_TOLD]) or "none") + more


def _comment(text: str) -> list[str]:
    plain = "".join(character if character.isprintable() else "?" for character in text)
    return [f"# {line}" for line in textwrap.wrap(plain, WIDTH, break_on_hyphens=False)]
