"""A long talk is made short: what opened it stays, no result stands without its call, a kill changes nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.model.budget import Meter
from bridle.harness.model.client import Listener, Message, ModelProblem, ModelReply, ModelRequest
from bridle.harness.model.tokens import tokens_of
from bridle.harness.model.wire import wire
from bridle.harness.nouns import Budget, RunId, Usage
from bridle.harness.session.fold import fold
from bridle.harness.session.journal import Journal, read_journal
from bridle.harness.tools.toolbox import Input, Tool, Toolbox
from bridle.harness.workflow.compaction import AFTER, HEAD, cut, digest, is_due, sent
from bridle.harness.workflow.conversation import Conversation, Sitting
from tests.model.asking import assistant, result, use, user

RUN = RunId("r1")
MOST = 8_000
OPENING = "# Rules\n\n- Whole cents  only.\n\n<task>mend it</task>\n"
BIG = Budget(tokens=1 << 40, cost_usd_micros=1 << 40, seconds=1e9, turns=100_000)


def edit(path: str, number: str) -> Message:
    return assistant(use("hashline_edit", {"files": [{"path": path, "edits": []}]}, number))


def refusal(text: str, number: str) -> Message:
    message = result(text, number)
    message["content"][0]["is_error"] = True
    return message


TALK: list[Message] = [
    user(OPENING),
    assistant({"type": "text", "text": "I look at money."}, use("read", {"path": "money.py"}, "1")),
    result("[money.py v1 1-9/9]", "1"),
    edit("money.py", "2"),
    result("[money.py v2 1-9/9]", "2"),
    edit("cart.py", "3"),
    refusal("E_ANCHOR", "3"),
    assistant(use("run_command", {"command": "make lint"}, "4")),
    result("exit 0 in 0.1 s", "4"),
    assistant(use("run_check", {}, "5")),
    result("pytest: fail\n" + "x" * 9_000 + "\nthe end", "5"),
    user("The project's checks ran on your change."),
    assistant({"type": "text", "text": "Now it rounds."}),
]


def test_a_digest_tells_what_was_done_and_found() -> None:
    text = digest(TALK[1:])
    assert text.startswith(HEAD)
    assert text.endswith(AFTER)
    assert "## Changed\n\n- money.py (1 edit)" in text
    assert "cart.py" not in text
    assert "1 edits were refused" in text
    assert "- I look at money.\n- Now it rounds." in text
    assert "`make lint`\n\nexit 0 in 0.1 s" in text
    assert "pytest: fail" in text
    assert "the end" in text
    assert "The project's checks ran on your change." in text
    assert len(text) < 6_000


@given(st.integers(1, 40), st.integers(0, 10), st.data())
def test_what_is_sent_opens_as_ever_and_no_result_stands_alone(n_turns: int, kept: int, data: st.DataObject) -> None:
    talk: list[Message] = [user(OPENING)]
    for number in range(n_turns):
        names = [f"{number}-{n}" for n in range(data.draw(st.integers(0, 3)))]
        talk.append(
            assistant({"type": "text", "text": f"turn {number}"}, *(use("read", {"path": "a"}, n) for n in names))
        )
        found = [result("x", name)["content"][0] for name in names] or user("go on")["content"]
        talk.append({"role": "user", "content": found})
    start = cut(talk, kept)
    shown = sent(talk, start)
    assert shown[0]["content"][0]["text"] == OPENING
    assert shown == sent(talk, start)
    assert talk[start:] == shown[1:]
    called = {block["id"] for message in shown for block in message["content"] if block["type"] == "tool_use"}
    answered = {b["tool_use_id"] for message in shown for b in message["content"] if b["type"] == "tool_result"}
    assert called == answered
    assert [message["role"] for message in shown[1:2]] in ([], ["assistant"])


def test_a_short_talk_is_left_alone() -> None:
    assert not is_due(TALK, 1_000_000)
    assert not is_due([user("x" * 1_000_000)], 10)
    assert is_due(TALK, 1_000)
    assert sent(TALK, 0) == TALK


class Chatty:
    """A model that reads one file after another, and sees to it that each request is one that it could be sent."""

    model = "replay"
    endpoint = "this machine"

    def __init__(self, n_turns: int, dies_at: int = -1, refuses: int = -1) -> None:
        self.seen: list[ModelRequest] = []
        self._n_turns = n_turns
        self._dies_at = dies_at
        self._refuses = refuses

    async def prepare(self) -> None: ...

    async def reply(self, request: ModelRequest, on_event: Listener) -> ModelReply:
        self.seen.append(request)
        if len(self.seen) == self._refuses:
            raise ModelProblem("fatal", "too long", too_long=True)
        number = _turn(request)
        if number == self._dies_at:
            raise KeyboardInterrupt
        if number >= self._n_turns:
            return ModelReply(({"type": "text", "text": "Done."},), "end_turn", Usage(turns=1), "replay")
        call = use("read", {"path": f"src/file{number}.py"}, f"toolu_{number}")
        return ModelReply(({"type": "text", "text": f"turn {number}"}, call), "tool_use", Usage(turns=1), "replay")

    async def close(self) -> None: ...


def _turn(request: ModelRequest) -> int:
    """Return which turn it is, by the last file that was read."""
    numbers = [int(part.partition(".py")[0]) for part in str(request.messages).split("src/file")[1:]]
    return max(numbers, default=-1) + 1


async def _read(given: Input) -> str:
    return f"[{given['path']} v1 1-50/50]\n" + "some line of code\n" * 50


def talk_with(model: Chatty, journal: Journal) -> Conversation:
    spec = {"name": "read", "description": "", "input_schema": {"type": "object"}}
    sitting = Sitting(model, "You change code.", "build", most_tokens=MOST)
    return Conversation(sitting, Toolbox([Tool("read", spec, _read)]), journal, Meter(BIG, time.monotonic))


async def whole(folder: Path, n_turns: int) -> tuple[Chatty, Any]:
    model, journal = Chatty(n_turns), Journal(folder, RUN, time.time)
    talk = talk_with(model, journal)
    talk.tell(OPENING)
    assert await talk.talk(lambda line: None) == "Done."
    journal.close()
    return model, fold(read_journal(folder, RUN).records)


async def test_three_hundred_turns_stay_within_bounds_and_open_as_they_began(tmp_path: Path) -> None:
    model, state = await whole(tmp_path, 300)
    cuts = [record for record in read_journal(tmp_path, RUN).records if record.kind == "compacted"]
    assert len(cuts) >= 6
    assert len(state.talks["build"]) == 2 * 300 + 2, "nothing of the talk is lost in the journal"
    for request in model.seen:
        assert request.messages[0]["content"][0]["text"] == OPENING
        assert tokens_of(list(request.messages)) <= MOST + 1_000
        assert wire(request)["messages"]
    assert "- src/file0.py (1 time)" in str(model.seen[-1].messages[0]), "what was read first is told still"


async def test_a_kill_at_any_turn_and_going_on_sends_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    straight, _ = await whole(tmp_path / "a", 40)
    folder = tmp_path / "b"
    folder.mkdir()
    journal = Journal(folder, RUN, time.time)
    talk = talk_with(Chatty(40, dies_at=0), journal)
    talk.tell(OPENING)
    seen: list[ModelRequest] = []
    for dies_at in (0, 7, 8, 23, 39, -1):
        model = Chatty(40, dies_at)
        talk = talk_with(model, journal)
        state = fold(read_journal(folder, RUN).records)
        talk.restore([dict(m) for m in state.talks["build"]], state.cuts.get("build", 0))
        if dies_at >= 0:
            with pytest.raises(KeyboardInterrupt):
                await talk.talk(lambda line: None)
        else:
            assert await talk.talk(lambda line: None) == "Done."
        seen += model.seen
    journal.close()
    lasting = {repr(request.messages) for request in straight.seen}
    assert {repr(request.messages) for request in seen} == lasting


async def test_what_the_endpoint_finds_too_long_is_sent_once_more_and_shorter(tmp_path: Path) -> None:
    model, journal = Chatty(20, refuses=6), Journal(tmp_path, RUN, time.time)
    talk = talk_with(model, journal)
    talk.tell(OPENING)
    assert await talk.talk(lambda line: None) == "Done."
    assert tokens_of(list(model.seen[6].messages)) < tokens_of(list(model.seen[5].messages)) / 3
    model = Chatty(20, refuses=1)
    talk = talk_with(model, journal)
    talk.tell(OPENING)
    with pytest.raises(ModelProblem, match="too long"):
        await talk.talk(lambda line: None)
    assert len(model.seen) == 1, "there is nothing to make shorter"
    journal.close()
