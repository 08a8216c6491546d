"""What git would run here by the repository's own configuration, though nobody named it: read off the files.

The person's own configuration outside of the repository is theirs. Git itself is never asked: asking it is what runs
these programs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from bridle.indexer.bounded import read_bounded

MAX_BYTES = 256 * 1024
UNREADABLE = "a configuration that cannot be read"
BARE = "a repository without .git, which any file may be part of"

_SECTION = re.compile(r'\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:\\.|[^"\\])*)")?\s*\]')
_SETTING = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*))?$")
_RUNS = re.compile(
    r"core\.(pager|sshcommand|gitproxy|editor|askpass|alternaterefscommand)|sequence\.editor|pager\..*|diff\.external"
    r"|diff\..*\.(command|textconv)|filter\..*\.(clean|smudge|process)|merge\..*\.driver|(difftool|mergetool|man|browser"
    r"|guitool)\..*\.(cmd|path)|gpg\.(.*\.)?program|log\.showsignature|credential\.(.*\.)?helper|interactive\.difffilter"
    r"|remote\..*\.(uploadpack|receivepack|vcs|proxy)|uploadpack\.packobjectshook|protocol\.ext\.allow|include\.path"
    r"|includeif\..*\.path|trailer\..*\.(cmd|command)|web\.browser|sendemail\..*|core\.worktree"
)
_HARMLESS = re.compile(r"git[- ]lfs (clean|smudge|filter-process)\b.*|cat|")
_SWITCH = re.compile(r"true|false|yes|no|on|off|0|1|", re.IGNORECASE)


def helpers(root: Path) -> tuple[str, ...]:
    """Return what lets git run programs in the repository that `root` lies in, as keys of its configuration."""
    folder = _git_folder(root)
    if folder is None:
        return (BARE,) if _is_bare(root) else ()
    common = _pointed(folder / "commondir", folder)
    found: list[str] = []
    hooks = common / "hooks"
    for file in (common / "config", folder / "config.worktree"):
        if not os.path.lexists(file):
            continue
        try:
            for key, value in _settings(read_bounded(file, MAX_BYTES).decode("utf-8", "replace")):
                if _can_run(key, value):
                    found.append(key)
                if key == "core.hookspath":
                    hooks = root / Path(value).expanduser()
        except (OSError, ValueError):
            found.append(UNREADABLE)
    if os.path.lexists(hooks / "post-index-change"):
        found.append("the hook post-index-change")
    return tuple(dict.fromkeys(found))


def _can_run(key: str, value: str) -> bool:
    if key == "core.fsmonitor":
        return not _SWITCH.fullmatch(value)
    if key.startswith("alias.") or (key.startswith("submodule.") and key.endswith(".update")):
        return value.startswith("!")
    if key.startswith("remote.") and key.endswith(".url"):
        return "::" in value
    if key == "log.showsignature":
        return value.lower() not in ("false", "no", "off", "0")
    return bool(_RUNS.fullmatch(key)) and not (key.startswith("filter.") and _HARMLESS.fullmatch(value))


def _settings(text: str) -> Iterator[tuple[str, str]]:
    """Yield ``section.subsection.key`` in small letters and the value; raises ValueError where there is neither."""
    section = ""
    for line in re.sub(r"\\\r?\n", "", text).splitlines():
        rest = line.strip()
        while (found := _SECTION.match(rest)) is not None:  # a setting may stand on the line of its section
            section = found[1].lower() + (f".{found[2]}".lower() if found[2] is not None else "")
            rest = rest[found.end() :].strip()
        if not rest or rest[0] in "#;":
            continue
        setting = _SETTING.match(rest)
        if setting is None:
            raise ValueError(rest)
        yield f"{section}.{setting[1].lower()}", (setting[2] or "").strip().strip('"')


def _git_folder(root: Path) -> Path | None:
    """Return the folder that git would find from `root` upwards."""
    base = Path(os.path.realpath(root))
    for folder in (base, *base.parents):
        entry = folder / ".git"
        if entry.is_dir():
            return entry
        if os.path.lexists(entry):
            return _pointed(entry, folder)
        if folder == base and _is_bare(base):
            return None
    return None


def _pointed(file: Path, folder: Path) -> Path:
    """Return where a file of git points to; `folder` itself when there is no such file."""
    try:
        text = read_bounded(file, 4096).decode("utf-8", "replace").strip()
    except (OSError, ValueError):
        return folder
    return Path(os.path.normpath(folder / text.removeprefix("gitdir:").strip()))


def _is_bare(root: Path) -> bool:
    return os.path.lexists(root / "HEAD") and (root / "objects").exists() and (root / "refs").exists()
