"""What a person accepted is known for good, as often as it stood then; one more of its kind is new."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridle.harness.nouns import Finding, UserProblem
from bridle.harness.verify.accepted import Acceptance, Accepted, with_accepted


def finding(mark: str) -> Finding:
    return Finding("ruff", "a.py", 0, 1, f"message {mark}\nmore", fingerprint=mark)


@pytest.fixture
def accepted(tmp_path: Path) -> Accepted:
    return Accepted(tmp_path / "accepted.json", lambda: 7.0)


@given(st.lists(st.sampled_from("abc")), st.dictionaries(st.sampled_from("abc"), st.integers(1, 3)))
def test_of_each_kind_as_many_are_known_as_were_accepted(found: list[str], counts: dict[str, int]) -> None:
    known = [Acceptance("ruff", mark, "a.py", "m", count) for mark, count in counts.items()]
    marked = with_accepted([finding(mark) for mark in found], known)
    for mark in "abc":
        n_known = sum(one.accepted for one in marked if one.fingerprint == mark)
        assert n_known == min(found.count(mark), counts.get(mark, 0))
    assert all(one.new is not one.accepted for one in marked)
    assert [one.fingerprint for one in marked] == found


def test_another_check_with_the_same_fingerprint_is_not_accepted() -> None:
    [marked] = with_accepted([finding("a")], [Acceptance("mypy", "a", "a.py", "m")])
    assert marked.new


def test_what_is_accepted_is_seen_by_whoever_asks_next_and_can_be_taken_back(
    accepted: Accepted, tmp_path: Path
) -> None:
    accepted.accept(finding("a"), 2)
    accepted.accept(finding("b"))
    accepted.accept(finding("a"), 3)
    other = Accepted(tmp_path / "accepted.json", lambda: 8.0)
    assert [(one.fingerprint, one.count, one.message) for one in other.all()] == [
        ("b", 1, "message b"),
        ("a", 3, "message a"),
    ]
    assert other.take_back().fingerprint == "a"
    assert other.take_back("b").fingerprint == "b"
    assert accepted.all() == ()
    with pytest.raises(UserProblem, match="no finding is accepted"):
        accepted.take_back()


def test_a_finding_that_cannot_be_known_again_cannot_be_accepted(accepted: Accepted) -> None:
    with pytest.raises(UserProblem, match="no fingerprint"):
        accepted.accept(finding(""))


@pytest.mark.parametrize("data", [b"", b"{", b'[{"check": 3}]', b"\xff"])
def test_a_file_that_is_broken_is_told_and_not_written_over(accepted: Accepted, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "accepted.json").write_bytes(data)
    for ask in (accepted.all, accepted.take_back, lambda: accepted.accept(finding("a"))):
        with pytest.raises(UserProblem, match="cannot be read"):
            ask()
    assert (tmp_path / "accepted.json").read_bytes() == data
