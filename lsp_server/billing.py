"""What a run here would see: the context bill."""

from __future__ import annotations

from collections.abc import Mapping

from bridle.harness.engine import GetContext, PackView
from bridle.lsp_server import deciding
from bridle.lsp_server.arguments import Argument
from bridle.lsp_server.desk import CommandOf, Desk, Json
from bridle.lsp_server.instructions import instruction_at
from bridle.lsp_server.targets import lines_of


def context(desk: Desk, argument: Argument) -> Json:
    """Show what a run here would send, and why."""
    session = desk.session
    document, at = lines_of(session, argument)
    instruction = argument.instruction or instruction_at(document.text.lines, at.start_line, at.end_line)

    async def work() -> None:
        await session.mirror.flush()
        view = await session.link.ask(GetContext(instruction, at), PackView)
        await deciding.show_text(session, "context.txt", bill(view))

    session.spawn(work())
    return {}


ON_CONTEXT: Mapping[str, CommandOf] = {
    "bridle.context": context,
}


def bill(view: PackView) -> str:
    """Return the bill as a text to read."""
    rows = [f"{p.n_tokens:>6}  {p.path}:{p.start_line + 1}-{p.end_line}  {p.detail}: {p.reason}" for p in view.pieces]
    rows += [f"     -  {path}: {reason}" for path, reason in view.left_out]
    return f"{view.n_tokens} of {view.budget} tokens\n" + "\n".join(rows) + f"\n\n{view.text}"
