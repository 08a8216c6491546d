"""Endpoints that speak only a part of the Messages API: what they lack is left out, and nothing else is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from bridle.harness.model.client import Feature, LeftOut, ModelProblem, ModelRequest
from bridle.harness.model.endpoints import Own, named_in, shipped_endpoints, with_own
from bridle.harness.model.keys import Key
from bridle.harness.model.leaving_out import PLAIN, uses, without
from bridle.harness.model.live import LiveModel, Patience
from bridle.harness.model.wire import wire
from bridle.harness.nouns import UserProblem
from tests.model.asking import MODEL, READ, SECRET, Ear, assistant, live, request, use, user
from tests.model.messages_lacks import ASKED, REFUSALS
from tests.model.messages_rules import refusals
from tests.model.messages_server import MessagesServer, Script, Step

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models.md"
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
EDITOR = {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}
KEY = Key(SECRET, "environment")
FEATURES: tuple[Feature, ...] = get_args(Feature)


def asking_for_all() -> ModelRequest:
    """A request with everything in it that an endpoint can lack."""
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    given = {"path": "a.py", "cache_control": "a word of the code", "strict": True}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "x"}, IMAGE]}
    talk = (user("word " * 2_000), assistant(thought, use("read", given)), {"role": "user", "content": [result]})
    asked = request(*talk, thinking={"type": "adaptive"}, effort="low", max_tokens=4_000)
    return msgspec.structs.replace(asked, tools=({**READ, "strict": True}, EDITOR, {**READ, "name": "look"}))


BODY = wire(asking_for_all())


def test_a_whole_request_asks_for_everything_and_is_a_good_one() -> None:
    assert refusals({**BODY, "stream": True}) == []
    assert {name for name in ASKED if ASKED[name](BODY)} == set(ASKED) == set(FEATURES) - {"count_tokens"}


@pytest.mark.parametrize("feature", sorted(ASKED))
def test_what_is_lacking_is_left_out_and_the_rest_stays(feature: Feature) -> None:
    before = json.dumps(BODY)
    left = without(BODY, (feature,))
    assert uses(BODY, feature)
    assert not uses(left, feature)
    assert {name for name in ASKED if ASKED[name](left)} == set(ASKED) - {feature}
    assert refusals({**left, "stream": True}) == []
    assert json.dumps(BODY) == before, "what was asked for is not changed"
    call = left["messages"][1]["content"][-1]
    assert call["input"] == {"path": "a.py", "cache_control": "a word of the code", "strict": True}


def test_without_everything_a_request_is_a_plain_one() -> None:
    left = without(BODY, FEATURES)
    assert set(left) == {"model", "max_tokens", "tools", "system", "messages"}
    assert refusals({**left, "stream": True}) == []
    assert left["tools"][1]["name"] == EDITOR["name"]
    assert left["tools"][1]["input_schema"]["required"] == ["command", "path"]
    bare = {"model": "m", "max_tokens": 9, "messages": [user("Hi")]}
    assert without(bare, FEATURES) == bare


def test_a_message_of_thoughts_alone_still_has_a_content() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    left = without({"model": "m", "max_tokens": 9, "messages": [user("Hi"), assistant(thought), user("?")]}, FEATURES)
    assert refusals({**left, "stream": True}) == []


def test_the_plain_declaration_names_every_word_that_the_tool_knows() -> None:
    from bridle.harness.edits.textedit import COMMANDS, SPEC

    (kind,) = PLAIN
    assert kind == SPEC["type"]
    assert PLAIN[kind]["input_schema"]["properties"]["command"]["enum"] == list(COMMANDS)


# --- what is known, what is told, what is learnt -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://api.anthropic.com", "anthropic"),
        ("https://api.deepseek.com/anthropic", "deepseek"),
        ("https://api.moonshot.ai/anthropic", "moonshot"),
        ("https://api.kimi.com/coding", "moonshot"),
        ("http://localhost:11434", "ollama"),
        ("http://10.0.0.7:11434", "ollama"),
        ("http://127.0.0.1:4000", "litellm"),
        ("https://openrouter.ai/api", "openrouter"),
        ("http://127.0.0.1:8080", ""),
        ("https://deepseek.com.example.org", ""),
    ],
)
def test_an_endpoint_is_known_by_its_host_or_by_a_port_of_its_own(address: str, kind: str) -> None:
    known = shipped_endpoints()
    assert known.kind_of(address) == kind
    assert known.lacks(address) == frozenset(known.endpoint[kind].lacks if kind else ())


def test_a_person_says_what_an_address_is_and_what_it_lacks_beside() -> None:
    known = with_own({"http://127.0.0.1:8080/": Own(kind="llama.cpp", lacks=("images",))})
    assert known.kind_of("http://127.0.0.1:8080") == "llama.cpp"
    assert known.lacks("http://127.0.0.1:8080") == {"cache_control", "effort", "strict", "typed_tools", "images"}
    with pytest.raises(UserProblem, match="which is not known") as caught:
        with_own({"http://127.0.0.1:8080": Own(kind="lama.cpp")})
    assert "llama.cpp" in caught.value.next_step


@pytest.mark.parametrize("feature", sorted(REFUSALS))
def test_the_words_of_a_refusal_name_the_feature(feature: Feature) -> None:
    assert named_in(REFUSALS[feature][1]) == feature


def test_other_refusals_name_none() -> None:
    for words in ("messages: roles must alternate", "model: unknown", "", "max_tokens: 99999 > 8192"):
        assert named_in(words) is None


@pytest.mark.slow
@pytest.mark.parametrize("feature", sorted(ASKED))
async def test_what_an_endpoint_refuses_by_name_is_left_out_from_then_on(feature: Feature) -> None:
    with MessagesServer(Script(refuses=(feature,))) as server:
        client, ear = live(server, Patience()), Ear()
        reply = await client.reply(asking_for_all(), ear)
        await client.reply(asking_for_all(), ear)
        await client.close()
    assert reply.content[0]["text"] == "Done."
    assert [event for event in ear.events if isinstance(event, LeftOut)] == [LeftOut(feature)]
    assert [ASKED[feature](seen.body) for seen in server.seen] == [True, False, False]
    assert reply.usage.input_tokens + reply.usage.cache_write_tokens > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(set(shipped_endpoints().endpoint) - {"anthropic"}))
async def test_an_endpoint_of_a_known_kind_is_never_asked_for_what_it_lacks(kind: str) -> None:
    lacks = shipped_endpoints().endpoint[kind].lacks
    with MessagesServer(Script(refuses=lacks)) as server:
        client = LiveModel(MODEL, KEY, server.url, None, with_own({server.url: Own(kind=kind)}))
        ear = Ear()
        await client.reply(asking_for_all(), ear)
        assert await client.check() > 0
        await client.close()
    assert not [event for event in ear.events if isinstance(event, LeftOut)], "nothing had to be learnt"
    assert len(server.seen) == 2
    assert not [name for name in lacks if name in ASKED and ASKED[name](server.seen[0].body)]


@pytest.mark.slow
async def test_an_endpoint_that_refuses_everything_is_asked_once_for_each_and_no_more() -> None:
    with MessagesServer(Script(refuses=tuple(ASKED))) as server:
        client = live(server, Patience())
        await client.reply(asking_for_all(), Ear())
        await client.close()
    assert len(server.seen) == len(ASKED) + 1


@pytest.mark.slow
async def test_a_refusal_of_what_was_not_asked_for_stays_a_refusal() -> None:
    with MessagesServer(Script((), Step(fault="bad_request"))) as server:
        client = live(server, Patience())
        with pytest.raises(ModelProblem):
            await client.reply(asking_for_all(), Ear())
        await client.close()
    assert len(server.seen) == 1


@pytest.mark.slow
async def test_a_key_is_tried_by_a_token_where_the_endpoint_cannot_count() -> None:
    with MessagesServer(Script(refuses=("count_tokens",))) as server:
        client = live(server, Patience())
        assert await client.check() > 0
        assert await client.check() > 0
        await client.close()
    assert [seen.path.rpartition("/")[2] for seen in server.seen] == ["count_tokens", "messages", "messages"]
    assert [seen.body["max_tokens"] for seen in server.seen[1:]] == [1, 1]


def test_the_page_says_of_each_endpoint_what_the_data_says() -> None:
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.*) \|$", PAGE.read_text(), re.MULTILINE))
    assert rows == {name: row(one) for name, one in shipped_endpoints().endpoint.items()}


def row(one: Any) -> str:
    known = ", ".join([*(f"`{host}`" for host in one.hosts), *([f"port {one.port}"] if one.port else [])])
    lacks = ", ".join(f"`{name}`" for name in one.lacks)
    return f"{known or 'by name'} | {lacks or 'nothing that is known'} | {one.note}"
