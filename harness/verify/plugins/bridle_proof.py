"""PYTEST_DONT_REWRITE: tells, from inside a session of pytest, what was really collected, run and loaded.

Loaded with `-p bridle_proof` into the project's own interpreter (Python 3.8 and later, standard library only).
It writes JSON lines to a file that only this run knows, and an end marker that counts them. It never changes what
pytest does, and judges nothing: `pytest_report.py` reads the lines.

PYTEST_DONT_REWRITE: it is loaded before pytest, and asserts nothing.
"""

import json
import os
import sys
import traceback

import bridle_report
import bridle_values
import pytest
from bridle_enough import Enough
from bridle_report import MAX_DETAIL, MAX_MESSAGE, ROOT, Report, clean, cut, leave_no_path, modules, relative

MAX_VALUED = 200  # failures whose values are kept
ORDER = os.environ.pop("BRIDLE_PROOF", "")  # before any code of the project can read it


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


class Chooser:
    """Leaves out the tests that the host says no change can reach; whatever it does not name is run."""

    def __init__(self, choice):
        self.choice = choice
        self.n_left_out = 0
        self._left_out = frozenset(choice["left_out"])
        self._first = {path: rank for rank, path in enumerate(choice["first"])}
        self._whole_files = frozenset(choice["whole_files"])

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        n_found = len(items)
        kept = [item for item in items if clean(item.nodeid) not in self._left_out]
        kept.sort(key=lambda item: self._first.get(relative(path_of(item)) or "", len(self._first)))
        items[:] = kept
        self.n_left_out = n_found - len(kept)

    if int(pytest.__version__.split(".")[0]) >= 7:

        def pytest_ignore_collect(self, collection_path):
            return True if relative(str(collection_path)) in self._whole_files else None

    else:

        def pytest_ignore_collect(self, path):
            return True if relative(str(path)) in self._whole_files else None


class Worker:
    """In a worker of xdist: hands to the controller what only a worker knows."""

    def __init__(self, config, chooser, recorder):
        self._config = config
        self._chooser = chooser
        self._recorder = recorder
        self._n_found = 0

    def pytest_itemcollected(self, item):
        self._n_found += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        n_left_out = self._chooser.n_left_out if self._chooser else 0
        told = {"modules": modules(), "n_deselected": self._n_found - n_left_out - len(session.items)}
        if self._recorder is not None:
            told["reached"] = json.dumps([list(self._recorder.told()), self._recorder.unwatched])
        self._config.workeroutput["bridle"] = told


class Controller:
    """Writes the report of the session."""

    def __init__(self, report, config, chooser, recorder):
        self._report = report
        self._config = config
        self._chooser = chooser
        self._recorder = recorder
        self._modules = {}
        self._uncollected = set()
        self._n_found = 0
        self._n_deselected = 0
        self._distributed = False

    def pytest_itemcollected(self, item):
        self._n_found += 1

    def pytest_collection_finish(self, session):
        n_left_out = self._chooser.n_left_out if self._chooser else 0
        self._n_deselected = self._n_found - n_left_out - len(session.items)
        self._report.line("collected", ids=[clean(item.nodeid) for item in session.items])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node, ids):
        if not self._distributed:
            self._distributed = True
            self._report.line("collected", ids=[clean(one) for one in ids])

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node):
        node.workerinput["bridle"] = json.dumps(self._chooser.choice if self._chooser else None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node, error):
        told = getattr(node, "workeroutput", {}).get("bridle", {})
        if "reached" in told:
            self._tell_reached(*json.loads(told["reached"]))
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
        if self._recorder is not None and not self._distributed:  # else its workers tell
            self._tell_reached(self._recorder.told(), self._recorder.unwatched)
        self._report.line(
            "end",
            nonce=self._report.nonce,
            n_lines=self._report.n_lines,
            n_deselected=max(0, self._n_deselected),
            exit_code=int(session.exitstatus),
            enough=getattr(self._config.pluginmanager.getplugin("bridle_enough"), "reached", False),
        )

    def _tell_reached(self, contexts, unwatched):
        for context in contexts:
            self._report.line("reached", context=context)
        self._report.line("unwatched", paths=[clean(path) for path in unwatched])

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
        chooser = _choosing(config, json.loads(config.workerinput.get("bridle", "null")))
        recorder = _recording(config)
        config.pluginmanager.register(Worker(config, chooser, recorder), "bridle_worker")
        config.pluginmanager.register(Evidence(), "bridle_evidence")
    elif ORDER:
        order = json.loads(ORDER)
        report = Report(order["path"], order["nonce"])
        chooser = _choosing(config, report.choice())
        root = os.stat(ROOT)
        versions = "Python %s, pytest %s" % (sys.version.split()[0], pytest.__version__)
        report.line("begin", nonce=order["nonce"], device=root.st_dev, inode=root.st_ino, versions=versions)
        recorder = _recording(config)
        config.pluginmanager.register(Controller(report, config, chooser, recorder), "bridle_controller")
        config.pluginmanager.register(Evidence(), "bridle_evidence")
        if order.get("enough"):
            config.pluginmanager.register(Enough(*order["enough"]), "bridle_enough")


def _choosing(config, choice):
    if not choice:
        return None
    chooser = Chooser(choice)
    config.pluginmanager.register(chooser, "bridle_chooser")
    return chooser


def _recording(config):
    """Return what records this session: `bridle_reach`, where it was loaded beside this plugin."""
    reach = sys.modules.get("bridle_reach")
    if reach is None:
        return None
    config.pluginmanager.register(reach.Hooks(reach.RECORDER), "bridle_reach_hooks")
    return reach.RECORDER


def evidence(error, excinfo, test_path, valued=False):
    """Return where a failure happened, and what pytest says of it."""
    trace = excinfo.tb if excinfo is not None else error.__traceback__
    return bridle_report.evidence(error, trace, said(error, excinfo), test_path, valued)


def said(error, excinfo):
    if excinfo is not None:
        return excinfo.exconly(tryshort=True)
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def path_of(node):
    return str(getattr(node, "path", None) or getattr(node, "fspath", None) or "")
