"""Are the sections and keys of texts true? `BENCH_REPOS=DIR python bench/structure.py [--smoke] [--show N]`.

Parsers that nobody here wrote read the same files: markdown-it for Markdown; Python's own readers of JSON and TOML for
their keys, its parser of expressions for the lines of JSON's; PyYAML for YAML's. Every heading and every key within the
bounds of the index (three levels deep, no table of more than 200 entries, not inside of lists) is compared with its
line, of TOML without; of Markdown where its links lead, too. DIR holds clones; the smoke form reads this house. Files
that such a parser refuses are left out and counted, as those are of which the index says that it cut much off.
Exits 1 when precision or recall is below 0.99, 2 when DIR holds no text.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import yaml
from markdown_it import MarkdownIt

from bridle.indexer.languages.readers import TEXTS
from bridle.indexer.languages.structure import MAX_PARTS
from bridle.indexer.languages.tables import MAX_DEPTH, MAX_ENTRIES
from bridle.indexer.parse import MAX_TEXT_BYTES

HOUSE = Path(__file__).resolve().parents[1]
GOAL = 0.99

Told = Counter[tuple[str, int]]
"""How often a name stands on a line, 0-based; -1 where a parser tells no lines."""


class Refused(Exception):
    """What cannot be read by a parser of the truth."""


def markdown(text: str) -> Told:
    """Return the headings that are in no list and no quotation."""
    tokens = MarkdownIt("commonmark").enable("table").parse(_without_front(text))
    found: Told = Counter()
    for at, token in enumerate(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map is not None:
            name = tokens[at + 1].content.partition("\n")[0].strip()
            if name:
                found[name[:120].strip(), token.map[0]] += 1
    return found


def _without_front(text: str) -> str:
    """Return a page with the data at its head blanked."""
    front = re.match(r"(---|\+\+\+)[ \t]*\r?\n.*?\n\1[ \t]*\r?(?:\n|\Z)", text, re.DOTALL)
    return "\n" * front[0].count("\n") + text[front.end() :] if front else text


def links(text: str) -> Told:
    """Return where the links and pictures of a page lead, each once, as far as that may be a file here."""
    around: dict[str, Any] = {}
    tokens = MarkdownIt("commonmark").enable("table").parse(_without_front(text), around)
    inner = [one for token in tokens for one in token.children or ()]
    found = {str(one.attrs.get("href") or one.attrs.get("src") or "") for one in inner}
    found |= {str(one["href"]) for one in around.get("references", {}).values()}
    local = {unquote(one) for one in found if one and not re.match(r"[a-zA-Z][\w+.-]*:|//", one)}
    return Counter((_led(one), -1) for one in local)


def _led(href: str) -> str:
    """Return a link without what a file is asked, as the index has it."""
    file, _, fragment = href.partition("#")
    return f"{file}#{fragment}" if fragment else file.partition("?")[0]


def json_keys(text: str) -> Told:
    """Return the keys of JSON: what there is by its own reader, on which line by the parser of expressions."""
    try:
        known = json.loads(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(f"({text}\n)", mode="eval").body
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise Refused from error
    keys: Counter[str] = Counter(_names(known, 1))
    found: Told = Counter()
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, ast.Dict) and depth <= MAX_DEPTH and len(node.keys) <= MAX_ENTRIES:
            for key, value in zip(node.keys, node.values, strict=True):
                assert isinstance(key, ast.Constant)
                found[str(key.value), key.lineno - 1] += 1
                waiting.append((value, depth + 1))
    if Counter(name for name, _ in found.elements()) != keys:
        raise Refused  # a key twice, or one that is written otherwise
    return found


def _names(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, dict) and depth <= MAX_DEPTH and len(cast("dict[str, object]", value)) <= MAX_ENTRIES:
        for name, inner in cast("dict[str, object]", value).items():
            yield name
            yield from _names(inner, depth + 1)


def yaml_keys(text: str) -> Told:
    """Return the keys of YAML."""
    found: Told = Counter()
    try:
        waiting: list[tuple[Any, int]] = [(one, 1) for one in yaml.compose_all(text, yaml.SafeLoader)]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Refused from error
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, yaml.MappingNode) and depth <= MAX_DEPTH and len(node.value) <= MAX_ENTRIES:
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    found[key.value, key.start_mark.line] += 1
                is_alias = value.start_mark.index < key.start_mark.index
                if not is_alias:
                    waiting.append((value, depth + 1))
    return found


def toml_keys(text: str) -> Told:
    """Return the keys of TOML, of which no line is told: with all tables around them, each once."""
    try:
        known = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused from error
    return Counter((name, -1) for name in set(_dotted(known, "")))


def _dotted(table: Mapping[str, object], around: str) -> Iterator[str]:
    for name, value in table.items():
        whole = f"{around}.{name.replace('.', '·')}".lstrip(".")
        yield whole
        inner = value if isinstance(value, list) else [value]
        for one in cast("list[object]", inner):
            if isinstance(one, dict):
                yield from _dotted(cast("dict[str, object]", one), whole)


TRUTHS: Mapping[str, Callable[[str], Told]] = {
    "markdown": markdown,
    "links": links,
    "json": json_keys,
    "toml": toml_keys,
    "yaml": yaml_keys,
}


def ours(language: str, path: str, source: bytes) -> Told | None:
    """Return what the index knows of a file, in the terms of the truth; None where it knows that it left much out."""
    reader = next(one for one in TEXTS if language in (one.name, "links"))
    known = reader.facts(path, source)
    symbols = known.symbols
    if language == "links":
        led = {f"{one.qualifier}{unquote(one.name) * one.qualifier.endswith('#')}" for one in known.references}
        return Counter((one, -1) for one in led)
    if len(symbols) > MAX_PARTS:
        return None
    if language != "toml":
        return Counter((_unescaped(language, one.name), one.span.start_line) for one in symbols[1:])
    dotted: set[str] = set()
    for one in symbols[1:]:
        parts = one.qualname.replace("♯", "#").split(".")
        dotted |= {".".join(parts[:size]) for size in range(1, len(parts) + 1)}
        assert one.name.strip("\"'").rpartition(".")[2].strip("\"'") in _line(source, one.span.start_line)
    return Counter((name, -1) for name in dotted)


def _unescaped(language: str, name: str) -> str:
    if language == "json" and "\\" in name:
        return str(json.loads(f'"{name}"'))
    return name.replace("''", "'") if language == "yaml" else name


def _line(source: bytes, line: int) -> str:
    return source.splitlines()[line].decode("utf-8", "replace")


def main() -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true", help="on this house")
    parser.add_argument("--show", type=int, default=0, help="name so many that differ, a language")
    options = parser.parse_args()
    where = HOUSE if options.smoke else Path(os.environ.get("BENCH_REPOS", ""))
    paths = list(_files(where)) if options.smoke or os.environ.get("BENCH_REPOS") else []
    if not paths:
        print(f"BENCH_REPOS={os.environ.get('BENCH_REPOS', '')!r} holds no text")
        return 2
    print(f"{'':10}{'files':>7}{'refused':>9}{'cut':>6}{'truth':>9}{'ours':>9}{'precision':>11}{'recall':>8}")
    told = {"links": TEXTS[0].suffixes} | {reader.name: reader.suffixes for reader in TEXTS}
    met = True
    for name, suffixes in told.items():
        met = _compared(name, suffixes, paths, options.show) and met
    return int(not met)


def _files(where: Path) -> Iterator[Path]:
    if not (where / ".git").exists():
        for inner in sorted(path for path in where.iterdir() if path.is_dir()):
            yield from _files(inner) if (inner / ".git").exists() else ()
        return
    argv = ["git", "-C", str(where), "ls-files", "-z"]
    told = subprocess.run(argv, check=True, capture_output=True).stdout.decode("utf-8", "replace")
    places = (where / path for path in told.split("\0") if path)
    yield from (place for place in places if place.is_file() and not place.is_symlink())


def _compared(language: str, suffixes: tuple[str, ...], paths: list[Path], show: int) -> bool:
    n_files = n_refused = n_cut = n_truth = n_ours = n_both = 0
    shown: list[str] = []
    for path in paths:
        if not path.name.endswith(suffixes) or path.stat().st_size > MAX_TEXT_BYTES:
            continue
        source = path.read_bytes()
        try:
            truth = TRUTHS[language](source.decode("utf-8"))
        except (Refused, UnicodeDecodeError):
            n_refused += 1
            continue
        known = ours(language, path.as_posix(), source)
        if known is None:
            n_cut += 1
            continue
        if language == "toml":
            truth = Counter({one: n for one, n in truth.items() if _is_bounded(one[0], known)})
        n_files += 1
        n_truth, n_ours, n_both = n_truth + truth.total(), n_ours + known.total(), n_both + (truth & known).total()
        shown += (f"  MISSED {path}:{line + 1} {name}" for name, line in (truth - known).elements())
        shown += (f"  WRONG {path}:{line + 1} {name}" for name, line in (known - truth).elements())
    precision, recall = n_both / n_ours if n_ours else 1.0, n_both / n_truth if n_truth else 1.0
    print(
        f"{language:10}{n_files:>7}{n_refused:>9}{n_cut:>6}{n_truth:>9}{n_ours:>9}{precision:>11.4f}{recall:>8.4f}",
        *shown[:show],
        sep="\n",
    )
    return min(precision, recall) >= GOAL


def _is_bounded(name: str, known: Told) -> bool:
    """Whether a key of TOML is within the bounds: those of headers count one level, however long they are."""
    return (name, -1) in known or name.count(".") < 2


if __name__ == "__main__":
    sys.exit(main())
