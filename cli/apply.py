"""`bridle apply`: hashline edits from a file onto the disk, against revisions that `bridle read` showed; `bridle undo`
takes them back.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bridle.cli.common import add_root, find_root, note, print_json
from bridle.harness.nouns import UserProblem

if TYPE_CHECKING:
    from bridle.harness.edits.hashline import Plan
    from bridle.harness.edits.problems import ToolProblem
    from bridle.harness.edits.revisions import Revisions


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument("edits", metavar="EDITS.json", help="the input of the edit tool, or - for standard input")
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")


def main(options: argparse.Namespace) -> int:
    """Apply the edits, all or none; 1 when they are refused."""
    from bridle.harness.edits.problems import ToolProblem
    from bridle.harness.edits.revisions import Revisions
    from bridle.harness.session.state import State

    root = find_root(options.root)
    revisions = Revisions(State(root).cli_session)
    try:
        planned = _apply(root, revisions, _given(options.edits), dry_run=options.dry_run)
    except ToolProblem as problem:
        if options.json:
            print_json({"applied": False, "files": [], "errors": _errors(problem)})
        else:
            note(str(problem))
        return 1
    files = _files(planned, revisions)
    for warning in (warning for file in planned.files for warning in file.warnings):
        note(f"warning: {warning}")
    if options.json:
        print_json({"applied": not planned.dry_run, "files": files, "errors": []})
    else:
        for file in files:
            now = f", now v{file['rev']}" if file["rev"] else ""
            print(f"{file['path']}: +{file['added']} -{file['removed']}{now}")
        if planned.dry_run:
            print("nothing was written: dry run")
        else:
            note("· bridle undo takes it back")
    return 0


def _given(source: str) -> object:
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return msgspec.json.decode(data)
    except OSError as error:
        raise UserProblem(f"{source!r} cannot be read: {error.strerror}", "name a JSON file, or - ") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise UserProblem(f"{source!r} is not JSON: {error}", "send the input of the edit tool") from error


def _apply(root: Path, revisions: Revisions, given: object, *, dry_run: bool) -> Plan:
    """Plan and write. Raises ToolProblem; then nothing was written."""
    from bridle.harness.applying import apply
    from bridle.harness.buffers import read_bytes
    from bridle.harness.edits.hashline import plan
    from bridle.harness.edits.links import check_names
    from bridle.harness.edits.problems import ToolProblem
    from bridle.harness.edits.request import parse
    from bridle.harness.permission.consulting import permit_now
    from bridle.harness.permission.trust import Trust
    from bridle.harness.session.state import State
    from bridle.harness.settings import load
    from bridle.harness.verify.python_version import is_newer_than_ours

    request = parse(given)
    settings = load(root, {})
    paths = [path for file in request.files for path in (file.path, file.to) if path]
    check_names(root, paths)
    for path in paths:
        decision = permit_now(settings.policy, settings.hooks, lambda: Trust(root).trusted, "Edit", path)
        if decision.verdict == "deny":
            raise ToolProblem("E_PERMISSION", path, decision.reason)
    newer = is_newer_than_ours(root, settings.python)
    planned = plan(
        request, revisions, lambda path: read_bytes(root / path), lambda path, number: None, newer_python=newer
    )
    if planned.files and not (planned.dry_run or dry_run):
        try:
            apply(root, State(root), planned, time.time)
        except UserProblem as problem:
            raise ToolProblem("E_CONFLICT", "", f"{problem.message} {problem.next_step}") from problem
        except OSError as error:
            where = str(error.filename or "").removeprefix(f"{root}/")
            reason = f"{where!r} cannot be written: {error.strerror or error}. Nothing was written."
            raise ToolProblem("E_PERMISSION", "", reason) from error
    return msgspec.structs.replace(planned, dry_run=planned.dry_run or dry_run)


def _files(planned: Plan, revisions: Revisions) -> list[dict[str, str | int | None]]:
    """Return what became of each file, with the revision that it has now."""
    files: list[dict[str, str | int | None]] = []
    for file in planned.files:
        number = None
        if file.after is not None and not planned.dry_run:
            number = revisions.note(file.path, file.after).number
        added = sum(edit.end - edit.start for edit in file.inverse)
        removed = sum(edit.end - edit.start for edit in file.edits)
        files.append({"path": file.path, "rev": number, "added": added, "removed": removed})
    return files


def _errors(problem: ToolProblem) -> list[dict[str, str]]:
    from bridle.harness.edits.problems import ToolProblems

    each = problem.problems if isinstance(problem, ToolProblems) else (problem,)
    return [
        {"code": p.code, "path": p.path, "message": p.message, "fragment": p.fragment or problem.fragment} for p in each
    ]
