"""What the door may ask of the editor, in the words of this house; every wait is bounded, every refusal an answer.

Knows the client's abilities and takes the plainest way that works. Decides nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, cast

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcMethodNotFound

from bridle.lsp_server.capabilities import Client
from bridle.lsp_server.protocol import Protocol
from bridle.lsp_server.questions import Questions

logger = logging.getLogger(__name__)

ANSWER_S = 10.0
MAX_MESSAGE = 4_000

Level = Literal["error", "warning", "information"]
_LEVELS = {
    "error": lsp.MessageType.Error,
    "warning": lsp.MessageType.Warning,
    "information": lsp.MessageType.Info,
}


class Applied(NamedTuple):
    """What a client says of an edit, with the reason when it is not "yes". A hint, not a fact."""

    said: Literal["yes", "no", "unknown"]
    reason: str


class Editor:
    """The client's side of the conversation."""

    def __init__(self, protocol: Protocol, client: Client) -> None:
        self._protocol = protocol
        self.client = client
        self.questions = Questions()
        self.folder = ""
        """The folder of a workspace with several, as its messages name it."""
        self.scope: str | None = None
        """The URI of that folder, for settings of its own."""

    @property
    def sender(self) -> str:
        """Who speaks to the person."""
        return f"Bridle ({self.folder})" if self.folder else "Bridle"

    def show(self, message: str, level: Level = "information") -> None:
        """Show a message."""
        if self.client.one_line:
            message = " ".join(message.split())
        params = lsp.ShowMessageParams(type=_LEVELS[level], message=_cut(f"{self.sender}: {message}"))
        self._protocol.notify(lsp.WINDOW_SHOW_MESSAGE, params)

    async def ask(self, message: str, choices: Sequence[str], timeout_s: float, level: Level = "information") -> str:
        """Ask the person; "" when they chose nothing in time, or the client cannot ask."""
        actions = [lsp.MessageActionItem(title=choice) for choice in choices]
        params = lsp.ShowMessageRequestParams(
            type=_LEVELS[level], message=_cut(f"{self.sender}: {message}"), actions=actions
        )
        answer = await self._ask(lsp.WINDOW_SHOW_MESSAGE_REQUEST, params, timeout_s)
        if answer is _UNKNOWN and not self.client.questions:
            self.show(f"{message} Answer by code action: {', '.join(choices)}", level)
            return await self.questions.ask(message, choices, timeout_s)
        return answer.title if isinstance(answer, lsp.MessageActionItem) and answer.title in choices else ""

    async def apply(self, edit: lsp.WorkspaceEdit, label: str, timeout_s: float = 0.0) -> Applied:
        """Send an edit, and return what the client says became of it; a person who is asked has `timeout_s`."""
        params = lsp.ApplyWorkspaceEditParams(edit=edit, label=label)
        answer = await self._ask(lsp.WORKSPACE_APPLY_EDIT, params, timeout_s or ANSWER_S)
        if isinstance(answer, lsp.ApplyWorkspaceEditResult):
            reason = "" if answer.applied else answer.failure_reason or "the editor refused it"
            return Applied("yes" if answer.applied else "no", reason)
        able = self.client.apply_edit
        return Applied("unknown", "the editor gave no answer" if able else "this editor takes no edits from a server")

    async def open(self, uri: str, *, focus: bool = True) -> bool:
        """Show a document; False when the client cannot."""
        if not self.client.show_document:
            return False
        params = lsp.ShowDocumentParams(uri=uri, take_focus=focus)
        answer = await self._ask(lsp.WINDOW_SHOW_DOCUMENT, params, ANSWER_S)
        return isinstance(answer, lsp.ShowDocumentResult) and answer.success

    async def configuration(self, section: str) -> object:
        """Return the client's settings under `section`; None when it has none to give."""
        params = lsp.ConfigurationParams(items=[lsp.ConfigurationItem(section=section, scope_uri=self.scope)])
        answer = await self._ask(lsp.WORKSPACE_CONFIGURATION, params, ANSWER_S)
        values = cast("Sequence[object]", answer) if isinstance(answer, Sequence) else ()
        return values[0] if values else None

    async def create_progress(self, token: str) -> bool:
        """Make ready to report under `token`; False when the client does not show progress."""
        if not self.client.progress:
            return False
        params = lsp.WorkDoneProgressCreateParams(token=token)
        return await self._ask(lsp.WINDOW_WORK_DONE_PROGRESS_CREATE, params, ANSWER_S) not in (_REFUSED, _UNKNOWN)

    def progress(
        self, token: str | int, value: lsp.WorkDoneProgressBegin | lsp.WorkDoneProgressReport | lsp.WorkDoneProgressEnd
    ) -> None:
        """Report progress."""
        self._protocol.notify(lsp.PROGRESS, lsp.ProgressParams(token=token, value=value))

    def publish(self, uri: str, version: int | None, diagnostics: Sequence[lsp.Diagnostic]) -> None:
        """Show these diagnostics on a document, and no others of ours."""
        params = lsp.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=list(diagnostics))
        self._protocol.notify(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)

    async def refresh_lenses(self) -> None:
        """Have the client ask for its code lenses again."""
        await self._ask(lsp.WORKSPACE_CODE_LENS_REFRESH, None, ANSWER_S)

    async def register(self, registrations: Sequence[lsp.Registration]) -> bool:
        """Offer what was not offered at the start; False when the client refused."""
        params = lsp.RegistrationParams(registrations=list(registrations))
        return await self._ask(lsp.CLIENT_REGISTER_CAPABILITY, params, ANSWER_S) not in (_REFUSED, _UNKNOWN)

    async def unregister(self, unregistrations: Sequence[lsp.Unregistration]) -> None:
        """Offer no more what was registered."""
        params = lsp.UnregistrationParams(unregisterations=list(unregistrations))
        await self._ask(lsp.CLIENT_UNREGISTER_CAPABILITY, params, ANSWER_S)

    def status(
        self, text: str, state: Literal["ready", "busy", "warning", "error"], detail: str, spent: Mapping[str, Any]
    ) -> None:
        """Tell our own plug-ins how things stand, and what was spent."""
        if self.client.status:
            told = {"text": text, "state": state, "detail": detail, "spent": dict(spent)}
            self._protocol.notify("bridle/status", told)

    def runs_changed(self) -> None:
        """Tell our own plug-ins that they would be told of other runs, or otherwise, if they asked now."""
        if self.client.shows_runs:
            self._protocol.notify("bridle/sessions", {})

    async def _ask(self, method: str, params: object, timeout_s: float) -> Any:
        try:
            return await self._protocol.ask(method, params, timeout_s)
        except JsonRpcMethodNotFound:
            logger.info("the client does not know %s", method)
            return _UNKNOWN
        except (TimeoutError, JsonRpcException) as problem:
            logger.info("the client did not do %s: %r", method, problem)
            return _REFUSED


class _Refused:
    """The client refused, or gave no answer in time."""


_REFUSED = _Refused()
_UNKNOWN = _Refused()
"""The client does not know the request at all."""


def _cut(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"
