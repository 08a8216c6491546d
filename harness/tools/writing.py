"""What a phase may change, by its profile: anything, tests alone, words alone, nothing. Pure.

Words are comments, docstrings and prose. Whether only they differ is told by the syntax trees of both texts, structure
included, so that a line that merely moved into another block counts as code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from bridle.indexer.encoding import text_of
from bridle.indexer.languages import trees
from bridle.indexer.resolve import is_test_file

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

Writes = Literal["nothing", "tests", "comments", "anything"]

PROSE = (".md", ".markdown", ".rst", ".adoc", ".txt")
TEST_FOLDERS = frozenset(("test", "tests", "testing", "__tests__", "spec", "specs", "testdata", "fixtures"))


def unwanted(writes: Writes, path: str, before: bytes | None, after: bytes | None) -> str:
    """Return why a phase of this profile may not make a file of one content one of the other, "" where it may."""
    match writes:
        case "nothing":
            return "this phase changes nothing"
        case "tests" if not _is_test(path):
            return "this phase changes tests only, and that is none"
        case "comments" if not path.lower().endswith(PROSE):
            return _more_than_words(path, text_of(before), text_of(after))
        case _:
            return ""


def _is_test(path: str) -> bool:
    folders = {folder.lower() for folder in path.split("/")[:-1]}
    return is_test_file(path) or not folders.isdisjoint(TEST_FOLDERS) or path.rpartition("/")[2] == "conftest.py"


def _more_than_words(path: str, before: str | None, after: str | None) -> str:
    if before is None or after is None:
        return "this phase changes comments, docstrings and prose only, and neither makes nor removes code"
    was, now = trees.tree_of(path, before), trees.tree_of(path, after)
    if was is None or now is None:
        return "this phase changes comments, docstrings and prose only, and what is code cannot be told in that file"
    python = trees.language_of(path) == "python"
    if list(_code(was.root_node, python=python)) != list(_code(now.root_node, python=python)):
        return "this phase changes comments, docstrings and prose only, and this changes code"
    return ""


def _code(root: Node, *, python: bool) -> Iterator[str]:
    """Yield a tree as brackets, kinds and words, without its comments and docstrings."""
    waiting: list[Node | None] = [root]
    while waiting:
        node = waiting.pop()
        if node is None:
            yield ")"
        elif "comment" in node.type or (python and _is_docstring(node)):
            continue
        elif not node.children:
            yield trees.text_of(node)
        else:
            yield f"({node.type}"
            waiting.append(None)
            waiting += reversed(node.children)


def _is_docstring(node: Node) -> bool:
    """Whether a node is the string that stands first in a module, class or function."""
    if node.type != "expression_statement" or len(node.children) != 1 or node.children[0].type != "string":
        return False
    parent = node.parent
    if parent is None or parent.type not in ("module", "block"):
        return False
    if parent.type == "block" and (parent.parent is None or not parent.parent.type.endswith("_definition")):
        return False
    first = next((child for child in parent.children if "comment" not in child.type), None)
    return first is not None and first.start_byte == node.start_byte
