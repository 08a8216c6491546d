"""The local Messages server with a model's pace, in a process of its own: `python paced.py PLAN FIRST_BYTE_S`.

Prints its address as one line; when its input ends, what it counted as another, and ends. PLAN is a list of turns in
JSON whose tool inputs may hold the slots of `harness/model/template.py`; after the last turn the model is done.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bridle.harness.model.client import ModelProblem
from bridle.harness.model.shown import shown_files
from bridle.harness.model.template import fill
from tests.model.messages_server import CallStep, Handler, MessagesServer, Step

COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


class Timed(Handler):
    """Notes when each request began to be read and when its last byte was sent."""

    def do_POST(self) -> None:  # noqa: N802  # the base class's name
        began = time.monotonic()
        super().do_POST()
        desk = self.server.desk
        assert isinstance(desk, Paced)
        desk.spans.append((began, time.monotonic()))


class Paced(MessagesServer):
    """Plays a plan, slot by slot: the first byte after a while, the rest at the pace of a model that writes."""

    def __init__(self, plan: list[dict[str, Any]], first_byte_s: float) -> None:
        super().__init__(handler=Timed)
        self.spans: list[tuple[float, float]] = []
        self._plan = plan
        self._first_byte_s = first_byte_s

    def resolve(self, step: Step, body: dict[str, Any]) -> Step:
        """Return the next turn, filled from what the request shows."""
        self.hold(self._first_byte_s)
        n = sum(message["role"] == "assistant" for message in body["messages"])
        pace = "trickle" if self._first_byte_s else ""
        if n >= len(self._plan):
            return Step(text="Every docstring says its units now.", fault=pace)
        turn = self._plan[n]
        try:
            given = fill(turn["input"], shown_files(body["messages"]))
        except ModelProblem as problem:
            return Step(text=f"the plan cannot go on: {problem}")
        return Step(text=turn["text"], calls=(CallStep(turn["tool"], given),), fault=pace)

    def counted(self) -> dict[str, Any]:
        """Return what was counted over all requests."""
        usage = {name: sum(seen.usage.get(name, 0) for seen in self.seen) for name in COUNTS}
        return {**usage, "refused": [list(seen.refused) for seen in self.seen if seen.refused], "spans": self.spans}


def main() -> None:
    """Serve until nobody listens any more."""
    plan = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    with Paced(plan, float(sys.argv[2])) as server:
        print(json.dumps({"url": server.url}), flush=True)
        sys.stdin.read()
        print(json.dumps(server.counted()), flush=True)


if __name__ == "__main__":
    main()
