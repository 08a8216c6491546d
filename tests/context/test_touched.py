"""Which definitions a diff touches, and which messages ask a question."""

from __future__ import annotations

import pytest

from bridle.context.touched import is_proper, is_question, touched
from bridle.indexer.snapshot import Snapshot

FILES = {
    "shop/till.py": (
        "class Till:\n    LIMIT = 9\n\n"
        "    def open(self):\n        return 1\n\n    def close(self):\n        return 2\n"
    ),
    "tests/test_till.py": "def test_open():\n    assert True\n",
}


def diff(path: str, *hunks: str) -> str:
    return "\n".join([f"diff --git a/{path} b/{path}", f"--- a/{path}", f"+++ b/{path}", *hunks, ""])


@pytest.mark.parametrize(
    ("hunk", "names"),
    [
        ("@@ -5 +5 @@ class Till:\n-        return 1\n+        return 3", {"Till.open"}),
        ("@@ -2 +2 @@\n-    LIMIT = 9\n+    LIMIT = 8", {"Till"}),
        ("@@ -4,0 +5,2 @@\n+        a = 1\n+        b = 2", {"Till.open"}),
        ("@@ -8,0 +9,2 @@\n+\n+X = 1", set()),
    ],
)
def test_those_whose_own_lines_change(snapshot: Snapshot, hunk: str, names: set[str]) -> None:
    found = touched(diff("shop/till.py", hunk), snapshot)
    assert {snapshot.symbols[one].qualname for one in found} == names


def test_tests_are_no_answer_unless_the_asker_says_so(snapshot: Snapshot) -> None:
    changed = diff("tests/test_till.py", "@@ -2 +2 @@\n-    assert True\n+    assert 1")
    assert touched(changed, snapshot) == set()
    assert len(touched(changed, snapshot, lambda _: True)) == 1
    assert not is_proper("tests/test_till.py")
    assert not is_proper("README.md")


@pytest.mark.parametrize("subject", ["Merge branch main", "bump to 1.2", "Fix typo in it now", "Revert the last", "a"])
def test_a_message_that_says_nothing_of_code_asks_nothing(subject: str) -> None:
    assert not is_question(subject)
    assert is_question("Open the till with a key")
