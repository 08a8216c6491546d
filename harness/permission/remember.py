"""Writes a rule that the person chose to keep into their own settings; all else in that file stays as it is."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import tomlkit
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
    settings = settings.resolve()  # a link to a folder of dotfiles stays one
    home = make_private(state_home())
    with told(settings), held(home / "settings.lock", LOCK_WITHIN_S):
        settings.parent.mkdir(parents=True, exist_ok=True)
        there = settings.exists()
        text = settings.read_text("utf-8-sig") if there else ""
        mode = stat.S_IMODE(settings.stat().st_mode) if there else PRIVATE_FILE
        write_whole(settings, _with(text, rules, settings).encode(), mode)


def _with(text: str, rules: Sequence[Rule], settings: Path) -> str:
    where = str(settings)
    try:
        document = tomlkit.parse(text)
    except (TOMLKitError, ValueError) as error:
        raise UserProblem(f"{where!r} is not TOML, so no rule was added: {error}", "mend that line") from error
    permission = document.setdefault("permission", tomlkit.table())
    found = permission.setdefault("allow", tomlkit.array()) if isinstance(permission, Table) else None
    if not isinstance(found, Array):
        raise UserProblem(f"{where!r} has no list permission.allow to add a rule to", "make it a list of rules")
    allowed = cast("list[object]", found)
    allowed.extend(rule for rule in map(str, rules) if rule not in allowed)
    return tomlkit.dumps(document)
