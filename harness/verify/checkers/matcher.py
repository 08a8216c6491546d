"""Finds complaints in lines of output by patterns that somebody else wrote, the way of an editor's problem matchers.

A pattern can be made to take for ever. So this file is a program too, of the standard library alone: it is given one
JSON document on its standard input and answers with another, and whoever started it ends it when its time is over.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence

MAX_LINE = 4_000
MAX_MATCHES = 200_000
GROUPS = ("file", "line", "column", "end_line", "end_column", "severity", "code", "message")

Match = dict[str, str]


def matches(patterns: Sequence[str], text: str) -> Iterator[Match]:
    """Yield the named groups of each complaint.

    Several patterns are for lines that follow each other; the last of them may match many times in a row, each with
    what the lines before it said.
    """
    compiled = [re.compile(pattern) for pattern in patterns]
    before: Match = {}
    at = 0
    for line in text.splitlines():
        found = compiled[at].search(line[:MAX_LINE])
        if found is None and at:
            before, at = {}, 0
            found = compiled[0].search(line[:MAX_LINE])
        if found is None:
            continue
        said = before | {name: value for name, value in found.groupdict().items() if value is not None}
        if at < len(compiled) - 1:
            before, at = said, at + 1
        else:
            yield {"message": line.strip()[:MAX_LINE], **said}


def counted(pattern: str, text: str) -> int:
    """Return the number in the last match: its group ``n``, else its first group, else how often it matches."""
    n_found, last = 0, None
    for line in text.splitlines():
        for found in re.finditer(pattern, line[:MAX_LINE]):
            n_found, last = n_found + 1, found
    if last is None or not last.re.groups:
        return n_found
    value = last["n"] if "n" in last.re.groupindex else last[1]
    digits = re.sub(r"[^0-9]", "", value or "")[:9]
    return int(digits) if digits else n_found


def main() -> None:
    """Answer one question."""
    asked = json.load(sys.stdin)
    found: list[Match] = []
    if asked["patterns"]:
        for match in matches(asked["patterns"], asked["text"]):
            found.append(match)
            if len(found) >= MAX_MATCHES:
                break
    n_counted = counted(asked["counts"], asked["text"]) if asked["counts"] else None
    json.dump({"matches": found, "counted": n_counted}, sys.stdout)


if __name__ == "__main__":
    main()
