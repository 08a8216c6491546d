"""Knows a complaint again after its lines have moved, so that nobody is blamed for what was there before.

Pure: text in, digests out. `ladder.py` marks findings with it and hands in the source lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from bridle.harness.nouns import Finding
from bridle.indexer.digest import digest_of_parts

RESTLESS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b0x[0-9a-fA-F]+"), "<address>"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"/(?:tmp|var/tmp|var/folders)/[^\s'\":]+"), "<temporary>"),
    (re.compile(r"\bline \d+"), "<line>"),
    (re.compile(r"\.py:\d+(?::\d+)?"), ".py:<line>"),
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:s|ms|seconds?)\b"), "<time>"),
    (re.compile(r"\s+"), " "),
)
"""What differs between two runs of one complaint: addresses, ids, temporary folders, places, times."""


def normalised(message: str) -> str:
    """Return the message without what changes from run to run or with the line number."""
    for pattern, stand_in in RESTLESS:
        message = pattern.sub(stand_in, message)
    return message.strip()


def fingerprint(finding: Finding, source_line: str) -> str:
    """Return the digest of tool, code, path, message normalised and the text of the line complained of."""
    message, line = normalised(finding.message), " ".join(source_line.split())
    return digest_of_parts((finding.check, finding.code, finding.path, message, line))


def blame(findings: Sequence[Finding], baseline: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, `new` where the baseline does not hold as many of the same fingerprint."""
    known = Counter((finding.check, finding.fingerprint) for finding in baseline)
    marked: list[Finding] = []
    for finding in findings:
        key = (finding.check, finding.fingerprint)
        marked.append(msgspec.structs.replace(finding, new=known[key] <= 0))
        known[key] -= 1
    return tuple(marked)


def fixed(findings: Sequence[Finding], baseline: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings of the baseline that are gone: as many of a fingerprint as there are fewer now."""
    left = Counter((finding.check, finding.fingerprint) for finding in findings)
    gone: list[Finding] = []
    for finding in baseline:
        key = (finding.check, finding.fingerprint)
        if left[key] <= 0:
            gone.append(finding)
        left[key] -= 1
    return tuple(gone)
