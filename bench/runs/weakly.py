"""The weak model on many tasks, in our loop and in bare ones, each row kept so that a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import bare
import msgspec
import ours
from policy import Policy
from report import tables
from result import Result
from tasks import Judge, Task

BARE = ("bare", "bare, tested")
LOOPS = (*BARE, *ours.FORMS)


class Rows:
    """What was done so far, a line of JSON each; another policy, seed or number of tasks has another file."""

    def __init__(self, state: Path, policy: Policy, seed: int) -> None:
        state.mkdir(parents=True, exist_ok=True)
        digest = hashlib.blake2b(msgspec.json.encode(policy), digest_size=6).hexdigest()
        self._file = state / f"rows-{digest}-{seed}.jsonl"
        lines = self._file.read_bytes().splitlines() if self._file.exists() else []
        self.done = [msgspec.json.decode(line, type=Result) for line in lines if line.endswith(b"}")]

    def add(self, result: Result) -> None:
        """Keep one more."""
        self.done.append(result)
        with self._file.open("ab") as file:
            file.write(msgspec.json.encode(result) + b"\n")

    def has(self, task: str, loop: str) -> bool:
        """Whether a task was done in a loop."""
        return any(one.task == task and one.loop == loop for one in self.done)


def one(task: Task, loop: str, policy: Policy, seed: int, judge: Judge) -> Result:
    """Let one loop work on one task, in a folder of its own."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        if loop in BARE:
            result = bare.mend(task, policy, seed, place / "project", judge, tested=loop == "bare, tested")
        else:
            result = ours.mend(task, loop, policy, seed, place, judge)
    return msgspec.structs.replace(result, seconds=round(time.monotonic() - began, 3))


def rows(
    chosen: Sequence[Task], loops: Sequence[str], policy: Policy, seed: int, kept: Rows, judge: Judge, minutes: float
) -> None:
    """Do what is not done yet, task by task, so that whatever was done can be compared; begin nothing after a while."""
    until = time.monotonic() + minutes * 60
    for task in chosen:
        for loop in loops:
            if time.monotonic() < until and not kept.has(task.id, loop):
                kept.add(one(task, loop, policy, seed, judge))


def told(kept: Rows, chosen: Sequence[Task], loops: Sequence[str]) -> bool:
    """Print what became of these tasks; returns whether nothing of ours was published that their tests refuse."""
    wanted = {task.id for task in chosen}
    results = [one for one in kept.done if one.task in wanted and one.loop in loops]
    for line in tables(results):
        print(line)
    wrong = [one for one in results if one.loop in ours.FORMS and one.loop != "no gates" and one.is_false]
    for one_wrong in wrong:
        print(f"false green: {one_wrong.loop}: {one_wrong.task}: {one_wrong.why}")
    print(f"{len(wrong)} false greens of ours with its gates on (goal 0)")
    return bool(results) and not wrong


def names(given: str) -> Iterator[str]:
    """Yield the loops that are asked for. Raises ValueError on one that there is not."""
    for name in (part.strip() for part in given.replace("bare, tested", "tested").split(",")):
        loop = "bare, tested" if name == "tested" else name
        if loop not in LOOPS:
            raise ValueError(f"there is no loop {name!r}; there are: {'; '.join(LOOPS)}")
        yield loop
