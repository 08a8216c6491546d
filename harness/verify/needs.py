"""What a check needs beyond the sandbox: the person's words for it, what they grant, and the signs that one is missing.

A check that fails on the person's own tree, because its database refuses the connection or its configuration is out of
sight, says nothing about a change. It is unknown, and told is what it needs: `loopback:PORT`, `host:NAME`, `env:NAME`
or `read:PATH`, each granted by the person's own settings alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from bridle.harness.nouns import Finding, UserProblem, Verdict
from bridle.harness.permission.protected import protection
from bridle.harness.shadow.contract import Access

NEVER = frozenset(("ANTHROPIC_API_KEY",))
"""What no child process is handed, whoever asks."""
KINDS = 'write "loopback:PORT", "host:NAME", "env:NAME" or "read:PATH"'
SOME_PORT = "PORT"
"""Stands for the port where a failure does not tell it."""

_HOST = re.compile(r"(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?|\[[0-9a-fA-F:]+\](?::\d{1,5})?")
_REFUSED = re.compile(r"(?i)connection ?refused|ECONNREFUSED|connect call failed|actively refused")
_SURELY_REFUSED = re.compile(r"\bConnectionRefusedError\b|\bECONNREFUSED\b|\[Errno 111\]")
_OUT_OF_REACH = re.compile(
    r"(?i)name resolution|name or service not known|network is unreachable|ENETUNREACH|EAI_AGAIN|ENOTFOUND"
)
_PORT = re.compile(r"(?i)(?:127\.0\.0\.1|localhost|\[?::1\]?)['\")]*(?::|,? ?port[ =:]*|, ?)(\d{2,5})\b")
_FAR = re.compile(
    r"""(?i)host=?[ '"]+([a-z0-9.-]+\.[a-z]{2,})['"],? ?port=(\d{2,5})|https?://([a-z0-9.-]+\.[a-z]{2,})"""
    r"""|\b(?:EAI_AGAIN|ENOTFOUND) ([a-z0-9.-]+\.[a-z]{2,})"""
)
_MISSING = re.compile(r"""(?:No such file or directory|ENOENT)[^'"\n]*['"](/[^'"\n]+)['"]""")
_SECRET = re.compile(r"(?i)key|token|secret|pass|pwd|credential|auth|cookie|session|private|pat$|dsn|url")
_UNSET = re.compile(r"""KeyError: ['"]?([A-Z][A-Z0-9_]+)['"]?""")


def access_of(needs: Sequence[str]) -> Access:
    """Return what these needs grant. Raises UserProblem for one that says nothing we know."""
    ports: list[int] = []
    hosts: list[str] = []
    variables: list[str] = []
    readable: list[Path] = []
    for need in needs:
        kind, _, what = need.partition(":")
        if kind == "loopback" and what.isdecimal() and 0 < int(what) < 65536:
            ports.append(int(what))
        elif kind == "host" and _HOST.fullmatch(what):
            hosts.append(what)
        elif kind == "env" and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", what) and what not in NEVER:
            variables.append(what)
        elif kind == "read" and what.startswith(("/", "~/")):
            readable.append(Path(what).expanduser())
        else:
            raise UserProblem(f"{need!r} is nothing that a check can be granted", KINDS)
    return Access(tuple(ports), tuple(variables), tuple(readable), tuple(hosts))


def excused(verdict: Verdict, known: Sequence[Finding], hidden: Sequence[Path], told_in: str) -> Verdict:
    """Return the verdict, unknown where all that failed was known before and lacks what the sandbox keeps from it.

    `known` are the findings that the tree has without the change; `hidden` are the folders out of sight; `told_in` is
    the person's file, for the next step.
    """
    if verdict.outcome != "fail" or not verdict.findings or len(known) < len(verdict.findings):
        return verdict
    lacks = [lacking(f"{finding.message}\n{finding.detail}", os.environ, hidden) for finding in known]
    if not all(lacks):
        return verdict
    needs = sorted({need for lacked in lacks for need in lacked})
    words = ", ".join(f'"{need}"' for need in needs)
    return msgspec.structs.replace(
        verdict,
        outcome="unknown",
        reason=f"needs {', '.join(needs)}: this fails without the change too, because the sandbox keeps it away",
        next_step=f"to grant it, write into {told_in}: [checks.{_key(verdict.check)}] needs = [{words}]",
        findings=tuple(msgspec.structs.replace(finding, severity="information") for finding in verdict.findings),
        needs=tuple(needs) if all(map(_is_harmless, needs)) else (),
    )


def _key(check: str) -> str:
    """Return a check's name as a key of TOML, in which a colon must be quoted."""
    return check if re.fullmatch(r"[A-Za-z0-9_-]+", check) else f'"{check}"'


def lacking(text: str, ours: Mapping[str, str], hidden: Sequence[Path]) -> tuple[str, ...]:
    """Return the needs that a failure's text shows signs of; `ours` is our own environment."""
    found: list[str] = []
    if _REFUSED.search(text):
        ports = _PORT.findall(text) or ([SOME_PORT] if _SURELY_REFUSED.search(text) else [])
        found += [f"loopback:{port}" for port in ports]
    if _OUT_OF_REACH.search(text):
        found += [f"host:{host or url or name}" + _unusual(port) for host, port, url, name in _FAR.findall(text)]
    found += [f"env:{name}" for name in _UNSET.findall(text) if name in ours and name not in NEVER]
    for named in _MISSING.findall(text):
        path = Path(named)
        home = next((folder for folder in hidden if path.is_relative_to(folder)), None)
        if home and path.exists() and protection(path.relative_to(home).as_posix(), "Read") is None:
            found.append(f"read:{path}")
    return tuple(sorted(set(found)))


def _is_harmless(need: str) -> bool:
    """Whether a need may be granted by one answer. The text that names it is the tests' own, which may be hostile.

    A way out of the machine, and a variable that may hold a secret, the person writes down themselves.
    """
    kind, _, what = need.partition(":")
    return kind == "read" or (kind == "loopback" and what != SOME_PORT) or (kind == "env" and not _SECRET.search(what))


def _unusual(port: str) -> str:
    return "" if port in ("", "80", "443") else f":{port}"
