"""Writing a plan to disk: all of it, or nothing that stays.

Old bytes go to a journal first; then each file is written beside its place, synced and renamed over it. An
error takes everything back at once; a crash is taken back by `recover` at the next start. One process at a
time does either: what is being written is never taken for what a crash left. A file that somebody else changed
meanwhile is left to them and named.

A file with several names (hard links) is written in its place, so that they stay one file: the journal then holds the
new bytes too, and what a crash left between the two is known by being made of both.

A symbolic link that comes, goes or points elsewhere is written as the link itself; an ordinary write goes through one.
"""

from __future__ import annotations

import secrets
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from bridle.harness.edits.filesystem import FileSystem, Look, RealFileSystem
from bridle.harness.nouns import Fault, UserProblem
from bridle.harness.session.lock import held
from bridle.harness.symlinks import read_link, target_of
from bridle.indexer.digest import digest

_MANIFEST = "manifest.json"
_LOCK = "lock"
_TURN_WITHIN_S = 10.0
_REAL = RealFileSystem()


class Write(msgspec.Struct, frozen=True):
    """One file's change, None meaning not there. `mode_from` names the file whose mode a new one takes.

    Bytes may be those of a link (`bridle.harness.symlinks`). `executable` is what that bit shall be, None to leave it;
    `mode` are the permission bits of a file that comes.
    """

    path: str
    before: bytes | None
    after: bytes | None
    mode_from: str = ""
    executable: bool | None = None
    mode: int | None = None

    @property
    def is_of_link(self) -> bool:
        """Whether it is the link that changes, and not what it leads to."""
        return target_of(self.before) is not None or target_of(self.after) is not None


class Recovered(msgspec.Struct, frozen=True):
    """Files that were put back, and files left as they are because somebody else changed them since."""

    restored: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


class _Entry(msgspec.Struct, frozen=True):
    """One file in the journal: where it really is, digests before and after, how the old one looked.

    With `in_place` it has other names: it is rewritten, never replaced. `executable` is what that bit is to be.
    """

    path: str
    before: str | None
    after: str | None
    look: Look | None
    in_place: bool = False
    executable: bool | None = None


class _Manifest(msgspec.Struct, frozen=True):
    """A journal folder's content: entry N's old bytes are in file ``N``, its new ones in ``N.after`` where it is
    written in its place; `folders` are new ones, outermost first.
    """

    entries: tuple[_Entry, ...]
    folders: tuple[str, ...]


def commit(root: Path, writes: Sequence[Write], journal: Path, disk: FileSystem = _REAL) -> tuple[str, ...]:
    """Write all of `writes` below `root`, or none; `journal` is a folder of our own on any disk.

    Returns the folders that had to be made, outermost first.

    Raises:
        UserProblem: a file is not as `before` says, or is no file below `root`, or another process writes for
            long; nothing was written.
        OSError: the disk refused; everything was taken back.
        Fault: the disk refused to take it back as well; `recover` will.
    """
    journal.mkdir(parents=True, exist_ok=True, mode=0o700)
    with held(journal / _LOCK, _TURN_WITHIN_S):
        return _commit(root.resolve(), writes, journal.resolve(), disk)


def remove_empty(root: Path, folders: Sequence[str], disk: FileSystem = _REAL) -> None:
    """Remove those of `folders`, outermost first as they were made, in which nothing is left; no link is followed."""
    for name in reversed(folders):
        with suppress(OSError):  # not there, or somebody put something into it
            disk.remove_folder(root.resolve() / name)


def _commit(root: Path, writes: Sequence[Write], journal: Path, disk: FileSystem) -> tuple[str, ...]:
    manifest = _manifest(root, writes)
    _expect_room(root, writes, manifest)
    for write, entry in zip(writes, manifest.entries, strict=True):
        _expect(root / entry.path, write)
    folder = journal / secrets.token_hex(8)
    try:
        _keep(folder, manifest, writes, disk)
    except BaseException:
        _sweep(folder)
        raise
    try:
        for name in manifest.folders:
            disk.make_folder(root / name, 0o777)
        for n, (write, entry) in enumerate(zip(writes, manifest.entries, strict=True)):
            _put(root, folder, n, write, entry, disk)
        disk.remove(folder / _MANIFEST)
    except BaseException as error:
        _take_back(root, folder, manifest, disk, error)
        raise
    _sweep(folder)
    return manifest.folders


def recover(root: Path, journal: Path, disk: FileSystem = _REAL) -> Recovered:
    """Take back what a crash left half done; doing it twice is doing it once.

    Raises OSError where the disk refuses, Fault where a journal cannot be read, UserProblem where another process
    writes for long.
    """
    if not journal.is_dir():
        return Recovered()
    with held(journal / _LOCK, _TURN_WITHIN_S):
        return _recover(root.resolve(), journal.resolve(), disk)


def _recover(root: Path, journal: Path, disk: FileSystem) -> Recovered:
    restored: list[str] = []
    kept: list[str] = []
    for folder in sorted(path for path in journal.iterdir() if path.is_dir()):
        if (folder / _MANIFEST).exists():
            done = _restore(root, folder, _read_manifest(folder), disk)
            restored += done.restored
            kept += done.kept
            disk.remove(folder / _MANIFEST)
        _sweep(folder)
    return Recovered(tuple(restored), tuple(kept))


def _manifest(root: Path, writes: Sequence[Write]) -> _Manifest:
    entries: list[_Entry] = []
    folders: dict[str, None] = {}
    for write in writes:
        place = _place(root, write)
        source = place if write.before is not None else root / write.mode_from if write.mode_from else None
        name, look = str(place.relative_to(root)), _look(source)
        marks = _mark(write.before), _mark(write.after)
        entries.append(_Entry(name, *marks, look, _in_place(place, write), write.executable))
        missing = [parent for parent in place.parents if root in parent.parents and not parent.exists()]
        folders |= {str(parent.relative_to(root)): None for parent in reversed(missing)}
    return _Manifest(tuple(entries), tuple(folders))


def _place(root: Path, write: Write) -> Path:
    """Return where a file really is: the target of a link, as long as that is a file below `root`."""
    named = root / write.path
    place = named.parent.resolve() / named.name if write.is_of_link else named.resolve()
    if root not in place.parents:
        raise UserProblem(f"{write.path!r} leads out of the workspace.", "Nothing was written.")
    if place.exists() and not place.is_file() and not place.is_symlink():
        raise UserProblem(f"{write.path!r} is not a regular file.", "Nothing was written.")
    for parent in place.parents:
        if root in parent.parents and parent.exists() and not parent.is_dir():
            raise UserProblem(f"{write.path!r} leads through a file.", "Nothing was written.")
    if write.after is None and named.is_symlink() and not write.is_of_link:
        raise UserProblem(f"{write.path!r} is a link.", "Remove it by hand; nothing was written.")
    return place


def _expect_room(root: Path, writes: Sequence[Write], manifest: _Manifest) -> None:
    """No file of the plan may stand where another of it needs a folder."""
    folders = {root / name for name in manifest.folders}
    for write, entry in zip(writes, manifest.entries, strict=True):
        if root / entry.path in folders:
            raise UserProblem(f"{write.path!r} would be a file and a folder.", "Nothing was written.")


def _in_place(place: Path, write: Write) -> bool:
    """Whether the file stays and has other names, which a replacement would part it from."""
    stays = write.before is not None and write.after is not None and not write.is_of_link
    return stays and place.exists() and place.stat().st_nlink > 1


def _expect(place: Path, write: Write) -> None:
    if _read(place) != write.before:
        raise UserProblem(f"{write.path!r} changed on disk meanwhile.", "Nothing was written; run it again.")


def _keep(folder: Path, manifest: _Manifest, writes: Sequence[Write], disk: FileSystem) -> None:
    disk.make_folder(folder, 0o700)
    for n, write in enumerate(writes):
        if write.before is not None:
            disk.write(folder / str(n), write.before, None)
        if manifest.entries[n].in_place and write.after is not None:
            disk.write(folder / f"{n}.after", write.after, None)
    disk.write(folder / "draft", msgspec.json.encode(manifest), None)
    disk.rename(folder / "draft", folder / _MANIFEST)


def _put(root: Path, folder: Path, n: int, write: Write, entry: _Entry, disk: FileSystem) -> None:
    place = root / entry.path
    if write.after is None:
        _expect(place, write)
        disk.remove(place)
        return
    if entry.in_place:
        _expect(place, write)
        disk.rewrite(place, write.after)
        _set_executable(place, write.executable, disk)
        return
    draft = _draft(place, folder, n)
    _make(draft, write.after, entry.look, disk)
    if write.before is None and write.mode is not None and not draft.is_symlink():
        disk.set_mode(draft, write.mode)
    _set_executable(draft, write.executable, disk)
    _expect(place, write)
    disk.rename(draft, place)


def _make(place: Path, data: bytes, look: Look | None, disk: FileSystem) -> None:
    target = target_of(data)
    if target is None:
        disk.write(place, data, look)
    else:
        disk.link(place, target)


def _set_executable(place: Path, executable: bool | None, disk: FileSystem) -> None:
    if executable is not None and not place.is_symlink():
        mode = stat.S_IMODE(place.stat().st_mode)
        disk.set_mode(place, mode | (mode & 0o444) >> 2 if executable else mode & ~0o111)


def _take_back(root: Path, folder: Path, manifest: _Manifest, disk: FileSystem, error: BaseException) -> None:
    try:
        done = _restore(root, folder, manifest, disk)
        with suppress(FileNotFoundError):
            disk.remove(folder / _MANIFEST)
    except OSError as second:
        raise Fault(f"{error}; and it could not be taken back: {second}. Old bytes: {str(folder)!r}") from error
    for path in done.kept:
        error.add_note(f"{path!r} was changed by somebody else meanwhile and is left as it is")
    _sweep(folder)


def _restore(root: Path, folder: Path, manifest: _Manifest, disk: FileSystem) -> Recovered:
    restored: list[str] = []
    kept: list[str] = []
    for n, entry in reversed(list(enumerate(manifest.entries))):
        place = root / entry.path
        with suppress(FileNotFoundError, NotADirectoryError):
            disk.remove(_draft(place, folder, n))
        there = _read(place)
        if _mark(there) == entry.before:
            _restore_mode(place, entry, disk)
            continue
        if _mark(there) != entry.after and not (entry.in_place and _half_written(there, folder, n)):
            kept.append(entry.path)
            continue
        restored.append(entry.path)
        if entry.before is None:
            disk.remove(place)
        elif entry.in_place and there is not None:
            disk.rewrite(place, (folder / str(n)).read_bytes())
            _restore_mode(place, entry, disk)
        else:
            _make(_draft(place, folder, n), (folder / str(n)).read_bytes(), entry.look, disk)
            disk.rename(_draft(place, folder, n), place)
    remove_empty(root, manifest.folders, disk)
    return Recovered(tuple(restored), tuple(kept))


def _restore_mode(place: Path, entry: _Entry, disk: FileSystem) -> None:
    """Take a change of the mode back that stands; one that somebody else made stays."""
    if entry.executable is not None and entry.look is not None and not place.is_symlink():
        is_now = bool(place.stat().st_mode & stat.S_IXUSR)
        if is_now == entry.executable:
            disk.set_mode(place, entry.look.mode)


def _half_written(there: bytes | None, folder: Path, n: int) -> bool:
    """Whether every byte is that of the old content or of the new one: what a rewriting that was cut leaves."""
    if there is None:
        return False
    old, new = (folder / str(n)).read_bytes(), (folder / f"{n}.after").read_bytes()
    shorter, longer = sorted((len(old), len(new)))
    both = all(byte in pair for byte, *pair in zip(there, old, new, strict=False))
    rest = (old if len(old) > len(new) else new)[shorter : len(there)]
    return both and len(there) <= longer and there[shorter:] == rest


def _read_manifest(folder: Path) -> _Manifest:
    try:
        return msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=_Manifest)
    except msgspec.DecodeError as error:
        raise Fault(f"The journal {str(folder)!r} cannot be read: {error}") from error


def _draft(place: Path, folder: Path, n: int) -> Path:
    return place.with_name(f".bridle-{folder.name}-{n}")


def _sweep(folder: Path) -> None:
    """Remove what is left of a journal folder that no longer counts."""
    with suppress(OSError):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def _look(place: Path | None) -> Look | None:
    if place is None or place.is_symlink() or not place.exists():
        return None
    found = place.stat()
    return Look(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)


def _read(place: Path) -> bytes | None:
    try:
        return read_link(place) or place.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _mark(data: bytes | None) -> str | None:
    return None if data is None else digest(data)
