"""A small project and editors over it; each must say goodbye properly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lsp_server.editor_client import EditorClient, in_thread, program

Start = Callable[..., EditorClient]

SOURCE = "import os  # UNUSED\n\n\ndef total():\n    return 'WRONG'\n\n\nx = 1\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.py").write_text(SOURCE)
    (root / "b.py").write_text("y = 'WRONG'\nz = 2\n")
    return root


@pytest.fixture
def editors(project: Path) -> Iterator[Start]:
    """Makes editors over a door in a thread (`own=True`: a program of its own); closes those still open."""
    made: list[EditorClient] = []

    def make(client: str = "bare", *, own: bool = False) -> EditorClient:
        editor = EditorClient(project, client, program() if own else in_thread())
        made.append(editor)
        return editor

    yield make
    for editor in made:
        if not editor.wire.sink.closed:
            try:
                assert editor.close() == 0
            finally:
                editor.wire.sink.close()
