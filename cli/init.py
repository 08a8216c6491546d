"""`bridle init`: what is found here, and a commented `bridle.toml` for it, shown before it is written.

It asks two things at most: which profile, and whether to write. A file that is there is added to, never replaced.
"""

from __future__ import annotations

import argparse
import codecs
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bridle.cli.common import add_root, find_root, note, print_json
from bridle.harness.nouns import UserProblem

if TYPE_CHECKING:
    from bridle.harness.projectfile import Found, Profile

RULES = ("AGENTS.md", "CLAUDE.md", ".github/copilot-instructions.md", ".cursorrules", ".cursor/rules")
MANIFESTS = (
    "pyproject.toml", "setup.py", "package.json", "go.mod", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts",
    "composer.json", "Gemfile", "CMakeLists.txt",
)  # fmt: skip
SHOWN = 20
NO_CHECK = "no check is found: write a [[check]] of your own"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument(
        "--profile",
        choices=("light", "team"),
        help="light: every setting explained, none changed (the default); "
        "team: all tests at the gate, a sandbox, a look at what new lines open",
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing: write it")


def main(options: argparse.Namespace) -> int:
    """Show what would be written and write it; 1 when nobody said yes."""
    from bridle.harness.permission.trust import Trust
    from bridle.harness.projectfile import NAME

    root = find_root(options.root)
    before, found = _before(root), _found(root)
    asks = sys.stdin.isatty() and not options.yes and not options.json
    if not options.json:
        _tell(root, found)
    profile: Profile = options.profile or (_asked_profile() if asks else "light")
    after = _made(before, found, profile)
    diff, changes = _diff(before, after), after != before
    if not options.json:
        print(diff, end="")
    written = changes and (options.yes or (asks and input("write it? [y/N] ").strip().lower() in ("y", "yes")))
    if written:
        _write(root, before, after)
    trust = "" if Trust(root).trusted else "look at what would run here, and say yes to it: bridle trust"
    step = f"say yes: bridle init --profile {profile} --yes" if changes and not written else trust
    if options.json:
        said = {"root": str(root), "path": str(root / NAME), "profile": profile, "written": written, "diff": diff}
        print_json({**said, **_as_json(found), "next_step": step})
    else:
        _conclude(root, step, changes=changes, written=written)
    return int(changes and not written)


def _before(root: Path) -> bytes | None:
    """Return the file as it is, None where there is none. Raises UserProblem where it is wrong: it names the line."""
    from bridle.harness.buffers import read_bytes
    from bridle.harness.projectfile import NAME
    from bridle.harness.settings import load

    load(root, {})
    data = read_bytes(root / NAME)
    if data is None and os.path.lexists(root / NAME):
        raise UserProblem(f"{str(root / NAME)!r} leads nowhere", "take the link away, or write what it names")
    return data


def _found(root: Path) -> Found:
    from bridle.harness.projectfile import Found
    from bridle.harness.settings import load
    from bridle.harness.verify.finders.discover import discover
    from bridle.harness.verify.survey import survey

    settings = load(root, {})
    seen = survey(root, settings.python)
    packages = sorted((folder, manifest) for manifest in MANIFESTS for folder in seen.folders_with(manifest))
    checks = discover(root, settings.python, files=seen.files, declared=settings.declared)
    rules = tuple(path for path in RULES if (root / path).exists())
    return Found(tuple(packages), tuple((check.name, check.problem) for check in checks), rules)


def _made(before: bytes | None, found: Found, profile: Profile) -> bytes:
    """Return what the file is to hold."""
    from bridle.harness.projectfile import fresh, merged

    if before is None:
        return fresh(found, profile).encode()
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    return mark + merged(before.decode("utf-8-sig"), profile).encode()


def _write(root: Path, before: bytes | None, after: bytes) -> None:
    """Write the file, if it is still as it was. Raises UserProblem."""
    from bridle.harness.edits.disk import Write, commit
    from bridle.harness.projectfile import NAME
    from bridle.harness.session.state import State

    try:
        commit(root, [Write(NAME, before, after)], State(root).landings)
    except OSError as error:
        step = "give yourself write access to the folder; nothing was written"
        raise UserProblem(f"{str(root / NAME)!r} cannot be written: {error.strerror or error}", step) from error


def _diff(before: bytes | None, after: bytes) -> str:
    from bridle.harness.edits.patch import unified_diff
    from bridle.harness.projectfile import NAME

    return unified_diff(NAME, before, after) if before != after else ""


def _tell(root: Path, found: Found) -> None:
    from bridle.harness.permission.showing import shown

    note(f"in {root}:")
    packages = [f"{folder or '.'} ({manifest})" for folder, manifest in found.packages]
    checks = [f"{name}: {problem}" if problem else name for name, problem in found.checks]
    for what, names in (("packages", packages), ("checks", checks or [NO_CHECK]), ("rules", list(found.rules))):
        for name in names[:SHOWN] or ["none"]:
            note(f"  {what:9} {shown(name)}")
        if len(names) > SHOWN:
            note(f"  {what:9} and {len(names) - SHOWN} more")
    above = next((folder for folder in root.parents if (folder / ".git").exists()), None)
    if above is not None and not (root / ".git").exists():
        note(f"  this folder is a part of {above}; for all of it: bridle init --root {above}")


def _asked_profile() -> Profile:
    note("light explains every setting and changes none; team asks for all tests, a sandbox, a look at new lines")
    return "team" if input("profile? [light/team] ").strip().lower() == "team" else "light"


def _conclude(root: Path, step: str, *, changes: bool, written: bool) -> None:
    from bridle.harness.projectfile import NAME

    if written:
        print(f"wrote {root / NAME}")
    elif changes:
        print("nothing was written")
    else:
        print(f"{root / NAME} has all of it already: nothing to write")
    if step:
        print(f"next: {step}")


def _as_json(found: Found) -> dict[str, object]:
    return {
        "packages": [{"path": folder or ".", "manifest": manifest} for folder, manifest in found.packages],
        "checks": [{"name": name, "problem": problem} for name, problem in found.checks],
        "rules": found.rules,
    }
