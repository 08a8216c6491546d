"""PYTEST_DONT_REWRITE: ends a session of pytest when, after a first new failure, many more tests ran than led to it.

What is likeliest to fail stands first, so that failures come soon where there are many; where few tests fail, the rest
is not waited for. `--maxfail` ends the session where there are many.
"""


class Enough:
    """Counts the tests that ended: more than `n_known` failures are new, `n_more` tests are waited for at least."""

    def __init__(self, n_known, n_more):
        self.reached = False
        self._n_known = n_known
        self._n_more = n_more
        self._failed = set()
        self._n_done = 0
        self._limit = 0
        self._session = None

    def pytest_sessionstart(self, session):
        self._session = session

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self._failed.add(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid):
        self._n_done += 1
        if not self._limit and len(self._failed) > self._n_known:
            self._limit = self._n_done + max(self._n_done, self._n_more)
        if self._limit and self._n_done >= self._limit and not self.reached:
            self.reached = True
            self._end("enough tests ran after a failure")

    def _end(self, why):
        distributed = self._session.config.pluginmanager.getplugin("dsession")
        if distributed is not None:
            distributed.shouldstop = why
        else:
            self._session.shouldfail = why
