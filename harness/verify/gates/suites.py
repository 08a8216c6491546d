"""The tests that a file declares: what pytest would collect, and what each of them claims. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

import msgspec

from bridle.harness.verify.gates.claim_reader import Function, claims_of
from bridle.harness.verify.gates.claims import Claim, called_name
from bridle.harness.verify.gates.source import call_text

LEFT_OUT = frozenset(
    ("skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "SkipTest", "skipTest", "importorskip")
)
"""What leaves a test out, as a mark, a call or an exception."""


class Case(msgspec.Struct, frozen=True):
    """One test.

    `left_out` holds what skips it or lets it fail; `rows` its parameters, None where they are not spelled out; `names`
    the words that it is made of.
    """

    name: str
    line: int
    body: str
    claims: tuple[Claim, ...]
    left_out: tuple[str, ...]
    rows: tuple[str, ...] | None
    patched: frozenset[str]
    names: frozenset[str] = frozenset()


class Suite(msgspec.Struct, frozen=True):
    """What one file declares.

    `tests` are what pytest collects, `helpers` every other function that claims something; `imported` and `defined`
    are names bound at the top.
    """

    tests: dict[str, Case]
    helpers: dict[str, Case]
    left_out: tuple[str, ...]
    claims: tuple[Claim, ...]
    imported: frozenset[str]
    defined: dict[str, int]


def read_suite(tree: ast.Module | None) -> Suite:
    """Return what a file declares; nothing where it has no tree."""
    if tree is None:
        return Suite({}, {}, (), (), frozenset(), {})
    return _SuiteReader(tree).suite()


class _SuiteReader:
    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._functions = dict(_functions(tree.body, "", collected=True))
        self._helpers = {
            name.rpartition("::")[2]: node
            for name, (node, _, _) in self._functions.items()
            if not node.name.startswith("test")
        }
        self._constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def suite(self) -> Suite:
        tests: dict[str, Case] = {}
        helpers: dict[str, Case] = {}
        unbound = self._unbound()
        for name, (node, decorators, collected) in self._functions.items():
            case = self._case(name, node, decorators)
            if collected and node.name.startswith("test") and name not in unbound:
                tests[name] = case
            elif case.claims and not node.name.startswith("test"):
                helpers[name] = case
        plain = [node for node in self._tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
        marks = [node.value for node in plain if isinstance(node, ast.Assign) and _binds(node, "pytestmark")]
        return Suite(
            tests=tests,
            helpers=helpers,
            left_out=(*_marks_in(marks), *_calls_in(plain)),
            claims=tuple(claims_of(plain, {})),
            imported=frozenset(_imported(self._tree)),
            defined=_defined(self._tree),
        )

    def _case(self, name: str, node: Function, decorators: Sequence[ast.expr]) -> Case:
        own = {key: value for key, value in self._helpers.items() if value is not node}
        return Case(
            name=name,
            line=node.lineno - 1,
            body="\n".join(ast.dump(one) for one in node.body if not _is_docstring(one)),
            claims=tuple(claims_of(node.body, own)),
            left_out=(*_marks_in(decorators), *_calls_in(node.body)),
            rows=self._rows(decorators),
            patched=frozenset(_patched(node)),
            names=frozenset(_names(node)),
        )

    def _rows(self, decorators: Sequence[ast.expr]) -> tuple[str, ...] | None:
        """Return the rows of all `parametrize` marks, None when one of them is computed."""
        rows: list[str] = []
        for mark in decorators:
            if not isinstance(mark, ast.Call) or called_name(mark) != "parametrize" or len(mark.args) < 2:
                continue
            values = mark.args[1]
            if isinstance(values, ast.Name):
                values = self._constants.get(values.id, values)
            if not isinstance(values, ast.List | ast.Tuple | ast.Set):
                return None
            rows += [f"{ast.dump(mark.args[0])} {ast.dump(row)}" for row in values.elts]
        return tuple(rows)

    def _unbound(self) -> set[str]:
        """Return the names of tests that the file takes out of collection after defining them."""
        gone: set[str] = set()
        for node in self._tree.body:
            targets = node.targets if isinstance(node, ast.Assign | ast.Delete) else []
            for target in targets:
                if isinstance(target, ast.Name):
                    gone.add(target.id)
                elif isinstance(target, ast.Attribute) and target.attr == "__test__":
                    gone.add(call_text(target.value).replace(".", "::"))
        if "__test__" in gone:
            return set(self._functions)
        return {name for name in self._functions if name in gone or name.split("::")[0] in gone}


_Found = tuple[str, tuple[Function, list[ast.expr], bool]]


def _functions(
    body: Sequence[ast.stmt], prefix: str, *, collected: bool, marks: Sequence[ast.expr] = ()
) -> Iterator[_Found]:
    """Yield every function with its name, its marks and its class's, and whether pytest reaches it."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield prefix + node.name, (node, [*marks, *node.decorator_list], collected)
            case ast.ClassDef():
                inner = [*marks, *node.decorator_list, *_class_marks(node)]
                reached = collected and _is_collected(node)
                yield from _functions(node.body, f"{prefix}{node.name}::", collected=reached, marks=inner)
            case ast.If() if isinstance(node.test, ast.Constant):
                yield from _functions(node.body, prefix, collected=collected and bool(node.test.value), marks=marks)
            case ast.If() | ast.Try() | ast.With():
                guards = [node.test] if isinstance(node, ast.If) else []
                hidden = [ast.Call(ast.Name("skipif"), guards, [])] if guards and not _is_usual(guards[0]) else []
                yield from _functions(node.body, prefix, collected=collected, marks=[*marks, *hidden])
                orelse = [] if isinstance(node, ast.With) else node.orelse
                yield from _functions(orelse, prefix, collected=collected, marks=[*marks, *hidden])
            case _:
                pass


def _is_usual(test: ast.expr) -> bool:
    return any(name in ast.unparse(test) for name in ("TYPE_CHECKING", "version_info", "platform"))


def _is_collected(node: ast.ClassDef) -> bool:
    names = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    unwanted = any(isinstance(one, ast.Assign) and _binds(one, "__test__") for one in node.body)
    bases = " ".join(map(call_text, node.bases))
    if unwanted or ("__init__" in names and "TestCase" not in bases):
        return False
    return node.name.startswith("Test") or bool(node.bases)


def _class_marks(node: ast.ClassDef) -> list[ast.expr]:
    return [one.value for one in node.body if isinstance(one, ast.Assign) and _binds(one, "pytestmark")]


def _binds(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def _marks_in(nodes: Sequence[ast.expr]) -> list[str]:
    """Return the skips and expected failures among marks, those of single parameters included."""
    found = [part for node in nodes for part in ast.walk(node) if isinstance(part, ast.Attribute | ast.Call | ast.Name)]
    called = {id(part.func) for part in found if isinstance(part, ast.Call)}
    return [call_text(part) for part in found if called_name(part) in LEFT_OUT and id(part) not in called]


def _calls_in(body: Sequence[ast.stmt]) -> list[str]:
    nodes = (part for one in body for part in ast.walk(one))
    return [
        call_text(part)
        for part in nodes
        if (isinstance(part, ast.Call) and called_name(part) in LEFT_OUT and "mark" not in call_text(part.func))
        or (isinstance(part, ast.Raise) and isinstance(part.exc, ast.Name) and part.exc.id in LEFT_OUT)
    ]


def _patched(node: Function) -> Iterator[str]:
    """Yield the names that a test replaces by something of its own."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and called_name(call) in ("setattr", "patch", "object"):
            for argument in call.args[:2]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value.rpartition(".")[2]


def _names(node: Function) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name | ast.Attribute):
            yield called_name(part)
        elif isinstance(part, ast.arg):
            yield part.arg
        elif isinstance(part, ast.keyword):
            yield part.arg or ""
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield from part.value.split()[:3]


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)


def _defined(tree: ast.Module) -> dict[str, int]:
    found: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node.lineno - 1
        elif isinstance(node, ast.Assign):
            found |= {name.id: node.lineno - 1 for name in node.targets if isinstance(name, ast.Name)}
    return found


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
