"""How the lines that a session executes are counted: by `sys.monitoring` where there is one, by `sys.settrace` else.

Both tell the recorder which line belongs to the context that runs, when a module begins and ends, and when a function
does that keeps what it works out. Python 3.8 and later, standard library only.
"""

import sys
import threading

TOOL = 4  # none of the ids that Python reserves
NAME = "bridle"
MANY_CALLS = 200
"""So often a function may keep something in one test before it is taken to be never left."""

_settrace, _gettrace = sys.settrace, sys.gettrace
_monitoring = getattr(sys, "monitoring", None)


def counter(recorder):
    """Return what counts the lines of this Python for `recorder`."""
    return Tracing(recorder) if _monitoring is None else Monitoring(recorder)


class Tracing:
    """Counts lines by `sys.settrace`, for a Python that has nothing better."""

    def __init__(self, recorder):
        self._function = _tracer(recorder)

    def start(self):
        if _gettrace() is not None:
            return "another tracer runs in this session"
        threading.settrace(self._function)
        _settrace(self._function)
        return ""

    def problem(self):
        return "" if _gettrace() is self._function else "another tracer ran, or took ours away"

    def again(self):
        if _gettrace() is None:
            _settrace(self._function)

    def watch(self, code):
        """Nothing: every call comes by."""


def _tracer(recorder):
    """Return the function that sees each call; written for speed, since it sees those of all libraries too."""
    known, path, keeping, keepers = recorder.paths, recorder.path, recorder.keeping, recorder.keepers

    def call(frame, event, arg):
        code = frame.f_code
        filename = code.co_filename
        if not (known.get(filename) or (filename not in known and path(filename))):
            return None
        if code.co_name == "<module>":
            return left(frame, filename, recorder.push_module(filename))
        kept = keeping[filename] if filename in keeping else keepers(filename)
        if code.co_firstlineno in kept:
            name = recorder.kept_name(code)
            if name:
                recorder.push_kept(name)
                return left(frame, filename, name)
        lines = recorder.now.lines
        add = (lines[filename] if filename in lines else recorder.now.seen(filename)).add

        def line(frame, event, arg):
            add(frame.f_lineno)
            return line

        return line

    def left(frame, filename, name):
        """Return what counts the lines of a frame in a context of its own, which is left when the frame is."""
        add = recorder.contexts[name].seen(filename).add

        def line(frame, event, arg):
            add(frame.f_lineno)
            if event == "return":
                recorder.pop(name)
            return line

        return line

    return call


class Monitoring:
    """Counts lines by `sys.monitoring`: each line once a context, and nothing outside the workspace.

    To begin a context has every line counted anew. So a function that keeps what it works out and is called very often
    in one test is taken to be never left there: what the test does from then on counts as what the function kept.
    """

    def __init__(self, recorder):
        self._recorder = recorder
        self._importing = {}
        self._depths = {}
        self._calls = {}
        self._watched = set()
        self._alive = []
        self._lost = ""

    def start(self):
        events = _monitoring.events
        try:
            _monitoring.use_tool_id(TOOL, NAME)
        except ValueError:
            self._lost = "another tool holds the place in sys.monitoring that is ours"
            return self._lost
        _monitoring.register_callback(TOOL, events.LINE, self._line)
        for event in (events.PY_START, events.PY_RESUME):
            _monitoring.register_callback(TOOL, event, self._begun)
        for event in (events.PY_RETURN, events.PY_YIELD, events.PY_UNWIND):
            _monitoring.register_callback(TOOL, event, self._over)
        _monitoring.set_events(TOOL, events.PY_UNWIND)
        return ""

    def problem(self):
        if not self._lost and _monitoring.get_tool(TOOL) != NAME:
            self._lost = "our place in sys.monitoring was taken away"
        return self._lost

    def again(self):
        if not self._lost:
            _monitoring.restart_events()

    def watch(self, code):
        """Count the lines of code that is about to be executed, and of all that it defines."""
        if self._lost or not hasattr(code, "co_filename") or not self._recorder.path(code.co_filename):
            return
        events = _monitoring.events
        waiting = [code]
        while waiting:
            at = waiting.pop()
            if id(at) in self._watched:
                continue
            self._watched.add(id(at))
            wanted = events.LINE
            if at.co_name == "<module>":
                wanted |= events.PY_START | events.PY_RETURN
            elif self._recorder.kept_name(at):
                wanted |= events.PY_START | events.PY_RESUME | events.PY_RETURN | events.PY_YIELD
            _monitoring.set_local_events(TOOL, at, wanted)
            waiting += [inner for inner in at.co_consts if hasattr(inner, "co_filename")]
        self._alive.append(code)  # an id is one code's only as long as that code lives

    def _line(self, code, line):
        self._recorder.now.seen(code.co_filename).add(line)
        return _monitoring.DISABLE

    def _begun(self, code, offset):
        if code.co_name == "<module>":
            self._importing[id(code)] = self._recorder.push_module(code.co_filename)
            return
        name = self._recorder.kept_name(code)
        if self._recorder.is_inside(name):
            self._depths[name] += 1
            return
        self._depths[name] = 1
        self._recorder.push_kept(name)

    def _over(self, code, offset, value):
        if id(code) not in self._watched:
            return
        if code.co_name == "<module>":
            name = self._importing.pop(id(code), None)
            if name is not None:
                self._recorder.pop(name)
            return
        name = self._recorder.kept_name(code)
        if not name or not self._recorder.is_inside(name):
            return
        self._depths[name] -= 1
        if self._depths[name] > 0:
            return
        key = self._recorder.around(name), name
        self._calls[key] = self._calls.get(key, 0) + 1
        if self._calls[key] < MANY_CALLS:
            self._recorder.pop(name)
