"""What is known of each model, what a person says beside that, and what is asked of a model because of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridle.harness.model.budget import estimate
from bridle.harness.model.modelsfile import load_models
from bridle.harness.model.profiles import (
    LEAST_THINKING_TOKENS,
    LEVELS,
    UNKNOWN,
    Effort,
    Profile,
    shipped,
    told_to_think,
)
from bridle.harness.nouns import UserProblem
from tests.model.asking import request
from tests.model.messages_rules import RULES, model_facts, refusals

MODELS = sorted(set(shipped().model) - {"replay"})


def test_every_profile_is_possible() -> None:
    for name, one in shipped().model.items():
        assert one.max_output_tokens < one.context_tokens, name
        assert one.thinking != "budget" or one.max_output_tokens > 2 * LEAST_THINKING_TOKENS, name


def test_the_profiles_and_the_local_server_say_the_same_of_each_model() -> None:
    for name in set(RULES["models"]) - {"default"}:
        known, facts = shipped().of(name), model_facts(name)
        assert known.cached_from == facts["min_cached_tokens"], name
        assert known.max_output_tokens <= facts["max_tokens"], name
        assert {"adaptive": "adaptive", "budget": "enabled"}[known.thinking] in facts["thinking"], name


def test_the_newest_of_each_line_has_the_limits_that_its_provider_publishes() -> None:
    for name in ("claude-fable-5-2", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"):
        one = shipped().of(name)
        assert (one.context_tokens, one.max_output_tokens, one.cached_from) == (1_000_000, 128_000, 512), name
        assert (one.thinking, one.efforts) == ("adaptive", ("low", "medium", "high", "xhigh", "max")), name
    assert shipped().of("claude-haiku-4-5").context_tokens == 200_000
    assert shipped().of("claude-sonnet-4-6").efforts == ("low", "medium", "high", "max")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("effort", LEVELS)
def test_what_a_model_is_told_to_think_is_something_that_it_takes(model: str, effort: Effort) -> None:
    profile = shipped().of(model)
    thinking, level = told_to_think(profile, effort, 16_000)
    body: dict[str, Any] = {"model": model, "max_tokens": 16_000, "messages": [{"role": "user", "content": "Hi"}]}
    body |= {"thinking": thinking} if thinking else {}
    assert refusals(body) == []
    assert level in ("", *profile.efforts)
    assert bool(thinking) == (profile.thinking != "none")


def test_an_effort_that_a_model_does_not_have_becomes_the_next_lower_one() -> None:
    some = Profile(thinking="adaptive", efforts=("medium", "high"))
    assert [told_to_think(some, level, 9_000)[1] for level in LEVELS] == ["medium", "medium", "high", "high", "high"]
    assert told_to_think(some, "", 9_000) == (None, "")


def test_a_budget_of_thoughts_leaves_room_for_words() -> None:
    some = Profile(thinking="budget")
    assert told_to_think(some, "max", 8_000) == ({"type": "enabled", "budget_tokens": 4_000}, "")
    assert told_to_think(some, "low", 1_500) == (None, "")


def test_little_is_expected_of_a_model_that_nobody_described_and_that_is_said() -> None:
    assert shipped().of("claude-opus-9") == UNKNOWN
    assert told_to_think(UNKNOWN, "high", 8_000) == (None, "")
    said = shipped().guessed("claude-opus-9")
    assert "'claude-opus-9' is not described: 32,000 tokens of context, 8,000 a reply, no thinking and no price" in said
    assert shipped().guessed("claude-opus-5-5") == ""


# --- the person's own file ---------------------------------------------------------------------------------------

OWN = """\
[model."qwen3-coder:30b"]
context_tokens = 65_536
max_output_tokens = 4_096
edit_format = "str_replace"
price = { input = 0, output = 0, cache_read = 0, cache_write = 0 }

[model.claude-opus-5-5]
context_tokens = 200_000

[endpoint."http://127.0.0.1:8080"]
kind = "llama.cpp"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "models.toml"
    path.write_text(text)
    return path


def test_a_person_describes_models_and_endpoints_of_their_own(tmp_path: Path) -> None:
    known = load_models(written(tmp_path, OWN))
    mine = known.profiles.of("qwen3-coder:30b")
    assert (mine.context_tokens, mine.max_output_tokens, mine.edit_format) == (65_536, 4_096, "str_replace")
    assert known.profiles.guessed("qwen3-coder:30b") == ""
    opus, before = known.profiles.of("claude-opus-5-5"), shipped().of("claude-opus-5-5")
    assert (opus.context_tokens, opus.price, opus.efforts) == (200_000, before.price, before.efforts)
    assert known.endpoints.kind_of("http://127.0.0.1:8080") == "llama.cpp"
    asked = request(model="qwen3-coder:30b", profile=mine)
    assert estimate(asked).cost_usd_micros == 0
    assert estimate(request(model="qwen3-coder:30b")).cost_usd_micros is None


def test_without_a_file_what_ships_holds(tmp_path: Path) -> None:
    assert load_models(tmp_path / "models.toml").profiles == shipped()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[model.mine]\nthinking = "deep"\n', 2, "thinking"),
        ("[model.mine]\n\ncontext = 9\n", 3, "there is no setting"),
        ("[model.mine]\ncontext_tokens = 5\n", 2, "context_tokens"),
        ("[model.mine]\nprice = { input = 1 }\n", 2, "price"),
        ("[model.mine]\nprice = { input = -1, output = 1, cache_read = 0, cache_write = 0 }\n", 2, "price"),
        ('[endpoint."https://a.example"]\nlacks = ["colour"]\n', 2, "lacks"),
        ('[endpoint."https://a.example"]\nkind = "none"\n', 2, "which is not known"),
        ("[modles.mine]\n", 1, "there is no setting 'modles'"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UserProblem) as caught:
        load_models(path)
    assert caught.value.message.startswith(f"{path}:{line}: ")
    assert said in caught.value.message
    assert caught.value.next_step


def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match="line 2"):
        load_models(written(tmp_path, "[model.mine]\n= 1\n"))
