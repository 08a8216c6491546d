"""Doors that Python code opens: what it runs, deserialises, sends, asks of a database, or leaves unchecked. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from bridle.harness.verify.gates.source import call_text, parsed
from bridle.harness.verify.security.concerns import Concern, Kind

Row = tuple[Kind, str, str, str]
"""Kind, code, what is wrong, what to do."""

CALLS: Mapping[str, Row] = {
    "os.system": ("shell", "shell", "it hands a line to a shell", "use subprocess.run with a list of arguments"),
    "os.popen": ("shell", "shell", "it hands a line to a shell", "use subprocess.run with a list of arguments"),
    "commands.getoutput": ("shell", "shell", "it hands a line to a shell", "use subprocess.run with a list"),
    "subprocess.getoutput": ("shell", "shell", "it hands a line to a shell", "use subprocess.run with a list"),
    "subprocess.getstatusoutput": ("shell", "shell", "it hands a line to a shell", "use subprocess.run with a list"),
    "asyncio.create_subprocess_shell": ("shell", "shell", "it hands a line to a shell", "use create_subprocess_exec"),
    "ssl._create_unverified_context": (
        "weakened",
        "tls",
        "it trusts any certificate",
        "use ssl.create_default_context",
    ),
    "tempfile.mktemp": ("weakened", "temporary", "somebody else may make that file first", "use tempfile.mkstemp"),
    ".mark_safe": (
        "markup",
        "markup",
        "text becomes markup unescaped",
        "use format_html, or let the template escape it",
    ),
}
_EVAL: Row = ("execution", "eval", "text runs as code", "parse it: ast.literal_eval, a table of functions")
_IMPORT: Row = (
    "execution",
    "import",
    "what is imported is decided at run time",
    "choose from a fixed table of modules",
)
_SHELL: Row = ("shell", "shell", "a line that is put together goes to a shell", "pass a list, and no shell")
_SQL: Row = ("sql", "sql", "a query is put together from text", "hand the values over as parameters")
LOADS = re.compile(
    r"(?:pickle|cPickle|dill|cloudpickle|shelve|marshal|jsonpickle|joblib|torch|pandas|pd|np|numpy)\.(?:Unpickler|loads?|open|decode|read_pickle)$"
)
YAML = re.compile(r"(?:yaml|ruamel\.yaml)\.(?:unsafe_load(?:_all)?|full_load(?:_all)?|load(?:_all)?)$")
SAFE_YAML = re.compile(r"C?SafeLoader|CBaseLoader|BaseLoader")
XML = re.compile(
    r"(?:xml\.(?:etree\.(?:c?ElementTree)|sax|dom\.(?:minidom|pulldom))|lxml\.etree|etree|ElementTree|ET|minidom)\.(?:parse|fromstring|iterparse|parseString|XML)$"
)
EGRESS = re.compile(
    r"(?:requests|httpx|aiohttp|urllib3)(?:\.\w+)?\.(?:get|post|put|patch|delete|head|request|stream|urlopen)$|"
    r"(?:urllib\.request\.)?(?:urlopen|urlretrieve)$|socket\.(?:create_connection|socket)$|"
    r"http\.client\.HTTPS?Connection$|HTTPS?Connection$|smtplib\.SMTP(?:_SSL)?$|ftplib\.FTP(?:_TLS)?$|"
    r"telnetlib\.Telnet$|paramiko\.(?:SSHClient|Transport)$|websockets?\.(?:connect|create_connection)$|"
    r"boto3\.(?:client|resource)$|aiohttp\.ClientSession$|grpc\.(?:insecure|secure)_channel$|asyncio\.open_connection$"
)
QUERIES = frozenset(
    ("execute", "executemany", "executescript", "raw", "extra", "RawSQL", "text", "exec_driver_sql", "read_sql")
)
SQL = re.compile(
    r"\b(?:select\b.+\bfrom|insert\s+into|update\b.+\bset|delete\s+from|drop\s+(?:table|database)|union\s+select|where)\b",
    re.IGNORECASE | re.DOTALL,
)
WEAK = frozenset(("md5", "sha1", "md4"))


def python_concerns(path: str, text: str, *, in_tests: bool) -> Iterator[Concern]:
    """Yield the doors that a text opens; in tests only those that run or shell out what is not spelled out."""
    tree = parsed(text)
    if tree is None:
        return
    reader = _Reader(path, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found = reader.call(node)
        elif isinstance(node, ast.keyword | ast.Assign):
            found = reader.setting(node)
        else:
            continue
        yield from (one for one in found if not in_tests or one.kind in ("execution", "shell"))


class _Reader:
    def __init__(self, path: str, tree: ast.Module) -> None:
        self._path = path
        self._names = dict(_imported(tree))
        self._own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}

    def call(self, node: ast.Call) -> Iterator[Concern]:
        """What a call opens."""
        name = self._name(node.func)
        first = node.args[0] if node.args else None
        row = self._runs(node, name, first) or _loads(node, name) or _sends(name)
        if row is not None:
            yield self._concern(node, row)
        if name.rpartition(".")[2] in QUERIES and _is_put_together(first):
            yield self._concern(node, _SQL)
        weak = _weakens(node, name, first)
        if weak is not None:
            yield self._concern(node, weak)

    def _runs(self, node: ast.Call, name: str, first: ast.expr | None) -> Row | None:
        """What runs as code, as a command, or as markup."""
        spelled = _is_spelled(first)
        if name in ("eval", "exec", "builtins.eval", "builtins.exec") and name not in self._own:
            return None if spelled else _EVAL
        if name in ("__import__", "importlib.import_module"):
            return None if spelled else _IMPORT
        known = CALLS.get(name) or CALLS.get(f".{name.rpartition('.')[2]}")
        if known is not None:
            return None if known[0] in ("shell", "markup") and spelled else known
        if any(one.arg == "shell" and _is_true(one.value) for one in node.keywords):
            return None if spelled else _SHELL
        return None

    def setting(self, node: ast.keyword | ast.Assign) -> Iterator[Concern]:
        """What is switched off by a keyword or an attribute."""
        names = (
            [node.arg or ""]
            if isinstance(node, ast.keyword)
            else [call_text(one).rpartition(".")[2] for one in node.targets]
        )
        for name in names:
            if (
                name in ("verify", "verify_ssl", "check_hostname")
                and isinstance(node.value, ast.Constant)
                and node.value.value is False
            ):
                yield self._concern(
                    node,
                    (
                        "weakened",
                        "tls",
                        f"`{name}` is switched off: any certificate is trusted",
                        "leave it on; name a bundle if need be",
                    ),
                )
            elif name == "verify_mode" and call_text(node.value).endswith("CERT_NONE"):
                yield self._concern(node, ("weakened", "tls", "any certificate is trusted", "use CERT_REQUIRED"))
            elif name == "autoescape" and isinstance(node.value, ast.Constant) and node.value.value is False:
                yield self._concern(node, ("markup", "markup", "templates escape nothing", "use select_autoescape()"))
            elif name == "debug" and isinstance(node, ast.keyword) and _is_true(node.value):
                yield self._concern(
                    node,
                    (
                        "weakened",
                        "debug",
                        "the debugger of a server runs whatever it is sent",
                        "decide it by configuration, off by default",
                    ),
                )
            elif name == "host" and isinstance(node.value, ast.Constant) and node.value.value == "0.0.0.0":  # noqa: S104  # what is looked for
                yield self._concern(
                    node,
                    ("weakened", "bind", "it listens to every network", "listen at 127.0.0.1 unless others are meant"),
                )
            elif re.fullmatch(r"(?i)(?:\w+_)?(?:password|passwd|secret|api_?key|token)", name) and _is_hard_coded(
                node.value
            ):
                yield self._concern(
                    node,
                    (
                        "secret",
                        "password",
                        f"`{name}` is spelled out in the code",
                        "read it from the environment or a store of secrets",
                    ),
                )

    def _name(self, node: ast.expr) -> str:
        """Return what is called by its full name, as far as imports tell."""
        if not isinstance(node, ast.Name | ast.Attribute):
            return ""
        first, dot, rest = call_text(node).partition(".")
        return self._names.get(first, first) + dot + rest

    def _concern(self, node: ast.Call | ast.keyword | ast.Assign, row: Row) -> Concern:
        kind, code, message, remedy = row
        end = node.end_lineno or node.lineno
        said = call_text(node.value) if isinstance(node, ast.keyword) else call_text(node)
        said = f"{node.arg}={said}" if isinstance(node, ast.keyword) else said
        return Concern(kind, code, self._path, node.lineno - 1, end, said, f"{message}: `{said}`", remedy)


def _loads(node: ast.Call, name: str) -> Row | None:
    """What makes objects of data."""
    last = name.rpartition(".")[2]
    if LOADS.match(name) and not _is_numeric(name, node):
        return "deserialisation", "pickle", f"`{name}` runs what the data says", "use json, or check a signature first"
    if YAML.match(name) and not (last.startswith("load") and SAFE_YAML.search(call_text(node))):
        return "deserialisation", "yaml", f"`{name}` makes any object that the text asks for", "use yaml.safe_load"
    if XML.match(name):
        return "deserialisation", "xml", f"`{name}` expands entities without a bound", "use defusedxml"
    return None


def _sends(name: str) -> Row | None:
    """What opens a way out."""
    return ("egress", "egress", f"`{name}` opens a way out", "say to whom and why") if EGRESS.match(name) else None


def _weakens(node: ast.Call, name: str, first: ast.expr | None) -> Row | None:
    """What protects less than it seems to."""
    last, keywords = name.rpartition(".")[2], {one.arg for one in node.keywords}
    digest = first.value if name == "hashlib.new" and isinstance(first, ast.Constant) else last
    if name.startswith("hashlib.") and digest in WEAK and "usedforsecurity" not in keywords:
        remedy = "use sha256, or usedforsecurity=False where nothing depends on it"
        return "weakened", "hash", f"{digest} protects nothing any more", remedy
    if last == "extractall" and "filter" not in keywords and "tar" in call_text(node.func).lower():
        return "weakened", "archive", "an archive may write outside of the folder", "pass filter='data'"
    if last in ("chmod", "fchmod") and any(map(_is_open_to_all, node.args)):
        return "weakened", "mode", "everybody may write it", "give the bits to their owner alone"
    return None


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)


def _is_spelled(node: ast.expr | None) -> bool:
    """Tell whether an argument is spelled out, so that nobody else has a say in it."""
    if node is None:
        return True
    return all(
        isinstance(part, ast.Constant | ast.List | ast.Tuple | ast.Load | ast.JoinedStr) for part in ast.walk(node)
    )


def _is_put_together(node: ast.expr | None) -> bool:
    """Tell whether a query is text with values put into it."""
    if node is None:
        return False
    text = " ".join(
        part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )
    if not SQL.search(text):
        return False
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
        return not _is_spelled(node.left) or not _is_spelled(node.right)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("format", "join", "replace")
    )


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_numeric(name: str, node: ast.Call) -> bool:
    """Tell whether it is a loader that runs nothing unless told to."""
    return name.startswith(("np.", "numpy.")) and "allow_pickle=True" not in call_text(node)


def _is_open_to_all(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int)
        and bool(node.value & 0o002)
        and node.value <= 0o7777
    )


def _is_hard_coded(node: ast.expr) -> bool:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or len(node.value) < 6:
        return False
    return re.search(r"\s|^[A-Z_]+$|^[a-z_]+$|[<>{}$%/]|example|test|dummy|change", node.value) is None
