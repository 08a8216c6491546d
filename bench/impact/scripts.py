"""The TypeScript project of the bench: mutants in a shadow, the product's own check on each.

What impact chooses runs as `bridle verify --impact` runs it. Mutants that nothing of it notices are put in together,
one a file, and all tests run: where those say no more than they say of the unchanged tree, none was missed; else each
by itself.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bridle.harness.nouns import Finding, Verdict
from bridle.harness.shadow.shadow import open_shadow
from bridle.harness.verify.checks import is_script_test
from bridle.harness.verify.finders.discover import discover
from bridle.harness.verify.impact.memory import Memory
from bridle.harness.verify.job import ALL, IMPACT, Which
from bridle.harness.verify.ladder import Witness, verify
from bridle.harness.verify.mutants.mutant import Mutant
from bridle.harness.verify.mutants.scripts import mutants

TOGETHER = 24
TIMEOUT_S = 1800.0


class Trial:
    """One project under one shadow, all of whose tests ran once: what they said is kept beside the shadow."""

    def __init__(self, root: Path, state: Path, enough: int) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._enough = enough
        self._state = state
        self.shadow = open_shadow(root, state / "shadows")
        self.memory = Memory(state)
        self._check = next(one for one in discover(root, None, {}) if one.tool == "vitest")
        kept = state / "ground.json"
        if not kept.exists():
            kept.write_bytes(msgspec.json.encode(self._verdict(ALL, ())))
        self.ground = msgspec.json.decode(kept.read_bytes(), type=Verdict)
        self.n_tests = self.ground.passed

    def _verdict(self, which: Which, baseline: Sequence[Finding]) -> Verdict:
        [judged] = verify(
            self.shadow,
            [self._check],
            Witness(memory=self.memory if which.impact or not baseline else None, which=which),
            baseline=baseline,
            cancel=threading.Event(),
            timeout_s=TIMEOUT_S,
        )
        return judged

    def judge(self, changes: Mapping[str, bytes], *, whole: bool = False) -> Verdict:
        """Return what the tests say of these changes, with its findings told apart from those of the ground."""
        before = {path: self.shadow.read(path) for path in changes}
        try:
            for path, data in changes.items():
                self.shadow.write(path, data)
            which = ALL if whole else msgspec.structs.replace(IMPACT, enough=self._enough)
            return self._verdict(which, self.ground.findings)
        finally:
            for path, was in before.items():
                self.shadow.write(path, was)


def sample(root: Path, package: str, number: int) -> list[tuple[Mutant, bytes]]:
    """Return a seeded sample of the mutants of the project's code, with the text of each."""
    found: list[tuple[Mutant, bytes]] = []
    for file in sorted((root / package).rglob("*.ts")):
        path = file.relative_to(root).as_posix()
        if not is_script_test(path) and not path.endswith(".d.ts"):
            data = file.read_bytes()
            found += ((mutant, data) for mutant in mutants(path, data.decode()))
    return random.Random(1).sample(found, min(number, len(found)))  # noqa: S311  # the same on every run


def results(root: Path, package: str, number: int, place: Path, until: float, enough: int) -> list[dict[str, Any]]:
    """Return one result a mutant; those of an earlier run first."""
    kept = place / "impact.jsonl"
    lines = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    done = {line["mutant"]: line for line in lines if line["project"] == root.name}
    chosen = sample(root, package, number)
    waiting: list[tuple[str, Mutant, bytes, dict[str, Any]]] = []
    trial: Trial | None = None

    def settle() -> None:
        assert trial is not None
        with kept.open("a") as stream:
            for key, result in _settled(trial, waiting):
                done[key] = {"project": root.name, "mutant": key, **result}
                stream.write(json.dumps(done[key]) + "\n")
        waiting.clear()

    for mutant, data in chosen:
        key = f"{mutant.path}:{mutant.start}:{mutant.end}:{mutant.text}"
        if key in done:
            continue
        if time.monotonic() > until:
            break
        if trial is None:
            trial = Trial(root, place / f"{root.name}-state", enough)
            failing = len({finding.test for finding in trial.ground.findings})
            print(
                f"{root.name}: {trial.n_tests} tests pass, {failing} fail unchanged, in {trial.ground.seconds:.0f} s",
                flush=True,
            )
        waiting.append((key, mutant, data, _by_impact(trial, mutant, data)))
        if sum(not one[3]["failed"] for one in waiting) >= TOGETHER:
            settle()
    if waiting:
        settle()
    return [
        done[key] for mutant, _ in chosen if (key := f"{mutant.path}:{mutant.start}:{mutant.end}:{mutant.text}") in done
    ]


def _by_impact(trial: Trial, mutant: Mutant, data: bytes) -> dict[str, Any]:
    began = time.monotonic()
    verdict = trial.judge({mutant.path: mutant.applied(data)})
    new = [finding for finding in verdict.findings if finding.new]
    n_ran = verdict.passed + len({finding.test for finding in verdict.findings})
    wide = not verdict.extent
    share = 1.0 if wide else min(1.0, n_ran / max(1, trial.n_tests))
    noticed = (new[0].test or new[0].path) if new else ("" if verdict.outcome in ("pass", "fail") else verdict.reason)
    return {
        "operator": mutant.operator,
        "what": mutant.what,
        "share": share,
        "run": share,
        "widened": verdict.reason if wide else "",
        "strata": [],
        "seconds": round(time.monotonic() - began, 2),
        "failed": noticed,
        "group": 0 if noticed else -1,
        "n_ran": n_ran,
        "how": verdict.outcome,
    }


def _settled(
    trial: Trial, waiting: Sequence[tuple[str, Mutant, bytes, dict[str, Any]]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the results, those that nothing noticed once all tests have run on them."""
    unnoticed = [one for one in waiting if not one[3]["failed"]]
    yield from ((key, result) for key, _, _, result in waiting if result["failed"])
    while unnoticed:
        together: dict[str, tuple[str, Mutant, bytes, dict[str, Any]]] = {}
        for one in unnoticed:
            together.setdefault(one[1].path, one)
        verdict = trial.judge({path: one[1].applied(one[2]) for path, one in together.items()}, whole=True)
        apart = _new(verdict)
        for key, mutant, data, result in together.values():
            missed = _new(trial.judge({mutant.path: mutant.applied(data)}, whole=True)) if apart else ""
            yield key, {**result, "failed": missed, "group": 1} if missed else result
        unnoticed = [one for one in unnoticed if together[one[1].path] is not one]


def _new(verdict: Verdict) -> str:
    """Return a test that fails and did not before, "" for none."""
    return next((finding.test or finding.path for finding in verdict.findings if finding.new), "")
