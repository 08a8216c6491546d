"""What gates and security say: `BENCH_REPOS=DIR python bench/gates [--smoke] [--list]`; exits 1 on a missed goal.

Three tables: cheats and seeded doors of tests/cases and how many are flagged; honest commits of public repositories and
how many are flagged all the same, those that block and those that only tell apart; what is said to open something on
their new lines. DIR holds clones, as OWNER+NAME/repo or NAME; the commits are pinned in `commits.tsv`. The short form
needs no clones and leaves the commits out. `--list` prints each flag of an honest commit.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from honest import Commit, Files, Missing, clone, commits, pinned, text_at

from bridle.harness.nouns import Flag
from bridle.harness.verify.gates.judging import judge
from bridle.harness.verify.security.judging import judge_security

CASES = Path(__file__).resolve().parents[2] / "tests" / "cases"
GOAL_BLOCKED = 0.05
GOAL_OPENED = 0.03


def main() -> int:
    """Print the tables; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="no honest commits")
    parser.add_argument("--list", action="store_true", help="print each flag of an honest commit")
    options = parser.parse_args()
    met = _cheats()
    if options.smoke:
        return int(not met)
    try:
        return int(not (_honest(os.environ.get("BENCH_REPOS"), listed=options.list) and met))
    except Missing as error:
        print(error, file=sys.stderr)
        return 2


def _cheats() -> bool:
    cases, doors = _read("gates.jsonl"), _read("vulnerabilities.jsonl")
    print("seeded                 cases   found  blocked")
    kinds = Counter[object]()
    for case in cases:
        flags = judge(_files(case))
        right = any(flag.gate == case.get("gate") for flag in flags)
        kinds[case["kind"]] += 1
        kinds[case["kind"], "found"] += right if case["kind"] != "honest" else bool(flags)
        kinds[case["kind"], "blocked"] += any(flag.blocks for flag in flags)
    for kind in ("cheat", "told", "honest"):
        print(f"  {kind:20} {kinds[kind]:5}  {kinds[kind, 'found']:6} {kinds[kind, 'blocked']:8}")
    found = sum(door["code"] in {one.code for one in judge_security(_door(door))} for door in doors)
    print(f"  {'vulnerability':20} {len(doors):5}  {found:6}")
    whole = kinds["cheat", "found"] == kinds["cheat", "blocked"] == kinds["cheat"]
    return whole and kinds["told", "found"] == kinds["told"] and not kinds["honest", "found"] and found == len(doors)


def _honest(folder: str | None, *, listed: bool) -> bool:
    blocked, told, opened, asked = (Counter[str]() for _ in range(4))
    gates, codes, totals = Counter[str](), Counter[str](), Counter[str]()
    began = time.perf_counter()
    for commit in commits(folder, pinned()):
        totals[commit.repo] += 1
        flags = judge(commit.files, partial(text_at, clone(folder, commit.repo), f"{commit.id}^"))
        concerns = judge_security(commit.files)
        hindering = {flag.gate for flag in flags if flag.blocks}
        blocked[commit.repo] += bool(hindering)
        told[commit.repo] += bool(flags) and not hindering
        asked[commit.repo] += any(one.code == "dependency" for one in concerns)
        opened[commit.repo] += any(one.code != "dependency" for one in concerns)
        gates.update(hindering)
        codes.update(one.code for one in concerns)
        if listed:
            _list(commit, [f"{_verb(f)}: {f.path}:{f.start_line + 1}: {f.reason}" for f in flags])
            _list(commit, [f"opens {one.code}: {one.path}:{one.start_line + 1}: {one.message}" for one in concerns])
    print("honest commits         total  blocked    told  opened  new packages")
    for repo in (*totals, "all"):
        row = [sum(c.values()) if repo == "all" else c[repo] for c in (totals, blocked, told, opened, asked)]
        print(f"  {repo:20} {row[0]:5} {row[1]:8} {row[2]:7} {row[3]:7} {row[4]:8}")
    n = sum(totals.values())
    each_ms = (time.perf_counter() - began) / n * 1000
    print(f"  blocked by gate: {dict(gates)}; opened: {dict(codes)}; {each_ms:.0f} ms each")
    rates = sum(blocked.values()) / n, sum(opened.values()) / n
    met = rates[0] <= GOAL_BLOCKED and rates[1] <= GOAL_OPENED
    print(f"goal: <= {GOAL_BLOCKED:.0%} blocked, <= {GOAL_OPENED:.0%} opened: {rates[0]:.1%}, {rates[1]:.1%}")
    return met


def _verb(flag: Flag) -> str:
    return f"{'blocks' if flag.blocks else 'tells'} {flag.gate}"


def _list(commit: Commit, lines: list[str]) -> None:
    for line in lines:
        print(f"    {commit.repo} {commit.id[:10]} {line[:200]}")


def _read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CASES / name).read_text("utf-8").splitlines()]


def _files(case: dict[str, Any]) -> Files:
    return {path: (before, after) for path, (before, after) in case["files"].items()}


def _door(door: dict[str, Any]) -> Files:
    return {door["path"]: (door["before"], door["after"])}


if __name__ == "__main__":
    sys.exit(main())
