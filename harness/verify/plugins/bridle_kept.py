"""Which functions keep what they work out for whoever calls them later: by a decorator, or in a place of their own.

A test that is handed what is kept never executes the code that made it. Python 3.8 and later, standard library only.
"""

import ast
import re

DECORATED = "cached"
"""Kept by a decorator: who is handed what is kept does not even enter the function."""
BY_HAND = "kept"
_WORDS = re.compile("cache|memo", re.IGNORECASE)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def keepers(source):
    """Return the name and the way of each function of a source that keeps what it works out, by its first line.

    That is the line of its first decorator, as code objects have it. Source that cannot be read has none.
    """
    found = {}
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return found
    for node in ast.walk(module):
        if isinstance(node, _FUNCTIONS):
            first = min([node.lineno] + [one.lineno for one in node.decorator_list])
            if any(map(_is_cache, node.decorator_list)):
                found[first] = node.name, DECORATED
            elif _keeps(node):
                found[first] = node.name, BY_HAND
    return found


def _is_cache(decorator):
    return any(_WORDS.search(word) for word in _words(decorator))


def _words(node):
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Attribute):
            yield one.attr


def _keeps(function):
    """Tell whether a function gives what it stores elsewhere, and looks there first; a global name counts at once."""
    own = [one for statement in function.body for one in _inside(statement)]
    if any(isinstance(one, ast.Global) for one in own):
        return True
    aliases = _aliases(own, function.args)
    stored, related = set(), set()
    for one in own:
        if isinstance(one, (ast.Assign, ast.AnnAssign)) and one.value is not None:
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            places = {place for target in targets for place in _stored_in(target, aliases)}
            if places:
                stored |= places
                names = [target for target in targets if isinstance(target, ast.Name)]
                related.update(name.id for name in names)
                if isinstance(one.value, ast.Name) and one.value.id in aliases:
                    related.add(one.value.id)
        elif isinstance(one, ast.Call) and getattr(one.func, "attr", "") == "setdefault":
            stored |= _places_of(one.func.value, aliases)
    stored = {place for place in stored if place}
    looked_up = {
        target.id
        for one in own
        if isinstance(one, ast.Assign) and _reads(one.value, stored, aliases)
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    return bool(stored) and _looks_first(own, stored, looked_up, aliases) and any(
        isinstance(one, ast.Return)
        and one.value is not None
        and (_reads(one.value, stored, aliases) or not (related | looked_up).isdisjoint(_names(one.value)))
        for one in own
    )  # fmt: skip


def _inside(statement):
    """Yield all of a statement but what functions and classes in it do."""
    waiting = [statement]
    while waiting:
        at = waiting.pop()
        yield at
        if not isinstance(at, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(at))


def _aliases(own, arguments):
    """Return what local names stand for: a place elsewhere, as dotted text; "" for what is the call's own."""
    found = {one.arg: "" for one in (arguments.vararg, arguments.kwarg) if one is not None}
    for one in own:
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and isinstance(one.targets[0], ast.Name):
            name, value = one.targets[0].id, one.value
            if isinstance(value, ast.Call) and getattr(value.func, "id", "") in ("getattr", "globals", "vars"):
                found[name] = name
            else:
                found[name] = _dotted(value, {})
        elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            found.setdefault(one.id, "")
    return found


def _dotted(node, aliases):
    """Return ``a.b.c`` for such a path, "" for anything else and for what is a function's own."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    head = aliases.get(node.id, node.id)
    return ".".join([head, *reversed(parts)]) if head else ""


def _stored_in(target, aliases):
    if isinstance(target, ast.Subscript):
        yield _dotted(target.value, aliases)
    elif isinstance(target, ast.Attribute):
        yield _dotted(target, aliases)


def _places_of(node, aliases):
    return {_dotted(one, aliases) for one in ast.walk(node) if isinstance(one, (ast.Name, ast.Attribute))} - {""}


def _reads(node, stored, aliases):
    """Tell whether an expression reads one of the places; ``hasattr`` and ``getattr`` name them by a string."""
    for one in ast.walk(node):
        if isinstance(one, (ast.Name, ast.Attribute)) and _dotted(one, aliases) in stored:
            return True
        if isinstance(one, ast.Call) and getattr(one.func, "id", "") in ("hasattr", "getattr") and len(one.args) > 1:
            name = getattr(one.args[1], "value", None)
            if isinstance(name, str) and "%s.%s" % (_dotted(one.args[0], aliases), name) in stored:
                return True
    return False


def _names(node):
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _looks_first(own, stored, looked_up, aliases):
    """Tell whether something is decided by what is kept: a condition, a look-up that may fail, or ``setdefault``."""
    for one in own:
        if isinstance(one, (ast.If, ast.IfExp, ast.While)):
            if _reads(one.test, stored, aliases) or not looked_up.isdisjoint(_names(one.test)):
                return True
        elif isinstance(one, ast.Try) and one.handlers:
            if any(_reads(statement, stored, aliases) for statement in one.body):
                return True
        elif _decides(one) and _reads(one, stored, aliases):
            return True
    return False


def _decides(node):
    return isinstance(node, ast.BoolOp) or getattr(getattr(node, "func", None), "attr", "") == "setdefault"
