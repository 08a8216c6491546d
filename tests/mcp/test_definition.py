"""Servers as settings declare them: what may be said where, and what a yes is bound to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from bridle.harness.mcp.approvals import Approvals
from bridle.harness.mcp.credentials import STRUCK, gather
from bridle.harness.mcp.definition import ProjectServer, Server, UserServer, declared, definition_digest, loopback
from bridle.harness.nouns import UserProblem
from bridle.harness.settings import load


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "config" / "bridle").mkdir(parents=True)
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def user(root: Path, text: str) -> None:
    (root.parent / "config" / "bridle" / "config.toml").write_text(text)


def project(root: Path, text: str) -> None:
    (root / "bridle.toml").write_text(text)


def test_both_files_declare_servers(root: Path) -> None:
    user(
        root,
        '[mcp.time]\ncommand = ["mcp-server-time"]\ncall_timeout_s = 5\n'
        '[mcp.hub]\nurl = "http://localhost:8000/mcp"\nheaders = { Authorization = "Bearer keyring:hub" }\n'
        '[mcp.big]\ncommand = ["npx", "thing"]\nnetwork = true\nsandbox = false\nenv = { A = "env:B" }\n',
    )
    project(root, '[mcp.own]\ncommand = ["tools/own.py"]\nenv = { MODE = "fast" }\n')
    found = {server.name: server for server in load(root).mcp}
    assert list(found) == ["big", "hub", "own", "time"]
    assert found["hub"].url == "http://127.0.0.1:8000/mcp"
    assert (found["time"].sandbox, found["time"].network, found["time"].call_timeout_s) == (True, False, 5)
    assert (found["big"].sandbox, found["big"].network) == (False, True)
    assert (found["own"].origin, found["own"].sandbox, found["own"].network) == ("project", True, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[mcp.a]\n", "'command' or 'url'"),
        ('[mcp.a]\ncommand = ["x"]\nurl = "http://127.0.0.1"\n', "'command' or 'url'"),
        ('[mcp.a]\ncommand = [""]\n', "empty program"),
        ('[mcp.a]\ncommand = ["x", "\\u001b[0m"]\n', "control character"),
        ('[mcp.a__b]\ncommand = ["x"]\n', "not a name"),
        ('[mcp."a.b"]\ncommand = ["x"]\n', "not a name"),
        ('[mcp.fs]\ncommand = ["x"]\n[mcp.FS]\ncommand = ["y"]\n', "taken for"),
        ('[mcp.a]\ncommand = ["x"]\nheaders = { A = "b" }\n', "headers"),
        ('[mcp.a]\nurl = "http://127.0.0.1"\nheaders = { Host = "b" }\n', "headers"),
        ('[mcp.a]\nurl = "http://127.0.0.1"\nsandbox = false\n', "not started by Bridle"),
        ('[mcp.a]\ncommand = ["x"]\nenv = { "A=B" = "c" }\n', "variable"),
        ('[mcp.a]\nurl = "https://example.com/mcp"\n', "not one on this machine"),
    ],
)
def test_what_may_not_be_declared_is_told_with_a_next_step(root: Path, text: str, said: str) -> None:
    user(root, text)
    with pytest.raises(UserProblem) as caught:
        load(root)
    assert said in caught.value.message
    assert caught.value.next_step


@pytest.mark.parametrize("key", ["sandbox = false", "network = true", 'headers = { A = "b" }', 'read = ["/"]'])
def test_a_project_gives_no_server_more_than_the_sandbox_and_the_line_is_named(root: Path, key: str) -> None:
    project(root, f'mode = "ask"\n[mcp.a]\ncommand = ["x"]\n{key}\n')
    with pytest.raises(UserProblem, match=r"bridle\.toml:4: there is no setting"):
        load(root)


@pytest.mark.parametrize("value", ["env:TOKEN", "keyring:hub", "Bearer env:TOKEN"])
def test_a_project_asks_for_no_credential(root: Path, value: str) -> None:
    project(root, f'[mcp.a]\ncommand = ["x"]\nenv = {{ A = "{value}" }}\n')
    with pytest.raises(UserProblem, match="asks for a credential"):
        load(root)


def test_a_project_does_not_take_the_name_of_one_of_the_persons_servers() -> None:
    with pytest.raises(UserProblem, match="has the name of one of yours"):
        declared({"a": UserServer(command=("x",))}, {"a": ProjectServer(command=("y",))})
    with pytest.raises(UserProblem, match="taken for"):
        declared({"fs": UserServer(command=("x",))}, {"f-s": ProjectServer(command=("y",))})


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://localhost:9/mcp", "http://127.0.0.1:9/mcp"),
        ("http://127.0.0.1", "http://127.0.0.1/"),
        ("https://127.8.9.1:1/a?b=c", "https://127.8.9.1:1/a?b=c"),
        ("http://[::1]:9/mcp", "http://[::1]:9/mcp"),
    ],
)
def test_an_address_of_this_machine_is_kept_by_number(url: str, address: str) -> None:
    assert loopback("it", url) == address


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com", "http://127.0.0.1.example.com", "http://localhost.example.com", "http://0.0.0.0:9",
        "http://127.0.0.1@example.com", "http://user:pw@127.0.0.1", "http://2130706433", "http://0x7f.1", "http://127.1",
        "ftp://127.0.0.1", "file:///etc/passwd", "http://10.0.0.1", "http://[::ffff:10.0.0.1]", "http://169.254.169.254",
        "http://127.0.0.1:99999", "http://", "", "127.0.0.1:8000", "http://127.0.0.1#x", "http://127.0.0.1/\r\nHost: a",
        "http://lo\u0441alhost:9", "http://[::1%25eth0]:9",
    ],
)  # fmt: skip
def test_every_other_address_is_refused(url: str) -> None:
    with pytest.raises(UserProblem, match="not one on this machine"):
        loopback("it", url)


def test_what_a_server_is_counts_and_how_long_it_is_waited_for_does_not(tmp_path: Path) -> None:
    server = Server("a", "user", command=("x",))
    same: list[dict[str, Any]] = [{"enabled": False}, {"start_timeout_s": 1.0}, {"call_timeout_s": 1.0}]
    other: list[dict[str, Any]] = [
        {"name": "b"}, {"origin": "project"}, {"command": ("x", "y")}, {"env": {"A": "b"}}, {"sandbox": False},
        {"network": True}, {"read": ("/a",)}, {"write": ("/a",)}, {"url": "http://127.0.0.1/"}, {"headers": {"A": "b"}},
    ]  # fmt: skip
    before = definition_digest(server, tmp_path)
    assert {definition_digest(msgspec.structs.replace(server, **each), tmp_path) for each in same} == {before}
    assert before not in {definition_digest(msgspec.structs.replace(server, **each), tmp_path) for each in other}


def test_a_program_of_the_workspace_counts_with_its_content_through_links_too(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("one")
    (tmp_path / "link.py").symlink_to("real.py")
    for word in ("real.py", "link.py", str(tmp_path / "real.py"), "./real.py"):
        (tmp_path / "real.py").write_text("one")
        server = Server("a", "project", command=("python", word))
        before = definition_digest(server, tmp_path)
        (tmp_path / "real.py").write_text("two")
        assert definition_digest(server, tmp_path) != before


def test_a_yes_holds_for_the_definition_it_was_given_to(tmp_path: Path) -> None:
    approvals = Approvals(tmp_path, tmp_path / "home")
    server = Server("a", "user", command=("x",))
    assert approvals.of(server) is None
    approvals.approve(server, ())
    assert approvals.of(server) is not None
    changed = msgspec.structs.replace(server, command=("x", "--more"))
    assert approvals.of(changed) is None
    assert approvals.is_changed(changed)
    assert approvals.withdraw(server)
    assert not approvals.withdraw(server)


def test_a_projects_server_is_approved_in_that_folder_alone(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    server = Server("a", "project", command=("x",))
    mine = Server("b", "user", command=("x",))
    Approvals(here, tmp_path).approve(server, ())
    Approvals(here, tmp_path).approve(mine, ())
    assert Approvals(here, tmp_path).of(server) is not None
    assert Approvals(there, tmp_path).of(server) is None
    assert Approvals(there, tmp_path).of(mine) is not None


def test_approvals_that_others_may_write_are_not_believed(tmp_path: Path) -> None:
    approvals = Approvals(tmp_path, tmp_path)
    server = Server("a", "user", command=("x",))
    approvals.approve(server, ())
    book = tmp_path / "mcp.json"
    book.chmod(0o666)
    with pytest.raises(UserProblem, match="others may write"):
        approvals.of(server)
    book.chmod(0o600)
    book.write_text("[1")
    with pytest.raises(UserProblem, match="not readable"):
        approvals.of(server)


def test_credentials_are_found_where_they_are_kept_and_do_not_show_themselves() -> None:
    server = Server("a", "user", command=("x",), env={"TOKEN": "env:MINE", "PLAIN": "value"})
    found = gather(server, {"MINE": "s3cr3t-token"})
    assert found.env == {"TOKEN": "s3cr3t-token", "PLAIN": "value"}
    assert "s3cr3t" not in repr(found)
    assert found.strike_out("Bearer s3cr3t-token!") == f"Bearer {STRUCK}!"
    hub = Server("b", "user", url="http://127.0.0.1/", headers={"Authorization": "Bearer env:MINE"})
    kept = gather(hub, {"MINE": "s3cr3t-token"})
    assert kept.headers == {"Authorization": "Bearer s3cr3t-token"}
    assert kept.strike_out("you sent s3cr3t-token") == f"you sent {STRUCK}"


def test_the_models_key_is_no_servers_and_what_is_missing_is_told() -> None:
    for reference in ("env:ANTHROPIC_API_KEY", "env:NOT_SET"):
        server = Server("a", "user", command=("x",), env={"TOKEN": reference})
        with pytest.raises(UserProblem, match="which is not set") as caught:
            gather(server, {"ANTHROPIC_API_KEY": "k"})
        assert "bridle mcp key" in caught.value.next_step


def test_nothing_is_started_or_read_to_declare_a_server(root: Path) -> None:
    project(root, f'[mcp.a]\ncommand = ["/bin/sh", "-c", "touch {root}/started"]\n')
    load(root)
    assert [path.name for path in root.iterdir()] == ["bridle.toml"]
