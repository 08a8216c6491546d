"""Other ways to find the lines that an edit was meant for, re-implemented from their descriptions; none is the product.

Each takes the lines of the text that the model saw and of the text as it is (without ends), and returns where a block
of the first begins in the second: None is a refusal.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from zlib import crc32

Locate = Callable[[int, int], int | None]
System = Callable[[Sequence[str], Sequence[str]], Locate]

CONTEXT = 3
_MARK = "\N{PILCROW SIGN} the edit stands here"


def plain_numbers(old: Sequence[str], new: Sequence[str]) -> Locate:
    """Line numbers, and nothing to check them by."""
    return lambda start, end: start if end <= len(new) else None


def hashed_strict(old: Sequence[str], new: Sequence[str]) -> Locate:
    """A number and 8 bits of the line's hash at both ends; they must fit where the number points."""

    def locate(start: int, end: int) -> int | None:
        fits = end <= len(new) and all(_hash(old[n], 8) == _hash(new[n], 8) for n in (start, end - 1))
        return start if fits else None

    return locate


def hashed_relocating(old: Sequence[str], new: Sequence[str]) -> Locate:
    """A number and 16 bits; where they do not fit, the one line of the file that has the hash is taken."""
    places: dict[int, list[int]] = {}
    for n, line in enumerate(new):
        places.setdefault(_hash(line, 16), []).append(n)

    def anchor(line: int) -> int | None:
        found = places.get(_hash(old[line], 16), [])
        return line if line in found else found[0] if len(found) == 1 else None

    def locate(start: int, end: int) -> int | None:
        first, last = anchor(start), anchor(end - 1)
        return first if first is not None and last is not None and last - first == end - 1 - start else None

    return locate


def str_replace(old: Sequence[str], new: Sequence[str]) -> Locate:
    """The lines themselves with as many neighbours as make them unique; they must stand once in the text now."""

    def locate(start: int, end: int) -> int | None:
        first, last = unique_context(old, start, end)
        found = copies(new, old[first:last])
        return found[0] + start - first if len(found) == 1 else None

    return locate


def unique_context(lines: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """Return the smallest range around ``[start, end)`` that stands once in `lines`, grown by turns."""
    first, last = start, end
    while len(copies(lines, lines[first:last])) > 1 and (first > 0 or last < len(lines)):
        if first > 0 and (start - first <= last - end or last == len(lines)):
            first -= 1
        else:
            last += 1
    return first, last


def tagged_recovery(old: Sequence[str], new: Sequence[str]) -> Locate:
    """A hash of the whole file; where it does not fit, the edit as a diff with three lines around must apply once."""
    same = list(old) == list(new)

    def locate(start: int, end: int) -> int | None:
        if same:
            return start
        first = max(0, start - CONTEXT)
        found = copies(new, old[first : end + CONTEXT])
        return found[0] + start - first if len(found) == 1 else None

    return locate


def two_way_diff(old: Sequence[str], new: Sequence[str]) -> Locate:
    """A revision, and a diff from it to now, read forwards and backwards; both must say the same of every line."""
    forward = _blocks(old, new)
    backward = {len(old) - 1 - a: len(new) - 1 - b for a, b in _blocks(old[::-1], new[::-1]).items()}

    def locate(start: int, end: int) -> int | None:
        places = [forward.get(n) for n in range(start, end)]
        first = places[0]
        fits = first is not None and all(
            place == first + k == backward.get(start + k) for k, place in enumerate(places)
        )
        return first if fits else None

    return locate


def three_way_merge(old: Sequence[str], new: Sequence[str]) -> Locate:
    """A three-way merge, by git itself: the edited text and the text now, from the text that was seen."""

    def locate(start: int, end: int) -> int | None:
        edited = [*old[:start], _MARK, *old[end:]]
        with tempfile.TemporaryDirectory() as folder:
            names = [str(Path(folder, name)) for name in ("now", "seen", "edited")]
            for name, lines in zip(names, (new, old, edited), strict=True):
                Path(name).write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="")
            command = ["git", "merge-file", "--stdout", *names]
            done = subprocess.run(command, capture_output=True, check=False)
        merged = done.stdout.decode("utf-8").split("\n")
        return merged.index(_MARK) if done.returncode == 0 and _MARK in merged else None

    return locate


RIVALS: dict[str, System] = {
    "plain line numbers": plain_numbers,
    "line#hash, 8 bit, strict": hashed_strict,
    "line#hash, 16 bit, relocating": hashed_relocating,
    "str_replace, minimal unique": str_replace,
    "file tag + diff recovery": tagged_recovery,
    "revision + two-way diff": two_way_diff,
    "three-way merge (git)": three_way_merge,
}


def copies(lines: Sequence[str], block: Sequence[str]) -> list[int]:
    """Return where `block` stands in `lines`."""
    size, wanted = len(block), list(block)
    last = len(lines) - size + 1
    return [n for n in range(last) if lines[n] == wanted[0] and list(lines[n : n + size]) == wanted]


def _hash(line: str, bits: int) -> int:
    return crc32(line.strip().encode("utf-8", "replace")) % (1 << bits)


def _blocks(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    matched = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {a + k: b + k for a, b, size in matched for k in range(size)}
