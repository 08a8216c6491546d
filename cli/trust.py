"""`bridle trust`: say yes to a folder once, so that its own checks may run; `--remove` takes it back.

What is said yes to is shown: the programs that may run from then on, and the files whose change asks again.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from bridle.cli.common import add_root, find_root, print_json

STANDINGS = {
    "trusted": "is trusted",
    "changed": "was trusted, but its configuration has changed since: nothing of it is run",
    "unknown": "is not trusted: nothing of it is run",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--remove", action="store_true", help="take the trust back")
    what.add_argument("--status", action="store_true", help="tell how things stand, and change nothing")


def main(options: argparse.Namespace) -> int:
    """Keep the person's answer and say what it covers."""
    from bridle.harness.permission.trust import Trust, configuration

    root = find_root(options.root)
    trust = Trust(root)
    before, changed = trust.standing, trust.changed()
    programs = [] if options.remove else _programs(root)  # a configuration that cannot be read is not said yes to
    if not options.status:
        trust.say(trusted=not options.remove)
    files = sorted(configuration(root))
    if options.json:
        said = {"root": str(root), "trusted": trust.trusted, "before": before, "files": files}
        print_json({**said, "changed": list(changed) if before == "changed" else [], "programs": programs})
        return 0
    if options.remove:
        print(f"{root} is not trusted any more: nothing of it is run")
        return 0
    print(f"{root} {STANDINGS[trust.standing]}")
    if before == "changed":
        print(f"  changed since the last yes: {', '.join(changed)}")
    print("  programs, run in a sandbox:" if programs else "  there is nothing in it that Bridle would run")
    for program in programs:
        print(f"    {program}")
    if files:
        print(f"  a change of these asks again: {', '.join(files)}")
    return 0


def _programs(root: Path) -> list[str]:
    """Return what may run in the folder once it is trusted: its checks, and the hooks that it brings."""
    from bridle.harness.permission.showing import shown
    from bridle.harness.settings import load
    from bridle.harness.verify.finders.discover import discover

    settings = load(root, {})
    checks = [
        f"{check.name}: {shlex.join(check.command) or check.problem}"
        for check in discover(root, settings.python, declared=settings.declared)
    ]
    hooks = [f"hook {hook.name}: {shlex.join(hook.argv)}" for hook in settings.hooks if hook.origin == "project"]
    return [shown(program) for program in (*checks, *hooks)]
