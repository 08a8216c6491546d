"""Tells, from inside a pytest session, what was really collected, run and loaded.

Loaded with `-p bridle_proof` into the project's own interpreter (Python 3.8 and later, standard library only).
It writes JSON lines to a file that only this run knows, and an end marker that counts them. It never changes what
pytest does, and judges nothing: `pytest_report.py` reads the lines.
"""

import hashlib
import json
import os
import re
import sys
import sysconfig
import traceback

import bridle_values
import pytest

MAX_MESSAGE = 2000
MAX_DETAIL = 8000
MAX_FRAMES = 30
MAX_VALUED = 200  # failures whose values are kept
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(os.environ.get("BRIDLE_ROOT") or os.getcwd())  # of the tree, of which this may be a package
ORDER = os.environ.pop("BRIDLE_PROOF", "")  # before any code of the project can read it
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_write, _dumps, _getpid, _realpath = os.write, json.dumps, os.getpid, os.path.realpath
_INSTALLED = tuple(
    _realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


class Report:
    """Lines in a file that is opened once; a forked child writes none."""

    def __init__(self, path, nonce):
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._pid = _getpid()
        self.nonce = nonce
        self.n_lines = 0

    def line(self, kind, **fields):
        if _getpid() != self._pid:
            return
        fields["kind"] = kind
        data = (_dumps(fields) + "\n").encode("ascii")
        self.n_lines += 1
        while data:
            data = data[_write(self._fd, data) :]


class Evidence:
    """Attaches to each failure where it happened; runs wherever tests run, in xdist's workers too."""

    def __init__(self):
        self._compared = None
        self._n_valued = 0

    def pytest_assertrepr_compare(self, op, left, right):
        """Note the two sides of an assertion that fails; what pytest says of it stays its own."""
        self._compared = [clean(op), *(clean(bridle_values.shown(side)) for side in (left, right))]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        outcome = yield
        report = outcome.get_result()
        compared, self._compared = self._compared, None
        if call.excinfo is not None and report.failed:
            self._n_valued += 1
            valued = self._n_valued <= MAX_VALUED
            report.bridle = evidence(call.excinfo.value, call.excinfo, path_of(item), valued=valued)
            if compared is not None and isinstance(call.excinfo.value, AssertionError):
                report.bridle["compared"] = compared

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector):
        outcome = yield
        report = outcome.get_result()
        call = vars(report).get("call")
        if report.failed and call is not None and call.excinfo is not None:
            error = call.excinfo.value
            cause = error.__cause__ if type(error).__name__ == "CollectError" else None
            report.bridle = evidence(cause or error, None if cause else call.excinfo, path_of(collector))


class Worker:
    """In a worker of xdist: hands to the controller what only a worker knows."""

    def __init__(self, config):
        self._config = config
        self._n_found = 0

    def pytest_itemcollected(self, item):
        self._n_found += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        told = {"modules": modules(), "n_deselected": self._n_found - len(session.items)}
        self._config.workeroutput["bridle"] = told


class Controller:
    """Writes the report of the session."""

    def __init__(self, report, config):
        self._report = report
        self._config = config
        self._modules = {}
        self._uncollected = set()
        self._n_found = 0
        self._n_deselected = 0
        self._distributed = False

    def pytest_itemcollected(self, item):
        self._n_found += 1

    def pytest_collection_finish(self, session):
        self._n_deselected = self._n_found - len(session.items)
        self._report.line("collected", ids=[clean(item.nodeid) for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node, ids):
        if not self._distributed:
            self._distributed = True
            self._report.line("collected", ids=[clean(one) for one in ids])

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node, error):
        told = getattr(node, "workeroutput", {}).get("bridle", {})
        self._n_deselected = max(self._n_deselected, told.get("n_deselected", 0))
        for name, path, digest in told.get("modules", []):
            self._modules[name, path] = digest

    def pytest_collectreport(self, report):
        if report.failed and report.nodeid not in self._uncollected:
            self._uncollected.add(report.nodeid)
            self._report.line("uncollected", id=clean(report.nodeid), **self._told(report))

    def pytest_runtest_logstart(self, nodeid):
        self._report.line("started", id=clean(nodeid))

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and report.passed:
            return
        told = self._told(report) if report.failed else {}
        self._report.line(
            "test",
            id=clean(report.nodeid),
            when=clean(report.when),
            outcome=clean(report.outcome),
            expected_to_fail=hasattr(report, "wasxfail"),
            **told,
        )

    @pytest.hookimpl(hookwrapper=True)
    def pytest_sessionfinish(self, session):
        yield
        for name, path, digest in modules():
            self._modules[name, path] = digest
        loaded = [[name, path, digest] for (name, path), digest in sorted(self._modules.items())]
        self._report.line("modules", loaded=loaded)
        self._report.line(
            "end",
            nonce=self._report.nonce,
            n_lines=self._report.n_lines,
            n_deselected=max(0, self._n_deselected),
            exit_code=int(session.exitstatus),
        )

    def _told(self, report):
        """Return what a failed report says, whichever of its parts are there."""
        told = dict(getattr(report, "bridle", None) or {})
        text = clean(getattr(report, "longreprtext", "") or report.longrepr or "")
        told.setdefault("message", cut(text.strip(), MAX_MESSAGE))
        told.setdefault("place", self._location(report))
        for name, content in report.sections:
            text += "\n--- %s ---\n%s" % (clean(name), clean(content))
        told["detail"] = cut(text.strip(), MAX_DETAIL)
        return told

    def _location(self, report):
        path, line, _ = getattr(report, "location", None) or (report.nodeid.split("::")[0], 0, "")
        base = str(getattr(self._config, "rootpath", None) or self._config.rootdir)
        return [clean(relative(os.path.join(base, str(path))) or ""), int(line or 0), int(line or 0) + 1]


def pytest_configure(config):
    leave_no_path()
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(Worker(config), "bridle_worker")
        config.pluginmanager.register(Evidence(), "bridle_evidence")
    elif ORDER:
        order = json.loads(ORDER)
        report = Report(order["path"], order["nonce"])
        root = os.stat(ROOT)
        versions = "Python %s, pytest %s" % (sys.version.split()[0], pytest.__version__)
        report.line("begin", nonce=order["nonce"], device=root.st_dev, inode=root.st_ino, versions=versions)
        config.pluginmanager.register(Controller(report, config), "bridle_controller")
        config.pluginmanager.register(Evidence(), "bridle_evidence")


def evidence(error, excinfo, test_path, valued=False):
    """Return the place of a failure in the test's own file, the frames of the workspace around it, and their values."""
    trace = excinfo.tb if excinfo is not None else error.__traceback__
    frames, held = [], []
    for (alive, _), frame in zip(traceback.walk_tb(trace), traceback.extract_tb(trace)):
        path = relative(frame.filename)
        if path is not None and frame.lineno:
            last = getattr(frame, "end_lineno", None) or frame.lineno
            frames.append([clean(path), frame.lineno - 1, last, clean(frame.name)])
            held.append(alive)
    if isinstance(error, SyntaxError) and error.filename and relative(error.filename):
        frames.append([clean(relative(error.filename)), (error.lineno or 1) - 1, error.lineno or 1, ""])
        held.append(None)
    told = {"error": clean(type(error).__name__), "message": cut(clean(said(error, excinfo)), MAX_MESSAGE)}
    home = relative(test_path) if test_path else None
    at = next((n for n in reversed(range(len(frames))) if frames[n][0] == home), len(frames) - 1)
    if frames:
        told["place"] = frames[at][:3]
        told["raised"] = frames[-1]
        told["frames"] = [frame for n, frame in enumerate(frames) if n != at][-MAX_FRAMES:]
        if valued:
            told["values"] = [values(frames[n], held[n]) for n in sorted({at, len(frames) - 1}) if held[n] is not None]
    return told


def values(frame, alive):
    """Return the place of a frame, the names and values of its locals, and how many were left out."""
    shown, n_left_out = bridle_values.locals_of(alive)
    return [*frame[:3], [[clean(name), clean(text)] for name, text in shown], n_left_out]


def modules():
    """Return name, file and content digest of every loaded module that does not belong to Python itself."""
    loaded = []
    for name, module in sorted(sys.modules.items()):
        try:
            path = vars(module).get("__file__")
        except TypeError:
            continue
        if not isinstance(path, str) or name in ("__main__", __name__, bridle_values.__name__):
            continue
        path = _realpath(path)
        inside = relative(path)
        if inside is not None:
            loaded.append([clean(name), clean(inside), digest_of(path)])
        elif "-packages" in path or not path.startswith(_INSTALLED):
            loaded.append([clean(name), clean(path), ""])
    return loaded


def leave_no_path():
    """Take the folder of this file out of what the tests' own children inherit."""
    rest = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part and part != HERE]
    os.environ.pop("PYTHONPATH", None)
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)


def clean(text):
    """Return text that any decoder takes: no colours, no lone surrogates."""
    return ANSI.sub("", str(text)).encode("utf-8", "replace").decode("utf-8")


def cut(text, limit):
    if len(text) <= limit:
        return text
    half = limit // 2
    return "%s\n[... %d characters left out ...]\n%s" % (text[:half], len(text) - 2 * half, text[-half:])


def said(error, excinfo):
    if excinfo is not None:
        return excinfo.exconly(tryshort=True)
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def path_of(node):
    return str(getattr(node, "path", None) or getattr(node, "fspath", None) or "")


def relative(path):
    """Return a path below the root, "/" separated; None for what is elsewhere or was installed there."""
    path = _realpath(os.path.join(ROOT, path))
    if not path.startswith(ROOT + os.sep) or "-packages" + os.sep in path or path.startswith(_INSTALLED):
        return None
    return path[len(ROOT) + 1 :].replace(os.sep, "/")


def digest_of(path):
    try:
        with open(path, "rb") as stream:
            return hashlib.blake2b(stream.read(), digest_size=16).hexdigest()
    except OSError:
        return ""
