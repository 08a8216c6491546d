"""What a command is granted beyond the sandbox it gets, and nothing beside it; what its proxy was asked for is told."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bridle.harness.shadow.doors import MAX_CALLERS
from bridle.harness.shadow.egress import Refusal, check_host, read_request
from bridle.harness.shadow.shadow import Access, Passage, Shadow
from bridle.indexer.process import Completed

Opening = Callable[..., Shadow]
SCRATCH = "scratch copy"

FETCH = """
import sys, urllib.error, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
except OSError as error:
    print("unreachable", error)
"""


class Page(BaseHTTPRequestHandler):
    """Answers with the path that was asked for."""

    def do_GET(self) -> None:
        told = f"page {self.path} for {self.headers.get('Proxy-Authorization')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[int]:
    """The port of a server on this machine, which is also what plays the outside."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def fetch(shadow: Shadow, address: str, access: Access) -> str:
    done = shadow.run([sys.executable, "-c", FETCH, address], timeout_s=30, access=access)
    assert done.exit_code == 0, done
    return done.stdout.decode().strip()


def ask_raw(shadow: Shadow, request: str, access: Access) -> Completed:
    code = """
import os, socket, sys
from urllib.parse import urlsplit
proxy = urlsplit(os.environ["http_proxy"])
with socket.create_connection((proxy.hostname, proxy.port), 10) as client:
    client.sendall(sys.argv[1].encode().decode("unicode_escape").encode())
    data = b""
    while more := client.recv(4096):
        data += more
        if b"ready" in data or b"HTTP/1.1 4" in data or b"HTTP/1.1 5" in data:
            break
sys.stdout.buffer.write(data)
"""
    return shadow.run([sys.executable, "-c", code, request], timeout_s=30, access=access)


@pytest.mark.slow
def test_a_granted_port_answers_and_another_does_not(rung: str, opening: Opening, service: int) -> None:
    shadow = opening(rung)
    granted = Access(ports=(service,))
    address = f"http://127.0.0.1:{service}/x"
    assert fetch(shadow, address, granted) == "page /x for None"
    if rung != SCRATCH:
        assert fetch(shadow, address, Access()).startswith("unreachable")
        assert fetch(shadow, address, Access(ports=(service + 1,))).startswith("unreachable")
    assert fetch(shadow, address, granted) == "page /x for None", "a grant is for one command, and can be given again"


@pytest.mark.slow
def test_a_proof_may_be_granted_the_same(rung: str, opening: Opening, service: int) -> None:
    program = [sys.executable, "-c", FETCH, f"http://127.0.0.1:{service}/x"]
    done = opening(rung).prove(program, timeout_s=30, access=Access(ports=(service,)))
    assert done.stdout == b"page /x for None\n"


@pytest.mark.slow
def test_a_megabyte_passes_a_granted_port_both_ways(rung: str, opening: Opening) -> None:
    data = bytes(range(256)) * 4096
    code = """
import hashlib, socket, sys, threading
data = bytes(range(256)) * 4096
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as client:
    writer = threading.Thread(target=lambda: (client.sendall(data), client.shutdown(socket.SHUT_WR)))
    writer.start()
    back = b""
    while more := client.recv(65536):
        back += more
    writer.join()
print(back == data)
"""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def echo() -> None:
            with server.accept()[0] as caller:
                kept = b""
                while more := caller.recv(65536):
                    kept += more
                caller.sendall(kept)

        thread = threading.Thread(target=echo)
        thread.start()
        port = server.getsockname()[1]
        done = opening(rung).run([sys.executable, "-c", code, str(port)], timeout_s=30, access=Access(ports=(port,)))
        thread.join(10)
    assert done.stdout == b"True\n", done
    assert len(data) == 1 << 20


@pytest.mark.slow
def test_a_host_that_was_granted_is_reached_by_the_proxy_and_no_other(
    rung: str, opening: Opening, service: int
) -> None:
    if rung == SCRATCH:
        pytest.skip("a gap: a copy has no network of its own, so there is no proxy either")
    shadow = opening(rung)
    code = FETCH.replace("urllib.request.urlopen(", "urllib.request.build_opener().open(")
    there, other = f"http://127.0.0.1:{service}/far", "http://192.0.2.1/x"
    access = Access(hosts=(f"127.0.0.1:{service}",))
    program = f"import os; os.environ.pop('no_proxy'); os.environ.pop('NO_PROXY')\n{code}"
    told = [
        shadow.run([sys.executable, "-c", program, address], timeout_s=30, access=access).stdout.decode().strip()
        for address in (there, other)
    ]
    assert told == ["page /far for None", "403 bridle: 192.0.2.1:80 was not granted to this command"]
    passed, refused = shadow.passages
    assert (passed.host, passed.port, passed.refused) == ("127.0.0.1", service, "")
    assert passed.received_bytes > 20
    assert refused == Passage("192.0.2.1", 80, "192.0.2.1:80 was not granted to this command")


@pytest.mark.slow
def test_a_tunnel_is_joined_to_the_host_that_it_names(rung: str, opening: Opening) -> None:
    if rung == SCRATCH:
        pytest.skip("a gap: see above")
    with socket.create_server(("127.0.0.1", 0)) as outside:
        port = outside.getsockname()[1]

        def greet() -> None:
            with outside.accept()[0] as caller:
                assert caller.recv(16) == b"hello"
                caller.sendall(b"ready")

        thread = threading.Thread(target=greet)
        thread.start()
        access = Access(hosts=(f"127.0.0.1:{port}",))
        done = ask_raw(opening(rung), f"CONNECT 127.0.0.1:{port} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\nhello", access)
        thread.join(10)
    assert done.stdout == b"HTTP/1.1 200 Connection established\r\n\r\nready", done


@pytest.mark.slow
@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("CONNECT localhost:22 HTTP/1.1\\r\\n\\r\\n", b"403 Forbidden"),
        ("GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n", b"400 Bad Request"),
        ("\\x16\\x03\\x01 garbage\\r\\n\\r\\n", b"400 Bad Request"),
        ("GET http://unknown.invalid/ HTTP/1.1\\r\\n\\r\\n", b"502 Bad Gateway"),
    ],
)
def test_a_request_that_cannot_pass_is_answered_with_its_reason(
    opening: Opening, request_text: str, status: bytes
) -> None:
    shadow = opening()
    if shadow.rung == SCRATCH:
        pytest.skip("no sandbox here")
    done = ask_raw(shadow, request_text, Access(hosts=("localhost:22", "unknown.invalid")))
    assert done.stdout.startswith(b"HTTP/1.1 " + status), done
    assert shadow.passages[0].refused


@pytest.mark.slow
def test_callers_beyond_the_bound_are_turned_away_and_the_door_stays_open(opening: Opening, service: int) -> None:
    shadow = opening()
    if shadow.rung == SCRATCH:
        pytest.skip("no sandbox here")
    code = """
import select, socket, sys, time
port, many = int(sys.argv[1]), int(sys.argv[2])
crowd = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(many + 8)]
deadline = time.monotonic() + 10
while len(turned_away := select.select(crowd, [], [], 0.05)[0]) < 8 and time.monotonic() < deadline:
    pass
print(len(turned_away))
[caller.close() for caller in crowd]
for _ in range(100):
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(b"GET /again HTTP/1.0\\r\\n\\r\\n")
            if client.recv(4):
                print("served")
                break
    except OSError:
        time.sleep(0.05)
"""
    program = [sys.executable, "-c", code, str(service), str(MAX_CALLERS)]
    done = shadow.run(program, timeout_s=60, access=Access(ports=(service,)))
    assert done.stdout == b"8\nserved\n", done


@pytest.mark.slow
def test_a_command_that_ends_leaves_no_thread_of_ours_behind(rung: str, opening: Opening, service: int) -> None:
    before = threading.active_count()
    shadow = opening(rung)
    with contextlib.suppress(AssertionError):
        fetch(shadow, f"http://127.0.0.1:{service}/x", Access(ports=(service,), hosts=("example.org",)))
    missing = shadow.run(["/nonexistent"], timeout_s=20, access=Access(ports=(service,)))
    assert missing.exit_code not in (0, None)
    hung = shadow.run(["/bin/sleep", "30"], timeout_s=1, access=Access(ports=(service,)))
    assert hung.timed_out
    assert [t.name for t in threading.enumerate() if t.name.startswith("bridle-door")] == []
    assert threading.active_count() <= before + 1


@pytest.mark.slow
def test_a_granted_variable_is_handed_on_and_another_is_not(
    rung: str, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", "localhost")
    monkeypatch.setenv("PGPASSWORD", "private")
    done = opening(rung).run(["/usr/bin/env"], timeout_s=20, access=Access(variables=("PGHOST", "UNSET")))
    assert b"PGHOST=localhost\n" in done.stdout
    assert b"PGPASSWORD" not in done.stdout
    assert b"UNSET" not in done.stdout


@pytest.mark.slow
def test_a_granted_path_is_seen_read_only_and_what_lies_beside_it_is_not(
    rung: str, opening: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / "tool").mkdir(parents=True)
    (home / "tool" / "config").write_text("shown\n")
    (home / "secret").write_text("private\n")
    monkeypatch.setenv("HOME", str(home))
    access = Access(readable=(home / "tool", home / "missing", home))
    script = 'cat "$0/tool/config"; cat "$0/secret"; echo x > "$0/tool/config"; cat "$0/tool/config"'
    done = opening(rung).run(["/bin/sh", "-c", script, str(home)], timeout_s=20, access=access)
    if rung == SCRATCH:
        assert b"private" in done.stdout
    else:
        assert done.stdout == b"shown\nshown\n", "a whole home folder is never shown"


def test_a_list_of_hosts_names_hosts_and_ports() -> None:
    hosts = ("example.org", "*.pkg.dev", "api.test:8443", "[::1]:9")

    def passes(host: str, port: int) -> bool:
        try:
            check_host(hosts, host, port)
        except Refusal:
            return False
        return True

    asked = [("example.org", 443), ("example.org", 80), ("a.pkg.dev", 443), ("api.test", 8443), ("::1", 9)]
    assert [passes(*place) for place in asked] == [True] * 5
    refused = [
        *(("example.org", 22), ("www.example.org", 443), ("pkg.dev", 443), ("evilpkg.dev", 443), ("api.test", 443)),
        *(("example.org.evil.test", 443), ("", 443)),
    ]
    assert [passes(*place) for place in refused] == [False] * 7


def test_what_goes_on_to_a_host_is_the_request_without_what_was_meant_for_the_proxy() -> None:
    fields = b"Host: h:81\r\nProxy-Authorization: Basic x\r\nConnection: keep-alive\r\n\r\n"
    head = b"GET http://h:81/p?q=1 HTTP/1.1\r\n" + fields
    assert read_request(head) == (
        "GET",
        "h",
        81,
        b"GET /p?q=1 HTTP/1.1\r\nConnection: close\r\nHost: h:81\r\n\r\n",
    )
    assert read_request(b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n") == ("CONNECT", "h", 443, b"")
    bare = read_request(b"GET http://h HTTP/1.0\r\n\r\n")
    assert bare == ("GET", "h", 80, b"GET / HTTP/1.0\r\nConnection: close\r\n\r\n")
