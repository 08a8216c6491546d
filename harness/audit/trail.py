"""A journal as actions: who did what, each in one line. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec

from bridle.harness.model.budget import dollars
from bridle.harness.nouns import RunId, Usage
from bridle.harness.session import events
from bridle.harness.session.journal import Reading
from bridle.harness.session.records import Record

MAX_TEXT = 160

Who = Literal["person", "model", "bridle"]


class Action(msgspec.Struct, frozen=True):
    """One thing that happened. `time` is in seconds since the epoch; `text` is one line.

    `rule` is what allowed or refused it, and `rung` the sandbox in which it happened, "" where neither had a part.
    """

    run: RunId
    seq: int
    time: float
    kind: str
    who: Who
    text: str
    model: str = ""
    tokens: int = 0
    cost_usd_micros: int | None = 0
    rule: str = ""
    rung: str = ""
    files: tuple[str, ...] = ()

    @property
    def when(self) -> str:
        """The time as it was here, to the second."""
        return datetime.fromtimestamp(self.time).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def actions(reading: Reading) -> Iterator[Action]:
    """Yield what a run did, in order; what this version does not know is told by its kind alone."""
    model = rung = ""
    for record in reading.records:
        event = record.event()
        if isinstance(event, events.Started):
            model = event.model
        elif isinstance(event, events.ModelCalled):
            model = event.model or model
        elif isinstance(event, events.Sheltered):
            rung = event.rung
        yield _action(reading.run, record, event, model, rung)


def _action(run: RunId, record: Record, event: events.Event | None, model: str, rung: str) -> Action:
    who, say = _SAID.get(type(event), ("bridle", _nothing))
    action = Action(run, record.seq, record.time, record.kind, who, _short(say(event)))
    match event:
        case events.ModelCalled(model=asked):
            return msgspec.structs.replace(action, model=asked or model)
        case events.ModelReplied(usage=used) | events.ModelFailed(usage=used) | events.Reranked(usage=used):
            tokens = used.input_tokens + used.output_tokens + used.cache_read_tokens + used.cache_write_tokens
            return msgspec.structs.replace(action, model=model, tokens=tokens, cost_usd_micros=used.cost_usd_micros)
        case events.Decided(rule=rule) | events.McpCalled(rule=rule):
            return msgspec.structs.replace(action, rule=rule)
        case events.Ran(rung=where, changed=changed):
            return msgspec.structs.replace(action, rung=where, files=changed)
        case events.Edited(files=files):
            return msgspec.structs.replace(action, rung=rung, files=tuple(file.path for file in files))
        case events.Prepared(files=files) | events.Confirmed(files=files):
            return msgspec.structs.replace(action, files=tuple(file.path for file in files))
        case events.Proposed(files=files) | events.Landed(written=files):
            return msgspec.structs.replace(action, files=files)
        case events.Rewound(written=written, unsaved=unsaved):
            return msgspec.structs.replace(action, files=(*written, *unsaved))
        case events.Checked():
            return msgspec.structs.replace(action, rung=rung)
        case _:
            return action


def _short(text: str) -> str:
    line = "".join(character if character.isprintable() else " " for character in " ".join(text.split()))
    return line if len(line) <= MAX_TEXT else f"{line[: MAX_TEXT - 1]}…"


def _nothing(_: object) -> str:
    return "what this version of Bridle does not know"


def _started(event: events.Started) -> str:
    return f"{event.workflow}: {event.instruction}"


def _sheltered(event: events.Sheltered) -> str:
    return f"a shadow was opened: {event.rung}" + "".join(f"; {reason}" for reason in event.declined)


def _replied(event: events.ModelReplied) -> str:
    return f"answered ({event.stop_reason or 'no reason told'}): {_used(event.usage)}"


def _failed(event: events.ModelFailed) -> str:
    return f"gave no answer ({event.reason or 'no reason told'}): {_used(event.usage)}"


def _used(used: Usage) -> str:
    parts = f"{used.input_tokens} in, {used.output_tokens} out, {used.cache_read_tokens} from the cache"
    return f"{parts}, {dollars(used.cost_usd_micros)}"


def _decided(event: events.Decided) -> str:
    return f"{event.verdict}: {event.tool} {event.subject}" + (f" ({event.reason})" if event.reason else "")


def _egress(event: events.Egress) -> str:
    told = f"refused, {event.refused}" if event.refused else f"{event.sent_bytes} bytes sent"
    return f"network: {event.host}:{event.port}: {told}"


def _mcp(event: events.McpCalled) -> str:
    return f"{event.name}: {event.outcome}, {event.n_bytes} bytes"


def _edited(event: events.Edited) -> str:
    return "changed in the shadow: " + ", ".join(file.path for file in event.files)


def _ran(event: events.Ran) -> str:
    code = "" if event.exit_code is None else f", exit code {event.exit_code}"
    return f"ran {event.command}: {event.outcome}{code}, {event.seconds:.1f} s"


def _checked(event: events.Checked) -> str:
    spoken = ", ".join(f"{verdict.check} {verdict.outcome}" for verdict in event.verdicts) or "no check"
    flags = f"; {len(event.flags)} objections" if event.flags else ""
    return spoken + flags + (f"; badge: {event.badge.text}" if event.badge else "")


def _overridden(event: events.Overridden) -> str:
    flags = f", {len(event.flags)} objections waved through" if event.flags else ""
    return f"took {event.proposal} without proof: {event.badge.text}{flags}"


def _prepared(event: events.Prepared) -> str:
    if event.rewinds:
        return f"back to step {event.rewinds}: {', '.join(file.path for file in event.files)}"
    what = f"back {event.undoes}" if event.undoes else event.proposal or "a change"
    hunks = f", hunks {', '.join(event.hunks)}" if event.hunks else ""
    return f"took {what}{hunks}: {', '.join(file.path for file in event.files)}"


def _landed(event: events.Landed) -> str:
    parts = (("written", event.written), ("to be saved", event.unsaved), ("kept as it was", event.kept))
    return f"landed {event.plan}: " + ("; ".join(f"{name} {', '.join(f)}" for name, f in parts if f) or "nothing")


def _rewound(event: events.Rewound) -> str:
    what = {"both": "files and conversation", "files": "files", "conversation": "conversation"}[event.what]
    return f"went back to step {event.to}: {what}"


def _accepted(event: events.AcceptedFinding) -> str:
    return f"{event.what}: {event.check}: {event.path}: {event.message}"


_SAID: dict[type[Any], tuple[Who, Callable[[Any], str]]] = {
    events.Started: ("person", _started),
    events.Dropped: ("bridle", lambda event: f"let {event.run} go: {event.reason}"),
    events.Resumed: ("person", lambda event: f"taken up by process {event.pid}"),
    events.Sheltered: ("bridle", _sheltered),
    events.PhaseEntered: ("bridle", lambda event: f"phase {event.name}"),
    events.PhaseLeft: ("bridle", lambda event: f"phase {event.phase} ended: {event.outcome}"),
    events.Written: ("bridle", lambda event: f"wrote {event.name}" + (f" (by {event.by})" if event.by else "")),
    events.Assumed: ("bridle", lambda event: f"{event.question} {event.answer} (by {event.by})"),
    events.Told: ("bridle", lambda event: "told the model"),
    events.Compacted: ("bridle", lambda event: f"cut the talk of {event.talk} before message {event.start}"),
    events.ModelCalled: ("bridle", lambda event: f"asked the model, turn {event.turn}"),
    events.ModelReplied: ("model", _replied),
    events.ModelFailed: ("model", _failed),
    events.Reranked: ("model", lambda event: f"put candidates in order: {_used(event.usage)}"),
    events.ToolCalled: ("model", lambda event: f"called {event.name}"),
    events.ToolReplied: ("bridle", lambda event: "told the model what its tools gave"),
    events.Decided: ("bridle", _decided),
    events.Egress: ("bridle", _egress),
    events.McpCalled: ("model", _mcp),
    events.Fetched: ("bridle", lambda event: f"asked the source {event.key}: {event.n_bytes} bytes"),
    events.Edited: ("model", _edited),
    events.Ran: ("bridle", _ran),
    events.Checked: ("bridle", _checked),
    events.Proposed: ("bridle", lambda event: f"on offer: {event.proposal}: {', '.join(event.files)}"),
    events.Overridden: ("person", _overridden),
    events.Prepared: ("person", _prepared),
    events.Confirmed: ("bridle", lambda event: f"the editor holds {event.plan}"),
    events.Landed: ("bridle", _landed),
    events.RolledBack: ("bridle", lambda event: f"{event.plan} did not land: {event.reason}"),
    events.Undone: ("bridle", lambda event: f"{event.plan} was taken back"),
    events.Rewound: ("person", _rewound),
    events.Forked: ("person", lambda event: f"begun where {event.parent} stood after its step {event.step}"),
    events.AcceptedFinding: ("person", _accepted),
    events.BudgetMet: ("bridle", lambda event: f"a limit was met: {event.limit}"),
    events.Parked: ("bridle", lambda event: f"parked: {event.reason or event.outcome}"),
    events.Ended: ("bridle", lambda event: f"{event.outcome}" + (f": {event.reason}" if event.reason else "")),
}
