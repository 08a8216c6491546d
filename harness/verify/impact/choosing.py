"""Which tests a change can reach, in the order of their chance to fail, each with its reason: pure.

Whatever cannot be told makes the choice wider, up to all, and says why. A test is left out only where it was seen to
do nothing that leads to the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from bridle.harness.verify.impact.evidence import Evidence, Kept, Seen
from bridle.harness.verify.impact.names import Noticing, noticing, only_exports, reading
from bridle.harness.verify.impact.touches import Touch

CONFIGURATION = frozenset(
    (
        "pyproject.toml", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg",
        "setup.py", "conftest.py", ".env", "uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "package-lock.json",
    )
)  # fmt: skip


class Pick(msgspec.Struct, frozen=True):
    """A test that is to run, and why. `chance` orders: the greater, the sooner."""

    id: str
    reason: str
    confidence: float
    chance: float = 0.0


class Selection(msgspec.Struct, frozen=True):
    """The tests to run, most likely to fail first, and those that no change reaches.

    `wider` says why more run than a change was seen to reach, "" where that is not so; with `everything` nothing is
    left out, tests that were never seen included. Tests that are in neither list run as well.
    """

    picks: tuple[Pick, ...] = ()
    left_out: tuple[str, ...] = ()
    everything: bool = False
    wider: str = ""

    @property
    def n_known(self) -> int:
        """How many tests were ever seen."""
        return len(self.picks) + len(self.left_out)


class Change(msgspec.Struct, frozen=True):
    """What changed since the tests were seen: differences of Python files, and other files with what became of them.

    `others` is path → created, modified or deleted.
    """

    touches: tuple[Touch, ...] = ()
    others: Mapping[str, str] = {}


def everything(why: str, evidence: Evidence | None = None) -> Selection:
    """Return the choice of all tests."""
    tests = evidence.tests.values() if evidence else ()
    ordered = sorted(tests, key=lambda test: (test.outcome != "failed", test.seconds))
    return Selection(tuple(Pick(test.id, why, 0.0) for test in ordered), everything=True, wider=why)


def choose(evidence: Evidence, change: Change) -> Selection:
    """Return the tests that the change can reach."""
    if why := _untold(evidence, change):
        return everything(why, evidence)
    choice = _Choice(evidence)
    for touch in change.touches:
        if why := choice.take(touch):
            return everything(why, evidence)
    for path, how in sorted(change.others.items()):
        if why := choice.take_data(path, how):
            return everything(why, evidence)
    for test in evidence.tests.values():
        if test.partial:
            choice.pick(test, test.partial, 0.5, 0.1)
        elif test.outcome == "failed":
            choice.pick(test, "it failed last time", 1.0, 4.0)
    if not choice.picks and (change.touches or change.others):
        return everything("no test is known to reach the change", evidence)
    picks = sorted(choice.picks.values(), key=lambda pick: (-pick.chance, pick.id))
    left_out = tuple(sorted(evidence.tests.keys() - choice.picks.keys()))
    return Selection(tuple(picks), left_out, wider=choice.wider, everything=not left_out)


def _untold(evidence: Evidence, change: Change) -> str:
    """Return why nothing can be told of this change, "" where it can."""
    if not evidence.tests:
        return "no run of the tests was recorded"
    if evidence.session.partial:
        return f"the recorded run tells not all: {evidence.session.partial}"
    for path in [*change.others, *(touch.path for touch in change.touches)]:
        name = path.rpartition("/")[2]
        if name in CONFIGURATION or name.startswith("requirements") or path in evidence.unwatched:
            return f"{path} decides how tests run" if name != path or name in CONFIGURATION else f"{path} changed"
    for touch in change.touches:
        if int(evidence.session.lines.get(touch.path, "0"), 16) & touch.lines:
            return f"{touch.path} is executed outside of any test"
    return ""


class _Choice:
    """What was picked so far."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self.picks: dict[str, Pick] = {}
        self.wider = ""

    def pick(self, test: Seen, reason: str, confidence: float, chance: float) -> None:
        """Pick a test, or give one that is picked another chance to fail."""
        before = self.picks.get(test.id)
        if before is not None:
            total = before.chance + chance
            better = before if before.confidence >= confidence else Pick(test.id, reason, confidence)
            self.picks[test.id] = msgspec.structs.replace(better, chance=total)
            return
        slowness = min(test.seconds, 10.0) / 100
        failed = 4.0 if test.outcome == "failed" else 0.0
        self.picks[test.id] = Pick(test.id, reason, confidence, chance + failed - slowness)

    def take(self, touch: Touch) -> str:
        """Pick the tests that a difference can reach; returns why all must run, "" where they need not."""
        evidence, before = self._evidence, len(self.picks)
        if touch.path in evidence.test_files:
            self._pick_files((touch.path,), "its file changed", 1.0)
        name = touch.symbol or touch.path
        n_lines = max(1, touch.lines.bit_count())
        for test in evidence.executors(touch.path, touch.lines):
            share = (test.masks[touch.path] & touch.lines).bit_count() / n_lines
            self.pick(test, f"executed {name} in {touch.path}", 1.0, share + 20 / (20 + test.n_lines))
        if why := self._take_indirect(touch, name):
            return why
        if touch.binds and (self._take_exports(touch) or not self._take_names(touch)):
            return ""
        if touch.imports:
            self._wide(f"{name} in {touch.path}: {touch.why}")
            for test in evidence.executors(touch.path, -1):
                self.pick(test, f"executed code of {touch.path}", 0.8, 0.1)
            if why := self._pick_importers(touch.path, f"imports {touch.path}"):
                return why
        if len(self.picks) == before and touch.path not in evidence.test_files:
            return self._widen(touch)
        return ""

    def _take_indirect(self, touch: Touch, name: str) -> str:
        """Pick the tests of modules that executed a difference while imported, and those handed what it made."""
        for one in self._evidence.importers_that(lambda one: bool(one.masks.get(touch.path, 0) & touch.lines)):
            if touch.imports and one.path == touch.path:
                continue  # what a module does on import is asked for by itself
            if why := self._pick_importers(one.path, f"imports {one.path}, which executes {name}"):
                return why
        for kept in self._evidence.cached:
            if kept.masks.get(touch.path, 0) & touch.lines and (why := self._pick_handed(kept, f"executes {name}")):
                return why
        return ""

    def _take_exports(self, touch: Touch) -> bool:
        """Pick a test of each file that imports the module, where all that changed is what nobody takes by `import *`.

        Nothing but a failing import can be noticed then. Returns False where that is not so, or cannot be told.
        """
        evidence = self._evidence
        files = evidence.importing_files(touch.path)
        if not files or not only_exports(evidence.names, touch.path, touch.lines):
            return False
        for file in files:
            quickest = min((one for one in evidence.tests.values() if one.path == file), key=lambda one: one.seconds)
            self.pick(quickest, f"imports {touch.path}, of which nobody reads __all__", 0.8, 0.1)
        return True

    def _take_names(self, touch: Touch) -> str:
        """Pick the tests that read what a name stands for; returns why they cannot be told."""
        told = noticing(self._evidence.names, touch.path, touch.lines)
        before = len(self.picks)
        why = self._pick_readers(told, f"reads {touch.symbol or 'a name'} of {touch.path}", touch.symbol)
        return why or ("" if len(self.picks) > before else "nobody was seen to read it")

    def _pick_handed(self, kept: Kept, does: str) -> str:
        """Pick the tests that may be handed what a decorator keeps; returns why all must run."""
        told = reading(self._evidence.names, kept.name)
        return self._pick_readers(told, f"reads {kept.name} of {kept.path}, which {does} and is kept", kept.name)

    def _pick_readers(self, told: Noticing, reason: str, name: str) -> str:
        """Pick the tests that executed such lines, or import a module which did; returns why that may be any."""
        if told.why:
            return told.why
        for path, lines in told.lines.items():
            for test in self._evidence.executors(path, lines):
                self.pick(test, reason, 0.9, 0.3 + 20 / (20 + test.n_lines))
        for one in self._evidence.importing:
            if any(one.masks.get(path, 0) & lines for path, lines in told.lines.items()):
                files = self._evidence.importing_files(one.path)
                if files is None:
                    return f"{one.path} may be imported by any test"
                self._pick_files(files, f"imports {one.path}, which reads {name}", 0.8)
        return ""

    def _widen(self, touch: Touch) -> str:
        """Pick what stands around a difference that nobody was seen to execute."""
        for lines, what in ((touch.wider, touch.symbol), (-1, touch.path)):
            found = self._evidence.executors(touch.path, lines) if lines else []
            if found:
                for test in found:
                    self.pick(test, f"executed {what}, of which nobody executed what changed", 0.3, 0.1)
                return ""
        return f"nobody was seen to execute {touch.symbol or touch.path}" if not self.picks else ""

    def take_data(self, path: str, how: str) -> str:
        """Pick the tests that opened a file, or listed its folder; returns why all must run."""
        folder = path.rpartition("/")[0] + "/"
        wanted = {path} if how == "modified" else {path, folder}
        evidence = self._evidence
        if wanted & set(evidence.session.opened):
            return f"{path} is opened outside of any test"
        found = [test for test in evidence.tests.values() if wanted & test.opened]
        modules = evidence.importers_that(lambda one: bool(wanted & one.opened))
        for test in found:
            self.pick(test, f"opens {path}" if path in test.opened else f"lists {folder}", 1.0, 0.5)
        for one in modules:
            if why := self._pick_importers(one.path, f"imports {one.path}, which opens {path}"):
                return why
        for kept in evidence.cached:
            if wanted & kept.opened and (why := self._pick_handed(kept, f"opens {path}")):
                return why
        return "" if found or modules else f"nobody was seen to open {path}"

    def _pick_importers(self, path: str, reason: str) -> str:
        files = self._evidence.importing_files(path)
        if files is None:
            return f"{path} may be imported by any test"
        self._pick_files(files, reason, 0.8)
        return ""

    def _pick_files(self, files: Iterable[str], reason: str, confidence: float) -> None:
        wanted = frozenset(files)
        for test in self._evidence.tests.values():
            if test.path in wanted:
                self.pick(test, reason, confidence, 0.2 if confidence < 1 else 1.0)

    def _wide(self, why: str) -> None:
        self.wider = self.wider or why


def in_words(selection: Selection) -> str:
    """Return in a few words what is run."""
    if selection.everything:
        return f"all tests: {selection.wider or 'each of them reaches the change'}"
    return f"{len(selection.picks)} of {selection.n_known} tests reach the change"


def files_first(selection: Selection, files: Mapping[str, str]) -> Sequence[str]:
    """Return the test files in the order of their likeliest test; `files` is test → file."""
    return tuple(dict.fromkeys(files[pick.id] for pick in selection.picks if pick.id in files))
