"""Tests, by Node's own runner with our reporter beside its own. Saved test files narrow it to themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from bridle.harness.nouns import Verdict
from bridle.harness.verify.checkers.node_session import Run, run_and_judge, script_tests
from bridle.harness.verify.checkers.pytest import PLUGINS
from bridle.harness.verify.checks import is_script_test
from bridle.harness.verify.globs import is_pattern, matches
from bridle.harness.verify.job import Job, told
from bridle.harness.verify.survey import join

REPORTERS = (
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    f"--test-reporter={PLUGINS / 'bridle_node_test.mjs'}",
    "--test-reporter-destination=stderr",
)
TAKES_A_WORD = frozenset(
    (
        *("--import", "--require", "-r", "--loader", "--experimental-loader", "--conditions", "-C", "--env-file"),
        *("--test-concurrency", "--test-timeout", "--test-name-pattern", "--test-skip-pattern"),
    )
)
"""The flags of Node that take the next word as theirs."""


def check(job: Job) -> Verdict:
    """Run the tests that the project's script names, or those in `job.paths` when they are all test files."""
    program, *words = job.check.command
    flags, named = _parted(words)

    def only(tests: Sequence[str]) -> Run:
        files = [f"./{told(job, path)}" for path in tests] or list(_files(job, named))
        return Run((*flags, *REPORTERS, *files), "loader", files=tuple(tests))

    bare = msgspec.structs.replace(job, check=msgspec.structs.replace(job.check, command=(program,)))
    return run_and_judge(bare, only(script_tests(job, job.paths)), only)


def _parted(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the flags of a command, each with the word that it takes, and what is left: files and patterns."""
    flags: list[str] = []
    named: list[str] = []
    takes = False
    for word in words:
        (flags if takes or word.startswith("-") else named).append(word)
        takes = word in TAKES_A_WORD
    return flags, named


def _files(job: Job, named: Sequence[str]) -> Iterator[str]:
    """Yield the files that the words of a script stand for; none where Node is to look for them.

    Node itself knows patterns only from its version 21 on, and none of what other packages have of their own.
    """
    own = sorted(path for path in job.tree.files if job.check.owns(path))
    for word in named:
        pattern = join(job.check.package, word.removeprefix("./").rstrip("/"))
        fitting = [path for path in own if is_pattern(word) and matches(path, pattern)]
        yield from (f"./{told(job, path)}" for path in fitting) if fitting else (word,)
    if not named and job.check.without:
        yield from (f"./{told(job, path)}" for path in own if is_script_test(path))
