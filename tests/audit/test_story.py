"""One run told as a whole, and told to somebody else: nothing of it is left out but its secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bridle.harness.audit.sharing import as_markdown, shared
from bridle.harness.audit.story import as_document, story
from bridle.harness.nouns import RunId, Usage
from bridle.harness.session.blobs import Blobs
from bridle.harness.session.events import FileChange
from bridle.harness.session.journal import Journal, Reading, read_journal
from bridle.harness.symlinks import as_bytes

RUN = RunId("r1")
KEY = "sk-ant-" + "a1B2c3D4e5F6g7H8i9J0k1L2"


def said(words: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": words}]}


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def written(tmp_path: Path, *more: tuple[str, dict[str, Any]]) -> Reading:
    story: list[tuple[str, dict[str, Any]]] = [
        ("started", {"workflow": "edit", "instruction": f"use {KEY}", "model": "m"}),
        ("assumed", {"question": "Which?", "answer": "the first"}),
        ("told", {"message": said("```\nplan it\n```"), "talk": "plan"}),
        ("model_replied", {"message": said("aye", "assistant"), "usage": Usage(10, 5, turns=1), "talk": "plan"}),
        ("written", {"name": "plan.md", "text": "1. mend\n"}),
        ("left", {"phase": "plan", "outcome": "done"}),
        *more,
    ]
    journal = Journal(tmp_path, RUN, lambda: 1000.0)
    for kind, payload in story:
        journal.append(kind, payload)
    journal.close()
    return read_journal(tmp_path, RUN)


def test_a_run_is_told_with_its_order_phases_artefacts_and_each_numbered_step(tmp_path: Path) -> None:
    told = as_document(story(written(tmp_path)))
    assert (told["order"]["workflow"], told["order"]["model"]) == ("edit", "m")
    assert told["phases"] == [{"phase": "plan", "outcome": "done", "visit": 1}]
    assert told["artefacts"] == {"plan.md": "1. mend\n"}
    assert told["assumptions"] == [{"question": "Which?", "answer": "the first", "by": "default"}]
    assert told["usage"]["input_tokens"] == 10
    assert [(step["seq"], step["kind"]) for step in told["steps"]][-1] == (6, "left")
    assert {"seq", "time", "kind", "text", "files"} <= told["steps"][0].keys()


def test_steps_that_going_back_cut_are_told_and_marked(tmp_path: Path) -> None:
    back = ("rewound", {"to": 3, "what": "both"})
    steps = story(
        written(tmp_path, back, ("told", {"message": said("again")}), ("rewound", {"to": 1, "what": "files"}))
    )
    assert [step.seq for step in steps.steps if step.stands] == [1, 2, 3, 7, 8, 9]
    assert len(steps.steps) == 9


def test_going_back_to_a_step_that_was_cut_gives_what_stood_there(tmp_path: Path) -> None:
    told = story(written(tmp_path, ("rewound", {"to": 2}), ("rewound", {"to": 5})))
    assert [step.seq for step in told.steps if step.stands] == [1, 2, 3, 4, 5, 8]


def test_an_export_hides_what_looks_like_a_key_wherever_it_stands(tmp_path: Path, blobs: Blobs) -> None:
    marks = [blobs.put(data) for data in (b"old\n", f"key = '{KEY}'\n".encode(), b"\xff\x00", as_bytes("a.py"))]
    changes = [
        FileChange("a.py", marks[0], marks[1]),
        FileChange("b.bin", None, marks[2]),
        FileChange("way", None, marks[3]),
        FileChange(".env", None, blobs.put(b"PASSWORD=x\n")),
        FileChange("lost", None, "f" * 32),
    ]
    talk = ("told", {"message": said(f"the key is {KEY}")})
    reading = written(tmp_path, ("edited", {"files": changes}), talk)
    document = shared(story(reading), reading, blobs.get)
    text = json.dumps(document)
    assert KEY not in text
    assert KEY not in as_markdown(document)
    files = {(file["path"], *(file.keys() - {"path", "digest"})) for file in document["files"]}
    assert files == {
        ("a.py", "text"),
        ("b.bin", "base64"),
        ("way", "link"),
        (".env", "left_out"),
        ("lost", "left_out"),
    }
    assert len([file for file in document["files"] if file["path"] == "a.py"]) == 2


def test_a_page_shows_the_conversation_whatever_is_in_it(tmp_path: Path) -> None:
    reading = written(tmp_path)
    page = as_markdown(shared(story(reading), reading))
    assert "### 3 · bridle\n\n````\n```\nplan it\n```\n````" in page
    assert "### 4 · model\n\n```\naye\n```" in page
    assert "## plan.md\n\n```\n1. mend\n```" in page


def test_without_files_an_export_holds_none(tmp_path: Path) -> None:
    reading = written(tmp_path)
    document = shared(story(reading), reading)
    assert "files" not in document
    assert msgspec.json.decode(msgspec.json.encode(document)) == document


def test_a_fork_shows_what_it_began_with(tmp_path: Path) -> None:
    forked = ("forked", {"parent": "r0", "step": 7, "messages": [said("inherited")]})
    reading = written(tmp_path, forked)
    document = shared(story(reading), reading)
    assert document["parent"] == {"run": "r0", "step": 7}
    assert "inherited" in as_markdown(document)
