"""The person's key: taken out of the environment once, or kept in the system's keyring. User scope only.

A key is never printed, never written to a file of ours, and kept apart by endpoint: the key of one is not
sent to another. The keyring may ask the person to unlock it, so every visit to it has an end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, MutableMapping
from typing import Literal, TypeVar

from bridle.harness.nouns import UserProblem

SERVICE = "bridle"
VARIABLE = "ANTHROPIC_API_KEY"
EMBEDDER_VARIABLE = "BRIDLE_EMBEDDER_KEY"
KEYRING_WAIT_S = 20.0
MAX_KEY_CHARS = 1_000

Source = Literal["environment", "keyring", "none"]
T = TypeVar("T")


class Key:
    """A secret that does not show itself. `source` says where it came from."""

    __slots__ = ("_secret", "source")

    def __init__(self, secret: str, source: Source) -> None:
        self._secret = secret
        self.source: Source = source

    def reveal(self) -> str:
        """Return the secret, for the one place that sends it."""
        return self._secret

    def __repr__(self) -> str:
        return f"Key(hidden, source={self.source!r})"

    def __reduce__(self) -> str:
        raise TypeError("a key is not written down")


NO_KEY = Key("none", "none")
"""For endpoints on this machine or network that want none."""


def take_key(environment: MutableMapping[str, str]) -> Key | None:
    """Return the key of the environment and remove it from there, so that no child process inherits it."""
    secret = environment.pop(VARIABLE, "").strip()
    return Key(secret, "environment") if secret else None


def embedder_endpoint(kind: str) -> str:
    """Return the name under which the key of an embedder is kept."""
    return f"embedder:{kind}"


def take_embedder_key(environment: MutableMapping[str, str]) -> Key | None:
    """Return the embedder's key of the environment and remove it from there, as `take_key` does the model's."""
    secret = environment.pop(EMBEDDER_VARIABLE, "").strip()
    return Key(secret, "environment") if secret else None


def stored_key(endpoint: str) -> Key | None:
    """Return the key kept for `endpoint`, None where there is none or no keyring. Raises UserProblem."""
    import keyring.errors

    try:
        secret = _visit(lambda: keyring.get_password(SERVICE, endpoint))
    except keyring.errors.NoKeyringError:
        return None
    except keyring.errors.KeyringError as error:
        raise _refused() from error
    return Key(secret, "keyring") if secret else None


def store_key(endpoint: str, secret: str) -> None:
    """Keep a key for `endpoint`. Raises UserProblem."""
    import keyring.errors

    secret = secret.strip()
    if not secret or len(secret) > MAX_KEY_CHARS or any(c.isspace() or not c.isprintable() for c in secret):
        raise UserProblem("that is no key: one line without blanks was expected", "copy it again from the console")
    try:
        _visit(lambda: keyring.set_password(SERVICE, endpoint, secret))
    except keyring.errors.NoKeyringError as error:
        raise _no_keyring() from error
    except keyring.errors.KeyringError as error:
        raise _refused() from error


def remove_key(endpoint: str) -> bool:
    """Forget the key kept for `endpoint`; returns whether there was one. Raises UserProblem."""
    import keyring.errors

    try:
        _visit(lambda: keyring.delete_password(SERVICE, endpoint))
    except keyring.errors.PasswordDeleteError:
        return False
    except keyring.errors.NoKeyringError as error:
        raise _no_keyring() from error
    except keyring.errors.KeyringError as error:
        raise _refused() from error
    return True


def _visit(action: Callable[[], T]) -> T:
    """Run `action` on a thread of its own and wait a bounded time for it."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(action())
        except BaseException as error:  # noqa: BLE001 - handed over to the caller's thread
            failed.append(error)

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(KEYRING_WAIT_S)
    if failed:
        raise failed[0]
    if not done:
        raise UserProblem("the system's keyring does not answer", f"unlock it, or set {VARIABLE} in the environment")
    return done[0]


def _no_keyring() -> UserProblem:
    return UserProblem(
        "this system has no keyring to keep a key in",
        f"set {VARIABLE} in the environment of your editor, or install a keyring (Secret Service, KWallet)",
    )


def _refused() -> UserProblem:
    return UserProblem("the system's keyring refused", f"unlock it, or set {VARIABLE} in the environment")
