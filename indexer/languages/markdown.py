"""Markdown: its sections, nested by the levels of their headings, and links to files of the workspace. Pure.

Headings in lists and quotations begin no section. A section is called by the fragment that leads to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from bridle.indexer.facts import FileFacts
from bridle.indexer.languages.captures import Nodes, captured
from bridle.indexer.languages.reparse import Trees
from bridle.indexer.languages.structure import Link, Part, structured, text_of

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

MAX_HEADINGS = 5_000
MAX_LINKS = 2_000

_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"\]\(\s*<?([^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)")
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")
_NO_LETTER = re.compile(r"[^\w\- ]")


class _Heading(NamedTuple):
    level: int
    start: int
    name: str
    name_at: int


def facts(path: str, source: bytes, trees: Trees | None = None) -> FileFacts:
    """Return the sections of file `path`, whose text is `source` in UTF-8, and where its links lead."""
    found = captured(path, source, ("markdown",), trees)
    sections = _sections(list(_headings(found.root)), len(source))
    return structured(path, source, sections, links=_links(found.nodes))


def called(heading: str) -> str:
    """Return the fragment that leads to a heading: lower case, its words joined by hyphens."""
    return _NO_LETTER.sub("", heading.lower().replace(".", "")).strip().replace(" ", "-") or "-"


def _headings(root: Node) -> Iterator[_Heading]:
    waiting, n_found = [root], 0
    while waiting and n_found < MAX_HEADINGS:
        node = waiting.pop()
        if node.type in ("document", "section"):
            waiting += reversed(node.children)
        elif node.type in ("atx_heading", "setext_heading"):
            content = node.child_by_field_name("heading_content")
            name = text_of(content) if content is not None else ""
            if content is not None and name:
                n_found += 1
                lead = len(content.text or b"") - len((content.text or b"").lstrip())
                yield _Heading(_level(node), node.start_byte, name, content.start_byte + lead)


def _level(node: Node) -> int:
    """Return the level of a heading, which the type of its mark tells: ``atx_h2_marker``."""
    mark = next((child.type for child in node.children if re.search(r"_h\d_", child.type)), "_h6_")
    return int(mark[mark.index("_h") + 2])


def _sections(headings: Sequence[_Heading], size: int) -> list[Part]:
    """Return the sections: each ends where a heading of its level or above begins."""
    found: list[Part] = []
    ends = [size] * 7
    for heading in reversed(headings):
        end = min(ends[1 : heading.level + 1])
        found.append(Part("section", heading.name, called(heading.name), heading.start, end, heading.name_at,
                          heading.level))  # fmt: skip
        ends[heading.level :] = [heading.start] * (7 - heading.level)
    return found[::-1]


def _links(nodes: Nodes) -> Iterator[Link]:
    """Yield the links that lead to files."""
    n_found = 0
    for node in nodes.get("inline", ()):
        written = (node.text or b"").decode("utf-8", "replace")
        if "](" not in written:
            continue
        plain = _CODE.sub(lambda found: " " * len(found[0]), written)
        for found in _LINK.finditer(plain):
            at = node.start_byte + len(plain[: found.start(1)].encode())
            if n_found < MAX_LINKS and (link := _link(found[1], at)):
                n_found += 1
                yield link
    for node in nodes.get("to", ()):
        if link := _link((node.text or b"").decode("utf-8", "replace").strip("<>"), node.start_byte):
            yield link


def _link(written: str, at: int) -> Link | None:
    """Return a link as it leads on: from its fragment, else from the stem of its file."""
    if _ELSEWHERE.match(written) or len(written) > 300:
        return None
    file, mark, fragment = written.partition("#")
    if mark and fragment:
        return Link(f"{unquote(file)}#", fragment, at + len(f"{file}#".encode()))
    file = file.partition("?")[0]
    folder, _, name = file.rpartition("/")
    stem = name[: name.rfind(".")] if name.rfind(".") > 0 else name
    place = at + len((f"{folder}/" if "/" in file else "").encode())
    return Link(unquote(file), stem, place) if stem and file else None
