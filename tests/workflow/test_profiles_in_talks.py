"""What is known of a model shapes each call to it: how long its reply may be, how it thinks, when the talk is cut."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from bridle.harness.model.budget import Meter
from bridle.harness.model.client import Listener, ModelReply, ModelRequest
from bridle.harness.model.profiles import UNKNOWN, Effort, Profile, shipped
from bridle.harness.nouns import Budget, RunId, Usage
from bridle.harness.permission.rules import Policy
from bridle.harness.session.journal import Journal
from bridle.harness.settings import Settings
from bridle.harness.tools.toolbox import Toolbox
from bridle.harness.workflow.conversation import Conversation, Sitting
from bridle.harness.workflow.desk import edit_tool_of


class Recorder:
    """A model that keeps what it was asked."""

    endpoint = "https://somewhere.example"

    def __init__(self, model: str) -> None:
        self.model = model
        self.seen: list[ModelRequest] = []

    async def reply(self, request: ModelRequest, on_event: Listener) -> ModelReply:
        self.seen.append(request)
        return ModelReply(({"type": "text", "text": "word " * 1_500},), "end_turn", Usage(turns=1), request.model)

    async def prepare(self) -> None: ...

    async def close(self) -> None: ...


async def ask(folder: Path, model: Recorder, profile: Profile | None, effort: Effort = "", turns: int = 1) -> list[str]:
    """Talk for some turns; returns what was said on the way."""
    known = shipped()
    if profile is not None:
        known = msgspec.structs.replace(known, model={**known.model, model.model: profile})
    said: list[str] = []
    folder.mkdir(exist_ok=True)
    journal = Journal(folder, RunId("r1"), time.time)
    try:
        sitting = Sitting(model, "You change code.", "build", effort=effort, profiles=known)
        talk = Conversation(sitting, Toolbox([]), journal, Meter(Budget(tokens=10_000_000), time.monotonic))
        for _ in range(turns):
            talk.tell("mend it")
            await talk.talk(said.append)
    finally:
        journal.close()
    return said


async def test_a_reply_is_asked_for_no_longer_than_the_model_gives(tmp_path: Path) -> None:
    model = Recorder("mine")
    await ask(tmp_path, model, Profile(max_output_tokens=5_000))
    assert model.seen[0].max_tokens == 5_000
    assert model.seen[0].facts.max_output_tokens == 5_000


async def test_a_phases_effort_becomes_what_the_model_takes(tmp_path: Path) -> None:
    budget, adaptive, none = Recorder("claude-haiku-4-5"), Recorder("claude-opus-5-5"), Recorder("mine")
    for n, model in enumerate((budget, adaptive, none)):
        await ask(tmp_path / str(n), model, None, effort="high")
    assert (budget.seen[0].thinking, budget.seen[0].effort) == ({"type": "enabled", "budget_tokens": 8_000}, "")
    assert (adaptive.seen[0].thinking, adaptive.seen[0].effort) == ({"type": "adaptive"}, "high")
    assert (none.seen[0].thinking, none.seen[0].effort) == (None, "")


async def test_a_phase_without_an_effort_leaves_thinking_to_the_model(tmp_path: Path) -> None:
    model = Recorder("claude-opus-5-5")
    await ask(tmp_path, model, None)
    assert (model.seen[0].thinking, model.seen[0].effort) == (None, "")


async def test_a_talk_is_cut_before_it_outgrows_the_models_window(tmp_path: Path) -> None:
    small, large = Recorder("small"), Recorder("large")
    said = await ask(tmp_path / "s", small, Profile(context_tokens=16_000, max_output_tokens=4_000), turns=8)
    assert any("the talk grew too long" in line for line in said)
    assert max(len(request.messages) for request in small.seen) < 15
    said = await ask(tmp_path / "l", large, Profile(context_tokens=200_000), turns=8)
    assert not any("the talk grew too long" in line for line in said)
    assert len(large.seen[-1].messages) == 15


async def test_what_is_assumed_of_an_unknown_model_is_said_once(tmp_path: Path) -> None:
    model = Recorder("nobody-knows-it")
    said = await ask(tmp_path, model, None, turns=2)
    assert [line for line in said if "is not described" in line] == [shipped().guessed("nobody-knows-it")]
    assert model.seen[0].max_tokens == UNKNOWN.max_output_tokens


def test_the_model_is_edited_with_in_the_format_that_suits_it_unless_the_person_chose() -> None:
    plain = Settings(Policy(Path("/")))
    mine = msgspec.structs.replace(shipped(), model={"mine": Profile(edit_format="str_replace")})
    told = msgspec.structs.replace(plain, profiles=mine)
    assert edit_tool_of(plain, "claude-opus-5-5") == "hashline"
    assert edit_tool_of(told, "mine") == "str_replace"
    assert edit_tool_of(msgspec.structs.replace(told, edit_tool="hashline"), "mine") == "hashline"
