"""Which resources of a server may be spoken of: its own, and files inside of the workspace that may be read. Pure but
for looking where a path leads.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from bridle.context.redact import is_credential_file
from bridle.harness.permission.decide import judge
from bridle.harness.permission.rules import Policy

MAX_URI_CHARS = 2_048
_ENCODED = re.compile(r"%[0-9a-fA-F]{2}")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_SCRIPTS = frozenset(("data", "javascript", "vbscript", "blob", "about"))


def refusal_of(uri: str, policy: Policy) -> str:
    """Return why a resource is refused, "" when it is not."""
    if len(uri) > MAX_URI_CHARS or _UNPRINTABLE.search(uri):
        return "its address is too long or has characters that no address has"
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "its address cannot be read"
    path = unquote(parts.path)
    if not _SCHEME.fullmatch(parts.scheme) or parts.scheme in _SCRIPTS:
        return "its address has no scheme that names a thing"
    if _ENCODED.search(path) or "\\" in path or "\0" in path:
        return "its address is encoded twice, or hides a part of itself"
    if parts.scheme != "file":
        return _of_their_own(f"{parts.netloc}/{path}")
    if parts.netloc not in ("", "localhost"):
        return "it is a file on another machine"
    decision = judge(policy, "Read", path)
    return "" if decision.verdict == "allow" else decision.reason


def _of_their_own(path: str) -> str:
    """Judge an address whose meaning is the server's own."""
    if ".." in path.split("/"):
        return "its address climbs out of where it begins"
    return "it is a file of credentials" if is_credential_file(path) else ""
