"""What a package is in each language of packages: one row a language, for `bridle.indexer.package_resolve`.

A package is the group of files whose definitions see each other without an import. Its key is what an import says of
it, where there is one: ``github.com/acme/shop/cart``, ``com.acme.shop``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence

import msgspec

from bridle.indexer.facts import FileFacts
from bridle.indexer.languages.readers import BASH, CSHARP, GO, JAVA, KOTLIN, PHP, RUBY, RUST, C
from bridle.indexer.languages.trees import words
from bridle.indexer.package_roots import Root
from bridle.indexer.ruby_builtins import BUILT_IN


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
    parameters. With `is_spaced` a namespace is a part of the qualified names in it, and what is taken in as a whole
    is a namespace: see `bridle.indexer.package_spaces`; with `is_flat` no namespace sees what stands in one around.
    """

    language: str
    package: Callable[[FileFacts, Sequence[Root]], str]
    is_path: bool = False
    is_included: bool = False
    is_shared: bool = False
    is_implicit: bool = False
    has_globals: bool = False
    is_sole: bool = False
    is_spaced: bool = False
    is_flat: bool = False
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
    Rules(
        CSHARP.name,
        lambda facts, roots: "",
        is_implicit=True,
        is_spaced=True,
        constructor="=",
        own=frozenset(("this",)),
        behind=frozenset(("base",)),
        gives=words(
            "First FirstOrDefault Single SingleOrDefault Last LastOrDefault ElementAt Find Dequeue Pop Peek Value "
            "Result Current GetResult GetAwaiter ConfigureAwait Invoke GetValueOrDefault FindLast MinBy MaxBy"
        ),
        keeps=words(
            "Where OrderBy OrderByDescending ThenBy ThenByDescending Skip Take ToList ToArray AsEnumerable Reverse "
            "Distinct Concat Union Except Intersect Values AsReadOnly GetEnumerator SkipWhile TakeWhile FindAll "
            "ToHashSet AsQueryable DefaultIfEmpty Append Prepend"
        ),
        common=words(
            "Add AddRange Any Append Cast Clear Clone Close CompareTo Contains ContainsKey Copy CopyTo Count Dispose "
            "Equals First FirstOrDefault Flush Format Get GetEnumerator GetHashCode GetType GetValue Insert Invoke "
            "Join Last Load Max Min MoveNext Next Open OrderBy Parse Read Remove Replace Reset Run Save Select Set "
            "SetValue Single Split Start Stop Sum ToArray ToList ToLower ToString ToUpper Trim TryGetValue Update "
            "Where Write"
        ),
    ),
    Rules(
        KOTLIN.name,
        lambda facts, roots: "",
        is_implicit=True,
        is_spaced=True,
        is_flat=True,
        constructor="constructor",
        own=frozenset(("this",)),
        behind=frozenset(("super",)),
        gives=words(
            "first firstOrNull last lastOrNull single singleOrNull find findLast get getOrNull getValue next removeAt "
            "removeFirst removeLast elementAt max min maxBy minBy maxByOrNull minByOrNull random getOrPut getOrElse "
            "value"
        ),
        keeps=words(
            "filter filterNot filterNotNull sorted sortedBy sortedByDescending reversed take drop takeWhile dropWhile "
            "distinct distinctBy toList toSet toMutableList toMutableSet toTypedArray asSequence asIterable plus minus "
            "values iterator onEach orEmpty union intersect subtract subList asReversed toSortedSet"
        ),
        common=words(
            "add addAll all any append apply associateBy clear close contains containsKey copy count delete dispose "
            "drop emit equals filter find first flatMap flush forEach format get getValue hashCode indexOf invoke "
            "isEmpty isNotEmpty iterator join joinToString last launch length let load map max min next of open plus "
            "print println put read remove replace reset run save send set setValue size sort split start stop sum "
            "take toList toString trim update use value with write"
        ),
    ),
    Rules(
        RUBY.name,
        lambda facts, roots: "",
        is_sole=True,
        constructor="initialize",
        own=frozenset(("self",)),
        common=BUILT_IN,
    ),
    Rules(
        RUST.name,
        lambda facts, roots: facts.path,
        is_sole=True,
        own=frozenset(("self", "Self")),
        gives=words(
            "unwrap expect unwrap_or unwrap_or_else unwrap_or_default unwrap_unchecked borrow borrow_mut get_or_insert "
            "get_or_insert_with or_default or_insert or_insert_with swap_remove assume_init get_or_init"
        ),
        keeps=words(
            "as_ref as_mut as_deref as_deref_mut cloned copied clone iter iter_mut into_iter rev skip take filter "
            "step_by peekable by_ref to_vec as_slice as_mut_slice ok or or_else map_err ok_or ok_or_else next peek "
            "pop last first get get_mut nth next_back lock read write upgrade take_while skip_while drain values "
            "values_mut pop_front pop_back front back first_mut last_mut find min_by_key max_by_key chain collect "
            "entry insert replace min max fuse inspect cycle sorted dedup into_values into_boxed_slice to_owned"
        ),
        common=words(
            "abs add all and and_then any append as_bytes as_mut as_ref as_slice as_str borrow borrow_mut bytes cast "
            "chain chars checked_add checked_sub chunks clear clone cloned cmp collect concat contains contains_key "
            "copied copy count default deref dedup display drain drop ends_with entry enumerate eq err expect extend "
            "fill filter filter_map find first flat_map flatten flush fmt fold for_each format from get get_mut hash "
            "insert into into_boxed_slice into_iter into_string is_empty is_err is_none is_ok is_some iter iter_mut "
            "join keys last len lines load lock map map_err max min min_by_key max_by_key name new next next_back nth "
            "ok ok_or ok_or_else or or_else or_insert parse partial_cmp path peek pop position push push_str read "
            "read_line recv remove repeat replace reserve resize retain rev reverse send set skip sort sort_by "
            "sort_unstable splice split split_at split_whitespace starts_with step_by store sub sum swap take "
            "take_while to_ascii_lowercase to_lowercase to_owned to_string to_vec trim trim_end trim_start truncate "
            "try_from try_into unwrap unwrap_err unwrap_or unwrap_or_default unwrap_or_else value values windows "
            "wrapping_add wrapping_sub write write_all write_fmt write_str zip with_capacity"
        ),
    ),
)
