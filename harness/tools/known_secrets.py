"""The workspace's own secrets, struck out of whatever is told to a model, however it came there.

Redaction knows secrets by their looks and surroundings; a program that a person allowed can copy one to where it has
neither, as into a name that a linter complains of. What stands in the files of credentials is known exactly, and so are
its plain encodings. This strikes it everywhere; it is no wall against a program that wants to hide it.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from bridle.context.redact import is_credential_file, redact

MAX_ENTRIES = 20_000
MAX_DEPTH = 4
MAX_FILE_BYTES = 64 * 1024
MAX_SECRETS = 200
LEAST_CHARS = 12
"""Shorter values may be words of the code, and are left alone."""
STRUCK = "«secret of this workspace»"
_SKIPPED = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", "target", ".tox"})
_VALUE = re.compile(
    r"""(?:[=:]\s*["']?([^\s"'=:]\S{10,511}?)|^[ \t]*["']?([^\s"'=:][^\s"'=:,;]{10,509}={0,2}))["']?[,;]?\s*$""",
    re.MULTILINE,
)
"""What stands behind a name, or alone on its line."""


def secrets_below(root: Path) -> tuple[str, ...]:
    """Return the values that stand in the files of credentials below a root, in a stable order; bounded."""
    found: dict[str, None] = {}
    for path in _credential_files(root):
        try:
            with path.open("rb") as file:
                text = file.read(MAX_FILE_BYTES).decode("utf-8", "replace")
        except OSError:
            continue
        found |= dict.fromkeys(_values(text))
        if len(found) >= MAX_SECRETS:
            break
    return tuple(found)[:MAX_SECRETS]


def _credential_files(root: Path) -> Iterator[Path]:
    waiting, n_seen = [(root, 0)], 0
    while waiting:
        folder, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            n_seen += 1
            if n_seen > MAX_ENTRIES:
                return
            if entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH and entry.name not in _SKIPPED:
                    waiting.append((Path(entry.path), depth + 1))
            elif entry.is_file(follow_symlinks=False) and is_credential_file(str(Path(entry.path).relative_to(root))):
                yield Path(entry.path)


def _values(text: str) -> Iterator[str]:
    for secret in redact(text).secrets:
        yield from (part for part in secret.value.split() if len(part) >= LEAST_CHARS)
    for named, alone in _VALUE.findall(text):
        value = named or alone
        if len(value) >= LEAST_CHARS and re.search(r"\d", value) and re.search(r"[A-Za-z]", value):
            yield value


class Striking:
    """Strikes secrets out of texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))

    def struck(self, text: str) -> str:
        """Return `text` without any of the secrets."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, STRUCK)
        return text


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it is and in its plain encodings, those of base64 as they stand inside of a longer text."""
    data = secret.encode()
    yield from (secret, secret[::-1], data.hex(), data.hex().upper())
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        sure = coded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        yield from {sure, sure.replace("+", "-").replace("/", "_")}
