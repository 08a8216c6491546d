"""Runs a project's tests on one mutant after another, in the project's own interpreter; see `__main__.py`.

Collects once, then forks a child for each request on standard input: a mutant inside functions replaces the code of
those functions in the child. One that changes what runs on import needs a session of its own (`--once`). A request
names the tests in groups and in their order; of the first group, `enough` that fail end the child, or `more` tests and
as many again as it took to the first that did; of a later one the first that fails. Standard library and pytest only.
"""

import gc
import json
import os
import signal
import sys
import types

import pytest
from _pytest.config import _prepareconfig

LIMIT_S = 20
"""Of one test, beside twenty times what it took unchanged."""


class Watcher:
    """Notes which tests fail."""

    def __init__(self):
        self.failed = {}

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed[report.nodeid] = True


class Suite:
    """The collected tests of one project."""

    def __init__(self, arguments):
        self.config = _prepareconfig([*arguments, "-q", "-p", "no:cacheprovider"])
        self.config._do_configure()  # noqa: SLF001  # as pytest's own main does
        self.session = pytest.Session.from_config(self.config)
        self.config.hook.pytest_sessionstart(session=self.session)
        self.error = ""
        try:
            self.session.perform_collect()
        except Exception as error:  # noqa: BLE001  # a mutant that breaks collecting is noticed by whoever collects
            self.error = repr(error)
        self.items = {item.nodeid: item for item in self.session.items}

    def run(self, groups, times, enough, more, tell):
        """Run the tests of each group in order; tells each before it begins, and the first that failed."""
        watcher = Watcher()
        self.config.pluginmanager.register(watcher)
        ids = [one for group in groups for one in group]
        last_of = [sum(map(len, groups[: n + 1])) for n in range(len(groups))]
        n_group = 0
        failed_in = n_ran = limit = 0
        for n, one in enumerate(ids):
            while n >= last_of[n_group]:
                n_group += 1
            if watcher.failed and n_group != failed_in:
                break
            item = self.items.get(one)
            if item is None:
                tell({"failed": one, "group": n_group, "n_ran": n, "how": "not collected"})
                return
            following = next((self.items[two] for two in ids[n + 1 :] if two in self.items), None)
            tell({"begun": one, "group": n_group, "n_ran": n})
            signal.setitimer(signal.ITIMER_REAL, LIMIT_S + 20 * times.get(one, 0))
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            signal.setitimer(signal.ITIMER_REAL, 0)
            failed_in, n_ran = n_group, n + 1
            if watcher.failed and not limit:
                limit = n_ran + max(more, n_ran)
            if len(watcher.failed) >= (1 if n_group else enough) or 0 < limit <= n_ran:
                break
        if watcher.failed:
            tell({"failed": next(iter(watcher.failed)), "group": failed_in, "n_ran": n_ran, "how": "failed"})
        else:
            tell({"failed": "", "group": -1, "n_ran": len(ids), "how": "survived"})


def codes(code):
    """Return every code object by qualified name and line; None for those that share them."""
    found, waiting = {}, [code]
    while waiting:
        at = waiting.pop()
        key = (at.co_qualname, at.co_firstlineno)
        found[key] = None if key in found else at
        waiting += [one for one in at.co_consts if isinstance(one, types.CodeType)]
    return found


def replace(path, source):
    """Give every function of a file the code that it has in `source`; "" when it is done, else why not."""
    fresh = codes(compile(source, path, "exec", dont_inherit=True))
    for function in gc.get_objects():
        if isinstance(function, types.FunctionType) and function.__code__.co_filename == path:
            code = function.__code__
            other = fresh.get((code.co_qualname, code.co_firstlineno))
            if other is None:
                return f"ambiguous {code.co_qualname}"
            if other == code:
                continue
            if len(other.co_freevars) != len(code.co_freevars):
                return f"other free variables in {code.co_qualname}"
            function.__code__ = other
    return ""


def attempt(suite, request):
    """Run one request in a child; returns the last that it told, and how it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)

        def tell(value):
            os.write(writing, (json.dumps(value) + "\n").encode())

        try:
            why = replace(request["path"], request["source"]) if request.get("source") else ""
            if why:
                tell({"failed": "", "group": -1, "n_ran": 0, "how": "apart: " + why})
            elif suite.error:
                tell({"failed": "collection", "group": 0, "n_ran": 0, "how": suite.error[:200]})
            else:
                suite.run(request["groups"], request["times"], request["enough"], request["more"], tell)
        except BaseException as error:  # noqa: BLE001  # whatever a mutant raises
            tell({"failed": "session", "group": 0, "n_ran": 0, "how": repr(error)[:200]})
        os._exit(0)
    os.close(writing)
    data = b""
    while True:
        part = os.read(reading, 65536)
        if not part:
            break
        data = (data + part)[-200_000:]
    os.close(reading)
    _, status = os.waitpid(child, 0)
    lines = data.decode("utf-8", "replace").strip().splitlines()
    told = json.loads(lines[-1]) if lines else {"begun": "?", "group": 0, "n_ran": 0}
    if "begun" in told:
        how = "timeout" if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM else "ended"
        told = {"failed": told["begun"], "group": told["group"], "n_ran": told["n_ran"] + 1, "how": how}
    return told


def main():
    once = sys.argv[1] == "--once"
    arguments = sys.argv[2:]
    sys.path[0] = os.getcwd()  # noqa: PTH109  # as `python -m pytest` has it
    requests, out = os.fdopen(os.dup(0)), os.dup(1)  # pytest takes both
    os.dup2(2, 1)
    suite = Suite(arguments)

    def answer(value):
        os.write(out, (json.dumps(value) + "\n").encode())

    answer({"items": list(suite.items), "error": suite.error})
    for line in requests:
        answer(attempt(suite, json.loads(line)))
        if once:
            break
    os._exit(0)


if __name__ == "__main__":
    main()
