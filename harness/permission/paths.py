"""From what a tool was given to the place that it means: spelled plainly, links resolved, oddities told.

Looking is all that happens here. What may be done with a place is in `decide`; that it is still the same
place when it is opened is what `open_beneath` sees to.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from bridle.harness.permission.protected import EDIT, Ruling

MAX_CHARS = 4096

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_DRIVE = re.compile(r"[A-Za-z]:")
_HOME = re.compile(r"(~|\$HOME|\$\{HOME\})(?=/|$)")
_ELSEWHERE = re.compile(r"~[^/]")
_SHORT = re.compile(r"[^/~]{1,8}~\d{1,2}(\.[^/.]{0,3})?")
_ENCODED = re.compile(r"%(2e|2f|5c|00)", re.IGNORECASE)
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)([.:].*)?", re.IGNORECASE)


class Target(msgspec.Struct, frozen=True):
    """One place. `path` is from the root as it was spelled, `real` with links resolved; both "" outside of
    it.

    `rulings` is what its spelling and its kind say, the strictest first.
    """

    given: str
    path: str
    real: str
    absolute: str
    rulings: tuple[Ruling, ...] = ()


def locate(root: Path, given: str, private: Sequence[Path] = ()) -> Target:
    """Return the place that `given` means in `root`: a path from it, an absolute path or a file URI."""
    told = list(_odd_characters(given))
    if not given or "\0" in given or len(given) > MAX_CHARS:
        return Target(given, "", "", "", (Ruling("deny", "no path", "that is not a path"),))
    text, spelling = _plain(given)
    told += spelling
    base = Path(os.path.realpath(root))
    text = _HOME.sub(lambda _: str(Path.home()), text, count=1)
    joined = os.path.join(base, _below(root, text))  # noqa: PTH118 - pathlib would tidy what is to be looked at
    literal, real = os.path.normpath(joined), os.path.realpath(joined)
    path, resolved = _relative(base, literal), _relative(base, real)
    if path is None or resolved is None:
        link = path is not None
        reason = "a link in it leads out of the workspace" if link else "it is outside of the workspace"
        told.append(Ruling("deny", "outside", reason))
    if any(_relative(folder.resolve(), spot) is not None for folder in private for spot in (literal, real)):
        told.append(Ruling("deny", "private", "Bridle keeps its own state and settings there"))
    told += _kind(real)
    told.sort(key=lambda ruling: ruling.effect != "deny")
    inside = path is not None and resolved is not None
    return Target(given, path or "" if inside else "", resolved or "" if inside else "", real, tuple(told))


def open_beneath(root: Path, path: str, flags: int, mode: int = 0o666) -> int:
    """Open `path` from `root` without following a single link, and return its descriptor.

    What was judged is what is opened: a folder that became a link meanwhile makes it fail.

    Raises:
        OSError: it cannot be opened, or one of its parts is a link.
    """
    *folders, name = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in (*folders, name):
        raise OSError(f"{path!r} is not a plain path")
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = below
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=at)
    finally:
        os.close(at)


def _plain(given: str) -> tuple[str, list[Ruling]]:
    """Return the path in `given` with "/" between its parts, and what is odd about the spelling."""
    told: list[Ruling] = []
    text = given
    if given.lower().startswith("file:"):
        text = unquote(urlsplit(given).path)
    elif _DRIVE.match(given) and not _SCHEME.match(given):
        told.append(Ruling("deny", "outside", "it names a drive"))
    elif _SCHEME.match(given):
        told.append(Ruling("ask", "no file", "it names something that is not a file"))
    elif _ENCODED.search(given):
        told.append(Ruling("ask", "encoded", "it hides a part of its name behind percent signs"))
    if "\\" in text:
        told.append(Ruling("ask", "backslash", "it has a backslash"))
        text = text.replace("\\", "/")
    for part in text.split("/"):
        device = _DEVICE.fullmatch(part)
        if device is not None:
            harmless = device[2] and os.name != "nt"
            told.append(Ruling("ask" if harmless else "deny", "device name", "Windows takes it for a device"))
        elif part not in (".", "..") and part != part.rstrip(" ."):
            told.append(Ruling("ask", "trailing dot or space", "Windows takes it for another name"))
        elif _SHORT.fullmatch(part):
            told.append(Ruling("ask", "short name", "Windows may take it for a longer name"))
        elif ":" in part and not _DRIVE.fullmatch(part):
            told.append(Ruling("ask", "colon", "Windows takes what is behind the colon for a part of the file"))
    if _ELSEWHERE.match(text):
        told.append(Ruling("ask", "another's home", "a shell takes it for the home of somebody else"))
    return text, told


def _odd_characters(given: str) -> Iterator[Ruling]:
    kinds = {unicodedata.category(character) for character in given}
    if "Cc" in kinds:
        yield Ruling("deny", "control character", "it has a control character in its name")
    if kinds & {"Cf", "Co", "Cs", "Zl", "Zp"}:
        yield Ruling("ask", "invisible character", "it has a character that cannot be seen in its name")


def _kind(real: str) -> Iterator[Ruling]:
    try:
        found = os.lstat(real)
    except (OSError, ValueError):
        return
    if stat.S_ISLNK(found.st_mode):
        yield Ruling("deny", "loop", "it is a link that leads to itself")
    elif stat.S_ISDIR(found.st_mode):
        yield Ruling("deny", "folder", "it is a folder", EDIT)
    elif not stat.S_ISREG(found.st_mode):
        yield Ruling("deny", "device", "it is not an ordinary file")
    elif found.st_nlink > 1:
        yield Ruling("ask", "hard link", "it is the same file under another name too", EDIT)


def _below(root: Path, text: str) -> str:
    """Spell an absolute path that goes through the root's own links from the root."""
    prefix = f"{root.absolute()}/"
    return text[len(prefix) :].lstrip("/") if text.startswith(prefix) else text


def _relative(base: Path, path: str) -> str | None:
    """Return `path` from `base` with "/" between its parts, None when it is not below."""
    place = Path(path)
    return place.relative_to(base).as_posix() if place.is_relative_to(base) else None
