"""Does impact miss a fault? `BENCH_REPOS=DIR python bench/impact [--smoke] [--mutants N] [--minutes M] [--only NAME]`.

DIR holds the clones `click`, `flask`, `httpx` and `marshmallow`, and for each an environment `venv-NAME` that the
project and its test requirements are installed into; and the clone `es-toolkit` with its node_modules. A seeded sample
of mutants is put into each project's code, one at a time. The tests that impact chooses run first, in its order, until
as many fail as end a run; only where all of them pass does the rest run. A mutant that only the rest notices is
*missed*. *Chosen* is the share of the tests that impact chooses, *run* that of those that ran until there was a
verdict. Each result is a line in `DIR/impact.jsonl`, and a run that was stopped goes on there.

The smoke form does the same to `examples/till`. Exits 1 when a goal is missed, 2 when a clone is not there.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import scripts
from suites import Known, Project, Suite, know, our_own

from bridle.harness.tightening import Proof
from bridle.harness.verify.checkers.pytest_scope import TESTS_A_FAILURE
from bridle.harness.verify.impact.choosing import Change, Selection, choose
from bridle.harness.verify.impact.touches import Touch, touches
from bridle.harness.verify.mutants.mutant import Mutant
from bridle.harness.verify.mutants.python import mutants

PINNED = (
    ("flask", "src/flask", "2ac89889f4cc330eabd50f295dcef02828522c69", 900),
    ("httpx", "httpx", "ae1b9f66238f75ced3ced5e4485408435de10768", 900),
    ("click", "src/click", "2c8cd3ac958a7eb316d67f2d316c27086c4c0369", 1200),
    ("marshmallow", "src/marshmallow", "341b927f219205704728c05cd61f04d7e9727523", 900),
)
"""Name, where its code is, commit, and how many mutants."""
SCRIPTS = ("es-toolkit", "src", "a1918b04e0e46e70000e0b6b048f1aabaafc1afb", 600)
"""The same of the TypeScript project, whose vitest is in its node_modules."""

ENOUGH = Proof().stop_after
MORE = ENOUGH * TESTS_A_FAILURE
MEDIAN, P90, WIDENED = 0.15, 0.40, 0.10
SMOKE_MUTANTS = 60
SMOKE_S = 12.0
MAX_AGAIN = 8
"""How often a mutant is tried anew, each time without one more test that fails unchanged in the same order."""


def main() -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="examples/till only, wide goals")
    parser.add_argument("--mutants", type=int, default=0, help="so many a project")
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after so long and tell what came of it")
    parser.add_argument("--only", default="", help="one project")
    options = parser.parse_args()
    if options.smoke:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            results = list(_results(our_own(place), SMOKE_MUTANTS, place, time.monotonic() + SMOKE_S))
        return _told({"till": results}, smoke=True)
    where = os.environ.get("BENCH_REPOS", "")
    asked = [name for name, *_ in PINNED if options.only in ("", name)]
    missing = [name for name in asked if not _project(Path(where), name)]
    if options.only in ("", SCRIPTS[0]) and not (Path(where) / SCRIPTS[0] / "node_modules" / "vitest").exists():
        missing.append(SCRIPTS[0])
    if not where or missing:
        print(f"BENCH_REPOS={where!r} has no {', '.join(missing)}: clone each, and install it into DIR/venv-NAME")
        print("(es-toolkit: vitest, fast-check, happy-dom, execa and tar into its node_modules)")
        return 2
    until = time.monotonic() + options.minutes * 60
    told: dict[str, list[dict[str, Any]]] = {}
    for n, (name, _, commit, number) in enumerate(PINNED):
        project = _project(Path(where), name)
        if project is None or (options.only and options.only != name):
            continue
        _check_out(project, commit)
        share = (until - time.monotonic()) / (1 if options.only else len(PINNED) - n + 1)
        until_here = time.monotonic() + share
        told[name] = list(_results(project, options.mutants or number, Path(where), until_here))
        _told({name: told[name]}, smoke=False)
    name, package, commit, number = SCRIPTS
    if options.only in ("", name):
        root = (Path(where) / name).resolve()
        _check_out(Project(name, root, "", package, commit), commit)
        told[name] = scripts.results(root, package, options.mutants or number, Path(where), until, ENOUGH)
    return _told(told, smoke=False)


def _project(where: Path, name: str) -> Project | None:
    package, commit = next((package, commit) for one, package, commit, _ in PINNED if one == name)
    python = where / f"venv-{name}" / "bin" / "python"
    there = (where / name / package).is_dir() and python.exists()
    return Project(name, (where / name).resolve(), str(python), package, commit) if there else None


def _check_out(project: Project, commit: str) -> None:
    for command in (["checkout", "-q", commit], ["checkout", "-q", "--", "."]):
        subprocess.run(["git", *command], cwd=project.root, check=True)


# --- one project ------------------------------------------------------------------------------------------------------


def _results(project: Project, number: int, place: Path, until: float) -> Iterator[dict[str, Any]]:
    """Yield one result a mutant; those of an earlier run first."""
    kept = place / "impact.jsonl"
    done = {line["mutant"]: line for line in _kept(kept) if line["project"] == project.name}
    known = know(project, ())
    print(
        f"{project.name}: {len(known.evidence.tests)} tests, whole run {known.plain_s:.1f} s, "
        f"recorded {known.recorded_s:.1f} s; {len(known.failing)} fail or are skipped unchanged",
        flush=True,
    )
    suite = Suite(project, ())
    runner = _Runner(project, known, suite)
    with kept.open("a") as stream:
        for mutant in _sample(project, known, number):
            key = f"{mutant.path}:{mutant.start}:{mutant.end}:{mutant.text}"
            if key not in done:
                if time.monotonic() > until:
                    break
                result = runner.judge(mutant)
                if result is None:
                    continue
                done[key] = {"project": project.name, "mutant": key, **result}
                stream.write(json.dumps(done[key]) + "\n")
                stream.flush()
            yield done[key]
    suite.close()


def _kept(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _sample(project: Project, known: Known, number: int) -> list[Mutant]:
    """Return a seeded sample of all mutants of the project's code, in random order."""
    found = [
        mutant for path, text in known.texts.items() if path.startswith(f"{project.package}/")
        for mutant in mutants(path, text)
    ]  # fmt: skip
    return random.Random(1).sample(found, min(number, len(found)))  # noqa: S311  # the same on every run


_NOT_BEGUN: dict[str, Any] = {"failed": "session", "group": 0, "n_ran": 0, "how": "no test could be collected"}
"""Of a mutant that keeps every session from beginning: whoever runs any test notices."""


class _Runner:
    """Judges the mutants of one project."""

    def __init__(self, project: Project, known: Known, suite: Suite) -> None:
        self._project = project
        self._known = known
        self._suite = suite
        self._rank = {one: n for n, one in enumerate(suite.items)}
        self._stable = [one for one in suite.items if one in known.evidence.tests]  # who was never seen always runs
        self._times = {one: test.seconds for one, test in known.evidence.tests.items()}

    def judge(self, mutant: Mutant) -> dict[str, Any] | None:
        """Return what impact chose and what the tests said; None for a mutant that is no Python."""
        text = self._known.texts[mutant.path]
        source = mutant.applied(text.encode()).decode()
        found = touches(mutant.path, text, source, self._known.evidence.words.__contains__)
        try:
            compile(source, mutant.path, "exec")
        except SyntaxError:
            return None
        selection = choose(self._known.evidence, Change(found))
        chosen = self._in_order(selection)
        rest = [one for one in self._stable if one not in set(chosen) and one not in self._known.failing]
        began = time.monotonic()
        told = self._run(mutant, source, [chosen, rest], found)
        for _ in range(MAX_AGAIN):
            if told["group"] != 1 or not told["failed"]:
                break
            told, disturbed = self._confirmed(mutant, source, [chosen, rest], found, told)
            if not disturbed:
                break
            rest = [one for one in rest if one != disturbed]
            told = self._run(mutant, source, [chosen, rest], found)
        share = 1.0 if selection.everything else len(selection.picks) / max(1, selection.n_known)
        return {
            "operator": mutant.operator,
            "what": mutant.what,
            "share": share,
            "run": min(share, told["n_ran"] / max(1, selection.n_known)) if told["group"] == 0 else share,
            "widened": selection.wider if selection.everything else "",
            "strata": sorted(self._strata(found, selection)),
            "seconds": round(time.monotonic() - began, 2),
            **told,
        }

    def _in_order(self, selection: Selection) -> list[str]:
        """Return the tests as a run would have them: files by their likeliest test, each in its own order."""
        if selection.everything:
            wanted = [pick.id for pick in selection.picks] or list(self._rank)
        else:
            wanted = [pick.id for pick in selection.picks]
        wanted = [one for one in wanted if one in self._rank and one not in self._known.failing]
        files = {file: n for n, file in reversed(list(enumerate(one.partition("::")[0] for one in wanted)))}
        return sorted(wanted, key=lambda one: (files[one.partition("::")[0]], self._rank[one]))

    def _run(self, mutant: Mutant, source: str, groups: list[list[str]], found: tuple[Touch, ...]) -> dict[str, Any]:
        path = self._project.root / mutant.path
        request = {"path": str(path), "source": source, "groups": groups, "times": self._times}
        request |= {"enough": ENOUGH, "more": MORE}
        before, state = path.read_bytes(), path.stat()
        path.write_text(source, "utf-8")
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 5_000_000_000))
        try:
            if not self._on_import(found):
                told = self._suite.run(request)
                if not str(told["how"]).startswith("apart"):
                    return told
            suite = Suite(self._project, (), once=True)
            told = suite.run({**request, "source": ""}) if suite.begun else _NOT_BEGUN
            suite.close()
            return {**told, "group": told["group"] if groups[0] else 1, "apart": True}
        finally:
            path.write_bytes(before)
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    def _on_import(self, found: tuple[Touch, ...]) -> bool:
        """Tell whether code that runs on import differs, or is different code that import has run."""
        evidence = self._known.evidence

        def is_run_on_import(path: str, lines: int) -> bool:
            return bool(evidence.importers_that(lambda one: bool(one.masks.get(path, 0) & lines)))

        return any(touch.imports or touch.why or is_run_on_import(touch.path, touch.wider) for touch in found)

    def _confirmed(
        self, mutant: Mutant, source: str, groups: list[list[str]], found: tuple[Touch, ...], told: dict[str, Any]
    ) -> tuple[dict[str, Any], str]:
        """Return a miss, or why it is none, and a test to leave out: one that fails unchanged in that order too."""
        upto = groups[1][: groups[1].index(told["failed"]) + 1] if told["failed"] in groups[1] else groups[1]
        unchanged = self._suite.run({"groups": [groups[0], upto], "times": self._times, "enough": 1, "more": 0})
        if unchanged["failed"]:
            return told, str(unchanged["failed"])
        again = self._run(mutant, source, [groups[0], upto], found)
        if again["failed"] != told["failed"]:
            return {**told, "failed": "", "group": -1, "how": f"failed once in two tries: {told['failed']}"}, ""
        return told, ""

    def _strata(self, found: tuple[Touch, ...], selection: Selection) -> Iterator[str]:
        contexts = self._known.contexts
        for touch in found:
            text = self._known.texts[touch.path].split("\n")
            inside = "\n".join(line for n, line in enumerate(text) if touch.wider >> n & 1)
            if "getattr(" in inside or "__getattr__" in touch.symbol or ".invoke(" in inside or "[name]" in inside:
                yield "dynamic dispatch"
            fixtures = [one for name, one in contexts.items() if name.startswith("fixture:")]
            if any(int(one.lines.get(touch.path, "0"), 16) & touch.lines for one in fixtures):
                yield "fixtures"
        picked = [contexts[f"test:{pick.id}"] for pick in selection.picks if f"test:{pick.id}" in contexts]
        if any("[" in one.name for one in picked):
            yield "parametrisation"
        if any(one.opened for one in picked):
            yield "data files"
        if any(use.endswith("::monkeypatch") for one in picked for use in one.uses):
            yield "monkeypatching"


# --- telling ----------------------------------------------------------------------------------------------------------


def _told(results: Mapping[str, list[dict[str, Any]]], *, smoke: bool) -> int:
    """Print the table; returns 1 where a goal is missed."""
    every = [result for some in results.values() for result in some]
    if len(every) < 2:
        print("too few mutants to tell anything")
        return 1
    heads = ("mutants", "killed", "missed", "chosen", "p90", "run", "p90", "widened")
    print(f"{'project':10}" + "".join(f"{head:>9}" for head in heads))
    for name, some in [*results.items(), ("all", every)]:
        print(f"{name:10}" + "".join(_row(some)))
    strata = Counter(stratum for result in every for stratum in result["strata"])
    killed = Counter(stratum for result in every if result["failed"] for stratum in result["strata"])
    print("strata: " + ", ".join(f"{name} {count} ({killed[name]} killed)" for name, count in strata.most_common()))
    for result in every:
        if _is_missed(result):
            print(f"MISSED {result['mutant']} {result['what']}: {result['failed']} ({result['how']})")
    shares = [result["run"] for result in every]
    wide = sum(bool(result["widened"]) for result in every) / len(every)
    met = not any(map(_is_missed, every)) and (
        smoke or (statistics.median(shares) <= MEDIAN and _p90(shares) <= P90 and wide <= WIDENED)
    )
    print(f"goal: 0 missed, run median <= {MEDIAN:.0%}, p90 <= {P90:.0%}, widened <= {WIDENED:.0%}: ", end="")
    print("met" if met else "missed", "(smoke: 0 missed only)" if smoke else "", flush=True)
    return int(not met)


def _row(some: list[dict[str, Any]]) -> Iterator[str]:
    yield f"{len(some):>9}{sum(bool(one['failed']) for one in some):>9}{sum(map(_is_missed, some)):>9}"
    for kind in ("share", "run"):
        shares = [result[kind] for result in some]
        yield f"{statistics.median(shares):>9.1%}{_p90(shares):>9.1%}"
    yield f"{sum(bool(one['widened']) for one in some) / len(some):>9.1%}"


def _is_missed(result: Mapping[str, Any]) -> bool:
    return result["group"] == 1 and bool(result["failed"])


def _p90(shares: list[float]) -> float:
    return statistics.quantiles(shares, n=10)[-1] if len(shares) > 1 else shares[0]


if __name__ == "__main__":
    sys.exit(main())
