"""Replay is no film: anchors come from what the prompt shows, and a prompt that shows something else stops it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.context.anchors import bodies_of
from bridle.context.readform import render
from bridle.harness.model.client import Message, ModelProblem, ModelReply
from bridle.harness.model.replay import EXHAUSTED, Replay
from bridle.harness.model.shown import shown_files
from bridle.harness.model.template import fill
from bridle.harness.model.transcript import Call, Transcript, Turn, Workspace, load, next_turn, pick
from bridle.harness.nouns import UserProblem
from bridle.indexer.digest import digest
from tests.model.asking import Ear, assistant, request, result, user

CODE = "def total(lines):\n    return 0\n\n\ndef tax(lines):\n    return 0\n"


def shown(text: str = CODE, path: str = "src/x.py", rev: int = 1, ranges: Any = None) -> str:
    lines = bodies_of(text)
    return render(path, rev, lines, ranges or ((0, len(lines)),))


def anchors(text: str = CODE) -> list[str]:
    return [line.partition("\t")[0] for line in shown(text).split("\n")[1:]]


def filled(template: Any, *messages: Message) -> Any:
    return fill(template, shown_files(messages))


# --- slots ------------------------------------------------------------------------------------------------


def test_an_anchor_is_the_one_that_the_prompt_showed() -> None:
    assert filled('{anchor path="src/x.py" line="def tax"}', user(shown())) == anchors()[4]


def test_slots_are_filled_wherever_they_stand_in_an_input() -> None:
    span = '{anchor path="src/x.py" line="def total"}-{anchor path="src/x.py" line="def tax"}'
    given = {"files": [{"path": "src/x.py", "rev": '{rev path="src/x.py"}', "edits": [{"at": span, "text": "x\n"}]}]}
    assert filled(given, user(shown(rev=7))) == {
        "files": [{"path": "src/x.py", "rev": 7, "edits": [{"at": f"{anchors()[0]}-{anchors()[4]}", "text": "x\n"}]}]
    }


def test_lines_shown_by_a_tool_count_as_shown() -> None:
    talk = (user("Task"), assistant(), result(f"Here it is.\n\n{shown()}\n\nThat was all."))
    assert filled('{anchor path="src/x.py" line="def tax"}', *talk) == anchors()[4]


def test_what_the_model_wrote_itself_was_not_shown() -> None:
    with pytest.raises(ModelProblem, match="was not shown"):
        filled('{anchor path="src/x.py" line="def tax"}', assistant({"type": "text", "text": shown()}))


def test_the_newest_revision_that_shows_the_line_is_meant() -> None:
    edited = CODE.replace("return 0\n", "return 1\n", 1)
    talk = (user(shown()), result(shown(edited, rev=2, ranges=((0, 3),))))
    assert filled('{rev path="src/x.py"}', *talk) == 2
    assert filled('{rev path="src/x.py" line="return 1"}', *talk) == 2
    assert filled('{anchor path="src/x.py" line="def total"}', *talk) == anchors(edited)[0] != anchors()[0]
    assert filled('{rev path="src/x.py" line="def tax"}', *talk) == 1
    assert filled('{anchor path="src/x.py" line="return 1"}', *talk) == anchors(edited)[1]


def test_a_line_that_stands_twice_has_to_be_counted() -> None:
    with pytest.raises(ModelProblem, match="2 shown lines"):
        filled('{anchor path="src/x.py" line="return 0"}', user(shown()))
    assert filled('{anchor path="src/x.py" line="return 0" nth=2}', user(shown())) == anchors()[5]


@pytest.mark.parametrize(
    ("slot", "said"),
    [
        ('{anchor path="src/y.py" line="def tax"}', "'src/y.py' was not shown"),
        ('{anchor path="src/x.py" line="def gross"}', "but not its line 'def gross'"),
        ('{anchor path="src/x.py"}', "names no line"),
        ('{anchor line="def tax"}', "not well formed"),
        ('{anchor path="src/x.py" line="def tax" weather=1}', "not well formed"),
        ('{rev path="src/y.py"}', "was not shown"),
    ],
)
def test_a_place_that_was_not_shown_is_a_problem_and_never_a_guess(slot: str, said: str) -> None:
    with pytest.raises(ModelProblem, match=said) as caught:
        filled(slot, user(shown()))
    assert caught.value.kind == "fatal"


def test_elided_lines_were_not_shown() -> None:
    part = shown(ranges=((0, 2),))
    with pytest.raises(ModelProblem, match="but not its line"):
        filled('{anchor path="src/x.py" line="def tax"}', user(part))


TEXTS = st.lists(st.text(alphabet="ab ({", max_size=6), min_size=1, max_size=12).map(
    lambda lines: "\n".join(lines) + "\n"
)


@given(TEXTS, st.data())
def test_every_shown_line_is_read_back_with_its_anchor(text: str, data: st.DataObject) -> None:
    lines = bodies_of(text)
    start = data.draw(st.integers(0, len(lines) - 1))
    end = data.draw(st.integers(start + 1, len(lines)))
    (file,) = shown_files([user(shown(text, ranges=((start, end),)))])
    assert {n: line.text for n, line in file.lines.items()} == {n + 1: lines[n] for n in range(start, end)}
    assert [line.anchor for line in file.lines.values()] == anchors(text)[start:end]


@given(st.lists(st.integers(0, 99), min_size=1, max_size=12, unique=True), st.data())
def test_a_stale_anchor_has_the_number_of_its_line_and_never_its_check_word(
    numbers: list[int], data: st.DataObject
) -> None:
    text = "".join(f"name_{number:02}\n" for number in numbers)
    place = data.draw(st.integers(0, len(numbers) - 1))
    stale = filled(f'{{stale path="src/x.py" line="name_{numbers[place]:02}"}}', user(shown(text)))
    assert stale[:-2] == str(place + 1)
    assert stale != anchors(text)[place]


# --- turns ------------------------------------------------------------------------------------------------

HOME = Workspace("x", {})
READ = Call("read", {"path": "src/x.py"})


def transcript(*turns: Turn, task: tuple[str, ...] = ()) -> Transcript:
    return Transcript(HOME, turns, task)


def talk_of(*heard: str) -> list[Message]:
    """A conversation in which we said these things, the model something after each but the last."""
    messages: list[Message] = [user(heard[0])]
    for text in heard[1:]:
        messages += [assistant({"type": "text", "text": "Hm."}), user(text)]
    return messages


def test_turns_follow_each_other_and_those_that_wait_for_something_else_are_passed_over() -> None:
    recorded = transcript(
        Turn("first"), Turn("red", when_contains=("fail",)), Turn("calm", unless_contains=("fail",)), Turn("last")
    )
    for second, wanted in (("2 fail", ["first", "red", "last"]), ("all pass", ["first", "calm", "last"])):
        heard = ["task", second, second]
        said = [next_turn(recorded, talk_of(*heard[: n + 1])) for n in range(3)]
        assert [turn and turn.text for turn in said] == wanted


def test_a_transcript_that_is_through_has_no_turn() -> None:
    assert next_turn(transcript(Turn("only")), talk_of("task", "and now?")) is None


@given(st.lists(st.sampled_from(["fail", "pass", ""]), min_size=1, max_size=6))
def test_the_same_conversation_always_stands_at_the_same_turn(heard: list[str]) -> None:
    recorded = transcript(Turn("a"), Turn("b", when_contains=("fail",)), Turn("c"), Turn("d", when_contains=("pass",)))
    said = [next_turn(recorded, talk_of(*heard[: n + 1])) for n in range(len(heard))]
    again = [next_turn(recorded, talk_of(*heard[: n + 1])) for n in range(len(heard))]
    order = [recorded.turns.index(turn) for turn in said if turn is not None]
    assert said == again
    assert order == sorted(set(order)), "a turn is said once, and never after a later one"


def test_the_transcript_is_the_one_for_the_task_and_the_picky_one_first() -> None:
    any_task, picky = transcript(Turn("any")), transcript(Turn("picky"), task=("loosen", "test"))
    assert pick((picky, any_task), talk_of("loosen the test")) is picky
    assert pick((picky, any_task), talk_of("mend the code")) is any_task
    assert pick((picky,), talk_of("mend the code")) is None


async def said_by(replay: Replay, *messages: Message) -> ModelReply:
    return await replay.reply(request(*messages, model="replay"), Ear())


async def test_a_replay_counts_tokens_and_costs_nothing(tmp_path: Path) -> None:
    reply = await said_by(Replay([transcript(Turn("Hello.", (READ,)))], tmp_path), user("task"))
    assert reply.usage.input_tokens > 0
    assert reply.usage.output_tokens > 0
    assert reply.usage.cost_usd_micros == 0
    assert reply.stop_reason == "tool_use"


async def test_a_replay_that_is_through_says_so(tmp_path: Path) -> None:
    reply = await said_by(Replay([transcript()], tmp_path), user("task"))
    assert reply.content == ({"type": "text", "text": EXHAUSTED},)


async def test_a_replay_refuses_any_workspace_but_its_own(tmp_path: Path) -> None:
    home = Workspace("examples/x", {"pyproject.toml": digest(b"[project]\n")})
    replay = Replay([Transcript(home, (Turn("Hello."),))], tmp_path)
    for change in (None, b"[tool]\n"):
        if change is not None:
            (tmp_path / "pyproject.toml").write_bytes(change)
        with pytest.raises(ModelProblem, match=r"belongs to 'examples/x', and 'pyproject\.toml' here"):
            await said_by(replay, user("task"))
    (tmp_path / "pyproject.toml").write_bytes(b"[project]\n")
    assert (await said_by(replay, user("task"))).content[0]["text"] == "Hello."


@pytest.mark.parametrize(
    "text", ["turns = 3", "not toml [", "[workspace]\nname = 'x'\nfiles = {}\n[[turns]]\nweather = 1", "\xff"]
)
def test_a_transcript_that_cannot_be_used_says_why_and_what_to_do(text: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(text, "latin-1")
    with pytest.raises(UserProblem, match=r"broken\.toml") as caught:
        load(path)
    assert "BRIDLE_TRANSCRIPT" in caught.value.next_step


@pytest.mark.parametrize("path", ["nowhere.toml", "."])
def test_a_missing_transcript_is_a_clear_problem(path: str, tmp_path: Path) -> None:
    with pytest.raises(UserProblem):
        load(tmp_path / path)
