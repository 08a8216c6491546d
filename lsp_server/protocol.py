"""JSON-RPC as the specification has it, on top of pygls: every request gets exactly one answer, nothing crashes it.

Put right against pygls: bad parameters, invalid JSON, batches and wrong versions are answered with their codes;
nothing but `initialize` is served before it and nothing but `exit` after `shutdown`; an id in use is refused;
headers are read in any case (see `framing`); the end of the input ends the server. Knows no document and no engine.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any, Literal, NamedTuple, cast

import msgspec
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.protocol import JsonRPCProtocol, default_converter
from pygls.server import JsonRPCServer

from bridle.harness.engine import Closed, UserProblem
from bridle.lsp_server.framing import TooLarge, read_body
from bridle.lsp_server.wiretrace import WireTrace

logger = logging.getLogger(__name__)

Handler = Callable[[Any], object]
"""Takes structured parameters; what it returns, or what its coroutine returns, is the result."""

Json = dict[str, Any]
MessageId = int | str
Phase = Literal["new", "running", "shut down"]


_TYPES = cast("Mapping[str, tuple[type[Any], type[Any] | None]]", lsp.METHOD_TO_TYPES)  # pyright: ignore[reportUnknownMemberType]  # untyped there


class Plain(NamedTuple):
    """A result that is JSON as it is, or is encoded: long lists of small objects take the usual way too long."""

    value: object


class Refusal(Exception):
    """A message that is answered with an error. `id` is None where it has none that can be used."""

    def __init__(self, code: int, message: str, id: MessageId | None = None) -> None:  # noqa: A002 - the protocol's word
        super().__init__(message)
        self.code = code
        self.id = id


class Protocol(JsonRPCProtocol):
    """One client's conversation."""

    def __init__(self, server: JsonRPCServer, converter: Any) -> None:
        super().__init__(server, converter)
        self.handlers: Mapping[str, Handler] = {}
        self.phase: Phase = "new"
        self.exit_code: asyncio.Future[int] | None = None
        self.trace: WireTrace | None = None
        self._numbers = count(1)
        self._running: dict[MessageId, asyncio.Future[Any]] = {}

    def get_message_type(self, method: str) -> type[Any] | None:
        """Return the class of a method's message."""
        return _TYPES[method][0] if method in _TYPES else None

    def get_result_type(self, method: str) -> type[Any] | None:
        """Return the class of a method's response."""
        return _TYPES[method][1] if method in _TYPES else None

    async def serve(self, reader: asyncio.StreamReader) -> int:
        """Serve until the client says `exit` or is gone; returns the exit code."""
        self.exit_code = asyncio.get_running_loop().create_future()
        reading = asyncio.ensure_future(self._read(reader))
        try:
            return await self.exit_code
        finally:
            reading.cancel()
            self.cancel_all()

    def leave(self, code: int | None = None) -> None:
        """End the conversation; without `code` it is 0 after `shutdown` and 1 before."""
        if self.exit_code is not None and not self.exit_code.done():
            self.exit_code.set_result((0 if self.phase == "shut down" else 1) if code is None else code)

    def cancel_all(self) -> None:
        """Cancel all requests that are under way; each is answered."""
        for task in list(self._running.values()):
            task.cancel()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                body = await read_body(reader)
                if body is None:
                    self.leave()
                    return
                if self.trace is not None:
                    self.trace.keep("send", body)
                self.take(body)
            except TooLarge as problem:
                self._refuse(Refusal(lsp.ErrorCodes.InvalidRequest, str(problem)))
            except Refusal as refusal:
                self._refuse(refusal)

    async def ask(self, method: str, params: object, timeout_s: float) -> Any:
        """Ask the client and return its result. Raises TimeoutError, JsonRpcException when it refuses."""
        message_id = f"bridle-{next(self._numbers)}"
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.wrap_future(self.send_request(method, params, msg_id=message_id))
        finally:
            self._request_futures.pop(message_id, None)
            self._result_types.pop(message_id, None)

    # --- taking ---------------------------------------------------------------------------------------------

    def take(self, body: bytes) -> None:
        """Handle one message. Raises Refusal."""
        message = _decode(body)
        message_id = _usable_id(message)
        if message.get("jsonrpc") != "2.0":
            raise Refusal(lsp.ErrorCodes.InvalidRequest, "jsonrpc must be '2.0'", message_id)
        method = message.get("method")
        if method is None and message_id is not None and ("result" in message or "error" in message):
            self._take_answer(message, message_id)
        elif not isinstance(method, str):
            raise Refusal(lsp.ErrorCodes.InvalidRequest, "a message needs a method", message_id)
        elif "id" not in message:
            self._notified(method, message)
        elif message_id is None:
            raise Refusal(lsp.ErrorCodes.InvalidRequest, "a request's id is a number or a string")
        else:
            self._requested(method, message_id, message)

    def _take_answer(self, message: Json, message_id: MessageId) -> None:
        try:
            answer: Any = self.structure_message(message)
        except JsonRpcException as problem:
            if (waiting := self._request_futures.pop(message_id, None)) is not None:
                waiting.set_exception(problem)
            return
        if (waiting := self._request_futures.get(message_id)) is None or waiting.done():
            self._request_futures.pop(message_id, None)
        elif isinstance(answer, lsp.ResponseErrorMessage):
            self._handle_response(message_id, None, answer.error or lsp.ResponseError(code=0, message="no reason"))
        else:
            self._handle_response(message_id, answer.result)

    def _notified(self, method: str, message: Json) -> None:
        if method == lsp.EXIT:
            self.leave()
        elif method == lsp.CANCEL_REQUEST:
            self._cancel(message.get("params"))
        elif self.phase != "running" or method not in self.handlers:
            logger.debug("ignored notification %r", method)
        else:
            try:
                result = self.handlers[method](self._params(message))
                if inspect.isawaitable(result):
                    raise TypeError(f"the handler of {method!r} must not wait")
            except Refusal as refusal:
                logger.warning("ignored %r: %s", method, refusal)
            except Exception:
                logger.exception("handling %r failed", method)

    def _cancel(self, params: object) -> None:
        wanted: object = params.get("id") if isinstance(params, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # as the client sent it
        if isinstance(wanted, int | str) and (task := self._running.get(wanted)) is not None:
            task.cancel()

    # --- requests -------------------------------------------------------------------------------------------

    def _requested(self, method: str, message_id: MessageId, message: Json) -> None:
        if message_id in self._running:
            raise Refusal(lsp.ErrorCodes.InvalidRequest, f"the id {message_id!r} is in use", message_id)
        self._expect_phase(method, message_id)
        if method not in self.handlers:
            raise Refusal(lsp.ErrorCodes.MethodNotFound, f"no such method: {method!r}", message_id)
        params = self._params(message)
        if method in (lsp.INITIALIZE, lsp.SHUTDOWN):
            self.phase = "running" if method == lsp.INITIALIZE else "shut down"
        self._result_types[message_id] = self.get_result_type(method)
        try:
            result = self.handlers[method](params)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises becomes the request's answer
            self._answer_error(message_id, error)
            return
        if inspect.isawaitable(result):
            self._await(message_id, result)
        else:
            self._send_result(message_id, result)

    def _expect_phase(self, method: str, message_id: MessageId) -> None:
        if self.phase == "new" and method != lsp.INITIALIZE:
            raise Refusal(lsp.ErrorCodes.ServerNotInitialized, "the first request must be 'initialize'", message_id)
        if self.phase == "running" and method == lsp.INITIALIZE:
            raise Refusal(lsp.ErrorCodes.InvalidRequest, "'initialize' was sent before", message_id)
        if self.phase == "shut down":
            raise Refusal(lsp.ErrorCodes.InvalidRequest, "the server is shut down", message_id)

    def _params(self, message: Json) -> Any:
        """Return the structured parameters. Raises Refusal."""
        kind = self.get_message_type(message["method"])
        if kind is None:
            return message.get("params")
        try:
            return self._converter.structure(message, kind).params
        except Exception as error:
            logger.info("bad parameters of %r: %r", message["method"], error)
            text = f"the parameters of {message['method']!r} are not as the protocol has them"
            raise Refusal(lsp.ErrorCodes.InvalidParams, text, message.get("id")) from error

    def _await(self, message_id: MessageId, result: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(result)
        self._running[message_id] = task
        task.add_done_callback(lambda done: self._answer(message_id, done))

    def _answer(self, message_id: MessageId, done: asyncio.Future[Any]) -> None:
        self._running.pop(message_id, None)
        if done.cancelled():
            self._refuse(Refusal(lsp.LSPErrorCodes.RequestCancelled, "cancelled", message_id))
        elif (error := done.exception()) is not None:
            self._answer_error(message_id, error)
        else:
            self._send_result(message_id, done.result())

    def _send_result(self, message_id: MessageId, result: object) -> None:
        if isinstance(result, Plain):
            self._result_types.pop(message_id, None)
            self._send_body(msgspec.json.encode({"jsonrpc": "2.0", "id": message_id, "result": result.value}))
        else:
            self._send_response(message_id, result)

    def _send_body(self, body: bytes) -> None:
        if self.writer is not None:
            self.writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def _answer_error(self, message_id: MessageId, error: BaseException) -> None:
        self._refuse(Refusal(*explain(error), message_id))

    def _refuse(self, refusal: Refusal) -> None:
        self._result_types.pop(refusal.id, None)  # type: ignore[arg-type] # an id of None is never a key
        error = {"code": int(refusal.code), "message": str(refusal)}
        self._send_data({"jsonrpc": "2.0", "id": refusal.id, "error": error})


def explain(error: BaseException) -> tuple[int, str]:
    """Return the code and the words with which an exception is told to the client."""
    match error:
        case UserProblem():
            return lsp.LSPErrorCodes.RequestFailed, in_words(error)
        case Refusal():
            return error.code, str(error)
        case Closed() | TimeoutError():
            return (
                lsp.LSPErrorCodes.RequestFailed,
                f"Bridle's engine did not answer ({str(error) or 'no answer in time'})",
            )
        case _:
            logger.error("a request failed", exc_info=error)
            return lsp.ErrorCodes.InternalError, f"a fault in Bridle: {error!r}; its log has the details"


def in_words(problem: UserProblem) -> str:
    """Return a problem's message with its next step."""
    return f"{problem.message}. Next: {problem.next_step}" if problem.next_step else problem.message


def _decode(body: bytes) -> Json:
    try:
        message = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(lsp.ErrorCodes.ParseError, f"not JSON: {type(error).__name__}") from error
    if not isinstance(message, dict):
        raise Refusal(lsp.ErrorCodes.InvalidRequest, "one object is one message; there are no batches here")
    return message  # pyright: ignore[reportUnknownVariableType]  # JSON's keys are strings


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _usable_id(message: Json) -> MessageId | None:
    found = message.get("id")
    return found if isinstance(found, int | str) and not isinstance(found, bool) else None


class Server(JsonRPCServer):
    """What pygls needs around the protocol. Errors of ours go to the log, never to a popup."""

    def __init__(self) -> None:
        super().__init__(Protocol, default_converter)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log what went wrong."""
        logger.error("%s: %s", source, error)

    def conversation(self) -> Protocol:
        """Return the one conversation of this server."""
        assert isinstance(self.protocol, Protocol)
        return self.protocol
