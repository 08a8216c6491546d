"""The person's key, where it may be and where it must not be seen; and which model it opens."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from bridle.harness.model import keys
from bridle.harness.model.asking import ceiling_usd_micros, first_call
from bridle.harness.model.choose import ENDPOINT, choose, endpoint_of, live_model
from bridle.harness.model.keys import Key, remove_key, store_key, stored_key, take_key
from bridle.harness.model.prices import price_of
from bridle.harness.model.replay import Replay
from bridle.harness.nouns import Budget, UserProblem

SECRET = "sk-ant-test-0123456789"


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring that forgets with the process."""

    priority = 0  # above that, any server that another test starts in this process asks the ones below too

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("not there")


class HangingKeyring(MemoryKeyring):
    """A keyring whose question to the person nobody sees."""

    def __init__(self) -> None:
        super().__init__()
        self.wake = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.wake.wait(30)
        return None


class LockedKeyring(MemoryKeyring):
    """A keyring that the person did not unlock."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.KeyringLocked("locked")

    def delete_password(self, service: str, username: str) -> None:
        raise keyring.errors.KeyringLocked("locked")


@pytest.fixture(autouse=True)
def ring() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    memory = MemoryKeyring()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


def test_a_key_is_taken_out_of_the_environment_once() -> None:
    environment = {"ANTHROPIC_API_KEY": f" {SECRET}\n", "PATH": "/bin"}
    key = take_key(environment)
    assert key is not None
    assert (key.reveal(), key.source) == (SECRET, "environment")
    assert environment == {"PATH": "/bin"}
    assert take_key(environment) is None


def test_no_child_process_sees_the_key_after_it_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", SECRET)
    assert take_key(os.environ) is not None
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(dict(os.environ))"], capture_output=True, check=True
    )
    assert SECRET.encode() not in child.stdout


def test_a_key_does_not_show_itself() -> None:
    key = Key(SECRET, "keyring")
    assert SECRET not in f"{key!r} {key!s} {[key]} {vars(type(key))}"
    with pytest.raises(TypeError, match="not written down"):
        pickle.dumps(key)


def test_a_key_is_set_found_and_removed() -> None:
    store_key(ENDPOINT, f"{SECRET}\n")
    found = stored_key(ENDPOINT)
    assert found is not None
    assert (found.reveal(), found.source) == (SECRET, "keyring")
    assert remove_key(ENDPOINT)
    assert stored_key(ENDPOINT) is None
    assert not remove_key(ENDPOINT)


def test_a_key_for_one_endpoint_is_not_found_for_another() -> None:
    store_key(ENDPOINT, SECRET)
    assert stored_key("https://elsewhere.example") is None


@pytest.mark.parametrize("bad", ["", "  ", "two words", "line\nline", "x" * 2_000, "sk\x00"])
def test_what_cannot_be_a_key_is_refused_and_not_repeated(bad: str) -> None:
    with pytest.raises(UserProblem) as caught:
        store_key(ENDPOINT, bad)
    assert not bad.strip() or bad not in str(caught.value)


def test_without_a_keyring_nothing_is_found_and_setting_says_what_to_do() -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # the library has no types here
    assert stored_key(ENDPOINT) is None
    for action in (lambda: store_key(ENDPOINT, SECRET), lambda: remove_key(ENDPOINT)):
        with pytest.raises(UserProblem, match="no keyring") as caught:
            action()
        assert "ANTHROPIC_API_KEY" in caught.value.next_step
        assert SECRET not in f"{caught.value} {caught.value.next_step}"


def test_a_locked_keyring_is_a_clear_problem() -> None:
    keyring.set_keyring(LockedKeyring())
    for action in (
        lambda: stored_key(ENDPOINT),
        lambda: store_key(ENDPOINT, SECRET),
        lambda: remove_key(ENDPOINT),
    ):
        with pytest.raises(UserProblem, match="refused") as caught:
            action()
        assert "unlock" in caught.value.next_step


def test_a_keyring_that_never_answers_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    asleep = HangingKeyring()
    keyring.set_keyring(asleep)
    monkeypatch.setattr(keys, "KEYRING_WAIT_S", 0.05)
    with pytest.raises(UserProblem, match="does not answer"):
        stored_key(ENDPOINT)
    asleep.wake.set()


# --- which model ------------------------------------------------------------------------------------------


def test_without_a_key_there_is_no_model(tmp_path: Path) -> None:
    assert choose({}, tmp_path) is None
    assert choose({"BRIDLE_MODEL": "claude-opus-5-5"}, tmp_path) is None


def test_a_key_opens_the_default_model_at_its_maker(tmp_path: Path) -> None:
    client = choose({}, tmp_path, Key(SECRET, "environment"))
    assert client is not None
    assert (client.model, client.endpoint) == ("claude-opus-5-5", ENDPOINT)


def test_a_kept_key_opens_a_model_too(tmp_path: Path) -> None:
    store_key(ENDPOINT, SECRET)
    client = choose({"BRIDLE_MODEL": "claude-haiku-5-5"}, tmp_path)
    assert client is not None
    assert client.model == "claude-haiku-5-5"


def test_a_model_on_this_machine_wants_no_key(tmp_path: Path) -> None:
    environment = {"BRIDLE_MODEL": "qwen3-coder", "ANTHROPIC_BASE_URL": "http://localhost:11434/"}
    client = choose(environment, tmp_path)
    assert client is not None
    assert (client.model, client.endpoint) == ("qwen3-coder", "http://localhost:11434")


def test_replay_takes_its_transcript_from_the_environment_or_the_examples(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text("turns = []\nworkspace = { name = 'x', files = {} }\n")
    given = choose({"BRIDLE_MODEL": "replay", "BRIDLE_TRANSCRIPT": str(tmp_path / "t.toml")}, tmp_path)
    shipped = choose({"BRIDLE_MODEL": "replay"}, tmp_path)
    assert isinstance(given, Replay)
    assert isinstance(shipped, Replay)
    assert live_model({"BRIDLE_MODEL": "replay"}, Key(SECRET, "environment")) is None


@pytest.mark.parametrize(
    "address",
    [
        "api.anthropic.com", "ftp://host", "https://", "https://key@host", "https://host?key=1", "https://host:port",
        "http://api.anthropic.com", "http://203.0.113.0.example", "https://[::1", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_an_endpoint_that_would_show_a_key_or_is_none_is_refused(address: str) -> None:
    with pytest.raises(UserProblem) as caught:
        endpoint_of({"ANTHROPIC_BASE_URL": address})
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("", ENDPOINT),
        ("https://gateway.example/v1x/", "https://gateway.example/v1x"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://192.168.1.7:8000", "http://192.168.1.7:8000"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_an_endpoint_that_keeps_a_key_private_is_taken(address: str, endpoint: str) -> None:
    assert endpoint_of({"ANTHROPIC_BASE_URL": address}) == endpoint


# --- the question before the first call -------------------------------------------------------------------


def test_the_first_call_is_asked_with_files_tokens_ceiling_and_endpoint(tmp_path: Path) -> None:
    client = choose({}, tmp_path, Key(SECRET, "environment"))
    assert client is not None
    asked = first_call(client, Budget(), ("src/a.py", "tests/test_a.py"), 3_210)
    assert asked.question == (
        "Send src/a.py, tests/test_a.py (3210 tokens to begin with) to claude-opus-5-5 at "
        "https://api.anthropic.com, for at most $2.00 a run (prices of 2026-11-21)?"
    )


def test_many_files_are_counted_and_an_unknown_price_is_said(tmp_path: Path) -> None:
    environment = {"BRIDLE_MODEL": "qwen3-coder", "ANTHROPIC_BASE_URL": "http://localhost:11434"}
    client = choose(environment, tmp_path)
    assert client is not None
    asked = first_call(client, Budget(), tuple(f"f{n}.py" for n in range(8)), 10)
    assert "f4.py and 3 more" in asked.question
    assert "a price that is not known, at most 200000 tokens a run" in asked.question
    assert asked.ceiling_usd_micros is None


def test_the_ceiling_is_what_all_tokens_cost_where_that_is_less_than_the_money() -> None:
    assert ceiling_usd_micros(price_of("claude-opus-5-5"), Budget(tokens=10_000)) == 200_000
    assert ceiling_usd_micros(price_of("claude-opus-5-5"), Budget()) == 2_000_000
    assert ceiling_usd_micros(price_of("replay"), Budget()) == 0
