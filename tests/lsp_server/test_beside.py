"""Beside which other tools a finding of ours would be doubled."""

from __future__ import annotations

import pytest

from bridle.harness.engine import Finding
from bridle.lsp_server.board import Board, doubled_by, kind_of
from bridle.lsp_server.documents import Documents
from bridle.lsp_server.settings import ClientSettings


@pytest.mark.parametrize(
    ("check", "source", "shown"),
    [
        ("eslint", "eslint", False),
        ("eslint:packages/a", "eslint", False),
        ("eslint", "ruff", True),
        ("ruff", "eslint", True),
        ("ruff", "ruff", False),
        ("tsc", "ts", False),
        ("tsc:packages/a", "typescript", False),
        ("tsc", "pyright", True),
        ("mypy", "ts", True),
        ("mypy", "pylance", False),
        ("vitest", "eslint", True),
        ("node-test:packages/cli", "ts", True),
    ],
)
def test_a_finding_is_silent_beside_a_tool_of_its_kind_and_language(check: str, source: str, shown: bool) -> None:
    board = Board(Documents("utf-8", lambda uri: uri))
    board.client_tells, board.told_sources = True, {source}
    finding = Finding(check=check, path="a", start_line=0, end_line=1, message="")
    assert board.shown(finding, ClientSettings(lint="auto", types="auto")) is shown


def test_every_source_that_doubles_is_of_one_kind() -> None:
    assert [kind_of(one) for one in ("eslint", "tsc", "jest", "vitest", "node-test")] == [
        "lint",
        "types",
        "tests",
        "tests",
        "tests",
    ]
    assert doubled_by("eslint") & doubled_by("ruff") == frozenset()
