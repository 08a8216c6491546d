"""Writes what the person chose to keep into their own settings; all else in that file stays as it is."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, Table

from bridle.harness.nouns import UserProblem
from bridle.harness.permission.rules import Rule
from bridle.harness.session.lock import held
from bridle.harness.session.state import state_home
from bridle.harness.session.storage import PRIVATE_FILE, make_private, told, write_whole

LOCK_WITHIN_S = 5.0


def allow_always(settings: Path, rules: Sequence[Rule]) -> None:
    """Add `rules` to ``[permission] allow`` of the file `settings`. Raises UserProblem; then it is as it was."""
    _add(settings, ("permission",), "allow", [str(rule) for rule in rules])


def meet_needs(settings: Path, check: str, needs: Sequence[str]) -> None:
    """Add `needs` to those of ``[checks.CHECK]`` of the file `settings`. Raises UserProblem; then it is as it was."""
    _add(settings, ("checks", check), "needs", needs)


def _add(settings: Path, tables: Sequence[str], key: str, values: Sequence[str]) -> None:
    settings = settings.resolve()  # a link to a folder of dotfiles stays one
    home = make_private(state_home())
    with told(settings), held(home / "settings.lock", LOCK_WITHIN_S):
        settings.parent.mkdir(parents=True, exist_ok=True)
        there = settings.exists()
        text = settings.read_text("utf-8-sig") if there else ""
        mode = stat.S_IMODE(settings.stat().st_mode) if there else PRIVATE_FILE
        write_whole(settings, _with(text, tables, key, values, str(settings)).encode(), mode)


def _with(text: str, tables: Sequence[str], key: str, values: Sequence[str], where: str) -> str:
    try:
        document = tomlkit.parse(text)
    except (TOMLKitError, ValueError) as error:
        raise UserProblem(f"{where!r} is not TOML, so nothing was added: {error}", "mend that line") from error
    named = ".".join((*tables, key))
    inner: object = document
    for name in tables:
        if isinstance(inner, TOMLDocument | Table):
            last = name == tables[-1]
            inner = inner.setdefault(name, tomlkit.table(is_super_table=not last))
    found = inner.setdefault(key, tomlkit.array()) if isinstance(inner, Table) else None
    if not isinstance(found, Array):
        raise UserProblem(f"{where!r} has no list {named} to add to", "make it a list of strings")
    listed = cast("list[object]", found)
    listed.extend(value for value in values if value not in listed)
    return tomlkit.dumps(document)
