"""Small programs on a command line that can be looked through: what of them is more than reading and printing.

Each function returns why a script is not known to be harmless, "" when it is. What these do not know is not harmless.
"""

from __future__ import annotations

import re

_ADDRESS = r"(?:\d+(?:~\d+)?|\$|/(?:\\.|[^/\\\n])*/I?)"
_SED_ADDRESSES = re.compile(rf"\s*(?:{_ADDRESS}(?:\s*,\s*(?:{_ADDRESS}|[+~]\d+))?)?\s*!?\s*")
_SED_PLAIN = re.compile(r"[pPdDgGhHnNx=lzF](?=\s*(?:[;}\n]|$))|[qQl]\s*\d*(?=\s*(?:[;}\n]|$))|[{}]")
_SED_FLAGS = re.compile(r"[gpiImM0-9]*(?=\s*(?:[;}\n]|$))")
_SED_DELIMITERS = "/,|#@%~!"
_SED_BRACKET = re.compile(rf"\[[^\]]*[{re.escape(_SED_DELIMITERS)}]")
_SED_BETWEEN = re.compile(r"[\s;]*")
_AWK = re.compile(r"system|getline|close|fflush|ENVIRON|PROCINFO|ARGV|[|>@`]")
_JQ = re.compile(
    r"\$?\bENV\b|\benv\b|\$__prog|\bimport\b|\binclude\b|\binput_filename\b|\bdebug\b|\bstderr\b|@sh|\bget_search_list\b"
)
_SETS_ID = re.compile(r"(?:^|,)[ugoa]*(?:[+=-][rwxXtugo]*)*[+=][rwxXtugo]*s|^[0-7]*[2-7][0-7]{3}$")


def sed_concern(script: str) -> str:
    """A sed script may print, delete and replace; it can also write, read and run."""
    if _SED_BRACKET.search(script):
        return "seds differ in where a pattern ends that has its delimiter between brackets"
    at = 0
    while True:
        at = _match_end(_SED_BETWEEN, script, at)
        if at >= len(script):
            return ""
        at = _match_end(_SED_ADDRESSES, script, at)
        after = _match_end(_SED_PLAIN, script, at)
        if after == at:
            after = _substitution_end(script, at)
        if after == at:
            return f"it can write or run: {script[at : at + 20]!r} is not known to be harmless in sed"
        at = after


def awk_concern(script: str) -> str:
    """An awk program may compute and print; it can also write, read and run."""
    found = _AWK.search(script)
    return f"{found[0]!r} in an awk program can write, read or run" if found else ""


def jq_concern(script: str) -> str:
    """A jq filter may compute; it can also tell the environment and load files."""
    found = _JQ.search(script)
    return f"{found[0]!r} in a jq filter tells or loads more than its input" if found else ""


def sets_identity(mode: str) -> bool:
    """Whether permission bits let a program run as somebody else."""
    return bool(_SETS_ID.search(mode))


def _substitution_end(script: str, at: int) -> int:
    """Return where the ``s`` or ``y`` that begins at `at` ends, `at` when there is none that is harmless."""
    if script[at : at + 1] not in ("s", "y") or len(script) < at + 2:
        return at
    delimiter = script[at + 1]
    if delimiter not in _SED_DELIMITERS:
        return at
    place, n_found = at + 2, 0
    while place < len(script) and n_found < 2:
        if script[place] == "\\":
            place += 1
        elif script[place] == delimiter:
            n_found += 1
        elif script[place] == "\n":
            return at
        place += 1
    found = _SED_FLAGS.match(script, place)
    return found.end() if n_found == 2 and found is not None else at


def _match_end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()
