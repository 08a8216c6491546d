"""Secrets are shown as placeholders and come back only where they stood."""

from __future__ import annotations

import hashlib
import secrets
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bridle.context.redact import SecretElsewhereError, is_credential_file, redact, restore


def made(alphabet: str, size: int) -> str:
    """Return a random-looking string that is the same in every run and stands in no file."""
    return "".join(alphabet[(n * 7919 + n * n * 104_729 + size) % len(alphabet)] for n in range(size))


LETTERS = string.ascii_letters + string.digits
SECRETS = {
    "anthropic": "sk-ant-api03-" + made(LETTERS, 80) + "-AA",
    "openai": "sk-proj-" + made(LETTERS, 48),
    "openai, old": "sk-" + made(LETTERS, 48),
    "aws": "AKIA" + made(string.ascii_uppercase + string.digits, 16),
    "github": "ghp_" + made(LETTERS, 36),
    "github, fine": "github_pat_" + made(LETTERS, 82),
    "gitlab": "glpat-" + made(LETTERS, 20),
    "slack": "xoxb-" + made(string.digits, 12) + "-" + made(LETTERS, 24),
    "slack app": "xapp-1-" + made(LETTERS, 40),
    "stripe": "sk_live_" + made(LETTERS, 24),
    "stripe hook": "whsec_" + made(LETTERS, 32),
    "google": "AIza" + made(LETTERS, 35),
    "google oauth": "ya29." + made(LETTERS, 60),
    "jwt": "eyJ" + made(LETTERS, 20) + ".eyJ" + made(LETTERS, 40) + "." + made(LETTERS, 43),
    "npm": "npm_" + made(LETTERS, 36),
    "pypi": "pypi-" + made(LETTERS, 100),
    "huggingface": "hf_" + made(LETTERS, 34),
}
HEX = hashlib.sha256(b"a secret").hexdigest()[:40]
PLACES = ['key = "{}"', "{}", "Authorization: Bearer {}", '    "x": ["{}", 1],  # note', "export A='{}';"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", SECRETS)
def test_a_key_of_a_known_kind_is_hidden_wherever_it_stands(kind: str, place: str) -> None:
    text = place.format(SECRETS[kind])
    found = redact(text)
    assert SECRETS[kind] not in found.lines[0]
    assert restore(found.lines[0], found.secrets) == text


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgres://bob:h4nter2x@db/x", "h4nter2x"),
        ("PASSWORD=" + made(LETTERS, 24), made(LETTERS, 24)),
        (f'api_key: "{HEX}"', HEX),
        ("AWS_SECRET_ACCESS_KEY = '" + made(LETTERS + "/+", 40) + "'", made(LETTERS + "/+", 40)),
    ],
)
def test_a_password_in_an_address_or_a_named_random_value_is_hidden(text: str, secret: str) -> None:
    found = redact(text)
    assert secret not in found.lines[0]
    assert restore(found.lines[0], found.secrets) == text


def test_a_private_key_is_hidden_line_by_line() -> None:
    body = [made(LETTERS, 64), made(LETTERS + "+", 64), made(LETTERS, 20) + "=="]
    text = "\n".join(["a = 1", "-----BEGIN RSA PRIVATE KEY-----", *body, "-----END RSA PRIVATE KEY-----", "b = 2", ""])
    found = redact(text)
    assert len(found.lines) == 7
    assert not any(line in "".join(found.lines) for line in body)
    assert found.lines[0] == "a = 1\n"
    assert found.lines[6] == "b = 2\n"
    assert restore("".join(found.lines), found.secrets) == text


def test_the_mere_mention_of_a_private_key_hides_nothing() -> None:
    text = 'MARK = "-----BEGIN PRIVATE KEY-----"\n\ndef load():\n    return 1\n'
    assert "".join(redact(text).lines) == text


@pytest.mark.parametrize(
    "line",
    [
        "token = self.tokenizer.tokens[index]",
        "key = lambda symbol: symbol.span.start_line",
        "secret_name = 'projects/my-project/secrets/name'",
        "https://user@example.com/path:8080/",
        "http://${USER}:${PASSWORD}@host",
        "auth = HttpAuthenticationMiddleware",
        "password: str = field(default='change-me-please-now')",
        "sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
        "task-key-skeleton-sk-learn",
    ],
)
def test_ordinary_code_is_shown_as_it_is(line: str) -> None:
    assert redact(line).lines == (line,)


@pytest.mark.slow
def test_the_standard_library_holds_less_than_one_lookalike_in_ten_thousand_lines() -> None:
    n_lines = n_found = 0
    for path in sorted(Path(secrets.__file__).parent.glob("*.py")):
        found = redact(path.read_text("utf-8", "replace"))
        n_lines += len(found.lines)
        n_found += len(found.secrets)
    assert n_lines > 50_000
    assert n_found <= n_lines / 10_000


def test_the_same_secret_has_the_same_placeholder_and_another_has_another() -> None:
    one, two = SECRETS["github"], "ghp_" + made(LETTERS[::-1], 36)
    marks = [secret.placeholder for secret in redact(f"{one}\n{two}\n{one}\n").secrets]
    assert marks[0] == marks[2] != marks[1]


def test_a_placeholder_does_not_come_back_without_its_secret() -> None:
    shown = redact(SECRETS["npm"]).lines[0]
    with pytest.raises(SecretElsewhereError):
        restore(shown, ())
    with pytest.raises(SecretElsewhereError):
        restore(shown, redact(SECRETS["jwt"]).secrets)


def test_a_placeholder_that_could_mean_two_secrets_means_none() -> None:
    (one,) = redact(SECRETS["npm"]).secrets
    other = structs.replace(one, value="npm_another")
    with pytest.raises(SecretElsewhereError):
        restore(one.placeholder, (one, other))


@given(st.lists(st.sampled_from([*SECRETS.values(), "a = 1", "", "«x»"]), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_hiding_keeps_the_lines_and_restoring_gives_the_text_back(lines: list[str], end: str) -> None:
    text = end.join(lines)
    found = redact(text)
    assert restore("".join(found.lines), found.secrets) == text
    assert all(secret.value not in "".join(found.lines) for secret in found.secrets)


@given(st.text(max_size=200))
def test_any_text_can_be_looked_through(text: str) -> None:
    found = redact(text)
    assert restore("".join(found.lines), found.secrets) == text


@pytest.mark.parametrize(
    "path", [".env", "a/.env.local", "server.pem", "id_rsa", "x/.ssh/config", ".npmrc", "prod.env"]
)
def test_credential_files_are_known_by_their_names(path: str) -> None:
    assert is_credential_file(path)


@pytest.mark.parametrize("path", [".env.example", "env.py", "id_rsa.pub", "keys.py", "a.pem.md", "environment.yml"])
def test_files_with_similar_names_are_not_credential_files(path: str) -> None:
    assert not is_credential_file(path)
