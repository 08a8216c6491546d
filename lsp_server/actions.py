"""Which actions stand on a range: a pure function in milliseconds, no model, no disk, no engine.

Titles say what they act on. Agent actions carry a command, deterministic fixes their edit. Never preferred, never
part of a fix-all: nothing here runs without the person's choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from lsprotocol import types as lsp

from bridle.harness.engine import Finding, Hunk, Origin, Proposal, Selection
from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.diagnostics import headline
from bridle.lsp_server.documents import Document
from bridle.lsp_server.instructions import instruction_at
from bridle.lsp_server.landing import ready, workspace_edit
from bridle.lsp_server.previewing import previewable
from bridle.lsp_server.questions import Question

QUICK_FIX: str = lsp.CodeActionKind.QuickFix.value
REWRITE: str = lsp.CodeActionKind.RefactorRewrite.value
SOURCE = "source.bridle"
MAX_FINDINGS = 5
MAX_TREATED = 2
"""Of how many findings on a line everything is offered that can be done about them."""
MAX_FILES = 2
MAX_HUNKS = 3
MAX_TITLE = 60
ON_LINES = {
    "explain": "explain",
    "test": "write tests for",
    "document": "document",
    "review": "review",
}
"""Workflows that need nothing but lines, and what they do with them."""
FORCED = ("not green", "refused")
"""Badges over which nothing lands but by force."""
SURVIVED = "survived"
"""The code of a fault that no test noticed."""

Json = dict[str, Any]


class Offered(msgspec.Struct, frozen=True):
    """One action before it is told to a client: a command or an edit, or the reason why it is not to be had."""

    title: str
    kind: str
    command: str = ""
    argument: Json = {}
    edit: lsp.WorkspaceEdit | None = None
    disabled: str = ""


class Waiting(msgspec.Struct, frozen=True):
    """A proposal that waits for a decision: its hunks on these lines, and those that need to be asked for again."""

    proposal: Proposal
    here: tuple[Hunk, ...] = ()
    broken: frozenset[str] = frozenset()


class View(msgspec.Struct, frozen=True):
    """What stands, as far as actions go. `unready` says why nothing can be run; `model` is "" when none is set up.

    `chosen` says that something of this file was pinned or kept out, `asked` that a task was asked about.
    `fix_cost` is what a fix comes to as a rule, in micro-dollars, where that is known.
    """

    trusted: bool
    model: str
    findings: Sequence[Finding] = ()
    proposals: Sequence[Waiting] = ()
    can_undo: bool = False
    unready: str = ""
    n_muted: int = 0
    chosen: bool = False
    asked: bool = False
    fix_cost: int | None = None
    questions: Sequence[Question] = ()


def code_actions(
    view: View, document: Document, place: lsp.Range, only: Sequence[str] | None, client: Client
) -> list[lsp.CodeAction | lsp.Command]:
    """Return the actions on `place`, most particular first, as this client can take them.

    `view.findings` are those on these lines, `view.proposals` those that wait, wherever they are.
    """
    offered = _all(view, document, place, client)
    wanted = (one for one in offered if only is None or any(_within(one.kind, kind) for kind in only))
    return [told for one in wanted if (told := tell(one, client)) is not None]


def selected_lines(path: str, place: lsp.Range) -> Selection:
    """Return the lines that a range touches; one that ends at a line's start does not touch that line."""
    start = place.start.line
    last = place.end.line
    end = last if last > start and place.end.character == 0 else last + 1
    return Selection(path, start, max(end, start + 1))


def _all(view: View, document: Document, place: lsp.Range, client: Client) -> Iterator[Offered]:
    yield from _answers(view, document)
    if document.path is None:
        yield Offered("Bridle: edit here…", REWRITE, disabled="this document is not a file of the opened folder")
        return
    if view.unready:
        yield Offered("Bridle: edit here…", REWRITE, disabled=view.unready)
        return
    if not view.trusted and not view.questions:
        yield Offered("Bridle: trust this folder, so that its checks may run…", QUICK_FIX, "bridle.trust")
    lines = selected_lines(document.path, place)
    yield from _on_findings(view, document, client)
    for waiting in view.proposals:
        yield from _on_proposal(waiting, view, client)
    if view.trusted and view.model:
        yield _edit(document, place, lines)
        yield from _workflows(document, place, lines)
    elif view.trusted:
        yield Offered(
            "Bridle: set up a model, to have things fixed and edited…", REWRITE, "bridle.status", {"show": True}
        )
    if view.trusted:
        yield Offered("Bridle: verify the whole folder", SOURCE, "bridle.verify")
        yield Offered("Bridle: run the tests that reach what changed", SOURCE, "bridle.verify", {"impact": True})
    if view.trusted and view.model:
        yield Offered("Bridle: review what changed since the last commit", SOURCE, "bridle.run", {"workflow": "review"})
    if view.model:
        yield from _on_context(view, document, place, lines)
    if view.n_muted:
        yield Offered(f"Bridle: show what is muted again ({_count(view.n_muted, 'finding')})", SOURCE, "bridle.unmute")
    if view.can_undo:
        yield Offered("Bridle: undo its last change", SOURCE, "bridle.undo")


def _answers(view: View, document: Document) -> Iterator[Offered]:
    """Yield what can be said to the questions that wait."""
    for question in view.questions:
        for choice in question.choices:
            told: Json = {"uri": document.uri, "question": question.id, "choice": choice}
            yield Offered(f"Bridle: {choice} ({_cut(question.message)})", QUICK_FIX, "bridle.answer", told)


def _on_findings(view: View, document: Document, client: Client) -> Iterator[Offered]:
    for finding in view.findings[:MAX_FINDINGS]:
        said = headline(finding, MAX_TITLE)
        argument = _about(document, finding)
        if finding.fix and client.code_action_literals:
            edit = workspace_edit([ready(document, finding.fix)], client)
            yield Offered(f"Bridle: apply {finding.check}'s own fix: {said}", QUICK_FIX, edit=edit)
        elif finding.fix:
            own = argument | {"own": True}
            yield Offered(f"Bridle: apply {finding.check}'s own fix: {said}", QUICK_FIX, "bridle.fix", own)
        if finding.code == SURVIVED and view.trusted and view.model:
            asked = {"uri": document.uri, "range": _whole(finding), "instruction": _wanted_test(finding)}
            yield Offered(f"Bridle: write the missing test: {said}", QUICK_FIX, "bridle.edit", asked)
        elif view.trusted and view.model:
            scope = f"{_files(finding)}{_price(view.fix_cost)}"
            yield Offered(f"Bridle: fix and verify: {said} ({scope})", QUICK_FIX, "bridle.fix", argument)
    for finding in view.findings[:MAX_TREATED]:
        yield from _besides(finding, document, view)


def _besides(finding: Finding, document: Document, view: View) -> Iterator[Offered]:
    """Yield what can be done about a finding besides fixing it."""
    argument, said = _about(document, finding), headline(finding, MAX_TITLE)
    origin = finding.origin
    if origin is not None and not origin.whole and view.trusted:
        title = f"Bridle: take back the change of {_lines(origin)} since {_cut(origin.since)}"
        yield Offered(title, QUICK_FIX, "bridle.revert", argument)
    yield Offered(f"Bridle: explain: {said}", QUICK_FIX, "bridle.explain", argument)
    if view.trusted:
        where = finding.path.rpartition("/")[2]
        yield Offered(f"Bridle: run {finding.check} again on {where}", QUICK_FIX, "bridle.again", argument)
    yield Offered(f"Bridle: show the log of {finding.check}", QUICK_FIX, "bridle.log", {"check": finding.check})
    if finding.accepted:
        yield Offered(f"Bridle: take out of the baseline: {said}", QUICK_FIX, "bridle.takeBackFinding", argument)
    elif finding.fingerprint:
        yield Offered(f"Bridle: put into the baseline: {said}", QUICK_FIX, "bridle.acceptFinding", argument)
    yield Offered(f"Bridle: mute for this session: {said}", QUICK_FIX, "bridle.mute", argument)


def _about(document: Document, finding: Finding) -> Json:
    return {"uri": document.uri, "range": _whole(finding), "fingerprint": finding.fingerprint}


def _files(finding: Finding) -> str:
    """Return the files that a fix is about: what was changed and is reached, then the finding's own."""
    paths = [*(place.path for place in finding.related if place.changed), finding.path]
    names = list(dict.fromkeys(path.rpartition("/")[2] for path in paths if path))
    more = f" and {len(names) - MAX_FILES} more" if len(names) > MAX_FILES else ""
    return ", ".join(names[:MAX_FILES]) + more


def _price(cost: int | None) -> str:
    if not cost:
        return ""
    return f", about ${max(cost, 10_000) / 1_000_000:.2f}"


def _lines(origin: Origin) -> str:
    name, last = origin.path.rpartition("/")[2], max(origin.end_line, origin.start_line + 1)
    return f"{name}:{origin.start_line + 1}" + (f"-{last}" if last - origin.start_line > 1 else "")


def _wanted_test(finding: Finding) -> str:
    fault = finding.message.removeprefix("no test notices when ")
    return f"Write a test that passes now and fails when {fault} here. Change nothing but tests."


def _on_proposal(waiting: Waiting, view: View, client: Client) -> Iterator[Offered]:
    proposal, broken = waiting.proposal, waiting.broken
    kind = QUICK_FIX if waiting.here else SOURCE
    argument: Json = {"proposal": proposal.id}
    whole = [hunk.id for hunk in proposal.taking() if hunk.id not in broken]
    if whole:
        size = f"+{proposal.added} -{proposal.removed}, {_count(len(proposal.files), 'file')}"
        still = f"the {_count(len(whole), 'hunk')} that still stand" if broken else size
        taken = argument | {"hunks": whole} if broken else argument
        said = f"{_cut(proposal.badge.text)} ({still})"
        yield _accept(said, kind, taken, proposal)
    if broken and view.trusted and view.model:
        yield Offered(
            f"Bridle: ask again, you changed its lines: {_cut(proposal.title)}", kind, "bridle.refresh", argument
        )
    if len({hunk.group for hunk in proposal.taking()}) > 1:
        yield from _on_hunks(waiting)
    if whole and client.confirms_edits and proposal.badge.state not in FORCED and previewable(proposal):
        yield Offered(
            f"Bridle: review in the editor's own preview: {_cut(proposal.title)}", kind, "bridle.preview", argument
        )
    yield Offered(f"Bridle: show the change: {_cut(proposal.title)}", kind, "bridle.show", argument)
    yield Offered(f"Bridle: reject the change: {_cut(proposal.title)}", kind, "bridle.reject", argument)


def _on_hunks(waiting: Waiting) -> Iterator[Offered]:
    """Yield what can be done with the single hunks here; one brings along those that it stands or falls with."""
    proposal = waiting.proposal
    for group in list(dict.fromkeys(hunk.group for hunk in waiting.here))[:MAX_HUNKS]:
        ids = [hunk.id for hunk in proposal.taking() if hunk.group == group]
        argument: Json = {"proposal": proposal.id, "hunks": ids}
        said = f"hunk{'s' * (len(ids) > 1)} {', '.join(ids)} of {len(proposal.hunks)}"
        if not waiting.broken.intersection(ids):
            yield _accept(f"{said} alone, verified as chosen before it lands", QUICK_FIX, argument, proposal)
        yield Offered(f"Bridle: leave {said}", QUICK_FIX, "bridle.reject", argument)


def _accept(said: str, kind: str, argument: Json, proposal: Proposal) -> Offered:
    if proposal.badge.state in FORCED:
        return Offered(f"Bridle: accept anyway, {said}", kind, "bridle.acceptAnyway", argument)
    return Offered(f"Bridle: accept, {said}", kind, "bridle.accept", argument)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _edit(document: Document, place: lsp.Range, lines: Selection) -> Offered:
    argument: Json = {"uri": document.uri, "range": _json(place)}
    instruction = instruction_at(document.text.lines, lines.start_line, lines.end_line)
    scope = _scope(lines)
    if instruction:
        return Offered(
            f"Bridle: “{_cut(instruction)}” ({scope})", REWRITE, "bridle.edit", argument | {"instruction": instruction}
        )
    return Offered(f"Bridle: edit {scope}…", REWRITE, "bridle.edit", argument)


def _on_context(view: View, document: Document, place: lsp.Range, lines: Selection) -> Iterator[Offered]:
    """Yield what the person can say about these lines and this file in what runs see."""
    file: Json = {"uri": document.uri}
    pinned = file | {"range": _json(place)}
    yield Offered(f"Bridle: pin {_scope(lines)} for what runs see", SOURCE, "bridle.pin", pinned)
    yield Offered("Bridle: keep this file out of what runs see", SOURCE, "bridle.exclude", file)
    if view.chosen:
        yield Offered("Bridle: take back what you pinned or kept out of this file", SOURCE, "bridle.clearContext", file)
    if view.asked:
        yield Offered("Bridle: why is no more of this file in the context?", SOURCE, "bridle.whyNot", file)


def _scope(lines: Selection) -> str:
    if lines.end_line - lines.start_line == 1:
        return f"line {lines.start_line + 1}"
    return f"lines {lines.start_line + 1}-{lines.end_line}"


def _workflows(document: Document, place: lsp.Range, lines: Selection) -> Iterator[Offered]:
    """Yield what else can be done with several selected lines."""
    if lines.end_line - lines.start_line > 1:
        argument: Json = {"uri": document.uri, "range": _json(place)}
        scope = f"lines {lines.start_line + 1}-{lines.end_line}"
        for workflow, title in ON_LINES.items():
            yield Offered(f"Bridle: {title} {scope}", REWRITE, "bridle.run", argument | {"workflow": workflow})


def tell(offered: Offered, client: Client) -> lsp.CodeAction | lsp.Command | None:
    """Return an action as the client can take it; None when it cannot."""
    if offered.disabled and not client.disabled_actions:
        return None
    command = lsp.Command(title=offered.title, command=offered.command, arguments=[offered.argument])
    if not client.code_action_literals:
        return command if offered.command else None
    return lsp.CodeAction(
        title=offered.title,
        kind=offered.kind,
        command=command if offered.command else None,
        edit=offered.edit,
        disabled=lsp.CodeActionDisabled(reason=offered.disabled) if offered.disabled else None,
    )


def _within(kind: str, wanted: str) -> bool:
    return wanted in ("", kind) or kind.startswith(wanted + ".")


def _whole(finding: Finding) -> Json:
    return {
        "start": {"line": finding.start_line, "character": 0},
        "end": {"line": finding.start_line, "character": 0},
    }


def _json(place: lsp.Range) -> Json:
    return {
        "start": {"line": place.start.line, "character": place.start.character},
        "end": {"line": place.end.line, "character": place.end.character},
    }


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TITLE else text[: MAX_TITLE - 1] + "…"
