"""Secrets stay here: what looks like a key is shown as a placeholder, and comes back only where it stood.

The patterns are anchored on the marks that issuers put into their keys; a plain ``KEY = …`` counts only when
its value is long and looks random. Placeholders are stable: the same secret gives the same one. A secret
never spans lines here, a private key is one secret a line, so that line numbers hold.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise

import msgspec

from bridle.context.anchors import lines_of
from bridle.indexer.text import line_body

_KINDS = {
    "anthropic": r"sk-ant-[A-Za-z0-9_-]{20,}",
    "stripe": r"(?:sk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{24,}",
    "openai": r"sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,}",
    "aws": r"(?:AKIA|ASIA)[0-9A-Z]{16}",
    "github": r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255}",
    "gitlab": r"gl(?:pat|dt|rt|cbt|ptt|soat)-[A-Za-z0-9_-]{20,}",
    "slack": r"xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{20,}"
    r"|(?<=hooks\.slack\.com/services/)T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}",
    "google": r"AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|GOCSPX-[0-9A-Za-z_-]{28}",
    "jwt": r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    "npm": r"npm_[A-Za-z0-9]{36}",
    "pypi": r"pypi-[A-Za-z0-9_-]{50,}",
    "huggingface": r"hf_[A-Za-z0-9]{34,}",
}
_ISSUED = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    + "|".join(f"(?P<{kind}>{shape})" for kind, shape in _KINDS.items())
    + r")(?![A-Za-z0-9_-])"
)
_MARKS = re.compile(
    r"sk-|sk_|rk_|whsec_|AKIA|ASIA|gh[pousr]_|github_pat_|gl[a-z]+-|xox|xapp-|hooks\.slack|AIza|ya29|GOCSPX|eyJ|npm_|pypi-|hf_"
)
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s/:@'\"<>{}$]{0,128}:(?P<url>[^\s/@'\"<>{}$]{3,256})@")
_NAMED = re.compile(
    r"(?i:key|token|secret|passwd|password|pwd|credential|auth)[A-Za-z0-9_.-]{0,40}[\"']?\s{0,4}"
    r"(?::\s{0,4}str\s{0,4})?[:=]{1,2}>?\s{0,4}(?:[brufBRUF]{0,2}(?P<quote>[\"']))?"
    r"(?P<value>[A-Za-z0-9+/=_.~-]{16,512})(?![A-Za-z0-9+/=_.~(\[-])"
)
_CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_NAMES = re.compile(r"(?i)key|token|secret|passw|pwd|credential|auth")
_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=]{40,}")
_MAX_KEY_LINES = 200
_PLACEHOLDER = re.compile(r"«secret:[a-z]+:[0-9a-f]{6}»")

_CREDENTIAL_NAMES = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".pgpass", ".pypirc", ".npmrc",
    ".git-credentials", ".htpasswd", "credentials", "credentials.json", "service-account*.json",
    "secrets.y*ml", "secrets.toml", "secrets.json",
)  # fmt: skip
_HARMLESS_NAMES = (".env.example", ".env.sample", ".env.template", ".env.dist", "*.pub")
_MIN_BITS = 3.5


class Secret(msgspec.Struct, frozen=True):
    """A secret found in a line, and what is shown in its place."""

    line: int
    start: int
    end: int
    value: str
    placeholder: str


class Redacted(msgspec.Struct, frozen=True):
    """A text as it may be shown. `lines` keep their ends; `secrets` are in the order of the text."""

    lines: tuple[str, ...]
    secrets: tuple[Secret, ...]


class SecretElsewhereError(ValueError):
    """A placeholder stands where its secret did not stand before. `placeholder` is the first such."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(placeholder)
        self.placeholder = placeholder


def redact(text: str) -> Redacted:
    """Return `text` line by line with every secret replaced by its placeholder."""
    lines = lines_of(text)
    secrets = tuple(_secrets(lines, text))
    shown = list(lines)
    for secret in reversed(secrets):
        line = shown[secret.line]
        shown[secret.line] = line[: secret.start] + secret.placeholder + line[secret.end :]
    return Redacted(tuple(shown), secrets)


def hidden(text: str) -> str:
    """Return `text` as it may be shown where nothing of it will be written back: output, findings, signatures."""
    return "".join(redact(text).lines)


def restore(text: str, secrets: Iterable[Secret]) -> str:
    """Return `text` with placeholders turned back into `secrets`, those of the lines that it replaces.

    Raises SecretElsewhereError where a placeholder has no such secret, or two that it could mean.
    """
    values: dict[str, set[str]] = {}
    for secret in secrets:
        values.setdefault(secret.placeholder, set()).add(secret.value)

    def back(found: re.Match[str]) -> str:
        known = values.get(found[0], set())
        if len(known) != 1:
            raise SecretElsewhereError(found[0])
        return next(iter(known))

    return _PLACEHOLDER.sub(back, text)


def is_credential_file(path: str) -> bool:
    """Whether a file of this name holds credentials by custom, so that it is never shown."""
    name = path.rpartition("/")[2].lower()
    if any(fnmatchcase(name, pattern) for pattern in _HARMLESS_NAMES):
        return False
    return any(fnmatchcase(name, pattern) for pattern in _CREDENTIAL_NAMES) or "/.ssh/" in f"/{path}"


def _secrets(lines: Sequence[str], text: str) -> Iterator[Secret]:
    keys = _key_lines(lines) if "PRIVATE KEY" in text else ()
    for number, line in enumerate(lines):
        if number in keys:
            yield from _key_line(number, line)
        else:
            yield from _apart(number, line, _found(line))


def _key_lines(lines: Sequence[str]) -> set[int]:
    """Return the lines inside of private keys; of one that has no end, those that look like it."""
    inside: set[int] = set()
    for begin, line in enumerate(lines):
        if begin in inside or not _KEY_BEGIN.search(line) or _KEY_END.search(line):
            continue
        near = range(begin + 1, min(len(lines), begin + _MAX_KEY_LINES))
        end = next((n for n in near if _KEY_END.search(lines[n])), None)
        if end is None:
            end = next((n for n in near if not _KEY_BODY.search(lines[n])), near.stop)
        inside |= set(range(begin + 1, end))
    return inside


def _found(line: str) -> Iterator[tuple[int, int, str]]:
    if "-----BEGIN" in line and (begin := _KEY_BEGIN.search(line)) and (end := _KEY_END.search(line, begin.end())):
        yield begin.end(), end.start(), "key"
    if _MARKS.search(line):
        for found in _ISSUED.finditer(line):
            yield found.start(), found.end(), found.lastgroup or "key"
    if "://" in line:
        for found in _URL.finditer(line):
            yield *found.span("url"), "url"
    if _NAMES.search(line):
        for found in _NAMED.finditer(line):
            plain = found["quote"] is None and _CODE.fullmatch(found["value"]) and "." in found["value"]
            if not plain and _looks_random(found["value"]):
                yield *found.span("value"), "value"


def _apart(number: int, line: str, found: Iterable[tuple[int, int, str]]) -> Iterator[Secret]:
    done = 0
    for start, end, kind in sorted(found):
        if start >= done and end > start:
            done = end
            yield _secret(number, start, end, line[start:end], kind)


def _key_line(number: int, line: str) -> Iterator[Secret]:
    body = line_body(line)
    value = body.strip()
    if value:
        start = body.index(value)
        yield _secret(number, start, start + len(value), value, "key")


def _secret(number: int, start: int, end: int, value: str, kind: str) -> Secret:
    mark = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=3, person=b"bridle-secret")
    return Secret(number, start, end, value, f"«secret:{kind}:{mark.hexdigest()}»")


def _looks_random(value: str) -> bool:
    """Whether `value` mixes kinds of characters and holds many bits a character, as no word or path does."""
    if not (re.search(r"[0-9]", value) and re.search(r"[A-Za-z]", value)):
        return False
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    if re.fullmatch(r"[0-9a-f-]+", value):
        return len(value) >= 32 and bits > 3.0
    changes = sum(_sort_of(a) != _sort_of(b) for a, b in pairwise(value))
    return bits >= _MIN_BITS and changes >= len(value) / 5


def _sort_of(character: str) -> int:
    return 0 if character.isdigit() else 1 if character.islower() else 2 if character.isupper() else 3
