"""What a change opens: secrets, doors in code, new dependencies; on its new lines alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bridle.harness.nouns import Flag
from bridle.harness.verify.gates.source import TEST_FOLDERS, Change
from bridle.harness.verify.security.concerns import Concern, Files, NewLines, unlike
from bridle.harness.verify.security.dependencies import new_dependencies
from bridle.harness.verify.security.python_sinks import python_concerns
from bridle.harness.verify.security.script_sinks import script_concerns
from bridle.harness.verify.security.secrets import secrets_in

GATES = {"dependency": "dependency", "secret": "secret"}
ASIDE = frozenset(("examples", "example", "docs", "doc", "docs_src", "benchmarks", "benchmark", "fixtures", "samples"))
"""Folders of what nobody runs in earnest."""


def judge_security(files: Files) -> tuple[Concern, ...]:
    """Return the concerns of a patch, in order of path and line; what it only moves is none."""
    new = NewLines(files)
    found: list[Concern] = []
    before, after = (list(_all(files, side)) for side in (0, 1))
    found += [concern for concern in unlike(after, before) if new.touches(concern)]
    asked: set[str] = set()
    known = {name for path, (text, _) in files.items() for name in _named(path, text)}
    for path in sorted(files):
        for concern in new_dependencies(path, *files[path]):
            if concern.said not in asked and concern.said not in known:
                asked.add(concern.said)
                found.append(concern)
    return tuple(sorted(found, key=lambda one: (one.path, one.start_line, one.code, one.said)))


def flags_of(concerns: tuple[Concern, ...]) -> tuple[Flag, ...]:
    """Return the concerns as objections: a person decides about secrets and new packages, of the rest they are told."""
    return tuple(
        Flag(
            GATES.get(one.kind, "security"),
            one.path,
            one.start_line,
            one.message,
            one.remedy,
            blocks=one.code in ("dependency", "secret"),
        )
        for one in concerns
    )


def _all(files: Files, side: int) -> Iterator[Concern]:
    for path in sorted(files):
        text = files[path][side]
        if not text or files[path][0] == files[path][1]:
            continue
        change = Change(path, None, None)
        folders = set(path.split("/")[:-1])
        aside = change.is_test_side or bool((TEST_FOLDERS | ASIDE) & folders) or not change.language
        yield from secrets_in(path, text, in_tests=aside)
        if change.language == "python":
            yield from python_concerns(path, text, in_tests=aside)
        elif change.language == "js":
            yield from script_concerns(path, text, in_tests=aside)


def _named(path: str, text: str | None) -> Iterator[str]:
    """Yield the packages that a manifest named before, so that one that moves to another manifest is not new."""
    yield from (concern.said for concern in new_dependencies(path, None, text))
