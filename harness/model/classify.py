"""What an endpoint's refusal means for us: never again, later, or once more. Pure.

Statuses and error types are those of the Messages API's error page; a spend limit comes as 400, 402 or 429,
so it is known by type, code or words, not by status. The body of an answer is never repeated: it may hold
anything.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from bridle.harness.model.client import ModelProblem
from bridle.harness.model.endpoints import named_in

MAX_RETRY_AFTER_S = 3600.0
_KEY_STEP = "set a key that works: `bridle key set`, or ANTHROPIC_API_KEY in the environment of the editor"
_REQUEST_STEP = "this is ours to mend, or the model does not take what was asked of it: try another model"
_BUSY = {408, 409, 425, 500, 502, 503, 504, 529}
_BUSY_TYPES = {"overloaded_error", "api_error", "timeout_error"}
_LENGTH_WORDS = ("prompt is too long", "context window", "context length", "maximum context")
_SPEND_WORDS = ("usage limits", "spend limit", "credit balance")


class Refusal(msgspec.Struct, frozen=True):
    """An error answer: status, the error's type, code and message, headers by lower-case name.

    An error that comes inside a stream has status 200.
    """

    status: int
    type: str = ""
    code: str = ""
    message: str = ""
    headers: Mapping[str, str] = {}


def problem_of(refusal: Refusal, model: str, endpoint: str) -> ModelProblem:
    """Return the problem that a refusal is."""
    status, kind = refusal.status, refusal.type
    if _is_spend_limit(refusal):
        return ModelProblem(
            "fatal",
            "the account's spend limit is reached",
            "raise the limit in the provider's console, or wait",
        )
    if status == 401 or kind == "authentication_error":
        return ModelProblem("fatal", f"{endpoint} does not accept the key", _KEY_STEP)
    if status == 403 or kind == "permission_error":
        return ModelProblem("fatal", f"the key may not use {model!r}", "choose another model, or ask for access")
    if status == 404 or kind == "not_found_error":
        return ModelProblem(
            "fatal",
            f"{endpoint} does not know {model!r}",
            "check BRIDLE_MODEL and ANTHROPIC_BASE_URL",
            feature=named_in(refusal.message),
        )
    if status == 429 or kind == "rate_limit_error":
        return ModelProblem(
            "transient",
            "the rate limit is reached",
            "wait a moment",
            retry_after_s=retry_after(refusal.headers),
        )
    if status in _BUSY or status >= 500 or kind in _BUSY_TYPES:
        busy = "overloaded" if status == 529 or kind == "overloaded_error" else "failing"
        return ModelProblem(
            "transient",
            f"{endpoint} is {busy}",
            "try again later",
            retry_after_s=retry_after(refusal.headers),
        )
    if 300 <= status < 400:
        return ModelProblem(
            "fatal", f"{endpoint} sends requests elsewhere", "set ANTHROPIC_BASE_URL to the final address"
        )
    if status == 413 or any(words in refusal.message.lower() for words in _LENGTH_WORDS):
        return ModelProblem(
            "fatal",
            f"{endpoint} finds the request too long ({status})",
            "start a run with a smaller task",
            too_long=True,
        )
    if status >= 400 or kind == "invalid_request_error":
        return ModelProblem(
            "fatal",
            f"{endpoint} refuses the request ({status})",
            _REQUEST_STEP,
            refused=True,
            feature=named_in(refusal.message),
        )
    return ModelProblem("unknown", f"{endpoint} answered in a way that is not known ({status})", "try again")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the endpoint asks to wait; None where it does not say, or not as a number."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds <= MAX_RETRY_AFTER_S else None


def _is_spend_limit(refusal: Refusal) -> bool:
    return (
        refusal.status == 402
        or refusal.type == "billing_error"
        or refusal.code.endswith("spend_limit_reached")
        or any(words in refusal.message.lower() for words in _SPEND_WORDS)
    )
