"""A machine on which services come and go while a sandbox is set up."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridle.harness.nouns import UserProblem
from bridle.harness.shadow.contract import RungProbe
from bridle.harness.verify.checks import Check
from bridle.harness.verify.job import Job, start, stopped
from tests.shadow.conftest import Opening

FOLDERS = [folder for folder in ("/var/lib", "/opt", "/srv") if os.access(folder, os.W_OK)]


@contextlib.contextmanager
def restless_services(n_services: int) -> Iterator[None]:
    """Services that listen on a socket of the file system, and end, and begin again."""
    ended = threading.Event()

    def serve(number: int) -> None:
        path = Path(FOLDERS[0], f"bridle-{os.getpid()}-{number}.sock")
        while not ended.is_set():
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
                ended.wait(0.004)
                path.unlink()

    services = [threading.Thread(target=serve, args=(number,)) for number in range(n_services)]
    for service in services:
        service.start()
    try:
        yield
    finally:
        ended.set()
        for service in services:
            service.join()


@pytest.mark.slow
@pytest.mark.skipif(not FOLDERS, reason="this user may write in no folder that stays in sight")
def test_commands_run_while_services_come_and_go(opening: Opening, probed: dict[str, RungProbe]) -> None:
    if not probed["bubblewrap+overlay"].works:
        pytest.skip("bubblewrap does not work here")
    shadow = opening("bubblewrap+overlay")
    with restless_services(6):
        ended = [shadow.run(["/bin/sh", "-c", "echo began; exit 1"], timeout_s=30) for _ in range(25)]
    assert {(done.exit_code, done.stdout) for done in ended} == {(1, b"began\n")}


@pytest.mark.slow
def test_a_sandbox_that_cannot_be_set_up_is_no_command_that_failed(
    opening: Opening, probed: dict[str, RungProbe], tmp_path: Path
) -> None:
    if not probed["bubblewrap+overlay"].works:
        pytest.skip("bubblewrap does not work here")
    shadow = opening("bubblewrap+overlay")
    with pytest.raises(UserProblem, match=r"its sandbox cannot be set up: bwrap: .*nowhere") as told:
        shadow.run(["/bin/true"], timeout_s=0.2, report=tmp_path / "nowhere")
    assert "bridle doctor" in told.value.next_step


@pytest.mark.slow
def test_a_check_whose_sandbox_cannot_be_set_up_is_unknown_and_not_told_to_install_a_tool(
    opening: Opening, probed: dict[str, RungProbe], tmp_path: Path
) -> None:
    if not probed["bubblewrap+overlay"].works:
        pytest.skip("bubblewrap does not work here")
    shadow = opening("bubblewrap+overlay")
    job = Job(Check("mine", "mine", "style", ("/bin/true",)), shadow, shadow.tree(), (), 0.2, threading.Event())
    verdict = stopped(job, start(job, (), {}, tmp_path / "nowhere"))
    assert verdict is not None
    assert verdict.outcome == "unknown"
    assert "its sandbox cannot be set up" in verdict.reason
    assert "bridle doctor" in verdict.next_step
