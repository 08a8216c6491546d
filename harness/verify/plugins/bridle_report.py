"""Writes, from inside a test session, the lines that tell what was really collected, run and loaded.

Shared by the plug-ins for each runner; runs in the project's own interpreter (Python 3.8 and later, standard library
only). The lines go to a file that only this run knows; `pytest_report.py` reads them.
"""

import hashlib
import json
import os
import re
import sys
import sysconfig
import traceback

MAX_MESSAGE = 2000
MAX_DETAIL = 8000
MAX_FRAMES = 30
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.realpath(os.environ.get("BRIDLE_ROOT") or os.getcwd())  # of the tree, of which this may be a package
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


def evidence(error, trace, test_path):
    """Return the place of a failure in the test's own file, and the frames of the workspace around it."""
    frames = []
    for frame in traceback.extract_tb(trace):
        path = relative(frame.filename)
        if path is not None and frame.lineno:
            last = getattr(frame, "end_lineno", None) or frame.lineno
            frames.append([clean(path), frame.lineno - 1, last, clean(frame.name)])
    if isinstance(error, SyntaxError) and error.filename and relative(error.filename):
        frames.append([clean(relative(error.filename)), (error.lineno or 1) - 1, error.lineno or 1, ""])
    said = "".join(traceback.format_exception_only(type(error), error)).strip()
    told = {"error": clean(type(error).__name__), "message": cut(clean(said), MAX_MESSAGE)}
    home = relative(test_path) if test_path else None
    place = next((frame for frame in reversed(frames) if frame[0] == home), frames[-1] if frames else None)
    if place is not None:
        told["place"] = place[:3]
        told["frames"] = [frame for frame in frames if frame is not place][-MAX_FRAMES:]
    return told


def modules(not_these=()):
    """Return name, file and content digest of every loaded module that does not belong to Python itself."""
    loaded = []
    for name, module in sorted(sys.modules.items()):
        try:
            path = vars(module).get("__file__")
        except TypeError:
            continue
        if not isinstance(path, str) or name in ("__main__", __name__, *not_these):
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
