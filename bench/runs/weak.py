"""The weak model: a policy, dice, and a memory of what it tried. The same for every loop that talks with it.

It reads what the loop sends back as any model would, from the request alone; which patch is right, and whether a change
that it judges is, it is told by the task, and makes of it what the policy says.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Any, cast

import msgspec
from dialects import HASHLINE, TEXT_EDITOR, Slip, by_hashline, by_replacing, hull, malformed
from policy import Occasion, Policy, Reaction
from tasks import VISIBLE, Task

from bridle.harness.model.shown import ShownFile, shown_files, texts_of
from tests.model.messages_server import CallStep, Step

GAVE_UP = "I could not mend this."
DONE = "It is mended, and all tests pass."
JUDGING = "submit_verdict"
_PLACE = re.compile(r"E_(ANCHOR|CONFLICT|UNSEEN|ECHO|SYNTAX|OVERLAP|REV_UNKNOWN)\b")
_NOT_PASSED = re.compile(r"^\S+: (fail|unknown|timeout|flaky)", re.MULTILINE)


class Weak:
    """One model at work on one task."""

    def __init__(self, task: Task, policy: Policy, seed: int) -> None:
        self._task = task
        self._policy = policy
        self._seed = f"{seed} {task.id}"
        self._casts: Counter[str] = Counter()
        self._todo: list[tuple[str, str]] = []
        self._whole: dict[str, list[str]] = {}
        self._touched = False
        self._tried: list[str] = []
        self._weakened = False
        self._runs = 0
        self._doing = ""
        self._malformed = False
        self._last: CallStep | None = None
        self._hopeless = self._dice("hopeless").random() < policy.task.hopeless

    @property
    def hopeless(self) -> bool:
        """Whether it has no right patch for this task."""
        return self._hopeless

    def step(self, body: dict[str, Any]) -> Step:
        """Return what it says next."""
        tools = {str(tool.get("name")) for tool in body.get("tools", ())}
        if JUDGING in tools:
            return self._judge(body)
        text, failed = _heard(body["messages"][-1])
        if not self._doing:
            self._next()
            return self._work(body, tools)
        if self._doing == "stop":
            return self._react(_sent_back(text), body, tools)
        if failed:
            return self._react(_kind_of(text, malformed=self._malformed), body, tools)
        return self._after(body, tools, text)

    def _after(self, body: dict[str, Any], tools: set[str], text: str) -> Step:
        """Go on after a call that did what it said."""
        if self._doing == "look":
            return self._work(body, tools)
        if self._doing == "read":
            self._learn(body)
            return self._work(body, tools)
        if self._doing == "edit":
            self._todo.pop(0)
            self._touched = True
            self._whole.clear()
            return self._work(body, tools) if self._todo else self._claim_or_run(tools)
        if _NOT_PASSED.search(text):
            return self._react("red", body, tools)
        return self._stop(DONE)

    # --- dice -----------------------------------------------------------------------------------------------

    def _dice(self, occasion: str) -> random.Random:
        """Return the dice of this occasion; the same occasion has the same dice in every loop."""
        self._casts[occasion] += 1
        return random.Random(f"{self._seed} {occasion} {self._casts[occasion]}")  # noqa: S311  # a model, no secret

    def _happens(self, occasion: str, chance: float) -> bool:
        return self._dice(occasion).random() < chance

    def _reaction(self, occasion: Occasion) -> Reaction:
        weights = msgspec.structs.asdict(getattr(self._policy.after, occasion))
        return cast("Reaction", self._dice(f"after {occasion}").choices(list(weights), list(weights.values()))[0])

    # --- what it wants --------------------------------------------------------------------------------------

    def _next(self) -> bool:
        """Take up another candidate, the tests first put back where they were weakened; False: it has none left."""
        policy = self._policy.task
        if len(self._tried) >= self._policy.limits.candidates:
            return False
        self._todo = [(VISIBLE, self._task.tests)] if self._weakened else []
        self._weakened = False
        dice = self._dice("candidate")
        right, unnoticed = dice.random() < policy.right, dice.random() < policy.unnoticed
        if right and not self._hopeless:
            text = self._task.right
        else:
            pool = self._task.unnoticed if unnoticed and self._task.unnoticed else self._task.wrong
            fresh = [one for one in pool if one not in self._tried] or list(pool)
            text = dice.choice(fresh)
        self._tried.append(text)
        self._todo.append((self._task.core, text))
        return True

    def _react(self, occasion: Occasion, body: dict[str, Any], tools: set[str]) -> Step:
        if occasion == "red" and not self._weakened and self._happens("weaken", self._policy.slip.weakens_tests):
            self._weakened = True
            self._todo = [(VISIBLE, weakened(self._task.tests, self._task.failing, self._dice("how to weaken")))]
            return self._work(body, tools)
        choice = self._reaction(occasion)
        standing = occasion in ("red", "gate", "objection")
        if choice == "give_up":
            return self._stop(GAVE_UP)
        if choice == "retry":
            if standing or self._last is None:
                return self._stop(DONE)
            return Step(text="Once more.", calls=(self._last,))
        if choice == "repair" and not standing:
            self._whole.clear()
            return self._work(body, tools, look=not self._malformed)
        return self._work(body, tools) if self._next() else self._stop(GAVE_UP)

    # --- what it does ---------------------------------------------------------------------------------------

    def _work(self, body: dict[str, Any], tools: set[str], *, look: bool = False) -> Step:
        """Edit towards what it wants, or read first what it does not know."""
        while self._todo:
            path, wanted = self._todo[0]
            shown = next((f for f in reversed(shown_files(body["messages"])) if f.path == path), None)
            known = None if look else self._known(path, shown, wanted)
            if known is None or shown is None:
                return self._read(path, shown, tools)
            change = hull(known, wanted.splitlines())
            if change is not None:
                slip = self._slip()
                dice = self._dice("aim")
                if HASHLINE in tools:
                    call = by_hashline(path, shown, change, slip, dice)
                else:
                    call = by_replacing(path, known, change, slip, dice)
                return self._call("edit", call, f"This should mend {self._task.function}.")
            self._todo.pop(0)
        return self._claim_or_run(tools)

    def _known(self, path: str, shown: ShownFile | None, wanted: str) -> list[str] | None:
        """Return a file's lines where it saw enough of them."""
        if path in self._whole or shown is None:
            return self._whole.get(path)
        if self._touched or path != self._task.core:
            return None
        known = self._task.broken.splitlines()
        change = hull(known, wanted.splitlines())
        seen = change is None or all(n + 1 in shown.lines for n in range(max(0, change.start - 3), change.end + 3))
        return known if seen else None

    def _read(self, path: str, shown: ShownFile | None, tools: set[str]) -> Step:
        """Look at a file; where it was shown nothing, perhaps at another one first."""
        if (
            shown is None
            and not self._casts["wrong file"]
            and self._happens("wrong file", self._policy.slip.wrong_file)
        ):
            return self._call("look", _reading(VISIBLE, tools), "Perhaps it is in here.")
        return self._call("read", _reading(path, tools), f"Let me look at {path}.")

    def _learn(self, body: dict[str, Any]) -> None:
        """Remember the file that was just read as a whole."""
        text, _ = _heard(body["messages"][-1])
        for file in shown_files([{"role": "user", "content": text}]):
            self._whole[file.path] = [file.lines[number].text for number in sorted(file.lines)]

    def _slip(self) -> Slip:
        if not self._happens("place", self._policy.slip.wrong_place):
            return ""
        weights = msgspec.structs.asdict(self._policy.place)
        return cast("Slip", self._dice("which place").choices(list(weights), list(weights.values()))[0])

    def _claim_or_run(self, tools: set[str]) -> Step:
        """After an edit: say that all is well, or run the tests first."""
        if self._happens("claims", self._policy.slip.claims_done) or self._runs >= self._policy.limits.test_runs:
            return self._stop(DONE)
        self._runs += 1
        name = "run_tests" if "run_tests" in tools else "run_check"
        return self._call("test", CallStep(name, {}), "Do the tests pass?")

    def _call(self, doing: str, call: CallStep, words: str) -> Step:
        self._malformed = bool(call.input) and self._happens("call", self._policy.slip.malformed)
        self._doing = doing
        self._last = malformed(call, self._dice("how malformed")) if self._malformed else call
        return Step(text=words, calls=(self._last,))

    def _stop(self, words: str) -> Step:
        self._doing = "stop"
        return Step(text=words)

    # --- as an evaluator ------------------------------------------------------------------------------------

    def _judge(self, body: dict[str, Any]) -> Step:
        """Judge the change that stands: by reading it, or without."""
        n_said = sum(message["role"] == "assistant" for message in body["messages"])
        chances = self._policy.evaluator
        if n_said == 0 and self._happens("evaluator reads", chances.reads):
            return Step(text="I look at the code first.", calls=(CallStep("read", {"path": self._task.core}),))
        read = [file for file in shown_files(body["messages"]) if file.path == self._task.core]
        if n_said == 0 or not read:
            return _verdict(objects=False, saw="the change reads well")
        lines = [read[-1].lines[number].text for number in sorted(read[-1].lines)]
        right = lines == self._task.right.splitlines()
        chance = chances.objects_to_right if right else chances.objects_to_wrong
        return _verdict(objects=self._happens("objects", chance), saw=f"{self._task.core} as it stands")


def weakened(tests: str, name: str, dice: random.Random) -> str:
    """Return tests of which one claims less, or does not run any more."""
    lines = tests.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"def {name}("))
    end = next((n for n in range(start + 1, len(lines)) if lines[n] and not lines[n].startswith(" ")), len(lines))
    how = dice.randrange(3)
    if how == 0:
        del lines[start:end]
    elif how == 1:
        lines[start:start] = ['@pytest.mark.skip(reason="later")']
        if "import pytest" not in lines:
            lines[0:0] = ["import pytest"]
    else:
        lines[start + 1 : end] = ["    assert True", "", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _verdict(*, objects: bool, saw: str) -> Step:
    judged = {"criterion": "the fault is mended", "met": "no" if objects else "yes", "saw": saw}
    given: dict[str, Any] = {"criteria": [judged]}
    if objects:
        given["objections"] = ["the cause is not mended, only what showed it"]
    return Step(text="This is what I saw.", calls=(CallStep(JUDGING, given),))


def _reading(path: str, tools: set[str]) -> CallStep:
    if TEXT_EDITOR in tools:
        return CallStep(TEXT_EDITOR, {"command": "view", "path": path})
    return CallStep("read", {"path": path})


def _heard(message: dict[str, Any]) -> tuple[str, bool]:
    """Return what was said last, and whether it says that a call failed."""
    content = message["content"]
    failed = not isinstance(content, str) and any(bool(block.get("is_error")) for block in content)
    return "\n".join(texts_of(content)), failed


def _kind_of(text: str, *, malformed: bool) -> Occasion:
    if malformed:
        return "malformed"
    return "place" if _PLACE.search(text) else "other"


def _sent_back(text: str) -> Occasion:
    if "Refused by the gate" in text or "as they were before your change" in text:
        return "gate"
    return "objection" if text.startswith("An evaluator objects") else "red"
