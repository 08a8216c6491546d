"""Which model a workspace talks to: a live one, a recorded one, or none.

Read from the person's own settings alone: no repository has a say in the model, the endpoint or the key.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import bridle
from bridle.harness.model.client import ModelClient
from bridle.harness.model.endpoints import Endpoints
from bridle.harness.model.keys import NO_KEY, Key, stored_key
from bridle.harness.model.live import LiveModel, Patience
from bridle.harness.model.replay import REPLAY, Replay
from bridle.harness.model.retry import Patient
from bridle.harness.model.transcript import load
from bridle.harness.nouns import UserProblem

ENDPOINT = "https://api.anthropic.com"
DEFAULT_MODEL = "claude-opus-5-5"


def choose(
    environment: Mapping[str, str], root: Path, key: Key | None = None, endpoints: Endpoints | None = None
) -> ModelClient | None:
    """Return the model for the workspace at `root`, None where none is set up.

    Reads BRIDLE_MODEL (an id, or "replay"), BRIDLE_TRANSCRIPT (a file or folder), ANTHROPIC_BASE_URL. `key`
    is what `take_key` took from the environment; without one the keyring is asked. `endpoints` says what each endpoint
    lacks, None for what ships with us. Raises UserProblem.
    """
    model = environment.get("BRIDLE_MODEL", "").strip()
    if model == REPLAY:
        return Replay(load(_transcripts(environment)), root)
    live = live_model(environment, key, endpoints=endpoints)
    return Patient(live) if live is not None else None


def live_model(
    environment: Mapping[str, str],
    key: Key | None = None,
    patience: Patience | None = None,
    endpoints: Endpoints | None = None,
) -> LiveModel | None:
    """Return the live model alone, without a policy around it; None without a key that it needs."""
    model = environment.get("BRIDLE_MODEL", "").strip()
    endpoint = endpoint_of(environment)
    key = key or stored_key(endpoint) or (NO_KEY if model and _is_near(endpoint) else None)
    if key is None or model == REPLAY:
        return None
    return LiveModel(model or DEFAULT_MODEL, key, endpoint, patience, endpoints)


def endpoint_of(environment: Mapping[str, str]) -> str:
    """Return the endpoint's address. Raises UserProblem where a key would travel in the clear, or show."""
    address = environment.get("ANTHROPIC_BASE_URL", "").strip().rstrip("/") or ENDPOINT
    step = "set ANTHROPIC_BASE_URL to an address such as https://host/path"
    try:
        parts = urlsplit(address)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError as error:
        raise UserProblem("ANTHROPIC_BASE_URL is not an address", step) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        raise UserProblem("ANTHROPIC_BASE_URL is not an address", step)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UserProblem("ANTHROPIC_BASE_URL holds more than an address", f"{step}, and keep keys out of it")
    if parts.scheme == "http" and not _is_near(address):
        raise UserProblem(
            f"{address} would carry key and code in the clear", "use https, or an address on this network"
        )
    return address


def _transcripts(environment: Mapping[str, str]) -> Path:
    given = environment.get("BRIDLE_TRANSCRIPT", "").strip()
    return Path(given).expanduser() if given else examples() / "transcripts"


def examples() -> Path:
    """Return the folder of examples that ships with us."""
    homes = [Path(home) / "examples" for home in bridle.__path__]
    return next((home for home in homes if home.is_dir()), homes[0])


def _is_near(address: str) -> bool:
    """Whether an address is on this machine or a private network."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
