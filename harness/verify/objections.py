"""All objections to a patch: to what it does to the proof, and to what it opens. Pure."""

from __future__ import annotations

from bridle.harness.nouns import Flag
from bridle.harness.verify.gates.judging import judge
from bridle.harness.verify.gates.source import Read
from bridle.harness.verify.security.concerns import Files
from bridle.harness.verify.security.judging import flags_of, judge_security
from bridle.indexer.encoding import text_of


def as_judged(data: bytes | None) -> str | None:
    """Return a file as the gates read it: its text, "" for one that is there and no text, None where there is none."""
    return None if data is None else text_of(data) or ""


def objections(files: Files, read: Read | None = None) -> tuple[Flag, ...]:
    """Return the objections in order of path and line; `files` and `read` as for `gates.judging.judge`."""
    found = {*judge(files, read), *flags_of(judge_security(files))}
    return tuple(sorted(found, key=lambda flag: (flag.path, flag.start_line, flag.gate, flag.reason)))
