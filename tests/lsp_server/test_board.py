"""Which findings stand beside those of other tools, and which a narrowed check takes the place of. No editor."""

from __future__ import annotations

import pytest

from bridle.harness.nouns import Finding, Verdict
from bridle.lsp_server.board import Board, doubled_by, kind_of
from bridle.lsp_server.documents import Documents
from bridle.lsp_server.settings import ClientSettings


@pytest.mark.parametrize(
    ("check", "kind", "doubles", "leaves_alone"),
    [
        ("pyright:api", "types", {"pylance", "pyright"}, {"rustc", "compiler", "ts"}),
        ("ruff-format", "lint", {"ruff"}, {"clippy", "eslint"}),
        ("cargo-check:crates/a", "types", {"rustc", "rust-analyzer"}, {"pylance", "gopls", "ts"}),
        ("cargo-clippy", "lint", {"clippy"}, {"ruff", "eslint"}),
        ("go-vet", "types", {"compiler", "gopls"}, {"mypy", "rustc", "ts"}),
        ("tsc", "types", {"ts"}, {"pylance", "compiler"}),
        ("cargo-test", "tests", set(), {"rustc"}),
        ("a-declared-check", "tests", set(), {"ruff", "rustc"}),
    ],
)
def test_a_check_is_silent_beside_those_that_say_the_same_of_its_language(
    check: str, kind: str, doubles: set[str], leaves_alone: set[str]
) -> None:
    assert kind_of(check) == kind
    assert doubles <= doubled_by(check)
    assert not leaves_alone & doubled_by(check)


@pytest.mark.parametrize(
    ("check", "shown"),
    [("cargo-check", False), ("go-vet", True), ("mypy", True), ("cargo-test", True)],
)
def test_beside_rust_analyzer_only_what_is_of_rust_is_silent(check: str, shown: bool) -> None:
    board = Board(Documents("utf-16", lambda uri: uri))
    board.client_tells, board.told_sources = True, {"rustc", "rust-analyzer"}
    assert board.shown(Finding(check, "a", 0, 1, "m"), ClientSettings()) == shown


@pytest.mark.parametrize(
    ("check", "left"),
    [
        ("cargo-test", []),
        ("mypy", []),
        ("go-vet", ["other/b.x"]),
        ("ruff-format", ["here/b.x", "other/b.x"]),
    ],
)
def test_a_narrowed_check_takes_the_place_of_what_it_looked_at_and_of_nothing_else(check: str, left: list[str]) -> None:
    board = Board(Documents("utf-16", lambda uri: uri))
    found = [Finding(check, path, 0, 1, "m") for path in ("here/a.x", "here/b.x", "other/b.x")]
    board.take(Verdict(check, "fail", 0.1, "t", "r", findings=tuple(found)), {})
    board.take(Verdict(check, "pass", 0.1, "t", "r"), {}, paths=("here/a.x",))
    assert sorted(board.paths()) == left
