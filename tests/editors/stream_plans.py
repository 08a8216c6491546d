"""What is done in each editor while its changes are recorded: seeded, and the same in all of them.

A plan is a text of our own making and a list of steps. A step says what a person does, not how: each editor's probe
does it in that editor's own way. `line` and `column` are any numbers; the probe takes them modulo what is there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Step = dict[str, Any]

NOUNS = ("drawer", "ticket", "coin", "ledger", "basket", "parcel", "label", "margin", "voucher", "shelf")
VERBS = ("weigh", "count", "fold", "sort", "stamp", "carry", "print", "merge", "check", "round")
SIGNS = ("😀", "🧾", "𝛑", "é", "語", "👩‍🚀", "ß", "🇪🇺")
SNIPPET = "for ${1:item} in ${2:items}:\n\t${1:item}.${3:done}(${2:items})\n$0"


@dataclass(frozen=True)
class Plan:
    """One recording: a file with a text, and what is done to it."""

    name: str
    text: str
    steps: Sequence[Step]

    @property
    def file(self) -> str:
        return f"{self.name}.py"


def plans(seed: int, scale: float = 1.0) -> list[Plan]:
    """All recordings; `scale` makes them shorter for a trial."""
    found: list[Plan] = []
    for number, (name, (size, kinds)) in enumerate(SCENARIOS.items()):
        chosen = random.Random(seed * 1000 + number)  # noqa: S311  # repeatable, no secret
        text = program(chosen, 60 if name == "duplicates" else 25)
        if name == "duplicates":
            text = "".join(chosen.choice(REPEATED) for _ in range(160))
        if name == "crlf":
            text = text.replace("\n", "\r\n")
        count = max(3, round(size * scale))
        steps = [STEPS[chosen.choice(kinds)](chosen) for _ in range(count)]
        found.append(Plan(name, text, steps))
    return found


def program(chosen: random.Random, n_functions: int) -> str:
    """A text that looks like a Python module, with lines that occur often and characters of every width."""
    lines = ['"""A till, as nobody runs it."""', "", "from __future__ import annotations", "", ""]
    for _ in range(n_functions):
        noun, verb = chosen.choice(NOUNS), chosen.choice(VERBS)
        lines += [f"def {verb}_{noun}({noun}, rate):", f'    """{verb.title()} a {noun} {chosen.choice(SIGNS)}."""']
        for _ in range(chosen.randint(1, 4)):
            lines += chosen.choice(
                (
                    [f"    if {noun} is None:", "        return None"],
                    [f"    {noun} = {noun} + rate * {chosen.randrange(100)}"],
                    [f'    print("{chosen.choice(SIGNS)} {noun}", rate)'],
                    [f"    for each in {noun}:", "        pass"],
                    ["    rate += 1", ""],
                )
            )
        lines += [f"    return {noun}", "", ""]
    return "\n".join(lines)


REPEATED = ("        pass\n", "    return None\n", "\n", "    }\n", "    rate += 1\n", "x = 1\n")


def typed(chosen: random.Random, where: str = "") -> Step:
    """Somebody types a few words, with slips, in bursts."""
    where = where or chosen.choice(("below", "above", "end", "start", "middle", "middle"))
    keys = list(sentence(chosen))
    for _ in range(chosen.choice((0, 1, 1, 4))):
        at = chosen.randrange(len(keys) + 1)
        keys[at:at] = chosen.choice((["\n"], ["q", "\b"], ["\b"], [chosen.choice(SIGNS)], [" ", " "]))
    left, bursts = len(keys), list[int]()
    while left > 0:
        bursts.append(min(left, chosen.choice((1, 1, 1, 1, 2, 5))))
        left -= bursts[-1]
    return {**place(chosen), "kind": "typing", "where": where, "keys": keys, "bursts": bursts}


def sentence(chosen: random.Random) -> str:
    noun, verb = chosen.choice(NOUNS), chosen.choice(VERBS)
    return chosen.choice(
        (
            f"{noun} = {verb}({noun})",
            f"# {verb} the {noun} first",
            f'print("{noun}", [{verb}])',
            f"if {noun}:\n{verb}()",
            f"{noun}.{verb}()  ",
            "rate += 1",
            "pass",
        )
    )


def astral(chosen: random.Random) -> Step:
    """Somebody types characters of every width, and takes some back."""
    keys = [chosen.choice((*SIGNS, "a", "\b")) for _ in range(chosen.randint(4, 14))]
    return {
        **typed(chosen, chosen.choice(("end", "middle"))),
        "kind": "astral",
        "keys": keys,
        "bursts": [1] * len(keys),
    }


def place(chosen: random.Random) -> Step:
    return {"line": chosen.randrange(10_000), "column": chosen.randrange(10_000), "count": chosen.randint(1, 6)}


def of_kind(kind: str, **more: Callable[[random.Random], object]) -> Callable[[random.Random], Step]:
    """A maker of steps of one kind, at any place."""
    return lambda chosen: {**place(chosen), "kind": kind, **{name: make(chosen) for name, make in more.items()}}


def two_words(chosen: random.Random) -> list[str]:
    return chosen.sample(NOUNS, 2)


def pasted(chosen: random.Random) -> str:
    lines = [f"    {sentence(chosen)}\n" for _ in range(chosen.randint(1, 8))]
    return "".join(lines) if chosen.random() < 0.7 else sentence(chosen)


def seed_of(chosen: random.Random) -> int:
    return chosen.randrange(1_000_000)


STEPS: Mapping[str, Callable[[random.Random], Step]] = {
    "typing": typed,
    "astral": astral,
    "multicursor": of_kind("multicursor", text=lambda chosen: f"{chosen.choice(NOUNS)}, "),
    "undo": of_kind("undo", times=lambda chosen: chosen.randint(1, 4)),
    "redo": of_kind("redo", times=lambda chosen: chosen.randint(1, 3)),
    "snippet": of_kind("snippet", body=lambda _: SNIPPET, words=two_words),
    "rename": of_kind("rename", words=two_words),
    "save": of_kind("save"),
    "reload": of_kind("reload", seed=seed_of),
    "branch": of_kind("branch", seed=seed_of),
    "substitute": of_kind("substitute", words=two_words),
    "paste": of_kind("paste", text=pasted),
    "indent": of_kind("indent"),
    "outdent": of_kind("outdent"),
    "delete": of_kind("delete"),
    "move": of_kind("move"),
    "duplicate": of_kind("duplicate"),
    "comment": of_kind("comment"),
    "join": of_kind("join"),
    "sort": of_kind("sort"),
    "whole": of_kind("whole"),
}

LIGHT = ("typing", "undo", "redo", "paste", "indent", "delete", "move", "duplicate", "comment", "join")
SCENARIOS: Mapping[str, tuple[int, Sequence[str]]] = {
    "typing": (90, ("typing",)),
    "multicursor": (30, ("multicursor", "multicursor", "typing")),
    "undo": (90, ("typing", "undo", "undo", "redo", "redo", "delete", "paste")),
    "snippet": (25, ("snippet", "snippet", "typing", "undo")),
    "rename": (30, ("rename", "rename", "typing", "undo")),
    "save": (40, ("save", "typing", "paste")),
    "reload": (24, ("reload", "typing")),
    "branch": (24, ("branch", "typing")),
    "substitute": (30, ("substitute", "typing", "undo")),
    "paste": (40, ("paste", "paste", "typing", "undo")),
    "indent": (50, ("indent", "outdent", "comment", "typing", "undo")),
    "delete": (50, ("delete", "delete", "move", "duplicate", "join", "typing", "undo")),
    "astral": (60, ("astral", "astral", "delete", "multicursor", "undo", "substitute")),
    "crlf": (60, (*LIGHT, "multicursor", "snippet", "rename", "save", "substitute", "reload", "sort")),
    "duplicates": (70, LIGHT),
    "everything": (180, (*LIGHT, *LIGHT, *STEPS)),
}
