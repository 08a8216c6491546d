"""Objections to complaints that are silenced and not mended: counted over all files, moved ones are not new. Pure.

What is silenced in a test, or for style alone, is told and blocks nothing: what the proof stands on is that the tests
run, and a layout proves nothing. Neither does one on a line of new code block: the checks are run without it too
(`undone.py`). One on a line that was there before, or for a whole file, does.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from bridle.harness.nouns import Flag
from bridle.harness.verify.gates.source import Change

SUPPRESSIONS = re.compile(
    r"(?P<kind>\b(?:ruff|flake8)\s*:\s*noqa|\bnoqa|\btype:\s*ignore|\bpyright:\s*(?:ignore|basic|off)|"
    r"\bmypy:\s*(?:ignore-errors|disable-error-code|allow-[\w-]+)|\bpylint:\s*disable(?:-next)?|\bnosec|\bnosemgrep|"
    r"\bpragma:\s*no\s*cover|\b(?:istanbul|c8|v8)\s+ignore|\beslint-disable(?:-next-line|-line)?|"
    r"\boxlint-disable(?:-next-line|-line)?|\b(?:biome|deno-lint|tslint)[-:](?:ignore|disable)(?:-all|-file)?|"
    r"@ts-(?:ignore|nocheck|expect-error)|\bnolint|\blint:(?:file-)?ignore|\bNOSONAR|"
    r"#!?\[(?:allow|expect))"
    r"(?P<codes>\s*[:=(\[]\s*[\w\-, /:@]+|\s+[\w\-/@]+(?:,\s*[\w\-/@]+)*)?\]?",
    re.IGNORECASE,
)
COVERAGE = re.compile(r"pragma|istanbul|c8|v8")
"""What only leaves lines out of coverage, on which no check of ours stands: told, and no obstacle."""

WHOLE_FILE = re.compile(
    r"(?:ruff|flake8)\s*:|mypy:|pyright:\s*(?:basic|off)|@ts-nocheck|eslint-disable$|oxlint-disable$|#!\[|file-|-all|pylint"
)
STYLE = re.compile(
    r"(?:E[1-5]|W[1-6]|I\d|D\d|N8|UP|Q\d|COM|ISC|ERA|T20|F40[135]|C901|PLR|PLC|ARG|FBT|ANN|ICN|TC|TCH|INP|SIM|RET|PTH)\w*$|"
    r"(?:no-any-return|no-any-unimported|no-untyped-call|no-untyped-def|type-arg|type-var|import-untyped|unused-ignore|"
    r"prop-decorator|redundant-cast)$|"
    r"(?:max-len|quotes|semi|indent|camelcase|no-console|one-var|no-underscore-dangle|import/[\w-]+|prettier/prettier)$|"
    r"(?:non_snake_case|non_camel_case_types|non_upper_case_globals|dead_code|unused_imports|missing_docs|"
    r"clippy::(?:too_many_arguments|type_complexity|module_inception|needless_\w+|upper_case_acronyms))$"
)
"""Codes of layout, names, length and of annotations that say too little: what they silence is no defect."""

BARE = 100
"""How many codes a suppression without any counts for: it silences all."""

LIKE = 0.4
"""How much of their words two lines must share to be one that was rewritten."""

_REMARK = re.compile(r"//.*|/\*.*|^[ \t]*\*.*|#!?\[.*|\{/\*.*|<!--.*")
_REMARK_OR_HASH = re.compile(r"\s*(?:#(?!!?\[)|//|/\*).*$")
_WORD = re.compile(r"\w+")


class Suppression(msgspec.Struct, frozen=True):
    """One comment that silences: its kind, its codes, its 0-based line and the text of that line."""

    kind: str
    codes: tuple[str, ...]
    number: int
    line: str

    @property
    def weight(self) -> int:
        """How much it silences."""
        return len(self.codes) or BARE


def judge_suppressions(changes: Sequence[Change]) -> Iterator[Flag]:
    """Yield an objection for each suppression that is neither old, nor moved, nor of a rewritten line."""
    new = new_suppressions(changes)
    if not new:
        return
    n_before = Counter(one.kind for change in changes for one in suppressions_of(change, change.before.text))
    n_after = Counter(one.kind for change in changes for one in suppressions_of(change, change.after.text))
    plain = _plain_lines(changes)
    silenced = {bare_line(one.line) for change in changes for one in suppressions_of(change, change.before.text)}
    for change, one in new:
        bare = bare_line(one.line)
        counted = n_before[one.kind], n_after[one.kind]
        yield _objection(change, one, counted, on_new_code=plain[bare] <= 0 and bare not in silenced)


def new_suppressions(changes: Sequence[Change]) -> list[tuple[Change, Suppression]]:
    """Return the suppressions that the patch adds, each with its file."""
    moved = [change for change in changes if not change.is_same]
    gone = [one for change in moved for one in suppressions_of(change, change.before.text)]
    known = Counter((one.kind, one.line) for one in gone)
    left: list[tuple[Change, Suppression]] = []
    for change in moved:
        for one in suppressions_of(change, change.after.text):
            if known[one.kind, one.line] > 0:
                known[one.kind, one.line] -= 1
            else:
                left.append((change, one))
    rewritten = [one for one in gone if _take(known, one)]
    return [(change, one) for change, one in left if not _is_rewritten(one, rewritten)]


def _plain_lines(changes: Sequence[Change]) -> Counter[str]:
    """Return the lines without any suppression that there are fewer of now: those that were silenced are among them."""
    left = Counter[str]()
    for change in changes:
        for version, sign in ((change.before, 1), (change.after, -1)):
            silenced = {one.number for one in suppressions_of(change, version.text)}
            for number, line in enumerate(version.lines):
                if number not in silenced:
                    left[bare_line(line)] += sign
    return left


def bare_line(line: str) -> str:
    """Return a line without its remark and layout."""
    return " ".join(_REMARK_OR_HASH.sub("", line).split())


def suppressions_of(change: Change, text: str) -> Iterator[Suppression]:
    """Yield the suppressions of one version of a file, in the order of its lines."""
    if not change.language:
        return
    lines = text.splitlines()
    for number, comment in _comments(text) if change.is_python else _remarks(lines):
        for found in SUPPRESSIONS.finditer(comment):
            said = (found["codes"] or "").split("--")[0]
            if change.is_python and said.startswith((" ", "\t")) and not said.lstrip().startswith((":", "=", "[", "(")):
                said = ""  # words behind a comment that silences everything
            codes = re.findall(r"[\w\-/@:]+", said)
            kind = re.sub(r"\s+", " ", found["kind"].lower())
            line = lines[number].strip() if number < len(lines) else comment
            yield Suppression(kind, tuple(code.strip(":") for code in codes if code.strip(":")), number, line)


def _objection(change: Change, one: Suppression, counted: tuple[int, int], *, on_new_code: bool) -> Flag:
    reason = f"a complaint is silenced and not mended: `{one.line[:100]}`"
    if counted[0]:
        reason += f" ({one.kind}: {counted[0]} before, {counted[1]} now)"
    of_style = bool(one.codes) and all(map(STYLE.match, one.codes))
    of_tests = change.is_test_side and not WHOLE_FILE.search(one.kind)
    apart = on_new_code and not WHOLE_FILE.search(one.kind) and _stands_on_code(one)
    blocks = not (COVERAGE.match(one.kind) or of_style or of_tests or apart)
    return change.flag(
        "suppression", one.number, reason, f"mend what is complained of, without {one.kind!r}", blocks=blocks
    )


def _take(known: Counter[tuple[str, str]], one: Suppression) -> bool:
    """Tell whether this one is gone, counting each of several alike once."""
    if known[one.kind, one.line] <= 0:
        return False
    known[one.kind, one.line] -= 1
    return True


def _stands_on_code(one: Suppression) -> bool:
    """Tell whether the remark stands behind the code that it is about; one above it may be about old code."""
    return bool(bare_line(one.line)) and "next-line" not in one.kind


def _is_rewritten(one: Suppression, gone: list[Suppression]) -> bool:
    """Tell whether a line that silenced as much became this one; it can become no other then."""
    words = set(_WORD.findall(one.line))
    for was in gone:
        old = set(_WORD.findall(was.line))
        alike = len(words & old) / (len(words | old) or 1)
        covers = was.weight >= one.weight and (not was.codes or set(one.codes) <= set(was.codes))
        if was.kind == one.kind and covers and alike >= LIKE:
            gone.remove(was)
            return True
    return False


def _remarks(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines):
        found = _REMARK.search(line)
        if found:
            yield number, found[0]


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of Python source with their lines; of text that is none, every line from a hash on."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        for number, line in enumerate(text.splitlines()):
            if "#" in line:
                yield number, line[line.index("#") :]
        return
    for token in tokens:
        if token.type == tokenize.COMMENT:
            yield token.start[0] - 1, token.string
