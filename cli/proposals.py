"""`bridle proposals`: what is on offer or landed, shown, taken or left: as a whole, or hunk by hunk."""

from __future__ import annotations

import argparse

from bridle.cli.common import add_root, find_root, note, print_json, with_engine
from bridle.cli.landing import add_also, land
from bridle.harness.engine import Engine, GetProposals, PrepareLanding, Proposal, Proposals, Reject, expect
from bridle.harness.nouns import UserProblem

TITLE = 70


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_root(parser)
    parser.add_argument(
        "action",
        nargs="?",
        default="list",
        choices=["list", "show", "accept", "reject"],
        help="what to do (default: list)",
    )
    parser.add_argument("id", nargs="?", default="", help="the proposal (default: the newest one on offer)")
    parser.add_argument(
        "--hunk",
        action="append",
        default=[],
        metavar="N",
        help="only this hunk and those that stand or fall with it; may be given more than once",
    )
    add_also(parser)
    parser.add_argument("--anyway", action="store_true", help="accept whatever the badge says, without another proof")


def main(options: argparse.Namespace) -> int:
    """Do what was asked."""
    root = find_root(options.root)
    if options.hunk and options.action in ("list", "show"):
        raise UserProblem("--hunk goes with accept and reject", "leave it out")
    if options.action == "list":
        _list(with_engine(root, _all), as_json=options.json)
    elif options.action == "show":
        _show(with_engine(root, lambda engine: _one(engine, options.id)), as_json=options.json)
    elif options.action == "accept":
        said = with_engine(root, lambda engine: _accept(engine, options))
        print_json({"accepted": True, "message": said}) if options.json else print(said)
    else:
        left = with_engine(root, lambda engine: _reject(engine, options))
        _list((left,), as_json=True) if options.json else print(f"left: {left.title}")
    return 0


async def _all(engine: Engine) -> tuple[Proposal, ...]:
    return expect(await engine.call(GetProposals()), Proposals).proposals


async def _one(engine: Engine, wanted: str) -> Proposal:
    """Return the proposal of that id, the newest open one for "". Raises UserProblem."""
    for proposal in await _all(engine):
        if proposal.id == wanted or (not wanted and proposal.state == "open"):
            return proposal
    if wanted:
        raise UserProblem(f"there is no proposal {wanted!r}", "'bridle proposals list' shows them")
    raise UserProblem("no proposal is on offer", "'bridle run' makes one")


async def _accept(engine: Engine, options: argparse.Namespace) -> str:
    proposal = await _one(engine, options.id)
    note(f"{proposal.title}: {proposal.badge.text}")
    hunks, also = tuple(options.hunk), tuple(options.also)
    return await land(engine, PrepareLanding(proposal.id, (), options.anyway, hunks, also))


async def _reject(engine: Engine, options: argparse.Namespace) -> Proposal:
    proposal = await _one(engine, options.id)
    await engine.call(Reject(proposal.id, tuple(options.hunk)))
    return await _one(engine, proposal.id)


def _list(proposals: tuple[Proposal, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"proposals": [as_document(proposal) for proposal in proposals]})
        return
    for proposal in proposals:
        print(f"{proposal.id}  {proposal.state:9} +{proposal.added} -{proposal.removed}  {proposal.title[:TITLE]}")
        print(f"    {proposal.badge.text}")
    if not proposals:
        print("no proposals yet")


def _show(proposal: Proposal, *, as_json: bool) -> None:
    if as_json:
        print_json({"proposals": [as_document(proposal) | {"patch": proposal.diff}]})
        return
    print(f"# {proposal.title}\n# {proposal.state}: {proposal.badge.text}")
    for hunk in proposal.hunks:
        line = _line(proposal, hunk.path, hunk.edit)
        others = [other.id for other in proposal.hunks if other.group == hunk.group and other.id != hunk.id]
        along = f", with {', '.join(others)}" if others else ""
        print(f"# hunk {hunk.id}: {hunk.path}:{line}, {hunk.state}{along}")
    for path, why in proposal.outside.items():
        print(f"# {path}: {why}; accept asks about it")
    print(proposal.diff, end="")


def as_document(proposal: Proposal) -> dict[str, object]:
    """Return a proposal as the command line's contract has it; lines are 1-based."""
    return {
        "id": proposal.id,
        "run": proposal.run,
        "title": proposal.title,
        "state": proposal.state,
        "files": [file.path for file in proposal.files],
        "hunks": [
            {
                "id": hunk.id,
                "path": hunk.path,
                "start_line": _line(proposal, hunk.path, hunk.edit),
                "group": hunk.group,
                "state": hunk.state,
            }
            for hunk in proposal.hunks
        ],
        "badge": proposal.badge.text,
        "badge_state": proposal.badge.state,
        "changed_since": list(proposal.changed_since),
        "outside": proposal.outside,
    }


def _line(proposal: Proposal, path: str, edit: int | None) -> int:
    """Return the 1-based line where a hunk began when it was made."""
    file = next(file for file in proposal.files if file.path == path)
    return file.edits[edit or 0].start + 1 if file.edits else 1
