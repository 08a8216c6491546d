"""The message of a commit for what a run made: its title, its files, what was verified. Pure; no model writes it."""

from __future__ import annotations

from bridle.harness.nouns import Proposal
from bridle.harness.order import Order

MAX_TITLE = 72
MAX_FILES = 20


def commit_message(order: Order, proposal: Proposal) -> str:
    """Return the message: a subject of one line, then what changed and what the checks said of it."""
    title = " ".join(order.title.split()) or "Change"
    subject = title if len(title) <= MAX_TITLE else f"{title[: MAX_TITLE - 1]}…"
    paths = [file.path for file in proposal.files]
    shown = "\n".join(f"- {path}" for path in paths[:MAX_FILES])
    more = f"\n- and {len(paths) - MAX_FILES} more" if len(paths) > MAX_FILES else ""
    notes = "".join(f"\n- {note}" for note in proposal.notes)
    return f"{subject}\n\n{shown}{more}\n\n{proposal.badge.text}{notes}\n"
