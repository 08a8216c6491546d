"""PYTEST_DONT_REWRITE: tells which lines and files of the workspace each test of a session depends on.

Loaded with `-p bridle_reach` after `bridle_proof`, which writes what is recorded into the report of the session, and
in each worker of xdist too (Python 3.8 and later, standard library only). Lines are counted by `bridle_counting`,
files that are opened by an audit hook. What is executed belongs to a *context*: a test, a fixture that outlives a
test, a module while it is imported, a function that keeps what it works out, or the session. It never changes what
pytest does: where another tracer stands in our place, what it hides is told as partial.
"""

import os
import sys
import threading
import time

import pytest
from bridle_counting import counter
from bridle_kept import keepers
from bridle_proof import path_of
from bridle_report import relative

MAX_CHARACTERS = 40_000_000
MAX_OPENED = 2_000
SESSION = "session"
PROCESSES = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty")
WATCHED = frozenset(("open", "sqlite3.connect", "os.listdir", "os.scandir", "exec", *PROCESSES))
HARMLESS = frozenset(("uname", "ldconfig", "gcc", "cc", "ld", "objdump", "stty", "tput", "lsb_release"))
"""Programs that read nothing of the workspace: the standard library asks them about the machine."""


class Context:
    """What was executed and opened while one thing ran."""

    def __init__(self):
        self.lines = {}
        self.opened = set()
        self.partial = ""

    def seen(self, filename):
        found = self.lines.get(filename)
        if found is None:
            found = self.lines[filename] = set()
        return found


class Recorder:
    """Which context runs, and what it executes; one a process."""

    def __init__(self):
        self.paths = {}
        self.contexts = {SESSION: Context()}
        self.importers = {}
        self.kept = {}
        self.keeping = {}
        self._reading = 0
        self.tests = {}
        self._stack = [SESSION]
        self.over = False
        self.now = self.contexts[SESSION]
        self._counter = counter(self)
        preloaded = (
            vars(module).get("__file__") for module in list(sys.modules.values()) if hasattr(module, "__dict__")
        )
        self.unwatched = sorted({path for path in map(self.path, filter(_is_text, preloaded)) if path})

    def start(self):
        self.now.partial = self._counter.start()
        sys.addaudithook(self._audit)

    def path(self, filename):
        """Return a file's path below the root, "" for what is elsewhere or was installed there."""
        found = self.paths.get(filename)
        if found is None:
            found = "" if filename.startswith("<") else relative(filename) or ""
            self.paths[filename] = found
        return found

    def push(self, name):
        found = self.contexts.get(name)
        if found is None:
            found = self.contexts[name] = Context()
        self._stack.append(name)
        self._switch(found)

    def pop(self, name):
        """Leave a context, and whatever was begun inside and never left; threads may leave theirs at any moment."""
        stack = self._stack
        for at in range(len(stack) - 1, 0, -1):
            if stack[at : at + 1] == [name]:
                del stack[at:]
                self._switch(self.contexts[stack[-1]])
                return

    def push_module(self, filename):
        name = "module:" + self.path(filename)
        self.importers.setdefault(name, set()).add(self._stack[-1])
        self.push(name)
        return name

    def push_kept(self, name):
        """Begin what a function works out to keep it: whoever calls that function has to do with all of it."""
        self.kept.setdefault(self._stack[-1], set()).add(name)
        self.push(name)

    def is_inside(self, name):
        return name in self._stack

    def around(self, name):
        """Return the context in which another one was begun, the session's where it is over."""
        before = SESSION
        for one in tuple(self._stack):
            if one == name:
                return before
            before = one
        return SESSION

    def keepers(self, filename):
        """Return the functions of a file that keep what they work out, by their first lines."""
        found = self.keeping.get(filename)
        if found is None:
            self._reading = threading.get_ident()  # it is ours to read, and no test's
            try:
                with open(filename, "rb") as stream:
                    source = stream.read()
            except OSError:
                source = b""
            self._reading = 0
            found = keepers(source)
            self.keeping[filename] = found
        return found

    def kept_name(self, code):
        """Return the context of what a function keeps, "" for one that keeps nothing."""
        name, how = self.keepers(code.co_filename).get(code.co_firstlineno, ("", ""))
        return "%s:%s::%s" % (how, self.path(code.co_filename), name) if name and name == code.co_name else ""

    def _switch(self, context):
        problem = self._counter.problem()
        if problem:
            self.now.partial = self.now.partial or problem
            context.partial = context.partial or problem
        self.now = context
        self._counter.again()

    def _audit(self, event, args, watched=WATCHED):  # bound: a module's names are gone while Python ends
        if event not in watched or self.over or self._reading == threading.get_ident():
            return
        if event in ("open", "sqlite3.connect"):
            self._opened(args[0], listed=False)
        elif event in ("os.listdir", "os.scandir"):
            self._opened(args[0] if args else ".", listed=True)
        elif event == "exec":
            self._counter.watch(args[0])
        elif event != "exec" and not _is_harmless(event, args):
            self.now.partial = self.now.partial or "it starts other processes"

    def _opened(self, path, listed):
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if hasattr(path, "__fspath__"):
            path = path.__fspath__()
        if not isinstance(path, str) or (listed and self.now is self.contexts[SESSION]):
            return
        if path.endswith((".pyc", ".pyo")) or ".pytest_cache" in path or "__pycache__" in path:
            return
        if sys._getframe(2).f_code.co_filename.startswith("<frozen importlib"):  # noqa: SLF001  # who opens it
            return
        if path.endswith(".py") and not self._stack[-1].startswith(("test:", "fixture:")):
            return
        inside = self.path(path) if path not in (".", "") else ""
        if not inside and not (listed and _is_here(path)):
            return
        if len(self.now.opened) < MAX_OPENED:
            self.now.opened.add(inside + "/" if listed else inside)
        else:
            self.now.partial = self.now.partial or "it opens more files than are kept"

    def told(self):
        """Yield what was recorded, one plain value a context; nothing is recorded any more."""
        self.over = True
        n_characters = 0
        for name, context in self.contexts.items():
            lines = {}
            for filename, numbers in context.lines.items():
                if self.path(filename) and numbers:
                    mask = 0
                    for number in numbers:
                        mask |= 1 << max(0, number - 1)
                    lines[self.path(filename)] = "%x" % mask
            n_characters += sum(len(mask) + len(path) for path, mask in lines.items()) + len(name)
            partial = context.partial
            if n_characters > MAX_CHARACTERS:
                lines, partial = {}, "the record of this session is too large to keep"
            yield dict(
                self.tests.get(name, {}),
                name=name,
                lines=lines,
                opened=sorted(context.opened),
                partial=partial,
                importers=sorted(self.importers.get(name, ())),
                kept=sorted(self.kept.get(name, ())),
            )


class Hooks:
    """Tells the recorder which test, fixture or file pytest is at."""

    def __init__(self, recorder):
        self._recorder = recorder

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector):
        path = self._recorder.path(path_of(collector))
        name = "file:" + path
        if path.endswith(".py"):
            self._recorder.push(name)
        yield
        if path.endswith(".py"):
            self._recorder.pop(name)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item, nextitem):
        name = "test:" + item.nodeid
        n_processes = _count_of_processes()
        begun = time.perf_counter()
        self._recorder.push(name)
        yield
        context = self._recorder.contexts[name]
        self._recorder.pop(name)
        told = self._recorder.tests.setdefault(name, {"uses": []})
        told["path"] = self._recorder.path(path_of(item))
        told["seconds"] = round(time.perf_counter() - begun, 6)
        if _count_of_processes() != n_processes:
            context.partial = context.partial or "it starts other processes"

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item, nextitem):
        uses = set()
        known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", None) or {}
        for definitions in known.values():
            uses.update(_fixture_name(definition) for definition in definitions)
        active = getattr(getattr(item, "_request", None), "_fixture_defs", None) or {}
        uses.update(_fixture_name(definition) for definition in active.values())
        self._recorder.tests["test:" + item.nodeid] = {"uses": sorted(uses)}
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef, request):
        if str(getattr(fixturedef, "scope", "function")) == "function":
            yield
            return
        name = "fixture:" + _fixture_name(fixturedef)
        recorder = self._recorder
        fixturedef.addfinalizer(lambda: recorder.pop(name))  # runs last of all
        recorder.push(name)
        yield
        recorder.pop(name)
        fixturedef.addfinalizer(lambda: recorder.push(name))  # runs first of all


def _fixture_name(definition):
    return "%s::%s" % (getattr(definition, "baseid", "") or "", getattr(definition, "argname", ""))


def _is_text(value):
    return isinstance(value, str)


def _is_here(path):
    return os.path.realpath(path) == os.path.realpath(os.getcwd())


def _is_harmless(event, args):
    if event != "subprocess.Popen" or not args:
        return False
    program = args[0] or (args[1][0] if len(args) > 1 and args[1] and not isinstance(args[1], str) else "")
    try:
        return os.path.basename(os.fsdecode(program)) in HARMLESS
    except TypeError:
        return False


def _count_of_processes():
    """Return something that differs after `multiprocessing` began a process: that has no audit event."""
    process = sys.modules.get("multiprocessing.process")
    return repr(getattr(process, "_process_counter", "")) if process is not None else "count(1)"


RECORDER = Recorder()
RECORDER.start()
