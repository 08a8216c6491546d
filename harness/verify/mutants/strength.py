"""Whether tests would notice: puts small faults into changed lines, one at a time, and runs the tests that reach them.

Works in a shadow of its own that is thrown away. Bounded by a number and by time, and ends when it is cancelled.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.shadow.contract import Shadow
from bridle.harness.verify.checkers import jest, pytest, vitest
from bridle.harness.verify.checks import Check, is_script_test
from bridle.harness.verify.impact.coverage import changed_lines
from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.job import IMPACT, Job
from bridle.harness.verify.mutants import python, scripts
from bridle.harness.verify.mutants.mutant import Mutant
from bridle.indexer.encoding import UndecodableError, decode
from bridle.indexer.languages.trees import language_of, tree_of

CHECK = "strength"
MAX_MUTANTS = 40
MAX_ONE_S = 60.0
TESTERS: Mapping[str, tuple[str, Callable[[Job], bool | None]]] = {
    "pytest": ("python", pytest.notices),
    "vitest": ("js", vitest.notices),
    "jest": ("js", jest.notices),
}
"""The tools whose tests faults are held against: the language of what they test, and how they are asked."""


class Trial(msgspec.Struct, frozen=True):
    """What trying some faults out came to. `n_sites` counts all that there are on the changed lines."""

    n_sites: int = 0
    killed: int = 0
    survivors: tuple[Mutant, ...] = ()
    unclear: int = 0

    @property
    def tried(self) -> int:
        """How many came to an answer."""
        return self.killed + len(self.survivors)

    def with_(self, other: Trial) -> Trial:
        """Return what both came to."""
        return Trial(
            self.n_sites + other.n_sites,
            self.killed + other.killed,
            (*self.survivors, *other.survivors),
            self.unclear + other.unclear,
        )


def sites(changes: Mapping[str, tuple[str | None, str]]) -> list[Mutant]:
    """Return the faults that can be put on changed lines; `changes` is path → text before and after."""
    found: list[Mutant] = []
    for path, (before, after) in sorted(changes.items()):
        find = {"python": python.mutants, "js": scripts.mutants}.get(language_of(path))
        if find is not None:
            mask = changed_lines(before, after)
            found += find(path, after, {n for n in range(mask.bit_length()) if mask >> n & 1})
    return found


def spread(found: Sequence[Mutant], most: int) -> list[Mutant]:
    """Return at most so many, spread evenly over all."""
    if len(found) <= most:
        return list(found)
    return [found[n * len(found) // most] for n in range(most)]


def strength(
    shadow: Shadow,
    check: Check,
    memory: Memory,
    changes: Mapping[str, tuple[str | None, str]],
    *,
    cancel: threading.Event,
    seconds: float,
    now: Callable[[], float] = time.monotonic,
) -> Trial:
    """Try faults on the changed lines until all are tried, time is up, or `cancel` is set."""
    language, _ = TESTERS[check.tool]
    code = {path: one for path, one in changes.items() if language_of(path) == language and check.owns(path)}
    found = sites({path: one for path, one in code.items() if not _is_test_file(path, memory, check)})
    until = now() + seconds
    trial = Trial(n_sites=len(found))
    for mutant in spread(found, MAX_MUTANTS):
        left = until - now()
        if left <= 0 or cancel.is_set():
            break
        trial = _tried(shadow, check, memory, mutant, trial, cancel, min(left, MAX_ONE_S))
    return trial


def _is_test_file(path: str, memory: Memory, check: Check) -> bool:
    known = memory.known(check.name)
    if language_of(path) == "js":
        return is_script_test(path)
    return known is not None and path in known.evidence.test_files


def _tried(
    shadow: Shadow,
    check: Check,
    memory: Memory,
    mutant: Mutant,
    trial: Trial,
    cancel: threading.Event,
    timeout_s: float,
) -> Trial:
    data = shadow.read(mutant.path)
    if data is None:
        return trial
    faulty = _faulty(data, mutant)
    if faulty is None:
        return trial
    shadow.write(mutant.path, faulty)
    try:
        told = TESTERS[check.tool][1](Job(check, shadow, shadow.tree(), (), timeout_s, cancel, memory, IMPACT))
    finally:
        shadow.write(mutant.path, data)
    if told is None:
        return msgspec.structs.replace(trial, unclear=trial.unclear + 1)
    if told:
        return msgspec.structs.replace(trial, killed=trial.killed + 1)
    return msgspec.structs.replace(trial, survivors=(*trial.survivors, mutant))


def _faulty(data: bytes, mutant: Mutant) -> bytes | None:
    """Return the file with the fault in it, None where that is no program, or not in UTF-8 with plain line ends."""
    try:
        if b"\r" in data or decode(data).text.encode() != data:
            return None
        faulty = mutant.applied(data)
        if language_of(mutant.path) != "python":
            tree = tree_of(mutant.path, faulty.decode())
            return faulty if tree is not None and not tree.root_node.has_error else None
        compile(faulty, mutant.path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, UndecodableError, RecursionError, MemoryError):
        return None
    return faulty


def as_verdict(trial: Trial, like: Verdict, seconds: float) -> Verdict | None:
    """Return what the trial says as a verdict beside that of the tests, None where nothing was tried.

    Survivors are told and spoil nothing: a fault that no test notices may be one that nobody could.
    """
    if not trial.tried and not trial.unclear:
        return None
    findings = tuple(_finding(mutant) for mutant in trial.survivors)
    left = trial.n_sites - trial.tried
    reason = f"{trial.killed} of {trial.tried} mutants of this change killed" + (f", {left} not tried" if left else "")
    return Verdict(
        check=CHECK,
        outcome="pass" if trial.tried else "unknown",
        seconds=seconds,
        tree=like.tree,
        rung=like.rung,
        collected=trial.tried,
        passed=trial.killed,
        findings=findings,
        reason=reason,
        unit="mutant",
    )


def _finding(mutant: Mutant) -> Finding:
    return Finding(
        check=CHECK,
        path=mutant.path,
        start_line=mutant.line,
        end_line=mutant.line + 1,
        message=f"no test notices when {mutant.what}",
        code="survived",
        severity="information",
        fingerprint=f"{CHECK}:{mutant.path}:{mutant.start}:{mutant.end}:{mutant.text}",
    )
