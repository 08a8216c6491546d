"""Secrets that a change writes: keys by the marks of their issuers, private keys, passwords in addresses. Pure.

What stands for a secret in a test or a document is none: one that says of itself that it is an example, and whatever
only looks random, where the code is no program that runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bridle.context.redact import is_credential_file, redact
from bridle.harness.verify.security.concerns import Concern

REMEDY = "take it out, read it from the environment or a store of secrets, and revoke it if it ever was real"
ISSUED = re.compile(r"«secret:(?!value|url)[a-z]+:")
_EXAMPLE = re.compile(
    r"example|sample|dummy|fake|test|placeholder|changeme|your[-_]?|x{6,}|0{8,}|(.)\1{7,}|abcdef|123456789|secret|passw|"
    r"user(?:name)?|^pass|@domain|localhost|127\.0\.0\.1|\*{3,}|\.\.\.|<[a-z_]+>|\{[a-z_]*\}|\$\{?\w+",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(
    r"digest|sha\d|hash|checksum|integrity|uuid|etag|fingerprint|revision|commit|nonce|boundary", re.IGNORECASE
)
_LOCK = re.compile(r"(?:^|/)(?:[\w.-]*lock[\w.-]*|go\.sum|[\w-]*requirements[\w-]*\.txt)$")
MAX_CHARS = 2_000_000


def secrets_in(path: str, text: str, *, in_tests: bool) -> Iterator[Concern]:
    """Yield the secrets of a text. `in_tests` says that it is no program, where only what an issuer marked counts."""
    if _LOCK.search(path) or len(text) > MAX_CHARS:
        return
    lines = text.splitlines()
    told: set[int] = set()
    for secret in redact(text).secrets:
        line = lines[secret.line] if secret.line < len(lines) else ""
        marked = ISSUED.match(secret.placeholder) is not None
        if (
            secret.line in told
            or _EXAMPLE.search(secret.value)
            or (not marked and (in_tests or _is_about(line, secret.value)))
        ):
            continue
        told.add(secret.line)
        kind = secret.placeholder.split(":")[1]
        yield _concern(path, secret.line, f"a secret stands in the code ({_WORDS.get(kind, kind)})", secret.placeholder)
    if is_credential_file(path) and text.strip():
        yield _concern(path, 0, f"{path!r} holds credentials by its name", path)


_WORDS = {"value": "it looks random and is named like one", "url": "a password in an address", "key": "a private key"}


def _is_about(line: str, value: str) -> bool:
    """Tell whether what looks random is named as something that is none: a digest, an id, a part of a document."""
    return _NO_SECRET.search(line) is not None or (
        "://" in line and _EXAMPLE.search(line.replace(value, "")) is not None
    )


def _concern(path: str, line: int, message: str, said: str) -> Concern:
    return Concern("secret", "secret", path, line, line + 1, said, message, REMEDY)
