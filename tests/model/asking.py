"""What the tests of the model door share: a small request, a client against the local server, a listener."""

from __future__ import annotations

from typing import Any

from bridle.harness.model.client import Message, ModelRequest, StreamEvent, TextDelta
from bridle.harness.model.keys import Key
from bridle.harness.model.live import LiveModel, Patience
from tests.model.messages_server import MessagesServer

MODEL = "claude-opus-5-5"
SECRET = "sk-test-not-a-real-key"
QUICK = Patience(connect_s=5.0, stall_s=0.8, call_s=10.0)
"""For an endpoint that is to fall silent; a busy machine may take longer for a good answer."""

READ: dict[str, Any] = {
    "name": "read",
    "description": "Read a file.",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def assistant(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def use(name: str, given: dict[str, Any], number: str = "toolu_1") -> dict[str, Any]:
    return {"type": "tool_use", "id": number, "name": name, "input": given}


def result(text: str, number: str = "toolu_1") -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": number, "content": text}]}


def request(*messages: Message, model: str = MODEL, max_tokens: int = 1000, **more: Any) -> ModelRequest:
    system = ({"type": "text", "text": "You change code."},)
    return ModelRequest(model, system, (READ,), messages or (user("Hello"),), max_tokens, **more)


def live(server: MessagesServer | str, patience: Patience | None = None, model: str = MODEL) -> LiveModel:
    url = server if isinstance(server, str) else server.url
    return LiveModel(model, Key(SECRET, "environment"), url, patience)


class Ear:
    """Hears what a client tells."""

    def __init__(self) -> None:
        self.events: list[StreamEvent] = []

    def __call__(self, event: StreamEvent) -> None:
        self.events.append(event)

    @property
    def words(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))
