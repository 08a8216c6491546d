"""Macros that no grammar of C++ can read: they stand where the language has no word. Pure, bytes in, bytes out.

``class LIB_API Cart {`` or a line ``LIB_BEGIN_NAMESPACE`` is torn apart by a parser that knows no preprocessor. Such
words are veiled with spaces, so that every byte keeps its place, and told as what they are: uses of a macro. So are the
lines of a condition that stands inside of a statement, with what else there would be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bridle.indexer.languages.packaged import Veiled

_CAPITALS = rb"[A-Z][A-Z0-9_]{2,60}"
_SNAKE = rb"[A-Z][A-Z0-9]{0,30}_[A-Z0-9_]{1,60}"
_GIVEN = rb"\([^()\n]{0,200}\)"
_TYPED = rb"<[^;{}()]{0,200}>"
_BEFORE = rb"\b(?:static|inline|virtual|constexpr|extern|explicit|friend)\b"
_MARK = re.compile(
    # class LIB_API Cart {
    rb"\b(?:class|struct|union)\s+(?P<on_class>" + _CAPITALS + rb"(?:" + _GIVEN + rb")?)\s+(?!final\b)"
    rb"(?=[A-Za-z_][\w:]*(?:\s*" + _TYPED + rb")?\s*(?:final\s*)?(?:\{|:(?!:)))"
    # class LIB_API Cart;
    rb"|\bclass\s+(?P<on_named>" + _CAPITALS + rb")\s+(?=[A-Za-z_]\w*\s*;)"
    # LIB_API int total(  with a type and a name, or a qualified name, behind it
    rb"|(?:^|[>;{}]|" + _BEFORE + rb")[ \t]*(?P<on_function>" + _SNAKE + rb")"
    rb"(?=\s+(?:(?:[A-Za-z_][\w:]*(?:" + _TYPED + rb")?(?:\s*[*&]+\s*|\s+)){1,6}(?:operator\b|~?[A-Za-z_][\w:]*\s*\()"
    rb"|[A-Za-z_][\w:]*::~?\w+\s*\())"
    # int total() const LIB_NOEXCEPT;  int sum GUARDED_BY(lock);
    rb"|(?P<behind>\b(?:[A-Z_]{0,30}(?:NOEXCEPT|OVERRIDE|FINAL)\b|(?:PT_)?GUARDED_BY" + _GIVEN +
    rb"|[A-Z_]{0,30}(?:LOCKS?_\w+|LOCKS_REQUIRED|LOCK_FUNCTION)" + _GIVEN + rb"))(?=\s*(?:[;{=:]|[A-Z]))"
    # a line with nothing else
    rb"|^[ \t]*(?P<alone>" + _SNAKE + rb"(?:" + _GIVEN + rb")?)[ \t]*(?=\r?\n\s*[\w#/}~\[])",
    re.MULTILINE,
)  # fmt: skip
_NAME = re.compile(rb"\w+")
_CONDITION = re.compile(rb"^[ \t]*#[ \t]*(if|el|endif)\w*[^\n]*(?:\\\n[^\n]*)*", re.MULTILINE)
_OPEN = re.compile(rb"(?:[,(=+?|&]|\)\s*:)\s*\Z")
_REMARK = re.compile(rb"//[^\n]*\Z")
_WINDOW = 300


def veiled(source: bytes) -> Veiled:
    """Return the text that the grammar can read, and where which macro was veiled."""
    text: bytearray | None = None
    marks: list[tuple[int, str, bool]] = []
    for start, end in _places(source):
        if text is None:
            text = bytearray(source)
        name = _NAME.match(source, start)
        assert name is not None
        marks.append((start, name[0].decode("ascii"), source[name.end() : end].lstrip()[:1] == b"("))
        text[start:end] = _blank(source[start:end])
    for start, end in _inside(source):
        if text is None:
            text = bytearray(source)
        text[start:end] = _blank(source[start:end])
    return Veiled(source if text is None else bytes(text), tuple(marks))


def _blank(part: bytes) -> bytes:
    return re.sub(rb"[^\r\n]", b" ", part)


def _inside(source: bytes) -> Iterator[tuple[int, int]]:
    """Yield what to veil of conditions inside of statements: their lines, and what else there would be."""
    around: list[bool] = []
    dead: int | None = None  # where what else there would be begins, of the outermost one
    for found in _CONDITION.finditer(source):
        if found[1] == b"if":
            before = _REMARK.sub(b"", source[max(0, found.start() - _WINDOW) : found.start()].rstrip())
            around.append(any(around) or _OPEN.search(before) is not None)
        if not around or not around[-1]:
            if found[1] == b"endif" and around:
                around.pop()
            continue
        yield found.span()
        is_outermost = around.count(True) == 1
        if found[1] == b"el" and is_outermost and dead is None:
            dead = found.start()
        elif found[1] == b"endif":
            around.pop()
            if is_outermost and dead is not None:
                yield dead, found.start()
                dead = None


def _places(source: bytes) -> Iterator[tuple[int, int]]:
    at = 0
    while (found := _MARK.search(source, at)) is not None:
        group = found.lastgroup or ""
        start, end = found.span(group)
        if source[source.rfind(b"\n", 0, start) + 1 : start].lstrip()[:1] == b"#":
            at = end
            continue
        if group != "alone" or _is_statement(source[max(0, start - _WINDOW) : start]):
            yield start, end
        at = max(end, at + 1)


def _is_statement(before: bytes) -> bool:
    """Whether a new statement begins behind a text: behind one that ended, a comment or a line of the preprocessor."""
    above = before.rstrip()
    if not above or above[-1:] in (b";", b"{", b"}") or above.endswith(b"*/"):
        return True
    line = above[above.rfind(b"\n") + 1 :].lstrip()
    return line.startswith((b"#", b"//"))
