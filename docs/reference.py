"""Writes docs/settings.md and docs/commands.md from what the program reads and offers.

    python docs/reference.py [--check]

Names, values and bounds come from the schema of the settings files, from the command line's own parsers, from the
server's table of commands and from what the plug-ins declare; nothing of the two pages is written by hand. `--check`
writes nothing and exits with 1 where a page is behind, or where something has no explanation.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from bridle.cli.main import whole_parser
from bridle.harness.settingsdocs import BLOCKS, OWN, ROWS
from bridle.harness.settingsfiles import File, schema
from bridle.lsp_server.commands import COMMANDS

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "editors" / "vscode" / "package.json"
HELP = HERE.parent / "editors" / "nvim" / "doc" / "bridle.txt"
SETTINGS_PAGE, COMMANDS_PAGE = HERE / "settings.md", HERE / "commands.md"
FILES: Mapping[File, str] = {"user": "own", "project": "project", "editor": "editor", "managed": "owner"}
WHERE = {"check": "verify.md", "hook": "permission.md", "source": "workflows.md", "mcp": "permission.md"}
"""The pages that tell of tables which a person names."""

SETTINGS_HEAD = """\
# Every setting

Written by `python docs/reference.py` from the schema that the program reads settings by, and never edited by hand.

| where | file | what it may do |
|---|---|---|
| own | `~/.config/bridle/config.toml` (`config.toml` in the folder that `bridle doctor` names) | everything |
| project | `bridle.toml` at the root of the workspace; `bridle init` writes one that explains itself | tighten |
| editor | VS Code's settings with `bridle.` before the name; another client's options for the server | show, tighten |
| owner | `/etc/bridle/managed.toml`, of whoever administers the machine | hold for everybody on it |

A name that a file does not know is an error with its line. What may be said where is in
[permission.md](permission.md); models and endpoints have a file of their own, [models.md](models.md), workflows too,
[workflows.md](workflows.md).

"""
COMMANDS_HEAD = """\
# Every command

Written by `python docs/reference.py` from the program's own parsers and tables, and never edited by hand.

"""

Json = Mapping[str, Any]


def main() -> int:
    """Write both pages, or with `--check` compare them."""
    pages = {SETTINGS_PAGE: settings_page(), COMMANDS_PAGE: commands_page()}
    behind = [path.name for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text]
    silent = [*unexplained_settings(), *unexplained_options()]
    for name in silent:
        sys.stderr.write(f"{name} has no explanation\n")
    if "--check" in sys.argv[1:]:
        for name in behind:
            sys.stderr.write(f"docs/{name} is behind: run python docs/reference.py\n")
        return int(bool(behind or silent))
    for path, text in pages.items():
        path.write_text(text, "utf-8")
    return int(bool(silent))


# --- settings ---------------------------------------------------------------------------------------------------


def settings_page() -> str:
    """Return the page of all settings."""
    rows = ["| setting | what it is for | values | without it | where |", "|---|---|---|---|---|"]
    told, usual = explanations(), {row.name: row.value for row in (*ROWS, *OWN)}
    for name, places in sorted(settings().items()):
        leaf = next(iter(places.values()))
        where = ", ".join(FILES[file] for file in FILES if file in places)
        cells = (f"`{name}`", told.get(name, ""), values_of(name, leaf), without(leaf, usual.get(name, "")), where)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    blocks = [f"\n## Tables that you name\n\n{_blocks()}"]
    return SETTINGS_HEAD + "\n".join([*rows, *blocks])


def unexplained_settings() -> list[str]:
    """Return the settings that nothing is said about."""
    told = explanations()
    return sorted(name for name in settings() if not told.get(name))


def explanations() -> dict[str, str]:
    """Return a sentence about each setting; the project's rows first, they are the ones that `bridle init` writes."""
    properties = json.loads(PACKAGE.read_text("utf-8"))["contributes"]["configuration"]["properties"]
    editor = {name.removeprefix("bridle."): setting["description"] for name, setting in properties.items()}
    return editor | {block.name: block.says for block in BLOCKS} | {row.name: row.says for row in (*ROWS, *OWN)}


def settings() -> dict[str, dict[File, Json]]:
    """Return each setting by its dotted name, with its schema in every file that may hold it."""
    found: dict[str, dict[File, Json]] = {}
    for file in get_args(File):
        whole = json.loads(json.dumps(schema(file)))
        for name, leaf in leaves(whole, whole, ""):
            found.setdefault(name, {})[file] = leaf
    return found


def leaves(whole: Json, node: Json, name: str) -> Iterator[tuple[str, Json]]:
    """Yield the settings under a node: tables of ours are descended into, all else with a shape is one setting."""
    resolved = resolve(whole, node)
    for option in resolved.get("anyOf", ()):
        if "properties" in resolve(whole, option):
            yield from leaves(whole, option, name)
    if "properties" in resolved:
        for key, child in resolved["properties"].items():
            yield from leaves(whole, child, f"{name}.{key}" if name else key)
    elif resolved.keys() - {"default"} or name in {block.name for block in BLOCKS}:
        yield name, {**resolved, "default": node.get("default")}


def without(leaf: Json, usual: str) -> str:
    """Return what holds where a setting is not written."""
    default = leaf.get("default")
    value = usual if default is None else json.dumps(default)
    return "nothing" if value in ("", '""', "[]", "{}") else f"`{value}`"


def resolve(whole: Json, node: Json) -> Json:
    """Return the definition that a node refers to, or the node."""
    if "$ref" not in node:
        return node
    found: Json = whole["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return found


def values_of(name: str, leaf: Json) -> str:
    """Return what a setting may be, in a few words."""
    if any(block.name == name for block in BLOCKS):
        return "a table"
    if "anyOf" in leaf:
        told = [
            values_of("", option) for option in leaf["anyOf"] if "$ref" not in option and option.get("type") != "null"
        ]
        return " or ".join(told) or "a rule"
    if "enum" in leaf:
        return ", ".join(f"`{value}`" for value in leaf["enum"] if value)
    if leaf.get("type") == "array":
        return "a list"
    least = f"{leaf['minimum']:,}" if "minimum" in leaf else f"more than {leaf.get('exclusiveMinimum', '')}"
    words = {"boolean": "`true`, `false`", "integer": "a whole number", "number": "a number", "string": "a text"}
    kind = words.get(str(leaf.get("type")), "a table")
    return f"{kind}, {least} to {leaf['maximum']:,}" if "maximum" in leaf else kind


def _blocks() -> str:
    parts = []
    for block in BLOCKS:
        more = f" More in [{WHERE[block.name]}]({WHERE[block.name]})." if block.name in WHERE else ""
        parts.append(f"{block.says}{more}\n\n```toml\n" + "\n".join(block.lines) + "\n```\n")
    return "\n".join(parts)


# --- commands ---------------------------------------------------------------------------------------------------


def commands_page() -> str:
    """Return the page of all commands: of the command line, of the server, of the plug-ins."""
    parts = ["## On the command line\n", "Exit codes: 0 done, 1 not green or refused, 2 usage, 3 a fault of ours.\n"]
    for words, parser in parsers(whole_parser()):
        parts.append(f"### {' '.join(words)}\n\n{parser.description or ''}\n")
        rows = [f"| {_cell(form_of(action))} | {_text(help_of(action))} |" for action in options_of(parser)]
        if rows:
            parts.append("\n".join(["| argument | what it does |", "|---|---|", *rows]) + "\n")
    parts.append("## In the editor\n")
    parts.append(
        "By a client's own way to run a server's command (`:lsp-workspace-command` in Helix, `eglot-execute-command` "
        "in Emacs). Each takes one object or nothing.\n"
    )
    rows = [f"| `{name}` | {_text((each.__doc__ or '').partition(chr(10))[0])} |" for name, each in COMMANDS.items()]
    parts.append("\n".join(["| command | what it does |", "|---|---|", *rows]) + "\n")
    parts.append("## VS Code\n")
    titles = json.loads(PACKAGE.read_text("utf-8"))["contributes"]["commands"]
    rows = [f"| {each['category']}: {each['title']} | `{each['command']}` |" for each in titles]
    parts.append("\n".join(["| title | command |", "|---|---|", *rows]) + "\n")
    parts.append("## Neovim\n")
    rows = [f"| {_cell(command)} | {_text(says)} |" for command, says in neovim_commands()]
    parts.append("\n".join(["| command | what it does |", "|---|---|", *rows]))
    return COMMANDS_HEAD + "\n".join(parts) + "\n"


def unexplained_options() -> list[str]:
    """Return the options of the command line, and the commands of the server, that nothing is said about."""
    silent = [
        f"{' '.join(words)} {form_of(action)}"
        for words, parser in parsers(whole_parser())
        for action in options_of(parser)
        if not help_of(action)
    ]
    return silent + [name for name, each in COMMANDS.items() if not each.__doc__]


def parsers(parser: argparse.ArgumentParser) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Yield every command with the words that call it, those within others after them."""
    for action in parser._actions:  # noqa: SLF001 - argparse tells them in no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            for inner in action.choices.values():
                words = tuple(inner.prog.split())
                yield tuple(word for word in words if not word.startswith(("[", "-"))), inner
                yield from parsers(inner)


def options_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return what a command takes, without its help and its inner commands."""
    left_out = (argparse._HelpAction, argparse._SubParsersAction)  # noqa: SLF001 - argparse tells them in no other way
    return [action for action in parser._actions if not isinstance(action, left_out)]  # noqa: SLF001 - as above


def form_of(action: argparse.Action) -> str:
    """Return how an argument is written."""
    word = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if action.choices is not None:
        word = "|".join(map(str, action.choices))
    if not action.option_strings:
        return f"[{word}]" if action.nargs in ("?", "*") else f"{word} …" if action.nargs == "+" else word
    flags = ", ".join(action.option_strings)
    return flags if action.nargs == 0 else f"{flags} {word}"


def help_of(action: argparse.Action) -> str:
    """Return what is said of an argument."""
    if action.help in (None, argparse.SUPPRESS):
        return ""
    return str(action.help) % {"default": action.default, "prog": "bridle"}


def neovim_commands() -> list[tuple[str, str]]:
    """Return what the help file says of each command."""
    text = re.sub(r"\n\t+(?=\S)", " ", HELP.read_text("utf-8"))  # what goes on in the next line
    found = re.finditer(r"^(:\S*Bridle\b[^\t\n]*?)\t+(\S.*)$", text.replace(" \t", "\t"), re.MULTILINE)
    return [(match[1].strip(), match[2].strip()) for match in found]


def _cell(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _text(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.exit(main())
