"""The weak model's policy as data, read strictly: a problem names the line of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from bridle.harness.nouns import UserProblem
from bridle.harness.tomlfile import line_of, read_toml

Chance = Annotated[float, msgspec.Meta(ge=0, le=1)]
Weight = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]
Count = Annotated[int, msgspec.Meta(ge=1, le=200)]
Reaction = Literal["repair", "retry", "next", "give_up"]
Occasion = Literal["malformed", "place", "other", "red", "gate", "objection"]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file, in which no key is unknown."""


class Candidates(Part, frozen=True):
    hopeless: Chance
    right: Chance
    unnoticed: Chance


class Slips(Part, frozen=True):
    wrong_place: Chance
    malformed: Chance
    claims_done: Chance
    weakens_tests: Chance
    wrong_file: Chance


class Places(Part, frozen=True):
    misremembered: Weight
    neighbour: Weight


class Reactions(Part, frozen=True):
    repair: Weight = 0
    retry: Weight = 0
    next: Weight = 0
    give_up: Weight = 0


class After(Part, frozen=True):
    malformed: Reactions
    place: Reactions
    other: Reactions
    red: Reactions
    gate: Reactions
    objection: Reactions


class Evaluator(Part, frozen=True):
    reads: Chance
    objects_to_wrong: Chance
    objects_to_right: Chance


class Bounds(Part, frozen=True):
    turns: Count
    test_runs: Annotated[int, msgspec.Meta(ge=1, le=20)]
    candidates: Count


class Policy(Part, frozen=True):
    """All that decides what the weak model does, but for the dice."""

    task: Candidates
    slip: Slips
    place: Places
    after: After
    evaluator: Evaluator
    limits: Bounds


def read_policy(path: Path) -> Policy:
    """Return the policy in a file. Raises UserProblem, which names the line where there is one."""
    if not path.is_file():
        raise UserProblem(f"there is no policy at {str(path)!r}", "name a file like bench/runs/policy.toml")
    policy = read_toml(path, Policy, {})
    text = path.read_text("utf-8-sig")
    weights: dict[str, msgspec.Struct] = {"place": policy.place}
    weights |= {f"after.{name}": getattr(policy.after, name) for name in After.__struct_fields__}
    for name, part in weights.items():
        if not sum(msgspec.structs.asdict(part).values()):
            where = f"{path}:{line_of(text, tuple(name.split('.')))}"
            raise UserProblem(f"{where}: the weights of {name!r} are all 0", "give one of them a weight")
    return policy
