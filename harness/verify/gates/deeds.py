"""What code does to the run that tests it: ends it, rewires it, asks about it. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import msgspec

from bridle.harness.verify.gates.claims import called_name
from bridle.harness.verify.gates.source import Change, call_text

HOOKS = re.compile(
    r"pytest_(?:runtest|collect|itemcollected|deselected|session|configure|unconfigure|report_(?!header)|pyfunc_call|"
    r"terminal_summary|pycollect|fixture|exception_interact|generate_tests|cmdline|load_initial|plugin|assert|"
    r"internalerror|ignore_collect|make_collect|keyboard_interrupt|warning_recorded)"
)
TOOLS = ("pytest", "unittest", "builtins")
SPIED = frozenset(
    ("PYTEST_CURRENT_TEST", "PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_VERSION", "BRIDLE_PROOF")
)
REWIRED = (
    "sys.argv",
    "sys.meta_path",
    "sys.path_hooks",
    "builtins.",
    "pytest.",
    "unittest.",
    "_pytest.",
)
MUTATORS = frozenset(("append", "insert", "extend", "clear", "remove", "pop", "update", "setdefault"))
PROGRAMS = frozenset(("setup.py", "__main__.py"))
"""Files that are run and never imported: they may end their own process."""

COLLECTION = frozenset(("collect_ignore", "collect_ignore_glob", "pytest_plugins"))


class Deed(msgspec.Struct, frozen=True):
    """One thing done, in words, and its 0-based line."""

    what: str
    line: int


def deeds_of(change: Change, tree: ast.Module | None) -> list[Deed]:
    """Return what one version of a file does to the run."""
    if tree is None:
        return []
    readers: list[Callable[[ast.AST], Iterator[str]]] = [_ending, _rewiring, _agreeing]
    readers += [] if change.is_test_side else [_spying]
    found = [
        Deed(what, getattr(node, "lineno", 1) - 1) for node in ast.walk(tree) for read in readers for what in read(node)
    ]
    found += () if change.name in PROGRAMS else _at_import(tree)
    return [*found, *_hooks(change, tree)]


def _ending(node: ast.AST) -> Iterator[str]:
    """What ends the process before the report does."""
    if isinstance(node, ast.Call):
        name = call_text(node.func)
        if name in ("os._exit", "_exit", "posix._exit", "os.abort") or (
            name == "os.kill" and "getpid" in call_text(node)
        ):
            yield f"it ends the process with `{name}`"
    if isinstance(node, ast.ImportFrom) and node.module in ("os", "posix"):
        yield from (f"it imports `{one.name}`" for one in node.names if one.name in ("_exit", "abort"))


def _rewiring(node: ast.AST) -> Iterator[str]:
    """What replaces parts of Python or of the tools."""
    for target in _targets(node):
        name = call_text(target)
        replaces_tool = name.startswith("sys.modules[") and any(tool in name for tool in TOOLS)
        if name.startswith(REWIRED) or replaces_tool or name in ("AssertionError", "__builtins__"):
            yield f"it rewires `{name}`"
        elif isinstance(target, ast.Attribute) and target.attr.startswith("assert"):
            yield f"it replaces the assertion `{name}`"
        elif name.endswith(".__test__"):
            yield f"it sets `{name}`"
    if isinstance(node, ast.Import | ast.ImportFrom):
        module = getattr(node, "module", None) or ""
        names = [module, *(alias.name for alias in node.names)]
        if any(name.split(".")[0] in ("_pytest", "bridle_proof") for name in names):
            yield "it reaches into pytest's own parts"
    if isinstance(node, ast.Call) and called_name(node) == "setattr" and node.args:
        name = call_text(node.args[0])
        if call_text(node.func) == "setattr" and f"{name}.".startswith(REWIRED):
            yield f"it rewires `{name}`"


def _targets(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Assign() | ast.Delete():
            return node.targets
        case ast.AugAssign() | ast.AnnAssign():
            return [node.target]
        case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in MUTATORS:
            return [owner] if call_text(owner) in REWIRED else []
        case _:
            return []


def _spying(node: ast.AST) -> Iterator[str]:
    """What asks whether it is being tested."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in SPIED:
        yield f"it asks whether it is being tested: {node.value!r}"
    if isinstance(node, ast.Compare) and call_text(node.comparators[0]).startswith("sys.modules"):
        asked = [name for name in ("pytest", "unittest") if name in call_text(node.left)]
        yield from (f"it asks whether it is being tested: {name!r} in sys.modules" for name in asked)


def _agreeing(node: ast.AST) -> Iterator[str]:
    """What is equal to anything."""
    if isinstance(node, ast.FunctionDef) and node.name == "__eq__":
        last = node.body[-1]
        says_yes = isinstance(last, ast.Return) and isinstance(last.value, ast.Constant) and last.value.value is True
        if says_yes and not any(isinstance(inner, ast.If) for inner in node.body):
            yield "it is equal to anything"


def _at_import(tree: ast.Module) -> Iterator[Deed]:
    """What ends the process as soon as the file is imported."""
    for node in tree.body:
        call = node.value if isinstance(node, ast.Expr) else node.exc if isinstance(node, ast.Raise) else None
        name = call_text(call.func if isinstance(call, ast.Call) else call) if call is not None else ""
        if name in ("sys.exit", "exit", "quit", "SystemExit", "pytest.exit"):
            yield Deed(f"it ends the process when it is imported: `{name}`", node.lineno - 1)


def _hooks(change: Change, tree: ast.Module) -> Iterator[Deed]:
    """Hooks into pytest: in a conftest their content counts, elsewhere that they are there."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("pytest_"):
            if HOOKS.match(node.name) and not change.is_collected:
                yield Deed(f"it hooks into pytest: `{node.name}` does {_summary(node)}", node.lineno - 1)
        elif isinstance(node, ast.Assign) and change.name == "conftest.py":
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            for name in sorted(names & COLLECTION):
                yield Deed(f"it decides what is collected by {name!r}: `{call_text(node)}`", node.lineno - 1)


def _summary(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return "; ".join(call_text(statement) for statement in node.body)[:300]
