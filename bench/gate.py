"""What gets through the command gate, and what a decision costs: `python bench/gate.py [--smoke]`.

Runs every command of tests/cases/permission through three gates under the same rules: the beginning of the line
compared with the rules, the line split at its operators and each piece compared, and ours. Prints how many hostile ones
each lets pass with less than is wanted, and how many benign ones it holds up; then the time of one decision. Exits 1
if ours lets one pass, holds one up, or is slow.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bridle.harness.permission.decide import judge
from bridle.harness.permission.decision import STRENGTH
from bridle.harness.permission.rules import EFFECTS, Effect, Policy, PolicyRule, parse_rule

CASES = Path(__file__).parents[1] / "tests" / "cases" / "permission"
GOAL_MEDIAN_MS = 2.0
GOAL_WORST_MS = 1_000.0
SMOKE_SLACK = 5.0
LONG = ("sudo " * 3000, "find . " + "-exec sh -c 'x' ; " * 700, "$(" * 8000, "{a,b}" * 3000, "x " + ">a " * 5000)

Gate = Callable[[str], Effect]


def prefixes(policy: Policy) -> Gate:
    """The gate that compares the beginning of the line."""

    def gate(command: str) -> Effect:
        for effect in ("deny", "ask", "allow"):
            for rule in policy.rules:
                first = rule.rule.pattern.removesuffix(":*")
                exact = first == rule.rule.pattern
                if (
                    rule.effect == effect
                    and rule.rule.tool == "Bash"
                    and (command == first if exact else command.startswith(first))
                ):
                    return effect
        return "ask"

    return gate


def pieces(policy: Policy) -> Gate:
    """The gate that splits the line at its operators first."""
    inner = prefixes(policy)
    return lambda command: max(
        (inner(piece.strip()) for piece in re.split(r"&&|\|\||[;|&\n]", command)), key=STRENGTH.__getitem__
    )


def main() -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="wide goals")
    slack = SMOKE_SLACK if parser.parse_args().smoke else 1.0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "src").mkdir()
        (root / ".env").write_text("")
        return _measured(root, slack)


def _measured(root: Path, slack: float) -> int:
    table = json.loads((CASES / "policy.json").read_text("utf-8"))
    rules = tuple(PolicyRule(effect, parse_rule(text)) for effect in EFFECTS for text in table.get(effect, ()))
    policy = Policy(root, rules=rules)
    cases = [json.loads(line) for line in (CASES / "commands.jsonl").read_text("utf-8").splitlines()]
    hostile = [case for case in cases if case["expect"] != "allow"]
    benign = [case for case in cases if case["expect"] == "allow"]
    print(f"{len(hostile)} hostile commands, {len(benign)} benign ones: weaker than wanted, held up")
    times: list[float] = []

    def ours(command: str) -> Effect:
        begun = time.perf_counter()
        verdict = judge(policy, "Bash", command.replace("/ws/repo", str(root))).verdict
        times.append((time.perf_counter() - begun) * 1000)
        return verdict

    weak = held = 0
    for name, gate in (("beginnings", prefixes(policy)), ("pieces", pieces(policy)), ("ours", ours)):
        weak = sum(STRENGTH[gate(case["input"])] < STRENGTH[case["expect"]] for case in hostile)
        held = sum(gate(case["input"]) != "allow" for case in benign)
        print(f"  {name:10} {weak:4} {held:4}")
    median, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    times.clear()
    worst = max((ours(line), times[-1])[1] for line in LONG)
    print(f"one decision: median {median:.2f} ms, 95 % within {p95:.2f} ms; the worst flood {worst:.0f} ms")
    median_ms, worst_ms = GOAL_MEDIAN_MS * slack, GOAL_WORST_MS * slack
    met = not weak and not held and median <= median_ms and worst <= worst_ms
    print(f"goal: 0, 0, median <= {median_ms:.0f} ms, floods <= {worst_ms:.0f} ms: {'met' if met else 'missed'}")
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
