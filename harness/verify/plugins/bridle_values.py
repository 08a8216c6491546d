"""Shows values without running a line of anybody's code: no `__repr__`, no property, no `__iter__` of a subclass.

A `__repr__` may raise, hang, print or change the very thing that it shows, and none of that can be bounded from
inside. So values are read the way the interpreter keeps them: plain types by their own code, any other object by its
type and the fields in its `__dict__` and slots. Bounded in depth, number and size. What is named like a secret is not
shown. Python 3.8 and later, standard library only; used by `bridle_proof.py` inside the project's own interpreter.
"""

import datetime as dt
import decimal
import enum
import pathlib
import re
import types

MAX_DEPTH = 4
MAX_ITEMS = 12
MAX_NODES = 120  # of one value
MAX_STRING = 400
MAX_VALUE = 2000
MAX_LOCALS = 20
MAX_INT_BITS = 4000
SECRET = re.compile(
    r"(?i:passw|passphrase|pwd|secret|token|credential|cookie|private|signature|session_?id|auth(?!or(?!iz))|api_?key"
    r"|(?:^|[_.-])(?:key|keys|pin|pat|otp|salt)(?:$|[_.-]))|[a-z]Key(?![a-z])"
)
HIDDEN = "<not shown>"
_WORD, _WORD_BYTES = re.compile(r"[A-Za-z0-9_+/=.~:@-]*$"), re.compile(rb"[A-Za-z0-9_+/=.~:@-]*$")
CO_OPTIMIZED = 1  # of a function: its locals are a plain mapping, those of a class body may be anybody's
_UNINTERESTING = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)
_KNOWN = (
    dt.date, dt.datetime, dt.time, dt.timedelta,
    decimal.Decimal, pathlib.PosixPath, pathlib.PurePosixPath,
)  # fmt: skip
_ZONED = (dt.datetime, dt.time)
_mro = type.__dict__["__mro__"].__get__
_namespace = type.__dict__["__dict__"].__get__
_MISSING = object()


class _Room:
    """How many more objects may be looked at."""

    def __init__(self, n_left):
        self.n_left = n_left

    def take(self):
        self.n_left -= 1
        return self.n_left >= 0


def shown(value):
    """Return a value as text of at most `MAX_VALUE` characters; never raises, never runs code of the project."""
    try:
        text = _shown(value, MAX_DEPTH, _Room(MAX_NODES))
    except Exception as error:  # a type of the interpreter's own that is unlike all others
        text = "<not readable: %s>" % type(error).__name__
    return text if len(text) <= MAX_VALUE else _begun(text[: MAX_VALUE - 1]) + "\u2026"


def locals_of(frame):
    """Return names and values of a function's locals, and how many were left out; none of a module or class body."""
    if not frame.f_code.co_flags & CO_OPTIMIZED:
        return [], 0
    named = [(name, value) for name, value in dict(frame.f_locals).items() if _interesting(name, value)]
    kept = [[name, HIDDEN if SECRET.search(name) else shown(value)] for name, value in named[:MAX_LOCALS]]
    return kept, len(named) - len(kept)


def _interesting(name, value):
    return not name.startswith(("@", "__", ".")) and not issubclass(type(value), _UNINTERESTING)


def _shown(value, depth, room):
    if not room.take():
        return "\u2026"
    kind = type(value)
    if value is None or _among(kind, (bool, float, complex)):
        return repr(value)
    kinds = _mro(kind)
    if _among(enum.Enum, kinds):
        return "%s.%s" % (_name(kind), _text(_fields_of(value, kinds).get("_name_", "?")))
    if kind is int:
        return int.__repr__(value) if value.bit_length() <= MAX_INT_BITS else "<int of %d bits>" % value.bit_length()
    if _among(kind, (str, bytes, bytearray)):
        if len(value) <= MAX_STRING:
            return repr(value)
        return "%r\u2026 (%d in all)" % (_begun(value[:MAX_STRING]), len(value))
    if _among(kind, _KNOWN):
        return _known(value, kind)
    if issubclass(kind, _UNINTERESTING):
        return "<%s %s>" % (_name(kind), _text(vars_name(value)))
    if depth <= 0:
        return "<%s>" % _name(kind)
    return _composed(value, kind, kinds, depth - 1, room)


def _composed(value, kind, kinds, depth, room):
    if _among(dict, kinds):
        return _around(kind, dict, "{%s}", _pairs(value, depth, room))
    for base, form in ((list, "[%s]"), (set, "{%s}"), (frozenset, "frozenset({%s})")):
        if _among(base, kinds):
            parts = _items(base.__iter__(value), base.__len__(value), depth, room)
            return _around(kind, base, form, parts if base is list else sorted(parts))
    if _among(tuple, kinds):
        return _tuple(value, kind, depth, room)
    for base in (str, bytes, int, float):
        if _among(base, kinds):
            of_text = base is str or base is bytes
            plain = base.__getitem__(value, slice(None)) if of_text else base.__add__(value, base(0))
            return "%s(%s)" % (_name(kind), _shown(plain, depth, room))
    return _object(value, kind, kinds, depth, room)


def _tuple(value, kind, depth, room):
    names = next((_namespace(one)["_fields"] for one in _mro(kind) if "_fields" in _namespace(one)), None)
    plain = tuple.__getitem__(value, slice(None))
    if type(names) is tuple and len(names) == len(plain):
        return "%s(%s)" % (_name(kind), ", ".join(_named(zip(names, plain), len(plain), depth, room)))
    form = "(%s,)" if len(plain) == 1 else "(%s)"
    return _around(kind, tuple, form, _items(iter(plain), len(plain), depth, room))


def _around(kind, base, form, parts):
    text = form % ", ".join(parts)
    return text if kind is base else "%s(%s)" % (_name(kind), text)


def _items(found, count, depth, room):
    parts = []
    for _, item in zip(range(MAX_ITEMS), found):
        parts.append(_shown(item, depth, room))
    return parts + (["\u2026 %d more" % (count - len(parts))] if count > len(parts) else [])


def _pairs(value, depth, room):
    parts = []
    for _, (key, item) in zip(range(MAX_ITEMS), dict.items(value)):
        secret = type(key) in (str, bytes) and SECRET.search(_text(key))
        parts.append("%s: %s" % (_shown(key, depth, room), HIDDEN if secret else _shown(item, depth, room)))
    count = dict.__len__(value)
    return parts + (["\u2026 %d more" % (count - len(parts))] if count > len(parts) else [])


def _object(value, kind, kinds, depth, room):
    fields = _fields_of(value, kinds)
    public = {name: field for name, field in fields.items() if not _text(name).startswith("_")}
    fields = public or fields
    if not fields or _name(kind) == "_Environ":
        return "<%s>" % _name(kind)
    return "%s(%s)" % (_name(kind), ", ".join(_named(fields.items(), len(fields), depth, room)))


def _named(pairs, count, depth, room):
    parts = []
    for _, (field, item) in zip(range(MAX_ITEMS), pairs):
        name = _text(field)
        parts.append("%s=%s" % (name, HIDDEN if SECRET.search(name) else _shown(item, depth, room)))
    return parts + (["\u2026 %d more" % (count - len(parts))] if count > len(parts) else [])


def _fields_of(value, kinds):
    """Return the fields of an object as the interpreter keeps them, by descriptors of the interpreter's own alone."""
    fields = {}
    for kind in kinds:
        declared = type(_namespace(kind).get("__module__")) is str  # in Python, not in C
        for name, descriptor in list(_namespace(kind).items()):
            if type(descriptor) is types.MemberDescriptorType and declared:
                try:
                    fields.setdefault(name, descriptor.__get__(value, kind))
                except (AttributeError, TypeError):
                    continue
        inside = _namespace(kind).get("__dict__", _MISSING)
        if type(inside) is types.GetSetDescriptorType:
            held = inside.__get__(value, kind)
            if type(held) is dict:
                fields.update((name, held[name]) for name in list(held)[:200] if type(name) is str)
    return fields


def _begun(text):
    """Return text without the word that it ends in: half a secret, cut off here, would pass for none."""
    return _WORD_BYTES.sub(b"", bytes(text)) if isinstance(text, (bytes, bytearray)) else _WORD.sub("", text)


def _known(value, kind):
    if _among(kind, _ZONED) and value.tzinfo is not None and type(value.tzinfo) is not dt.timezone:
        return "%s in a zone" % kind.__repr__(value.replace(tzinfo=None))
    return kind.__repr__(value)


def vars_name(value):
    """Return the name that a module, function or class carries."""
    kind = type(value)
    if issubclass(kind, type):
        return type.__dict__["__name__"].__get__(value)
    if kind is types.MethodType:
        return vars_name(value.__func__)
    if issubclass(kind, types.ModuleType):
        return types.ModuleType.__getattribute__(value, "__dict__").get("__name__", "")
    return getattr(value, "__name__", "") if kind in (types.FunctionType, types.BuiltinFunctionType) else ""


def _among(kind, kinds):
    """Tell whether a type is one of these, without asking its metaclass what equals it."""
    return any(one is kind for one in kinds)


def _name(kind):
    return type.__dict__["__name__"].__get__(kind)


def _text(name):
    """Return a name as text where it is a plain one."""
    if type(name) is bytes:
        return name.decode("utf-8", "replace")[:80]
    return str.__str__(name)[:80] if isinstance(name, str) else "?"
