"""What verdicts leave behind: a receipt for each, and for those on a whole tree what they said, to be known again.

A verdict is known again only for the very tree, tools, grants and rung that it was earned with, and for a while. Only
what tools said in full is kept so: pass and fail. A receipt is evidence and is on the disk when its
verification ends; what only saves asking again waits for no disk.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from bridle.harness.nouns import UserProblem, Verdict
from bridle.harness.session.storage import make_private, write_cached, write_whole
from bridle.harness.verify.checks import Check
from bridle.indexer.bounded import read_bounded
from bridle.indexer.digest import digest, digest_of_parts

Extent = Literal["all", "files", "tests"]
"""What a check looked at: everything, or the files or the tests that it was narrowed to."""

KNOWN_FOR_S = 4 * 3600.0
MAX_KNOWN = 200
MAX_RECEIPTS = 300
MAX_LISTS = 60
MAX_BYTES = 16_000_000

_ID = re.compile(r"[0-9a-f]{32}")


class Receipt(msgspec.Struct, frozen=True):
    """The evidence of one verdict. `id` is the digest of all the rest, which is what makes it say something.

    `started` is in seconds since the epoch; `report` and `log` are digests of what the tool reported and printed;
    `findings` are the fingerprints of what it found, `fresh` of those that the ground did not have.
    """

    id: str
    check: str
    tool: str
    package: str
    command: tuple[str, ...]
    exit_code: int | None
    outcome: str
    reason: str
    started: float
    seconds: float
    tree: str
    toolchain: str
    rung: str
    needs: tuple[str, ...]
    extent: Extent
    unit: str
    collected: int
    passed: int
    findings: tuple[str, ...]
    fresh: tuple[str, ...]
    report: str
    log: str
    log_text: str


class Records:
    """The records of one workspace, in private folders below `folder`. `now` is seconds since the epoch."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._known = folder / "known"
        self._receipts = folder / "receipts"
        self._lists = folder / "ran"
        self._now = now

    def known(self, check: Check, tree: str, toolchain: str, rung: str) -> Verdict | None:
        """Return what the check is known to say of this tree, None where it must be asked."""
        path = self._known / f"{_name(check.name, tree, toolchain, rung)}.json"
        try:
            if self._now() - path.stat().st_mtime > KNOWN_FOR_S:
                return None
            found = msgspec.json.decode(read_bounded(path, MAX_BYTES), type=Verdict)
        except (OSError, msgspec.DecodeError):
            return None
        return found if (found.check, found.tree, found.rung) == (check.name, tree, rung) else None

    def keep(self, receipt: Receipt, judged: Verdict, ids: Sequence[str] = ()) -> None:
        """Keep a verdict, its receipt and the ids of the tests that ran.

        A disk that takes nothing costs the records, not the verdict.
        """
        try:
            self._write(self._receipts, receipt.id, msgspec.json.encode(receipt), MAX_RECEIPTS, write_whole)
            if receipt.extent == "all" and ids:
                self._write(self._lists, receipt.id, msgspec.json.encode(sorted(ids)), MAX_LISTS, write_cached)
            if receipt.extent == "all" and judged.outcome in ("pass", "fail"):
                bare = msgspec.structs.replace(judged, log="", fixed=())
                name = _name(receipt.check, receipt.tree, receipt.toolchain, receipt.rung)
                self._write(self._known, name, msgspec.json.encode(bare), MAX_KNOWN, write_cached)
        except (UserProblem, OSError):
            return

    def ran(self, receipt: str) -> frozenset[str] | None:
        """Return the ids of the tests that ran for a verdict on a whole tree; None where they are not known."""
        if not _ID.fullmatch(receipt):
            return None
        try:
            data = read_bounded(self._lists / f"{receipt}.json", MAX_BYTES)
            return msgspec.json.decode(data, type=frozenset[str])
        except (OSError, msgspec.DecodeError):
            return None

    def receipt(self, name: str) -> Receipt | None:
        """Return a receipt by its id; None when there is none, or it is not what was written."""
        if not _ID.fullmatch(name):
            return None
        try:
            found = msgspec.json.decode(read_bounded(self._receipts / f"{name}.json", MAX_BYTES), type=Receipt)
        except (OSError, msgspec.DecodeError):
            return None
        return found if _id(found) == found.id == name else None

    def _write(self, folder: Path, name: str, data: bytes, most: int, put: Callable[[Path, bytes], None]) -> None:
        """Write one record, and let go of the oldest beyond `most`."""
        make_private(folder)
        put(folder / f"{name}.json", data)
        kept = sorted(((path.stat().st_mtime_ns, path) for path in folder.iterdir()), reverse=True)
        for _, path in kept[most:]:
            path.unlink(missing_ok=True)


def receipt_of(check: Check, judged: Verdict, toolchain: str, extent: Extent, now: float) -> Receipt:
    """Return the receipt of a verdict that came to be `now`, in seconds since the epoch."""
    bare = Receipt(
        id="",
        check=check.name,
        tool=check.tool,
        package=check.package,
        command=judged.command,
        exit_code=judged.exit_code,
        outcome=judged.outcome,
        reason=judged.reason,
        started=round(now - judged.seconds, 3),
        seconds=round(judged.seconds, 3),
        tree=judged.tree,
        toolchain=toolchain,
        rung=judged.rung,
        needs=check.needs,
        extent=extent,
        unit=judged.unit,
        collected=judged.collected,
        passed=judged.passed,
        findings=tuple(finding.fingerprint for finding in judged.findings),
        fresh=tuple(finding.fingerprint for finding in judged.findings if finding.new),
        report=judged.report,
        log=digest(judged.log.encode("utf-8", "replace")),
        log_text=judged.log,
    )
    return msgspec.structs.replace(bare, id=_id(bare))


def _name(check: str, tree: str, toolchain: str, rung: str) -> str:
    return digest_of_parts((check, tree, toolchain, rung))


def _id(receipt: Receipt) -> str:
    return digest(msgspec.json.encode(msgspec.structs.replace(receipt, id=""), order="deterministic"))
