"""The tools that an agent is offered: what each is for, what it may do, how it is called and what it answers.

Data alone. `answers.py` does what they say.
"""

from __future__ import annotations

from typing import Any

import msgspec

from bridle.mcp_server import inputs, outputs
from bridle.mcp_server.schemas import schema_of

INSTRUCTIONS = """\
Bridle knows this workspace's definitions and what depends on what, shows lines so that edits cannot go astray, and
proves changes by the project's own checks. For a change: `context` for the task, `impact` of what you will touch,
`read` the lines, `apply` the edits, `verify`. Only a check that says "pass" passed."""


class Tool(msgspec.Struct, frozen=True):
    """One tool. `changes` says that it may write to the workspace; `again` that calling it twice does no more."""

    name: str
    title: str
    description: str
    given: type[inputs.Strict]
    answer: type[msgspec.Struct]
    changes: bool = False
    again: bool = True

    @property
    def input_schema(self) -> dict[str, Any]:
        """What it is called with."""
        return schema_of(self.given)

    @property
    def output_schema(self) -> dict[str, Any]:
        """What it answers."""
        return schema_of(self.answer)


TOOLS: tuple[Tool, ...] = (
    Tool(
        "context",
        "What to look at for a task",
        "Choose what of this workspace matters for a task, under a budget of tokens: definitions, their neighbours and "
        "signatures, each with the reason. Nothing is asked of a model. Use it before searching by hand. To edit what "
        "it shows, `read` those lines first.",
        inputs.ContextInput,
        outputs.ContextOutput,
    ),
    Tool(
        "symbols",
        "Find definitions",
        "Find definitions by a name or a part of one, in all languages of the workspace, best first. Gives ids that "
        "`impact` takes.",
        inputs.SymbolsInput,
        outputs.SymbolsOutput,
    ),
    Tool(
        "impact",
        "What a change can reach",
        "Tell what a change of a definition can reach: callers of callers, heirs, tests; each with the way from it to "
        "the definition and how sure that is. Use it before you change what others use.",
        inputs.ImpactInput,
        outputs.ImpactOutput,
    ),
    Tool(
        "read",
        "Read lines for editing",
        "Show lines of a file. Each begins with an anchor, a line number and a check word, and a tab; the head names "
        "the revision. Only lines that were shown can be edited with `apply`. Keys and passwords are hidden.",
        inputs.ReadInput,
        outputs.ReadOutput,
    ),
    Tool(
        "apply",
        "Edit lines that were read",
        "Edit files by the anchors that `read` showed, all edits or none: an edit lands where it was meant, or is "
        "refused with fresh anchors and a call that can be sent as it is. A landed change is taken back whole by the "
        "person's `bridle undo`. Where the person's rules ask first it waits on offer, and nothing is written.",
        inputs.ApplyInput,
        outputs.ApplyOutput,
        changes=True,
        again=False,
    ),
    Tool(
        "verify",
        "Prove the tree by its checks",
        "Run the project's own checks (format, lint, types, tests) in a sandboxed copy of the tree as it is, and tell "
        "what each says. `unknown` is not green: its reason and next step say why. May take minutes; progress is told.",
        inputs.VerifyInput,
        outputs.VerifyOutput,
    ),
)
BY_NAME = {tool.name: tool for tool in TOOLS}
