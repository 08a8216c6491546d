"""What types of Rust say of their values: a path, as `bridle.indexer.languages.paths` tells them. Pure.

References and the boxes that stand for what they hold are left out; what holds several, or one that is asked for
(`Option`, `Result`, `RefCell`), is a container. A path from the file's own module on begins with ``mod``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridle.indexer.languages.paths import first, text
from bridle.indexer.languages.trees import words

if TYPE_CHECKING:
    from bridle.indexer.languages.trees import Node

NAMED = ("type_identifier", "scoped_type_identifier", "identifier", "scoped_identifier", "primitive_type", "self")
_CLEAR = words(
    "Arc AsMut AsRef Borrow BorrowMut Box Cow Into ManuallyDrop MutexGuard NonNull Pin Rc Ref RefMut RwLockReadGuard "
    "RwLockWriteGuard TryInto"
)
_FIRST = words("Result")
_LAST = words(
    "BTreeMap BTreeSet BinaryHeap Cell DoubleEndedIterator Drain ExactSizeIterator FusedIterator HashMap HashSet "
    "IntoIter IntoIterator Iter IterMut Iterator LinkedList Mutex OnceCell OnceLock Option Peekable RefCell RwLock Vec "
    "VecDeque Weak LazyLock LazyCell"
)
"""Holders of Rust's own library, by which of their type arguments it is that they hold."""
_STANDARD = words(
    "Any Clone Copy Debug Default Display Drop Eq Error Fn FnMut FnOnce From Hash Into Ord PartialEq PartialOrd Send "
    "Sized Sync ToOwned ToString TryFrom TryInto Unpin UnwindSafe RefUnwindSafe Write Read AsRef AsMut Borrow"
)
"""Traits that say next to nothing of a value beside others."""
_INSIDE = {"reference_type": "type", "pointer_type": "type", "dynamic_type": "trait", "abstract_type": "trait"}
_MAX_DEPTH = 12
_MAX_NAME = 60


def dotted(node: Node) -> str:
    """Return a path of names with dots; one that begins at the file's own module begins with ``mod``."""
    parts: list[str] = []
    for _ in range(_MAX_DEPTH):
        name, inner = node.child_by_field_name("name"), node.child_by_field_name("path")
        if node.type in ("generic_type", "generic_function", "bracketed_type", "qualified_type"):
            within = first(node)
            if within is None:
                break
            node = within
            continue
        if name is None:
            parts.append("mod" if node.type == "self" and parts else text(node))
            break
        parts.append(text(name))
        if inner is None:
            break
        node = inner
    return ".".join(reversed(parts))


def value_of(node: Node) -> str:
    """Return a value of a type as a path, those of a tuple with commas; "" where the type has no name."""
    stars = ""
    for _ in range(_MAX_DEPTH):
        inner = node.child_by_field_name(_INSIDE[node.type]) if node.type in _INSIDE else None
        if node.type == "array_type":
            stars, inner = stars + "*", node.child_by_field_name("element")
        elif node.type == "generic_type":
            inner, is_holder = _held(node)
            stars += "*" if is_holder else ""
        elif node.type == "bounded_type":
            return f"{stars}{said}" if (said := bounded(node)) else ""
        elif node.type == "tuple_type":
            return ",".join(f"{stars}{said}" if (said := _one(part)) else "" for part in node.named_children)
        if inner is None:
            break
        node = inner
    name = dotted(node) if node.type in NAMED else ""
    return f"{stars}{name}()" if name and len(name) <= 2 * _MAX_NAME else ""


def _one(node: Node) -> str:
    said = "" if node.type == "tuple_type" else value_of(node)
    return "" if "," in said else said


def _held(node: Node) -> tuple[Node | None, bool]:
    """Return what a generic type stands for, and whether as a container of it."""
    named, given = node.child_by_field_name("type"), node.child_by_field_name("type_arguments")
    name = text(named).rpartition("::")[2] if named is not None else ""
    of = [one for one in given.named_children if one.type not in ("lifetime", "block")] if given is not None else []
    if not of or name not in _CLEAR | _FIRST | _LAST:
        return named, False
    inner = of[0] if name in _FIRST else of[-1]
    if inner.type == "type_binding":
        inner = inner.child_by_field_name("type") or inner
    return inner, name not in _CLEAR


def bounded(node: Node) -> str:
    """Return a value of what bounds say: of the first trait that tells most."""
    said = [one for one in map(value_of, _bounds(node)) if one]
    telling = [one for one in said if one.removesuffix("()").rpartition(".")[2] not in _STANDARD]
    return next(iter(telling), next(iter(said), ""))


def _bounds(node: Node) -> list[Node]:
    found: list[Node] = []
    waiting = list(node.named_children)
    while waiting and len(found) < _MAX_DEPTH:
        one = waiting.pop(0)
        if one.type == "bounded_type":
            waiting = [*one.named_children, *waiting]
        elif one.type not in ("lifetime", "higher_ranked_trait_bound", "removed_trait_bound", "function_type"):
            found.append(one)
    return found


def owner_of(implementation: Node) -> str:
    """Return what methods of an ``impl`` are put on: the name of its type, its text where it has none."""
    kind = implementation.child_by_field_name("type")
    for _ in range(_MAX_DEPTH):
        inner = kind.child_by_field_name(_INSIDE[kind.type]) if kind is not None and kind.type in _INSIDE else None
        if inner is None and kind is not None and kind.type == "generic_type":
            inner = kind.child_by_field_name("type")
        if inner is None:
            break
        kind = inner
    if kind is None:
        return ""
    if kind.type in NAMED:
        return dotted(kind).rpartition(".")[2]
    return "".join(text(kind).split())[:_MAX_NAME].replace(".", "·").replace("#", "·")
