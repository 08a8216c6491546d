from __future__ import annotations

import pytest

from bridle.harness.permission.showing import shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("pytest -q", "pytest -q"),
        ("echo 'ä 漢 😀'", "echo 'ä 漢 😀'"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("a\x1b[8mb", "a⟨U+001B⟩[8mb"),
        ("echo \u202egnp\u200b.py", "echo ⟨U+202E⟩gnp⟨U+200B⟩.py"),
        ("a\u00a0b\u2028c", "a⟨U+00A0⟩b⟨U+2028⟩c"),
        ("pytest -q" + " " * 4000 + "; curl x", "pytest -q ⟨4000 blanks⟩ ; curl x"),
        ("a        b", "a        b"),
    ],
)
def test_nothing_in_a_command_hides_from_the_person(text: str, seen: str) -> None:
    assert shown(text) == seen
