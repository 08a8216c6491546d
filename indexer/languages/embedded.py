"""Scripts inside of other files: the script blocks of HTML, and of Vue's components with what their templates use.

All else is blank, line ends kept, so that every byte stands where it stood: what is left is read as TypeScript.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

COMPONENTS = (".vue",)
PAGES = (".html", ".htm")
EMBEDDING = (*COMPONENTS, *PAGES)

_TAG = re.compile(
    rb"""<(script|style|template)(?=[\s/>])((?:"[^"]*"|'[^']*'|[^>"'])*)>|<!--""",
    re.IGNORECASE,
)
_KIND = re.compile(rb"""\b(?:type|lang)\s*=\s*["']?([\w/+.-]+)""", re.IGNORECASE)
_SCRIPTS = frozenset(
    b"module text/javascript application/javascript text/babel js jsx ts tsx javascript typescript".split()
)
_KEPT = re.compile(rb"[^\n\r]")
_PART = re.compile(
    rb"""\{\{(?P<text>.{1,1000}?)\}\}
    |(?P<name>\s(?:v-[\w:.-]+|[:@\#][\w:.\[\]-]*))=(?:"(?P<double>[^"]{1,2000})"|'(?P<single>[^']{1,2000})')
    |<(?P<tag>[A-Z][\w.]*)""",
    re.DOTALL | re.VERBOSE,
)
_EACH = re.compile(rb"\s*\(?([^()]*?)\)?\s+(in|of)\s", re.DOTALL)
_WORD = re.compile(rb"(?<![\w$.])[A-Za-z_]\w*")
_SCOPED = (b"v-slot", b"#", b"slot-scope")


class _Block(NamedTuple):
    """What stands between a tag and its end."""

    tag: bytes
    kind: bytes
    start: int
    end: int


def script_in(path: str, source: bytes) -> bytes:
    """Return the scripts of a file, whose text is `source` in UTF-8, with blanks in place of all else."""
    kept = bytearray(_KEPT.sub(b" ", source))
    for block in _blocks(source, path.endswith(COMPONENTS)):
        if block.tag == b"script" and (not block.kind or block.kind in _SCRIPTS):
            kept[block.start : block.end] = source[block.start : block.end]
        elif block.tag == b"template":
            kept[block.start : block.end] = _uses(source[block.start : block.end])
    return bytes(kept)


def _blocks(source: bytes, is_component: bool) -> Iterator[_Block]:
    """Yield the blocks of a file in order; templates, which may hold others, of components alone."""
    lowered, at = source.lower(), 0
    while (found := _TAG.search(source, at)) is not None:
        tag = (found[1] or b"").lower()
        if not tag:
            at = source.find(b"-->", found.end()) + 3
        elif tag == b"template" and not is_component:
            at = found.end()
            continue
        else:
            seek = lowered.rfind if tag == b"template" else lowered.find
            end = seek(b"</" + tag, found.end())
            if end < 0:
                return
            kind = _KIND.search(found[2])
            yield _Block(tag, kind[1].lower() if kind else b"", found.end(), end)
            at = end + 2
        if at < 3:
            return


def _uses(template: bytes) -> bytes:
    """Return a template with only its expressions left, each a statement, and the names of its components."""
    kept = bytearray(_KEPT.sub(b" ", template))
    own = _own_names(template)
    for part in _PART.finditer(template):
        if (tag := part["tag"]) is not None:
            kept[part.start()] = ord(";")
            kept[part.start() + 1 : part.end()] = tag
            continue
        group = next(name for name in ("text", "double", "single") if part[name] is not None)
        start, end = part.span(group)
        text = part[group]
        if (part["name"] or b"").strip() == b"v-for" and (each := _EACH.match(text)) is not None:
            text = text[: each.start(2)] + b"in" + text[each.end(2) :]
        pair = b"{}" if b";" in text else b"()"
        kept[start - 2 : end + 1] = b";" + pair[:1] + _WORD.sub(lambda word: _renamed(word[0], own), text) + pair[1:]
    return bytes(kept)


def _own_names(template: bytes) -> frozenset[bytes]:
    """Return the names that a template binds itself, by its loops and slots."""
    names: set[bytes] = set()
    for part in _PART.finditer(template):
        name, text = (part["name"] or b"").strip(), part["double"] or part["single"] or b""
        if name == b"v-for" and (each := _EACH.match(text)) is not None:
            names.update(_WORD.findall(each[1]))
        elif name.startswith(_SCOPED):
            names.update(_WORD.findall(text))
    return frozenset(names)


def _renamed(word: bytes, own: frozenset[bytes]) -> bytes:
    """Return a name that nobody defines for one that the template binds."""
    return b"$" + word[1:] if word in own else word
