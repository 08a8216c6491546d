"""A refusal that is the model's next prompt: every problem, the places as they are now, and a call to send
instead.

What is printed with an anchor is recorded as shown. A call is offered only after it passed every check
itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from bridle.context.anchors import bodies_of
from bridle.context.readform import Range, around
from bridle.context.redact import redact
from bridle.harness.edits.draft import Draft
from bridle.harness.edits.placing import Placed, place_as_written
from bridle.harness.edits.problems import ToolProblem, ToolProblems
from bridle.harness.edits.readview import view
from bridle.harness.edits.request import EditRequest, FileWish, Wish, parse
from bridle.harness.edits.revisions import Revision, Revisions

MAX_SHOWN_LINES = 80
MAX_OFFERED_CHARS = 40_000
MAX_TRIES = 5
MARGIN = 2

Accepts = Callable[[EditRequest], bool]


class Failure(msgspec.Struct, frozen=True):
    """A file of the call that cannot be done: for one reason, or with complaints about its edits."""

    wish: FileWish
    why: ToolProblem | Draft
    now: bytes | None = None


class _Answer(msgspec.Struct, frozen=True):
    """What is told about one file, and the entry that could be sent instead (None: there is none)."""

    problems: tuple[ToolProblem, ...]
    offer: FileWish | None = None


def refusal(request: EditRequest, failures: Sequence[Failure], revisions: Revisions, accepts: Accepts) -> ToolProblems:
    """Return the problems of `failures`, what was fine, and the call to send instead where one passes `accepts`."""
    answers = {failure.wish.path: _answer(failure, revisions, accepts) for failure in failures}
    problems = [problem for answer in answers.values() for problem in answer.problems]
    drafts = [failure.why for failure in failures if isinstance(failure.why, Draft)]
    n_unlogged = sum(complaint.unlogged for draft in drafts for complaint in draft.complaints)
    return ToolProblems(problems, _fine(request, failures), _offered(request, answers, accepts), n_unlogged)


def as_written(request: EditRequest) -> dict[str, Any]:
    """Return `request` as the input of the tool."""
    flag = {"dry_run": True} if request.dry_run else {}
    return {"files": [_file_as_written(file) for file in request.files], **flag}


def _answer(failure: Failure, revisions: Revisions, accepts: Accepts) -> _Answer:
    if isinstance(failure.why, Draft):
        return _about_edits(failure.wish, failure.why, revisions.note(failure.wish.path, failure.now or b""), revisions)
    problem, wish = failure.why, failure.wish
    if problem.code == "E_EXISTS" and wish.action == "create":
        return _about_existing(problem, wish, failure.now or b"", revisions)
    for other in _readings(problem, wish, revisions):
        if accepts(EditRequest((other,))):
            meant = f"v{other.rev}" if other.path == wish.path else f"{other.path!r}"
            return _Answer((_told(problem, f"All its anchors fit {meant}."),), other)
    return _Answer((problem,))


def _readings(problem: ToolProblem, wish: FileWish, revisions: Revisions) -> Iterator[FileWish]:
    """Yield what else a wish could mean: another revision, or another file of the same name."""
    if problem.code == "E_REV_UNKNOWN":
        for number in revisions.numbers(wish.path)[:MAX_TRIES]:
            yield msgspec.structs.replace(wish, rev=number)
    if problem.code == "E_MISSING":
        name = wish.path.rpartition("/")[2]
        alike = [path for path in revisions.paths() if path.rpartition("/")[2] == name and path != wish.path]
        for path in alike[:MAX_TRIES]:
            yield msgspec.structs.replace(wish, path=path)


def _about_edits(wish: FileWish, draft: Draft, now: Revision, revisions: Revisions) -> _Answer:
    whole = True
    problems: list[ToolProblem] = []
    for complaint in draft.complaints:
        shown = "" if complaint.show is None else _shown(now, complaint.show, revisions)
        whole &= complaint.show is None or _fits(complaint.show)
        edit = "" if complaint.edit is None else f"edit {complaint.edit + 1}: "
        problems.append(ToolProblem(complaint.code, wish.path, f"{edit}{complaint.message}{shown}"))
    if not whole or any(offer is None for offer in draft.offers):
        return _Answer(tuple(problems))
    bodies = bodies_of(now.text)
    kept = [offer for offer in draft.offers if isinstance(offer, Placed)]
    complained = {complaint.edit for complaint in draft.complaints}
    for n, offer in enumerate(draft.offers):
        if isinstance(offer, Placed) and n not in complained:  # lines that were shown, only elsewhere
            revisions.show(now.path, now.number, [(offer.start - (offer.start == offer.end), offer.end)])
    mode, printed = revisions.mode, redact(now.text).lines
    edits = tuple(_wish(place_as_written(offer, bodies, mode, printed)) for offer in kept)
    return _Answer(tuple(problems), msgspec.structs.replace(wish, rev=now.number, edits=edits))


def _about_existing(problem: ToolProblem, wish: FileWish, data: bytes, revisions: Revisions) -> _Answer:
    try:
        now = revisions.note(wish.path, data)
    except ToolProblem:
        return _Answer((problem,))
    bodies = bodies_of(now.text)
    if not _fits((0, len(bodies))):
        return _Answer((problem,))
    text = "".join(edit.text or "" for edit in wish.edits)
    whole = Placed(0, len(bodies), tuple(bodies_of(text)), "" if bodies else "0")
    edit = _wish(place_as_written(whole, bodies, revisions.mode, redact(now.text).lines))
    told = _told(problem, f"To replace it all, edit its lines.{_shown(now, (0, len(bodies)), revisions)}")
    return _Answer((told,), FileWish(wish.path, now.number, (edit,)))


def _offered(request: EditRequest, answers: dict[str, _Answer], accepts: Accepts) -> str:
    files: list[FileWish] = []
    for file in request.files:
        answer = answers.get(file.path)
        offer = answer.offer if answer else file
        if offer is None:
            return ""
        if offer.edits or offer.action != "edit":
            files.append(offer)
    if not files:
        return ""
    written = json.dumps(as_written(EditRequest(tuple(files), request.dry_run)), ensure_ascii=False)
    return written if len(written) <= MAX_OFFERED_CHARS and _passes(written, accepts) else ""


def _passes(written: str, accepts: Accepts) -> bool:
    try:
        return accepts(parse(json.loads(written)))
    except ToolProblem:
        return False


def _fine(request: EditRequest, failures: Sequence[Failure]) -> str:
    failed = {failure.wish.path: failure.why for failure in failures}
    told: list[str] = []
    for file in request.files:
        why = failed.get(file.path)
        if why is None:
            told.append(file.path)
        elif isinstance(why, Draft):
            bad = {complaint.edit for complaint in why.complaints}
            good = [str(n + 1) for n in range(len(file.edits)) if n not in bad and None not in bad]
            told += [f"{file.path} edit {', '.join(good)}"] if good else []
    return "; ".join(told)


def _shown(now: Revision, lines: Range, revisions: Revisions) -> str:
    """Return the read form of `lines` and a few around them, recorded as shown."""
    total = len(bodies_of(now.text))
    start = max(0, min(lines[0], total - 1))
    end = min(lines[1], start + MAX_SHOWN_LINES)
    return "\n" + view(revisions, now, [around(start, max(end, start + 1), MARGIN)]).text


def _fits(lines: Range) -> bool:
    return lines[1] - lines[0] <= MAX_SHOWN_LINES


def _told(problem: ToolProblem, more: str) -> ToolProblem:
    return ToolProblem(problem.code, problem.path, f"{problem.message} {more}")


def _wish(written: dict[str, str]) -> Wish:
    text, was = written.get("text"), written.get("was")
    return Wish("at", written["at"], text, was) if "at" in written else Wish("after", written["after"], text)


def _file_as_written(file: FileWish) -> dict[str, Any]:
    out: dict[str, Any] = {"path": file.path}
    if file.rev is not None:
        out["rev"] = file.rev
    if file.edits:
        out["edits"] = [_edit_as_written(edit) for edit in file.edits]
    if file.action == "rename":
        out["rename"] = file.to
    elif file.action != "edit":
        out[file.action] = True
    return out


def _edit_as_written(edit: Wish) -> dict[str, Any]:
    told = {"text": edit.text, "was": edit.was}
    return {edit.kind: edit.place, **{key: value for key, value in told.items() if value is not None}}
