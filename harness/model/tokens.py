"""How many tokens a request takes, before anybody counted: a plain estimate that errs on the high side."""

from __future__ import annotations

from typing import Any

import msgspec

from bridle.harness.model.client import ModelRequest

BYTES_PER_TOKEN = 3
"""Code and JSON take 3.2-4.2 bytes a token in the vocabularies in use; less is safer where money is
reserved.
"""


def tokens_of(value: Any) -> int:
    """Return the estimate for anything that goes over the wire as JSON."""
    return -(-len(msgspec.json.encode(value)) // BYTES_PER_TOKEN)


def tokens_in(request: ModelRequest) -> int:
    """Return the estimate for all that `request` sends."""
    return tokens_of([request.system, request.tools, request.messages])
