"""A check that lacks what only the person can grant is unknown and says what; a check that was granted it has it."""

from __future__ import annotations

import socket
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from check_bench import Bench

from bridle.harness.nouns import Finding, UserProblem, Verdict
from bridle.harness.shadow.shadow import SANDBOXES, Access, open_shadow
from bridle.harness.verify.finders.discover import discover
from bridle.harness.verify.ladder import Witness, verify
from bridle.harness.verify.needs import access_of, excused, lacking

FILES = {
    "pyproject.toml": "[tool.pytest.ini_options]\n",
    "tests/test_store.py": (
        "import os, socket\n\n\ndef test_store():\n"
        "    with socket.create_connection(('127.0.0.1', int(open('port').read())), 5) as client:\n"
        "        assert client.recv(5) == b'ready'\n\n\ndef test_sum():\n    assert 1 + 1 == 2\n"
    ),
}


@pytest.fixture
def service() -> Iterator[int]:
    """The port of something on this machine that says that it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    with server.accept()[0] as caller:
                        caller.sendall(b"ready")
                except TimeoutError:
                    continue

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        over.set()
        thread.join()


def judged(bench: Bench, tmp_path: Path, needs: tuple[str, ...] = (), change: bytes = b"") -> Verdict:
    """Return pytest's verdict on the best rung; `change` is a test that a run adds, judged against the tree before."""
    shadow = open_shadow(bench.root, tmp_path / "shadows")
    if shadow.rung not in SANDBOXES:
        shadow.close()
        pytest.skip("no sandbox works here")
    checks = [check for check in discover(bench.root, bench.python, {"pytest": needs}) if check.name == "pytest"]

    def once(baseline: tuple[Finding, ...]) -> Verdict:
        (verdict,) = verify(
            shadow,
            checks,
            Witness(),
            baseline=baseline,
            cancel=threading.Event(),
            timeout_s=60,
        )
        return verdict

    try:
        before = once(())
        if not change:
            return before
        shadow.write("tests/test_more.py", change)
        return once(before.findings)
    finally:
        shadow.close()


@pytest.mark.slow
def test_a_test_that_cannot_reach_its_database_is_unknown_and_says_what_it_needs(
    bench: Bench, tmp_path: Path, service: int
) -> None:
    named = FILES["tests/test_store.py"].replace("int(open('port').read())", str(service))
    bench.put({**FILES, "tests/test_store.py": named})
    verdict = judged(bench, tmp_path)
    assert verdict.outcome == "unknown"
    assert verdict.reason.startswith(f"needs loopback:{service}: ")
    assert f'[checks.pytest] needs = ["loopback:{service}"]' in verdict.next_step
    assert [(finding.severity, finding.new) for finding in verdict.findings] == [("information", True)]
    assert verdict.needs == (f"loopback:{service}",)


@pytest.mark.slow
def test_a_port_that_a_failure_does_not_tell_is_left_to_the_person(bench: Bench, tmp_path: Path, service: int) -> None:
    bench.put({**FILES, "port": str(service)})
    verdict = judged(bench, tmp_path)
    assert (verdict.outcome, verdict.reason.partition(": ")[0]) == ("unknown", "needs loopback:PORT")
    assert verdict.needs == (), "nobody can grant a port that is not known"


@pytest.mark.slow
def test_with_what_it_needs_it_passes(bench: Bench, tmp_path: Path, service: int) -> None:
    bench.put({**FILES, "port": str(service)})
    verdict = judged(bench, tmp_path, (f"loopback:{service}",))
    assert (verdict.outcome, verdict.passed) == ("pass", 2), verdict


@pytest.mark.slow
def test_a_change_is_not_excused_by_what_was_missing_before(bench: Bench, tmp_path: Path, service: int) -> None:
    bench.put({**FILES, "port": str(service)})
    still = judged(bench, tmp_path, change=b"def test_fine():\n    pass\n")
    assert (still.outcome, still.reason.partition(":")[0]) == ("unknown", "needs loopback")
    broken = judged(bench, tmp_path, change=b"def test_new():\n    assert 1 == 2\n")
    assert broken.outcome == "fail"
    assert [finding.test for finding in broken.findings if finding.new] == ["tests/test_more.py::test_new"]
    own = b"import socket\ndef test_new():\n    socket.create_connection(('127.0.0.1', 9), 1)\n"
    assert judged(bench, tmp_path, change=own).outcome == "fail", "a refusal that only the change has is its own"


REFUSALS = {
    "ConnectionRefusedError: [Errno 111] Connection refused\nconnect(('127.0.0.1', 5432))": ("loopback:5432",),
    'connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused': ("loopback:5432",),
    "Error: connect ECONNREFUSED 127.0.0.1:6379": ("loopback:6379",),
    "TypeError: fetch failed\ncaused by Error: connect ECONNREFUSED ::1:8125": ("loopback:8125",),
    "Error: getaddrinfo ENOTFOUND db.example.org": ("host:db.example.org",),
    "redis: Error 111 connecting to localhost:6379. Connection refused.": ("loopback:6379",),
    "Connect call failed ('::1', 8080, 0, 0)": ("loopback:8080",),
    "HTTPSConnectionPool(host='api.example.org', port=443): Temporary failure in name resolution": (
        "host:api.example.org",
    ),
    "GET https://example.org/x: Name or service not known": ("host:example.org",),
    "ConnectionRefusedError: [Errno 111] Connection refused": ("loopback:PORT",),
    "KeyError: 'PGHOST'": ("env:PGHOST",),
    "KeyError: 'NOT_OURS'": (),
    "KeyError: 'ANTHROPIC_API_KEY'": (),
    "assert 127 == 5432": (),
    "AssertionError: Connection refused": (),
    "TimeoutError on 127.0.0.1:5432": (),
}


@pytest.mark.parametrize("text", REFUSALS)
def test_what_is_missing_is_read_off_a_failure(text: str) -> None:
    assert lacking(text, {"PGHOST": "localhost", "ANTHROPIC_API_KEY": "k"}, ()) == REFUSALS[text]


def test_a_file_out_of_sight_is_named_unless_it_is_one_that_nobody_may_read(tmp_path: Path) -> None:
    for name in (".foo/config", ".ssh/id_rsa"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()

    def missing(path: Path) -> tuple[str, ...]:
        return lacking(f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'", {}, (tmp_path,))

    assert missing(tmp_path / ".foo/config") == (f"read:{tmp_path}/.foo/config",)
    assert missing(tmp_path / ".ssh/id_rsa") == ()
    assert missing(tmp_path / "nowhere") == (), "what is not there for the person either is no fault of the sandbox"
    assert missing(Path("/etc/hostname")) == ()


def test_one_failure_that_lacks_nothing_keeps_the_verdict_red() -> None:
    refused = Finding("pytest", "a.py", 0, 1, "ConnectionRefusedError", detail="Connection refused 127.0.0.1:5432")
    plain = msgspec.structs.replace(refused, message="assert 1 == 2", detail="")
    red = Verdict("pytest", "fail", 0.1, "tree", "bubblewrap+overlay", findings=(refused, plain))
    assert excused(red, (refused, plain), (), "x") is red
    alone = msgspec.structs.replace(red, findings=(refused,))
    assert excused(alone, (), (), "x") is alone
    assert excused(alone, (refused,), (), "x").outcome == "unknown"


def test_needs_are_read_strictly() -> None:
    granted = access_of(("loopback:5432", "env:PGHOST", "read:/opt/data", "host:*.example.org:8443"))
    assert granted == Access((5432,), ("PGHOST",), (Path("/opt/data"),), ("*.example.org:8443",))
    for wrong in ("loopback:0", "loopback:5432x", "env:", "read:", "host:", "host:*", "all", ""):
        with pytest.raises(UserProblem):
            access_of((wrong,))


@pytest.mark.parametrize(
    ("text", "needs", "by_one_answer"),
    [
        ("KeyError: 'PGHOST'", "env:PGHOST", True),
        ("KeyError: 'AWS_SECRET_ACCESS_KEY'", "env:AWS_SECRET_ACCESS_KEY", False),
        ("KeyError: 'GITHUB_TOKEN'", "env:GITHUB_TOKEN", False),
        ("KeyError: 'DATABASE_URL'", "env:DATABASE_URL", False),
        ("name or service not known: https://collector.example.org", "host:collector.example.org", False),
        ("ConnectionRefusedError: ('127.0.0.1', 5432)", "loopback:5432", True),
        ("ConnectionRefusedError", "loopback:PORT", False),
    ],
)
def test_what_a_hostile_test_could_ask_for_is_never_one_answer_away(
    text: str, needs: str, by_one_answer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure's text is written by the tests: a secret or a way out is the person's to write down."""
    monkeypatch.setenv(needs.partition(":")[2], "x") if needs.startswith("env:") else None
    finding = Finding("pytest", "tests/test_a.py", 0, 1, text, test="t")
    verdict = Verdict("pytest", "fail", 0.1, "tree", "rung", findings=(finding,))
    said = excused(verdict, (finding,), (), "config.toml")
    assert (said.outcome, said.reason.partition(": ")[0]) == ("unknown", f"needs {needs}")
    assert f'needs = ["{needs}"]' in said.next_step
    assert said.needs == ((needs,) if by_one_answer else ())


def test_the_next_step_names_the_check_of_a_package_as_toml_has_it() -> None:
    refused = Finding("pytest:api", "t.py", 0, 1, "ConnectionRefusedError: 127.0.0.1:5432")
    said = excused(Verdict("pytest:api", "fail", 0.1, "t", "r", findings=(refused,)), (refused,), (), "it")
    step = said.next_step.partition("write into it: ")[2]
    assert tomllib.loads(step.replace("] needs", "]\nneeds")) == {
        "checks": {"pytest:api": {"needs": ["loopback:5432"]}}
    }
