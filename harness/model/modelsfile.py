"""The person's own words on models and endpoints: `models.toml` beside their settings, over what ships with us.

No repository has a say in it. A model that is known keeps what the person says nothing of.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from bridle.harness.model.endpoints import Endpoints, Own, shipped_endpoints, with_own
from bridle.harness.model.profiles import EditFormat, Effort, Price, Profiles, Thinking, shipped
from bridle.harness.nouns import UserProblem
from bridle.harness.tomlfile import line_of, read_toml

NAME = "models.toml"

_Tokens = Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]


class OwnProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the person says of one model; see `Profile`."""

    edit_format: EditFormat | UnsetType = UNSET
    thinking: Thinking | UnsetType = UNSET
    efforts: tuple[Effort, ...] | UnsetType = UNSET
    context_tokens: Annotated[int, msgspec.Meta(ge=4_000, le=100_000_000)] | UnsetType = UNSET
    max_output_tokens: _Tokens | UnsetType = UNSET
    cached_from: Annotated[int, msgspec.Meta(ge=0, le=100_000_000)] | UnsetType = UNSET
    price: Price | UnsetType = UNSET


class ModelsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's shape: models by id, endpoints by address."""

    model: dict[str, OwnProfile] = {}
    endpoint: dict[str, Own] = {}


class Models(msgspec.Struct, frozen=True):
    """All that is known of models and of endpoints."""

    profiles: Profiles
    endpoints: Endpoints


def known_models() -> Models:
    """Return what ships with us."""
    return Models(shipped(), shipped_endpoints())


def load_models(path: Path) -> Models:
    """Return what ships with us under what the file at `path` says. Raises UserProblem, which names the line."""
    own = read_toml(path, ModelsFile, {})
    try:
        endpoints = with_own(own.endpoint)
    except UserProblem as problem:
        address = next(
            one for one, told in own.endpoint.items() if told.kind not in ("", *shipped_endpoints().endpoint)
        )
        line = line_of(path.read_text("utf-8-sig"), ("endpoint", address, "kind"))
        raise UserProblem(f"{path}:{line}: {problem.message}", problem.next_step) from problem
    known = shipped()
    described = dict(known.model)
    for name, told in own.model.items():
        said = {field: getattr(told, field) for field in told.__struct_fields__ if getattr(told, field) is not UNSET}
        described[name] = msgspec.structs.replace(known.of(name), **said)
    return Models(msgspec.structs.replace(known, model=described), endpoints)
