"""What endpoints lack of the Messages API: data that ships with us, the person's own words, and what a refusal says."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from bridle.harness.model.client import Feature
from bridle.harness.nouns import UserProblem

_WORDS: tuple[tuple[Feature, tuple[str, ...]], ...] = (
    ("cache_control", ("cache_control",)),
    ("effort", ("output_config", "effort")),
    ("thinking", ("thinking", "budget_tokens", "reasoning_content")),
    ("typed_tools", ("text_editor_", "input_schema: field required", "tools.0.type", "tool type")),
    ("strict", ("strict",)),
    ("images", ("image",)),
    ("count_tokens", ("count_tokens",)),
)
"""How refusals name a feature. What they say is looked through and never repeated."""


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of endpoint: how it is known, what it lacks, and what a person should know of it."""

    hosts: tuple[str, ...] = ()
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] | None = None
    lacks: tuple[Feature, ...] = ()
    note: str = ""


class Own(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the person says of an address: which kind it is, or what it lacks beside that."""

    kind: str = ""
    lacks: tuple[Feature, ...] = ()


class Endpoints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The kinds that are known, by name, and the person's own words, by address."""

    date: str
    endpoint: dict[str, Endpoint] = {}
    own: dict[str, Own] = {}

    def kind_of(self, address: str) -> str:
        """Return the kind of the endpoint at an address, "" where it is not known."""
        told = self.own.get(address)
        if told is not None and told.kind:
            return told.kind
        parts = urlsplit(address)
        for name, one in self.endpoint.items():
            if parts.hostname in one.hosts or (one.port is not None and parts.port == one.port):
                return name
        return ""

    def lacks(self, address: str) -> frozenset[Feature]:
        """Return what the endpoint at an address is known to lack."""
        kind, told = self.endpoint.get(self.kind_of(address), Endpoint()), self.own.get(address, Own())
        return frozenset((*kind.lacks, *told.lacks))


@cache
def shipped_endpoints() -> Endpoints:
    """Return the endpoints that ship with us."""
    return msgspec.toml.decode((files("bridle.harness.model") / "endpoints.toml").read_bytes(), type=Endpoints)


def with_own(own: dict[str, Own]) -> Endpoints:
    """Return the endpoints, the person's own words among them. Raises UserProblem for a kind that there is not."""
    known = shipped_endpoints()
    for address, told in own.items():
        if told.kind and told.kind not in known.endpoint:
            raise UserProblem(
                f"{address!r} is said to be {told.kind!r}, which is not known", f"known: {', '.join(known.endpoint)}"
            )
    addresses = {address.rstrip("/"): told for address, told in own.items()}
    return msgspec.structs.replace(known, own=addresses)


def named_in(refusal: str) -> Feature | None:
    """Return the feature that the words of a refusal name, None for none."""
    said = refusal.lower()
    return next((feature for feature, words in _WORDS if any(word in said for word in words)), None)
