"""Runs the tests of unittest and tells, from inside, what was really collected, run and loaded.

Started by its path, with test files as arguments, in the project's own interpreter (Python 3.8 and later, standard
library only). Each file is imported as `python -m unittest discover` would, from the first folder above it that is no
package. It judges nothing: `pytest_report.py` reads what it writes.
"""

import importlib
import json
import os
import sys
import traceback
import unittest

import bridle_report
from bridle_report import ROOT, Report, clean, cut, evidence, leave_no_path, modules

ORDER = os.environ.pop("BRIDLE_PROOF", "")  # before any code of the project can read it
MAX_VALUED = 200  # failures whose values are kept
FIXTURES = ("setUpModule", "tearDownModule", "setUpClass", "tearDownClass")


class Result(unittest.TestResult):
    """Writes each test's end as it comes."""

    def __init__(self, report, paths):
        super().__init__()
        self.buffer = True
        self._report = report
        self._paths = paths  # id -> file
        self._classes = {}
        for one in paths:
            self._classes.setdefault(one.rpartition(".")[0], []).append(one)
        self.ended = set()
        self._n_failed = 0

    def startTest(self, test):
        super().startTest(test)
        self._report.line("started", id=clean(test.id()))

    def addSuccess(self, test):
        super().addSuccess(test)
        self._end(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failed(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._failed(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._failed(test, err, clean(subtest.id()))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        name = test.id()
        if name.partition(" ")[0] in FIXTURES:  # a class or a module is left out, so its tests never begin
            whole = name.partition("(")[2].rstrip(")")
            for one in self._paths:
                if one.startswith(whole + ".") and one not in self.ended:
                    self.line(one, "skipped")
        else:
            self._end(test, "skipped")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._end(test, "skipped", expected=True)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        told = {"error": "UnexpectedSuccess", "message": "it passed, and is marked as an expected failure"}
        self.line(test.id(), "failed", **told, place=self._home(test.id()))

    def _failed(self, test, err, detail_of=""):
        error, trace = err[1], err[2]
        self._n_failed += 1
        valued = self._n_failed <= MAX_VALUED
        told = evidence(error, trace, said(error), self._paths.get(test.id(), ""), valued)
        told.setdefault("place", self._home(test.id()))
        text = clean(self._exc_info_to_string(err, test))
        told["detail"] = cut("%s\n%s" % (detail_of, text) if detail_of else text, bridle_report.MAX_DETAIL)
        self.line(test.id(), "failed", **told)

    def _home(self, name):
        path = self._paths.get(name, "")
        return [clean(bridle_report.relative(path) or "") if path else "", 0, 1]

    def _end(self, test, outcome, expected=False):
        self.line(test.id(), outcome, expected=expected)

    def line(self, name, outcome, expected=False, **told):
        self.ended.add(name)
        self._report.line("test", id=clean(name), when="call", outcome=outcome, expected_to_fail=expected, **told)


def main():
    leave_no_path()
    order = json.loads(ORDER)
    report = Report(order["path"], order["nonce"])
    root = os.stat(ROOT)
    versions = "Python %s, unittest" % sys.version.split()[0]
    report.line("begin", nonce=order["nonce"], device=root.st_dev, inode=root.st_ino, versions=versions)
    # What is imported from here on is the project's: from its folder first, as `python -m unittest` has it.
    sys.path[:] = [os.getcwd(), *(one for one in sys.path if os.path.abspath(one or ".") != bridle_report.HERE)]
    suite, paths, left_out = collected(report, sys.argv[1:], order.get("only") or ())
    report.line("collected", ids=[clean(one) for one in paths])
    result = Result(report, paths)
    for one in left_out:
        result.line(one, "skipped")
    try:
        suite.run(result)
    finally:
        report.line("modules", loaded=modules())
    code = 0 if result.wasSuccessful() and paths else 1
    report.line("end", nonce=order["nonce"], n_lines=report.n_lines, n_deselected=0, exit_code=code)
    n_failed = len(result.failures) + len(result.errors)
    print("ran %d tests, %d failed, %d skipped" % (result.testsRun, n_failed, len(result.skipped)))
    for test, text in [*result.errors, *result.failures][:50]:
        print("\n%s\n%s" % (test, text))
    sys.stdout.flush()
    return code


def collected(report, files, only):
    """Return the tests of these files, id -> file, and the modules that skip themselves; others are reported."""
    loader, suite, paths, left_out = unittest.TestLoader(), unittest.TestSuite(), {}, []
    for path in files:
        folder, name = home_of(os.path.abspath(path))
        if folder not in sys.path:
            sys.path.insert(0, folder)
        try:
            module = importlib.import_module(name)
            if os.path.realpath(module.__file__ or "") != os.path.realpath(path):
                raise ImportError(
                    "%r is already loaded from %s: give one of them another name" % (name, module.__file__)
                )
            found = loader.loadTestsFromModule(module)
        except unittest.SkipTest:
            paths[name] = path
            left_out.append(name)
            continue
        except BaseException as error:
            told = evidence(error, error.__traceback__, said(error), path)
            told.setdefault("place", [clean(bridle_report.relative(path) or ""), 0, 1])
            report.line("uncollected", id=clean(name), detail="", **told)
            if isinstance(error, KeyboardInterrupt):
                raise
            continue
        if only:
            found = unittest.TestSuite(test for test in flat(found) if test.id() in only)
        suite.addTest(found)
        for test in flat(found):
            paths.setdefault(test.id(), path)
    return suite, paths, left_out


def said(error):
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def home_of(path):
    """Return the folder that a file is imported from, and its name there."""
    folder, parts = os.path.dirname(path), [os.path.splitext(os.path.basename(path))[0]]
    while os.path.isfile(os.path.join(folder, "__init__.py")) and folder != ROOT:
        folder, name = os.path.split(folder)
        parts.insert(0, name)
    return folder, ".".join(parts)


def flat(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from flat(one)
        else:
            yield one


if __name__ == "__main__":
    sys.exit(main())
