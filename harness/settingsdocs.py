"""What each setting is for, in a sentence, and how it is written: data alone.

`ROWS` and `BLOCKS` are those of a project's ``bridle.toml``, `OWN` those that only the person's own file or the
machine's owner has. Tests hold them against the schema (`settingsfiles`): each setting is explained.
"""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, frozen=True):
    """One setting. `value` is what it is without a line, or an example where it is nothing, as TOML writes it."""

    name: str
    says: str
    value: str


class Block(msgspec.Struct, frozen=True):
    """A table that a person adds, by an example of its lines."""

    name: str
    says: str
    lines: tuple[str, ...]


ROWS: tuple[Row, ...] = (
    Row("mode", "How much is free without a question. Can only be tighter than your own config.toml says.", '"edit"'),
    Row("checks_on_save", "Run the folder's checks when a file is saved.", "true"),
    Row("timeout_s", "Most seconds that one check may take.", "120.0"),
    Row("context_tokens", "Most tokens of context that a run begins with.", "4_000"),
    Row("vectors", "Whether definitions get vectors, by which what is alike is found.", '"on"'),
    Row("budget.tokens", "Most tokens that one run may use.", "200_000"),
    Row("budget.cost_usd", "Most dollars that one run may cost.", "2.0"),
    Row("budget.seconds", "Most seconds that one run may take.", "600.0"),
    Row(
        "budget.stall_s", "Longest time in which nothing happens in one run, in seconds, before it is parked.", "300.0"
    ),
    Row("budget.turns", "Most turns of the model in one run.", "24"),
    Row(
        "tests.gate",
        "Which tests prove a change: those that reach it (impact), all of them at the end of a run too (full), or all "
        "in every round (all). Can only ask for more than your own config.toml does.",
        '"full"',
    ),
    Row(
        "tests.gate_s",
        "Where all tests take longer than so many seconds, those that reach the change stand for them.",
        "900.0",
    ),
    Row("tests.coverage", "The share of changed lines that tests must execute, 0 to 1; 0 asks for none.", "0.0"),
    Row(
        "tests.strength_s",
        "For how many seconds small faults are put into changed lines, to see whether the tests notice; 0 for not at "
        "all.",
        "0.0",
    ),
    Row(
        "tests.stop_after",
        "Tests that reach a change are run until so many more than before fail; 0 runs them all. Can only ask for more "
        "than your own config.toml does.",
        "5",
    ),
    Row("permission.ask", "Rules for what to ask about first, such as Bash(pip:*).", '["Edit(migrations/**)"]'),
    Row("permission.deny", "Rules for what never to do, such as Edit(migrations/**).", '["Read(customers/**)"]'),
    Row("sandbox.required", "Refuse to run anything where there is no sandbox.", "false"),
    Row("sandbox.memory_mb", "Most megabytes of memory that one command may take.", "4_096"),
    Row("sandbox.processes", "Most processes that one command may start.", "256"),
    Row("sandbox.disk_mb", "Most megabytes that one command may write.", "8_192"),
)

BLOCKS: tuple[Block, ...] = (
    Block("security", "Look at new lines for what they open: shells, queries, the net, secrets.", ("[security]",)),
    Block(
        "architecture",
        "Rules of your own for what may import what; each finding says what to do instead.",
        ("[architecture]", 'layers = ["app", "core"]', "max_lines = 400"),
    ),
    Block(
        "check",
        "A check that is not found by itself: anything that reports in JUnit, TAP, SARIF or lines.",
        ("[[check]]", 'name = "prose"', 'command = ["sh", "check.sh"]', 'report = "tap"', 'stage = "style"'),
    ),
    Block(
        "source",
        "What a workflow's words may show: a command in the sandbox, a file, a tool of an MCP server.",
        ("[source.ci]", 'file = "build/ci.log"', "tail = true"),
    ),
    Block(
        "mcp",
        "A program whose tools a model may call, in a sandbox without a network, once a person said yes to it.",
        ("[mcp.time]", 'command = ["mcp-server-time"]'),
    ),
    Block(
        "hook",
        "A program that may say no to what a model is about to do.",
        ("[[hook]]", 'name = "freeze"', 'argv = ["tools/freeze"]', 'tools = ["Edit"]'),
    ),
)

OWN: tuple[Row, ...] = (
    Row("python", "The Python that the project's checks run with. Empty: it is looked for.", '""'),
    Row("model", "The model that is asked. Empty: the usual one.", '""'),
    Row("base_url", "Where the model is asked. Empty: the address of its maker.", '""'),
    Row("models.small", "The model for simple work, for phases that name it. Empty: the one that is set up.", '""'),
    Row("models.strong", "The model for hard work, for phases that name it. Empty: the one that is set up.", '""'),
    Row("compact_tokens", "A talk with the model of more tokens is made shorter.", "60_000"),
    Row(
        "read_mode",
        "How a line is named to the model, from the cheapest to the safest: plain, check, strict.",
        '"check"',
    ),
    Row("edit_tool", "What the model edits with. Without it: what suits the model.", ""),
    Row("ceiling.session.tokens", "Most tokens of all runs together while an engine lives.", ""),
    Row("ceiling.session.cost_usd", "Most dollars of all runs together while an engine lives.", ""),
    Row("ceiling.day.tokens", "Most tokens of all runs of a day, in all workspaces.", ""),
    Row("ceiling.day.cost_usd", "Most dollars of all runs of a day, in all workspaces.", ""),
    Row("permission.allow", "Rules for what runs without a question, such as Bash(git status).", "[]"),
    Row("sandbox.container", "A container engine for where namespaces are not to be had: podman or docker.", '""'),
    Row("sandbox.image", "The image that the container engine starts.", '""'),
    Row("checks", "What a check may reach beyond the sandbox: `[checks.NAME]` with `needs`, as loopback:5432.", "{}"),
    Row(
        "context.rerank",
        "Whether a small model puts the leading candidates of a pack in order, by their names alone: off or model.",
        '"off"',
    ),
    Row("vectors.store", "Whether there are vectors and where: on, off, or the address of a chroma server.", '"on"'),
    Row(
        "vectors.embedder", "What makes vectors: lsa, which needs nothing, or one of chroma's with its model.", '"lsa"'
    ),
    Row("vectors.address", "Where the embedder listens. Empty: its own address.", '""'),
    Row("sessions.keep_days", "For how many days a run is remembered since it was last heard of.", "30.0"),
    Row("sessions.keep_mb", "Most megabytes that all remembered runs may take.", "512"),
)
