"""What a package is in each language of packages: one row a language, for `bridle.indexer.package_resolve`.

A package is the group of files whose definitions see each other without an import. Its key is what an import says of
it, where there is one: ``github.com/acme/shop/cart``, ``com.acme.shop``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence

import msgspec

from bridle.indexer.facts import FileFacts
from bridle.indexer.languages.readers import BASH, GO, JAVA, PHP, C
from bridle.indexer.languages.trees import words
from bridle.indexer.package_roots import Root


class Rules(msgspec.Struct, frozen=True):
    """What is different in one language.

    `package` is the key of a file's package. With `is_path` an import says the key of a package, and all of it is
    used by the name it is bound to; else it says a dotted name, whose beginning is a package. With `is_included` it
    says a file, whose definitions are then seen, and a prototype stands for the body elsewhere; with `is_shared` those
    of files that another takes in beside it are seen as well. With `is_implicit`
    a bare name may be a member of the classes around, and with `is_made` a call of a class is one of its constructor,
    which has that class's name or `constructor`'s. `own` are the words for the object at hand, `behind` for what its
    class is built on. `gives` are methods of containers that give an element, `keeps` such that give another container.
    A method called like one of `common` is not guessed by its name alone. With `has_globals` a bare name that a package
    does not have is one of the package without a name; with `is_sole` a class has one method of a name, whatever its
    parameters.
    """

    language: str
    package: Callable[[FileFacts, Sequence[Root]], str]
    is_path: bool = False
    is_included: bool = False
    is_shared: bool = False
    is_implicit: bool = False
    has_globals: bool = False
    is_sole: bool = False
    constructor: str = ""
    own: frozenset[str] = frozenset()
    behind: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()
    keeps: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()


def _go_package(facts: FileFacts, roots: Sequence[Root]) -> str:
    folder = posixpath.dirname(facts.path)
    root = next((one for one in roots if not one.folder or f"{folder}/".startswith(f"{one.folder}/")), None)
    inner = folder[len(root.folder) :].strip("/") if root else folder
    path = posixpath.join(root.prefix, inner) if root else f"./{folder}"
    outside = facts.package.endswith("_test") and facts.path.endswith("_test.go")
    return f"{path.rstrip('/')}{' test' if outside else ''}"


RULES: tuple[Rules, ...] = (
    Rules(
        C.name,  # and C++, which shares its headers
        lambda facts, roots: "",
        is_included=True,
        is_implicit=True,
        constructor="=",
        own=frozenset(("this",)),
        gives=words("at back front top value get lock load begin end rbegin cbegin find"),
        common=words(
            "add append at back begin c_str clear close count data emplace emplace_back empty end erase find "
            "flush front get insert length load lock name next open pop pop_back push push_back read release reset "
            "resize run seek set size start stop store str substr swap top type unlock value what write"
        ),
    ),
    Rules(BASH.name, lambda facts, roots: "", is_included=True, is_shared=True),
    Rules(
        GO.name,
        _go_package,
        is_path=True,
        common=words(
            "Add Close Contains Copy Done Equal Error Errorf Exec Fatal Fatalf Fprintf Get Len Less Lock Log Logf Next "
            "Open Pop Print Printf Println Push Query Read Reset Run Scan Set Sprintf String Swap Unlock Wait Write"
        ),
    ),
    Rules(
        JAVA.name,
        lambda facts, roots: facts.package,
        is_implicit=True,
        constructor="=",
        own=frozenset(("this",)),
        behind=frozenset(("super",)),
        gives=words("get next previous poll peek pop remove take element first last getFirst getLast orElse call join"),
        keeps=words("iterator listIterator stream values subList filter sorted distinct limit reversed"),
        common=words(
            "accept add addAll apply build clear close compareTo contains containsKey entrySet equals flush get "
            "getClass getKey getMessage getName getValue hashCode hasNext isEmpty iterator keySet length list map next "
            "of print println put read remove run set size stream substring test toArray toString trim valueOf values "
            "write"
        ),
    ),
    Rules(
        PHP.name,
        lambda facts, roots: facts.package,
        has_globals=True,
        is_sole=True,
        constructor="__construct",
        own=frozenset(("$this", "self", "static")),
        behind=frozenset(("parent",)),
        gives=words("current"),
        common=words(
            "add all call close count current end execute fetch find first format get getCode getContents getMessage "
            "getName getValue handle has isEmpty key last modify name next prepare push query read remove reset rewind "
            "run save seek send set start stop toArray toString valid value write"
        ),
    ),
)
