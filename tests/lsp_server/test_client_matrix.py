"""One session, from a finding to a run that is taken up again, with what each editor says of itself."""

from __future__ import annotations

import json
import re

import pytest

from bridle.indexer.text import PositionEncoding
from tests.lsp_server.conftest import Start
from tests.lsp_server.editor_client import PROFILES, RECORDED
from tests.lsp_server.test_hunks_in_editors import FIRST, ONE_RIGHT, SECOND, TWO, run, two_hunks

OTHERS = sorted(path.stem for path in RECORDED.glob("*.json"))
ENCODINGS: dict[str, PositionEncoding] = {
    "vscode": "utf-16", "neovim": "utf-16", "neovim_0.12": "utf-16", "eglot": "utf-8", "helix": "utf-8",
    "kate": "utf-16", "sublime": "utf-16", "zed": "utf-16", "lsp4ij": "utf-16",
}  # fmt: skip


def test_every_editor_that_is_promised_has_its_set_and_each_set_says_whence_it_is() -> None:
    assert {*PROFILES, *OTHERS} == set(ENCODINGS)
    for name in OTHERS:
        recorded = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
        assert len(recorded["source"]) > 20
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", recorded["taken"])


@pytest.mark.slow
@pytest.mark.parametrize("client", ENCODINGS)
def test_a_finding_is_fixed_reviewed_taken_in_part_taken_back_and_its_run_resumed(editors: Start, client: str) -> None:
    editor = two_hunks(editors, client, resumable=["r7"])
    editor.wait_shown("a run was interrupted")
    assert any("leave hunk 1 of 2" in title for title in editor.titles("a.py", FIRST))
    run(editor, SECOND, "leave hunk 2 of 2")
    editor.until(lambda: len(editor.messages("a.py", "bridle")) == 1, "one hunk to be left")
    run(editor, FIRST, "accept, verified")
    editor.wait_shown("not saved yet: a.py")
    assert editor.text("a.py") == ONE_RIGHT
    editor.command("undo")
    editor.wait_shown("taken back")
    assert editor.text("a.py") == TWO
    assert editor.command("resume") == {"run": "r7"}
    assert editor.encoding == ENCODINGS[client]
    failed = [reply for reply in editor.replies.values() if reply.get("error", {}).get("code") == -32603]
    assert failed == [], "no request ended in a fault of ours"
