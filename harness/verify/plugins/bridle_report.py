"""Writes, from inside a test session, the lines that tell what was really collected, run and loaded.

Shared by the plug-ins for each runner; runs in the project's own interpreter (Python 3.8 and later, standard library
only). The lines go to a file that only this run knows; `pytest_report.py` reads them.
"""

import _imp
import hashlib
import json
import os
import re
import sys
import sysconfig
import traceback

import bridle_values

_imp.check_hash_based_pycs = "always"  # byte code that says it need not be compared with its source is, all the same

MAX_MESSAGE = 2000
MAX_DETAIL = 8000
MAX_FRAMES = 30
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.realpath(os.environ.get("BRIDLE_ROOT") or os.getcwd())  # of the tree, of which this may be a package
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_write, _dumps, _getpid, _realpath = os.write, json.dumps, os.getpid, os.path.realpath
_INSTALLED = tuple(
    _realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


class Report:
    """Lines in a file that is opened once; a forked child writes none."""

    def __init__(self, path, nonce):
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND)
        self._pid = _getpid()
        self.nonce = nonce
        self.n_lines = 0

    def choice(self):
        """Return which tests are to be left out, which the host wrote where the report is to stand."""
        data = b""
        while True:
            part = os.read(self._fd, 1 << 20)
            data += part
            if not part:
                break
        os.ftruncate(self._fd, 0)
        return json.loads(data.decode("utf-8")) if data else {}

    def line(self, kind, **fields):
        if _getpid() != self._pid:
            return
        fields["kind"] = kind
        data = (_dumps(fields) + "\n").encode("ascii")
        self.n_lines += 1
        while data:
            data = data[_write(self._fd, data) :]


def evidence(error, trace, message, test_path, valued=False):
    """Return the place of a failure in the test's own file, the frames of the workspace around it, and their values."""
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
    told = {"error": clean(type(error).__name__), "message": cut(clean(message), MAX_MESSAGE)}
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
        if not isinstance(path, str) or name == "__main__":
            continue
        path = _realpath(path)
        if path.startswith(HERE + os.sep):
            continue
        inside = relative(path)
        if inside is not None:
            loaded.append([clean(name), clean(inside), digest_of(path)])
        elif "-packages" in path or not path.startswith(_INSTALLED):
            loaded.append([clean(name), clean(path), ""])
    return loaded


def leave_no_path():
    """Take the folder of this file out of what the tests' own children inherit."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    rest = [part for part in given if part and _realpath(part) != HERE]
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
