"""Judges a tree by its rules: each complaint stands on the import that breaks one, and says what to do. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from bridle.harness.nouns import Finding, Related
from bridle.harness.verify.architecture.imports import Imported
from bridle.harness.verify.architecture.rules import Forbidden, Protected, Rules, first_in, lies_in

NAME = "architecture"
MAX_WAY = 8


def judge(rules: Rules, imports: Iterable[Imported], n_lines: Mapping[str, int]) -> list[Finding]:
    """Return what breaks the rules, in order of path and line; `n_lines` is the length of each file."""
    counted = [one for one in imports if not first_in(one.source, rules.ignore)]
    found = [
        *_layers(rules, counted),
        *(finding for rule in rules.forbid for finding in _forbidden(rule, counted)),
        *(finding for rule in rules.protect for finding in _protected(rule, counted)),
        *(finding for folder in rules.acyclic for finding in _cycles(folder, counted)),
        *_sizes(rules, n_lines),
    ]
    unlike = {(finding.path, finding.start_line, finding.message): finding for finding in found}
    return sorted(
        unlike.values(), key=lambda finding: (finding.path, finding.start_line, finding.code, finding.message)
    )


def _layers(rules: Rules, imports: Sequence[Imported]) -> Iterator[Finding]:
    order = {layer: height for height, layer in enumerate(rules.layers)}
    for one in imports:
        source, target = first_in(one.source, rules.layers), first_in(one.target, rules.layers) if one.target else ""
        if source and target and order[target] < order[source]:
            yield _finding(
                one,
                "layers",
                f"{source} must not import from {target}, which lies above it",
                f"{one.source} imports {one.target}. The layers, top first: {', '.join(rules.layers)}.\n"
                f"Move what both need into {source} or below, or let {target} hand it in as an argument.",
            )


def _forbidden(rule: Forbidden, imports: Sequence[Imported]) -> Iterator[Finding]:
    for one in imports:
        source, target = first_in(one.source, rule.source), _named(one, rule.target)
        if source and target and not first_in(one.source, rule.but):
            instead = rule.instead or f"do without {target}, or take the file into `except` of the rule if it is meant"
            yield _finding(
                one, "forbidden", f"{source} must not import {target}" + _because(rule.because), _remedy(one, instead)
            )


def _protected(rule: Protected, imports: Sequence[Imported]) -> Iterator[Finding]:
    for one in imports:
        target = _named(one, rule.what)
        if target and not first_in(one.source, (*rule.by, *rule.what)):
            allowed = ", ".join(rule.by) or "nobody"
            instead = rule.instead or f"ask one of those who may: {allowed}"
            yield _finding(
                one, "protected", f"only {allowed} may import {target}" + _because(rule.because), _remedy(one, instead)
            )


def _cycles(folder: str, imports: Sequence[Imported]) -> Iterator[Finding]:
    """One finding a circle: on the import that closes it, the others beside it."""
    edges: dict[str, dict[str, Imported]] = defaultdict(dict)
    for one in imports:
        source, target = _child(one.source, folder), _child(one.target, folder)
        if source and target and source != target:
            edges[source].setdefault(target, one)
    for way in _circles(edges):
        steps = [edges[a][b] for a, b in zip(way, [*way[1:], way[0]], strict=True)]
        last, others = steps[-1], steps[:-1]
        shown = " → ".join([*way[:MAX_WAY], *(["…"] if len(way) > MAX_WAY else []), way[0]])
        finding = _finding(
            last,
            "cycle",
            f"{way[-1]} and {way[0]} import each other" if len(way) == 2 else f"a circle of imports: {shown}",
            f"In {folder}: {shown}.\nMove what both need into a third place, or hand it in instead of importing it; "
            "breaking any one of these imports breaks the circle.",
        )
        yield msgspec.structs.replace(
            finding, related=tuple(Related(one.source, one.line, f"imports {one.target}") for one in others[:MAX_WAY])
        )


def _circles(edges: Mapping[str, Mapping[str, Imported]]) -> Iterator[list[str]]:
    """Yield a shortest circle through the first of each knot of names, deterministically."""
    done: set[str] = set()
    for start in sorted(edges):
        if start in done:
            continue
        way = _way_back(edges, start)
        if way:
            done.update(way)
            yield way


def _way_back(edges: Mapping[str, Mapping[str, Imported]], start: str) -> list[str]:
    """Return the shortest way from a name to itself, without the end; empty where there is none."""
    came: dict[str, str] = {}
    waiting = [start]
    for at in waiting:
        for onward in sorted(edges.get(at, {})):
            if onward == start:
                way = [at]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return way[::-1]
            if onward not in came:
                came[onward] = at
                waiting.append(onward)
    return []


def _sizes(rules: Rules, n_lines: Mapping[str, int]) -> Iterator[Finding]:
    for path, count in n_lines.items():
        if rules.max_lines is not None and count > rules.max_lines and not first_in(path, (*rules.long, *rules.ignore)):
            yield Finding(
                check=NAME,
                path=path,
                start_line=rules.max_lines,
                end_line=rules.max_lines + 1,
                message=f"{count} lines; a file here has at most {rules.max_lines}\nPart it where its ideas part.",
                code="size",
            )


def _named(one: Imported, places: tuple[str, ...]) -> str:
    """Return which of the places an import leads to: a place of the tree, or a package from outside."""
    if one.target:
        return first_in(one.target, places)
    return next(
        (place for place in places if one.outside == place or one.outside.startswith((f"{place}.", f"{place}/"))), ""
    )


def _child(path: str, folder: str) -> str:
    """Return what stands directly in a folder and holds a file: a folder or the file's own name; "" for others."""
    folder = folder.strip("/")
    if not path or not lies_in(path, folder) or path == folder:
        return ""
    inner = path[len(folder) :].strip("/") if folder not in ("", ".") else path
    first, _, rest = inner.partition("/")
    stem = first if rest else first.rpartition(".")[0] or first
    return "" if stem == "__init__" else stem


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _remedy(one: Imported, instead: str) -> str:
    return f"{one.source} imports {one.target or one.outside}.\nInstead: {instead}."


def _finding(one: Imported, code: str, message: str, detail: str) -> Finding:
    return Finding(
        check=NAME,
        path=one.source,
        start_line=one.line,
        end_line=one.line + 1,
        message=f"{message}\n{detail}",
        code=code,
    )
