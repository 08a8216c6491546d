"""A person's work with Bridle in the real Helix, in a terminal: no plug-in, no questions, no code lenses."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest

from tests.editors.helix import Helix, Screen
from tests.editors.scene import Scene, with_two_files

pytestmark = pytest.mark.editor
RECORDED = Path(__file__).parent.parent / "cases" / "clients" / "helix.json"
FINDING = "└─test_half_a_cent_is_rounded_up: Money(105).percent(19) == Money(20), not Money(cents=19)"
AGED = "(before your last edit)"
TYPED = "# typed, and not saved"


def test_from_the_question_of_trust_to_one_hunk_landed_and_taken_back(helix: Helix, scene: Scene) -> None:
    scene, story = with_two_files(scene), scene.story
    with helix.on(scene, story.source_file, story.test_file) as screen:
        trust(screen)
        screen.open(story.source_file, 0)
        screen.write(f"O{TYPED}")
        screen.escape()
        fix(screen, scene)
        place = story.line_of(story.source_file, story.wrong) + 1
        screen.open(story.source_file, place)
        screen.shows(TYPED, "on offer, verified")
        read_the_change(screen, scene)
        screen.open(story.source_file, place)
        screen.choose("hunk 2 of 2 alone")
        screen.shows(story.right, "[+]")
        assert story.wrong in scene.source.read_text(), "saving is the person's"
        leave_the_other(screen, scene)
        screen.open(story.test_file, story.line_of(story.test_file, story.complaint))
        screen.wait("the finding to go, by what is not saved", lambda: "└─test_half_a_cent" not in screen.text())
        screen.open(story.source_file, place)
        screen.type("u")
        screen.shows(TYPED, story.wrong)
        screen.type("U")
        screen.shows(TYPED, story.right)
        screen.choose("undo its last change")
        screen.shows("you changed these lines since", "answer by code action: Keep mine, Take back all the same")
        screen.choose("Bridle: Take back all the same")
        screen.shows(TYPED, story.wrong, "taken back")
        said = screen.wire()
    assert [message for message in said if message.get("error", {}).get("code") == -32603] == []
    assert_recorded(said)


def test_a_run_that_was_cut_off_is_taken_up_again_in_the_next_helix(helix: Helix, scene: Scene) -> None:
    story = scene.story
    with helix.on(scene, story.source_file, story.test_file) as screen:
        trust(screen)
        screen.open(story.test_file, story.line_of(story.test_file, story.complaint))
        screen.shows(FINDING)
        screen.choose("fix and verify")
        screen.wait("the model to be asked", lambda: "waiting for the model" in str(screen.wire()))
        kill(scene)
        screen.quit()
    with helix.on(scene, story.source_file) as screen:
        screen.shows("a run was interrupted; bridle.resume takes it up")
        screen.command("lsp-workspace-command bridle.resume")
        screen.open(story.source_file, story.line_of(story.source_file, story.wrong))
        screen.shows("on offer, verified")
        screen.choose("accept, verified")
        screen.shows(story.right, "[+]")
        screen.command("write-all")
        screen.wait("it to be saved", lambda: story.right in scene.source.read_text())


def trust(screen: Screen) -> None:
    """Say yes to the folder, which is a question that Helix cannot ask: it stands on its line, whole."""
    screen.choose("trust this folder")
    screen.shows("They are programs of that folder (its tests, its configuration) and run in a sandbox.")
    screen.choose("Bridle: Trust this folder")
    screen.shows("pytest on 22 tests: 1 finding")


def fix(screen: Screen, scene: Scene) -> None:
    """Have the failing test fixed, from its line."""
    screen.open(scene.story.test_file, scene.story.line_of(scene.story.test_file, scene.story.complaint))
    screen.shows("└─test_half_a_cent", AGED)
    screen.choose("fix and verify")
    screen.shows("half_a_cent", ": verified: ruff on 8 files")


def read_the_change(screen: Screen, scene: Scene) -> None:
    """Look at the diff, by the file that the message names."""
    screen.choose("show the change")
    screen.shows("holds it: open it to read")
    shown = re.search(r"Bridle: (\S+\.diff) holds it", screen.text())
    assert shown is not None
    screen.command(f"open {shown[1]}")
    screen.shows(f"+{scene.story.right}", f"-{scene.story.wrong}")
    screen.command("buffer-close")


def leave_the_other(screen: Screen, scene: Scene) -> None:
    """Reject the hunk in the second file."""
    second = scene.story.second_file
    screen.open(second, scene.story.line_of(second, scene.story.second_wrong))
    screen.choose("reject the change")
    screen.wait("nothing to be on offer", lambda: "on offer" not in screen.text())
    assert scene.story.second_wrong in screen.text(), "what was left is not taken"


def kill(scene: Scene) -> None:
    """End the server and its engine at once, as a power cut does."""
    door = int((scene.folder / "started.log").read_text().split()[0])
    for pid in (*map(int, Path(f"/proc/{door}/task/{door}/children").read_text().split()), door):
        os.kill(pid, signal.SIGKILL)


def assert_recorded(said: list[dict[str, object]]) -> None:
    """What this Helix says of itself is what the one session of all clients is played with."""
    (told,) = [message["params"] for message in said if message.get("method") == "initialize"]
    assert isinstance(told, dict)
    assert told["capabilities"] == json.loads(RECORDED.read_text("utf-8"))["capabilities"]
