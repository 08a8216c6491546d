"""The log of our own writes."""

from __future__ import annotations

from edit_desk import Desk, Lines

from bridle.harness.edits.hashline import Plan
from bridle.harness.edits.writes import WriteLog


class Run:
    """A desk whose calls are logged, as a run's are."""

    def __init__(self, text: str) -> None:
        self.desk = Desk({"a.txt": text})
        self.log = WriteLog()
        self.line = Lines(self.desk.read("a.txt"))
        self.desk.moved = self.log.moved(self.desk.revisions, self.desk.files.get)

    def land(self, *edits: dict[str, str]) -> Plan:
        planned = self.desk.land({"files": [{"path": "a.txt", "rev": 1, "edits": list(edits)}]})
        for file in planned.files:
            self.log.record(file.path, file.before, file.after, file.edits)
        return planned


def test_a_revision_stays_good_for_editing_after_our_own_edits_among_equal_lines() -> None:
    run = Run("x\nx\nx\nx\n")
    run.land({"at": run.line[1]}, {"after": run.line[2], "text": "new"})
    run.land({"at": run.line[3], "text": "third"})
    assert run.desk.text("a.txt") == "x\nnew\nthird\nx\n"


def test_lines_that_an_earlier_call_replaced_are_in_conflict() -> None:
    run = Run("x\ny\nz\n")
    run.land({"at": run.line[2], "text": "new"})
    refused = run.desk.refusal({"files": [{"path": "a.txt", "rev": 1, "edits": [{"at": run.line[2], "text": "2"}]}]})
    assert refused.code == "E_CONFLICT"


def test_a_foreign_write_between_leaves_a_hole_and_only_the_diff_is_asked() -> None:
    run = Run("x\nx\ny\n")
    run.land({"at": run.line[1]})
    run.desk.files["a.txt"] = b"x\nx\nx\ny\n"
    asked = run.desk.moved("a.txt", 1)
    assert asked is None


def test_a_file_that_came_back_to_an_earlier_text_is_mapped_from_its_last_coming() -> None:
    run = Run("x\ny\n")
    first = run.desk.files["a.txt"]
    run.land({"after": "0", "text": "top"})
    run.log.record("a.txt", run.desk.files["a.txt"], first, ())
    run.desk.files["a.txt"] = first
    run.land({"after": "0", "text": "new top"})
    run.land({"at": run.line[2], "text": "Y"})
    assert run.desk.text("a.txt") == "new top\nx\nY\n"
