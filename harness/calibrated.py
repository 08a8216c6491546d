"""The weights that were calibrated on a workspace's own commits, as they are kept in its state folder.

They hold for the weights that they were drawn from: with others of a later version they are not used.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from bridle.context.weighing import Weights, shipped
from bridle.harness.session.storage import write_whole
from bridle.indexer.digest import digest

FORM = 1


class Calibrated(msgspec.Struct, frozen=True):
    """What is kept: the weights, what they were drawn from, and what was found of them on `n_cases` commits."""

    form: int
    base: str
    weights: Weights
    n_cases: int
    before: float
    after: float
    commit: str = ""


class Calibration:
    """The calibrated weights of one workspace, read again when they change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark: tuple[int, int] = (0, 0)
        self._known: Calibrated | None = None

    @property
    def known(self) -> Calibrated | None:
        """What is kept, None where there is nothing that holds for the weights that ship now."""
        try:
            status = self._path.stat()
        except OSError:
            self._mark, self._known = (0, 0), None
            return None
        mark = (status.st_mtime_ns, status.st_size)
        if mark != self._mark:
            self._mark, self._known = mark, self._read()
        return self._known

    @property
    def weights(self) -> Weights | None:
        """The weights to choose by, None for those that ship."""
        known = self.known
        return None if known is None else known.weights

    def keep(self, weights: Weights, n_cases: int, before: float, after: float, commit: str) -> None:
        """Keep weights in the place of what is there. Raises UserProblem where they cannot be written."""
        made = Calibrated(FORM, base(), weights, n_cases, before, after, commit)
        write_whole(self._path, msgspec.json.encode(made))

    def forget(self) -> bool:
        """Choose by the weights that ship again; returns whether there were others."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True

    def _read(self) -> Calibrated | None:
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            known = msgspec.json.decode(self._path.read_bytes(), type=Calibrated)
            fits = len(known.weights.weights) == len(known.weights.means) == len(shipped().signals)
            if known.form == FORM and known.base == base() and known.weights.signals == shipped().signals and fits:
                return known
        return None


def base() -> str:
    """Return a digest of the weights that ship."""
    return digest(msgspec.json.encode(shipped()))
