"""`bridle trust`: say yes to a folder once, so that its own checks may run; `--remove` takes it back."""

from __future__ import annotations

import argparse

from bridle.cli.common import add_root, find_root, print_json


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("--remove", action="store_true", help="take the trust back")


def main(options: argparse.Namespace) -> int:
    """Keep the person's answer and say what it covers."""
    from bridle.harness.permission.trust import Trust, configuration

    root = find_root(options.root)
    trust = Trust(root)
    before = trust.standing
    trust.say(trusted=not options.remove)
    files = sorted(configuration(root))
    if options.json:
        print_json({"root": str(root), "trusted": trust.trusted, "before": before, "files": files})
    elif options.remove:
        print(f"{root} is not trusted any more: nothing of it is run")
    else:
        covered = f", with {', '.join(files)} as they are now" if files else ""
        print(f"{root} is trusted{covered}: its tests and tools may be run, in a sandbox")
    return 0
